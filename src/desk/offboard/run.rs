//! Execution: what was approved runs, step by step, each written down before and after its call.
//!
//! The order for each case: is the record still inactive; is the LMS still what was approved; save what is there; then
//! removals in batches; then, only if every removal is done, deletions. A process that dies anywhere leaves steps that
//! are `planned` (not begun), `unknown` (sent, nobody knows) or `done`; the next run reads the LMS and goes on at the
//! first that is not known to be done.

use std::collections::BTreeMap;

use super::super::Desk;
use super::super::running::Running;
use super::decide::{merged, refused};
use super::live::{PreImage, Record, Seen};
use super::rules::{Move, next};
use super::shown;
use super::steps::{AllPartners, LiveGroup, drift};
use super::work::Worker;
use crate::error::{Error, Kind, Result};
use crate::plan::PerEntity;
use crate::progress::{Phase, Progress};
use crate::store::{CaseRecord, NewOutline, StepPhase};
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
    /// they are afterwards. A refused LMS key, a lost lease or a cancellation ends the run with an error, which says
    /// what was done before; the case at work is then `failed` and can be resumed, the others wait as they were.
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
        if self.runnable(wanted).await?.is_empty() {
            return Ok(Vec::new());
        }
        let lms = self.lms()?.clone();
        progress.phase(Phase::Starting);
        let running = self
            .begin(self.new_run("offboard", "lms", None), progress)
            .await?;
        let done = self.run_under(&running, &lms, wanted, progress).await;
        match done {
            Ok((cases, faults)) => {
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
                Ok(cases)
            }
            Err(error) => Err(self.fail(running, error).await),
        }
    }

    /// The cases that a run would take on. A case left `running` is one whose process died: only the holder of the
    /// lease runs cases.
    async fn runnable(&self, wanted: Wanted<'_>) -> Result<Vec<CaseRecord>> {
        let mut chosen = Vec::new();
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
            return Ok(chosen);
        }
        for state in [CaseState::Running, CaseState::Failed, CaseState::Approved] {
            chosen.extend(self.store().cases(Some(state)).await?);
        }
        Ok(chosen)
    }

    async fn run_under(
        &self,
        running: &Running,
        lms: &crate::lms::Client,
        wanted: Wanted<'_>,
        progress: &Progress,
    ) -> Result<(Vec<Case>, u64)> {
        progress.phase(Phase::Offboarding);
        // Looked up again under the lease: somebody else may have run them while we waited.
        let records = self.runnable(wanted).await?;
        let mut all = self.all_partners(lms, progress).await?;
        let mut cases = Vec::new();
        let mut faults = 0;
        for record in records {
            let id = record.case.case_id;
            let outcome = self.run_one(running, lms, record, &mut all, progress).await;
            if let Err(stop) = outcome {
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

    async fn run_one(
        &self,
        running: &Running,
        lms: &crate::lms::Client,
        record: CaseRecord,
        all: &mut AllPartners,
        progress: &Progress,
    ) -> Result<()> {
        let mut kept = Record::of(&record)?;
        let approved = kept.approved.clone().unwrap_or_default();
        let seen = match self.see(lms, &record.case, Some(all), progress).await {
            Ok(seen) => seen,
            Err(error) => return self.gave_up(&record.case, error).await,
        };
        if seen.row.active {
            return self.came_back(record).await.map(|_| ());
        }
        if let Some(news) = drift(&approved.with(&record.case), &seen.outline) {
            return self
                .back_to_pending(&record.case, &mut kept, &seen, &news)
                .await;
        }
        kept.remember(pre_image(&record.case, &seen, all));
        let text = kept.text()?;
        self.store()
            .save_case_record(record.case.case_id, &text)
            .await?;
        let mut case = record.case;
        case.state = self.move_to(&case, Move::Start, None, None).await?;
        let mut worker = Worker {
            desk: self,
            lms,
            running,
            case_id: case.case_id,
            phase: StepPhase::Remove,
            steps: std::mem::take(&mut case.steps),
            all,
            progress,
        };
        let outcome = match worker.remove(&seen).await {
            Ok(()) => worker.delete(&seen, &approved).await,
            Err(error) => Err(error),
        };
        let steps = std::mem::take(&mut worker.steps);
        match outcome {
            Ok(None) => {
                let unfinished = steps
                    .iter()
                    .find(|step| !matches!(step.state, StepState::Done | StepState::Skipped));
                match unfinished {
                    None => self.move_to(&case, Move::Finish, None, None).await?,
                    Some(step) => {
                        let why = step.note.as_deref().unwrap_or("a step is not done");
                        self.move_to(&case, Move::Fail, Some(why), None).await?
                    }
                };
                Ok(())
            }
            Ok(Some(news)) => {
                case.steps = steps;
                let now = self.see(lms, &case, Some(all), progress).await?;
                self.back_to_pending(&case, &mut kept, &now, &news).await
            }
            Err(error) => self.gave_up(&case, error).await,
        }
    }

    /// A case that cannot go on now: `failed`, with the reason, to be resumed. What concerns the whole run (the key,
    /// the lease, a cancellation, the database) is given back as the error that ends it.
    async fn gave_up(&self, case: &Case, error: Error) -> Result<()> {
        if case.state == CaseState::Running {
            self.move_to(case, Move::Fail, Some(&error.message), None)
                .await?;
        }
        Err(error)
    }

    async fn back_to_pending(
        &self,
        case: &Case,
        kept: &mut Record,
        seen: &Seen,
        news: &str,
    ) -> Result<()> {
        kept.approved = None;
        // Nobody has seen yet what it has become.
        kept.shown.clear();
        let text = kept.text()?;
        let steps = merged(case, &seen.outline);
        let new = NewOutline {
            steps: &steps,
            people: seen.outline.people(),
            foreign: seen.outline.foreign.len() as u64,
            foreign_accepted: false,
            record: &text,
        };
        let note = format!("changed since it was approved: {news}");
        self.move_to(case, Move::Drift, Some(&note), Some(new))
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
        running.lease.release().await?;
        Ok(closed?)
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
