//! Writing a plan: partners before contacts; rows that exist before new ones, so that a name that is given up is free.

use rustc_hash::FxHashMap;

use super::batch::{Fates, Meter};
use super::cascade::{Cascade, Watched};
use super::entries::{Entries, Written};
use super::rows::BATCH_ROWS;
use super::statements::{RowToWrite, Statements, listed};
use super::{ApplyTx, Outcome, SoftDeletes, chains};
use crate::plan::{
    Changed, Entity, Item, ItemView, Op, PerEntity, Plan, PlanOrigin, RowSet, Selection,
};
use crate::progress::Progress;
use crate::store::db::args;
use crate::store::{StoreError, dialect, holds, read, schema};

/// Fewer adds than this go into the journal with everything else.
const STRETCH_MIN: usize = 20;
/// More adds than this would be one long statement that nobody can cancel.
const STRETCH_MAX: usize = 5000;

impl ApplyTx {
    /// Writes the ticked items of `plan` and their journal. One outcome for each item of [`Plan::items`].
    pub async fn write(
        &mut self,
        plan: &Plan,
        selection: &Selection,
        deletes: PerEntity<SoftDeletes>,
        progress: &Progress,
    ) -> Result<Vec<Outcome>, StoreError> {
        holds::bind(&mut self.conn).await?;
        let mut outcomes = vec![Outcome::NotSelected; plan.items.len()];
        let mut added: FxHashMap<i64, i64> = FxHashMap::default();
        let mut cascade = None;
        for entity in Entity::ALL {
            let items: Vec<usize> = (0..plan.items.len())
                .filter(|&at| {
                    let item = &plan.items[at];
                    item.entity == entity && item.op.writes() && selection.is_ticked(at)
                })
                .collect();
            if items.is_empty() {
                continue;
            }
            let besides = Besides {
                added: &added,
                cascade: cascade.as_ref(),
                deletes: deletes[entity],
            };
            let watched = self
                .write_entity(plan, entity, &items, besides, progress, &mut outcomes)
                .await?;
            if entity == Entity::Partners {
                cascade = self.cascaded(plan, watched).await?;
                for &at in &items {
                    let item = &plan.items[at];
                    if let (Op::Add, Some(id), Outcome::Applied { row_id, .. }) =
                        (item.op, item.impartner_id, &outcomes[at])
                    {
                        added.insert(id, *row_id);
                    }
                }
            }
        }
        if let Some(cascade) = &cascade {
            let entries = Entries::new(self, Entity::Contacts, deletes.contacts);
            self.journal_cascade(plan, cascade, &outcomes, entries)
                .await?;
        }
        if let PlanOrigin::Undo { run_id } = plan.origin {
            self.mark_undone(plan, run_id, &outcomes).await?;
        }
        Ok(outcomes)
    }

