//! Questions that are about what is not so any more, and places of questions that somebody left.

use crate::text::safe;
use crate::tui::dialog::{About, Dialog, Ears, Waits};
use crate::tui::keymap::Screen;
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::preview::Ticked;
use crate::tui::update::applying::Asked;
use crate::values::{Case, CertRow};

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

/// After every message: closes the questions that are about what is not so any more, and lets the one on top listen from
/// soon on, where it came by itself.
pub(super) fn settle(model: &mut Model) {
    let mut closed = Vec::new();
    let mut dialogs = std::mem::take(&mut model.dialogs);
    dialogs.retain(|dialog| match dialog {
        Dialog::Ask(ask) => match ask.about.as_ref().and_then(|about| outdated(model, about)) {
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
fn outdated(model: &Model, about: &About) -> Option<String> {
    match about.screen {
        Screen::Preview => about
            .what
            .downcast_ref::<Asked>()
            .filter(|asked| !same_ticks(model, asked.ticked()))
            .map(|_| {
                "The plan or its ticks changed under the question, so it was closed and nothing was done. Look and ask again."
                    .to_owned()
            }),
        Screen::Offboarding => {
            let cases = about.what.downcast_ref::<Vec<Case>>()?;
            cases.iter().find_map(|case| other_case(model, case))
        }
        _ => about.what.downcast_ref::<Vec<CertRow>>()?.iter().find_map(|row| {
            let known = model.certs.rows.iter().find(|now| now.row_id == row.row_id)?;
            (known != row).then(|| {
                safe(&format!(
                    "The figures of {} changed under the question, so it was closed and nothing was pushed. Look and ask again.",
                    row.name
                ))
            })
        }),
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
