//! Syncs under way. A sync is a task of its own: a caller that hangs up stops nothing, and one that does not want to
//! wait asks later.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use super::App;
use super::reply::Problem;
use crate::error::Result;
use crate::progress::{Phase, Progress, RunEvent};
use crate::values::{PreviewRequest, RunReport};

/// Ends of syncs that are remembered; older ones are read from the database.
const REMEMBERED: usize = 64;

/// How a sync ended.
pub(super) type Ended = Result<RunReport, Problem>;

/// One sync.
#[derive(Clone, Debug)]
pub(super) struct Job {
    progress: Progress,
    phase: watch::Receiver<Option<Phase>>,
    ended: watch::Receiver<Option<Arc<Ended>>>,
}

impl Job {
    /// Waits for the end.
    pub(super) async fn ended(&self) -> Arc<Ended> {
        let mut ended = self.ended.clone();
        loop {
            if let Some(end) = ended.borrow_and_update().clone() {
                return end;
            }
            if ended.changed().await.is_err() {
                // The task is gone without a word: it panicked.
                return Arc::new(Err(Problem::internal()));
            }
        }
    }

    /// Waits until the run has its number, or has ended without one.
    pub(super) async fn started(&self) -> Result<i64, Arc<Ended>> {
        tokio::select! {
            biased;
            run_id = self.progress.started() => Ok(run_id),
            ended = self.ended() => Err(ended),
        }
    }

    /// How it ended, if it has.
    pub(super) fn end(&self) -> Option<Arc<Ended>> {
        self.ended.borrow().clone()
    }

    /// What it is at.
    pub(super) fn phase(&self) -> Option<Phase> {
        *self.phase.borrow()
    }

    /// Stops it where that costs nothing; what is being applied goes on.
    fn wind_down(&self) {
        if self.phase() < Some(Phase::Applying) {
            self.progress.cancel();
        }
    }
}

/// All syncs of this server that are under way or ended lately.
#[derive(Default)]
pub(super) struct Jobs {
    tasks: TaskTracker,
    known: Mutex<VecDeque<(i64, Job)>>,
    /// Those that have no number yet are here as well.
    active: Mutex<Vec<Job>>,
}

impl Jobs {
    /// Begins a sync.
    pub(super) fn start(&self, app: &App, request: PreviewRequest) -> Job {
        let (progress, events) = Progress::channel();
        let (phase_at, phase) = watch::channel(None);
        let (end_at, ended) = watch::channel(None);
        let job = Job {
            progress: progress.clone(),
            phase,
            ended,
        };
        // Ends when the last handle on the progress is gone, which may be long after the sync: nobody waits for it.
        tokio::spawn(follow(events, phase_at));
        let desk = app.desk().clone();
        let _not_awaited = self.outlive(async move {
            let sync = desk
                .sync_unattended(request, |_, _| Ok(()), &progress)
                .await;
            end_at.send_replace(Some(Arc::new(sync.ended.map_err(Problem::from))));
            desk.tell(&sync.notes).await;
        });
        let mut active = self.active();
        active.retain(|job| job.end().is_none());
        active.push(job.clone());
        job
    }

    /// Runs `work` to its end whatever becomes of the caller; the server waits for it when it stops. The request's id
    /// goes with it into the log.
    pub(super) fn outlive<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.tasks.spawn(work.in_current_span())
    }

    /// Remembers a sync by the number of its run.
    pub(super) fn remember(&self, run_id: i64, job: &Job) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.push_back((run_id, job.clone()));
        if known.len() > REMEMBERED {
            known.pop_front();
        }
    }

    /// The sync that is run `run_id`, if this server has it in mind.
    pub(super) fn find(&self, run_id: i64) -> Option<Job> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .iter()
            .find(|(known, _)| *known == run_id)
            .map(|(_, job)| job.clone())
    }

    /// The server stops: what has not begun to write is cancelled, what is being applied is waited for.
    pub(super) async fn settle(&self) {
        for job in self.active().iter() {
            job.wind_down();
        }
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Cancels everything.
    pub(super) fn cancel_all(&self) {
        for job in self.active().iter() {
            job.progress.cancel();
        }
    }

    fn active(&self) -> std::sync::MutexGuard<'_, Vec<Job>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps the phase that the events tell of.
async fn follow(
    mut events: mpsc::UnboundedReceiver<RunEvent>,
    phase_at: watch::Sender<Option<Phase>>,
) {
    while let Some(event) = events.recv().await {
        if let RunEvent::Phase { phase } = event {
            phase_at.send_replace(Some(phase));
        }
    }
}
