//! What the console draws with, and the words and measures that go with it. The kit knows no screen, no model and no core:
//! it is handed what it draws.

pub(super) mod canvas;
pub(super) mod cells;
pub(super) mod csv;
pub(super) mod detail;
pub(super) mod edit;
pub(super) mod glyphs;
pub(super) mod hits;
pub(super) mod key;
pub(super) mod list;
pub(super) mod panes;
pub(super) mod table;
pub(super) mod theme;
pub(super) mod toasts;
pub(super) mod tone;
pub(super) mod words;
