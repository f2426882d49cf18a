//! Work under way: what the events of the core add up to.

pub(super) mod panel;

use std::fmt::Write as _;

use chrono::{DateTime, Duration, Utc};

use crate::plan::Entity;
use crate::progress::{Phase, RunEvent};
use crate::tui::kit::cells::{count, span};
use crate::tui::request::{Request, Ticket};

/// Long work, seen from the console.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// Its ticket: answers and events carry it.
    pub(super) ticket: Ticket,
    /// What it was asked to do.
    pub(super) request: Request,
    /// When it was asked.
    pub(super) started: DateTime<Utc>,
    /// Where it is.
    pub(super) phase: Option<Phase>,
    /// One line for each thing that is counted, in the order in which they came up.
    pub(super) lines: Vec<Counted>,
    /// The last thing a person should know.
    pub(super) notice: Option<String>,
    /// Whether it can no longer be rolled back.
    pub(super) committing: bool,
    /// Whether somebody asked it to stop.
    pub(super) cancelled: bool,
}

/// Something that is counted while it goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    /// What: "Reading partners".
    pub(super) what: String,
    /// So far.
    pub(super) done: u64,
    /// In all, where known.
    pub(super) total: Option<u64>,
    /// "22 pages, 3 retries".
    pub(super) extra: String,
    /// When it was first heard of.
    pub(super) since: DateTime<Utc>,
    /// When it last moved.
    pub(super) moved: DateTime<Utc>,
}

impl Counted {
    /// How many a second, on average so far.
    pub(super) fn rate(&self) -> Option<f64> {
        let seconds = (self.moved - self.since).num_milliseconds() as f64 / 1000.0;
        (seconds > 0.5 && self.done > 0).then(|| self.done as f64 / seconds)
    }

    /// The time left, where it can be told.
    pub(super) fn left(&self) -> Option<Duration> {
        let (rate, total) = (self.rate()?, self.total?);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "seconds left; a wrong estimate harms nobody"
        )]
        let seconds = (total.saturating_sub(self.done) as f64 / rate).ceil() as i64;
        Duration::try_seconds(seconds)
    }

    /// The share done, 0 to 1.
    pub(super) fn share(&self) -> Option<f64> {
        let total = self.total.filter(|&total| total > 0)?;
        Some((self.done as f64 / total as f64).min(1.0))
    }

    /// "1,200 of 2,137, 22 pages, 610/s, 2 s left".
    pub(super) fn words(&self) -> String {
        let mut words = match self.total {
            Some(total) => format!("{} of {}", count(self.done), count(total)),
            None => count(self.done),
        };
        if !self.extra.is_empty() {
            words.push_str(", ");
            words.push_str(&self.extra);
        }
        let finished = self.total.is_some_and(|total| self.done >= total);
        if let Some(rate) = self.rate().filter(|_| !finished) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a rate is positive and small"
            )]
            let whole = rate.round() as u64;
            let _ = write!(words, ", {}/s", count(whole));
            if let Some(left) = self.left() {
                let _ = write!(words, ", {} left", span(left));
            }
        }
        words
    }
}

impl Job {
    /// Work that begins now.
    pub(super) fn new(ticket: Ticket, request: Request, now: DateTime<Utc>) -> Self {
        Self {
            ticket,
            request,
            started: now,
            phase: None,
            lines: Vec::new(),
            notice: None,
            committing: false,
            cancelled: false,
        }
    }

    /// Short work shows nothing: a gauge that flashes tells nobody anything (docs/console.md, "Conventions": 250 ms).
    pub(super) fn visible(&self, now: DateTime<Utc>) -> bool {
        now - self.started >= Self::QUIET
    }

    /// How long work goes on before it is shown.
    pub(super) const QUIET: Duration = Duration::milliseconds(250);

