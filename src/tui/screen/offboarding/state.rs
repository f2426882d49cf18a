//! What Off-boarding knows: the cases, by state, oldest first.

use std::collections::BTreeSet;

use crate::tui::kit::list::Cursor;
use crate::tui::kit::panes::Pane;
use crate::values::{Case, CaseEntry, CaseState};

/// Screen 3.
#[derive(Debug, Default)]
pub(in crate::tui) struct Offboarding {
    /// Every case that was read.
    pub(in crate::tui) cases: Vec<Case>,
    /// Whether they were ever read.
    pub(in crate::tui) known: bool,
    pub(in crate::tui) tab: CaseTab,
    pub(in crate::tui) cursor: Cursor,
    /// Ticked cases, by id.
    pub(in crate::tui) ticked: BTreeSet<i64>,
    /// The chosen case with its live steps.
    pub(in crate::tui) live: Option<Box<Case>>,
    /// Its log, oldest first.
    pub(in crate::tui) log: Vec<CaseEntry>,
    pub(in crate::tui) pane: Pane,
    pub(in crate::tui) detail_offset: usize,
}

/// The groups of states between which `[` and `]` go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::tui) enum CaseTab {
    /// Wait for a decision.
    #[default]
    Pending,
    /// Approved, at work or failed: to be run.
    Approved,
    /// Put aside.
    Held,
    /// Done, rejected, obsolete.
    Closed,
}

impl CaseTab {
    /// All, in order.
    pub(in crate::tui) const ALL: [Self; 4] =
        [Self::Pending, Self::Approved, Self::Held, Self::Closed];

    /// What it is called.
    pub(in crate::tui) fn title(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Approved => "To run",
            Self::Held => "Held",
            Self::Closed => "Closed",
        }
    }

    /// Whether a case of `state` belongs here.
    pub(in crate::tui) fn has(self, state: CaseState) -> bool {
        match self {
            Self::Pending => state == CaseState::Pending,
            Self::Approved => matches!(
                state,
                CaseState::Approved | CaseState::Running | CaseState::Failed
            ),
            Self::Held => state == CaseState::Held,
            Self::Closed => matches!(
                state,
                CaseState::Done | CaseState::Restored | CaseState::Rejected | CaseState::Obsolete
            ),
        }
    }
}

impl Offboarding {
    /// The cases of the shown tab, oldest first.
    pub(in crate::tui) fn shown(&self) -> Vec<&Case> {
        let mut shown: Vec<&Case> = self
            .cases
            .iter()
            .filter(|case| self.tab.has(case.state))
            .collect();
        shown.sort_by_key(|case| (case.opened_at, case.case_id));
        shown
    }

    /// The chosen case; with its live steps when they are there.
    pub(in crate::tui) fn chosen(&self) -> Option<&Case> {
        let case = self.shown().get(self.cursor.at).copied()?;
        match &self.live {
            Some(live) if live.case_id == case.case_id => Some(live),
            _ => Some(case),
        }
    }

    /// The ticked cases of the shown tab; without ticks the chosen one.
    pub(in crate::tui) fn targets(&self) -> Vec<&Case> {
        let ticked: Vec<&Case> = self
            .shown()
            .into_iter()
            .filter(|case| self.ticked.contains(&case.case_id))
            .collect();
        if ticked.is_empty() {
            self.chosen().into_iter().collect()
        } else {
            ticked
        }
    }

    /// Whether what `a` does to the targets is to take them up again: they are rejected or held.
    pub(in crate::tui) fn reopens(&self) -> bool {
        let targets = self.targets();
        let shut = |case: &&Case| matches!(case.state, CaseState::Rejected | CaseState::Held);
        !targets.is_empty() && targets.iter().all(shut)
    }

    /// Takes new cases in, keeping place and ticks.
    pub(in crate::tui) fn take_in(&mut self, cases: Vec<Case>) {
        let chosen = self.chosen().map(|case| case.case_id);
        self.cases = cases;
        self.known = true;
        let alive: BTreeSet<i64> = self.cases.iter().map(|case| case.case_id).collect();
        self.ticked.retain(|id| alive.contains(id));
        let place = self
            .shown()
            .iter()
            .position(|case| Some(case.case_id) == chosen);
        let last = self.shown().len().saturating_sub(1);
        self.cursor.at = place.unwrap_or(self.cursor.at.min(last));
    }

    /// Takes a case with its live steps in.
    pub(in crate::tui) fn look(&mut self, case: &Case) {
        if let Some(old) = self
            .cases
            .iter_mut()
            .find(|old| old.case_id == case.case_id)
        {
            *old = case.clone();
        }
    }

    /// Replaces single cases: after a decision.
    pub(in crate::tui) fn merge(&mut self, changed: Vec<Case>) {
        let mut cases = std::mem::take(&mut self.cases);
        for case in changed {
            self.ticked.remove(&case.case_id);
            match cases.iter_mut().find(|old| old.case_id == case.case_id) {
                Some(old) => *old = case,
                None => cases.push(case),
            }
        }
        self.live = None;
        self.cases = cases;
        let last = self.shown().len().saturating_sub(1);
        self.cursor.at = self.cursor.at.min(last);
    }
}
