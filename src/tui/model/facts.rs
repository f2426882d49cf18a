//! The facts that more than one screen shows: what the core says of rows, outsides and cases, and the runs.

use chrono::{DateTime, Utc};

use crate::error::{Error, Kind};
use crate::tui::request::Reach;
use crate::values::{RunSummary, Status};

/// What all screens know of how things stand.
#[derive(Debug, Default)]
pub(in crate::tui) struct Facts {
    pub(in crate::tui) status: Option<Box<Status>>,
    /// When each outside was asked last: database, Impartner, LMS.
    pub(in crate::tui) asked: [Option<DateTime<Utc>>; 3],
    /// Whether the outsides are to be asked once the stored facts are here.
    pub(in crate::tui) live_next: bool,
    /// Why the facts could not be read.
    pub(in crate::tui) trouble: Option<String>,
    /// Recent runs, newest first.
    pub(in crate::tui) runs: Vec<RunSummary>,
    /// Whether the runs were ever read.
    pub(in crate::tui) runs_known: bool,
}

impl Facts {
    /// Takes facts in. What the database alone knows does not replace what Impartner and the LMS answered when they were
    /// asked; else the newer facts win, in whichever order they arrive.
    pub(in crate::tui) fn take(&mut self, mut status: Box<Status>, reach: Reach) {
        self.trouble = None;
        let live = reach == Reach::Live;
        if let Some(known) = self.status.take() {
            let mut newest = if known.at > status.at {
                let mut newest = known.clone();
                newest.impartner = status.impartner.clone();
                newest.lms = status.lms.clone();
                newest
            } else {
                status
            };
            if !live {
                newest.impartner = known.impartner;
                newest.lms = known.lms;
            }
            status = newest;
        }
        self.asked[0] = Some(status.at);
        if live {
            self.asked[1] = Some(status.at);
            self.asked[2] = Some(status.at);
        }
        self.status = Some(status);
    }

    /// The facts could not be read. What answered before may not answer now, so it is shown as not asked since.
    pub(in crate::tui) fn fail(&mut self, error: &Error, now: DateTime<Utc>) {
        self.trouble = Some(crate::text::safe_lines(&error.message));
        self.live_next = false;
        let Some(status) = &mut self.status else {
            return;
        };
        let first = error.message.lines().next().unwrap_or_default().to_owned();
        status.database.reachable = (error.kind == Kind::Database).then_some(false);
        status.database.latency_ms = None;
        status.database.detail = Some(first);
        self.asked[0] = Some(now);
        for outside in [&mut status.impartner, &mut status.lms] {
            if outside.reachable == Some(true) {
                outside.reachable = None;
                outside.latency_ms = None;
                outside.detail = Some("answered, and was not asked since".to_owned());
            }
        }
    }
}