    /// Takes in an event.
    pub(super) fn take(&mut self, event: RunEvent, now: DateTime<Utc>) {
        match event {
            RunEvent::Phase { phase } => self.phase = Some(phase),
            RunEvent::Reading {
                entity,
                pages,
                read,
                count: total,
                retries,
                attempt,
            } => {
                let mut extra = crate::tui::kit::cells::counted(pages, "page");
                if retries > 0 {
                    let _ = write!(extra, ", {retries} retried");
                }
                if attempt > 1 {
                    let _ = write!(extra, ", reading {attempt} of 3");
                }
                self.line(format!("Reading {entity}"), read, total, extra, now);
            }
            RunEvent::Checking {
                entity,
                done,
                total,
            } => self.entity_line("Checking", entity, done, total, now),
            RunEvent::Writing {
                entity,
                done,
                total,
            } => self.entity_line("Writing", entity, done, total, now),
            RunEvent::Working { what, done, total } => {
                let what = crate::text::safe(&what);
                self.line(
                    format!("Working on {what}"),
                    done,
                    total,
                    String::new(),
                    now,
                );
            }
            RunEvent::CommitStarted => self.committing = true,
            RunEvent::Notice { message } => self.notice = Some(crate::text::safe(&message)),
        }
    }

    fn entity_line(
        &mut self,
        verb: &str,
        entity: Entity,
        done: u64,
        total: u64,
        now: DateTime<Utc>,
    ) {
        self.line(
            format!("{verb} {entity}"),
            done,
            Some(total),
            String::new(),
            now,
        );
    }

    fn line(
        &mut self,
        what: String,
        done: u64,
        total: Option<u64>,
        extra: String,
        now: DateTime<Utc>,
    ) {
        if let Some(line) = self.lines.iter_mut().find(|line| line.what == what) {
            // A listing that is read again starts from nothing; so does its rate.
            if done < line.done {
                line.since = now;
            }
            line.done = done;
            line.total = total;
            line.extra = extra;
            line.moved = now;
        } else {
            self.lines.push(Counted {
                what,
                done,
                total,
                extra,
                since: now,
                moved: now,
            });
        }
    }

    /// The line that moved last.
    pub(super) fn current(&self) -> Option<&Counted> {
        self.lines.iter().max_by_key(|line| line.moved)
    }

    /// What it is doing, in a few words.
    pub(super) fn doing(&self) -> String {
        if self.cancelled && !self.committing {
            return "stopping".to_owned();
        }
        match self.phase {
            None | Some(Phase::Starting) => "starting".to_owned(),
            Some(Phase::Planning) => "comparing".to_owned(),
            Some(_) => self
                .current()
                .map_or_else(|| "at work".to_owned(), |line| line.what.to_lowercase()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Mode;
    use crate::plan::Scope;
    use crate::tui::request::Lane;
    use crate::values::PreviewRequest;

    #[test]
    fn events_add_up_to_words() {
        let start = DateTime::from_timestamp(1_000, 0).unwrap();
        let ticket = Ticket {
            lane: Lane::Work,
            generation: 1,
        };
        let request = Request::Preview(PreviewRequest {
            scope: Scope::All,
            mode: Mode::Full,
        });
        let mut job = Job::new(ticket, request, start);
        assert!(!job.visible(start));
        assert!(job.visible(start + Duration::milliseconds(250)));
        let reading = |read, pages| RunEvent::Reading {
            entity: Entity::Partners,
            pages,
            read,
            count: Some(2_000),
            retries: 1,
            attempt: 1,
        };
        job.take(
            RunEvent::Phase {
                phase: Phase::Reading,
            },
            start,
        );
        job.take(reading(0, 0), start);
        job.take(reading(1_000, 10), start + Duration::seconds(2));
        let line = job.current().unwrap();
        assert_eq!(
            line.words(),
            "1,000 of 2,000, 10 pages, 1 retried, 500/s, 2 s left"
        );
        assert_eq!(job.doing(), "reading partners");
    }
}
