//! The state of screen 2: the plan under review, its ticks, filter, order and marks.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashSet;
use tui_input::Input;

use crate::config::GuardConfig;
use crate::plan::filter::{Filter, FilterError};
use crate::plan::guards::{Guard, WindowCounts};
use crate::plan::{Entity, Item, ItemView, Op, PerEntity, Plan, PlanOrigin, Release, Selection};
use crate::tui::kit::list::Cursor;
use crate::tui::kit::panes::{Fields, Pane};
use crate::tui::msg::Effect;
use crate::tui::screen::preview::columns::Sort;
use crate::tui::screen::preview::haystack::Haystack;
use crate::tui::screen::preview::query::Compute;
use crate::tui::screen::preview::tab::Tab;
use crate::tui::screen::preview::tally::Tally;

/// Screen 2.
#[derive(Debug, Default)]
pub(super) struct Preview {
    /// The plan under review; `None` before the first preview and after an apply.
    pub(super) review: Option<Review>,
    /// Whether a new plan is here and its review about to begin: keys about the old one wait, and are dropped with it.
    pub(super) opening: bool,
    pub(super) filter: FilterBox,
    pub(super) sort: Sort,
    pub(super) fields: Fields,
    pub(super) pane: Pane,
    pub(super) detail_offset: usize,
    /// The result of the last apply; shown until the next preview.
    pub(super) last: Vec<crate::tui::kit::tone::ToneLine>,
    /// Numbers queries and tallies, for this plan and those after it.
    pub(super) generation: u64,
}

/// The box after `/`.
#[derive(Debug, Default)]
pub(super) struct FilterBox {
    pub(super) input: Input,
    pub(super) focused: bool,
    pub(super) error: Option<FilterError>,
    /// Expressions that were left with Enter, oldest first.
    pub(super) history: Vec<String>,
    /// Where Up and Down are in the history.
    pub(super) recall: Option<usize>,
    /// The last expression that parsed; what the list shows.
    pub(super) filter: Arc<Filter>,
    pub(super) words: String,
}

impl FilterBox {
    /// Expressions that are kept.
    pub(super) const HISTORY: usize = 50;

    /// Takes what stands in the box; an expression that does not parse leaves the last one in force.
    pub(super) fn read(&mut self) -> bool {
        match Filter::parse(self.input.value()) {
            Ok(filter) => {
                self.error = None;
                self.filter = Arc::new(filter);
                self.words = self.input.value().to_owned();
                true
            }
            Err(error) => {
                self.error = Some(error);
                false
            }
        }
    }

    /// Keeps the expression for Up and Down, and for the next start.
    pub(super) fn remember(&mut self) {
        let words = self.input.value().trim().to_owned();
        if words.is_empty() || self.error.is_some() {
            return;
        }
        self.history.retain(|old| *old != words);
        self.history.push(words);
        if self.history.len() > Self::HISTORY {
            self.history.remove(0);
        }
    }

    /// Whether the list is narrowed.
    pub(super) fn active(&self) -> bool {
        !self.words.trim().is_empty()
    }
}

/// Work beside the UI task of which one may run and one may wait.
#[derive(Debug, Default)]
pub(super) struct Flight {
    running: Option<Arc<AtomicBool>>,
    next: bool,
    generation: u64,
}

impl Flight {
    /// Whether an answer is still to come.
    pub(super) fn pending(&self) -> bool {
        self.running.is_some()
    }

    /// Wants an answer for what is true now; `Some` when it may start, with its flag and number. One that runs is
    /// told to stop, and the caller starts again when it answers.
    pub(super) fn want(&mut self, counter: &mut u64) -> Option<(Arc<AtomicBool>, u64)> {
        if let Some(stop) = &self.running {
            stop.store(true, Ordering::Relaxed);
            self.next = true;
            return None;
        }
        *counter += 1;
        self.generation = *counter;
        let stop = Arc::new(AtomicBool::new(false));
        self.running = Some(Arc::clone(&stop));
        self.next = false;
        Some((stop, self.generation))
    }

    /// Takes an answer in. `None`: not ours, drop it. `Some(true)`: a newer one is wanted, start again.
    pub(super) fn land(&mut self, generation: u64) -> Option<bool> {
        if self.running.is_none() || generation != self.generation {
            return None;
        }
        self.running = None;
        Some(std::mem::take(&mut self.next))
    }
}

