//! The states of a case and how one becomes another (docs/rules.md, "Off-boarding"), as one pure function.
//!
//! ```text
//! pending ── approve ──> approved ── start ──> running ── finish ──> done
//!    │  └─── reject ───> rejected                 └────── fail ────> failed ── start ──> running
//!    └────── hold ─────> held ── approve | reject
//! rejected | held ── reopen ──> pending
//! approved | failed ── reject | hold (the approval is taken back before anything was done)
//! approved | failed | running ── fail (the LMS refuses to be read for this case) ──> failed
//! approved | failed | running ── drift (the LMS is not what was approved) ──> pending
//! pending | approved | held | rejected | failed | running ── return (the record is active again) ──> obsolete
//! done | failed | obsolete ── restore ──> restored
//! ```

use crate::values::CaseState;

/// What may happen to a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Move {
    /// A person approves the steps shown.
    Approve,
    /// A person decides against it.
    Reject,
    /// A person puts it aside.
    Hold,
    /// Execution begins, or goes on after a failure or a crash.
    Start,
    /// Every step is done or skipped.
    Finish,
    /// A step failed, the LMS refused what this case needs, or it stopped answering.
    Fail,
    /// The LMS is no longer what was approved.
    Drift,
    /// The record is active again.
    Return,
    /// A person had it put back.
    Restore,
    /// A person takes a rejected or held case up again.
    Reopen,
}

impl Move {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Approve,
        Self::Reject,
        Self::Hold,
        Self::Start,
        Self::Finish,
        Self::Fail,
        Self::Drift,
        Self::Return,
        Self::Restore,
        Self::Reopen,
    ];

    /// The word in the history of decisions.
    pub fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Hold => "hold",
            Self::Start => "start",
            Self::Finish => "finish",
            Self::Fail => "fail",
            Self::Drift => "drift",
            Self::Return => "return",
            Self::Restore => "restore",
            Self::Reopen => "reopen",
        }
    }
}

#[expect(
    clippy::match_same_arms,
    reason = "one line per arrow of the picture above reads better than one per target"
)]
/// The state after `step`, or `None` when a case in `state` cannot take it.
pub fn next(state: CaseState, step: Move) -> Option<CaseState> {
    use CaseState::{Approved, Done, Failed, Held, Obsolete, Pending, Rejected, Restored, Running};
    match (state, step) {
        (Pending | Held, Move::Approve) => Some(Approved),
        // A failed one only while nothing was taken away yet: what was is `restore`d.
        (Pending | Held | Approved | Failed, Move::Reject) => Some(Rejected),
        (Pending | Approved | Failed, Move::Hold) => Some(Held),
        // A `running` case without a live lease is one whose process was killed.
        (Approved | Failed | Running, Move::Start) => Some(Running),
        (Running, Move::Finish) => Some(Done),
        (Approved | Failed | Running, Move::Fail) => Some(Failed),
        (Approved | Failed | Running, Move::Drift) => Some(Pending),
        (Pending | Approved | Held | Rejected | Failed | Running, Move::Return) => Some(Obsolete),
        (Done | Failed | Obsolete, Move::Restore) => Some(Restored),
        (Rejected | Held, Move::Reopen) => Some(Pending),
        _ => None,
    }
}

/// What was not done to a case in `state`, and why, for people: "was not run: it is pending, and nobody approved it".
pub fn refusal(state: CaseState, step: Move) -> String {
    let undone = match step {
        Move::Approve => "approved",
        Move::Reject => "rejected",
        Move::Hold => "held",
        Move::Start => "run",
        Move::Finish | Move::Fail | Move::Drift => "ended",
        Move::Return => "closed",
        Move::Restore => "restored",
        Move::Reopen => "reopened",
    };
    let why = match (state, step) {
        (CaseState::Running, _) => "it is running",
        (CaseState::Restored, _) => "it was run and put back again",
        (_, Move::Restore) => "nothing of it was run, so there is nothing to put back",
        (CaseState::Obsolete, _) => "the record came back, so there is nothing to take away",
        (CaseState::Done, _) => "it has run already",
        (CaseState::Pending, Move::Reopen) => "it is pending, so it is open",
        (CaseState::Approved, Move::Reopen) => {
            "it is approved: `prmdesk offboard reject` or `hold` takes the approval back"
        }
        (CaseState::Rejected, _) => "it was rejected; `prmdesk offboard reopen` takes it up again",
        (CaseState::Failed, _) => {
            "it has partly run: `prmdesk offboard run` goes on, `restore` puts back"
        }
        (CaseState::Pending, _) => "it is pending, and nobody approved it",
        (CaseState::Held, _) => "it is held, and nobody approved it",
        (CaseState::Approved, _) => "it is approved already",
    };
    format!("was not {undone}: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_states_move_by_this_table_and_no_other() {
        use CaseState::{
            Approved, Done, Failed, Held, Obsolete, Pending, Rejected, Restored, Running,
        };
        let allowed = [
            (Pending, Move::Approve, Approved),
            (Held, Move::Approve, Approved),
            (Pending, Move::Reject, Rejected),
            (Held, Move::Reject, Rejected),
            (Approved, Move::Reject, Rejected),
            (Pending, Move::Hold, Held),
            (Approved, Move::Hold, Held),
            (Failed, Move::Reject, Rejected),
            (Failed, Move::Hold, Held),
            (Approved, Move::Start, Running),
            (Failed, Move::Start, Running),
            (Running, Move::Start, Running),
            (Running, Move::Finish, Done),
            (Approved, Move::Fail, Failed),
            (Failed, Move::Fail, Failed),
            (Running, Move::Fail, Failed),
            (Approved, Move::Drift, Pending),
            (Failed, Move::Drift, Pending),
            (Running, Move::Drift, Pending),
            (Pending, Move::Return, Obsolete),
            (Approved, Move::Return, Obsolete),
            (Held, Move::Return, Obsolete),
            (Failed, Move::Return, Obsolete),
            (Running, Move::Return, Obsolete),
            (Rejected, Move::Return, Obsolete),
            (Done, Move::Restore, Restored),
            (Failed, Move::Restore, Restored),
            (Obsolete, Move::Restore, Restored),
            (Rejected, Move::Reopen, Pending),
            (Held, Move::Reopen, Pending),
        ];
        for state in CaseState::ALL {
            for step in Move::ALL {
                let expected = allowed
                    .iter()
                    .find(|(from, by, _)| (*from, *by) == (state, step))
                    .map(|(_, _, to)| *to);
                assert_eq!(next(state, step), expected, "{state:?} {step:?}");
            }
        }
    }

    #[test]
    fn nothing_runs_that_was_not_approved() {
        for state in CaseState::ALL {
            if next(state, Move::Start).is_some() {
                assert!(matches!(
                    state,
                    CaseState::Approved | CaseState::Failed | CaseState::Running
                ));
            }
        }
        assert_eq!(next(CaseState::Obsolete, Move::Approve), None);
        assert_eq!(next(CaseState::Rejected, Move::Approve), None);
    }
}
