//! Screen 2: a plan under review, from its ticks to their apply.

mod act;
mod applied;
mod apply;
mod columns;
mod computed;
mod detail;
mod export;
mod filter;
mod filter_keys;
mod haystack;
mod lines;
mod query;
mod reasons;
mod review;
mod sort;
mod state;
mod tab;
mod tally;
mod view;

use std::any::Any;
use std::sync::Arc;

use ratatui::layout::Rect;

use crate::tui::keymap::{Action, Screen};
use crate::tui::kit::canvas::Canvas;
use crate::tui::kit::cells::{count, counted};
use crate::tui::kit::hits::Spot;
use crate::tui::kit::panes::Pane;
use crate::tui::model::{Model, Waiting};
use crate::tui::msg::{Effect, Saved, Sheet};
use crate::tui::request::{Answer, Request};
use crate::tui::room::{Beside, Ended, Happened, List, Reason, Room, Subject};
use apply::Asked;
use columns::PlanColumn;
use query::Computed;
use review::Review;
use state::Hidden;
use tab::Tab;

pub(super) use state::Preview;

impl Room for Preview {
    fn draw(&self, model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
        view::draw(canvas, self, model, area);
    }

    fn list(&mut self, _model: &Model) -> Option<List<'_>> {
        let list = self.review.as_mut()?.list_mut();
        Some(List {
            len: list.shown.len(),
            cursor: &mut list.cursor,
            beside: Some(Beside {
                pane: &mut self.pane,
                offset: &mut self.detail_offset,
            }),
        })
    }

    fn take(&mut self, model: &mut Model, happened: Happened<'_>) -> Vec<Effect> {
        match happened {
            Happened::Typed(key) => filter_keys::key(self, model, key),
            Happened::Pasted(text) => filter_keys::paste(self, text),
            Happened::Clicked(spot) => self.clicked(model, spot),
            Happened::Answered(answer, ..) => self.answered(model, answer),
            Happened::Computed(what) => match what.downcast::<Computed>() {
                Ok(what) => computed::computed(self, model, *what),
                Err(_) => Vec::new(),
            },
            Happened::Fault => {
                self.give_up();
                Vec::new()
            }
            Happened::Confirmed(about, filled) => {
                if let Ok(asked) = about.downcast::<Asked>() {
                    apply::released(self, model, &asked, filled);
                }
                Vec::new()
            }
            // What was shown is not so any more: the guards are asked for again.
            Happened::Ended(Ended {
                request: Some(Request::Apply { plan, .. }),
                error: Some(error),
                ..
            }) if error.code == "changed_since_shown" => {
                vec![model.ask(Request::Windows(Arc::clone(plan)))]
            }
            Happened::Entered | Happened::Moved | Happened::Ended(_) => Vec::new(),
        }
    }

    fn act(&mut self, model: &mut Model, action: Action) -> Vec<Effect> {
        match action {
            Action::Open => {
                self.pane = Pane::Detail;
                Vec::new()
            }
            Action::Refresh => {
                model.toast("p reads anew.");
                Vec::new()
            }
            Action::Filter => filter_keys::open(self),
            Action::NextTab => act::step_tab(self, 1),
            Action::PreviousTab => act::step_tab(self, -1),
            Action::Tick => act::tick(self, model),
            Action::TickShown => act::tick_shown(self, model),
            Action::Reviewed => act::reviewed(self, model),
            Action::Hold => act::hold(self, model),
            Action::NextNotable => act::notable(self, model, true),
            Action::PreviousNotable => act::notable(self, model, false),
            Action::SortNext => act::sort_next(self, model),
            Action::SortReverse => act::sort_reverse(self, model),
            Action::AllFields => {
                self.fields = self.fields.other();
                Vec::new()
            }
            Action::Apply => apply::apply(self, model),
            Action::ReleaseGuard => apply::release(self, model),
            _ => Vec::new(),
        }
    }

    fn why_not(&self, model: &Model, action: Action) -> Reason {
        match action {
            // The box may be opened for a plan that is on its way: what is typed meanwhile is meant for it.
            Action::Filter if model.plan_is_coming() => None,
            Action::Filter
            | Action::NextNotable
            | Action::PreviousNotable
            | Action::SortNext
            | Action::SortReverse => reasons::no_plan(self),
            Action::Reviewed => reasons::change_line(self),
            Action::Hold => reasons::hold(self, model),
            Action::Apply => reasons::apply(self, model),
            Action::ReleaseGuard => reasons::release(self, model),
            _ => None,
        }
    }

    fn label(&self, action: Action) -> Option<String> {
        let review = self.review.as_ref().filter(|_| action == Action::Apply)?;
        let ticked = count(review.tally.total());
        Some(match self.hidden() {
            Hidden::Ticked(hidden) => {
                let hidden = count(hidden);
                format!("apply {ticked} ticked ({hidden} hidden by the filter)")
            }
            Hidden::None | Hidden::Perhaps => format!("apply {ticked} ticked"),
        })
    }

    fn peel(&mut self, _model: &mut Model) -> Option<Vec<Effect>> {
        let filtered = self.filter.active() || self.filter.error.is_some();
        filtered.then(|| filter_keys::clear(self))
    }

    fn subject(&self, _model: &Model) -> Subject {
        Subject {
            name: act::copied(self),
            record: act::record(self),
            partner: act::partner(self),
        }
    }

    fn sheet(&self, _model: &Model) -> Option<Box<dyn Sheet>> {
        act::exported(self)
    }

    fn outdated(&self, about: &dyn Any) -> Option<String> {
        apply::outdated(self, about)
    }

    fn typing(&self) -> bool {
        self.filter.focused
    }

    fn must_wait(&self) -> bool {
        let computing = |review: &Review| review.query.pending() || review.ticking.pending();
        self.opening || self.review.as_ref().is_some_and(computing)
    }

    fn waiting(&self, model: &Model) -> Vec<Waiting> {
        let line = |rank, text| Waiting::new(rank, Screen::Preview, text);
        let mut all = Vec::new();
        if let Some(review) = &self.review {
            let tripped = review.tally.tripped();
            let held_back = tripped.filter(|guard| review.holds_back(guard));
            all.extend(
                held_back.map(|guard| line(20, format!("Guard: {}", guard.sentence())).urgent()),
            );
        }
        if let Some(status) = model.facts.status.as_deref() {
            if status.withheld > 0 {
                let text = counted(status.withheld, "change");
                let text = format!("{text} withheld by a guard: preview to review.");
                all.push(line(40, text).urgent());
            }
            if status.carried_over > 0 {
                let text = counted(status.carried_over, "record");
                all.push(line(42, format!("{text} carried over to the next run.")));
            }
        }
        if let Some(review) = &self.review {
            let ticked = review.tally.total();
            let totals = review.plan.totals;
            if ticked > 0 {
                let deletes = review.tally.deletes();
                let extra = if deletes > 0 {
                    format!(", {} of them soft-deletes", count(deletes))
                } else {
                    String::new()
                };
                let text = counted(ticked, "ticked change");
                all.push(line(50, format!("A plan is under review: {text}{extra}.")));
            } else if totals.partners.conflict + totals.contacts.conflict > 0 {
                let text = "A plan with conflicts is under review.".to_owned();
                all.push(line(50, text));
            }
        }
        all
    }

    fn keep(&self, saved: &mut Saved) {
        saved.filters.clone_from(&self.filter.history);
        saved.sort = self.sort.column.map(|column| column.word().to_owned());
        saved.descending = self.sort.descending;
    }

    fn restore(&mut self, saved: &Saved) {
        self.filter.history.clone_from(&saved.filters);
        self.filter.history.truncate(filter::FilterBox::HISTORY);
        self.sort.column = saved.sort.as_deref().and_then(PlanColumn::from_word);
        self.sort.descending = saved.descending;
    }
}

