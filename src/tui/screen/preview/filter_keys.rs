//! The filter box: as you type, with a history, and an error that points at the bad term.

use crossterm::event::KeyCode;
use tui_input::{Input, InputRequest};

use super::state::Preview;
use crate::tui::kit::edit::edit_input;
use crate::tui::kit::key::Key;
use crate::tui::kit::panes::Pane;
use crate::tui::model::Model;
use crate::tui::msg::Effect;

/// Puts the keyboard in the box.
pub(super) fn open(preview: &mut Preview) -> Vec<Effect> {
    preview.filter.focused = true;
    preview.filter.recall = None;
    preview.pane = Pane::List;
    Vec::new()
}

/// Empties the box and shows everything.
pub(super) fn clear(preview: &mut Preview) -> Vec<Effect> {
    preview.filter.input = Input::default();
    preview.filter.focused = false;
    changed(preview)
}

/// Takes a key into the box.
pub(super) fn key(preview: &mut Preview, model: &mut Model, key: Key) -> Vec<Effect> {
    match key.code {
        KeyCode::Esc => clear(preview),
        KeyCode::Enter | KeyCode::Tab => {
            let filter = &mut preview.filter;
            if let Some(error) = &filter.error {
                let message = error.message.clone();
                model.complain(message);
                return Vec::new();
            }
            filter.remember();
            filter.focused = false;
            Vec::new()
        }
        KeyCode::Up => recall(preview, -1),
        KeyCode::Down => recall(preview, 1),
        KeyCode::Backspace if preview.filter.input.value().is_empty() => clear(preview),
        _ => {
            if edit_input(&mut preview.filter.input, key) {
                changed(preview)
            } else {
                Vec::new()
            }
        }
    }
}

/// Takes a paste into the box.
pub(super) fn paste(preview: &mut Preview, text: &str) -> Vec<Effect> {
    let line = text.lines().next().unwrap_or_default();
    for c in line.chars().filter(|c| !c.is_control()).take(500) {
        preview.filter.input.handle(InputRequest::InsertChar(c));
    }
    changed(preview)
}

/// Goes through the expressions of before.
fn recall(preview: &mut Preview, by: isize) -> Vec<Effect> {
    let filter = &mut preview.filter;
    let len = filter.history.len();
    if len == 0 {
        return Vec::new();
    }
    let at = filter.recall.unwrap_or(len).saturating_add_signed(by);
    filter.recall = (at < len).then_some(at);
    let words = filter
        .recall
        .map(|at| filter.history[at].clone())
        .unwrap_or_default();
    filter.input = Input::new(words);
    changed(preview)
}

fn changed(preview: &mut Preview) -> Vec<Effect> {
    if preview.filter.read() {
        preview.requery()
    } else {
        Vec::new()
    }
}
