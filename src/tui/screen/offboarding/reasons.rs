//! Why an action of screen 3 is not possible now.

use super::state::{CaseTab, Offboarding};
use crate::tui::model::Model;
use crate::tui::room::Reason;
use crate::values::{Case, CaseState};

/// For decisions on cases.
pub(super) fn case(offboard: &Offboarding, model: &Model) -> Reason {
    if model.environment.read_only {
        return model.no_writes();
    }
    let targets = offboard.targets();
    if targets.is_empty() {
        return Some("No case is chosen.".into());
    }
    targets
        .iter()
        .find(|case| match case.state {
            CaseState::Pending | CaseState::Held | CaseState::Approved => false,
            CaseState::Failed => case.has_begun(),
            _ => true,
        })
        .map(|case| {
            format!(
                "Case {} is {}; it takes no decision any more.",
                case.case_id,
                case.state.word()
            )
            .into()
        })
}

/// For taking rejected and held cases up again.
pub(super) fn reopen(model: &Model) -> Reason {
    if !model.environment.operator_named {
        return Some(
            "Reopening needs an operator named on purpose: start with --operator NAME or set PRMDESK_OPERATOR.".into(),
        );
    }
    model.no_writes()
}

pub(super) fn approve(offboard: &Offboarding, model: &Model) -> Reason {
    if !model.environment.operator_named {
        return Some(
            "Approving needs an operator named on purpose: start with --operator NAME or set PRMDESK_OPERATOR.".into(),
        );
    }
    case(offboard, model).or_else(|| {
        let approved = offboard
            .targets()
            .into_iter()
            .find(|case| matches!(case.state, CaseState::Approved | CaseState::Failed))?;
        Some(format!("Case {} is approved already; R runs it.", approved.case_id).into())
    })
}

pub(super) fn run_approved(offboard: &Offboarding, model: &Model) -> Reason {
    let ready = offboard
        .cases
        .iter()
        .any(|case| CaseTab::Approved.has(case.state));
    if !ready {
        return Some("No case is approved; a approves the chosen one.".into());
    }
    let waits = |case: &&Case| CaseTab::Approved.has(case.state) && !case.waits(model.now);
    if !offboard.cases.iter().any(|case| waits(&case)) {
        return Some("Every approved case waits for its day; the list shows it.".into());
    }
    model.no_writes()
}

pub(super) fn restore(offboard: &Offboarding, model: &Model) -> Reason {
    let Some(case) = offboard.chosen() else {
        return Some("No case is chosen.".into());
    };
    if !matches!(case.state, CaseState::Done | CaseState::Failed) {
        return Some(
            format!(
                "Case {} is {}; only what was run can be restored.",
                case.case_id,
                case.state.word()
            )
            .into(),
        );
    }
    model.no_writes()
}
