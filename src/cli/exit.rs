//! Exit codes: all of docs/contract.md, "Command line" in one place.

use crate::error::Error;
use crate::plan::Plan;
use crate::values::{Check, CheckStatus, RunReport};

/// How the process ends. The order of the variants is that of precedence: of several that apply, the first wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 130: cancelled.
    Cancelled,
    /// 1: failed; the message says what to do.
    Failed,
    /// 6: another run holds the lease.
    Leased,
    /// 2: wrong usage or configuration.
    Usage,
    /// 3: stopped by a guard, a hold or a missing approval; safe parts may have been applied.
    Stopped,
    /// 4: applied in part: some rows failed or were stale.
    InPart,
    /// 5: preview: there are changes.
    Changes,
    /// 0: done; for preview: no changes.
    Done,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Stopped => 3,
            Self::InPart => 4,
            Self::Changes => 5,
            Self::Leased => 6,
            Self::Cancelled => 130,
        }
    }

    /// How an error ends the process; its kind alone decides.
    pub fn of_error(error: &Error) -> Self {
        match error.kind.exit_code() {
            2 => Self::Usage,
            3 => Self::Stopped,
            6 => Self::Leased,
            130 => Self::Cancelled,
            _ => Self::Failed,
        }
    }

    /// How an apply, a sync or an undo ends. What was withheld holds, too, the soft-deletes that were not proposed because a
    /// listing was not proved.
    pub fn of_report(report: &RunReport) -> Self {
        if !report.withheld.is_empty() {
            Self::Stopped
        } else if !report.failed.is_empty() || !report.stale.is_empty() {
            Self::InPart
        } else {
            Self::Done
        }
    }

    /// How a preview ends: changes are what an apply with the ticks as first set would do, whatever a guard
    /// would then withhold. Without any, soft-deletes kept back are still not "no changes".
    pub fn of_preview(plan: &Plan) -> Self {
        if plan.has_changes() {
            Self::Changes
        } else if kept_back(plan) {
            Self::Stopped
        } else {
            Self::Done
        }
    }

    /// How `doctor` ends: a failure is 1, warnings alone are 0.
    pub fn of_checks(checks: &[Check]) -> Self {
        if checks
            .iter()
            .any(|check| check.status == CheckStatus::Failure)
        {
            Self::Failed
        } else {
            Self::Done
        }
    }
}

fn kept_back(plan: &Plan) -> bool {
    plan.kept_back.partners + plan.kept_back.contacts > 0
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use crate::plan::{Entity, Op, PerEntity};
    use crate::values::{Applied, Cause, RowFault, RunStatus, Withheld};

    fn report(withheld: bool, failed: bool, stale: bool) -> RunReport {
        let fault = || RowFault {
            entity: Entity::Contacts,
            op: Op::Update,
            impartner_id: Some(1),
            row_id: None,
            name: "a".into(),
            message: "m".into(),
        };
        RunReport {
            run_id: Some(1),
            plan_id: "p".into(),
            status: RunStatus::Partial,
            applied: PerEntity::<Applied>::default(),
            withheld: withheld
                .then(|| Withheld {
                    entity: Entity::Partners,
                    op: Op::SoftDelete,
                    count: 3,
                    reason: "r".into(),
                    cause: Cause::MaxCount,
                })
                .into_iter()
                .collect(),
            failed: failed.then(fault).into_iter().collect(),
            stale: stale.then(fault).into_iter().collect(),
            cases_opened: 0,
            cases: Vec::new(),
            unproved: Vec::new(),
        }
    }

    #[test]
    fn withheld_comes_before_rows_that_failed() {
        let exit =
            |withheld, failed, stale| Exit::of_report(&report(withheld, failed, stale)).code();
        assert_eq!(exit(false, false, false), 0);
        assert_eq!(exit(false, true, false), 4);
        assert_eq!(exit(false, false, true), 4);
        assert_eq!(exit(true, false, false), 3);
        assert_eq!(exit(true, true, true), 3);
    }

    #[test]
    fn soft_deletes_kept_back_stop_even_when_all_else_went_well() {
        let mut plan = crate::cli::testing::empty_plan();
        assert_eq!(Exit::of_preview(&plan).code(), 0);
        plan.kept_back.contacts = 4;
        assert_eq!(Exit::of_preview(&plan).code(), 3);
    }

    #[test]
    fn every_kind_of_error_has_the_code_of_the_contract() {
        let code = |kind| Exit::of_error(&Error::new(kind, "c", "m")).code();
        assert_eq!(code(Kind::Usage), 2);
        assert_eq!(code(Kind::NotFound), 2);
        assert_eq!(code(Kind::Config), 2);
        assert_eq!(code(Kind::Upstream), 1);
        assert_eq!(code(Kind::Database), 1);
        assert_eq!(code(Kind::Internal), 1);
        assert_eq!(code(Kind::Blocked), 3);
        assert_eq!(code(Kind::ReadOnly), 3);
        assert_eq!(code(Kind::Leased), 6);
        assert_eq!(code(Kind::Cancelled), 130);
    }

    #[test]
    fn precedence_is_that_of_the_contract() {
        let mut all = [
            Exit::Done,
            Exit::InPart,
            Exit::Stopped,
            Exit::Usage,
            Exit::Leased,
            Exit::Failed,
            Exit::Cancelled,
        ];
        all.sort();
        assert_eq!(all.map(Exit::code), [130, 1, 6, 2, 3, 4, 0]);
    }
}
