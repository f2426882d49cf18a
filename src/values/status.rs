//! The facts of docs/rules.md, "Status", and the checks of `doctor`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{CaseState, RunSummary};
use crate::plan::{ByRule, Entity, PerEntity, RulesFacts};

/// Whether something outside answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Reachability {
    /// Whether it answered; `None`: not configured or not asked.
    pub reachable: Option<bool>,
    /// How long it took, in milliseconds.
    pub latency_ms: Option<u64>,
    /// Where it is: host or file, never with a secret.
    pub target: String,
    /// What it is ("mariadb 10.11.6", "objects dialect") or why it did not answer.
    pub detail: Option<String>,
}

/// Rows of one table.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct RowCounts {
    /// Active.
    pub active: u64,
    /// Soft-deleted.
    pub inactive: u64,
    /// Active contacts with an LMS user, or active partners with an LMS group.
    pub lms_linked: u64,
}

/// Off-boarding cases by state.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct CaseCounts {
    /// Wait for a decision.
    pub pending: u64,
    /// Approved and not run.
    pub approved: u64,
    /// At work.
    pub running: u64,
    /// Done.
    pub done: u64,
    /// Run, and put back.
    #[serde(default)]
    pub restored: u64,
    /// Failed; can be resumed.
    pub failed: u64,
    /// Rejected.
    pub rejected: u64,
    /// Put aside.
    pub held: u64,
    /// The record came back.
    pub obsolete: u64,
}

impl CaseCounts {
    /// How many are in `state`.
    pub fn of(&self, state: CaseState) -> u64 {
        match state {
            CaseState::Pending => self.pending,
            CaseState::Approved => self.approved,
            CaseState::Running => self.running,
            CaseState::Done => self.done,
            CaseState::Restored => self.restored,
            CaseState::Failed => self.failed,
            CaseState::Rejected => self.rejected,
            CaseState::Held => self.held,
            CaseState::Obsolete => self.obsolete,
        }
    }
}

/// A record that the next incremental runs ask for by id until it is settled (docs/rules.md, "Reading").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CarriedRecord {
    /// Whose.
    pub entity: Entity,
    /// The record.
    pub impartner_id: i64,
    /// The name or e-mail of its row, where it has one.
    pub name: Option<String>,
    /// Why, as a word: unticked, held, unverified, conflict, withheld, stale, failed, unlinked, undone, overtaken, misdated.
    pub reason: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// The run that carried it over last.
    pub run_id: Option<i64>,
}

/// A run whose process went away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Interrupted {
    /// The run.
    pub run_id: i64,
    /// What sort of run.
    pub kind: String,
    /// Who started it.
    pub operator: String,
    /// When.
    pub started_at: DateTime<Utc>,
    /// What that means: nothing of it was written, or which step is next.
    pub message: String,
}

/// The facts of docs/rules.md, "Status".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Status {
    /// The profile.
    pub profile: String,
    /// Whether writes are refused.
    pub read_only: bool,
    /// The database.
    pub database: Reachability,
    /// Impartner.
    pub impartner: Reachability,
    /// The LMS.
    pub lms: Reachability,
    /// Rows of `partners`.
    pub partners: RowCounts,
    /// Rows of `contacts`.
    pub contacts: RowCounts,
    /// The last run for each kind, scope and mode, newest first.
    pub last_runs: Vec<RunSummary>,
    /// The watermarks as the source reported them.
    pub watermarks: PerEntity<Option<DateTime<Utc>>>,
    /// Cases by state.
    pub cases: CaseCounts,
    /// Number of holds.
    pub holds: u64,
    /// Number of carried-over records.
    pub carried_over: u64,
    /// Of these, soft-deletes and updates that a guard withheld.
    pub withheld: u64,
    /// Whether the configured filters differ from the accepted ones, and in what.
    pub rules: RulesFacts,
    /// What only that would do, by the last full reading that was applied; nothing where they do not differ.
    pub by_rule: PerEntity<ByRule>,
    /// Who holds the lease now.
    pub lease: Option<LeaseHolder>,
    /// A run whose process went away.
    pub interrupted: Option<Interrupted>,
    /// When these facts were gathered.
    pub at: DateTime<Utc>,
}

/// Who holds the writer's lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LeaseHolder {
    /// Who.
    pub operator: String,
    /// On which host.
    pub host: String,
    /// In which process.
    pub pid: u32,
    /// For what: "sync", "apply", "undo", …
    pub purpose: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Until when, unless it is renewed.
    pub expires_at: DateTime<Utc>,
}

/// How one check of `doctor` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// In order.
    Ok,
    /// Works, but somebody should look.
    Warning,
    /// Does not work.
    Failure,
}

/// One check of `doctor` (docs/contract.md, "JSON").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Check {
    /// What was checked, in snake_case: configuration, database, privileges, schema, impartner, …
    pub name: String,
    /// How it ended.
    pub status: CheckStatus,
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}
