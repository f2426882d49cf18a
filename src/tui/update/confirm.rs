//! What follows from a question that was answered with Yes: what the question said, with what it held, whatever is so by
//! then. The desk compares once more.

use crate::tui::dialog::{Ask, Then};
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::request::Lane;
use crate::tui::update::act;
use crate::tui::update::applying::{self, Asked};

/// Does what was confirmed.
pub(super) fn done(model: &mut Model, ask: Ask) -> Vec<Effect> {
    let filled = ask.filled();
    match ask.then {
        Then::Send(mut request) => {
            if request.lane() == Lane::Work
                && let Some(why) = model.busy()
            {
                model.complain(why);
                return Vec::new();
            }
            request.fill(&filled);
            vec![model.ask(request)]
        }
        Then::Here => {
            let about = ask
                .about
                .and_then(|about| about.what.downcast::<Asked>().ok());
            if let Some(asked) = about {
                applying::released(model, &asked, filled);
            }
            Vec::new()
        }
        Then::Quit => act::leave(model),
    }
}
