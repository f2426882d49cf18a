//! What Preview knows: the plan under review, the filter and the order of its lists.

use std::sync::Arc;

use super::columns::Sort;
use super::filter::FilterBox;
use super::query::Compute;
use super::review::{Flight, Review};
use super::tab::Tab;
use crate::config::GuardConfig;
use crate::tui::kit::panes::{Fields, Pane};
use crate::tui::kit::tone::ToneLine;
use crate::tui::msg::Effect;

/// Screen 2.
#[derive(Debug, Default)]
pub(in crate::tui) struct Preview {
    /// The plan under review; `None` before the first preview and after an apply.
    pub(in crate::tui) review: Option<Review>,
    /// Whether a new plan is here and its review about to begin: keys about the old one wait, and are dropped with it.
    pub(in crate::tui) opening: bool,
    pub(in crate::tui) filter: FilterBox,
    pub(in crate::tui) sort: Sort,
    pub(in crate::tui) fields: Fields,
    pub(in crate::tui) pane: Pane,
    pub(in crate::tui) detail_offset: usize,
    /// The result of the last apply; shown until the next preview.
    pub(in crate::tui) last: Vec<ToneLine>,
    /// Numbers queries and tallies, for this plan and those after it.
    pub(in crate::tui) generation: u64,
}

/// Ticked changes that are not in the list on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Hidden {
    /// None.
    None,
    /// So many: the filter hides them.
    Ticked(u64),
    /// There is a filter, and the list of changes is not the one on screen.
    Perhaps,
}

impl Preview {
    /// What the filter hides of the ticked changes.
    pub(in crate::tui) fn hidden(&self) -> Hidden {
        let Some(review) = self.review.as_ref().filter(|_| self.filter.active()) else {
            return Hidden::None;
        };
        if review.tab != Tab::Changes {
            return Hidden::Perhaps;
        }
        match review.tally.total().saturating_sub(review.ticked_shown) {
            0 => Hidden::None,
            hidden => Hidden::Ticked(hidden),
        }
    }

    /// Asks for the lines of the shown tab anew.
    pub(in crate::tui) fn requery(&mut self) -> Vec<Effect> {
        let Some(review) = &mut self.review else {
            return Vec::new();
        };
        let Some((stop, generation)) = review.query.want(&mut self.generation) else {
            return Vec::new();
        };
        vec![Effect::Compute(Box::new(Compute::Query {
            generation,
            stop,
            plan: Arc::clone(&review.plan),
            selection: Arc::clone(&review.selection),
            tab: review.tab,
            filter: Arc::clone(&self.filter.filter),
            words: self.filter.words.clone(),
            sort: self.sort,
            haystack: Arc::clone(&review.list().haystack),
        }))]
    }

    /// Makes the names of the changes ready, so that the first key of a filter does not wait for them.
    pub(in crate::tui) fn warm(&self) -> Vec<Effect> {
        let Some(review) = &self.review else {
            return Vec::new();
        };
        vec![Effect::Compute(Box::new(Compute::Warm {
            plan: Arc::clone(&review.plan),
            tab: review.tab,
            haystack: Arc::clone(&review.list().haystack),
        }))]
    }

    /// Waits for no computation any more: one of them failed, and nobody knows which.
    pub(in crate::tui) fn give_up(&mut self) {
        self.opening = false;
        if let Some(review) = &mut self.review {
            review.query = Flight::default();
            review.tallying = Flight::default();
            review.ticking = Flight::default();
        }
    }

    /// Ticks all lines that are shown, or unticks them.
    pub(in crate::tui) fn tick_shown(&mut self) -> Vec<Effect> {
        let Some(review) = &mut self.review else {
            return Vec::new();
        };
        let Some((_, generation)) = review.ticking.want(&mut self.generation) else {
            return Vec::new();
        };
        vec![Effect::Compute(Box::new(Compute::Tick {
            generation,
            plan: Arc::clone(&review.plan),
            selection: Arc::clone(&review.selection),
            lines: review.list().shown.clone(),
            held: review.held_now.clone(),
        }))]
    }

    /// Asks for the tally anew: after ticks changed.
    pub(in crate::tui) fn retally(&mut self, guards: &GuardConfig) -> Vec<Effect> {
        let Some(review) = &mut self.review else {
            return Vec::new();
        };
        let Some((_, generation)) = review.tallying.want(&mut self.generation) else {
            return Vec::new();
        };
        vec![Effect::Compute(Box::new(Compute::Tally {
            generation,
            plan: Arc::clone(&review.plan),
            selection: Arc::clone(&review.selection),
            windows: review.windows,
            guards: guards.clone(),
        }))]
    }
}
