//! What becomes of questions: answered with Yes, closed because what they are about has changed, or left while they waited.

use super::{Console, act};
use crate::tui::dialog::{Ask, Dialog, Ears, Then, Waits};
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::request::Lane;
use crate::tui::room::Happened;

/// Does what the question said, with the very values that it showed. The desk compares them with the database once more.
pub(super) fn confirmed(console: &mut Console, ask: Ask) -> Vec<Effect> {
    let filled = ask.filled();
    match ask.then {
        Then::Send(mut request) => {
            let model = &mut console.model;
            if request.lane() == Lane::Work
                && let Some(why) = model.busy()
            {
                model.complain(why);
                return Vec::new();
            }
            request.fill(&filled);
            vec![model.ask(request)]
        }
        Then::Here => match ask.about {
            Some(about) => console.tell(about.screen, Happened::Confirmed(about.what, filled)),
            None => Vec::new(),
        },
        Then::Quit => act::leave(console),
    }
}

/// The place of a question was closed: work that was done for that question alone is asked to stop.
pub(super) fn left(model: &mut Model, what: Waits) -> Vec<Effect> {
    match (what, &mut model.job) {
        (Waits::Answer(ticket), Some(job)) if job.ticket == ticket => {
            job.cancelled = true;
            vec![Effect::Cancel(ticket)]
        }
        _ => Vec::new(),
    }
}

/// Runs after every message. Closes the questions whose screen says that they are out of date, and starts the time after
/// which a question that appeared by itself takes keys.
pub(super) fn settle(console: &mut Console) {
    let (model, screens) = (&mut console.model, &console.screens);
    let mut closed = Vec::new();
    model.dialogs.retain(|dialog| {
        let Dialog::Ask(ask) = dialog else {
            return true;
        };
        let about = ask.about.as_ref();
        let why = about.and_then(|about| screens.room(about.screen).outdated(&*about.what));
        let still = why.is_none();
        closed.extend(why);
        still
    });
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
