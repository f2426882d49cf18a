//! Going about: lines, panes, tabs, into what is chosen and out of it again.

use crate::tui::keymap::Screen;
use crate::tui::kit::list::{Cursor, Move};
use crate::tui::kit::panes::Pane;
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::overview;
use crate::tui::request::Request;
use crate::tui::update::{act, cases, certs, filter, review};

/// Moves in the list or the detail pane that has the keyboard.
pub(super) fn go(model: &mut Model, movement: Move) -> Vec<Effect> {
    let (height, detail_height) = (model.hits.list_height, model.hits.detail_height);
    let detail_len = model.hits.detail_len;
    let scroll = |offset: &mut usize| {
        let mut cursor = Cursor {
            at: *offset,
            offset: 0,
        };
        let last = (detail_len + 1).saturating_sub(detail_height.max(1));
        cursor.go(movement, last, detail_height);
        *offset = cursor.at;
    };
    match model.screen {
        Screen::Overview => {
            let len = overview::waiting(model).len();
            model.overview.cursor.go(movement, len, height);
        }
        Screen::Preview => {
            let preview = &mut model.preview;
            if let Some(review) = &mut preview.review {
                if preview.pane == Pane::Detail {
                    scroll(&mut preview.detail_offset);
                } else {
                    let list = review.list_mut();
                    let before = list.cursor.at;
                    list.cursor.go(movement, list.shown.len(), height);
                    if list.cursor.at != before {
                        preview.detail_offset = 0;
                    }
                }
            }
        }
        Screen::Offboarding => {
            let offboard = &mut model.offboard;
            if offboard.pane == Pane::Detail {
                scroll(&mut offboard.detail_offset);
            } else {
                let (len, before) = (offboard.shown().len(), offboard.cursor.at);
                offboard.cursor.go(movement, len, height);
                if offboard.cursor.at != before {
                    offboard.detail_offset = 0;
                    return cases::ask_live(model);
                }
            }
        }
        Screen::Certifications => {
            let len = model.certs.shown().len();
            model.certs.cursor.go(movement, len, height);
        }
        Screen::History => {
            let history = &mut model.history;
            match &mut history.open {
                Some(open) if open.pane == Pane::Detail => scroll(&mut open.detail_offset),
                Some(open) => {
                    open.cursor.go(movement, open.detail.changes.len(), height);
                    open.detail_offset = 0;
                }
                None => history.cursor.go(movement, history.runs.len(), height),
            }
        }
    }
    Vec::new()
}

/// Gives the keyboard to the other pane.
pub(super) fn switch_pane(model: &mut Model) -> Vec<Effect> {
    match model.screen {
        Screen::Preview => model.preview.pane = model.preview.pane.other(),
        Screen::Offboarding => model.offboard.pane = model.offboard.pane.other(),
        Screen::History => {
            if let Some(open) = &mut model.history.open {
                open.pane = open.pane.other();
            }
        }
        Screen::Overview | Screen::Certifications => {}
    }
    Vec::new()
}

/// Goes to another inner tab.
pub(super) fn tab(model: &mut Model, by: isize) -> Vec<Effect> {
    match model.screen {
        Screen::Preview => review::step_tab(model, by),
        Screen::Offboarding => cases::step_tab(model, by),
        _ => Vec::new(),
    }
}

/// `Enter`: opens what is chosen.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    match model.screen {
        Screen::Overview => {
            let waiting = overview::waiting(model);
            match waiting.get(model.overview.cursor.at) {
                Some(line) => act::show(model, line.screen),
                None => Vec::new(),
            }
        }
        Screen::Preview => {
            model.preview.pane = Pane::Detail;
            Vec::new()
        }
        Screen::Offboarding => {
            model.offboard.pane = Pane::Detail;
            cases::ask_live(model)
        }
        Screen::Certifications => certs::open_partner(model),
        Screen::History => match (
            &mut model.history.open,
            model.history.runs.get(model.history.cursor.at),
        ) {
            (Some(open), _) => {
                open.pane = Pane::Detail;
                Vec::new()
            }
            (None, Some(run)) => {
                let run = run.run_id;
                vec![model.ask(Request::Run(run))]
            }
            (None, None) => Vec::new(),
        },
    }
}

/// Peels off one layer; whether there was one.
pub(super) fn peel(model: &mut Model) -> Option<Vec<Effect>> {
    match model.screen {
        Screen::Preview if model.preview.pane == Pane::Detail => {
            model.preview.pane = Pane::List;
        }
        Screen::Preview
            if model.preview.filter.active() || model.preview.filter.error.is_some() =>
        {
            return Some(filter::clear(model));
        }
        Screen::Offboarding if model.offboard.pane == Pane::Detail => {
            model.offboard.pane = Pane::List;
        }
        Screen::History if model.history.open.is_some() => {
            let open = model.history.open.as_mut()?;
            if open.pane == Pane::Detail {
                open.pane = Pane::List;
            } else {
                model.history.open = None;
            }
        }
        _ => return None,
    }
    Some(Vec::new())
}
