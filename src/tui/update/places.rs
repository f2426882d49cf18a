//! Questions that wait for what they are about, and questions that are about what is not so any more.
//!
//! Where a question has to wait for an answer or a computation, its place stands there at once and takes every key. When
//! what it waited for is here, the question takes that place, and listens once it could be seen. Nothing is asked where
//! nobody kept the place.

use crate::text::safe;
use crate::tui::dialog::{Ask, Asking, Dialog, Ears, Then, Ticked, Waits};
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::request::Ticket;
use crate::values::Case;

/// Keeps the place of a question.
pub(super) fn keep(model: &mut Model, title: impl Into<String>, what: Waits) {
    model.dialogs.push(Dialog::Asking(Asking {
        title: title.into(),
        what,
    }));
}

/// Whether somebody keeps the place of this question.
pub(super) fn kept(model: &Model, what: Waits) -> bool {
    model.dialogs.iter().any(|dialog| is(dialog, what))
}

/// Whether any question waits for a count.
pub(super) fn counting(model: &Model) -> Option<Waits> {
    model.dialogs.iter().find_map(|dialog| match dialog {
        Dialog::Asking(asking) if matches!(asking.what, Waits::Count(_)) => Some(asking.what),
        _ => None,
    })
}

/// Puts a question in the place that was kept for it.
pub(super) fn fill(model: &mut Model, what: Waits, mut ask: Ask) {
    if let Some(place) = model.dialogs.iter_mut().find(|dialog| is(dialog, what)) {
        ask.ears = Ears::Unseen;
        *place = Dialog::Ask(Box::new(ask));
    }
}

/// Gives a place up: there is nothing to ask.
pub(super) fn leave(model: &mut Model, what: Waits) {
    model.dialogs.retain(|dialog| !is(dialog, what));
}

/// Gives the place of an answer up: it will not come.
pub(super) fn leave_answer(model: &mut Model, ticket: Ticket) {
    leave(model, Waits::Answer(ticket));
}

/// Somebody left the place of a question: what it waited for is not needed any more.
pub(super) fn left(model: &mut Model, what: Waits) -> Vec<Effect> {
    match (what, &mut model.job) {
        (Waits::Answer(ticket), Some(job)) if job.ticket == ticket => {
            job.cancelled = true;
            vec![Effect::Cancel(ticket)]
        }
        _ => Vec::new(),
    }
}

fn is(dialog: &Dialog, what: Waits) -> bool {
    matches!(dialog, Dialog::Asking(asking) if asking.what == what)
}

/// Puts a dialog that nobody called for on top, or under the one that somebody may be typing into.
pub(super) fn announce(model: &mut Model, dialog: Dialog) {
    let top = model.dialogs.len();
    let at = match model.dialogs.last() {
        Some(last) if last.typing() => top - 1,
        _ => top,
    };
    model.dialogs.insert(at, dialog);
}

/// After every message: closes the questions that are about what is not so any more, and lets the one on top listen from
/// soon on, where it came by itself.
pub(super) fn settle(model: &mut Model) {
    let mut closed = Vec::new();
    let mut dialogs = std::mem::take(&mut model.dialogs);
    dialogs.retain(|dialog| match dialog {
        Dialog::Ask(ask) => match outdated(model, &ask.then) {
            Some(why) => {
                closed.push(why);
                false
            }
            None => true,
        },
        _ => true,
    });
    model.dialogs = dialogs;
    for why in closed {
        model.complain(why);
    }
    let from = model.now + Ears::WHILE;
    if let Some(Dialog::Ask(ask)) = model.dialogs.last_mut()
        && ask.ears == Ears::Unseen
    {
        ask.ears = Ears::From(from);
    }
}

/// Why a question is not about what is so any more; `None`: it is.
fn outdated(model: &Model, then: &Then) -> Option<String> {
    match then {
        Then::Apply { ticked, .. } | Then::Release { ticked, .. } => {
            (!same_ticks(model, ticked)).then(|| {
                "The plan or its ticks changed under the question, so it was closed and nothing was done. Look and ask again."
                    .to_owned()
            })
        }
        Then::Approve { cases, .. }
        | Then::Reject { cases, .. }
        | Then::HoldCases { cases, .. }
        | Then::RunCases(cases) => cases.iter().find_map(|case| other_case(model, case)),
        Then::Restore(case) => other_case(model, case),
        Then::Push(rows) => rows.iter().find_map(|row| {
            let known = model.certs.rows.iter().find(|now| now.row_id == row.row_id)?;
            (known != row).then(|| {
                safe(&format!(
                    "The figures of {} changed under the question, so it was closed and nothing was pushed. Look and ask again.",
                    row.name
                ))
            })
        }),
        Then::Hold { .. } | Then::Lift { .. } | Then::Quit => None,
    }
}

/// Whether the review has this very plan with these very ticks: both are shared with it until one of them changes.
fn same_ticks(model: &Model, ticked: &Ticked) -> bool {
    model.preview.review.as_ref().is_some_and(|review| {
        std::sync::Arc::ptr_eq(&review.plan, &ticked.plan)
            && std::sync::Arc::ptr_eq(&review.selection, &ticked.selection)
    })
}

/// That a case is not as it was shown.
fn other_case(model: &Model, shown: &Case) -> Option<String> {
    let now = model
        .offboard
        .cases
        .iter()
        .find(|case| case.case_id == shown.case_id);
    (now != Some(shown)).then(|| {
        format!(
            "Case {} changed under the question, so it was closed and nothing was done. Look and ask again.",
            shown.case_id
        )
    })
}
