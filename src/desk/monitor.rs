//! What pollers and monitoring ask: one run without its journal, runs as they ended, and whether things answer.

use super::Desk;
use super::apply::kept;
use crate::error::Result;
use crate::notify::{self, Notification};
use crate::values::{FinishedRun, Reachability, RunReport, RunSummary};

/// Runs among which the sync before the last is looked for.
const RECENT: u32 = 50;

impl Desk {
    /// Whether the database answers.
    pub async fn ready(&self) -> Result<()> {
        self.store().ping().await?;
        Ok(())
    }

    /// Whether Impartner and the LMS answer, asked side by side, in this order.
    pub async fn probe(&self) -> [Reachability; 2] {
        let (impartner, lms) = tokio::join!(self.reach_impartner(), self.reach_lms());
        [impartner, lms]
    }

    /// A run without its journal, which can be long.
    pub async fn run_summary(&self, run_id: i64) -> Result<RunSummary> {
        Ok(self.store().run(run_id).await?)
    }

    /// The report that was kept with a run; `None` for runs that applied no plan.
    pub async fn run_report(&self, run_id: i64) -> Result<Option<RunReport>> {
        match self.store().run_report(run_id).await? {
            Some(json) => kept::read(self.store(), run_id, &json).await,
            None => Ok(None),
        }
    }

    /// Runs after `run_id` with their reports, oldest first, at most `limit`. In a long report the rows that failed or
    /// were stale are left out; the run has their number.
    pub async fn runs_after(&self, run_id: i64, limit: u32) -> Result<Vec<FinishedRun>> {
        let kept = self.store().runs_after(run_id, limit).await?;
        let finished = kept.into_iter().map(|(run, report)| FinishedRun {
            run,
            report: report.as_deref().and_then(kept::counts),
        });
        Ok(finished.collect())
    }

    /// What the webhook is to be told of an unattended sync that has just ended. What the sync before it was told of
    /// already is not told again: a timer meets the same tripped guard every few minutes until somebody looks.
    pub async fn notes(&self, ended: &Result<RunReport>) -> Vec<Notification> {
        let notes = notify::of_unattended(self.config(), ended, None);
        if notes.is_empty() {
            return notes;
        }
        match self.sync_before_last().await {
            Ok(before) => notify::of_unattended(self.config(), ended, before.as_ref()),
            Err(error) => {
                tracing::debug!(%error, "the sync before the last could not be read");
                notes
            }
        }
    }

    async fn sync_before_last(&self) -> Result<Option<FinishedRun>> {
        let runs = self.store().runs(RECENT).await?;
        let Some(run) = runs.into_iter().filter(|run| run.kind == "sync").nth(1) else {
            return Ok(None);
        };
        let report = self.run_report(run.run_id).await?;
        Ok(Some(FinishedRun { run, report }))
    }
}
