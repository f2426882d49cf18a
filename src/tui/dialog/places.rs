//! Questions that wait for what they are about.
//!
//! Where a question has to wait for an answer or a computation, its place stands there at once and takes every key. When
//! what it waited for is here, the question takes that place, and listens once it could be seen. Nothing is asked where
//! nobody kept the place.

use crate::tui::dialog::ask::{Ask, Ears};
use crate::tui::dialog::outcome::Waits;
use crate::tui::dialog::{Asking, Dialog};

/// Keeps the place of a question.
pub(in crate::tui) fn keep(dialogs: &mut Vec<Dialog>, title: impl Into<String>, what: Waits) {
    dialogs.push(Dialog::Asking(Asking {
        title: title.into(),
        what,
    }));
}

/// Whether somebody keeps the place of this question.
pub(in crate::tui) fn kept(dialogs: &[Dialog], what: Waits) -> bool {
    dialogs.iter().any(|dialog| is(dialog, what))
}

/// Whether any question waits for a count.
pub(in crate::tui) fn counting(dialogs: &[Dialog]) -> Option<Waits> {
    dialogs.iter().find_map(|dialog| match dialog {
        Dialog::Asking(asking) if matches!(asking.what, Waits::Count(_)) => Some(asking.what),
        _ => None,
    })
}

/// Puts a question in the place that was kept for it.
pub(in crate::tui) fn fill(dialogs: &mut [Dialog], what: Waits, mut ask: Ask) {
    if let Some(place) = dialogs.iter_mut().find(|dialog| is(dialog, what)) {
        ask.ears = Ears::Unseen;
        *place = Dialog::Ask(Box::new(ask));
    }
}

/// Gives a place up: there is nothing to ask.
pub(in crate::tui) fn leave(dialogs: &mut Vec<Dialog>, what: Waits) {
    dialogs.retain(|dialog| !is(dialog, what));
}

fn is(dialog: &Dialog, what: Waits) -> bool {
    matches!(dialog, Dialog::Asking(asking) if asking.what == what)
}

/// Puts a dialog that nobody called for on top, or under the one that somebody may be typing into.
pub(in crate::tui) fn announce(dialogs: &mut Vec<Dialog>, dialog: Dialog) {
    let top = dialogs.len();
    let at = match dialogs.last() {
        Some(last) if last.typing() => top - 1,
        _ => top,
    };
    dialogs.insert(at, dialog);
}
