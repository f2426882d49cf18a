//! The mouse: everything that was drawn can be clicked; nothing is done by it that a key would not do.

use crossterm::event::{KeyCode, MouseButton, MouseEvent, MouseEventKind};

use crate::tui::dialog::{Dialog, Focus};
use crate::tui::keymap::{BINDINGS, Screen};
use crate::tui::kit::hits::Target;
use crate::tui::kit::key::Key;
use crate::tui::kit::list::Move;
use crate::tui::kit::panes::Pane;
use crate::tui::model::{Ahead, Model};
use crate::tui::msg::Effect;
use crate::tui::offboard::CaseTab;
use crate::tui::screen::preview::tab::Tab;
use crate::tui::update::{act, cases, filter, key, moves, review};

/// Takes what the mouse did.
pub(super) fn mouse(model: &mut Model, event: MouseEvent) -> Vec<Effect> {
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => click(model, event.column, event.row),
        MouseEventKind::Drag(MouseButton::Left) if model.dragging => {
            drag(model, event.column, event.row);
            Vec::new()
        }
        MouseEventKind::Up(MouseButton::Left) => {
            model.dragging = false;
            Vec::new()
        }
        MouseEventKind::ScrollUp => wheel(model, event, false),
        MouseEventKind::ScrollDown => wheel(model, event, true),
        _ => Vec::new(),
    }
}

fn wheel(model: &mut Model, event: MouseEvent, down: bool) -> Vec<Effect> {
    if let Some(mut dialog) = model.dialogs.pop() {
        dialog.wheel(down, &model.hits);
        model.dialogs.push(dialog);
        return Vec::new();
    }
    if model.hits.at(event.column, event.row) == Some(Target::Detail) {
        let (height, len) = (model.hits.detail_height, model.hits.detail_len);
        let last = len.saturating_sub(height);
        let offset = match model.screen {
            Screen::Preview => Some(&mut model.preview.detail_offset),
            Screen::Offboarding => Some(&mut model.offboard.detail_offset),
            Screen::History => model
                .history
                .open
                .as_mut()
                .map(|open| &mut open.detail_offset),
            _ => None,
        };
        if let Some(offset) = offset {
            *offset = if down {
                (*offset + 3).min(last)
            } else {
                offset.saturating_sub(3)
            };
        }
        return Vec::new();
    }
    let pane = std::mem::replace(&mut model.preview.pane, Pane::List);
    let effects = moves::go(model, if down { Move::Down(3) } else { Move::Up(3) });
    model.preview.pane = pane;
    effects
}

/// Shows an inner tab of the screen that has it.
fn show_tab(model: &mut Model, at: usize) -> Vec<Effect> {
    match model.screen {
        Screen::Preview => Tab::ALL.get(at).map(|&tab| review::show_tab(model, tab)),
        Screen::Offboarding => CaseTab::ALL.get(at).map(|&tab| cases::show_tab(model, tab)),
        _ => None,
    }
    .unwrap_or_default()
}

fn click(model: &mut Model, column: u16, row: u16) -> Vec<Effect> {
    // The list, or all of it, may be another one than the frame shows that was clicked.
    let old = model.hits.revision != model.revision;
    model.revision += 1;
    let Some(target) = model.hits.at(column, row).filter(|_| !old) else {
        return Vec::new();
    };
    // A click is a key of another sort: a double click must not confirm what the first one opened.
    let last = model.last_key.replace(Key::plain(KeyCode::Null));
    if let Some(dialog) = model.dialogs.pop() {
        return click_dialog(model, dialog, target, last);
    }
    let waiting = !model.typed_ahead.is_empty();
    match target {
        Target::Row(_) | Target::Tick(_) | Target::Head(_) if waiting || model.must_wait() => {
            // The lines are not where they were when they are computed.
            model.toast("The list is still being computed; click again when it is there.");
            Vec::new()
        }
        Target::Binding(at) => match BINDINGS.get(at) {
            Some(binding) => crate::tui::update::ordered(model, binding.action),
            None => Vec::new(),
        },
        _ if waiting => {
            model.typed_ahead.push_back(Ahead::Click(target));
            Vec::new()
        }
        _ => clicked(model, target),
    }
}

