//! Drawing: from the model to a frame, and where everything was put. Changes nothing.
//!
//! ```text
//!   prmdesk  1 Overview  2 Preview ...                       prod | mariadb | alice     chrome.rs
//!   +----------------------------------------------------------------------------+
//!   |  the screen: overview.rs, preview.rs, cases.rs, certs.rs, history.rs        |
//!   |                                                          toasts: chrome.rs  |
//!   +----------------------------------------------------------------------------+
//!   A apply 20 ticked  Space tick  / filter ...                            ? help     chrome.rs
//! ```

mod cases;
mod certs;
mod chrome;
mod history;
mod overview;
mod plan_detail;
mod plan_list;
mod preview;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::tui::dialog;
use crate::tui::dialog::view::Scene;
use crate::tui::keymap::Screen;
use crate::tui::kit::canvas::Canvas;
use crate::tui::kit::hits::Hits;
use crate::tui::model::Model;
use crate::tui::update::why_not;

/// The smallest terminal that the console works in (docs/console.md, "Size").
const SMALLEST: (u16, u16) = (60, 16);

/// Draws everything into a frame; returns what was put where.
#[cfg(test)]
pub(super) fn view(model: &Model, frame: &mut ratatui::Frame<'_>) -> Hits {
    let (hits, cursor) = paint(model, frame.buffer_mut());
    if let Some(position) = cursor {
        frame.set_cursor_position(position);
    }
    hits
}

/// Draws everything into a buffer; returns what was put where, and where the terminal's cursor stands.
pub(super) fn paint(model: &Model, buffer: &mut Buffer) -> (Hits, Option<Position>) {
    let area = buffer.area;
    let mut canvas = Canvas::new(&model.theme, model.glyphs, buffer);
    canvas.hits.area = area;
    canvas.hits.revision = model.revision;
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let (width, height) = SMALLEST;
        let words = format!(
            "prmdesk needs {width}x{height}; this terminal is {}x{}. Make it larger, or press q.",
            area.width, area.height
        );
        canvas.text(area.x, area.y, area.width, &words, model.theme.text);
        return (canvas.hits, None);
    }
    let title = Rect { height: 1, ..area };
    let footer = Rect {
        y: area.bottom() - 1,
        height: 1,
        ..area
    };
    let body = Rect {
        y: area.y + 1,
        height: area.height - 2,
        ..area
    };
    let mut toasts = body;
    if model.screen == Screen::Overview {
        toasts.height = toasts.height.saturating_sub(overview::OUTSIDES);
    }
    chrome::title(&mut canvas, model, title);
    match model.screen {
        Screen::Overview => overview::draw(&mut canvas, model, body),
        Screen::Preview => preview::draw(&mut canvas, model, body),
        Screen::Offboarding => cases::draw(&mut canvas, model, body),
        Screen::Certifications => certs::draw(&mut canvas, model, body),
        Screen::History => history::draw(&mut canvas, model, body),
    }
    chrome::footer(&mut canvas, model, footer);
    // Dialogs lie over the toasts: what is asked is never covered.
    model.toasts.draw(&mut canvas, toasts);
    let scene = Scene {
        environment: &model.environment,
        keymap: &model.keymap,
        screen: model.screen,
        now: model.now,
        possible: &|action| why_not(model, action).is_none(),
    };
    for (at, dialog) in model.dialogs.iter().enumerate() {
        let top = at + 1 == model.dialogs.len();
        dialog::view::draw(&mut canvas, &scene, area, dialog, top);
    }
    (canvas.hits, canvas.cursor)
}
