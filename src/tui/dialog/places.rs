//! Places kept for questions that cannot be asked yet.
//!
//! A question may have to wait for an answer or a computation. Until then its place stands on screen ([`Asking`]) and takes
//! every key. When what it waited for arrives, the question takes that place, and takes keys once it could be seen
//! ([`Ears`]). Where the place was closed meanwhile, nothing is asked.

use super::ask::{Ask, Ears};
use super::outcome::Waits;
use super::{Asking, Dialog};

/// Keeps the place of a question.
pub(in crate::tui) fn keep(dialogs: &mut Vec<Dialog>, title: impl Into<String>, what: Waits) {
    dialogs.push(Dialog::Asking(Asking {
        title: title.into(),
        what,
    }));
}

/// Whether the place of this question is still kept.
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

/// Puts up a dialog that no key called for: on top, or under a dialog that somebody may be typing into.
pub(in crate::tui) fn announce(dialogs: &mut Vec<Dialog>, dialog: Dialog) {
    let top = dialogs.len();
    let at = match dialogs.last() {
        Some(last) if last.typing() => top - 1,
        _ => top,
    };
    dialogs.insert(at, dialog);
}
