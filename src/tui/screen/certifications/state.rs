//! What Certifications knows: figures, ours beside Impartner's.

use std::collections::{BTreeMap, BTreeSet};

use crate::tui::kit::list::Cursor;
use crate::tui::kit::panes::Fields;
use crate::values::{CertReport, CertRow};

/// Screen 4.
#[derive(Debug, Default)]
pub(in crate::tui) struct Certifications {
    pub(in crate::tui) rows: Vec<CertRow>,
    /// Whether a comparison was ever made.
    pub(in crate::tui) known: bool,
    /// Only differences, or all.
    pub(in crate::tui) shows: Fields,
    pub(in crate::tui) cursor: Cursor,
    /// Ticked partners, by row id.
    pub(in crate::tui) ticked: BTreeSet<i64>,
    /// The result of the last push, by row id.
    pub(in crate::tui) results: BTreeMap<i64, PushResult>,
}

/// How the last push ended for one partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tui) enum PushResult {
    Ok,
    /// `failed` or `unknown`, with the API's message.
    Fault(String),
}

impl Certifications {
    /// The partners that are shown.
    pub(in crate::tui) fn shown(&self) -> Vec<&CertRow> {
        self.rows
            .iter()
            .filter(|row| {
                self.shows == Fields::All || row.differs || self.results.contains_key(&row.row_id)
            })
            .collect()
    }

    /// The chosen partner.
    pub(in crate::tui) fn chosen(&self) -> Option<&CertRow> {
        self.shown().get(self.cursor.at).copied()
    }

    /// Why a partner cannot be ticked; `None` when it can.
    pub(in crate::tui) fn not_tickable(row: &CertRow) -> Option<&'static str> {
        if !row.differs {
            Some("Impartner holds these figures already; there is nothing to push.")
        } else if row.impartner_id.is_none() {
            Some("The account was not found in Impartner; see its note.")
        } else {
            None
        }
    }

    /// Takes a new comparison in: differences are ticked at first.
    pub(in crate::tui) fn take_in(&mut self, rows: Vec<CertRow>) {
        self.ticked = rows
            .iter()
            .filter(|row| Self::not_tickable(row).is_none())
            .map(|row| row.row_id)
            .collect();
        self.rows = rows;
        self.known = true;
        self.results.clear();
        self.cursor = Cursor::default();
    }

    /// Forgets the comparison: a push ended early, so nobody knows what Impartner holds now.
    pub(in crate::tui) fn forget(&mut self) {
        *self = Self {
            shows: self.shows,
            ..Self::default()
        };
    }

    /// Takes the result of a push of `asked` partners in. "Pushed" is said of those only that the report names.
    pub(in crate::tui) fn settle(&mut self, asked: &[CertRow], report: &CertReport) {
        self.results.clear();
        for asked in asked {
            let row_id = asked.row_id;
            let mut not_pushed = report.failed.iter().chain(&report.withheld);
            let fault = not_pushed.find(|fault| fault.row_id == row_id);
            if let Some(fault) = fault {
                let said = format!("{}: {}", fault.status, fault.message);
                self.results.insert(row_id, PushResult::Fault(said));
                continue;
            }
            self.ticked.remove(&row_id);
            if let Some(row) = self.rows.iter_mut().find(|row| row.row_id == row_id) {
                row.remote = Some(row.local);
                row.differs = false;
            }
            if report.rows.contains(&row_id) {
                self.results.insert(row_id, PushResult::Ok);
            }
        }
    }
}
