//! What every region draws on: the buffer, with the theme, the signs, and the notes about what was put where.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Style};
use ratatui::text::Line;

use super::cells::{fit, width};
use super::glyphs::Glyphs;
use super::hits::Hits;
use super::theme::Theme;
use super::tone::Tone;

/// The buffer and what is needed to draw on it.
pub(in crate::tui) struct Canvas<'a> {
    pub(in crate::tui) theme: Theme,
    pub(in crate::tui) glyphs: &'static Glyphs,
    pub(in crate::tui) hits: Hits,
    /// Where the terminal's cursor is to stand: in a text box.
    pub(in crate::tui) cursor: Option<Position>,
    buffer: &'a mut Buffer,
}

impl<'a> Canvas<'a> {
    /// A canvas for one frame.
    pub(in crate::tui) fn new(
        theme: &Theme,
        glyphs: &'static Glyphs,
        buffer: &'a mut Buffer,
    ) -> Self {
        Self {
            theme: *theme,
            glyphs,
            hits: Hits::default(),
            cursor: None,
            buffer,
        }
    }

    /// Puts safe text at a place, cut to `room` cells; returns the column after it.
    pub(in crate::tui) fn text(
        &mut self,
        x: u16,
        y: u16,
        room: u16,
        text: &str,
        style: Style,
    ) -> u16 {
        let area = self.buffer.area;
        if y >= area.bottom() || x >= area.right() {
            return x;
        }
        let room = room.min(area.right() - x);
        let shown = fit(&self.glyphs.show(text), usize::from(room), self.glyphs.cut);
        let (end, _) = self
            .buffer
            .set_stringn(x, y, &shown, usize::from(room), style);
        end
    }

    /// Puts parts one after the other, cut to `room` cells; returns the column after them.
    pub(in crate::tui) fn parts(
        &mut self,
        x: u16,
        y: u16,
        room: u16,
        parts: &[(&str, Style)],
    ) -> u16 {
        let end = x + room;
        let mut at = x;
        for (text, style) in parts {
            if at >= end {
                break;
            }
            at = self.text(at, y, end - at, text, *style);
        }
        at
    }

    /// Puts text so that it ends at column `right`; returns the column where it begins.
    pub(in crate::tui) fn text_right(
        &mut self,
        right: u16,
        y: u16,
        room: u16,
        text: &str,
        style: Style,
    ) -> u16 {
        let shown = fit(&self.glyphs.show(text), usize::from(room), self.glyphs.cut);
        let x = right.saturating_sub(cells(&shown));
        self.text(x, y, room, &shown, style);
        x
    }

    /// Puts a line of spans at a place.
    pub(in crate::tui) fn line(&mut self, x: u16, y: u16, room: u16, line: &Line<'_>) {
        let mut at = x;
        let end = x + room;
        for span in &line.spans {
            if at >= end {
                break;
            }
            at = self.text(at, y, end - at, &span.content, line.style.patch(span.style));
        }
    }

