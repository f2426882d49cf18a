//! Where things were drawn: what the mouse hits, and how tall the lists are.

use ratatui::layout::{Position, Rect};

/// Something that can be clicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Spot {
    /// A screen's name in the title bar: which of them.
    Screen(usize),
    /// An inner tab of the screen: which of them.
    Tab(usize),
    /// A line of the screen's main list.
    Row(usize),
    /// The tick of a line.
    Tick(usize),
    /// A column's head.
    Head(usize),
    /// The detail pane.
    Detail,
    /// The border between list and detail, and whether the panes are side by side.
    Border { beside: bool },
    /// The filter box.
    FilterBox,
    /// A key in the footer: index into the binding table.
    Binding(usize),
    /// The panel of a dialog, so that clicks do not fall through.
    Dialog,
    /// A field or button of a dialog.
    DialogPart(usize),
    /// A line of a dialog's list.
    DialogRow(usize),
}

/// What the last frame put where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::tui) struct Hits {
    places: Vec<(Rect, Spot)>,
    /// What the model was at when this was drawn.
    pub(in crate::tui) revision: u64,
    /// The whole screen.
    pub(in crate::tui) area: Rect,
    /// The area of list and detail together.
    pub(in crate::tui) body: Rect,
    /// The line of the screen on which the main list's cursor stands.
    pub(in crate::tui) cursor_row: Option<u16>,
    /// Lines at the bottom of the screen that no toast may cover.
    pub(in crate::tui) kept_free: u16,
    /// Lines of the main list on screen.
    pub(in crate::tui) list_height: usize,
    /// Lines of the detail pane on screen.
    pub(in crate::tui) detail_height: usize,
    /// Lines that the detail pane would need.
    pub(in crate::tui) detail_len: usize,
    /// Lines of the topmost dialog's list on screen.
    pub(in crate::tui) dialog_height: usize,
    /// Lines that the topmost dialog's list has.
    pub(in crate::tui) dialog_len: usize,
}

impl Hits {
    /// Notes that `spot` was drawn at `area`, over what was there.
    pub(in crate::tui) fn add(&mut self, area: Rect, spot: Spot) {
        self.places.push((area, spot));
    }

    /// Forgets what can be clicked, and keeps the measures: a dialog covers the screen.
    pub(in crate::tui) fn forget_places(&mut self) {
        self.places.clear();
    }

    /// What is at a place; the last thing drawn wins.
    pub(in crate::tui) fn at(&self, column: u16, row: u16) -> Option<Spot> {
        self.places
            .iter()
            .rev()
            .find(|(area, _)| area.contains(Position::new(column, row)))
            .map(|(_, spot)| *spot)
    }

    /// The first place of a spot; for tests.
    #[cfg(test)]
    pub(in crate::tui) fn place(&self, spot: Spot) -> Option<Rect> {
        self.places
            .iter()
            .find(|(_, candidate)| *candidate == spot)
            .map(|(area, _)| *area)
    }
}