/// One list of the plan.
#[derive(Debug, Default)]
pub(super) struct TabState {
    /// Its lower-cased names, once somebody needs them.
    pub(super) haystack: Arc<OnceLock<Haystack>>,
    /// Its lines, filtered and sorted: indices into the plan.
    pub(super) shown: Vec<u32>,
    pub(super) cursor: Cursor,
}

/// A plan under review.
#[derive(Debug)]
pub(super) struct Review {
    pub(super) plan: Arc<Plan>,
    pub(super) selection: Arc<Selection>,
    pub(super) tab: Tab,
    tabs: [TabState; 3],
    pub(super) reviewed: FxHashSet<u32>,
    /// Rows put on hold since the plan was made.
    pub(super) held_now: FxHashSet<u32>,
    pub(super) tally: Tally,
    /// Ticks among the lines that the filter shows.
    pub(super) ticked_shown: u64,
    pub(super) release: Release,
    pub(super) query: Flight,
    pub(super) tallying: Flight,
    /// All that are shown are being ticked.
    pub(super) ticking: Flight,
    /// What the guards count beside the plan: as the plan says, or as it was asked for again since.
    pub(super) windows: PerEntity<WindowCounts>,
}

impl Review {
    /// Begins the review of `plan`, with the ticks as it sets them first.
    pub(super) fn new(plan: Arc<Plan>, guards: &GuardConfig) -> Self {
        let selection = Selection::of(&plan);
        // The plan brought its guards along: only the ticks are to be counted.
        let windows = plan.windows;
        let tally = crate::tui::screen::preview::tally::tally(&plan, &selection, &windows, guards);
        let all = |tab: Tab| TabState {
            shown: tab.lines(&plan).collect(),
            cursor: Cursor::default(),
            haystack: Arc::default(),
        };
        let tabs = Tab::ALL.map(all);
        Self {
            ticked_shown: tally.total(),
            selection: Arc::new(selection),
            tab: Tab::Changes,
            tabs,
            reviewed: FxHashSet::default(),
            held_now: FxHashSet::default(),
            tally,
            release: Release::default(),
            query: Flight::default(),
            tallying: Flight::default(),
            ticking: Flight::default(),
            windows,
            plan,
        }
    }

    /// Whether the ticks are not yet counted that stand there, or will stand there.
    pub(super) fn counting(&self) -> bool {
        self.tallying.pending() || self.ticking.pending() || self.query.pending()
    }

    /// The plan and its ticks, shared with whoever asks about them.
    pub(super) fn ticked(&self) -> Ticked {
        Ticked {
            plan: Arc::clone(&self.plan),
            selection: Arc::clone(&self.selection),
        }
    }

    /// Notes that a record is on hold since the plan was made, and unticks its soft-deletes; or that it is not any more.
    /// Whether a tick changed.
    pub(super) fn hold(&mut self, entity: Entity, impartner_id: i64, held: bool) -> bool {
        let mut changed = false;
        for at in 0..self.plan.items.len() {
            let item = &self.plan.items[at];
            let it = item.entity == entity
                && (item.impartner_id == Some(impartner_id)
                    || item.impartner_before == Some(impartner_id));
            let Some(line) = u32::try_from(at).ok().filter(|_| it) else {
                continue;
            };
            if held {
                self.held_now.insert(line);
                changed |= self.untick_held(line);
            } else {
                self.held_now.remove(&line);
            }
        }
        changed
    }

    /// Unticks a soft-delete that is on hold; whether it was ticked.
    pub(super) fn untick_held(&mut self, at: u32) -> bool {
        let ticked = self.plan.items[at as usize].op == Op::SoftDelete
            && self.selection.is_ticked(at as usize)
            && self.set_tick(at, false).is_ok();
        if ticked {
            self.ticked_shown = self.ticked_shown.saturating_sub(1);
        }
        ticked
    }

    /// The list that is shown.
    pub(super) fn list(&self) -> &TabState {
        &self.tabs[self.tab as usize]
    }

    /// The list that is shown.
    pub(super) fn list_mut(&mut self) -> &mut TabState {
        &mut self.tabs[self.tab as usize]
    }

    /// The chosen line: an index into the plan's items, excluded items or warnings.
    pub(super) fn chosen(&self) -> Option<u32> {
        let list = self.list();
        list.shown.get(list.cursor.at).copied()
    }

