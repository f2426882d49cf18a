//! The rules as decisions about people: what is configured, what was accepted, what another set of filters would do, and
//! the acceptance itself (docs/rules.md, "Accepted rules").

mod accept;
mod allow;
mod reading;
mod standing;

pub use accept::{Accepting, RulesShown};
pub use allow::Allowing;
pub use reading::{Reading, RulesEffect};

use super::Desk;
use crate::config::FilterConfig;
use crate::error::Result;
use crate::plan::{AcceptedRules, Entity, RulesFacts};
use crate::values::{RuleHits, RulesState};

impl Desk {
    /// The rules as they stand. Reads the database alone.
    pub async fn rules(&self) -> Result<RulesState> {
        let accepted = self.store().accepted_rules().await?;
        let configured = self.config().filters.clone();
        let changed = match &accepted {
            Some(accepted) => configured.changes_since(&accepted.filters),
            None => Vec::new(),
        };
        let mut excluded: Vec<RuleHits> = Vec::new();
        for entity in Entity::ALL {
            excluded.extend(self.rule_hits(entity).await?);
        }
        Ok(RulesState {
            configured,
            accepted,
            differs: !changed.is_empty(),
            changed,
            excluded,
        })
    }

    /// Whether the configured filters differ from the accepted ones, and in what.
    pub(super) async fn rules_facts(&self) -> Result<RulesFacts> {
        let accepted = self.store().accepted_rules().await?;
        let changed = accepted.map_or_else(Vec::new, |accepted| {
            self.config().filters.changes_since(&accepted.filters)
        });
        Ok(RulesFacts {
            differs: !changed.is_empty(),
            changed,
        })
    }

    /// The same desk with other filters: the same database, and clients of its own.
    #[must_use]
    pub fn with_filters(&self, filters: FilterConfig) -> Self {
        let mut config = self.config().clone();
        config.filters = filters;
        Self::with_store(config, self.clock().clone(), self.store().clone())
    }

    /// The filters as they were last accepted, for the planner.
    pub(super) async fn accepted(&self) -> Result<Option<AcceptedRules>> {
        let accepted = self.store().accepted_rules().await?;
        Ok(accepted.map(|accepted| AcceptedRules {
            filters: accepted.filters,
            operator: accepted.operator,
            accepted_at: accepted.accepted_at,
        }))
    }
}
