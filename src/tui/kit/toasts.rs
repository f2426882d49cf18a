//! Messages that go away by themselves, and the log that keeps them.

use std::collections::VecDeque;

use chrono::{DateTime, Duration, Utc};
use ratatui::layout::Rect;

use super::canvas::{Canvas, cells};
use super::cells::{pad, wrap};

/// A message that goes away by itself; kept in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tui) struct Toast {
    pub(in crate::tui) text: String,
    pub(in crate::tui) bad: bool,
    pub(in crate::tui) at: DateTime<Utc>,
}

impl Toast {
    /// How long it is shown: time to read it, longer for bad news.
    pub(in crate::tui) fn life(&self) -> Duration {
        Duration::seconds(if self.bad { 6 } else { 4 })
    }
}

/// What was said.
#[derive(Debug, Default)]
pub(in crate::tui) struct Toasts {
    /// Those on screen, newest last.
    pub(in crate::tui) shown: VecDeque<Toast>,
    /// Every one that was shown, newest last; at most [`Toasts::LOG`].
    pub(in crate::tui) log: VecDeque<Toast>,
}

impl Toasts {
    /// Kept in the log.
    const LOG: usize = 200;

    /// On screen at once; the others are in the log already.
    const SHOWN: usize = 2;

    /// Shows a message from `now` on.
    pub(in crate::tui) fn say(&mut self, text: &str, bad: bool, now: DateTime<Utc>) {
        let toast = Toast {
            text: crate::text::safe(text),
            bad,
            at: now,
        };
        // The same words twice in a row are one toast that lives longer.
        if self
            .shown
            .back()
            .is_some_and(|last| last.text == toast.text)
        {
            self.shown.pop_back();
        } else {
            self.log.push_back(toast.clone());
            if self.log.len() > Self::LOG {
                self.log.pop_front();
            }
        }
        self.shown.push_back(toast);
        if self.shown.len() > Self::SHOWN {
            self.shown.pop_front();
        }
    }

    /// Takes those off the screen that begin with these words.
    pub(in crate::tui) fn unsay(&mut self, begins: &str) {
        self.shown.retain(|toast| !toast.text.starts_with(begins));
    }

    /// Takes those off the screen that were there long enough.
    pub(in crate::tui) fn pass(&mut self, now: DateTime<Utc>) {
        self.shown.retain(|toast| toast.at + toast.life() > now);
    }

    /// When the next one goes.
    pub(in crate::tui) fn next_goes(&self) -> Option<DateTime<Utc>> {
        self.shown.iter().map(|toast| toast.at + toast.life()).min()
    }

    /// Over the last lines of an area, at the right, the newest lowest; never over the list's cursor. Where there is little
    /// room only the newest is shown: all are in the log.
    pub(in crate::tui) fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let most = if area.height < 18 { 1 } else { Self::SHOWN };
        let room = area.width.saturating_sub(6).min(76);
        let mut bottom = area.bottom();
        for toast in self.shown.iter().rev().take(most) {
            let sign = if toast.bad { "!" } else { canvas.glyphs.check };
            let lines = wrap(&canvas.glyphs.show(&toast.text), usize::from(room));
            let height = u16::try_from(lines.len().min(3)).unwrap_or(1);
            let Some(mut top) = bottom.checked_sub(height) else {
                return;
            };
            // The chosen line is what the next key is about.
            if let Some(row) = canvas
                .hits
                .cursor_row
                .filter(|row| (top..bottom).contains(row))
            {
                top = row.saturating_sub(height);
            }
            if top < area.y {
                return;
            }
            let wide = lines
                .iter()
                .map(|line| cells(line))
                .max()
                .unwrap_or(0)
                .min(room)
                + 4;
            let place = Rect {
                x: area.right().saturating_sub(wide + 1),
                y: top,
                width: wide,
                height,
            };
            let style = if toast.bad {
                canvas.theme.danger_focus
            } else {
                canvas.theme.button_focus
            };
            canvas.clear(place);
            for (at, line) in lines.iter().take(usize::from(height)).enumerate() {
                let sign = if at == 0 { sign } else { " " };
                let cut = if at == 2 && lines.len() > 3 {
                    canvas.glyphs.cut
                } else {
                    ""
                };
                let line = pad(
                    &format!(" {sign} {line}{cut}"),
                    usize::from(wide),
                    canvas.glyphs.cut,
                );
                let y = top + u16::try_from(at).unwrap_or(0);
                canvas.text(place.x, y, wide, &line, style);
            }
            bottom = top;
        }
    }
}
