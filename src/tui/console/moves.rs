//! Going about: between the panes, and out of what was opened.

use super::Console;
use crate::tui::kit::list::Move;
use crate::tui::kit::panes::Pane;
use crate::tui::msg::Effect;
use crate::tui::room;

/// Gives the keyboard to the other pane.
pub(super) fn switch_pane(console: &mut Console) -> Vec<Effect> {
    if let Some(pane) = pane(console) {
        *pane = pane.other();
    }
    Vec::new()
}

/// Gives the keyboard to a pane; the one that had it, where there are two.
pub(super) fn focus(console: &mut Console, wanted: Pane) -> Option<Pane> {
    pane(console).map(|pane| std::mem::replace(pane, wanted))
}

fn pane(console: &mut Console) -> Option<&mut Pane> {
    let (room, model) = console.here();
    Some(room.list(model)?.beside?.pane)
}

/// Moves in the list, whichever pane has the keyboard.
pub(super) fn go_in_list(console: &mut Console, movement: Move) -> Vec<Effect> {
    let before = focus(console, Pane::List);
    let (room, model) = console.here();
    let effects = room::go(room, model, movement);
    if let Some(before) = before {
        focus(console, before);
    }
    effects
}

/// Scrolls the detail pane by the wheel.
pub(super) fn scroll_detail(console: &mut Console, down: bool) {
    let (room, model) = console.here();
    let last = model
        .hits
        .detail_len
        .saturating_sub(model.hits.detail_height);
    if let Some(beside) = room.list(model).and_then(|list| list.beside) {
        *beside.offset = if down {
            (*beside.offset + 3).min(last)
        } else {
            beside.offset.saturating_sub(3)
        };
    }
}

/// Peels off one layer: the detail pane, then what the screen has; `None`: there was none.
pub(super) fn peel(console: &mut Console) -> Option<Vec<Effect>> {
    if focus(console, Pane::List) == Some(Pane::Detail) {
        return Some(Vec::new());
    }
    let (room, model) = console.here();
    room.peel(model)
}