impl Preview {
    fn clicked(&mut self, model: &mut Model, spot: Spot) -> Vec<Effect> {
        match spot {
            Spot::Tick(_) => match self.review.as_ref().and_then(Review::chosen) {
                Some(at) => act::toggle(self, model, at),
                None => Vec::new(),
            },
            Spot::Tab(at) => match Tab::ALL.get(at) {
                Some(&tab) => act::show_tab(self, tab),
                None => Vec::new(),
            },
            Spot::Head(at) => match PlanColumn::of_head(at) {
                Some(column) => act::sort_by(self, model, column),
                None => Vec::new(),
            },
            Spot::FilterBox => filter_keys::open(self),
            _ => Vec::new(),
        }
    }

    fn answered(&mut self, model: &mut Model, answer: Answer) -> Vec<Effect> {
        match answer {
            Answer::Plan(plan) => computed::planned(self, model, *plan),
            Answer::Report(report) => applied::applied(self, model, &report),
            Answer::Windows(plan, windows) => computed::windows(self, model, &plan, windows),
            Answer::Held(entity, impartner_id) => {
                let entity_word = entity.singular();
                model.toast(format!("The {entity_word} #{impartner_id} is on hold."));
                computed::held(self, model, entity, impartner_id, true)
            }
            Answer::Lifted(entity, impartner_id) => {
                model.toast(format!(
                    "The hold of the {} #{impartner_id} is lifted; the next preview shows it.",
                    entity.singular()
                ));
                computed::held(self, model, entity, impartner_id, false)
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
pub(in crate::tui) mod inside {
    //! What the tests of the console look at.
    pub(in crate::tui) use super::columns::PlanColumn;
    pub(in crate::tui) use super::query::Compute;
    pub(in crate::tui) use super::tab::Tab;
}
