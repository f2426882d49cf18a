//! Filtering, sorting and counting a plan, beside the UI task. Pure: from values to values, with a flag to stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashSet;

use super::columns::Sort;
use super::haystack::{self, Haystack};
use super::review::Review;
use super::sort;
use super::tab::Tab;
use super::tally::{Tally, tally};
use crate::config::GuardConfig;
use crate::plan::filter::{Filter, Term};
use crate::plan::guards::WindowCounts;
use crate::plan::{Op, PerEntity, Plan, Selection};
use crate::tui::keymap::Screen;
use crate::tui::msg::{Work, Worked};

/// What is to be computed.
#[derive(Clone, Debug)]
pub(in crate::tui) enum Compute {
    /// The lines of a tab that a filter lets through, in order.
    Query {
        generation: u64,
        stop: Arc<AtomicBool>,
        plan: Arc<Plan>,
        selection: Arc<Selection>,
        tab: Tab,
        filter: Arc<Filter>,
        /// The expression itself: warnings are searched by its words.
        words: String,
        sort: Sort,
        /// The tab's lower-cased names; made by whoever needs them first.
        haystack: Arc<OnceLock<Haystack>>,
    },
    /// Makes a tab's names ready before the first key of a filter.
    Warm {
        plan: Arc<Plan>,
        tab: Tab,
        haystack: Arc<OnceLock<Haystack>>,
    },
    /// What the ticks amount to.
    Tally {
        generation: u64,
        plan: Arc<Plan>,
        selection: Arc<Selection>,
        windows: PerEntity<WindowCounts>,
        guards: GuardConfig,
    },
    /// Begins the review of a plan: its ticks are counted, its lists laid out.
    Open {
        plan: Arc<Plan>,
        guards: GuardConfig,
    },
    /// Ticks lines, or unticks them where all are ticked already.
    Tick {
        generation: u64,
        plan: Arc<Plan>,
        selection: Arc<Selection>,
        lines: Vec<u32>,
        /// Rows put on hold since the plan was made.
        held: FxHashSet<u32>,
    },
}

/// What was computed.
#[derive(Debug)]
pub(in crate::tui) enum Computed {
    Query {
        generation: u64,
        tab: Tab,
        /// `None`: stopped, because a newer one waits.
        shown: Option<Vec<u32>>,
        /// Ticks among them.
        ticked: u64,
    },
    Tally {
        generation: u64,
        tally: Tally,
    },
    /// Nothing to tell: the names are ready.
    Warmed,
    /// A plan's review may begin.
    Opened(Box<Review>),
    Ticked {
        generation: u64,
        ticks: Ticks,
    },
}

/// What ticking many lines came to.
#[derive(Debug)]
pub(in crate::tui) struct Ticks {
    /// The ticks as they are now.
    pub(in crate::tui) selection: Arc<Selection>,
    pub(in crate::tui) ticked: u64,
    pub(in crate::tui) unticked: u64,
    /// Lines that cannot be ticked.
    pub(in crate::tui) refused: u64,
}

impl Work for Compute {
    fn run(self: Box<Self>) -> Worked {
        Worked {
            screen: Screen::Preview,
            what: Box::new(self.computed()),
        }
    }
}

impl Compute {
    /// Computes; a stopped query gives nothing.
    pub(in crate::tui) fn computed(self) -> Computed {
        match self {
            Self::Query {
                generation,
                stop,
                plan,
                selection,
                tab,
                filter,
                words,
                sort,
                haystack,
            } => {
                let asked = Asked {
                    stop: &stop,
                    plan: &plan,
                    selection: &selection,
                    tab,
                    haystack: &haystack,
                };
                let shown = asked.lines(&filter, &words, sort);
                let ticked = shown.as_ref().map_or(0, |shown| asked.ticked(shown));
                Computed::Query {
                    generation,
                    tab,
                    shown,
                    ticked,
                }
            }
            Self::Warm {
                plan,
                tab,
                haystack,
            } => {
                haystack.get_or_init(|| Haystack::new(&plan, tab));
                Computed::Warmed
            }
            Self::Tally {
                generation,
                plan,
                selection,
                windows,
                guards,
            } => Computed::Tally {
                generation,
                tally: tally(&plan, &selection, &windows, &guards),
            },
            Self::Open { plan, guards } => Computed::Opened(Box::new(Review::new(plan, &guards))),
            Self::Tick {
                generation,
                plan,
                selection,
                lines,
                held,
            } => Computed::Ticked {
                generation,
                ticks: tick(&plan, selection, &lines, &held),
            },
        }
    }
}