/// What a click on something does that is not a dialog's.
pub(super) fn clicked(model: &mut Model, target: Target) -> Vec<Effect> {
    match target {
        Target::Screen(at) => match Screen::ALL.get(at) {
            Some(&screen) => act::show(model, screen),
            None => Vec::new(),
        },
        Target::Tab(at) => show_tab(model, at),
        Target::Row(line) => choose(model, line),
        Target::Tick(line) => {
            let mut effects = choose(model, line);
            match model.screen {
                Screen::Preview => {
                    if let Some(at) = model
                        .preview
                        .review
                        .as_ref()
                        .and_then(crate::tui::preview::Review::chosen)
                    {
                        effects.extend(review::toggle(model, at));
                    }
                }
                _ => effects.extend(cases::tick(model)),
            }
            effects
        }
        Target::Head(at) => match crate::tui::screen::preview::columns::PlanColumn::ALL.get(at) {
            Some(&column) if model.screen == Screen::Preview => review::sort_by(model, column),
            _ => Vec::new(),
        },
        Target::Detail => {
            focus_detail(model);
            Vec::new()
        }
        Target::Border { .. } => {
            model.dragging = true;
            Vec::new()
        }
        Target::FilterBox => filter::open(model),
        Target::Binding(at) => match BINDINGS.get(at) {
            Some(binding) => act::act(model, binding.action),
            None => Vec::new(),
        },
        Target::Dialog | Target::DialogPart(_) | Target::DialogRow(_) => Vec::new(),
    }
}

fn click_dialog(
    model: &mut Model,
    mut dialog: Dialog,
    target: Target,
    last: Option<Key>,
) -> Vec<Effect> {
    let enter = Key::plain(KeyCode::Enter);
    let click = Key::plain(KeyCode::Null);
    match (&mut dialog, target) {
        (Dialog::Ask(ask), Target::DialogPart(part)) if ask.ears.hear(model.now) => {
            ask.focus = ask.part(part);
            let outcome = match ask.focus {
                Focus::Yes => ask.confirm(click, last),
                Focus::No => crate::tui::dialog::Outcome::Close,
                Focus::Field(at) => {
                    if let Some(field) = ask.fields.get_mut(at)
                        && let crate::tui::dialog::FieldKind::Acknowledge(on) = field.kind
                    {
                        field.kind = crate::tui::dialog::FieldKind::Acknowledge(!on);
                    }
                    crate::tui::dialog::Outcome::Stay
                }
            };
            return crate::tui::update::settle(model, dialog, outcome);
        }
        (Dialog::Palette(palette), Target::DialogRow(line)) => {
            palette.cursor.at = line;
            model.dialogs.push(dialog);
            return key(model, enter);
        }
        (Dialog::Menu(menu), Target::DialogRow(line)) => {
            menu.at = line;
            model.dialogs.push(dialog);
            return key(model, enter);
        }
        _ => {}
    }
    model.dialogs.push(dialog);
    Vec::new()
}

/// Puts the cursor on a line.
fn choose(model: &mut Model, line: usize) -> Vec<Effect> {
    model.preview.pane = Pane::List;
    model.offboard.pane = Pane::List;
    if let Some(open) = &mut model.history.open {
        open.pane = Pane::List;
    }
    moves::go(model, Move::To(line))
}

fn focus_detail(model: &mut Model) {
    match model.screen {
        Screen::Preview => model.preview.pane = Pane::Detail,
        Screen::Offboarding => model.offboard.pane = Pane::Detail,
        Screen::History => {
            if let Some(open) = &mut model.history.open {
                open.pane = Pane::Detail;
            }
        }
        Screen::Overview | Screen::Certifications => {}
    }
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
