//! Putting back what a case took away: people into their groups, a deleted group under a new id. Journaled like the
//! execution, in steps of the phase `restore`, so that it can be resumed and repeated.

use std::collections::BTreeMap;

use super::super::Desk;
use super::super::running::Running;
use super::decide::{Change, moved_meanwhile, refused};
use super::live::{PreImage, Record, members_of};
use super::rules::{Move, next};
use super::steps::AllPartners;
use super::work::Worker;
use crate::error::{Error, Kind, Result};
use crate::lms::{BATCH, Client, WriteOutcome};
use crate::progress::{Phase, Progress};
use crate::store::{CaseRecord, StepPhase};
use crate::values::{Case, RunStatus, Step, StepAction, StepState};

impl Desk {
    /// Puts back what a case did: re-adds the people it removed and re-creates the group it deleted, with its members.
    /// The group's old id does not come back; the case's log says which id is new. What could not be put back is an
    /// error that names it, and restoring again goes on with that.
    pub async fn restore_case(&self, case_id: i64, progress: &Progress) -> Result<Case> {
        self.allow_write("change anything in the LMS")?;
        let mut record = self.find_case(case_id).await?;
        let kept = Record::of(&record)?;
        if next(record.case.state, Move::Restore).is_none() {
            return Err(refused(case_id, record.case.state, Move::Restore));
        }
        let before = kept.before.unwrap_or_default();
        if back(&record.case, &before).is_empty() {
            return Err(Error::new(
                Kind::Blocked,
                "nothing_to_restore",
                format!("Case {case_id} took nothing away, so there is nothing to put back."),
            ));
        }
        let lms = self.lms()?.clone();
        progress.phase(Phase::Starting);
        let running = self
            .begin(self.new_run("restore", "lms", None), progress)
            .await?;
        match self
            .restore_under(&running, &lms, &mut record, &before, progress)
            .await
        {
            Ok(note) => {
                self.end_work(running, RunStatus::Applied, 0, Some(&note))
                    .await?;
                Ok(self.find_case(case_id).await?.case)
            }
            Err(error) => Err(self.fail(running, error).await),
        }
    }

    async fn restore_under(
        &self,
        running: &Running,
        lms: &Client,
        record: &mut CaseRecord,
        before: &PreImage,
        progress: &Progress,
    ) -> Result<String> {
        progress.phase(Phase::Offboarding);
        let case_id = record.case.case_id;
        let mut steps = self.store().case_steps(case_id, StepPhase::Restore).await?;
        if steps.iter().all(|step| step.state == StepState::Done) {
            steps = back(&record.case, before);
            self.store()
                .put_case_steps(case_id, StepPhase::Restore, &steps)
                .await?;
        }
        let everybody = self.everybody(lms).await?;
        let mut all = AllPartners {
            id: everybody.id,
            name: everybody.name,
            members: rustc_hash::FxHashSet::default(),
            known: false,
        };
        let mut worker = Worker {
            desk: self,
            lms,
            running,
            case_id,
            revision: record.revision,
            phase: StepPhase::Restore,
            steps,
            all: &mut all,
            progress,
        };
        let moved = worker.put_back(&record.case).await?;
        if worker
            .steps
            .iter()
            .any(|step| step.state != StepState::Done)
        {
            return Err(worker.incomplete("restored"));
        }
        let people = worker
            .steps
            .iter()
            .filter(|s| s.action == StepAction::RemoveMember)
            .count();
        let mut note = format!("{people} memberships are back");
        for (old, new, name) in moved.iter().filter(|(old, new, _)| old != new) {
            use std::fmt::Write as _;
            let _infallible = write!(
                note,
                "; the group {name} is back under the new id {new} (its old id {old} cannot come back)"
            );
        }
        if !self
            .try_move(record, Move::Restore, Some(&note), Change::None)
            .await?
        {
            return Err(moved_meanwhile(case_id, "What was put back stays so."));
        }
        Ok(note)
    }
}

/// What has to be put back: groups that were deleted, then the people who were members, as the pre-image says.
fn back(case: &Case, before: &PreImage) -> Vec<Step> {
    let planned = |step: &Step| Step {
        state: StepState::Planned,
        note: None,
        ..step.clone()
    };
    let done = |action| {
        case.steps
            .iter()
            .filter(move |s| s.action == action && s.state == StepState::Done)
    };
    let members = |group: &str| {
        let found = before.groups.iter().find(|g| g.id == group);
        found.map(|g| g.members.as_slice()).unwrap_or_default()
    };
    let mut steps = Vec::new();
    for deleted in done(StepAction::DeleteGroup) {
        if !before.groups.iter().any(|g| g.id == deleted.group_id) {
            continue;
        }
        steps.push(planned(deleted));
        for person in members(&deleted.group_id) {
            let label = case
                .steps
                .iter()
                .find(|s| s.person_id.as_ref() == Some(person))
                .and_then(|s| s.person.clone());
            steps.push(Step {
                action: StepAction::RemoveMember,
                person_id: Some(person.clone()),
                person: label,
                ..planned(deleted)
            });
        }
    }
    for removed in done(StepAction::RemoveMember) {
        let person = removed.person_id.clone().unwrap_or_default();
        if members(&removed.group_id).contains(&person) {
            steps.push(planned(removed));
        }
    }
    steps
}