    /// Writes one entity. Gives the contacts of the partners that were written, as they were before.
    async fn write_entity(
        &mut self,
        plan: &Plan,
        entity: Entity,
        items: &[usize],
        besides: Besides<'_>,
        progress: &Progress,
        outcomes: &mut [Outcome],
    ) -> Result<Option<Watched>, StoreError> {
        let Besides {
            added,
            cascade,
            deletes,
        } = besides;
        let table = read::table(&mut self.conn, entity).await?;
        schema::require_types(self.conn.engine(), entity.word(), &table)?;
        let statements = Statements::new(
            self.conn.engine(),
            &plan.arenas[entity].schema,
            &table,
            self.now,
        );
        let mut entries = Entries::new(self, entity, deletes);
        let mut meter = Meter {
            progress,
            entity,
            halves: 0,
            total: items.len() as u64,
        };
        let (adds, mut rows): (Vec<usize>, Vec<usize>) =
            items.iter().partition(|&&at| plan.items[at].op == Op::Add);

        // In the order of their ids, so that two programs that lock rows do it in the same order.
        rows.sort_by_key(|&at| plan.items[at].row_id);
        self.drop_stale(plan, &statements, cascade, &mut rows, outcomes, &mut meter)
            .await?;

        let watched = self.watch(plan, &rows).await?;

        let (alone, groups) = chains::split(plan, &rows);
        for op in [Op::SoftDelete, Op::Reactivate, Op::Update] {
            let targets: Vec<RowToWrite> = alone
                .iter()
                .filter(|&&at| plan.items[at].op == op)
                .map(|&at| target(plan, at, added))
                .collect();
            let fates = self
                .change(statements.of(op), plan, &targets, &mut meter)
                .await?;
            settle(&targets, fates, outcomes);
            self.journal(plan, &statements, &targets, outcomes, &mut entries)
                .await?;
        }
        for group in groups {
            let targets: Vec<RowToWrite> =
                group.iter().map(|&at| target(plan, at, added)).collect();
            let fates = self
                .change_group(&statements, plan, &targets, &mut meter)
                .await?;
            settle(&targets, fates, outcomes);
            self.journal(plan, &statements, &targets, outcomes, &mut entries)
                .await?;
        }

        let targets: Vec<RowToWrite> = adds.iter().map(|&at| target(plan, at, added)).collect();
        let mut exist = Vec::new();
        let fates = self
            .insert(&statements, plan, &targets, &mut exist, &mut meter)
            .await?;
        settle(&targets, fates, outcomes);
        for at in exist {
            let view = plan.view(targets[at].at);
            outcomes[targets[at].at] = Outcome::Stale(format!(
                "A {} with this id or this name or e-mail exists by now; nothing was added.",
                view.item.entity.singular()
            ));
        }
        self.journal_adds(
            plan,
            &statements,
            &targets,
            outcomes,
            &mut entries,
            &mut meter,
        )
        .await?;

        // Those that were stale before anything was written.
        for &at in items {
            if plan.items[at].op != Op::Add && matches!(outcomes[at], Outcome::Stale(_)) {
                entries
                    .add(
                        self,
                        &plan.view(at),
                        &outcomes[at],
                        Written::default(),
                        None,
                    )
                    .await?;
            }
        }
        entries.flush(self).await?;
        Ok(watched)
    }

    /// Re-reads the rows, locks them, and takes those out that are not as the plan saw them.
    async fn drop_stale(
        &mut self,
        plan: &Plan,
        statements: &Statements,
        cascade: Option<&Cascade>,
        rows: &mut Vec<usize>,
        outcomes: &mut [Outcome],
        meter: &mut Meter<'_>,
    ) -> Result<(), StoreError> {
        let schema = &plan.arenas[statements.entity].schema;
        for batch in rows.chunks(BATCH_ROWS) {
            self.may_go_on(meter.progress)?;
            let ids: Vec<i64> = batch
                .iter()
                .filter_map(|&at| plan.items[at].row_id)
                .collect();
            if ids.is_empty() {
                continue;
            }
            let sql = format!(
                "{} WHERE id IN ({}) ORDER BY id{}",
                statements.select,
                listed(&ids),
                dialect::for_update(self.conn.engine())
            );
            let mut now = RowSet::new(schema);
            self.conn
                .each(sql, vec![], |row| read::see_row(schema, row, &mut now))
                .await?;
            let place: FxHashMap<i64, u32> = now.indices().map(|at| (now.row_id(at), at)).collect();
            for &at in batch {
                let view = plan.view(at);
                let found = view.item.row_id.and_then(|id| place.get(&id).copied());
                let fresh = found.is_some_and(|found| {
                    let (then, print) = (view.fingerprint(), now.fingerprint(found));
                    Some(print) == then
                        || cascade.is_some_and(|all| all.explains(now.row_id(found), then, print))
                });
                if !fresh {
                    outcomes[at] = Outcome::Stale(difference(&view, &now, found));
                    meter.add(1);
                }
            }
        }
        rows.retain(|&at| outcomes[at] == Outcome::NotSelected);
        Ok(())
    }

