//! Execution: what was approved runs, step by step, each written down before and after its call.
//!
//! The order for each case: is the record still inactive; is the LMS still what was approved; save what is there; then
//! removals in batches; then, only if every removal is done, deletions. A process that dies anywhere leaves steps that
//! are `planned` (not begun), `unknown` (sent, nobody knows) or `done`; the next run reads the LMS and goes on at the
//! first that is not known to be done.

use std::collections::BTreeMap;
use std::error::Error as StdError;

use super::super::Desk;
use super::super::running::Running;
use super::decide::{Change, merged, refused};
use super::live::{PreImage, Record, Seen};
use super::rules::{Move, next};
use super::shown;
use super::steps::{AllPartners, LiveGroup, drift};
use super::work::Worker;
use crate::error::{Error, Kind, Result};
use crate::lms::{Client, LmsError};
use crate::plan::PerEntity;
use crate::progress::{Phase, Progress};
use crate::store::{CaseRecord, NewOutline, StepPhase, StoreError};
use crate::values::{Applied, Case, CaseState, RunStatus, StepAction, StepState};

/// Which cases are to be run.
#[derive(Clone, Copy)]
enum Wanted<'a> {
    /// Whatever is approved.
    All,
    /// These, as they are approved.
    Ids(&'a [i64]),
    /// These approvals and no other.
    Shown(&'a [Case]),
}

impl Desk {
    /// Runs the approved cases, and goes on with those that failed or were interrupted: all of them, or the given ones.
    /// A given case that is not approved is an error and nothing runs; nothing to run is no error. Gives the cases as
    /// they are afterwards; one whose approval waits for a later day is not run, and given as it is. What the LMS refuses for one case fails that case alone; a case that somebody decided anew
    /// meanwhile is left to the next run. A refused LMS key, an LMS that does not answer, a lost lease or a cancellation
    /// ends the run with an error, which says what was done before; the case at work is then `failed` and can be resumed,
    /// the others wait as they were.
    pub async fn run_cases(&self, ids: Option<&[i64]>, progress: &Progress) -> Result<Vec<Case>> {
        let wanted = ids.map_or(Wanted::All, Wanted::Ids);
        self.run_wanted(wanted, progress).await
    }

    /// Like [`Desk::run_cases`] for approvals as the caller has just shown them: where one of them is another by now,
    /// nothing runs.
    pub async fn run_shown(&self, shown: &[Case], progress: &Progress) -> Result<Vec<Case>> {
        self.run_wanted(Wanted::Shown(shown), progress).await
    }

    async fn run_wanted(&self, wanted: Wanted<'_>, progress: &Progress) -> Result<Vec<Case>> {
        self.allow_write("change anything in the LMS")?;
        let (ready, waiting) = self.runnable(wanted).await?;
        if ready.is_empty() {
            return Ok(waiting);
        }
        let lms = self.lms()?.clone();
        progress.phase(Phase::Starting);
        let running = self
            .begin(self.new_run("offboard", "lms", None), progress)
            .await?;
        let done = self.run_under(&running, &lms, wanted, progress).await;
        match done {
            Ok((mut cases, faults)) => {
                let status = if cases.iter().any(|c| c.state == CaseState::Done) {
                    if faults == 0 {
                        RunStatus::Applied
                    } else {
                        RunStatus::Partial
                    }
                } else if faults > 0 {
                    RunStatus::Failed
                } else {
                    RunStatus::Nothing
                };
                let message = cases_line(&cases);
                self.end_work(running, status, faults, Some(&message))
                    .await?;
                cases.extend(waiting);
                Ok(cases)
            }
            Err(error) => Err(self.fail(running, error).await),
        }
    }

    /// The cases that a run would take on, and those that are approved for a later day. A case left `running` is one whose process died: only the holder of the
    /// lease runs cases.
    async fn runnable(&self, wanted: Wanted<'_>) -> Result<(Vec<CaseRecord>, Vec<Case>)> {
        let mut chosen = Vec::new();
        let now = self.clock().now();
        let parted = |chosen: Vec<CaseRecord>| {
            let (waiting, ready): (Vec<_>, Vec<_>) = chosen
                .into_iter()
                .partition(|record| record.case.waits(now));
            (
                ready,
                waiting.into_iter().map(|record| record.case).collect(),
            )
        };
        let given: Option<Vec<(i64, Option<&Case>)>> = match wanted {
            Wanted::All => None,
            Wanted::Ids(ids) => Some(ids.iter().map(|&id| (id, None)).collect()),
            Wanted::Shown(cases) => Some(cases.iter().map(|c| (c.case_id, Some(c))).collect()),
        };
        if let Some(given) = given {
            for (id, shown) in given {
                let record = self.find_case(id).await?;
                let state = record.case.state;
                if let Some(news) =
                    shown.and_then(|shown| shown::other_approval(shown, &record.case))
                {
                    return Err(not_as_shown(id, &news));
                }
                if next(state, Move::Start).is_some() {
                    chosen.push(record);
                } else if state != CaseState::Done {
                    return Err(refused(id, state, Move::Start));
                }
            }
            return Ok(parted(chosen));
        }
        for state in [CaseState::Running, CaseState::Failed, CaseState::Approved] {
            chosen.extend(self.store().cases(Some(state)).await?);
        }
        Ok(parted(chosen))
    }

    async fn run_under(
        &self,
        running: &Running,
        lms: &Client,
        wanted: Wanted<'_>,
        progress: &Progress,
    ) -> Result<(Vec<Case>, u64)> {
        progress.phase(Phase::Offboarding);
        // Looked up again under the lease: somebody else may have run them while we waited.
        let (records, _) = self.runnable(wanted).await?;
        let mut all = self.all_partners(lms, progress).await?;
        let mut cases = Vec::new();
        let mut faults = 0;
        for (id, begun_on) in records.iter().map(|r| (r.case.case_id, r.revision)) {
            // People decide while a run goes on: an approval that was taken back meanwhile, or given anew, is none that
            // this run began with.
            let record = self.find_case(id).await?;
            if record.revision == begun_on
                && let Err(stop) = self.run_one(running, lms, record, &mut all, progress).await
            {
                tracing::warn!(
                    case = id,
                    run = running.run_id,
                    code = stop.code,
                    "run stopped"
                );
                return Err(self.with_what_was_done(stop, id, &cases).await);
            }
            let case = self.find_case(id).await?.case;
            faults += u64::from(case.state == CaseState::Failed);
            cases.push(case);
        }
        Ok((cases, faults))
    }

    /// The error that ends a run, with what was done before it: what ends early says so in numbers.
    async fn with_what_was_done(&self, mut stop: Error, at_work: i64, ended: &[Case]) -> Error {
        use std::fmt::Write as _;
        let done = ended.iter().filter(|c| c.state == CaseState::Done).count();
        let mut said = format!(" Before that {done} of the cases were done");
        if let Ok(record) = self.find_case(at_work).await {
            let steps = &record.case.steps;
            let ran = steps.iter().filter(|s| s.state == StepState::Done).count();
            let _ = write!(
                said,
                ", and {ran} of {} steps of case {at_work}",
                steps.len()
            );
        }
        said.push_str("; that stays.");
        stop.message.push_str(&said);
        stop
    }

    /// Runs one case. `Err` ends the run; what concerns this case alone is written on the case.
    async fn run_one(
        &self,
        running: &Running,
        lms: &Client,
        mut record: CaseRecord,
        all: &mut AllPartners,
        progress: &Progress,
    ) -> Result<()> {
        match self
            .take_away(running, lms, &mut record, all, progress)
            .await
        {
            Ok(()) => Ok(()),
            Err(error) => self.gave_up(lms, &mut record, error).await,
        }
    }

    async fn take_away(
        &self,
        running: &Running,
        lms: &Client,
        record: &mut CaseRecord,
        all: &mut AllPartners,
        progress: &Progress,
    ) -> Result<()> {
        let mut kept = Record::of(record)?;
        let approved = kept.approved.clone().unwrap_or_default();
        let seen = self.see(lms, &record.case, Some(all), progress).await?;
        if seen.row.active {
            return self.came_back(record.clone()).await.map(|_| ());
        }
        if let Some(news) = drift(&approved.with(&record.case), &seen.outline) {
            return self.back_to_pending(record, &mut kept, &seen, &news).await;
        }
        kept.remember(pre_image(&record.case, &seen, all));
        let text = kept.text()?;
        // The pre-image is saved by the same write that begins: a case taken back in this very moment keeps its own.
        if !self
            .try_move(record, Move::Start, None, Change::Record(&text))
            .await?
        {
            return Ok(());
        }
        let mut worker = Worker {
            desk: self,
            lms,
            running,
            case_id: record.case.case_id,
            revision: record.revision,
            phase: StepPhase::Remove,
            steps: record.case.steps.clone(),
            all,
            progress,
        };
        worker.remove(&seen).await?;
        let news = worker.delete(&seen, &approved).await?;
        let steps = std::mem::take(&mut worker.steps);
        if let Some(news) = news {
            record.case.steps = steps;
            let now = self.see(lms, &record.case, Some(all), progress).await?;
            return self.back_to_pending(record, &mut kept, &now, &news).await;
        }
        let unfinished = steps
            .iter()
            .find(|step| !matches!(step.state, StepState::Done | StepState::Skipped));
        match unfinished {
            None => {
                self.try_move(record, Move::Finish, None, Change::None)
                    .await?
            }
            Some(step) => {
                let why = step.note.as_deref().unwrap_or("a step is not done");
                self.try_move(record, Move::Fail, Some(why), Change::None)
                    .await?
            }
        };
        Ok(())
    }

    /// A case that cannot go on now: `failed`, with the reason, to be resumed. What concerns the whole run (the key, an
    /// LMS that answers nobody, the lease, a cancellation, the database) is given back as the error that ends it; a case
    /// that had not begun then waits as it was.
    async fn gave_up(&self, lms: &Client, record: &mut CaseRecord, error: Error) -> Result<()> {
        let all = concerns_all(lms, &error).await;
        if !all || record.case.state == CaseState::Running {
            self.try_move(record, Move::Fail, Some(&error.message), Change::None)
                .await?;
        }
        if all {
            return Err(error);
        }
        tracing::warn!(
            case = record.case.case_id,
            code = error.code,
            "case failed; the others go on"
        );
        Ok(())
    }

    async fn back_to_pending(
        &self,
        record: &mut CaseRecord,
        kept: &mut Record,
        seen: &Seen,
        news: &str,
    ) -> Result<()> {
        kept.approved = None;
        // Nobody has seen yet what it has become.
        kept.shown.clear();
        let text = kept.text()?;
        let steps = merged(&record.case, &seen.outline);
        let new = NewOutline {
            steps: &steps,
            people: seen.outline.people(),
            foreign: seen.outline.foreign.len() as u64,
            foreign_accepted: false,
            run_after: None,
            record: &text,
        };
        let note = format!("changed since it was approved: {news}");
        self.try_move(record, Move::Drift, Some(&note), Change::Outline(new))
            .await?;
        Ok(())
    }

    /// Ends a run that has no transaction of its own, and gives the lease back.
    pub(in crate::desk) async fn end_work(
        &self,
        running: Running,
        status: RunStatus,
        faults: u64,
        message: Option<&str>,
    ) -> Result<()> {
        let none = PerEntity::<Applied>::default();
        let closed = self
            .store()
            .finish_run_outside_tx(running.run_id, status, &none, faults, message)
            .await;
        running.give_back().await;
        Ok(closed?)
    }
}

/// Whether an error is everybody's: a group that the LMS refuses is one case's trouble, an LMS that answers nobody or
/// takes no key is that of all. Which of the two it is, one more question tells.
async fn concerns_all(lms: &Client, error: &Error) -> bool {
    let cause = StdError::source(error);
    match error.kind {
        Kind::Upstream => {
            let refused = cause.and_then(|cause| cause.downcast_ref::<LmsError>());
            refused.is_some_and(LmsError::is_unauthorized) || lms.ping().await.is_err()
        }
        // The row or the record of this case, or the database itself?
        Kind::Database => cause.is_some_and(<dyn StdError>::is::<StoreError>),
        Kind::Blocked => false,
        _ => true,
    }
}

/// The groups of the steps, with the people who are in them now.
fn pre_image(case: &Case, seen: &Seen, all: &AllPartners) -> PreImage {
    let mut groups: BTreeMap<&str, LiveGroup> = BTreeMap::new();
    for group in &seen.groups {
        if case.steps.iter().any(|step| step.group_id == group.id) {
            groups.insert(&group.id, group.clone());
        }
    }
    let mut everybody: Vec<String> = case
        .steps
        .iter()
        .filter(|step| step.action == StepAction::RemoveMember && step.group_id == all.id)
        .filter_map(|step| step.person_id.clone())
        .filter(|person| all.members.contains(person))
        .collect();
    everybody.sort_unstable();
    everybody.dedup();
    groups.insert(
        &all.id,
        LiveGroup {
            id: all.id.clone(),
            name: all.name.clone(),
            members: everybody,
        },
    );
    PreImage {
        groups: groups.into_values().collect(),
    }
}

fn cases_line(cases: &[Case]) -> String {
    let of = |state| cases.iter().filter(|case| case.state == state).count();
    format!(
        "{} cases: {} done, {} failed, {} back to pending, {} obsolete",
        cases.len(),
        of(CaseState::Done),
        of(CaseState::Failed),
        of(CaseState::Pending),
        of(CaseState::Obsolete)
    )
}

/// An approval that is another by now.
fn not_as_shown(case_id: i64, news: &str) -> Error {
    Error::new(
        Kind::Blocked,
        "case_changed",
        format!("Case {case_id} changed since it was shown: {news}. No case was run."),
    )
    .help("Look at the approved cases again, then run them.")
}
