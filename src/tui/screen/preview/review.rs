//! A plan under review: its lists, its ticks and marks, and what is computed about it meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashSet;

use super::haystack::Haystack;
use super::tab::Tab;
use super::tally::{Tally, tally};
use crate::config::GuardConfig;
use crate::plan::guards::{Guard, WindowCounts};
use crate::plan::{Entity, Item, ItemView, Op, PerEntity, Plan, PlanOrigin, Release, Selection};
use crate::tui::kit::list::Cursor;

/// A plan with its ticks, as a question showed them. Both are shared with the review: while nothing changes there, they
/// are the very same.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Ticked {
    pub(in crate::tui) plan: Arc<Plan>,
    pub(in crate::tui) selection: Arc<Selection>,
}

/// A computation of which at most one runs; when it ends while a newer one is wanted, that one is started.
#[derive(Debug, Default)]
pub(in crate::tui) struct Flight {
    running: Option<Arc<AtomicBool>>,
    next: bool,
    generation: u64,
}

impl Flight {
    /// Whether one is running.
    pub(in crate::tui) fn pending(&self) -> bool {
        self.running.is_some()
    }

    /// Asks for a computation with the values of now. `Some` when it may start: its stop flag and its number. `None` when
    /// one is running: that one is told to stop, and [`Flight::land`] tells to start again.
    pub(in crate::tui) fn want(&mut self, counter: &mut u64) -> Option<(Arc<AtomicBool>, u64)> {
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

    /// Takes a result in. `None`: it is not that of the one that runs, drop it. `Some(true)`: start a newer one.
    pub(in crate::tui) fn land(&mut self, generation: u64) -> Option<bool> {
        if self.running.is_none() || generation != self.generation {
            return None;
        }
        self.running = None;
        Some(std::mem::take(&mut self.next))
    }
}

/// One list of the plan.
#[derive(Debug, Default)]
pub(in crate::tui) struct TabState {
    /// Its lower-cased names, once somebody needs them.
    pub(in crate::tui) haystack: Arc<OnceLock<Haystack>>,
    /// Its lines, filtered and sorted: indices into the plan.
    pub(in crate::tui) shown: Vec<u32>,
    pub(in crate::tui) cursor: Cursor,
}

/// A plan under review.
#[derive(Debug)]
pub(in crate::tui) struct Review {
    pub(in crate::tui) plan: Arc<Plan>,
    pub(in crate::tui) selection: Arc<Selection>,
    pub(in crate::tui) tab: Tab,
    tabs: [TabState; 3],
    pub(in crate::tui) reviewed: FxHashSet<u32>,
    /// Rows put on hold since the plan was made.
    pub(in crate::tui) held_now: FxHashSet<u32>,
    pub(in crate::tui) tally: Tally,
    /// Ticks among the lines that the filter shows.
    pub(in crate::tui) ticked_shown: u64,
    pub(in crate::tui) release: Release,
    pub(in crate::tui) query: Flight,
    pub(in crate::tui) tallying: Flight,
    /// All that are shown are being ticked.
    pub(in crate::tui) ticking: Flight,
    /// What the guards count beside the plan: as the plan says, or as it was asked for again since.
    pub(in crate::tui) windows: PerEntity<WindowCounts>,
}

impl Review {
    /// Begins the review of `plan`, with the ticks as it sets them first.
    pub(in crate::tui) fn new(plan: Arc<Plan>, guards: &GuardConfig) -> Self {
        let selection = Selection::of(&plan);
        // The plan brought its guards along: only the ticks are to be counted.
        let windows = plan.windows;
        let tally = tally(&plan, &selection, &windows, guards);
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

    /// Whether the tally does not fit the ticks yet: they are being counted, or are about to change.
    pub(in crate::tui) fn counting(&self) -> bool {
        self.tallying.pending() || self.ticking.pending() || self.query.pending()
    }

    /// The plan and its ticks, shared with whoever asks about them.
    pub(in crate::tui) fn ticked(&self) -> Ticked {
        Ticked {
            plan: Arc::clone(&self.plan),
            selection: Arc::clone(&self.selection),
        }
    }

    /// Notes that a record was put on hold since the plan was made, and unticks its soft-deletes; or that its hold was
    /// lifted. Returns whether a tick changed.
    pub(in crate::tui) fn hold(&mut self, entity: Entity, impartner_id: i64, held: bool) -> bool {
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
    pub(in crate::tui) fn untick_held(&mut self, at: u32) -> bool {
        let ticked = self.plan.items[at as usize].op == Op::SoftDelete
            && self.selection.is_ticked(at as usize)
            && self.set_tick(at, false).is_ok();
        if ticked {
            self.ticked_shown = self.ticked_shown.saturating_sub(1);
        }
        ticked
    }

    /// The list that is shown.
    pub(in crate::tui) fn list(&self) -> &TabState {
        &self.tabs[self.tab as usize]
    }

    /// The list that is shown.
    pub(in crate::tui) fn list_mut(&mut self) -> &mut TabState {
        &mut self.tabs[self.tab as usize]
    }

    /// The chosen line: an index into the plan's items, excluded items or warnings.
    pub(in crate::tui) fn chosen(&self) -> Option<u32> {
        let list = self.list();
        list.shown.get(list.cursor.at).copied()
    }

    /// The chosen item.
    pub(in crate::tui) fn item(&self) -> Option<&Item> {
        self.tab.item(&self.plan, self.chosen()?)
    }

    /// The chosen item with its texts.
    pub(in crate::tui) fn view(&self) -> Option<ItemView<'_>> {
        self.item().map(|item| self.plan.view_of(item))
    }

    /// The item of a line of the shown tab, with its texts.
    pub(in crate::tui) fn view_at(&self, at: u32) -> Option<ItemView<'_>> {
        let item = self.tab.item(&self.plan, at)?;
        Some(self.plan.view_of(item))
    }