    /// The chosen item.
    pub(super) fn item(&self) -> Option<&Item> {
        self.tab.item(&self.plan, self.chosen()?)
    }

    /// The chosen item with its texts.
    pub(super) fn view(&self) -> Option<ItemView<'_>> {
        self.item().map(|item| self.plan.view_of(item))
    }

    /// The item of a line of the shown tab, with its texts.
    pub(super) fn view_at(&self, at: u32) -> Option<ItemView<'_>> {
        let item = self.tab.item(&self.plan, at)?;
        Some(self.plan.view_of(item))
    }

    /// Whether an item is held: when the plan was made, or since.
    pub(super) fn is_held(&self, at: u32) -> bool {
        self.held_now.contains(&at)
            || self
                .plan
                .items
                .get(at as usize)
                .is_some_and(|item| item.held)
    }

    /// Ticks or unticks an item; what cannot be ticked says why.
    pub(super) fn set_tick(&mut self, at: u32, ticked: bool) -> Result<(), &'static str> {
        let item = &self.plan.items[at as usize];
        if ticked && item.op == Op::SoftDelete && self.held_now.contains(&at) {
            return Err("the row is on hold; lift the hold first");
        }
        if self.selection.is_ticked(at as usize) == ticked {
            return if ticked {
                Ok(())
            } else {
                self.plan.view(at as usize).tickable()
            };
        }
        let selection = Arc::make_mut(&mut self.selection);
        selection.set(&self.plan, at as usize, ticked)
    }

    /// Whether the line is one that people look for: a soft-delete, a conflict, a suspicious exclusion; every warning.
    pub(super) fn notable(&self, at: u32) -> bool {
        match self.tab.item(&self.plan, at) {
            Some(item) if self.tab == Tab::Excluded => item.suspicious,
            Some(item) => {
                matches!(item.op, Op::SoftDelete | Op::Conflict)
            }
            None => true,
        }
    }

    /// The run that this plan undoes.
    pub(super) fn undoes(&self) -> Option<i64> {
        match self.plan.origin {
            PlanOrigin::Undo { run_id } => Some(run_id),
            PlanOrigin::Sync => None,
        }
    }

    /// Whether the release that was given still fits the ticks.
    pub(super) fn release_fits(&self) -> bool {
        let deletes = self
            .release
            .deletes
            .is_none_or(|n| n == self.tally.releasable_deletes());
        let updates = self
            .release
            .updates
            .is_none_or(|n| n == self.tally.updates());
        deletes && updates
    }

    /// Whether a tripped guard withholds what it can: nobody released it, or nobody can.
    pub(super) fn holds_back(&self, guard: &Guard) -> bool {
        !guard.rule.can_be_released() || guard.rule.withholds().iter().any(|&op| self.withheld(op))
    }

    /// Whether a tripped guard withholds `op` and nobody released it.
    pub(super) fn withheld(&self, op: Op) -> bool {
        let released = match op {
            Op::SoftDelete => self.release.deletes.is_some(),
            _ => self.release.updates.is_some(),
        };
        self.tally.withholds(op) && !released
    }
}

/// A plan with its ticks, as a question showed them. Both are shared with the review: while nothing changes there, they
/// are the very same.
#[derive(Clone, Debug)]
pub(super) struct Ticked {
    pub(super) plan: Arc<Plan>,
    pub(super) selection: Arc<Selection>,
}

/// Ticked changes that are not in the list on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hidden {
    /// None.
    None,
    /// So many: the filter hides them.
    Ticked(u64),
    /// There is a filter, and the list of changes is not the one on screen.
    Perhaps,
}

impl Preview {
    /// What the filter hides of the ticked changes.
    pub(super) fn hidden(&self) -> Hidden {
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
    pub(super) fn requery(&mut self) -> Vec<Effect> {
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
    pub(super) fn warm(&self) -> Vec<Effect> {
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
    pub(super) fn give_up(&mut self) {
        self.opening = false;
        if let Some(review) = &mut self.review {
            review.query = Flight::default();
            review.tallying = Flight::default();
            review.ticking = Flight::default();
        }
    }

    /// Ticks all lines that are shown, or unticks them.
    pub(super) fn tick_shown(&mut self) -> Vec<Effect> {
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
    pub(super) fn retally(&mut self, guards: &GuardConfig) -> Vec<Effect> {
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
