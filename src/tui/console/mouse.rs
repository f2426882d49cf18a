//! The mouse: everything that was drawn can be clicked; nothing is done by it that a key would not do.

use crossterm::event::{KeyCode, MouseButton, MouseEvent, MouseEventKind};

use super::{Console, act, keys, moves};
use crate::tui::dialog::{Dialog, Fill, Focus, Outcome};
use crate::tui::keymap::{BINDINGS, Screen};
use crate::tui::kit::hits::Spot;
use crate::tui::kit::key::Key;
use crate::tui::kit::list::Move;
use crate::tui::kit::panes::Pane;
use crate::tui::model::{Ahead, Model};
use crate::tui::msg::Effect;
use crate::tui::room::Happened;

/// Takes what the mouse did.
pub(super) fn mouse(console: &mut Console, event: MouseEvent) -> Vec<Effect> {
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => click(console, event.column, event.row),
        MouseEventKind::Drag(MouseButton::Left) if console.model.dragging => {
            drag(&mut console.model, event.column, event.row);
            Vec::new()
        }
        MouseEventKind::Up(MouseButton::Left) => {
            console.model.dragging = false;
            Vec::new()
        }
        MouseEventKind::ScrollUp => wheel(console, event, false),
        MouseEventKind::ScrollDown => wheel(console, event, true),
        _ => Vec::new(),
    }
}

fn wheel(console: &mut Console, event: MouseEvent, down: bool) -> Vec<Effect> {
    if let Some(mut dialog) = console.model.dialogs.pop() {
        dialog.wheel(down, &console.model.hits);
        console.model.dialogs.push(dialog);
        return Vec::new();
    }
    if console.model.hits.at(event.column, event.row) == Some(Spot::Detail) {
        moves::scroll_detail(console, down);
        return Vec::new();
    }
    moves::go_in_list(console, if down { Move::Down(3) } else { Move::Up(3) })
}

fn click(console: &mut Console, column: u16, row: u16) -> Vec<Effect> {
    // The list, or all of it, may be another one than the frame shows that was clicked.
    let old = console.model.hits.revision != console.model.revision;
    console.model.revision += 1;
    let Some(spot) = console.model.hits.at(column, row).filter(|_| !old) else {
        return Vec::new();
    };
    // A click is a key of another sort: a double click must not confirm what the first one opened.
    let last = console.model.last_key.replace(Key::plain(KeyCode::Null));
    if let Some(dialog) = console.model.dialogs.pop() {
        return click_dialog(console, dialog, spot, last);
    }
    let waiting = !console.model.typed_ahead.is_empty();
    match spot {
        Spot::Row(_) | Spot::Tick(_) | Spot::Head(_) if waiting || console.must_wait() => {
            // The lines are not where they were when they are computed.
            console
                .model
                .toast("The list is still being computed; click again when it is there.");
            Vec::new()
        }
        Spot::Binding(at) => match BINDINGS.get(at) {
            Some(binding) => keys::ordered(console, binding.action),
            None => Vec::new(),
        },
        _ if waiting => {
            console.model.typed_ahead.push_back(Ahead::Click(spot));
            Vec::new()
        }
        _ => clicked(console, spot),
    }
}

/// What a click on something does that is not a dialog's.
pub(super) fn clicked(console: &mut Console, spot: Spot) -> Vec<Effect> {
    match spot {
        Spot::Screen(at) => {
            if let Some(&screen) = Screen::ALL.get(at) {
                console.model.show(screen);
            }
            Vec::new()
        }
        Spot::Row(line) => choose(console, line),
        Spot::Tick(line) => {
            let mut effects = choose(console, line);
            let (room, model) = console.here();
            effects.extend(room.take(model, Happened::Clicked(spot)));
            effects
        }
        Spot::Tab(_) | Spot::Head(_) | Spot::FilterBox => {
            let (room, model) = console.here();
            room.take(model, Happened::Clicked(spot))
        }
        Spot::Detail => {
            moves::focus(console, Pane::Detail);
            Vec::new()
        }
        Spot::Border { .. } => {
            console.model.dragging = true;
            Vec::new()
        }
        Spot::Binding(at) => match BINDINGS.get(at) {
            Some(binding) => act::act(console, binding.action),
            None => Vec::new(),
        },
        Spot::Dialog | Spot::DialogPart(_) | Spot::DialogRow(_) => Vec::new(),
    }
}

fn click_dialog(
    console: &mut Console,
    mut dialog: Dialog,
    spot: Spot,
    last: Option<Key>,
) -> Vec<Effect> {
    let enter = Key::plain(KeyCode::Enter);
    let click = Key::plain(KeyCode::Null);
    match (&mut dialog, spot) {
        (Dialog::Ask(ask), Spot::DialogPart(part)) if ask.ears.hear(console.model.now) => {
            ask.focus = ask.part(part);
            let outcome = match ask.focus {
                Focus::Yes => ask.confirm(click, last),
                Focus::No => Outcome::Close,
                Focus::Field(at) => {
                    if let Some(field) = ask.fields.get_mut(at)
                        && let Fill::Acknowledge(on) = field.kind
                    {
                        field.kind = Fill::Acknowledge(!on);
                    }
                    Outcome::Stay
                }
            };
            return keys::settle(console, dialog, outcome);
        }
        (Dialog::Palette(palette), Spot::DialogRow(line)) => {
            palette.cursor.at = line;
            console.model.dialogs.push(dialog);
            return keys::key(console, enter);
        }
        (Dialog::Menu(menu), Spot::DialogRow(line)) => {
            menu.at = line;
            console.model.dialogs.push(dialog);
            return keys::key(console, enter);
        }
        _ => {}
    }
    console.model.dialogs.push(dialog);
    Vec::new()
}

/// Puts the cursor on a line.
fn choose(console: &mut Console, line: usize) -> Vec<Effect> {
    moves::focus(console, Pane::List);
    moves::go_in_list(console, Move::To(line))
}

/// Moves the border between list and detail.
fn drag(model: &mut Model, column: u16, row: u16) {
    let body = model.hits.body;
    let beside = crate::tui::kit::panes::beside(body.width);
    let (at, start, len) = if beside {
        (column, body.x, body.width)
    } else {
        (row, body.y, body.height)
    };
    if len > 0 {
        let percent = u32::from(at.saturating_sub(start)) * 100 / u32::from(len);
        model.split = u16::try_from(percent).unwrap_or(60).clamp(25, 80);
    }
}