    /// The journal of what was written, as the rows hold it now.
    async fn journal(
        &mut self,
        plan: &Plan,
        statements: &Statements,
        targets: &[RowToWrite],
        outcomes: &[Outcome],
        entries: &mut Entries,
    ) -> Result<(), StoreError> {
        let row_of = |target: &RowToWrite| match outcomes[target.at] {
            Outcome::Applied { row_id, .. } => Some(row_id),
            _ => None,
        };
        let ids: Vec<i64> = targets.iter().filter_map(row_of).collect();
        let schema = &plan.arenas[statements.entity].schema;
        let held = self
            .held(&statements.select, schema, "id", &ids, "")
            .await?;
        for target in targets {
            let view = plan.view(target.at);
            let written = Written {
                partner_id: target.partner_id,
                link_kept: view.item.changed.has(Changed::PARTNER)
                    && !target.mask.has(Changed::PARTNER),
            };
            let row = row_of(target).and_then(|id| held.row(id));
            entries
                .add(self, &view, &outcomes[target.at], written, row)
                .await?;
        }
        Ok(())
    }

    /// The journal of adds: long stretches of rows whose ids follow each other are left to the database.
    async fn journal_adds(
        &mut self,
        plan: &Plan,
        statements: &Statements,
        targets: &[RowToWrite],
        outcomes: &[Outcome],
        entries: &mut Entries,
        meter: &mut Meter<'_>,
    ) -> Result<(), StoreError> {
        let row_id = |target: &RowToWrite| match outcomes[target.at] {
            Outcome::Applied { row_id, .. } => Some(row_id),
            _ => None,
        };
        let mut left = targets;
        while let Some(first) = left.first() {
            self.may_go_on(meter.progress)?;
            let reason = plan.items[first.at].reason;
            let stretch = left
                .iter()
                .take(STRETCH_MAX)
                .zip(0..)
                .take_while(|&(target, step)| {
                    plan.items[target.at].reason == reason
                        && row_id(target).is_some()
                        && row_id(target) == row_id(first).map(|id| id + step)
                })
                .count();
            let (now, later) = left.split_at(stretch.max(1));
            match row_id(first) {
                Some(id) if stretch >= STRETCH_MIN => {
                    let count = i64::try_from(stretch).unwrap_or(i64::MAX);
                    let reason = plan.view(first.at).reason();
                    entries.add_run(self, statements, id, count, reason).await?;
                }
                _ => {
                    self.journal(plan, statements, now, outcomes, entries)
                        .await?;
                }
            }
            meter.add_half(now.len());
            left = later;
        }
        Ok(())
    }

    /// The journal of items that were not written because they hold no longer: each with why.
    pub async fn journal_outdated(
        &mut self,
        plan: &Plan,
        outdated: &[(usize, String)],
    ) -> Result<(), StoreError> {
        for entity in Entity::ALL {
            let mut entries = Entries::new(self, entity, SoftDeletes::Counted);
            for (at, why) in outdated {
                let view = plan.view(*at);
                if view.item.entity == entity {
                    let outcome = Outcome::Stale(why.clone());
                    entries
                        .add(self, &view, &outcome, Written::default(), None)
                        .await?;
                }
            }
            entries.flush(self).await?;
        }
        Ok(())
    }

