//! From a plan and a selection to a run report: what may go through is screened (`screen`), every row re-read, one
//! transaction (docs/rules.md, "The plan" and "Applying").

mod history;
pub(super) mod kept;
mod screen;
mod shown;

use super::Desk;
use super::reading::{deletions_key, status_key};
use super::running::{ATTEMPTS, Running};
use crate::error::{Error, Kind, Result};
use crate::plan::{Entity, Outcome, PerEntity, Plan, PlanOrigin, Release, Selection, carry_over};
use crate::progress::{Phase, Progress};
use crate::store::{ApplyTx, Finish};
use crate::values::{Applied, RowFault, RunReport, RunStatus, Withheld};
use screen::Screened;
pub use shown::Shown;

/// How a plan is applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Guards released for this apply.
    pub release: Release,
    /// Whether nobody watches: soft-deletes then need `policy.unattended_deletes`, and guards cannot be released.
    pub attendance: Attendance,
    /// What the person was shown who confirmed; `None` where nobody was asked, and policy alone decides.
    pub shown: Option<Shown>,
}

/// Who watches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attendance {
    /// A person confirmed.
    #[default]
    Attended,
    /// A scheduler or the HTTP adapter.
    Unattended,
}

impl Desk {
    /// The apply itself, under the lease of `running`.
    pub(super) async fn apply_under(
        &self,
        running: &Running,
        plan: &Plan,
        selection: Selection,
        choice: &Choice,
        progress: &Progress,
    ) -> Result<RunReport> {
        let mut attempt = 1;
        loop {
            if progress.is_cancelled() {
                return Err(Error::cancelled());
            }
            let trying = self.attempt(running, plan, selection.clone(), choice, progress);
            match Box::pin(trying).await {
                Err(error) if error.is_retryable() && attempt < ATTEMPTS => {
                    tracing::warn!(run = running.run_id, attempt, error = %error, "the transaction is begun again");
                    attempt += 1;
                    tokio::time::sleep(std::time::Duration::from_millis(100 << attempt)).await;
                }
                result => return result,
            }
        }
    }

    /// One try: what may go through is counted and read anew, because a host that was lost in the middle of that too is
    /// no reason to lose the plan.
    async fn attempt(
        &self,
        running: &Running,
        plan: &Plan,
        mut selection: Selection,
        choice: &Choice,
        progress: &Progress,
    ) -> Result<RunReport> {
        self.refuse_second_apply(plan).await?;
        let overtaken = self.overtaken(plan, running.run_id).await?;
        let outdated = self
            .recheck(plan, &mut selection, overtaken, progress)
            .await?;
        progress.phase(Phase::Applying);
        let screened = self.screen(plan, selection, outdated, choice).await?;
        if let Some(shown) = &choice.shown {
            shown.covers(plan, &screened.selection)?;
        }
        self.transaction(running, plan, overtaken, &screened, choice, progress)
            .await
    }

    /// A plan is applied once (docs/rules.md, "The plan"). A run that wrote nothing does not use it up.
    async fn refuse_second_apply(&self, plan: &Plan) -> Result<()> {
        let runs = self.store().runs_of_plan(&plan.id).await?;
        let Some(run) = runs
            .iter()
            .find(|run| matches!(run.status, RunStatus::Applied | RunStatus::Partial))
        else {
            return Ok(());
        };
        Err(Error::new(
            Kind::Blocked,
            "plan_applied",
            format!("Plan {} was applied before, in run {} by {}. Nothing was written.", plan.id, run.run_id, run.operator),
        )
        .help("A plan is applied once. Preview again; what was left of it is carried over and will be there."))
    }

    /// One attempt at the transaction.
    async fn transaction(
        &self,
        running: &Running,
        plan: &Plan,
        overtaken: PerEntity<bool>,
        screened: &Screened,
        choice: &Choice,
        progress: &Progress,
    ) -> Result<RunReport> {
        let mut tx = self
            .store()
            .begin_apply(&running.lease, running.run_id)
            .await?;
        let mut outcomes = tx
            .write(plan, &screened.selection, screened.deletes, progress)
            .await?;
        tx.journal_outdated(plan, &screened.outdated).await?;
        for (at, why) in &screened.outdated {
            outcomes[*at] = Outcome::Stale(why.clone());
        }
        let mut report = report(plan, running.run_id, &outcomes, &screened.withheld);
        report.cases_opened = self.cases_for(&mut tx, plan, &outcomes).await?;
        if let PlanOrigin::Undo { run_id } = plan.origin {
            report.cases = self.store().cases_left(run_id).await?;
        }
        self.stand(&mut tx, plan, overtaken, &outcomes, screened)
            .await?;
        self.stand_rules(&mut tx, plan, overtaken, report.status)
            .await?;
        let finish = Finish {
            status: Some(report.status),
            plan_id: Some(plan.id.clone()),
            applied: report.applied,
            withheld: report.withheld.iter().map(|withheld| withheld.count).sum(),
            faults: (report.failed.len() + report.stale.len()) as u64,
            message: choice
                .release
                .reason
                .as_ref()
                .map(|reason| format!("Released: {reason}")),
            report: kept::to_keep(&report),
        };
        tx.commit(&finish, progress).await?;
        log(&report);
        Ok(report)
    }

