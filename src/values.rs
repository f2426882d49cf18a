//! The values that `Desk` gives to the faces, and that the floors below it fill; their serialised form is that of
//! docs/contract.md, "JSON". Small things everybody may use: no behaviour beyond words and counts.

mod certs;
mod lms;
mod offboard;
mod rules;
mod status;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::plan::guards::Rule;
use crate::plan::{Entity, Mode, Op, PerEntity, Scope};

pub use certs::{CertFault, CertFigures, CertReport, CertRow, ZeroRelease};
pub use lms::{LmsFault, LmsGone, LmsRefreshed, Transcripts};
pub use offboard::{Case, CaseEntry, CaseState, LeftCase, Step, StepAction, StepState, Terms};
pub use rules::{Acceptance, OffboardingAhead, RuleHits, RulesState};
pub use status::{
    CarriedRecord, CaseCounts, Check, CheckStatus, Interrupted, LeaseHolder, Reachability,
    RowCounts, Status,
};

/// How a run ended, or that it has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// At work, or interrupted when no live lease stands behind it.
    Running,
    /// Everything selected was applied.
    Applied,
    /// Something was applied and something withheld, failed or stale.
    Partial,
    /// Nothing was applied and something was withheld.
    Blocked,
    /// There was nothing to apply.
    Nothing,
    /// It failed; nothing was written.
    Failed,
    /// A person cancelled it; nothing was written.
    Cancelled,
    /// Its process went away; nothing was written. Set when the next run finds it.
    Interrupted,
}

impl RunStatus {
    /// Those of a run that has ended.
    pub const ENDED: [Self; 7] = [
        Self::Applied,
        Self::Partial,
        Self::Blocked,
        Self::Nothing,
        Self::Failed,
        Self::Cancelled,
        Self::Interrupted,
    ];

    /// The word in JSON and tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Applied => "applied",
            Self::Partial => "partial",
            Self::Blocked => "blocked",
            Self::Nothing => "nothing",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }

    /// The status of a word from a table; an unknown one reads as failed.
    pub fn from_word(word: &str) -> Self {
        [
            Self::Running,
            Self::Applied,
            Self::Partial,
            Self::Blocked,
            Self::Nothing,
            Self::Cancelled,
            Self::Interrupted,
        ]
        .into_iter()
        .find(|status| status.word() == word)
        .unwrap_or(Self::Failed)
    }
}

/// Rows written, by operation.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Applied {
    /// Rows inserted.
    pub add: u64,
    /// Rows updated.
    pub update: u64,
    /// Rows made active again.
    pub reactivate: u64,
    /// Rows made inactive.
    pub soft_delete: u64,
}

impl Applied {
    /// Counts rows of `op`; operations that write nothing count nowhere.
    pub fn count(&mut self, op: Op, rows: u64) {
        match op {
            Op::Add => self.add += rows,
            Op::Update => self.update += rows,
            Op::Reactivate => self.reactivate += rows,
            Op::SoftDelete => self.soft_delete += rows,
            Op::Conflict | Op::Excluded | Op::Unchanged => {}
        }
    }

    /// All rows written.
    pub fn total(&self) -> u64 {
        self.add + self.update + self.reactivate + self.soft_delete
    }
}

/// What kept rows back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The guard `max_count`.
    MaxCount,
    /// The guard `max_percent`.
    MaxPercent,
    /// The guard `small_set`.
    SmallSet,
    /// The guard `field_change`.
    FieldChange,
    /// The guard `missing_field`.
    MissingField,
    /// The policy: an unattended run does not soft-delete.
    Unattended,
    /// A hold that came after the plan.
    Held,
    /// The listing was not proved complete.
    Unproved,
    /// Only a change of the filters would do it, and nobody has accepted that yet.
    Rules,
}

impl Cause {
    /// All.
    pub const ALL: [Self; 9] = [
        Self::MaxCount,
        Self::MaxPercent,
        Self::SmallSet,
        Self::FieldChange,
        Self::MissingField,
        Self::Unattended,
        Self::Held,
        Self::Unproved,
        Self::Rules,
    ];

    /// The word in JSON and metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::MaxCount => "max_count",
            Self::MaxPercent => "max_percent",
            Self::SmallSet => "small_set",
            Self::FieldChange => "field_change",
            Self::MissingField => "missing_field",
            Self::Unattended => "unattended",
            Self::Held => "held",
            Self::Unproved => "unproved",
            Self::Rules => "rules",
        }
    }

    /// Whether it is a guard.
    pub fn is_guard(self) -> bool {
        matches!(
            self,
            Self::MaxCount
                | Self::MaxPercent
                | Self::SmallSet
                | Self::FieldChange
                | Self::MissingField
        )
    }
}

impl From<Rule> for Cause {
    fn from(rule: Rule) -> Self {
        match rule {
            Rule::MaxCount => Self::MaxCount,
            Rule::MaxPercent => Self::MaxPercent,
            Rule::SmallSet => Self::SmallSet,
            Rule::FieldChange => Self::FieldChange,
            Rule::MissingField => Self::MissingField,
        }
    }
}

/// What was kept back, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Withheld {
    /// Whose rows.
    pub entity: Entity,
    /// Which operation.
    pub op: Op,
    /// How many rows.
    pub count: u64,
    /// Why, and how to release it. One or two sentences.
    pub reason: String,
    /// Why, in a word for programs.
    pub cause: Cause,
}

