//! What History alone knows: where one is in the list, and the run that was opened.

use crate::tui::kit::list::Cursor;
use crate::tui::kit::panes::Pane;
use crate::tui::model::Model;
use crate::values::{JournalEntry, RunDetail, RunSummary};

/// Screen 5. The runs themselves are among the facts that other screens show too.
#[derive(Debug, Default)]
pub(in crate::tui) struct History {
    pub(in crate::tui) cursor: Cursor,
    /// The run that was opened with Enter.
    pub(in crate::tui) open: Option<OpenRun>,
}

/// A run with its changes.
#[derive(Debug)]
pub(in crate::tui) struct OpenRun {
    pub(in crate::tui) detail: Box<RunDetail>,
    pub(in crate::tui) cursor: Cursor,
    pub(in crate::tui) pane: Pane,
    pub(in crate::tui) detail_offset: usize,
}

impl History {
    /// Takes a new list in; the cursor stays on its run, wherever that is now.
    pub(super) fn arrived(&mut self, model: &mut Model, runs: Vec<RunSummary>) {
        let facts = &mut model.facts;
        let chosen = facts.runs.get(self.cursor.at).map(|run| run.run_id);
        facts.runs = runs;
        facts.runs_known = true;
        let place = facts.runs.iter().position(|run| Some(run.run_id) == chosen);
        let last = facts.runs.len().saturating_sub(1);
        let at = place.unwrap_or_else(|| self.cursor.at.min(last));
        // The window goes along: the line stays where it is on screen.
        let moved = at.saturating_sub(self.cursor.at);
        self.cursor = Cursor {
            at,
            offset: self.cursor.offset + moved,
        };
    }

    /// Opens a run that was asked for.
    pub(super) fn opened(&mut self, detail: Box<RunDetail>) {
        self.open = Some(OpenRun {
            detail,
            cursor: Cursor::default(),
            pane: Pane::List,
            detail_offset: 0,
        });
    }

    /// The chosen run: the opened one, else that under the cursor.
    pub(in crate::tui) fn run<'m>(&'m self, model: &'m Model) -> Option<&'m RunSummary> {
        match &self.open {
            Some(open) => Some(&open.detail.run),
            None => model.facts.runs.get(self.cursor.at),
        }
    }

    /// The chosen change of the opened run.
    pub(super) fn change(&self) -> Option<&JournalEntry> {
        let open = self.open.as_ref()?;
        open.detail.changes.get(open.cursor.at)
    }
}
