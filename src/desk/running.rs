//! A run from its first moment: the lease is taken, the run record committed as `running`, and whatever happens the
//! record is closed (docs/rules.md, "Applying").

use std::sync::Arc;

use super::reading::Wanted;
use super::{Choice, Desk};
use crate::error::{Error, Kind, Result};
use crate::plan::{Mode, PerEntity, Plan, PlanOrigin, Selection};
use crate::progress::{Phase, Progress, RunEvent};
use crate::store::{Lease, LeaseClaim, NewRun, StoreError};
use crate::values::{PreviewRequest, Records, RunReport, RunStatus};

/// Transactions that a deadlock, a lock wait or a lost connection undid are begun again this often.
pub(super) const ATTEMPTS: u32 = 4;

/// A run that holds the lease: what is under way and how to end it.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) run_id: i64,
    pub(super) lease: Lease,
}

impl Running {
    /// Gives the lease back. What the run did is done, whether that can be or not: a lease that stays runs out by itself.
    pub(super) async fn give_back(self) {
        if let Err(error) = self.lease.release().await {
            tracing::warn!(run = self.run_id, %error, "the lease could not be given back; it runs out by itself");
        }
    }

    /// Before a write that no transaction of the run protects: the lease is still ours. `so_far` says what was written
    /// before, and stays.
    pub(super) async fn confirm(&self, so_far: &str) -> Result<()> {
        match self.lease.confirm().await {
            Err(StoreError::LeaseLost) => Err(lease_lost(so_far)),
            confirmed => Ok(confirmed?),
        }
    }
}

/// The lease went to somebody else while a run was at work that has no transaction around it.
fn lease_lost(so_far: &str) -> Error {
    Error::new(
        Kind::Leased,
        "lease_lost",
        format!("The lease went to somebody else. {so_far}"),
    )
    .help("Wait until the other run is done (`prmdesk status`), then run it again: only what still differs is written.")
}

/// A plan that was made under the lease, waiting for somebody to say what of it is applied. Dropping it without
/// [`Prepared::apply`] or [`Prepared::abandon`] leaves the lease to expire and the run to be found interrupted.
#[derive(Debug)]
pub struct Prepared {
    /// The plan to review. Shared, because a plan of a million rows is held once, also by who reports on it later.
    pub plan: Arc<Plan>,
    desk: Desk,
    running: Running,
}

impl Prepared {
    /// The run that this is.
    pub fn run_id(&self) -> i64 {
        self.running.run_id
    }

    /// Applies what was chosen.
    pub async fn apply(
        self,
        selection: Selection,
        choice: &Choice,
        progress: &Progress,
    ) -> Result<RunReport> {
        let Self {
            plan,
            desk,
            running,
        } = self;
        let result = desk
            .apply_under(&running, &plan, selection, choice, progress)
            .await;
        desk.finish_with(running, result).await
    }

    /// Ends the run without writing: somebody said no.
    pub async fn abandon(self) -> Result<()> {
        self.desk
            .close(
                self.running,
                RunStatus::Cancelled,
                Some("Nothing was confirmed."),
            )
            .await
    }
}

impl Desk {
    /// Takes the lease and opens a run record. A run that was interrupted earlier is marked so first, and told.
    pub(super) async fn begin(&self, run: NewRun, progress: &Progress) -> Result<Running> {
        let config = self.config();
        let kind = run.kind.clone();
        let claim = LeaseClaim {
            operator: config.operator.clone(),
            purpose: kind.clone(),
            ttl: config.lease_ttl,
        };
        let lease = self.store().lease(claim).await?;
        match self.open_record(&lease, run, progress).await {
            Ok(run_id) => {
                // A face that gave its work a span finds the run's id on every line of it.
                tracing::Span::current().record("run_id", run_id);
                tracing::info!(run = run_id, kind, operator = %config.operator, "run started");
                progress.run_started(run_id);
                Ok(Running { run_id, lease })
            }
            Err(error) => {
                lease.release().await?;
                Err(error)
            }
        }
    }

    /// A run record of this operator.
    pub(super) fn new_run(&self, kind: &str, scope: &str, mode: Option<Mode>) -> NewRun {
        NewRun {
            kind: kind.to_owned(),
            scope: scope.to_owned(),
            mode,
            operator: self.config().operator.clone(),
            plan_id: None,
            message: None,
            undoes: None,
        }
    }

    async fn open_record(&self, lease: &Lease, run: NewRun, progress: &Progress) -> Result<i64> {
        for interrupted in self.store().mark_interrupted().await? {
            tracing::warn!(run = interrupted.run_id, "an earlier run was interrupted");
            progress.report(RunEvent::Notice {
                message: interrupted.message,
            });
        }
        Ok(self.store().begin_run(lease, &run).await?)
    }

    /// Does a transaction of a run, and begins it again like an apply when a deadlock, a lock wait or a lost connection
    /// undid it: what was read for it took long. Before each try the lease must still be the run's; `so_far` is told
    /// when it is not.
    pub(super) async fn insist<T, F: Future<Output = Result<T, StoreError>>>(
        &self,
        running: &Running,
        so_far: &str,
        progress: &Progress,
        transaction: impl Fn() -> F,
    ) -> Result<T> {
        let mut attempt = 1;
        loop {
            if progress.is_cancelled() {
                return Err(Error::cancelled());
            }
            let tried = match running.confirm(so_far).await {
                Ok(()) => transaction().await.map_err(Error::from),
                Err(lost) => Err(lost),
            };
            match tried {
                Err(error) if error.is_retryable() && attempt < ATTEMPTS => {
                    tracing::warn!(run = running.run_id, attempt, error = %error, "the transaction is begun again");
                    attempt += 1;
                    tokio::time::sleep(std::time::Duration::from_millis(100 << attempt)).await;
                }
                done => return done,
            }
        }
    }

