//! The state of screen 5: the runs, and one of them opened.

use crate::tui::kit::list::Cursor;
use crate::tui::kit::panes::Pane;
use crate::values::{JournalEntry, RunDetail, RunSummary};

/// Screen 5.
#[derive(Debug, Default)]
pub(super) struct History {
    /// Newest first.
    pub(super) runs: Vec<RunSummary>,
    /// Whether the list was ever read.
    pub(super) known: bool,
    pub(super) cursor: Cursor,
    /// The run that was opened with Enter.
    pub(super) open: Option<OpenRun>,
}

/// A run with its changes.
#[derive(Debug)]
pub(super) struct OpenRun {
    pub(super) detail: Box<RunDetail>,
    pub(super) cursor: Cursor,
    pub(super) pane: Pane,
    pub(super) detail_offset: usize,
}

impl History {
    /// Takes a new list in; the cursor stays on its run, wherever that is now.
    pub(super) fn take(&mut self, runs: Vec<RunSummary>) {
        let chosen = self.runs.get(self.cursor.at).map(|run| run.run_id);
        self.runs = runs;
        self.known = true;
        let place = self.runs.iter().position(|run| Some(run.run_id) == chosen);
        let last = self.runs.len().saturating_sub(1);
        let at = place.unwrap_or_else(|| self.cursor.at.min(last));
        // The window goes along: the line stays where it is on screen.
        let moved = at.saturating_sub(self.cursor.at);
        self.cursor = Cursor {
            at,
            offset: self.cursor.offset + moved,
        };
    }

    /// The chosen run: the opened one, else that under the cursor.
    pub(super) fn run(&self) -> Option<&RunSummary> {
        match &self.open {
            Some(open) => Some(&open.detail.run),
            None => self.runs.get(self.cursor.at),
        }
    }

    /// The chosen change of the opened run.
    pub(super) fn change(&self) -> Option<&JournalEntry> {
        let open = self.open.as_ref()?;
        open.detail.changes.get(open.cursor.at)
    }
}
