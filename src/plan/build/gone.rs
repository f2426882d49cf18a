//! Rows that leave: soft-deletes and what they rest on.

use rustc_hash::FxHashSet;

use super::{Builder, INACTIVE, title};
use crate::plan::accepted::Turn;
use crate::plan::latest::Latest;
use crate::plan::rules::Verdict;
use crate::plan::{Changed, Entity, Evidence, Item, Mode, Op};
use crate::text::clean;

impl Builder<'_> {
    /// A soft-delete. What it writes beside `is_active`: for partners the tier that speaks for it and the status.
    pub(super) fn soft_delete(
        &mut self,
        id: Option<i64>,
        row: u32,
        evidence: Evidence,
        reason: String,
        seen: Option<u32>,
    ) -> Item {
        let entity = self.schema.entity;
        let rows = &self.known.rows;
        let reason = self.known.holds.told(
            reason,
            Some(rows.row_id(row)),
            rows.impartner_id(row).or(id),
        );
        let mut item = self.item(Op::SoftDelete, id, Some(row), reason);
        item.evidence = Some(evidence);
        item.selected = evidence.ticked_at_first() && !item.held;
        item.by_rule = evidence == Evidence::Rule;
        let rows = &self.known.rows;
        let after = &mut self.plan.arenas[entity].after;
        let mut cells: Vec<Option<String>> = (0..self.schema.fields.len())
            .map(|field| rows.field(row, field).map(str::to_owned))
            .collect();
        if entity == Entity::Partners {
            for (column, value) in [
                (
                    "partner_tier",
                    seen.and_then(|seen| {
                        self.schema
                            .index("partner_tier")
                            .and_then(|field| after.get(seen, field))
                    })
                    .map(str::to_owned),
                ),
                ("account_status", Some(INACTIVE.to_owned())),
            ] {
                let Some(field) = self.schema.index(column) else {
                    continue;
                };
                if value.is_some() && value.as_deref() != cells[field].as_deref().and_then(clean) {
                    cells[field] = value;
                    item.changed.set(u32::try_from(field).unwrap_or(31));
                }
            }
        }
        let extra: Vec<Option<String>> = (0..2)
            .map(|at| {
                seen.and_then(|seen| after.get(seen, self.schema.fields.len() + at))
                    .map(str::to_owned)
            })
            .collect();
        item.after = Some(after.push(cells.iter().chain(&extra).map(Option::as_deref)));
        item
    }

    /// Rows that no record of this run means (docs/rules.md, "The plan": absence is not evidence by itself).
    pub(super) fn absent(
        &mut self,
        latest: &Latest<'_>,
        touched: &dyn Fn(u32) -> bool,
        settled: &mut FxHashSet<i64>,
    ) {
        let (known, read) = (self.known, self.read);
        let full = self.plan.mode == Mode::Full;
        for row in known
            .rows
            .indices()
            .filter(|&row| known.rows.active(row) && !touched(row))
        {
            let id = known.rows.impartner_id(row);
            if id.is_some_and(|id| latest.has(id)) {
                continue;
            }
            let gone = id.is_some_and(|id| read.answers.gone.contains(&id));
            if !full && !gone {
                continue;
            }
            if !read.facts.proved {
                self.plan.kept_back[self.schema.entity] += 1;
                continue;
            }
            let (evidence, reason) = match id {
                None => (
                    Evidence::Unverified,
                    "it has no Impartner id to ask for, and no record means it".to_owned(),
                ),
                Some(_) if gone => (
                    Evidence::Deleted,
                    "Impartner has no such record any more".to_owned(),
                ),
                Some(id) => {
                    let why = read
                        .answers
                        .unverified
                        .get(&id)
                        .map_or("it was not asked for by id", String::as_str);
                    (
                        Evidence::Unverified,
                        format!("absent from the listing, and not verified: {why}"),
                    )
                }
            };
            // Under the accepted filters another record would have taken the row over.
            let kept_before = self
                .standing
                .as_ref()
                .is_some_and(|standing| standing.keeps(row));
            if self.effect && !kept_before {
                continue;
            }
            let item = if kept_before && evidence == Evidence::Deleted {
                let reason = self.by_rule(None, Turn::Out, &reason);
                self.soft_delete(id, row, Evidence::Rule, reason, None)
            } else {
                self.soft_delete(id, row, evidence, reason, None)
            };
            self.push(item);
        }
        if self.effect {
            return;
        }
        for &id in &known.carried {
            let row_active = self
                .matcher
                .row_of_id(id)
                .is_some_and(|row| known.rows.active(row));
            if read.answers.gone.contains(&id) && !row_active {
                settled.insert(id);
            } else if !full && let Some(why) = read.answers.unverified.get(&id) {
                self.warn("carried_over_unverified", id, format!("{} #{id} is carried over from an earlier run and could not be read: {why}; it stays carried over.", title(self.schema.entity)));
            }
        }
    }

    /// A record that a filter leaves out: a soft-delete where it owns an active row, else excluded.
    /// `None` for what is not settled: a soft-delete that is kept back, what only a change of the filters leaves out.
    pub(super) fn leave(&mut self, at: u32, row: Option<u32>) -> Option<Op> {
        let id = self.read.records.ids()[at as usize];
        let kept_before = self.standing.as_ref().is_some_and(|standing| {
            !standing.leaves(at) || row.is_some_and(|row| standing.keeps(row))
        });
        if self.effect && !kept_before {
            return None;
        }
        let now = self.judged.now.of(at);
        let then = self.judged.before.as_ref().map(|before| before.of(at));
        // Where both leave it out, what speaks least against the record counts.
        let verdict = match (now, then) {
            (Verdict::Inactive(_), Some(then @ Verdict::OutOfScope { .. })) => then,
            (now, _) => now,
        };
        let why = verdict.why()?;
        let (rule, suspicious) = (why.rule, verdict.is_suspicious());
        let (evidence, reason) = match verdict {
            _ if kept_before => {
                let reason = self.by_rule(Some(at), Turn::Out, &why.reason);
                (Evidence::Rule, reason)
            }
            Verdict::Inactive(why) => (Evidence::Inactive, why.reason.clone()),
            _ => (Evidence::OutOfScope, why.reason.clone()),
        };
        let everything = Changed(u32::MAX);
        let after = self.push_after(at, row, everything, false);
        let kept_back = row.is_some() && !self.read.facts.proved;
        if let Some(row) = row.filter(|_| !kept_back) {
            let mut item = self.soft_delete(Some(id), row, evidence, reason, Some(after));
            item.suspicious = suspicious;
            item.rule = rule;
            self.push(item);
            return Some(Op::SoftDelete);
        }
        let reason = if kept_back {
            // What waits for acceptance is not kept back by the listing: it would not be applied either way.
            self.plan.kept_back[self.schema.entity] += u64::from(!kept_before);
            format!("{reason}; its soft-delete is kept back because the listing was not proved")
        } else {
            reason
        };
        let mut item = self.item(Op::Excluded, Some(id), None, reason);
        item.suspicious = suspicious;
        item.rule = rule;
        item.by_rule = kept_before;
        item.after = Some(after);
        self.push(item);
        (!kept_back && !kept_before).then_some(Op::Excluded)
    }
}