    /// Reads and plans under the lease, so that nobody writes between the preview and the apply.
    pub async fn begin_sync(
        &self,
        request: PreviewRequest,
        progress: &Progress,
    ) -> Result<Prepared> {
        self.begin_of(request.into(), progress).await
    }

    /// The plan of these records alone (see [`Desk::preview_records`]), under the lease.
    pub async fn begin_records(&self, records: &Records, progress: &Progress) -> Result<Prepared> {
        self.begin_of(records.into(), progress).await
    }

    async fn begin_of(&self, wanted: Wanted<'_>, progress: &Progress) -> Result<Prepared> {
        self.allow_write("sync")?;
        progress.phase(Phase::Starting);
        // A first run is full whatever was asked for, and recorded so (docs/rules.md, "Reading").
        let mode = self.mode_of(wanted).await?;
        let running = self
            .begin(
                self.new_run("sync", wanted.scope().word(), Some(mode)),
                progress,
            )
            .await?;
        let run_id = running.run_id;
        let planning = async {
            let plan = self.preview_of(wanted, progress).await?;
            // Somebody else may have made the first run meanwhile.
            if plan.mode != mode {
                self.store().note_mode(run_id, plan.mode).await?;
            }
            Ok(plan)
        };
        self.prepare(running, Box::pin(planning)).await
    }

    /// The reverse of a run, under the lease.
    pub async fn begin_undo(&self, run_id: i64, progress: &Progress) -> Result<Prepared> {
        self.allow_write("undo a run")?;
        progress.phase(Phase::Starting);
        let scope = self.run_scope(run_id).await?;
        let run = NewRun {
            undoes: Some(run_id),
            ..self.new_run("undo", scope.word(), None)
        };
        let running = self.begin(run, progress).await?;
        self.prepare(running, Box::pin(self.preview_undo(run_id)))
            .await
    }

    async fn prepare(
        &self,
        running: Running,
        planning: impl Future<Output = Result<Plan>>,
    ) -> Result<Prepared> {
        // Planning only reads, so it may be dropped anywhere; a database that hangs would never end it.
        let planned = tokio::select! {
            planned = planning => planned,
            () = running.lease.lost().cancelled() => Err(StoreError::LeaseLost.into()),
        };
        match planned {
            Ok(plan) => Ok(Prepared {
                plan: Arc::new(plan),
                desk: self.clone(),
                running,
            }),
            Err(error) => Err(self.fail(running, error).await),
        }
    }

    /// Applies a plan that was made earlier, on this database: takes the lease, reads every touched row again, applies.
    pub async fn apply(
        &self,
        plan: &Plan,
        selection: Selection,
        choice: &Choice,
        progress: &Progress,
    ) -> Result<RunReport> {
        self.allow_write("apply the plan")?;
        self.refuse_elsewhere(plan).await?;
        progress.phase(Phase::Starting);
        let run = match plan.origin {
            PlanOrigin::Sync => self.new_run("apply", plan.scope.word(), Some(plan.mode)),
            PlanOrigin::Undo { run_id } => NewRun {
                undoes: Some(run_id),
                ..self.new_run("undo", plan.scope.word(), None)
            },
        };
        let running = self.begin(run, progress).await?;
        let result = self
            .apply_under(&running, plan, selection, choice, progress)
            .await;
        self.finish_with(running, result).await
    }

    /// Ends a run whose transaction committed (its record is closed in it), or closes the record of one that failed.
    pub(super) async fn finish_with<T>(&self, running: Running, result: Result<T>) -> Result<T> {
        match result {
            Ok(value) => {
                tracing::info!(run = running.run_id, "run finished");
                running.give_back().await;
                Ok(value)
            }
            Err(error) => Err(self.fail(running, error).await),
        }
    }

    /// Closes the record of a run that failed and gives the error back; should that fail too, the log says so and
    /// the next run finds the record as interrupted, which is true.
    pub(super) async fn fail(&self, running: Running, error: Error) -> Error {
        let status = match error.kind {
            Kind::Cancelled => RunStatus::Cancelled,
            Kind::Blocked => RunStatus::Blocked,
            _ => RunStatus::Failed,
        };
        tracing::warn!(
            run = running.run_id,
            code = error.code,
            status = status.word(),
            "run ended without writing"
        );
        if let Err(second) = self.close(running, status, Some(&error.message)).await {
            tracing::error!(error = %second, "the run record could not be closed");
        }
        error
    }

    /// Closes the record of a run that wrote nothing, and releases the lease.
    async fn close(
        &self,
        running: Running,
        status: RunStatus,
        message: Option<&str>,
    ) -> Result<()> {
        let closed = self
            .store()
            .finish_run_outside_tx(running.run_id, status, &PerEntity::default(), 0, message)
            .await;
        running.give_back().await;
        Ok(closed?)
    }
}
