//! From fates to items: diff, evidence, ticks, totals, warnings.

mod adopt;
mod edited;
mod gone;
mod judged;
mod rows;
mod told;

use rustc_hash::{FxHashMap, FxHashSet};

use super::accepted::Turn;
use super::document::counted;
use super::input::{EntityInput, Read};
use super::latest::Latest;
use super::matching::{Fate, Matcher, fates};
use super::partners::Resolved;
use super::rules::{Rules, Verdict};
use super::{
    Changed, Entity, Item, LmsLinks, Op, PartnerAt, Plan, Schema, Waiting, Waits, Warning,
};
use crate::config::{FilterConfig, RuleChange};
use judged::{Judged, Standing};

pub(super) use judged::Before;

pub(super) use super::partners::Directory;

/// `account_status` of a soft-deleted partner (docs/rules.md, "Applying").
pub(super) const INACTIVE: &str = "Inactive";

/// `account_status` of a reactivated partner of whose status the source says nothing.
const ACTIVE: &str = "Active";

/// Interns reasons: a million adds share one.
#[derive(Default)]
pub(super) struct Reasons(FxHashMap<String, u32>);

impl Reasons {
    pub(super) fn of(&mut self, list: &mut Vec<String>, reason: impl Into<String>) -> u32 {
        let reason = reason.into();
        *self.0.entry(reason).or_insert_with_key(|reason| {
            list.push(reason.clone());
            u32::try_from(list.len() - 1).unwrap_or(u32::MAX)
        })
    }
}

/// Everything the items of one entity are made from.
struct Builder<'a> {
    plan: &'a mut Plan,
    reasons: Reasons,
    schema: &'a Schema,
    known: &'a EntityInput,
    read: &'a Read,
    lms_links: &'a LmsLinks,
    matcher: Matcher<'a>,
    judged: Judged,
    /// What the accepted filters would do, where they differ.
    standing: Option<Standing>,
    changes: &'a [RuleChange],
    /// Whether only what a change of the filters does is of interest.
    effect: bool,
    directory: &'a mut Directory,
    /// Who has a Salesforce id, by its key.
    salesforce_ids: FxHashMap<String, i64>,
    /// Rows that go into the plan's `before` arena, in the order in which items name them.
    kept_rows: Vec<u32>,
}

/// What is the same for both entities of a plan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Common<'a> {
    pub(super) rules: &'a Rules,
    pub(super) filters: &'a FilterConfig,
    pub(super) lms_links: &'a LmsLinks,
    /// Contacts that waited for a partner before.
    pub(super) waiting: &'a [Waiting],
}

/// Adds the items of an entity to `plan`. Partners must come first: contacts look their partners up in `directory`.
pub(super) fn entity(
    plan: &mut Plan,
    schema: &Schema,
    known: &mut EntityInput,
    common: Common<'_>,
    before: Option<&mut Before<'_>>,
    directory: &mut Directory,
) {
    if known.read.is_none() {
        if schema.entity == Entity::Partners {
            directory.add_rows(schema, &known.rows, plan);
        }
        return;
    }
    items(plan, schema, known, common, before, directory, false);
    // Nobody looks at the reading any more.
    if let Some(read) = known.read.take() {
        adopt::adopt(plan, schema.entity, read.records.cells);
    }
    if schema.entity == Entity::Partners {
        directory.add_plan(schema, &known.rows, plan);
    }
}

/// Adds to `plan` what only the configured filters would do, and leaves the reading as it is. Returns how many records are
/// suspicious no more.
pub(super) fn effect(
    plan: &mut Plan,
    schema: &Schema,
    known: &EntityInput,
    common: Common<'_>,
    before: &mut Before<'_>,
    directory: &mut Directory,
) -> u64 {
    let unsuspected = items(plan, schema, known, common, Some(before), directory, true);
    if let Some(read) = &known.read {
        adopt::copy(plan, schema.entity, &read.records.cells);
    }
    if schema.entity == Entity::Partners {
        directory.add_plan(schema, &known.rows, plan);
    }
    unsuspected
}

