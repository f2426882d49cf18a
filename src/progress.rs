//! The one stream of events from the core, and the way to cancel it.
//!
//! Console, command line, JSON, log and run record are all fed from [`RunEvent`] (ARCHITECTURE.md, "Shapes").

use std::sync::Arc;

use serde::Serialize;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::entity::Entity;

/// What the core says while it works. Numbers are totals so far, never increments.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum RunEvent {
    /// A phase began; phases come in the order of [`Phase`].
    Phase {
        /// Which.
        phase: Phase,
    },
    /// Pages of a listing arrived.
    Reading {
        /// Whose listing.
        entity: Entity,
        /// Pages read.
        pages: u64,
        /// Records read.
        read: u64,
        /// Records in all, where the source gives a count.
        count: Option<u64>,
        /// Requests that had to be repeated.
        retries: u64,
        /// 1, or more when the listing was not proved and is read again.
        attempt: u32,
    },
    /// Records are asked for by id.
    Checking {
        /// Whose records.
        entity: Entity,
        /// Answered so far.
        done: u64,
        /// In all.
        total: u64,
    },
    /// Rows are written.
    Writing {
        /// Whose rows.
        entity: Entity,
        /// Written so far.
        done: u64,
        /// In all.
        total: u64,
    },
    /// Any other countable work: LMS pages, off-boarding steps, certification pushes.
    Working {
        /// What is counted, as a plural noun: "groups", "steps".
        what: String,
        /// Done so far.
        done: u64,
        /// In all, where known.
        total: Option<u64>,
    },
    /// The point after which cancelling no longer rolls back.
    CommitStarted,
    /// Something a person should know now; one sentence.
    Notice {
        /// The sentence.
        message: String,
    },
}

/// The phases of a run, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Taking the lease, opening the run record.
    Starting,
    /// Reading listings and tables.
    Reading,
    /// By-id checks.
    Checking,
    /// Filter, match, diff, guard.
    Planning,
    /// The transaction.
    Applying,
    /// Calls to the LMS.
    Offboarding,
    /// Pushing certification counts.
    Pushing,
    /// Reading the LMS.
    Refreshing,
}

impl Phase {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Reading => "reading",
            Self::Checking => "checking",
            Self::Planning => "planning",
            Self::Applying => "applying",
            Self::Offboarding => "offboarding",
            Self::Pushing => "pushing",
            Self::Refreshing => "refreshing",
        }
    }
}

/// A handle that the core reports to and asks whether it was cancelled. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    sender: Option<mpsc::UnboundedSender<RunEvent>>,
    cancel: CancellationToken,
    /// The run that this work opened, once its record is committed.
    run: Arc<watch::Sender<Option<i64>>>,
}

impl Progress {
    /// A handle nobody listens to and nobody cancels.
    pub fn silent() -> Self {
        Self::default()
    }

    /// A handle and the stream of its events.
    pub fn channel() -> (Self, mpsc::UnboundedReceiver<RunEvent>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (
            Self {
                sender: Some(sender),
                ..Self::default()
            },
            receiver,
        )
    }

    /// Reports an event; a listener that went away is no error.
    pub fn report(&self, event: RunEvent) {
        tracing::debug!(?event, "progress");
        if let Some(sender) = &self.sender {
            let _listener_gone = sender.send(event);
        }
    }

    /// Reports that a phase began.
    pub fn phase(&self, phase: Phase) {
        self.report(RunEvent::Phase { phase });
    }

    /// Says which run this work is, as soon as its record is committed: a caller that does not wait for the end has
    /// something to ask for.
    pub fn run_started(&self, run_id: i64) {
        self.run.send_replace(Some(run_id));
    }

    /// Waits until the work says which run it is.
    pub async fn started(&self) -> i64 {
        let mut run = self.run.subscribe();
        loop {
            if let Some(run_id) = *run.borrow_and_update() {
                return run_id;
            }
            if run.changed().await.is_err() {
                // The sender lives as long as `self`, so this is never reached.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Asks the work to stop at the next point where it can do so cleanly.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Whether somebody asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Completes when somebody asks to stop; for `select!`.
    pub fn cancel_token(&self) -> &CancellationToken {
        &self.cancel
    }
}
