//! The values that `Desk` gives to the faces, and that the floors below it fill; their serialised form is that of
//! CONTRACT.md section 3. Small things everybody may use: no behaviour beyond words and counts.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::plan::{Entity, Mode, Op, PerEntity, Scope};

/// How a run ended, or that it has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// What was kept back, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withheld {
    /// Whose rows.
    pub entity: Entity,
    /// Which operation.
    pub op: Op,
    /// How many rows.
    pub count: u64,
    /// Why, and how to release it. One or two sentences.
    pub reason: String,
}

/// A row that was not written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// One run in a list (CONTRACT.md section 3, `last_runs`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// One row of the journal (CONTRACT.md section 3, `runs show`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunDetail {
    /// The run.
    pub run: RunSummary,
    /// Its journal, in the order in which it was written.
    pub changes: Vec<JournalEntry>,
}

/// A row that an administrator holds: never soft-deleted until the hold is lifted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Whose row.
    pub entity: Entity,
    /// The record.
    pub impartner_id: i64,
    /// Its name or e-mail, where the database has it.
    pub name: Option<String>,
    /// Why.
    pub note: String,
    /// Who.
    pub operator: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// Whether something outside answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCounts {
    /// Active.
    pub active: u64,
    /// Soft-deleted.
    pub inactive: u64,
    /// Active contacts with an LMS user, or active partners with an LMS group.
    pub lms_linked: u64,
}

/// Off-boarding cases by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseCounts {
    /// Wait for a decision.
    pub pending: u64,
    /// Approved and not run.
    pub approved: u64,
    /// At work.
    pub running: u64,
    /// Done.
    pub done: u64,
    /// Failed; can be resumed.
    pub failed: u64,
    /// Rejected.
    pub rejected: u64,
    /// Put aside.
    pub held: u64,
    /// The record came back.
    pub obsolete: u64,
}

/// A run whose process went away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// The facts of PRODUCT.md section 9.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// Who holds the lease now.
    pub lease: Option<LeaseHolder>,
    /// A run whose process went away.
    pub interrupted: Option<Interrupted>,
    /// When these facts were gathered.
    pub at: DateTime<Utc>,
}

/// Who holds the writer's lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// What to preview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreviewRequest {
    /// Which entities.
    pub scope: Scope,
    /// How much to read.
    pub mode: Mode,
}

/// The states of a case (PRODUCT.md section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    /// Waits for a decision.
    Pending,
    /// A person approved it.
    Approved,
    /// A person rejected it.
    Rejected,
    /// A person put it aside.
    Held,
    /// At work.
    Running,
    /// Every step is done.
    Done,
    /// A step failed; can be resumed.
    Failed,
    /// The record came back before it ran.
    Obsolete,
}

impl CaseState {
    /// All, in the order in which people read them.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Approved,
        Self::Running,
        Self::Failed,
        Self::Held,
        Self::Done,
        Self::Rejected,
        Self::Obsolete,
    ];

    /// The word in JSON and tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Held => "held",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Obsolete => "obsolete",
        }
    }

    /// The state of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// What a step does to the LMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepAction {
    /// Takes a person out of a group.
    RemoveMember,
    /// Deletes a group.
    DeleteGroup,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// To be done.
    Planned,
    /// Done, or found to be so already.
    Done,
    /// Left out on purpose: protected; `note` says why.
    Skipped,
    /// The LMS refused.
    Failed,
    /// The call went out and no answer came back: re-read before it is called anything else.
    Unknown,
}

/// One step of a case (CONTRACT.md section 3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it does.
    pub action: StepAction,
    /// The group.
    pub group_id: String,
    /// Its name.
    pub group_name: String,
    /// The person, for `remove_member`.
    pub person_id: Option<String>,
    /// The person's name or e-mail, where known; for people only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// How far it is.
    pub state: StepState,
    /// Why it was skipped, or what went wrong.
    pub note: Option<String>,
}

/// An off-boarding case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// The case.
    pub case_id: i64,
    /// Whose.
    pub entity: Entity,
    /// Our row.
    pub row_id: i64,
    /// Its name or e-mail.
    pub name: String,
    /// Its state.
    pub state: CaseState,
    /// Why it was opened.
    pub reason: String,
    /// The run that opened it; `None` for a sweep.
    pub run_id: Option<i64>,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// Who opened it (ran the sync or the sweep).
    pub opened_by: String,
    /// The last decision: who.
    pub decided_by: Option<String>,
    /// The last decision: when.
    pub decided_at: Option<DateTime<Utc>>,
    /// The last decision: the note.
    pub note: Option<String>,
    /// People who lose access if it runs.
    pub people: u64,
    /// Members of the group that belong to somebody else: must be acknowledged.
    pub foreign_members: u64,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// Certification figures of one partner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CertFigures {
    /// Completed, unexpired enrolments in courses with a value.
    pub certification_count: f64,
    /// The sum of their values.
    pub total_npcu: f64,
}

/// One partner in the certification comparison (CONTRACT.md section 3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CertRow {
    /// Our row.
    pub row_id: i64,
    /// Impartner's id; `None` when the account was not found there.
    pub impartner_id: Option<i64>,
    /// The partner's name.
    pub name: String,
    /// What our tables say.
    pub local: CertFigures,
    /// What Impartner holds; `None` when the account was not found there.
    pub remote: Option<CertFigures>,
    /// Whether a push would change something.
    pub differs: bool,
    /// Anything to know: not found, ambiguous, the result of the last push.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One row that a push could not settle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertFault {
    /// Our row.
    pub row_id: i64,
    /// Impartner's id.
    pub impartner_id: Option<i64>,
    /// The partner's name.
    pub name: String,
    /// `failed` or `unknown`.
    pub status: String,
    /// What the API said.
    pub message: String,
}

/// The result of a push (CONTRACT.md section 3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertReport {
    /// The run.
    pub run_id: Option<i64>,
    /// Partners whose values were changed.
    pub pushed: u64,
    /// Partners whose values were not.
    pub failed: Vec<CertFault>,
    /// Partners that had them already.
    pub unchanged: u64,
}

/// How one check of `doctor` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// In order.
    Ok,
    /// Works, but somebody should look.
    Warning,
    /// Does not work.
    Failure,
}

/// One check of `doctor` (CONTRACT.md section 3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
