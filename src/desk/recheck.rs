//! Evidence that has waited is asked for again. A plan may lie in a file over a weekend, or on a screen over lunch: its
//! rows are read again when it is applied, and so is what speaks for its soft-deletes (docs/rules.md,
//! "The road a record takes": nothing is deleted without evidence). Only a person who is still inactive or gone leaves.

use chrono::TimeDelta;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Desk;
use crate::error::Result;
use crate::plan::rules::{Rules, Verdict};
use crate::plan::{Entity, Evidence, Op, Plan, Selection};
use crate::progress::{Phase, Progress};

/// An item whose evidence no longer holds, and why.
pub(super) type Outdated = (usize, String);

impl Desk {
    /// Unticks the soft-deletes of `plan` whose evidence is older than `policy.recheck_after` and no longer holds. A
    /// refused key ends the run; a record that could not be asked for stays as it is.
    pub(super) async fn recheck(
        &self,
        plan: &Plan,
        selection: &mut Selection,
        progress: &Progress,
    ) -> Result<Vec<Outdated>> {
        let patience = TimeDelta::from_std(self.config().policy.recheck_after).unwrap_or_default();
        // A plan from the future was made by another clock; how old it is, nobody knows.
        let age = (self.clock().now() - plan.created_at).abs();
        let mut outdated = Vec::new();
        if age <= patience {
            return Ok(outdated);
        }
        for entity in plan.scope.entities() {
            let asked = leaving(plan, selection, entity);
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
                "evidence of the plan no longer holds"
            );
        }
        Ok(outdated)
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
        let rules = Rules::new(&self.config().filters);
        let healthy: FxHashSet<i64> = (0..)
            .zip(answers.records.ids())
            .filter(|&(at, _)| {
                let verdict = rules.verdict(&schema, &answers.records, at);
                !matches!(verdict, Verdict::Inactive(_))
            })
            .map(|(_, &id)| id)
            .collect();
        let unverified: FxHashMap<i64, String> = answers.unverified.into_iter().collect();
        let since = plan.created_at.format("%Y-%m-%d %H:%M UTC");
        Ok(asked
            .iter()
            .filter_map(|&(at, id)| {
                let why = match unverified.get(&id) {
                    Some(why) => format!("the plan is of {since}, and whether that still holds could not be asked: {why}; preview again"),
                    None if healthy.contains(&id) => format!("the plan is of {since}, and Impartner shows the {} as active now; preview again", entity.singular()),
                    None => return None,
                };
                Some((at, why))
            })
            .collect())
    }
}

/// Ticked soft-deletes that rest on what Impartner said, with the id to ask for. Those that rest on our own rules or
/// reverse an add have nothing to ask there.
fn leaving(plan: &Plan, selection: &Selection, entity: Entity) -> Vec<(usize, i64)> {
    let items = plan.items.iter().enumerate();
    items
        .filter(|&(at, item)| {
            item.entity == entity
                && item.op == Op::SoftDelete
                && matches!(item.evidence, Some(Evidence::Inactive | Evidence::Deleted))
                && selection.is_ticked(at)
        })
        .filter_map(|(at, item)| Some((at, item.impartner_before.or(item.impartner_id)?)))
        .collect()
}
