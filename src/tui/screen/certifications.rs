//! Screen 4: certification figures, ours beside those of Impartner.

mod act;
mod export;
mod state;
mod view;

use std::any::Any;

use ratatui::layout::Rect;

use crate::plan::Entity;
use crate::tui::keymap::{Action, Screen};
use crate::tui::kit::canvas::Canvas;
use crate::tui::kit::cells::counted;
use crate::tui::kit::hits::Spot;
use crate::tui::model::{Model, Waiting};
use crate::tui::msg::{Effect, Sheet};
use crate::tui::request::{Answer, Request};
use crate::tui::room::{Ended, Happened, List, Reason, Room, Subject};

pub(super) use state::Certifications;
#[cfg(test)]
pub(in crate::tui) use state::PushResult;

impl Room for Certifications {
    fn draw(&self, model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
        view::draw(canvas, self, model, area);
    }

    fn list(&mut self, _model: &Model) -> Option<List<'_>> {
        Some(List {
            len: self.shown().len(),
            cursor: &mut self.cursor,
            beside: None,
        })
    }

    fn take(&mut self, model: &mut Model, happened: Happened<'_>) -> Vec<Effect> {
        match happened {
            Happened::Clicked(Spot::Tick(_)) => act::tick(self, model),
            Happened::Answered(Answer::Certs(rows), ..) => act::compared(self, model, rows),
            Happened::Answered(Answer::CertsOf(rows), ticket, _) => {
                act::ask_one(self, model, ticket, &rows)
            }
            Happened::Answered(Answer::Pushed(report), _, request) => {
                act::pushed(self, model, &report, request)
            }
            // It may have written something before it ended.
            Happened::Ended(Ended {
                request: Some(Request::PushCerts(_)),
                error: Some(_),
                ..
            }) => {
                self.forget();
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn act(&mut self, model: &mut Model, action: Action) -> Vec<Effect> {
        match action {
            Action::Open => act::open(self, model),
            Action::Refresh => {
                model.toast("p reads anew.");
                Vec::new()
            }
            Action::Tick => act::tick(self, model),
            Action::TickShown => act::tick_shown(self),
            Action::AllFields => act::all_fields(self),
            Action::Compare => vec![model.ask(Request::Certs)],
            Action::LmsRefresh => vec![model.ask(Request::LmsRefresh { transcripts: true })],
            Action::Push => act::push(self, model),
            _ => Vec::new(),
        }
    }

    fn why_not(&self, model: &Model, action: Action) -> Reason {
        match action {
            Action::Compare => model.busy(),
            Action::Push if self.ticked.is_empty() => {
                Some("No partner is ticked; p compares, Space ticks.".into())
            }
            Action::LmsRefresh | Action::Push => model.no_writes(),
            _ => None,
        }
    }

    fn label(&self, action: Action) -> Option<String> {
        (action == Action::Push).then(|| format!("push {} ticked", self.ticked.len()))
    }

    fn subject(&self, _model: &Model) -> Subject {
        let row = self.chosen();
        let id = row.and_then(|row| row.impartner_id);
        Subject {
            name: row.map(|row| row.name.clone()),
            record: id.map(|id| (Entity::Partners, id)),
            partner: row
                .map(|row| row.row_id)
                .ok_or("No partner is chosen; p compares, v shows all."),
        }
    }

    fn sheet(&self, _model: &Model) -> Option<Box<dyn Sheet>> {
        let rows: Vec<_> = self.shown().into_iter().cloned().collect();
        (!rows.is_empty()).then(|| Box::new(export::Figures(rows)) as _)
    }

    fn outdated(&self, about: &dyn Any) -> Option<String> {
        act::outdated(self, about)
    }

    fn waiting(&self, _model: &Model) -> Vec<Waiting> {
        let differing = self.rows.iter().filter(|row| row.differs).count() as u64;
        if differing == 0 {
            return Vec::new();
        }
        let text = counted(differing, "partner");
        let verb = if differing == 1 { "differs" } else { "differ" };
        let text = format!("Certifications of {text} {verb}.");
        vec![Waiting::new(60, Screen::Certifications, text)]
    }
}
