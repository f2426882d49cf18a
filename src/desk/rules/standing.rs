//! What stands of the rules after a run: who accepted them first, how many records each leaves out, and whether a change
//! of them waited meanwhile.

use crate::desk::Desk;
use crate::error::Result;
use crate::plan::{
    AcceptedRules, ByRule, Entity, Mode, PerEntity, Plan, PlanOrigin, RulesFacts, hits,
};
use crate::store::{ApplyTx, NewAcceptance};
use crate::values::{RuleHits, RunStatus};

/// Why the first run that was applied accepts the filters.
const FIRST: &str = "as configured at the first run that was applied";
/// Why those of a database that an earlier version filled are accepted.
const ADOPTED: &str = "as configured when this version was first started";

/// Under which name the store keeps that a change of the filters waited while an entity was read.
fn waited_key(entity: Entity) -> String {
    format!("rules_waited.{entity}")
}

/// Under which name the store keeps what the filters left out of an entity in the last full reading.
fn hits_key(entity: Entity) -> String {
    format!("rules_excluded.{entity}")
}

/// Under which name the store keeps what a change of the filters alone would do to an entity.
fn by_rule_key(entity: Entity) -> String {
    format!("rules_by_rule.{entity}")
}

impl Desk {
    /// Keeps the configured filters as accepted in a database that an earlier version filled.
    pub(in crate::desk) async fn adopt_rules(&self) -> Result<()> {
        if self.config().read_only {
            return Ok(());
        }
        let adopted = self.store().adopt_rules(&self.configured(ADOPTED)).await?;
        if adopted {
            tracing::info!("the configured filters count as accepted from now on");
        }
        Ok(())
    }

    fn configured<'a>(&'a self, reason: &'a str) -> NewAcceptance<'a> {
        NewAcceptance {
            filters: &self.config().filters,
            operator: &self.config().operator,
            reason,
        }
    }

    /// Of which entities records were left aside while a change of the filters waited, which it does no longer: their
    /// next run is full, since an incremental one would not see them.
    pub(in crate::desk) async fn rules_waited(
        &self,
        accepted: Option<&AcceptedRules>,
    ) -> Result<PerEntity<bool>> {
        let mut waited = PerEntity::default();
        let Some(accepted) = accepted else {
            return Ok(waited);
        };
        let filters = &self.config().filters;
        if !filters.changes_since(&accepted.filters).is_empty() {
            return Ok(waited);
        }
        for entity in Entity::ALL {
            let mark = self.store().meta(&waited_key(entity)).await?;
            waited[entity] = mark.as_deref() == Some("true");
        }
        Ok(waited)
    }

    /// What the filters left out of an entity in the last full reading.
    pub(super) async fn rule_hits(&self, entity: Entity) -> Result<Vec<RuleHits>> {
        let kept = self.store().meta(&hits_key(entity)).await?;
        // What another version wrote and this one cannot read is no reason to show nothing else.
        Ok(kept
            .and_then(|kept| serde_json::from_str(&kept).ok())
            .unwrap_or_default())
    }

    /// What a change of the filters alone would do by the last full reading; nothing where there is none.
    pub(in crate::desk) async fn waiting_by_rule(
        &self,
        rules: &RulesFacts,
    ) -> Result<PerEntity<ByRule>> {
        let mut by_rule = PerEntity::default();
        for entity in Entity::ALL.into_iter().filter(|_| rules.differs) {
            let kept = self.store().meta(&by_rule_key(entity)).await?;
            by_rule[entity] = kept
                .and_then(|kept| serde_json::from_str(&kept).ok())
                .unwrap_or_default();
        }
        Ok(by_rule)
    }

    /// Keeps with a run what it says of the rules.
    pub(in crate::desk) async fn stand_rules(
        &self,
        tx: &mut ApplyTx,
        plan: &Plan,
        overtaken: PerEntity<bool>,
        status: RunStatus,
    ) -> Result<()> {
        if matches!(plan.origin, PlanOrigin::Undo { .. }) {
            return Ok(());
        }
        if status != RunStatus::Blocked && tx.accepted_rules().await?.is_none() {
            tx.accept_rules(&self.configured(FIRST)).await?;
        }
        for entity in plan.scope.entities().filter(|&entity| !overtaken[entity]) {
            let proved = plan.sources[entity]
                .as_ref()
                .is_some_and(|facts| facts.proved);
            let full = plan.mode == Mode::Full && proved;
            if plan.rules.differs {
                tx.set_meta(&waited_key(entity), "true").await?;
            } else if full {
                tx.set_meta(&waited_key(entity), "false").await?;
            }
            if full {
                let items = plan.items.iter().chain(&plan.excluded);
                let hits = hits(items.filter(|item| item.entity == entity));
                let hits: Vec<RuleHits> = hits
                    .into_iter()
                    .map(|(rule, hits)| RuleHits {
                        rule,
                        entity,
                        records: hits.records,
                        suspicious: hits.suspicious,
                    })
                    .collect();
                let by_rule = serde_json::to_string(&plan.by_rule[entity]).unwrap_or_default();
                tx.set_meta(&by_rule_key(entity), &by_rule).await?;
                let kept = serde_json::to_string(&hits).unwrap_or_default();
                tx.set_meta(&hits_key(entity), &kept).await?;
            }
        }
        Ok(())
    }

    /// Has the next run of each of these entities read all.
    pub(super) async fn read_all_next(&self, tx: &mut ApplyTx) -> Result<()> {
        for entity in Entity::ALL {
            tx.set_meta(&waited_key(entity), "true").await?;
        }
        Ok(())
    }
}
