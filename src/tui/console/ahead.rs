//! Keys, actions and clicks that waited for the lines that they are about.

use super::{Console, act, keys, mouse};
use crate::tui::dialog::{Dialog, Ears};
use crate::tui::model::Ahead;
use crate::tui::msg::Effect;

/// Replays what waited, until something has to wait again. A question that is opened by it ends the replay: whoever typed
/// ahead had not seen that question (docs/console.md, "Confirming").
pub(super) fn replay(console: &mut Console) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut waiting = std::mem::take(&mut console.model.typed_ahead);
    if !console.model.dialogs.is_empty() {
        return effects;
    }
    while let Some(next) = waiting.pop_front() {
        if console.must_wait() {
            waiting.push_front(next);
            break;
        }
        effects.extend(match next {
            Ahead::Key(next) => keys::key(console, next),
            Ahead::Act(action) => act::act(console, action),
            Ahead::Click(spot) => mouse::clicked(console, spot),
        });
        if let Some(Dialog::Ask(ask)) = console.model.dialogs.last_mut() {
            ask.ears = Ears::Unseen;
            waiting.clear();
            break;
        }
        if let Some(again) = console.model.typed_ahead.pop_front() {
            waiting.push_front(again);
            break;
        }
    }
    console.model.typed_ahead = waiting;
    effects
}
