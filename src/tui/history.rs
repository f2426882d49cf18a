//! The state of screen 5: the runs, and one of them opened.

use super::kit::list::Cursor;
use super::kit::panes::Pane;
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
    /// Runs that are read.
    pub(super) const LIMIT: u32 = 200;

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
