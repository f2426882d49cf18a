//! Off-boarding cases and their steps (docs/rules.md, "Off-boarding").

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::plan::Entity;

/// The states of a case (docs/rules.md, "Off-boarding").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
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
    /// It was run, and a person had it put back.
    Restored,
    /// A step failed; can be resumed.
    Failed,
    /// The record came back before it ran.
    Obsolete,
}

impl CaseState {
    /// Whether nobody decided yet, so that its steps are still to be looked at.
    pub fn is_undecided(self) -> bool {
        matches!(self, Self::Pending | Self::Held)
    }

    /// Whether nothing more comes of it by itself.
    pub fn is_closed(self) -> bool {
        matches!(
            self,
            Self::Done | Self::Restored | Self::Rejected | Self::Obsolete
        )
    }

    /// All, in the order in which people read them.
    pub const ALL: [Self; 9] = [
        Self::Pending,
        Self::Approved,
        Self::Running,
        Self::Failed,
        Self::Held,
        Self::Done,
        Self::Restored,
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
            Self::Restored => "restored",
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepAction {
    /// Takes a person out of a group.
    RemoveMember,
    /// Deletes a group.
    DeleteGroup,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
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

/// One step of a case (docs/contract.md, "JSON").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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

/// A case whose removals in the LMS an undo does not bring back (docs/rules.md, "Applying").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LeftCase {
    /// The case; `offboard restore` puts it back.
    pub case_id: i64,
    /// Whose.
    pub entity: Entity,
    /// Our row.
    pub row_id: i64,
    /// Its name or e-mail.
    pub name: String,
}

/// One entry of the log of a case (docs/contract.md, "JSON").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CaseEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub operator: String,
    /// What: open, approve, reject, hold, reopen, start, finish, fail, drift, return or restore of the case; `step_done`,
    /// `step_skipped`, `step_failed` or `step_open` (to be done again) of a step.
    pub event: String,
    /// Why.
    pub note: Option<String>,
    /// The step, in words.
    pub step: Option<String>,
}

/// An off-boarding case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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
    /// The last decision about what is to be taken away: who. What came of it is `last`, and nothing of that changes this.
    pub decided_by: Option<String>,
    /// The last decision: when.
    pub decided_at: Option<DateTime<Utc>>,
    /// The last decision: the note.
    pub note: Option<String>,
    /// The last change of state, as the log has it.
    #[serde(rename = "last_event")]
    pub last: Option<CaseEntry>,
    /// People who lose access if it runs.
    pub people: u64,
    /// Members of the group that belong to somebody else, or to nobody known here: must be acknowledged.
    pub foreign_members: u64,
    /// Whether they were, by who approved.
    pub foreign_accepted: bool,
    /// Before when what was approved is not run.
    pub run_after: Option<DateTime<Utc>>,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// What an approval says beside its note (docs/rules.md, "Off-boarding").
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// How long it waits before it runs; `policy.offboarding_delay` is the least.
    pub after: Duration,
    /// The cases whose foreign members are acknowledged.
    pub foreign: Vec<i64>,
}

impl Terms {
    /// A delay as people type it, "7d" or "+7d", at most 366 days; nothing at all is none. `None`: it cannot be read.
    pub fn delay(text: &str) -> Option<Duration> {
        let text = text.trim();
        let text = text.strip_prefix('+').unwrap_or(text);
        if text.is_empty() {
            return Some(Duration::ZERO);
        }
        let delay = humantime::parse_duration(text).ok()?;
        (delay <= Duration::from_hours(366 * 24)).then_some(delay)
    }

    /// At once, with the foreign members of these cases acknowledged.
    pub fn accepting(cases: &[i64]) -> Self {
        Self {
            after: Duration::ZERO,
            foreign: cases.to_vec(),
        }
    }
}

impl Case {
    /// Whether it is approved for a later moment than `now`.
    pub fn waits(&self, now: DateTime<Utc>) -> bool {
        self.state == CaseState::Approved && self.run_after.is_some_and(|at| now < at)
    }

    /// Whether something was done in the LMS, or may have been: then it is finished or put back, and not just decided
    /// otherwise.
    pub fn has_begun(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step.state, StepState::Done | StepState::Unknown))
    }
}
