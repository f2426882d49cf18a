//! The state of screen 1, and what waits for a person: most urgent first, each with its key (docs/console.md,
//! "Conventions").

use chrono::{DateTime, Utc};

use crate::error::{Error, Kind};
use crate::tui::keymap::Screen;
use crate::tui::kit::cells::counted;
use crate::tui::kit::list::Cursor;
use crate::tui::model::Model;
use crate::tui::request::Reach;
use crate::values::{RunSummary, Status};

/// Screen 1.
#[derive(Debug, Default)]
pub(super) struct Overview {
    pub(super) status: Option<Box<Status>>,
    /// When each outside was asked last: database, Impartner, LMS.
    pub(super) asked: [Option<DateTime<Utc>>; 3],
    /// Whether the outsides are to be asked once the stored facts are here.
    pub(super) live_next: bool,
    /// Why the facts could not be had.
    pub(super) trouble: Option<String>,
    /// Recent runs, newest first: for the sparkline.
    pub(super) runs: Vec<RunSummary>,
    pub(super) cursor: Cursor,
}

impl Overview {
    /// Takes facts in. Those from the database alone do not unsay what the outsides said, and of two facts the newer one
    /// stands, whichever comes first.
    pub(super) fn take(&mut self, mut status: Box<Status>, reach: Reach) {
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

    /// The facts could not be had: what was found to answer before is not known to answer now.
    pub(super) fn fail(&mut self, error: &Error, now: DateTime<Utc>) {
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

/// Something that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    /// What it is.
    pub(super) text: String,
    /// The key that leads there.
    pub(super) key: &'static str,
    /// The screen that it leads to.
    pub(super) screen: Screen,
    /// Whether it is bad news.
    pub(super) urgent: bool,
}

/// What waits, most urgent first.
pub(super) fn waiting(model: &Model) -> Vec<Waiting> {
    let mut all = Vec::new();
    let mut add = |text: String, key, screen, urgent| {
        all.push(Waiting {
            text,
            key,
            screen,
            urgent,
        });
    };
    let status = model.overview.status.as_deref();
    if let Some(interrupted) = status.and_then(|status| status.interrupted.as_ref()) {
        add(
            format!(
                "Run {} ({}) of {} was interrupted. {}",
                interrupted.run_id, interrupted.kind, interrupted.operator, interrupted.message
            ),
            "5",
            Screen::History,
            true,
        );
    }
    if let Some(review) = &model.preview.review {
        for guard in review.tally.tripped() {
            if review.holds_back(guard) {
                add(
                    format!("Guard: {}", guard.sentence()),
                    "2",
                    Screen::Preview,
                    true,
                );
            }
        }
    }
    if let Some(status) = status {
        if status.cases.failed > 0 {
            let text = counted(status.cases.failed, "off-boarding case");
            add(
                format!("{text} failed; run again to resume."),
                "3",
                Screen::Offboarding,
                true,
            );
        }
        if status.cases.pending > 0 {
            let text = counted(status.cases.pending, "off-boarding case");
            let verb = if status.cases.pending == 1 {
                "waits"
            } else {
                "wait"
            };
            add(
                format!("{text} {verb} for a decision."),
                "3",
                Screen::Offboarding,
                false,
            );
        }
        if status.cases.approved > 0 {
            let text = counted(status.cases.approved, "approved case");
            let verb = if status.cases.approved == 1 {
                "is"
            } else {
                "are"
            };
            add(
                format!("{text} {verb} not run yet."),
                "3",
                Screen::Offboarding,
                false,
            );
        }
        if status.withheld > 0 {
            let text = counted(status.withheld, "change");
            add(
                format!("{text} withheld by a guard: preview to review."),
                "2",
                Screen::Preview,
                true,
            );
        }
        if status.carried_over > 0 {
            let text = counted(status.carried_over, "record");
            add(
                format!("{text} carried over to the next run."),
                "2",
                Screen::Preview,
                false,
            );
        }
    }
    if let Some(review) = &model.preview.review {
        let ticked = review.tally.total();
        if ticked > 0 {
            let deletes = review.tally.deletes();
            let extra = if deletes > 0 {
                format!(
                    ", {} of them soft-deletes",
                    crate::tui::kit::cells::count(deletes)
                )
            } else {
                String::new()
            };
            let text = counted(ticked, "ticked change");
            add(
                format!("A plan is under review: {text}{extra}."),
                "2",
                Screen::Preview,
                false,
            );
        } else if review.plan.totals.partners.conflict + review.plan.totals.contacts.conflict > 0 {
            add(
                "A plan with conflicts is under review.".to_owned(),
                "2",
                Screen::Preview,
                false,
            );
        }
    }
    let differing = model.certs.rows.iter().filter(|row| row.differs).count() as u64;
    if differing > 0 {
        let text = counted(differing, "partner");
        let verb = if differing == 1 { "differs" } else { "differ" };
        add(
            format!("Certifications of {text} {verb}."),
            "4",
            Screen::Certifications,
            false,
        );
    }
    all
}
