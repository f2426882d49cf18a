//! A table of which only the lines on screen are made: columns as data, cells by closure.
//!
//! ```text
//!   [ ]  name ^                 what                    region       <- heads; a click sorts
//!   [x] ~ Acme Corporation      Premier > Certified     EMEA
//! ```

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::canvas::{Canvas, cells};
use super::cells::{pad, pad_left};
use super::hits::Spot;
use super::list::Cursor;

/// A column.
#[derive(Clone, Copy, Debug)]
pub(in crate::tui) struct Column {
    /// The head.
    pub(in crate::tui) title: &'static str,
    /// How wide.
    pub(in crate::tui) width: Width,
    /// Dropped first where there is little room: the highest number goes first; 0 never goes.
    pub(in crate::tui) drop: u8,
    /// Numbers stand at the right.
    pub(in crate::tui) right: bool,
    /// Which head it is when clicked; `None`: a click there does nothing.
    pub(in crate::tui) head: Option<usize>,
}

/// The width of a column, from constraints and never from the rows (they may be a million).
#[derive(Clone, Copy, Debug)]
pub(in crate::tui) enum Width {
    /// That many cells.
    Cells(u16),
    /// A share of what is left, at least that many cells.
    Share { weight: u16, least: u16 },
}

impl Column {
    /// A column of fixed width.
    pub(in crate::tui) const fn fixed(title: &'static str, width: u16, drop: u8) -> Self {
        Self {
            title,
            width: Width::Cells(width),
            drop,
            right: false,
            head: None,
        }
    }

    /// A column that takes a share of the room.
    pub(in crate::tui) const fn share(
        title: &'static str,
        weight: u16,
        least: u16,
        drop: u8,
    ) -> Self {
        Self {
            title,
            width: Width::Share { weight, least },
            drop,
            right: false,
            head: None,
        }
    }

    /// Sets its cells to the right.
    pub(in crate::tui) const fn right(mut self) -> Self {
        self.right = true;
        self
    }

    /// Lets its head be clicked.
    pub(in crate::tui) const fn head(mut self, head: usize) -> Self {
        self.head = Some(head);
        self
    }
}

/// A cell: safe text and its style.
pub(in crate::tui) type Styled = (String, Style);

/// A table to draw.
pub(in crate::tui) struct Table<'t> {
    pub(in crate::tui) columns: &'t [Column],
    pub(in crate::tui) len: usize,
    pub(in crate::tui) cursor: Cursor,
    /// Whether the keyboard is here.
    pub(in crate::tui) focused: bool,
    /// The head by which it is sorted, and whether downwards.
    pub(in crate::tui) sorted: Option<(usize, bool)>,
    /// The column of the ticks: a click there ticks.
    pub(in crate::tui) tick: Option<usize>,
}

