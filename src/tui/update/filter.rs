//! The filter box: as you type, with a history, and an error that points at the bad term.

use crossterm::event::KeyCode;
use tui_input::{Input, InputRequest};

use crate::tui::kit::edit::edit_input;
use crate::tui::kit::key::Key;
use crate::tui::model::Model;
use crate::tui::msg::Effect;

/// Puts the keyboard in the box.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    model.preview.filter.focused = true;
    model.preview.filter.recall = None;
    model.preview.pane = crate::tui::kit::panes::Pane::List;
    Vec::new()
}

/// Empties the box and shows everything.
pub(super) fn clear(model: &mut Model) -> Vec<Effect> {
    model.preview.filter.input = Input::default();
    model.preview.filter.focused = false;
    changed(model)
}

/// Takes a key into the box.
pub(super) fn key(model: &mut Model, key: Key) -> Vec<Effect> {
    match key.code {
        KeyCode::Esc => clear(model),
        KeyCode::Enter | KeyCode::Tab => {
            let filter = &mut model.preview.filter;
            if let Some(error) = &filter.error {
                let message = error.message.clone();
                model.complain(message);
                return Vec::new();
            }
            filter.remember();
            filter.focused = false;
            Vec::new()
        }
        KeyCode::Up => recall(model, -1),
        KeyCode::Down => recall(model, 1),
        KeyCode::Backspace if model.preview.filter.input.value().is_empty() => clear(model),
        _ => {
            if edit_input(&mut model.preview.filter.input, key) {
                changed(model)
            } else {
                Vec::new()
            }
        }
    }
}

/// Takes a paste into the box.
pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    let line = text.lines().next().unwrap_or_default();
    for c in line.chars().filter(|c| !c.is_control()).take(500) {
        model
            .preview
            .filter
            .input
            .handle(InputRequest::InsertChar(c));
    }
    changed(model)
}

/// Goes through the expressions of before.
fn recall(model: &mut Model, by: isize) -> Vec<Effect> {
    let filter = &mut model.preview.filter;
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
    changed(model)
}

fn changed(model: &mut Model) -> Vec<Effect> {
    if model.preview.filter.read() {
        model.preview.requery()
    } else {
        Vec::new()
    }
}
