//! The actions of screen 5.

use super::state::History;
use crate::tui::keymap::Screen;
use crate::tui::kit::panes::Pane;
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::request::Request;
use crate::tui::room::Reason;
use crate::values::RunStatus;

/// Enter: the run under the cursor with its changes; in an opened one, the chosen change.
pub(super) fn open(history: &mut History, model: &mut Model) -> Vec<Effect> {
    if let Some(open) = &mut history.open {
        open.pane = Pane::Detail;
        return Vec::new();
    }
    match history.run(model).map(|run| run.run_id) {
        Some(run) => vec![model.ask(Request::Run(run))],
        None => Vec::new(),
    }
}

/// Reads what is shown anew.
pub(super) fn refresh(history: &History, model: &mut Model) -> Vec<Effect> {
    vec![match &history.open {
        Some(open) => model.ask(Request::Run(open.detail.run.run_id)),
        None => model.ask(Request::Runs),
    }]
}

/// `U`: a preview of the undo.
pub(super) fn undo(history: &History, model: &mut Model) -> Vec<Effect> {
    let Some(run) = history.run(model).map(|run| run.run_id) else {
        return Vec::new();
    };
    model.show(Screen::Preview);
    vec![model.ask(Request::PreviewUndo(run))]
}

/// Why the chosen run cannot be undone.
pub(super) fn why_no_undo(history: &History, model: &Model) -> Reason {
    let Some(run) = history.run(model) else {
        return Some("No run is chosen.".into());
    };
    if let Some(by) = run.undone_by {
        return Some(format!("Run {} was undone by run {by} already.", run.run_id).into());
    }
    let nothing = |what: &str| {
        let words = format!(
            "Run {} changed {what}; there is nothing to undo.",
            run.run_id
        );
        Some(words.into())
    };
    if !matches!(run.status, RunStatus::Applied | RunStatus::Partial) {
        return nothing("nothing");
    }
    if run.applied.partners.total() + run.applied.contacts.total() == 0 {
        return nothing("no row");
    }
    model.busy()
}