    /// Whether an item is held: when the plan was made, or since.
    pub(in crate::tui) fn is_held(&self, at: u32) -> bool {
        self.held_now.contains(&at)
            || self
                .plan
                .items
                .get(at as usize)
                .is_some_and(|item| item.held)
    }

    /// Ticks or unticks an item; what cannot be ticked says why.
    pub(in crate::tui) fn set_tick(&mut self, at: u32, ticked: bool) -> Result<(), &'static str> {
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
    pub(in crate::tui) fn notable(&self, at: u32) -> bool {
        match self.tab.item(&self.plan, at) {
            Some(item) if self.tab == Tab::Excluded => item.suspicious,
            Some(item) => {
                matches!(item.op, Op::SoftDelete | Op::Conflict)
            }
            None => true,
        }
    }

    /// The run that this plan undoes.
    pub(in crate::tui) fn undoes(&self) -> Option<i64> {
        match self.plan.origin {
            PlanOrigin::Undo { run_id } => Some(run_id),
            PlanOrigin::Sync => None,
        }
    }

    /// Whether the release that was given still fits the ticks.
    pub(in crate::tui) fn release_fits(&self) -> bool {
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

    /// Whether a tripped guard still withholds rows: it was not released, or it cannot be.
    pub(in crate::tui) fn holds_back(&self, guard: &Guard) -> bool {
        !guard.rule.can_be_released() || guard.rule.withholds().iter().any(|&op| self.withheld(op))
    }

    /// Whether a tripped guard withholds `op` and nobody released it.
    pub(in crate::tui) fn withheld(&self, op: Op) -> bool {
        let released = match op {
            Op::SoftDelete => self.release.deletes.is_some(),
            _ => self.release.updates.is_some(),
        };
        self.tally.withholds(op) && !released
    }

    /// Shows new lines, keeping the chosen record where it still is.
    pub(super) fn publish(&mut self, shown: Vec<u32>, ticked: u64) {
        let chosen = self.chosen();
        let list = self.list_mut();
        let place = chosen.and_then(|chosen| shown.iter().position(|&at| at == chosen));
        list.shown = shown;
        list.cursor = Cursor {
            at: place.unwrap_or(0),
            offset: list.cursor.offset,
        };
        if self.tab == Tab::Changes {
            self.ticked_shown = ticked;
        }
    }
}
