//! Screen 5: the runs, and what each changed.

mod act;
mod export;
mod state;
mod view;

use ratatui::layout::Rect;

use crate::plan::Entity;
use crate::tui::keymap::{Action, Screen};
use crate::tui::kit::canvas::Canvas;
use crate::tui::model::{Model, Waiting};
use crate::tui::msg::{Effect, Sheet};
use crate::tui::request::{Answer, Request};
use crate::tui::room::{Beside, Happened, List, Reason, Room, Subject};

pub(super) use state::History;

impl Room for History {
    fn draw(&self, model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
        view::draw(canvas, self, model, area);
    }

    fn list(&mut self, model: &Model) -> Option<List<'_>> {
        Some(match &mut self.open {
            Some(open) => List {
                len: open.detail.changes.len(),
                cursor: &mut open.cursor,
                beside: Some(Beside {
                    pane: &mut open.pane,
                    offset: &mut open.detail_offset,
                }),
            },
            None => List {
                len: model.facts.runs.len(),
                cursor: &mut self.cursor,
                beside: None,
            },
        })
    }

    fn take(&mut self, model: &mut Model, happened: Happened<'_>) -> Vec<Effect> {
        match happened {
            Happened::Entered if !model.facts.runs_known => return vec![model.ask(Request::Runs)],
            Happened::Answered(Answer::Runs(runs), ..) => self.arrived(model, runs),
            Happened::Answered(Answer::Run(detail), ..) => self.opened(detail),
            _ => {}
        }
        Vec::new()
    }

    fn act(&mut self, model: &mut Model, action: Action) -> Vec<Effect> {
        match action {
            Action::Open => act::open(self, model),
            Action::Refresh => act::refresh(self, model),
            Action::Undo => act::undo(self, model),
            _ => Vec::new(),
        }
    }

    fn why_not(&self, model: &Model, action: Action) -> Reason {
        match action {
            Action::Undo => act::why_no_undo(self, model),
            _ => None,
        }
    }

    fn peel(&mut self, _model: &mut Model) -> Option<Vec<Effect>> {
        self.open.take().map(|_| Vec::new())
    }

    fn subject(&self, model: &Model) -> Subject {
        let Some(change) = self.change() else {
            return Subject {
                name: self.run(model).map(|run| run.run_id.to_string()),
                partner: Err("Open a run with Enter and choose a change of a partner."),
                ..Subject::default()
            };
        };
        Subject {
            name: Some(change.name.clone()),
            record: change.impartner_id.map(|id| (change.entity, id)),
            partner: match change.entity {
                Entity::Partners => change
                    .row_id
                    .ok_or("This partner has no row: its add failed."),
                Entity::Contacts => Err("This change is a contact's; choose one of a partner."),
            },
        }
    }

    fn sheet(&self, model: &Model) -> Option<Box<dyn Sheet>> {
        let runs = &model.facts.runs;
        match &self.open {
            Some(open) => Some(Box::new(export::Run(open.detail.clone()))),
            None if runs.is_empty() => None,
            None => Some(Box::new(export::Runs(runs.clone()))),
        }
    }

    fn waiting(&self, model: &Model) -> Vec<Waiting> {
        let status = model.facts.status.as_deref();
        let interrupted = status.and_then(|status| status.interrupted.as_ref());
        let line = interrupted.map(|run| {
            let text = format!(
                "Run {} ({}) of {} was interrupted. {}",
                run.run_id, run.kind, run.operator, run.message
            );
            Waiting::new(10, Screen::History, text).urgent()
        });
        line.into_iter().collect()
    }
}