impl Worker<'_> {
    /// Runs the steps of the phase `restore`. Gives for each group (its old id, its id now, its name).
    async fn put_back(&mut self, case: &Case) -> Result<Vec<(String, String, String)>> {
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut order: Vec<(String, String)> = Vec::new();
        for (seq, step) in self.steps.iter().enumerate() {
            if !groups.contains_key(&step.group_id) {
                order.push((step.group_id.clone(), step.group_name.clone()));
            }
            groups.entry(step.group_id.clone()).or_default().push(seq);
        }
        let mut moved = Vec::new();
        for (old, name) in order {
            let seqs = groups.remove(&old).unwrap_or_default();
            let (create, adds): (Vec<usize>, Vec<usize>) = seqs
                .into_iter()
                .partition(|&seq| self.steps[seq].action == StepAction::DeleteGroup);
            let now = match (self.where_is(&old, &name).await?, create.first()) {
                (Some(id), _) => Some(id),
                (None, Some(&seq)) => self.create(seq, &name).await?,
                (None, None) => None,
            };
            let Some(now) = now else {
                let open: Vec<usize> = self.open(&adds);
                let note = "the group does not exist any more; restore the partner's case first";
                self.mark(&open, StepState::Failed, Some(note)).await?;
                continue;
            };
            if !create.is_empty() {
                let partner = Some(case.row_id);
                let at = self.desk.clock().now();
                self.desk
                    .store()
                    .remember_group(&old, &now, &name, partner, at)
                    .await?;
                let note = format!("its id is {now} now");
                self.mark(&create, StepState::Done, Some(&note)).await?;
            }
            let open = self.open(&adds);
            for batch in open.chunks(BATCH) {
                self.add_batch(&now, batch).await?;
            }
            moved.push((old, now, name));
        }
        Ok(moved)
    }

    fn open(&self, seqs: &[usize]) -> Vec<usize> {
        let is_open = |&seq: &usize| self.steps[seq].state != StepState::Done;
        seqs.iter().copied().filter(is_open).collect()
    }

    /// The id under which a group is there now: its own, or that of the one group with its name.
    async fn where_is(&self, old: &str, name: &str) -> Result<Option<String>> {
        if self.lms.group(old).await?.is_some() {
            return Ok(Some(old.to_owned()));
        }
        Ok(self.lms.group_by_name(name).await?.map(|group| group.id))
    }

    /// Creates a group anew. An unclear answer is settled by looking for the name, so that it is never there twice.
    async fn create(&mut self, seq: usize, name: &str) -> Result<Option<String>> {
        self.may_go_on()?;
        self.mark(&[seq], StepState::Unknown, Some("sent; no answer yet"))
            .await?;
        match self.lms.create_group(name).await? {
            Ok(id) => Ok(Some(id)),
            Err(WriteOutcome::Refused(why) | WriteOutcome::Unknown(why)) => {
                let found = self.lms.group_by_name(name).await?;
                if found.is_none() {
                    self.mark(&[seq], StepState::Failed, Some(&why)).await?;
                }
                Ok(found.map(|group| group.id))
            }
            Err(WriteOutcome::Done | WriteOutcome::AlreadySo) => Ok(None),
        }
    }

    /// Adds people; adding somebody who is a member already changes nothing. A refused batch is tried one by one.
    async fn add_batch(&mut self, group: &str, batch: &[usize]) -> Result<()> {
        self.add_call(group, batch).await?;
        for seq in self.open(batch) {
            self.add_call(group, &[seq]).await?;
        }
        Ok(())
    }

    async fn add_call(&mut self, group: &str, call: &[usize]) -> Result<()> {
        self.may_go_on()?;
        let people: Vec<String> = call
            .iter()
            .filter_map(|&seq| self.steps[seq].person_id.clone())
            .collect();
        self.mark(call, StepState::Unknown, Some("sent; no answer yet"))
            .await?;
        let outcome = match self.lms.add_members(group, &people).await {
            Ok(outcome) => outcome,
            Err(error) => {
                self.mark(call, StepState::Planned, Some("the LMS refused the key"))
                    .await?;
                return Err(error.into());
            }
        };
        let why = match outcome {
            WriteOutcome::Done | WriteOutcome::AlreadySo => {
                self.mark(call, StepState::Done, None).await?;
                self.desk.store().remember_members(group, &people).await?;
                return Ok(());
            }
            WriteOutcome::Refused(why) | WriteOutcome::Unknown(why) => why,
        };
        let members = match self.lms.group(group).await? {
            Some(live) => members_of(self.lms, &live, self.progress)
                .await?
                .unwrap_or_default(),
            None => Vec::new(),
        };
        let (there, missing): (Vec<usize>, Vec<usize>) = call.iter().partition(|&&seq| {
            let person = self.steps[seq].person_id.as_deref().unwrap_or_default();
            members.binary_search_by(|m| m.as_str().cmp(person)).is_ok()
        });
        let back: Vec<String> = there
            .iter()
            .filter_map(|&seq| self.steps[seq].person_id.clone())
            .collect();
        self.mark(&there, StepState::Done, Some("confirmed by reading again"))
            .await?;
        self.desk.store().remember_members(group, &back).await?;
        self.mark(&missing, StepState::Failed, Some(&why)).await
    }
}
