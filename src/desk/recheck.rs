//! What a plan says of Impartner is asked for again where it may have changed since. A plan may lie in a file over a
//! weekend, or on a screen over lunch, and a newer run may have seen the opposite meanwhile: nothing is deleted without
//! evidence, and nobody is added or brought back who has left (docs/rules.md, "The road a record takes" and "The
//! plan").

use chrono::TimeDelta;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Desk;
use crate::error::Result;
use crate::impartner::ByIds;
use crate::plan::rules::{Rules, Verdict};
use crate::plan::{Entity, Evidence, Item, Op, PerEntity, Plan, PlanOrigin, Schema, Selection};
use crate::progress::{Phase, Progress};

/// An item that Impartner no longer bears out, and why.
pub(super) type Outdated = (usize, String);

impl Desk {
    /// Unticks what Impartner no longer bears out. Asked for by id are the soft-deletes of a plan older than
    /// `policy.recheck_after`, and whatever its age the adds, reactivations and soft-deletes of an entity that a newer
    /// run has `overtaken`. A refused key ends the run; a record that could not be asked for stays as it is.
    pub(super) async fn recheck(
        &self,
        plan: &Plan,
        selection: &mut Selection,
        overtaken: PerEntity<bool>,
        progress: &Progress,
    ) -> Result<Vec<Outdated>> {
        let patience = TimeDelta::from_std(self.config().policy.recheck_after).unwrap_or_default();
        // A plan from the future was made by another clock; how old it is, nobody knows.
        let age = (self.clock().now() - plan.created_at).abs();
        let mut outdated = Vec::new();
        // An undo reverses what we did, whatever Impartner says.
        if matches!(plan.origin, PlanOrigin::Undo { .. }) {
            return Ok(outdated);
        }
        for entity in plan.scope.entities() {
            let asked = if overtaken[entity] {
                self.coming_and_leaving(plan, selection, entity).await?
            } else if age > patience {
                leaving(plan, selection, entity)
            } else {
                continue;
            };
            if asked.is_empty() {
                continue;
            }
            progress.phase(Phase::Checking);
            for (at, why) in self.no_longer(plan, entity, &asked, progress).await? {
                // Unticking cannot fail: only ticking has conditions.
                let _always = selection.set(plan, at, false);
                outdated.push((at, why));
            }
        }
        if !outdated.is_empty() {
            tracing::warn!(
                count = outdated.len(),
                age_minutes = age.num_minutes(),
                "Impartner no longer bears out the plan"
            );
        }
        Ok(outdated)
    }

    /// Ticked adds, reactivations and soft-deletes, with the id to ask for. An add whose record has a row by now is
    /// stale without being asked about.
    async fn coming_and_leaving(
        &self,
        plan: &Plan,
        selection: &Selection,
        entity: Entity,
    ) -> Result<Vec<(usize, i64)>> {
        let rows = self.store().rows(&self.config().schema(entity)).await?;
        let there: FxHashSet<i64> = rows
            .indices()
            .filter_map(|at| rows.impartner_id(at))
            .collect();
        Ok(asked(plan, selection, entity, |item| match item.op {
            Op::Add => item.impartner_id.is_some_and(|id| !there.contains(&id)),
            Op::Reactivate | Op::SoftDelete => true,
            _ => false,
        }))
    }

    async fn no_longer(
        &self,
        plan: &Plan,
        entity: Entity,
        asked: &[(usize, i64)],
        progress: &Progress,
    ) -> Result<Vec<Outdated>> {
        let schema = self.config().schema(entity);
        let ids: Vec<i64> = asked.iter().map(|&(_, id)| id).collect();
        let canaries = self.canaries(entity, &ids).await?;
        let answers = self
            .impartner()?
            .by_ids(&schema, &ids, &canaries, progress)
            .await?;
        let accepted = self.accepted().await?;
        let now = Now::of(
            &schema,
            &answers,
            &Rules::new(&self.config().filters),
            accepted
                .map(|accepted| Rules::new(&accepted.filters))
                .as_ref(),
        );
        let since = plan.created_at.format("%Y-%m-%d %H:%M UTC");
        let outdated = asked.iter().filter_map(|&(at, id)| {
            let why = now.contradicts(&plan.items[at], id)?;
            Some((
                at,
                format!("the plan is of {since}, and {why}; preview again"),
            ))
        });
        Ok(outdated.collect())
    }
}

/// What Impartner says of records now.
struct Now {
    verdicts: FxHashMap<i64, Verdict>,
    /// Records that the accepted filters let through: by rule at most may they leave.
    accepted: FxHashSet<i64>,
    unverified: FxHashMap<i64, String>,
}

impl Now {
    fn of(schema: &Schema, answers: &ByIds, rules: &Rules, accepted: Option<&Rules>) -> Self {
        let records = &answers.records;
        let let_through = (0..).zip(records.ids()).filter(|&(at, _)| {
            accepted.is_some_and(|rules| rules.verdict(schema, records, at) == Verdict::Keep)
        });
        Self {
            accepted: let_through.map(|(_, &id)| id).collect(),
            verdicts: (0..)
                .zip(records.ids())
                .map(|(at, &id)| (id, rules.verdict(schema, records, at)))
                .collect(),
            unverified: answers.unverified.iter().cloned().collect(),
        }
    }

    /// What speaks against `item`, which rests on record `id`; a clause.
    fn contradicts(&self, item: &Item, id: i64) -> Option<String> {
        let who = item.entity.singular();
        if let Some(why) = self.unverified.get(&id) {
            return Some(format!(
                "whether that still holds could not be asked: {why}"
            ));
        }
        let verdict = self.verdicts.get(&id);
        let by_our_rules = matches!(item.evidence, Some(Evidence::OutOfScope | Evidence::Rule));
        match (item.op, verdict) {
            (Op::SoftDelete, Some(Verdict::OutOfScope { .. })) if by_our_rules => None,
            (Op::SoftDelete, Some(Verdict::Inactive(_)))
                if item.by_rule || !self.accepted.contains(&id) =>
            {
                None
            }
            (Op::SoftDelete, Some(_)) => Some(format!("Impartner shows the {who} as active now")),
            (Op::SoftDelete, None) | (_, Some(Verdict::Keep)) => None,
            (_, Some(Verdict::Inactive(why) | Verdict::OutOfScope { why, .. })) => {
                Some(format!("the {who} would be left out now: {}", why.reason))
            }
            (_, None) => Some(format!("the {who} is no longer there in Impartner")),
        }
    }
}

/// Ticked soft-deletes that rest on what Impartner said. Those that rest on our own rules have nothing to ask there.
fn leaving(plan: &Plan, selection: &Selection, entity: Entity) -> Vec<(usize, i64)> {
    asked(plan, selection, entity, |item| {
        item.op == Op::SoftDelete
            && matches!(item.evidence, Some(Evidence::Inactive | Evidence::Deleted))
    })
}

/// The ticked items of `entity` that `which` names, each with the record that it rests on: the one that leaves, or the
/// one that comes.
fn asked(
    plan: &Plan,
    selection: &Selection,
    entity: Entity,
    which: impl Fn(&Item) -> bool,
) -> Vec<(usize, i64)> {
    let items = plan.items.iter().enumerate();
    items
        .filter(|&(at, item)| item.entity == entity && selection.is_ticked(at) && which(item))
        .filter_map(|(at, item)| {
            let id = match item.op {
                Op::SoftDelete => item.impartner_before.or(item.impartner_id),
                _ => item.impartner_id,
            };
            Some((at, id?))
        })
        .collect()
}