impl Table<'_> {
    /// Draws the head and the lines on screen; `row` makes the cells of a line.
    pub(in crate::tui) fn draw(
        &self,
        canvas: &mut Canvas<'_>,
        area: Rect,
        mut row: impl FnMut(usize) -> Vec<Styled>,
    ) {
        if area.height < 2 {
            return;
        }
        let widths = solve(self.columns, area.width.saturating_sub(1));
        self.draw_heads(canvas, area, &widths);
        let list = Rect {
            y: area.y + 1,
            height: area.height - 1,
            ..area
        };
        let height = usize::from(list.height);
        canvas.hits.list_height = height;
        let window = self.cursor.window(self.len, height);
        for (line, at) in window.clone().enumerate() {
            let place = Rect {
                y: list.y + u16::try_from(line).unwrap_or(0),
                height: 1,
                ..list
            };
            canvas.hits.add(place, Spot::Row(at));
            let mut x = place.x;
            let made = row(at);
            for (column, (cell, &width)) in made.iter().zip(&widths).enumerate() {
                if width == 0 {
                    continue;
                }
                let text = canvas.glyphs.show(&cell.0);
                let room = usize::from(width);
                let text = if self.columns[column].right {
                    pad_left(&text, room, canvas.glyphs.cut)
                } else {
                    pad(&text, room, canvas.glyphs.cut)
                };
                canvas.text(x, place.y, width, &text, cell.1);
                if self.tick == Some(column) {
                    canvas.hits.add(Rect { x, width, ..place }, Spot::Tick(at));
                }
                x += width + 1;
            }
            if at == self.cursor.at {
                canvas.hits.cursor_row = Some(place.y);
                let style = if self.focused {
                    canvas.theme.row
                } else {
                    canvas.theme.row_blurred
                };
                canvas.style(place, style);
            }
        }
        canvas.scroll_bar(list, window.start, window.len(), self.len);
    }

    fn draw_heads(&self, canvas: &mut Canvas<'_>, area: Rect, widths: &[u16]) {
        let mut x = area.x;
        for (column, &width) in widths.iter().enumerate() {
            if width == 0 {
                continue;
            }
            let mut title = self.columns[column].title.to_owned();
            let mut style = canvas.theme.dim;
            let head = self.columns[column].head;
            if let Some((_, down)) = self.sorted.filter(|(sorted, _)| head == Some(*sorted)) {
                title.push(' ');
                title.push_str(canvas.glyphs.sorted[usize::from(down)]);
                style = canvas.theme.accent;
            }
            let start = if self.columns[column].right {
                x + width.saturating_sub(cells(&title))
            } else {
                x
            };
            canvas.text(start, area.y, width, &title, style);
            if let Some(head) = head {
                let place = Rect {
                    x,
                    width,
                    height: 1,
                    ..area
                };
                canvas.hits.add(place, Spot::Head(head));
            }
            x += width + 1;
        }
    }
}

/// Widths that fit `room`, one cell between two columns; 0: dropped.
fn solve(columns: &[Column], room: u16) -> Vec<u16> {
    let least = |column: &Column| match column.width {
        Width::Cells(cells) => cells,
        Width::Share { least, .. } => least,
    };
    let needed = |kept: &[bool]| {
        columns
            .iter()
            .zip(kept)
            .filter(|(_, kept)| **kept)
            .map(|(column, _)| least(column) + 1)
            .sum::<u16>()
            .saturating_sub(1)
    };
    let mut kept: Vec<bool> = columns.iter().map(|_| true).collect();
    loop {
        if needed(&kept) <= room {
            break;
        }
        let next = columns
            .iter()
            .enumerate()
            .filter(|(at, column)| kept[*at] && column.drop > 0)
            .max_by_key(|(_, column)| column.drop)
            .map(|(at, _)| at);
        match next {
            Some(at) => kept[at] = false,
            None => break,
        }
    }
    let spare = room.saturating_sub(needed(&kept));
    let weights: u16 = columns
        .iter()
        .zip(&kept)
        .filter(|(_, kept)| **kept)
        .map(|(column, _)| match column.width {
            Width::Share { weight, .. } => weight,
            Width::Cells(_) => 0,
        })
        .sum();
    columns
        .iter()
        .zip(&kept)
        .map(|(column, &kept)| match column.width {
            _ if !kept => 0,
            Width::Cells(cells) => cells,
            Width::Share { weight, least } => {
                let share = u32::from(spare) * u32::from(weight) / u32::from(weights.max(1));
                least + u16::try_from(share).unwrap_or(0)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_room_drops_the_least_important_columns() {
        let columns = [
            Column::fixed("", 3, 0),
            Column::share("name", 2, 10, 0),
            Column::share("what", 1, 10, 1),
            Column::fixed("id", 8, 2),
        ];
        assert_eq!(solve(&columns, 34), [3, 10, 10, 8]);
        assert_eq!(solve(&columns, 37), [3, 12, 11, 8]);
        assert_eq!(solve(&columns, 30), [3, 13, 11, 0]);
        assert_eq!(solve(&columns, 20), [3, 16, 0, 0]);
        assert_eq!(solve(&columns, 5), [3, 10, 0, 0]);
    }
}