    /// Gives an area a style over what stands there.
    pub(in crate::tui) fn style(&mut self, area: Rect, style: Style) {
        self.buffer.set_style(area, style);
        let Some(ink) = self.theme.ink.filter(|_| style.bg.is_some()) else {
            return;
        };
        // Plain text has the terminal's colour, which may not be readable on a background of ours.
        let area = area.intersection(self.buffer.area);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                let cell = &mut self.buffer[(x, y)];
                if cell.fg == Color::Reset {
                    cell.set_fg(ink);
                }
            }
        }
    }

    /// Empties an area.
    pub(in crate::tui) fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buffer.area);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                self.buffer[(x, y)].reset();
            }
            // A wide character that began left of the area must not reach into it.
            if area.x > 0 && self.buffer[(area.x - 1, y)].symbol().len() > 1 {
                let left = &mut self.buffer[(area.x - 1, y)];
                if width(left.symbol()) > 1 {
                    left.set_symbol(" ");
                }
            }
        }
    }

    /// A line across with words in it.
    pub(in crate::tui) fn rule(&mut self, area: Rect, words: &str, style: Style) {
        let line = self.glyphs.horizontal.repeat(usize::from(area.width));
        self.text(area.x, area.y, area.width, &line, style);
        if !words.is_empty() {
            let words = format!(" {words} ");
            self.text(
                area.x + 1,
                area.y,
                area.width.saturating_sub(2),
                &words,
                style,
            );
        }
    }

    /// A line down.
    pub(in crate::tui) fn upright(&mut self, x: u16, top: u16, bottom: u16, style: Style) {
        for y in top..bottom {
            self.text(x, y, 1, self.glyphs.vertical, style);
        }
    }

    /// An emptied panel with a border and a title; returns its inside, one cell in from the border.
    pub(in crate::tui) fn panel(
        &mut self,
        area: Rect,
        title: &str,
        border: Style,
        heading: Style,
    ) -> Rect {
        self.clear(area);
        let Glyphs {
            corners,
            horizontal,
            vertical,
            ..
        } = *self.glyphs;
        let across = horizontal.repeat(usize::from(area.width.saturating_sub(2)));
        for (y, left, right) in [
            (area.y, corners[0], corners[1]),
            (area.bottom() - 1, corners[2], corners[3]),
        ] {
            self.parts(
                area.x,
                y,
                area.width,
                &[(left, border), (&across, border), (right, border)],
            );
        }
        for y in area.y + 1..area.bottom() - 1 {
            self.text(area.x, y, 1, vertical, border);
            self.text(area.right() - 1, y, 1, vertical, border);
        }
        let title = format!(" {title} ");
        self.text(
            area.x + 2,
            area.y,
            area.width.saturating_sub(4),
            &title,
            heading,
        );
        Rect {
            x: area.x + 2,
            y: area.y + 1,
            width: area.width.saturating_sub(4),
            height: area.height.saturating_sub(2),
        }
    }

    /// A scroll bar at the right edge of a list: the thumb only, and only when not everything is on screen.
    pub(in crate::tui) fn scroll_bar(
        &mut self,
        area: Rect,
        first: usize,
        shown: usize,
        len: usize,
    ) {
        if len <= shown || area.height == 0 {
            return;
        }
        let height = usize::from(area.height);
        let size = (height * shown / len).clamp(1, height);
        let top = (height - size) * first / (len - shown).max(1);
        for y in top..top + size {
            let y = area.y + u16::try_from(y).unwrap_or(0);
            self.text(area.right() - 1, y, 1, self.glyphs.thumb, self.theme.rule);
        }
    }

    /// The style of a tone.
    pub(in crate::tui) fn tone(&self, tone: Tone) -> Style {
        match tone {
            Tone::Plain => self.theme.text,
            Tone::Strong => self.theme.strong,
            Tone::Dim => self.theme.dim,
            Tone::Good => self.theme.good,
            Tone::Bad => self.theme.bad,
            Tone::Warn => self.theme.warn,
        }
    }

    /// A text box of one line with its cursor when it has the keyboard.
    pub(in crate::tui) fn input(
        &mut self,
        area: Rect,
        input: &tui_input::Input,
        focused: bool,
        bad: Option<&std::ops::Range<usize>>,
    ) {
        self.style(area, self.theme.field);
        let room = usize::from(area.width.saturating_sub(1)).max(1);
        let scroll = input.visual_scroll(room);
        let mut column = 0;
        for (at, c) in input.value().char_indices() {
            let mut buffer = [0u8; 4];
            // Typed text is shown as it is measured: control characters never get into a box.
            let text = c.encode_utf8(&mut buffer);
            let cell = width(text);
            if column >= scroll && column - scroll + cell <= room {
                let wrong = bad.is_some_and(|bad| bad.contains(&at));
                let style = if wrong {
                    self.theme.field_bad
                } else {
                    self.theme.field
                };
                let x = area.x + u16::try_from(column - scroll).unwrap_or(0);
                let shown = crate::text::safe(text);
                self.text(
                    x,
                    area.y,
                    2,
                    if shown.len() == text.len() { text } else { "?" },
                    style,
                );
            }
            column += cell;
        }
        if focused {
            let x = input.visual_cursor().saturating_sub(scroll);
            self.cursor = Some(Position::new(
                area.x
                    + u16::try_from(x)
                        .unwrap_or(0)
                        .min(area.width.saturating_sub(1)),
                area.y,
            ));
        }
    }
}

/// Width in cells, as the terminal counts.
pub(in crate::tui) fn cells(text: &str) -> u16 {
    u16::try_from(width(text)).unwrap_or(u16::MAX)
}

/// `height` lines from the top of an area.
pub(in crate::tui) fn top(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    (
        Rect { height, ..area },
        Rect {
            y: area.y + height,
            height: area.height - height,
            ..area
        },
    )
}

/// An area in the middle, as large as is wanted and fits.
pub(in crate::tui) fn middle(area: Rect, width: u16, height: u16) -> Rect {
    let width = width.min(area.width.saturating_sub(2));
    let height = height.min(area.height.saturating_sub(2));
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    }
}