    /// Marks what an undo plan reversed in the journal of the run that it undoes.
    async fn mark_undone(
        &mut self,
        plan: &Plan,
        undone: i64,
        outcomes: &[Outcome],
    ) -> Result<(), StoreError> {
        let mut seqs: FxHashMap<(Entity, i64), Vec<i64>> = FxHashMap::default();
        self.conn
            .each(
                "SELECT seq, entity, row_id FROM sync_changes WHERE run_id = ? AND status = 'applied'",
                args![undone],
                |row| {
                    if let (Ok(entity), Some(row_id)) = (row.text(1)?.parse(), row.opt_int(2)?) {
                        seqs.entry((entity, row_id)).or_default().push(row.int(0)?);
                    }
                    Ok(())
                },
            )
            .await?;
        let mut done: Vec<i64> = Vec::new();
        for (item, outcome) in plan.items.iter().zip(outcomes) {
            if let Outcome::Applied { row_id, .. } = outcome {
                done.extend(seqs.remove(&(item.entity, *row_id)).unwrap_or_default());
            }
        }
        done.sort_unstable();
        for batch in done.chunks(BATCH_ROWS) {
            let sql = format!(
                "UPDATE sync_changes SET undone_by = {} WHERE run_id = {undone} AND seq IN ({})",
                self.run_id,
                listed(batch)
            );
            self.conn.execute(sql, args![]).await?;
        }
        Ok(())
    }
}

/// What the writing of one entity has to know of the rest.
#[derive(Clone, Copy)]
struct Besides<'w> {
    /// Rows of the partners that this run added, by Impartner's id.
    added: &'w FxHashMap<i64, i64>,
    /// Contacts that changed with their partners.
    cascade: Option<&'w Cascade>,
    deletes: SoftDeletes,
}

/// What is written for an item, its partner link decided.
fn target(plan: &Plan, at: usize, added: &FxHashMap<i64, i64>) -> RowToWrite {
    let view = plan.view(at);
    let item: &Item = view.item;
    let mut target = RowToWrite {
        at,
        row_id: item.row_id.unwrap_or_default(),
        mask: item.changed,
        partner_id: None,
        linked: true,
    };
    let links = item.entity == Entity::Contacts
        && (item.op == Op::Add || item.changed.has(Changed::PARTNER));
    if let (true, Some(partner)) = (links, view.partner_after()) {
        let row = partner
            .row_id
            .or_else(|| added.get(&partner.impartner_id?).copied());
        target.partner_id = row;
        target.linked = row.is_some();
        if row.is_none() {
            // A link is never lost: a contact that exists keeps the one it has (docs/rules.md, "Matching").
            target.mask = Changed(item.changed.0 & !(1 << Changed::PARTNER));
        }
    }
    target
}

fn settle(targets: &[RowToWrite], fates: Fates, outcomes: &mut [Outcome]) {
    for (target, fate) in targets.iter().zip(fates) {
        outcomes[target.at] = match fate {
            Ok(row_id) => Outcome::Applied {
                row_id,
                linked: target.linked,
            },
            Err(message) => Outcome::Failed(message),
        };
    }
}

/// What makes a row stale, in words.
fn difference(view: &ItemView<'_>, now: &RowSet, found: Option<u32>) -> String {
    let Some(found) = found else {
        return "The row is not there any more.".to_owned();
    };
    let mut changed = Vec::new();
    for (at, field) in view.schema().fields.iter().enumerate() {
        let (was, is) = (view.before(at), now.field(found, at));
        if was != is {
            let shown =
                |value: Option<&str>| value.map_or("empty".to_owned(), |text| format!("`{text}`"));
            changed.push(format!(
                "{} is {} and was {}",
                field.column,
                shown(is),
                shown(was)
            ));
        }
    }
    if now.active(found) != view.item.was_active {
        changed.push(
            if now.active(found) {
                "it is active"
            } else {
                "it is inactive"
            }
            .to_owned(),
        );
    }
    if now.impartner_id(found) != view.item.impartner_before {
        changed.push("its Impartner id is another".to_owned());
    }
    if now.partner_id(found) != view.partner_before().and_then(|partner| partner.row_id) {
        changed.push("its partner is another".to_owned());
    }
    format!(
        "The row changed since the plan was made: {}. It was left as it is.",
        changed.join("; ")
    )
}
