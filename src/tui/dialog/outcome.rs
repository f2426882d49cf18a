//! What comes of a dialog, and what a question is about.

use std::any::Any;

use crossterm::event::KeyCode;

use crate::tui::keymap::{Action, Screen};
use crate::tui::kit::hits::Hits;
use crate::tui::kit::key::Key;
use crate::tui::request::{Request, Ticket};

/// What a menu's line does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Choice {
    ExportCsv,
    ExportJson,
}

/// What the topmost dialog did with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Outcome {
    /// It stays.
    Stay,
    /// It goes.
    Close,
    /// It goes, and was answered with Yes.
    Yes,
    /// It goes, and the palette's action is to be done.
    Act(Action),
    /// It goes, and the menu's choice is to be done.
    Choose(Choice),
}

/// What is done when a question is answered with Yes.
#[derive(Debug)]
pub(in crate::tui) enum Then {
    /// This is asked of the core, with what was filled in.
    Send(Request),
    /// The screen that asked goes on, with what the question was about.
    Here,
    /// The console ends.
    Quit,
}

/// What a question is about, as it was shown, in a type that only the screen that asked knows. After every message that
/// screen says whether it is still so.
#[derive(Debug)]
pub(in crate::tui) struct About {
    pub(in crate::tui) screen: Screen,
    pub(in crate::tui) what: Box<dyn Any + Send>,
}

/// What a question waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Waits {
    /// The count of the ticks, for this action.
    Count(Action),
    /// An answer from outside.
    Answer(Ticket),
}

/// Moves the first line of something that is only read.
pub(super) fn scroll(offset: &mut usize, key: Key, hits: &Hits) {
    let last = hits.dialog_len.saturating_sub(hits.dialog_height);
    let page = hits.dialog_height.saturating_sub(1).max(1);
    *offset = match key.code {
        KeyCode::Up | KeyCode::Char('k') => offset.saturating_sub(1),
        KeyCode::Down | KeyCode::Char('j') => *offset + 1,
        KeyCode::PageUp => offset.saturating_sub(page),
        KeyCode::PageDown | KeyCode::Char(' ') => *offset + page,
        KeyCode::Home | KeyCode::Char('g') => 0,
        KeyCode::End | KeyCode::Char('G') => last,
        _ => *offset,
    }
    .min(last);
}
