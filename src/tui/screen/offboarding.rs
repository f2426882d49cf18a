//! Screen 3: the off-boarding cases, and what each would do in the LMS.

mod act;
mod export;
mod reasons;
mod state;
mod steps;
mod view;

use std::any::Any;

use ratatui::layout::Rect;

use crate::plan::Entity;
use crate::tui::keymap::{Action, Screen};
use crate::tui::kit::canvas::Canvas;
use crate::tui::kit::cells::counted;
use crate::tui::kit::hits::Spot;
use crate::tui::kit::panes::Pane;
use crate::tui::model::{Model, Waiting};
use crate::tui::msg::{Effect, Sheet};
use crate::tui::request::{Answer, Request};
use crate::tui::room::{Beside, Ended, Happened, List, Reason, Room, Subject};
use crate::values::Case;

pub(super) use state::Offboarding;

impl Room for Offboarding {
    fn draw(&self, model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
        view::draw(canvas, self, model, area);
    }

    fn list(&mut self, _model: &Model) -> Option<List<'_>> {
        Some(List {
            len: self.shown().len(),
            cursor: &mut self.cursor,
            beside: Some(Beside {
                pane: &mut self.pane,
                offset: &mut self.detail_offset,
            }),
        })
    }

    fn take(&mut self, model: &mut Model, happened: Happened<'_>) -> Vec<Effect> {
        match happened {
            Happened::Entered if !self.known => vec![model.ask(Request::Cases)],
            Happened::Entered | Happened::Moved => act::ask_live(self, model),
            Happened::Clicked(Spot::Tick(_)) => act::tick(self, model),
            Happened::Clicked(Spot::Tab(at)) => act::show_tab(self, model, at),
            Happened::Answered(Answer::Cases(cases), ..) => {
                self.take_in(cases);
                if model.screen != Screen::Offboarding {
                    return Vec::new();
                }
                self.live = None;
                act::ask_live(self, model)
            }
            Happened::Answered(Answer::Case(case, log), ..) => {
                self.look(&case);
                self.log = log;
                self.live = Some(case);
                Vec::new()
            }
            Happened::Answered(Answer::Looked(cases), ticket, _) => {
                act::looked(self, model, ticket, cases)
            }
            Happened::Answered(Answer::Decided(cases), _, request) => {
                act::decided(self, model, cases, request)
            }
            // An apply opens cases.
            Happened::Ended(Ended {
                request: Some(Request::Apply { .. }),
                error: None,
                ..
            }) => {
                self.known = false;
                vec![model.ask(Request::Cases)]
            }
            // What was refused is not as it was shown.
            Happened::Ended(ended) if ended.may_have_written() && self.known => {
                vec![model.ask(Request::Cases)]
            }
            _ => Vec::new(),
        }
    }

    fn act(&mut self, model: &mut Model, action: Action) -> Vec<Effect> {
        match action {
            Action::Open => {
                self.pane = Pane::Detail;
                act::ask_live(self, model)
            }
            Action::Refresh => vec![model.ask(Request::Cases)],
            Action::NextTab => act::step_tab(self, model, 1),
            Action::PreviousTab => act::step_tab(self, model, -1),
            Action::Tick => act::tick(self, model),
            Action::TickShown => act::tick_shown(self),
            Action::Approve if self.reopens() => act::reopen(self, model),
            Action::Approve => act::approve(self, model),
            Action::Reject => act::reject(self, model),
            Action::HoldCase => act::hold(self, model),
            Action::RunApproved => act::run_approved(self, model),
            Action::Restore => act::restore(self, model),
            Action::Sweep => vec![model.ask(Request::Sweep)],
            Action::LmsRefresh => vec![model.ask(Request::LmsRefresh { transcripts: false })],
            _ => Vec::new(),
        }
    }

    fn why_not(&self, model: &Model, action: Action) -> Reason {
        match action {
            Action::Reject | Action::HoldCase => reasons::case(self, model),
            Action::Approve if self.reopens() => reasons::reopen(model),
            Action::Approve => reasons::approve(self, model),
            Action::RunApproved => reasons::run_approved(self, model),
            Action::Restore => reasons::restore(self, model),
            Action::Sweep | Action::LmsRefresh => model.no_writes(),
            _ => None,
        }
    }

    fn label(&self, action: Action) -> Option<String> {
        let ticked = self.ticked.len();
        if action == Action::Approve && self.reopens() {
            return Some("reopen".to_owned());
        }
        (action == Action::Approve && ticked > 0).then(|| format!("approve {ticked} ticked"))
    }

    fn subject(&self, _model: &Model) -> Subject {
        let case = self.chosen();
        Subject {
            name: case.map(|case| case.name.clone()),
            record: None,
            partner: match case {
                Some(case) if case.entity == Entity::Partners => Ok(case.row_id),
                Some(_) => Err("This case is a contact's; choose one of a partner."),
                None => Err("No case is chosen."),
            },
        }
    }

    fn sheet(&self, _model: &Model) -> Option<Box<dyn Sheet>> {
        let cases: Vec<_> = self.shown().into_iter().cloned().collect();
        (!cases.is_empty()).then(|| Box::new(export::Cases(cases)) as _)
    }

    fn outdated(&self, about: &dyn Any) -> Option<String> {
        let shown = about.downcast_ref::<Vec<Case>>()?;
        let other = |shown: &&Case| {
            let now = self.cases.iter().find(|case| case.case_id == shown.case_id);
            now != Some(*shown)
        };
        shown.iter().find(other).map(|case| {
            format!(
                "Case {} changed under the question, so it was closed and nothing was done. Look and ask again.",
                case.case_id
            )
        })
    }

    fn waiting(&self, model: &Model) -> Vec<Waiting> {
        let Some(status) = model.facts.status.as_deref() else {
            return Vec::new();
        };
        let cases = status.cases;
        let line = |rank, text| Waiting::new(rank, Screen::Offboarding, text);
        let failed = (cases.failed > 0).then(|| {
            let text = counted(cases.failed, "off-boarding case");
            line(30, format!("{text} failed; run again to resume.")).urgent()
        });
        let pending = (cases.pending > 0).then(|| {
            let text = counted(cases.pending, "off-boarding case");
            let verb = if cases.pending == 1 { "waits" } else { "wait" };
            line(32, format!("{text} {verb} for a decision.")).badge(cases.pending)
        });
        let approved = (cases.approved > 0).then(|| {
            let text = counted(cases.approved, "approved case");
            let verb = if cases.approved == 1 { "is" } else { "are" };
            line(34, format!("{text} {verb} not run yet."))
        });
        [failed, pending, approved].into_iter().flatten().collect()
    }
}
