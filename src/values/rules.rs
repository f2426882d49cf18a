//! The rules: what is configured, what was accepted, and what a change of them would do (docs/rules.md, "Accepted
//! rules").

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::config::{FilterConfig, FilterKey, RuleChange};
use crate::plan::Entity;

/// Filters as somebody accepted them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Acceptance {
    /// Counts up with each acceptance.
    #[serde(skip)]
    pub id: i64,
    /// The filters.
    pub filters: FilterConfig,
    /// Who accepted them.
    pub operator: String,
    /// Why.
    pub reason: String,
    /// When.
    pub accepted_at: DateTime<Utc>,
    /// The run that accepted them: the first one applied, or the acceptance itself.
    pub run_id: Option<i64>,
}

/// How many records a filter left out in the last full reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RuleHits {
    /// Which filter.
    pub rule: FilterKey,
    /// Whose records.
    pub entity: Entity,
    /// How many.
    pub records: u64,
    /// Of these, those whose pattern sits inside a longer word.
    pub suspicious: u64,
}

/// The off-boarding that soft-deletes would begin, in numbers.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct OffboardingAhead {
    /// Cases: contacts with an LMS user, partners with an LMS group.
    pub cases: u64,
    /// LMS groups of these partners.
    pub groups: u64,
}

/// The rules as they stand (docs/contract.md, "JSON", `rules`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RulesState {
    /// The filters of the configuration.
    pub configured: FilterConfig,
    /// The filters as they were last accepted; none before the first run that was applied.
    pub accepted: Option<Acceptance>,
    /// Whether the configured ones differ from them.
    pub differs: bool,
    /// In what.
    pub changed: Vec<RuleChange>,
    /// What each filter left out in the last full reading that was applied.
    pub excluded: Vec<RuleHits>,
}
