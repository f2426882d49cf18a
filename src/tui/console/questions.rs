//! Questions: those answered with Yes, those that are about what is not so any more, and places of questions that somebody
//! left.

use crate::tui::console::{Console, act};
use crate::tui::dialog::{Ask, Dialog, Ears, Then, Waits};
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::request::Lane;
use crate::tui::room::Happened;

/// Does what was confirmed: what the question said, with what it held, whatever is so by then. The desk compares once more.
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
