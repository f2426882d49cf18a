//! Drawing: from the console to a frame, and where everything was put. Changes nothing.
//!
//! ```text
//!   prmdesk  1 Overview  2 Preview ...                       prod | mariadb | alice     chrome.rs
//!   +----------------------------------------------------------------------------+
//!   |  the screen: its room                                                      |
//!   |                                                          toasts: kit        |
//!   +----------------------------------------------------------------------------+
//!   A apply 20 ticked  Space tick  / filter ...                            ? help     chrome.rs
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{Console, chrome};
use crate::tui::dialog;
use crate::tui::dialog::scene::Scene;
use crate::tui::kit::canvas::Canvas;
use crate::tui::kit::hits::Hits;

/// The smallest terminal that the console works in (docs/console.md, "Size").
const SMALLEST: (u16, u16) = (60, 16);

/// Draws everything into a frame; returns what was put where.
#[cfg(test)]
pub(in crate::tui) fn view(console: &Console, frame: &mut ratatui::Frame<'_>) -> Hits {
    let (hits, cursor) = console.paint(frame.buffer_mut());
    if let Some(position) = cursor {
        frame.set_cursor_position(position);
    }
    hits
}

impl Console {
    /// Draws everything into a buffer; returns what was put where, and where the terminal's cursor stands.
    pub(in crate::tui) fn paint(&self, buffer: &mut Buffer) -> (Hits, Option<Position>) {
        let model = &self.model;
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
        let room = self.screens.room(model.screen);
        chrome::title(&mut canvas, model, title);
        room.draw(model, &mut canvas, body);
        chrome::footer(&mut canvas, self, footer);
        let toasts = Rect {
            height: body.height.saturating_sub(canvas.hits.kept_free),
            ..body
        };
        // Dialogs lie over the toasts: what is asked is never covered.
        model.toasts.draw(&mut canvas, toasts);
        let scene = Scene {
            environment: &model.environment,
            keymap: &model.keymap,
            screen: model.screen,
            now: model.now,
            possible: &|action| self.why_not(action).is_none(),
        };
        for (at, dialog) in model.dialogs.iter().enumerate() {
            let top = at + 1 == model.dialogs.len();
            dialog::view::draw(&mut canvas, &scene, area, dialog, top);
        }
        (canvas.hits, canvas.cursor)
    }
}
