//! A cursor in a list of any length, and the window of it that is on screen.

use std::collections::BTreeSet;

/// Where one is in a list. Knows neither the list nor the screen: both come with each call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::tui) struct Cursor {
    /// The chosen line.
    pub(in crate::tui) at: usize,
    /// The first line on screen when it was last moved.
    pub(in crate::tui) offset: usize,
}

/// A movement in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Move {
    Up(usize),
    Down(usize),
    PageUp,
    PageDown,
    Home,
    End,
    To(usize),
}

impl Cursor {
    /// Moves in a list of `len` lines of which `height` are on screen; stays inside.
    pub(in crate::tui) fn go(&mut self, movement: Move, len: usize, height: usize) {
        let page = height.saturating_sub(1).max(1);
        let last = len.saturating_sub(1);
        self.at = match movement {
            Move::Up(lines) => self.at.saturating_sub(lines),
            Move::Down(lines) => self.at.saturating_add(lines),
            Move::PageUp => self.at.saturating_sub(page),
            Move::PageDown => self.at.saturating_add(page),
            Move::Home => 0,
            Move::End => last,
            Move::To(line) => line,
        }
        .min(last);
        self.offset = self.window(len, height).start;
    }

    /// The lines on screen: the chosen one is always among them, and the window moves as little as it can.
    pub(in crate::tui) fn window(&self, len: usize, height: usize) -> std::ops::Range<usize> {
        let height = height.max(1);
        let at = self.at.min(len.saturating_sub(1));
        let mut start = self.offset.min(len.saturating_sub(height));
        if at < start {
            start = at;
        } else if at >= start + height {
            start = at + 1 - height;
        }
        start..len.min(start + height)
    }
}

/// Ticks all of these; when all are ticked already, unticks them.
pub(in crate::tui) fn toggle_all(ticked: &mut BTreeSet<i64>, all: &[i64]) {
    if all.iter().all(|id| ticked.contains(id)) {
        for id in all {
            ticked.remove(id);
        }
    } else {
        ticked.extend(all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_follows_the_cursor_and_no_more() {
        let mut cursor = Cursor::default();
        cursor.go(Move::Down(12), 100, 10);
        assert_eq!((cursor.at, cursor.window(100, 10)), (12, 3..13));
        cursor.go(Move::Up(5), 100, 10);
        assert_eq!((cursor.at, cursor.window(100, 10)), (7, 3..13));
        cursor.go(Move::End, 100, 10);
        assert_eq!(cursor.window(100, 10), 90..100);
        assert_eq!(cursor.window(5, 10), 0..5, "a list that became shorter");
        cursor.go(Move::PageUp, 100, 10);
        assert_eq!(cursor.at, 90);
        cursor.go(Move::Down(1), 0, 10);
        assert_eq!(cursor, Cursor::default(), "an empty list");
    }
}