    /// What stands after the run: carried-over records, watermarks, until when deletions are known.
    async fn stand(
        &self,
        tx: &mut ApplyTx,
        plan: &Plan,
        overtaken: PerEntity<bool>,
        outcomes: &[Outcome],
        screened: &Screened,
    ) -> Result<()> {
        let (carried, settled) =
            carry_over(plan, outcomes, overtaken, |at| screened.kept.contains(&at));
        for (entity, settled) in settled.iter() {
            tx.settle_carryover(entity, settled).await?;
            let carried: Vec<(i64, &str)> = carried
                .iter()
                .filter(|record| record.entity == entity)
                .map(|record| (record.impartner_id, record.reason))
                .collect();
            tx.upsert_carryover(entity, &carried).await?;
            // An overtaken plan has not seen what the newer run wrote, so its reading vouches for nothing.
            if overtaken[entity] {
                continue;
            }
            if plan.status_came[entity] {
                tx.set_meta(&status_key(entity), "came").await?;
            }
            if let Some(mark) = plan.watermarks[entity] {
                tx.set_watermark(entity, mark).await?;
            }
            if let Some(mark) = plan.feed_marks[entity] {
                tx.set_meta(&deletions_key(entity), &mark.to_rfc3339())
                    .await?;
            }
        }
        if overtaken.contacts {
            // Who it saw waiting is called once too often at the worst; who was forgotten would be missed.
            tx.add_waiting(&plan.waits.begun).await?;
        } else {
            tx.set_waiting(&plan.waits).await?;
        }
        Ok(())
    }
}

/// The entities whose listing was not proved complete.
fn unproved(plan: &Plan) -> Vec<Entity> {
    let sources = plan.sources.iter();
    let unproved = sources.filter(|(_, facts)| facts.as_ref().is_some_and(|facts| !facts.proved));
    unproved.map(|(entity, _)| entity).collect()
}

fn report(plan: &Plan, run_id: i64, outcomes: &[Outcome], withheld: &[Withheld]) -> RunReport {
    let mut applied = PerEntity::<Applied>::default();
    let (mut failed, mut stale) = (Vec::new(), Vec::new());
    for (view, outcome) in plan.views().zip(outcomes) {
        let fault = |message: &str| RowFault {
            entity: view.item.entity,
            op: view.item.op,
            impartner_id: view.item.impartner_id,
            row_id: view.item.row_id,
            name: view.name().to_owned(),
            message: message.to_owned(),
        };
        match outcome {
            Outcome::NotSelected => {}
            Outcome::Applied { .. } => applied[view.item.entity].count(view.item.op, 1),
            Outcome::Stale(message) => stale.push(fault(message)),
            Outcome::Failed(message) => failed.push(fault(message)),
        }
    }
    let written = applied.partners.total() + applied.contacts.total() > 0;
    let faults = !failed.is_empty() || !stale.is_empty();
    let status = match (written, withheld.is_empty(), faults) {
        (true, true, false) => RunStatus::Applied,
        (false, false, _) => RunStatus::Blocked,
        (true, ..) | (false, true, true) => RunStatus::Partial,
        (false, true, false) => RunStatus::Nothing,
    };
    RunReport {
        run_id: Some(run_id),
        plan_id: plan.id.clone(),
        status,
        applied,
        withheld: withheld.to_vec(),
        failed,
        stale,
        cases_opened: 0,
        cases: Vec::new(),
        unproved: unproved(plan),
    }
}

/// What was written and what was kept back, by numbers: names and messages are personal data, and in the database.
fn log(report: &RunReport) {
    for (entity, rows) in report.applied.iter() {
        let (add, update, reactivate) = (rows.add, rows.update, rows.reactivate);
        tracing::info!(%entity, add, update, reactivate, soft_delete = rows.soft_delete, "written");
    }
    for kept in &report.withheld {
        let (entity, op, count) = (kept.entity, kept.op.word(), kept.count);
        tracing::warn!(%entity, op, count, cause = kept.cause.word(), "withheld");
    }
    let (failed, stale) = (report.failed.len(), report.stale.len());
    if failed + stale > 0 {
        tracing::warn!(failed, stale, "not written");
    }
}