fn items(
    plan: &mut Plan,
    schema: &Schema,
    known: &EntityInput,
    common: Common<'_>,
    mut before: Option<&mut Before<'_>>,
    directory: &mut Directory,
    effect: bool,
) -> u64 {
    let Some(read) = &known.read else {
        return 0;
    };
    if !effect {
        told::warn_of_kept(plan, schema, known, read);
    }
    let judged = Judged::of(schema, read, common, before.as_deref_mut(), directory);
    let builder = Builder {
        plan,
        reasons: Reasons::default(),
        schema,
        known,
        read,
        lms_links: common.lms_links,
        matcher: Matcher::new(schema, &known.rows),
        judged,
        standing: None,
        changes: before.map_or(&[], |before| &before.changes),
        effect,
        directory,
        salesforce_ids: FxHashMap::default(),
        kept_rows: Vec::new(),
    };
    builder.run(common.waiting)
}

impl Builder<'_> {
    fn run(mut self, waited: &[Waiting]) -> u64 {
        let entity = self.schema.entity;
        // Plan-wide reasons of the other entity stay valid: indices only grow.
        for (at, reason) in (0u32..).zip(self.plan.reasons.iter()) {
            self.reasons.0.insert(reason.clone(), at);
        }
        let latest = Latest::of(&self.read.records);
        let fates_of = |kept: &dyn Fn(u32) -> bool| {
            let (schema, known, read) = (self.schema, self.known, self.read);
            fates(schema, known, read, &self.matcher, &latest, kept)
        };
        let fates = fates_of(&|at| self.judged.keeps(at));
        self.standing = self.judged.before.as_ref().map(|before| {
            let fates = fates_of(&|at| *before.of(at) == Verdict::Keep);
            Standing::of(fates, self.known.rows.len())
        });
        let mut written: FxHashSet<u32> = FxHashSet::default();
        for fate in &fates {
            if let Fate::Write(Some(row)) | Fate::Conflict(Some(row), _) = fate {
                written.insert(*row);
            }
        }
        let mut left: FxHashSet<u32> = FxHashSet::default();
        let mut settled: FxHashSet<i64> = FxHashSet::default();
        for (at, fate) in (0u32..).zip(fates) {
            let id = self.read.records.ids()[at as usize];
            let op = match fate {
                Fate::Superseded => continue,
                Fate::Write(row) if self.effect && !self.comes_in(at, row) => continue,
                Fate::Conflict(..) if self.effect => continue,
                Fate::Write(row) => Some(self.write(at, row)),
                Fate::Conflict(row, reason) => Some(self.conflict(at, row, &reason)),
                Fate::Leave(row) => {
                    let row = row.filter(|row| {
                        self.known.rows.active(*row) && !written.contains(row) && left.insert(*row)
                    });
                    self.leave(at, row)
                }
            };
            if matches!(op, Some(Op::Unchanged | Op::Excluded)) && self.known.carried.contains(&id)
            {
                settled.insert(id);
            }
        }
        let touched = |row: u32| written.contains(&row) || left.contains(&row);
        self.absent(&latest, &touched, &mut settled);
        let mut settled: Vec<i64> = settled.into_iter().collect();
        settled.sort_unstable();
        self.plan.settled[entity] = settled;
        if entity == Entity::Contacts && !self.effect {
            let source = &self.read.records;
            let latest_of = |at: u32| latest.get(source.ids()[at as usize]) == Some(at);
            let now = self
                .judged
                .waiting
                .iter()
                .copied()
                .filter(|&at| latest_of(at));
            let now = now.map(|at| Waiting {
                impartner_id: source.ids()[at as usize],
                account_id: source.account_id(at),
                account_name: source.account_name(at).map(str::to_owned),
            });
            self.plan.waits =
                Waits::between(waited, now.collect(), self.read, &latest, self.plan.mode);
        }
        if !self.effect {
            self.warn_of_listing();
        }
        self.fill_before();
        if self.effect {
            self.unsuspected(&latest)
        } else {
            0
        }
    }

    /// An item for record `at`, without arena rows.
    fn item(
        &mut self,
        op: Op,
        impartner_id: Option<i64>,
        row: Option<u32>,
        reason: impl Into<String>,
    ) -> Item {
        let partner = self.partner_now(row);
        let rows = &self.known.rows;
        let before = row.map(|row| {
            self.kept_rows.push(row);
            u32::try_from(self.kept_rows.len() - 1).unwrap_or(u32::MAX)
        });
        let impartner_before = row.and_then(|row| rows.impartner_id(row));
        Item {
            entity: self.schema.entity,
            op,
            evidence: None,
            selected: op.writes(),
            by_rule: false,
            rule: None,
            held: self.known.holds.has(
                row.map(|row| rows.row_id(row)),
                impartner_before.or(impartner_id),
            ),
            suspicious: false,
            was_active: row.is_some_and(|row| rows.active(row)),
            impartner_id,
            impartner_before,
            row_id: row.map(|row| rows.row_id(row)),
            before,
            after: None,
            changed: Changed::default(),
            partner_before: partner,
            partner_after: partner,
            reason: self.reasons.of(&mut self.plan.reasons, reason),
        }
    }

    fn warn(&mut self, code: &'static str, id: i64, message: String) {
        let entity = self.schema.entity;
        self.plan.warnings.push(Warning {
            code: code.into(),
            entity,
            impartner_id: Some(id),
            message,
        });
    }

    /// A record that belongs in the database: add, update, reactivate, unchanged, or a conflict that shows only now.
    fn write(&mut self, at: u32, row: Option<u32>) -> Op {
        let (schema, rows) = (self.schema, &self.known.rows);
        let id = self.read.records.ids()[at as usize];
        let partner_before = self.partner_now(row);
        let partner_after = self.partner_of(at, row, partner_before);
        self.warn_of_salesforce_id(at);
        let reactivates = row.is_some_and(|row| !rows.active(row));
        let mut changed = self.diff(at, row, reactivates);
        if partner_before != partner_after {
            changed.set(Changed::PARTNER);
        }
        if row.is_some_and(|row| rows.impartner_id(row) != Some(id)) {
            changed.set(Changed::IMPARTNER_ID);
        }
        if self.effect && row.is_some() && !reactivates {
            return self.stay(at, row);
        }
        if row.is_some() && !reactivates && changed.is_empty() {
            self.plan.totals[schema.entity].count(Op::Unchanged);
            return Op::Unchanged;
        }
        if let Some(reason) = self.does_not_fit(at, row, changed, reactivates) {
            return self.conflict(at, row, &reason);
        }
        let (op, reason) = match row {
            None => (Op::Add, "new in Impartner".to_owned()),
            Some(_) if reactivates => (Op::Reactivate, "active again in Impartner".to_owned()),
            Some(_) => (
                Op::Update,
                format!("{} changed", counted(u64::from(changed.count()), "field")),
            ),
        };
        let by_rule = matches!(op, Op::Add | Op::Reactivate) && self.comes_in(at, row);
        let mut item = if by_rule {
            let reason = self.by_rule(Some(at), Turn::In, &reason);
            let mut item = self.item(op, Some(id), row, reason);
            item.by_rule = true;
            item.selected = false;
            item.rule = self.why(at, Turn::In).and_then(|why| why.rule);
            item
        } else {
            self.item(op, Some(id), row, reason)
        };
        item.changed = changed;
        item.partner_after = partner_after;
        item.after = Some(self.push_after(at, row, changed, reactivates));
        self.push(item);
        op
    }

    /// Lists an item and counts it: what only a change of the filters would do is counted apart.
    fn push(&mut self, item: Item) {
        let entity = self.schema.entity;
        if item.by_rule && item.op != Op::Excluded {
            self.plan.by_rule[entity].count(item.op);
        } else {
            self.plan.totals[entity].count(item.op);
        }
        let list = match item.op {
            Op::Excluded => &mut self.plan.excluded,
            _ => &mut self.plan.items,
        };
        list.push(item);
    }

    /// The contact's partner as the row has it.
    fn partner_now(&mut self, row: Option<u32>) -> PartnerAt {
        let partner = row.and_then(|row| self.known.rows.partner_id(row));
        partner.map_or(PartnerAt::NONE, |partner| {
            self.directory.at_row(self.plan, partner)
        })
    }

    fn conflict(&mut self, at: u32, row: Option<u32>, reason: &str) -> Op {
        let id = self.read.records.ids()[at as usize];
        let changed = self.diff(at, row, false);
        let mut item = self.item(Op::Conflict, Some(id), row, reason);
        item.changed = changed;
        item.after = Some(self.push_after(at, row, changed, false));
        self.push(item);
        Op::Conflict
    }

    fn fill_before(&mut self) {
        let rows = &self.known.rows;
        let before = &mut self.plan.arenas[self.schema.entity].before;
        for &row in &self.kept_rows {
            before.push(rows.cells.row(row));
        }
    }
}

fn title(entity: Entity) -> &'static str {
    match entity {
        Entity::Partners => "Partner",
        Entity::Contacts => "Contact",
    }
}
