//! Why an action is not possible now: one function for each reason.

use std::borrow::Cow;

use crate::plan::Op;
use crate::tui::keymap::Action;
use crate::tui::model::Model;
use crate::tui::offboard::CaseTab;
use crate::tui::screen::preview::tab::Tab;
use crate::values::{CaseState, RunStatus};

/// Why something is not possible; `None`: it is.
pub(in crate::tui) type Reason = Option<Cow<'static, str>>;

/// Why an action is not possible now.
pub(in crate::tui) fn why_not(model: &Model, action: Action) -> Reason {
    match action {
        // The box may be opened for a plan that is on its way: what is typed meanwhile is meant for it.
        Action::Filter if model.plan_is_coming() => None,
        Action::Filter
        | Action::NextNotable
        | Action::PreviousNotable
        | Action::SortNext
        | Action::SortReverse => no_plan(model),
        Action::Reviewed => change_line(model),
        Action::Hold => hold(model),
        Action::Apply => apply(model),
        Action::ReleaseGuard => release(model),
        Action::Undo => undo(model),
        Action::Reject | Action::HoldCase => case(model),
        Action::Approve => approve(model),
        Action::RunApproved => run_approved(model),
        Action::Restore => restore(model),
        Action::Push => push(model),
        Action::PushPartner => push_partner(model),
        Action::PreviewIncremental
        | Action::PreviewFull
        | Action::PreviewPartners
        | Action::PreviewContacts
        | Action::Compare => model.busy(),
        Action::Sweep | Action::LmsRefresh => model.no_writes(),
        // Always possible: moving, looking, and what says itself that there is nothing.
        _ => None,
    }
}

fn no_plan(model: &Model) -> Reason {
    model
        .preview
        .review
        .is_none()
        .then(|| "There is no plan yet: press p for what changed, or P for everything.".into())
}

/// For what needs a line of Changes under the cursor.
fn change_line(model: &Model) -> Reason {
    no_plan(model).or_else(|| {
        let review = model.preview.review.as_ref()?;
        if review.tab != Tab::Changes {
            return Some("Only the lines under Changes can be ticked or marked.".into());
        }
        review
            .item()
            .is_none()
            .then(|| "No line is shown; change the filter.".into())
    })
}

/// For what needs any record under the cursor.
fn record(model: &Model) -> Reason {
    no_plan(model).or_else(|| {
        let review = model.preview.review.as_ref()?;
        review
            .item()
            .is_none()
            .then(|| "No record is chosen here.".into())
    })
}

fn hold(model: &Model) -> Reason {
    if model.environment.read_only {
        return model.no_writes();
    }
    record(model).or_else(|| {
        let review = model.preview.review.as_ref()?;
        let item = review.item()?;
        if item.impartner_id.is_none() {
            return Some("The record has no Impartner id, and holds go by that.".into());
        }
        (item.row_id.is_none()).then(|| {
            "A record without a row cannot be held: there is nothing to soft-delete.".into()
        })
    })
}

fn apply(model: &Model) -> Reason {
    no_plan(model)
        .or_else(|| {
            let review = model.preview.review.as_ref()?;
            (review.tally.total() == 0 && !review.tallying.pending())
                .then(|| "Nothing is ticked; Space ticks the chosen line.".into())
        })
        .or_else(|| model.no_writes())
}

fn release(model: &Model) -> Reason {
    no_plan(model)
        .or_else(|| {
            let review = model.preview.review.as_ref()?;
            let tripped =
                review.tally.withholds(Op::SoftDelete) || review.tally.withholds(Op::Update);
            (!tripped).then(|| "No guard has tripped; there is nothing to release.".into())
        })
        .or_else(|| model.no_writes())
}

fn run_chosen(model: &Model) -> Reason {
    model
        .history
        .run()
        .is_none()
        .then(|| "No run is chosen.".into())
}

fn undo(model: &Model) -> Reason {
    run_chosen(model)
        .or_else(|| {
            let run = model.history.run()?;
            if let Some(by) = run.undone_by {
                return Some(format!("Run {} was undone by run {by} already.", run.run_id).into());
            }
            if !matches!(run.status, RunStatus::Applied | RunStatus::Partial) {
                return Some(
                    format!(
                        "Run {} changed nothing; there is nothing to undo.",
                        run.run_id
                    )
                    .into(),
                );
            }
            let rows = run.applied.partners.total() + run.applied.contacts.total();
            (rows == 0).then(|| {
                format!(
                    "Run {} changed no row; there is nothing to undo.",
                    run.run_id
                )
                .into()
            })
        })
        .or_else(|| model.busy())
}

/// For decisions on cases.
fn case(model: &Model) -> Reason {
    if model.environment.read_only {
        return model.no_writes();
    }
    let targets = model.offboard.targets();
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

fn approve(model: &Model) -> Reason {
    if !model.environment.operator_named {
        return Some(
            "Approving needs an operator named on purpose: start with --operator NAME or set PRMDESK_OPERATOR.".into(),
        );
    }
    case(model).or_else(|| {
        let approved = model
            .offboard
            .targets()
            .into_iter()
            .find(|case| matches!(case.state, CaseState::Approved | CaseState::Failed))?;
        Some(format!("Case {} is approved already; R runs it.", approved.case_id).into())
    })
}

fn run_approved(model: &Model) -> Reason {
    let ready = model
        .offboard
        .cases
        .iter()
        .any(|case| CaseTab::Approved.has(case.state));
    if !ready {
        return Some("No case is approved; a approves the chosen one.".into());
    }
    model.no_writes()
}

fn restore(model: &Model) -> Reason {
    let Some(case) = model.offboard.chosen() else {
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

/// For the figures of the partner under the cursor.
fn push_partner(model: &Model) -> Reason {
    match crate::tui::partner::shown(model) {
        Err(why) => Some(why.into()),
        Ok(_) => model.no_writes(),
    }
}

fn push(model: &Model) -> Reason {
    if model.certs.ticked.is_empty() {
        return Some("No partner is ticked; p compares, Space ticks.".into());
    }
    model.no_writes()
}