/// Ticks `lines` where that is possible; when it changes nothing, unticks them.
fn tick(plan: &Plan, mut selection: Arc<Selection>, lines: &[u32], held: &FxHashSet<u32>) -> Ticks {
    let now = Arc::make_mut(&mut selection);
    let (mut ticked, mut refused, mut unticked) = (0, 0, 0);
    for &at in lines {
        let item = at as usize;
        if now.is_ticked(item) {
            continue;
        }
        let on_hold = plan.items[item].op == Op::SoftDelete && held.contains(&at);
        if !on_hold && now.set(plan, item, true).is_ok() {
            ticked += 1;
        } else {
            refused += 1;
        }
    }
    if ticked == 0 {
        for &at in lines {
            if now.is_ticked(at as usize) && now.set(plan, at as usize, false).is_ok() {
                unticked += 1;
            }
        }
    }
    Ticks {
        selection,
        ticked,
        unticked,
        refused,
    }
}

/// So many lines are worked on between two looks at the stop flag.
const STRIDE: usize = 4_096;

/// What a query is about.
struct Asked<'q> {
    stop: &'q AtomicBool,
    plan: &'q Plan,
    selection: &'q Selection,
    tab: Tab,
    haystack: &'q OnceLock<Haystack>,
}

impl Asked<'_> {
    /// The lines that the filter lets through, in order. `None`: stopped.
    fn lines(&self, filter: &Filter, words: &str, sort: Sort) -> Option<Vec<u32>> {
        let mut shown = if words.trim().is_empty() {
            self.tab.lines(self.plan).collect()
        } else if self.tab == Tab::Warnings {
            let needles: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
            let matching = |at: &u32| {
                let warning = self.plan.warnings.get(*at as usize);
                warning.is_some_and(|warning| warning_matches(warning, &needles))
            };
            self.tab.lines(self.plan).filter(matching).collect()
        } else {
            self.filtered(filter)?
        };
        if let Some(column) = sort.column
            && self.tab != Tab::Warnings
        {
            sort::sort(self.stop, self.plan, self.tab, column, &mut shown)?;
        }
        if sort.descending {
            shown.reverse();
        }
        if self.tab == Tab::Excluded && (sort.column.is_some() || sort.descending) {
            // Suspicious ones first, whatever the order (docs/console.md, "Tabs inside").
            let excluded = &self.plan.excluded;
            shown.sort_by_key(|&at| !excluded[at as usize].suspicious);
        }
        Some(shown)
    }

    /// Bare words are looked for in the haystack, everything else in the items that are left.
    fn filtered(&self, filter: &Filter) -> Option<Vec<u32>> {
        let bare = filter.terms.iter().any(haystack::is_bare);
        let haystack = bare.then(|| {
            self.haystack
                .get_or_init(|| Haystack::new(self.plan, self.tab))
        });
        let mut lines: Vec<u32> = match (haystack, haystack::first_word(filter)) {
            (Some(haystack), Some(word)) => haystack.find(word),
            _ => self.tab.lines(self.plan).collect(),
        };
        for term in &filter.terms {
            let mut looked = 0usize;
            let mut stopped = false;
            lines.retain(|&at| {
                looked += 1;
                stopped |= looked.is_multiple_of(STRIDE) && self.stop.load(Ordering::Relaxed);
                !stopped
                    && match haystack.filter(|_| haystack::is_bare(term)) {
                        Some(haystack) => haystack.holds(term, at),
                        None => self.holds(term, at),
                    }
            });
            if stopped {
                return None;
            }
        }
        Some(lines)
    }

    /// Whether a term holds; `selected` means the ticks as they are now, not as the plan set them first.
    fn holds(&self, term: &Term, at: u32) -> bool {
        let Some(item) = self.tab.item(self.plan, at) else {
            return false;
        };
        let ticked = self.tab == Tab::Changes && self.selection.is_ticked(at as usize);
        if ticked == item.selected {
            return term.matches(&self.plan.view_of(item));
        }
        let mut now = item.clone();
        now.selected = ticked;
        term.matches(&self.plan.view_of(&now))
    }

    /// Ticks among the lines.
    fn ticked(&self, shown: &[u32]) -> u64 {
        if self.tab != Tab::Changes {
            return 0;
        }
        let ticked = |at: &&u32| self.selection.is_ticked(**at as usize);
        shown.iter().filter(ticked).count() as u64
    }
}

fn warning_matches(warning: &crate::plan::Warning, needles: &[String]) -> bool {
    let text = format!(
        "{} {} #{} {}",
        warning.entity,
        warning.code,
        warning.impartner_id.unwrap_or_default(),
        warning.message
    )
    .to_lowercase();
    needles.iter().all(|needle| match needle.strip_prefix('-') {
        Some(not) if !not.is_empty() => !text.contains(not),
        _ => text.contains(needle.as_str()),
    })
}
