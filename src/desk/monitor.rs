//! What pollers and monitoring ask: one run without its journal, runs as they ended, and whether things answer.

use super::Desk;
use crate::error::Result;
use crate::values::{FinishedRun, Reachability, RunReport, RunSummary};

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
        let kept = self.store().run_report(run_id).await?;
        Ok(kept.as_deref().and_then(read_report))
    }

    /// Runs after `run_id` with their reports, oldest first, at most `limit`.
    pub async fn runs_after(&self, run_id: i64, limit: u32) -> Result<Vec<FinishedRun>> {
        let kept = self.store().runs_after(run_id, limit).await?;
        let finished = kept.into_iter().map(|(run, report)| FinishedRun {
            run,
            report: report.as_deref().and_then(read_report),
        });
        Ok(finished.collect())
    }
}

/// A report from the database. One that a newer version wrote in another shape reads as none: the run record itself
/// has the counts.
fn read_report(json: &str) -> Option<RunReport> {
    serde_json::from_str(json)
        .map_err(|error| tracing::debug!(%error, "a stored report could not be read"))
        .ok()
}