/// A row that was not written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RowFault {
    /// Whose row.
    pub entity: Entity,
    /// What was to happen.
    pub op: Op,
    /// The record.
    pub impartner_id: Option<i64>,
    /// Our row, where there is one.
    pub row_id: Option<i64>,
    /// Its name or e-mail. May hold text from outside.
    pub name: String,
    /// What the database said, or what changed since the plan.
    pub message: String,
}

/// The result of an apply, a sync or an undo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RunReport {
    /// The run; `None` when no run was made (nothing to undo, nothing applied because of a wrong number).
    pub run_id: Option<i64>,
    /// The plan that was applied.
    pub plan_id: String,
    /// How it ended.
    pub status: RunStatus,
    /// What was written.
    pub applied: PerEntity<Applied>,
    /// What was kept back.
    pub withheld: Vec<Withheld>,
    /// Rows that the database refused.
    pub failed: Vec<RowFault>,
    /// Rows that changed since the plan was made.
    pub stale: Vec<RowFault>,
    /// Off-boarding cases opened.
    pub cases_opened: u64,
    /// Of an undo: cases whose removals in the LMS it does not bring back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<LeftCase>,
    /// Entities whose listing was not proved complete.
    #[serde(default)]
    pub unproved: Vec<Entity>,
}

/// One run in a list (docs/contract.md, "JSON", `last_runs`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RunSummary {
    /// The run.
    pub run_id: i64,
    /// What sort of run: sync, apply, undo, offboard, restore, certs, lms_refresh.
    pub kind: String,
    /// What it was about; "lms" or "certs" for the runs that are not about rows.
    pub scope: String,
    /// How much was read; `None` where that means nothing.
    pub mode: Option<Mode>,
    /// How it ended.
    pub status: RunStatus,
    /// Who.
    pub operator: String,
    /// The plan it applied.
    pub plan_id: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// What it wrote.
    pub applied: PerEntity<Applied>,
    /// Soft-deletes and updates that were withheld.
    pub withheld: u64,
    /// Rows that failed or were stale.
    pub faults: u64,
    /// What happened, for people: the reason of a release, the message of a failure.
    pub message: Option<String>,
    /// The run that it undid.
    pub undoes: Option<i64>,
    /// The run that undid it.
    pub undone_by: Option<i64>,
}

/// A run with the report that was kept with it; runs that applied no plan have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedRun {
    /// The run.
    pub run: RunSummary,
    /// Its report.
    pub report: Option<RunReport>,
}

/// One row of the journal (docs/contract.md, "JSON", `runs show`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct JournalEntry {
    /// The run.
    pub run_id: i64,
    /// Whose row.
    pub entity: Entity,
    /// Our row; `None` for an add that failed.
    pub row_id: Option<i64>,
    /// The record.
    pub impartner_id: Option<i64>,
    /// Name or e-mail at that time.
    pub name: String,
    /// What happened.
    pub op: Op,
    /// Columns before, as an object; `null` for adds.
    pub before: serde_json::Value,
    /// Columns after, as an object.
    pub after: serde_json::Value,
    /// `applied`, `failed` or `stale`.
    pub status: String,
    /// The message of a failed or stale row; the reason of an applied one.
    pub message: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub operator: String,
    /// By which plan.
    pub plan_id: Option<String>,
}

/// A run with its changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RunDetail {
    /// The run.
    pub run: RunSummary,
    /// Its journal, in the order in which it was written.
    pub changes: Vec<JournalEntry>,
}

/// A row that an administrator holds: never soft-deleted until the hold is lifted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Hold {
    /// Whose row.
    pub entity: Entity,
    /// The record, by the id that its row has now; `None` where the row has none yet.
    pub impartner_id: Option<i64>,
    /// The row that the hold stands on; `None` while the record has none.
    pub row_id: Option<i64>,
    /// Its name or e-mail, where the database has it.
    pub name: Option<String>,
    /// Why.
    pub note: String,
    /// Who.
    pub operator: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// The last day (UTC) on which it holds; `None`: until it is lifted.
    pub until: Option<NaiveDate>,
}

impl Hold {
    /// Who holds the row, since when, until when and why: "on hold by alice since 2026-11-02 (through 2026-12-01): a note".
    pub fn in_words(&self) -> String {
        let since = self.created_at.format("%Y-%m-%d");
        let until = self
            .until
            .map_or_else(String::new, |day| format!(" (through {day})"));
        format!(
            "on hold by {} since {since}{until}: {}",
            self.operator, self.note
        )
    }
}

/// What a hold is set on or lifted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldOn {
    /// The row of this record, by Impartner's id.
    Record(i64),
    /// A row, by our id: one that has no Impartner id yet, too.
    Row(i64),
}

/// A hold that is to be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHold {
    /// Whose row.
    pub entity: Entity,
    /// Which.
    pub on: HeldOn,
    /// Why.
    pub note: String,
    /// The last day (UTC) on which it holds; `None`: until it is lifted.
    pub until: Option<NaiveDate>,
}

/// Single records to preview or sync, by their Impartner ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records {
    /// Whose.
    pub entity: Entity,
    /// Which; at least one.
    pub ids: Vec<i64>,
}

/// What to preview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreviewRequest {
    /// Which entities.
    pub scope: Scope,
    /// How much to read.
    pub mode: Mode,
}
