//! The calls of one case, each between two writes to our database.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::super::Desk;
use super::super::running::Running;
use super::decide::moved_meanwhile;
use super::live::{Rested, Seen, members_of};
use super::steps::AllPartners;
use crate::error::{Error, Kind, Result};
use crate::lms::{BATCH, Client, WriteOutcome};
use crate::progress::{Progress, RunEvent};
use crate::store::{StepMark, StepPhase};
use crate::text::name_key;
use crate::values::{Step, StepAction, StepState};

/// Rounds of call and re-reading before an unclear outcome is left for the next run.
const ROUNDS: usize = 3;

/// What was written down before a call; stands only if the process died, or the LMS did, before the answer.
const SENT: &str = "sent; no answer yet";

/// One case at work.
pub(super) struct Worker<'a> {
    pub(super) desk: &'a Desk,
    pub(super) lms: &'a Client,
    pub(super) running: &'a Running,
    pub(super) case_id: i64,
    /// The revision of the case that this work began on; on a later one its steps are not ours to mark.
    pub(super) revision: i64,
    pub(super) phase: StepPhase,
    pub(super) steps: Vec<Step>,
    pub(super) all: &'a mut AllPartners,
    pub(super) progress: &'a Progress,
}

impl Worker<'_> {
    /// Before every call: nobody cancelled, and the lease is still ours.
    pub(super) fn may_go_on(&self) -> Result<()> {
        if self.running.lease.lost().is_cancelled() {
            return Err(Error::new(
                Kind::Leased,
                "lease_lost",
                format!("The lease went to somebody else while case {} was running; it stopped where it was.", self.case_id),
            )
            .help("`prmdesk offboard run` goes on where it stopped."));
        }
        if self.progress.is_cancelled() {
            return Err(Error::new(
                Kind::Cancelled,
                "cancelled",
                format!("Cancelled. What case {} had done stays done.", self.case_id),
            )
            .help("`prmdesk offboard run` goes on where it stopped; `prmdesk offboard restore` puts back."));
        }
        Ok(())
    }

    /// Writes how far steps are, in the database and here.
    pub(super) async fn mark(
        &mut self,
        seqs: &[usize],
        state: StepState,
        note: Option<&str>,
    ) -> Result<()> {
        if seqs.is_empty() {
            return Ok(());
        }
        let mark = StepMark {
            revision: self.revision,
            state,
            note,
            run_id: self.running.run_id,
            operator: &self.desk.config().operator,
            at: self.desk.clock().now(),
        };
        let steps: Vec<_> = seqs.iter().map(|&seq| (seq, &self.steps[seq])).collect();
        let store = self.desk.store();
        if !store
            .mark_steps(self.case_id, self.phase, &steps, &mark)
            .await?
        {
            return Err(moved_meanwhile(
                self.case_id,
                "What it had done stays done.",
            ));
        }
        for &seq in seqs {
            self.steps[seq].state = state;
            self.steps[seq].note = note.map(str::to_owned);
        }
        let done = self
            .steps
            .iter()
            .filter(|s| matches!(s.state, StepState::Done | StepState::Skipped));
        self.progress.report(RunEvent::Working {
            what: "steps".to_owned(),
            done: done.count() as u64,
            total: Some(self.steps.len() as u64),
        });
        Ok(())
    }

    fn person(&self, seq: usize) -> &str {
        self.steps[seq].person_id.as_deref().unwrap_or_default()
    }

    /// All removals, group by group: the partner's own groups of a contact first, “All Partners” as the steps say.
    pub(super) async fn remove(&mut self, seen: &Seen) -> Result<()> {
        let mut by_group: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut order = Vec::new();
        for (seq, step) in self.steps.iter().enumerate() {
            let open = matches!(
                step.state,
                StepState::Planned | StepState::Unknown | StepState::Failed
            );
            if step.action == StepAction::RemoveMember && open {
                if !by_group.contains_key(&step.group_id) {
                    order.push(step.group_id.clone());
                }
                by_group.entry(step.group_id.clone()).or_default().push(seq);
            }
        }
        let still: FxHashSet<(String, String)> = seen
            .outline
            .steps
            .iter()
            .filter(|s| s.state == StepState::Planned)
            .filter_map(|s| Some((s.group_id.clone(), s.person_id.clone()?)))
            .collect();
        for group in order {
            let mut spared_because = "left the partner's group meanwhile";
            let members: FxHashSet<String> = if group == self.all.id {
                self.all.members.clone()
            } else if let Some(live) = seen.groups.iter().find(|g| g.id == group) {
                live.members.iter().cloned().collect()
            } else {
                // Gone from the LMS, or linked to somebody else by now: only the LMS can tell.
                spared_because = "the group is not this partner's any more: left alone";
                self.live_members(&group).await?
            };
            let (mut absent, mut spared, mut open) = (Vec::new(), Vec::new(), Vec::new());
            for seq in by_group.remove(&group).unwrap_or_default() {
                let person = self.person(seq).to_owned();
                if !members.contains(&person) {
                    absent.push(seq);
                } else if still.contains(&(group.clone(), person)) {
                    open.push(seq);
                } else {
                    spared.push(seq);
                }
            }
            let (sent, never): (Vec<usize>, Vec<usize>) = absent
                .into_iter()
                .partition(|&seq| self.steps[seq].state == StepState::Unknown);
            let people: Vec<String> = sent.iter().map(|&s| self.person(s).to_owned()).collect();
            self.mark(&sent, StepState::Done, Some("confirmed by reading again"))
                .await?;
            self.desk.store().forget_members(&group, &people).await?;
            self.mark(&never, StepState::Done, Some("was not a member"))
                .await?;
            // Approved because they were in the partner's group; they are not any more, so nobody asked for this.
            self.mark(&spared, StepState::Skipped, Some(spared_because))
                .await?;
            for batch in open.chunks(BATCH) {
                self.remove_batch(&group, batch).await?;
            }
        }
        Ok(())
    }

    /// One batch: written down, called, settled. What the LMS refuses as a batch is tried again, in the end one by one,
    /// because one person may spoil it for all.
    async fn remove_batch(&mut self, group: &str, batch: &[usize]) -> Result<()> {
        let mut open = batch.to_vec();
        for round in 0..ROUNDS {
            // Whoever spoiled the batch is settled by the reading; the rest go together once more, then one by one.
            let singly = round + 1 == ROUNDS;
            let calls: Vec<Vec<usize>> = if singly {
                open.iter().map(|&seq| vec![seq]).collect()
            } else {
                vec![open.clone()]
            };
            for call in calls {
                self.remove_call(group, &call).await?;
            }
            open.retain(|&seq| self.steps[seq].state != StepState::Done);
            if open.is_empty() {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn remove_call(&mut self, group: &str, call: &[usize]) -> Result<()> {
        self.may_go_on()?;
        let people: Vec<String> = call
            .iter()
            .map(|&seq| self.person(seq).to_owned())
            .collect();
        self.mark(call, StepState::Unknown, Some(SENT)).await?;
        let outcome = match self.lms.remove_members(group, &people).await {
            Ok(outcome) => outcome,
            Err(error) => {
                // 401: the LMS did nothing at all.
                self.mark(call, StepState::Planned, Some("the LMS refused the key"))
                    .await?;
                return Err(error.into());
            }
        };
        match outcome {
            WriteOutcome::Done | WriteOutcome::AlreadySo => self.gone(group, call, None).await,
            WriteOutcome::Refused(why) => self.reread(group, call, StepState::Failed, &why).await,
            WriteOutcome::Unknown(why) => self.reread(group, call, StepState::Unknown, &why).await,
        }
    }

    /// The people of these steps are out of the group.
    async fn gone(&mut self, group: &str, call: &[usize], note: Option<&str>) -> Result<()> {
        let people: Vec<String> = call
            .iter()
            .map(|&seq| self.person(seq).to_owned())
            .collect();
        self.mark(call, StepState::Done, note).await?;
        if group == self.all.id {
            for person in &people {
                self.all.members.remove(person);
            }
        }
        self.desk.store().forget_members(group, &people).await?;
        Ok(())
    }

    /// Who is in a group now; nobody where the LMS says that there is none.
    async fn live_members(&self, group: &str) -> Result<FxHashSet<String>> {
        let Some(live) = self.lms.group(group).await? else {
            return Ok(FxHashSet::default());
        };
        let members = members_of(self.lms, &live, self.progress).await?;
        Ok(members.unwrap_or_default().into_iter().collect())
    }

    /// After an answer that is not clear: who is still a member decides, never the answer.
    async fn reread(
        &mut self,
        group: &str,
        call: &[usize],
        otherwise: StepState,
        why: &str,
    ) -> Result<()> {
        let members = self.live_members(group).await?;
        if group == self.all.id {
            self.all.members.clone_from(&members);
        }
        let (left, here): (Vec<usize>, Vec<usize>) = call
            .iter()
            .partition(|&&seq| !members.contains(self.person(seq)));
        self.gone(group, &left, Some("confirmed by reading again"))
            .await?;
        // Read again and still there: it did not happen, so it is not unknown any more.
        let state = match otherwise {
            StepState::Unknown => StepState::Planned,
            other => other,
        };
        self.mark(&here, state, Some(why)).await
    }

    /// The deletions, if every removal is done. `Some`: somebody joined a group since it was approved, nothing was
    /// deleted, and a person has to look again.
    pub(super) async fn delete(
        &mut self,
        seen: &Seen,
        approved: &Rested,
    ) -> Result<Option<String>> {
        let removals_done = self.steps.iter().all(|step| {
            step.action != StepAction::RemoveMember
                || matches!(step.state, StepState::Done | StepState::Skipped)
        });
        if !removals_done {
            return Ok(None);
        }
        for seq in 0..self.steps.len() {
            let step = &self.steps[seq];
            if step.action != StepAction::DeleteGroup
                || matches!(step.state, StepState::Done | StepState::Skipped)
            {
                continue;
            }
            let group = step.group_id.clone();
            if group == self.all.id || name_key(&step.group_name) == name_key(&self.all.name) {
                let note = "this is the group that everybody is in: it is never deleted";
                self.mark(&[seq], StepState::Skipped, Some(note)).await?;
                continue;
            }
            for _ in 0..ROUNDS {
                match self.delete_call(seq, &group, seen, approved).await? {
                    Deleted::Settled => break,
                    Deleted::Joined(news) => return Ok(Some(news)),
                    Deleted::StillThere => {}
                }
            }
        }
        Ok(None)
    }

    async fn delete_call(
        &mut self,
        seq: usize,
        group: &str,
        seen: &Seen,
        approved: &Rested,
    ) -> Result<Deleted> {
        self.may_go_on()?;
        let sent = self.steps[seq].state == StepState::Unknown;
        let Some(live) = self.lms.group(group).await? else {
            let note = if sent {
                "confirmed by reading again"
            } else {
                "was not there any more"
            };
            self.deleted(seq, group, Some(note)).await?;
            return Ok(Deleted::Settled);
        };
        if !seen.outline.groups.iter().any(|g| g.id == group) {
            let note = "no longer linked to this partner: left alone";
            self.mark(&[seq], StepState::Skipped, Some(note)).await?;
            return Ok(Deleted::Settled);
        }
        if name_key(&live.name) == name_key(&self.all.name) {
            let note = "is named like the group that everybody is in: it is never deleted";
            self.mark(&[seq], StepState::Skipped, Some(note)).await?;
            return Ok(Deleted::Settled);
        }
        // Right before the one call that cannot be taken back.
        let members = members_of(self.lms, &live, self.progress)
            .await?
            .unwrap_or_default();
        let known = approved.groups.iter().find(|g| g.id == group);
        let joined = members
            .iter()
            .filter(|m| known.is_none_or(|g| !g.members.contains(m)))
            .count();
        if joined > 0 {
            return Ok(Deleted::Joined(format!(
                "{joined} more in the group {}",
                live.name
            )));
        }
        self.mark(&[seq], StepState::Unknown, Some(SENT)).await?;
        match self.lms.delete_group(group).await {
            Ok(WriteOutcome::Done | WriteOutcome::AlreadySo) => {
                self.deleted(seq, group, None).await?;
                Ok(Deleted::Settled)
            }
            Ok(WriteOutcome::Refused(why)) => {
                self.mark(&[seq], StepState::Failed, Some(&why)).await?;
                Ok(Deleted::Settled)
            }
            Ok(WriteOutcome::Unknown(why)) => {
                if self.lms.group(group).await?.is_none() {
                    self.deleted(seq, group, Some("confirmed by reading again"))
                        .await?;
                    return Ok(Deleted::Settled);
                }
                self.mark(&[seq], StepState::Planned, Some(&why)).await?;
                Ok(Deleted::StillThere)
            }
            Err(error) => {
                self.mark(&[seq], StepState::Planned, Some("the LMS refused the key"))
                    .await?;
                Err(error.into())
            }
        }
    }

    async fn deleted(&mut self, seq: usize, group: &str, note: Option<&str>) -> Result<()> {
        self.mark(&[seq], StepState::Done, note).await?;
        let at = self.desk.clock().now();
        self.desk.store().forget_group(group, at).await?;
        Ok(())
    }

    /// The error of a restore or a run that could not do everything.
    pub(super) fn incomplete(&self, what: &str) -> Error {
        let left: Vec<String> = self
            .steps
            .iter()
            .filter(|s| !matches!(s.state, StepState::Done | StepState::Skipped))
            .map(|s| {
                let who = s.person.as_deref().or(s.person_id.as_deref());
                format!(
                    "{} ({})",
                    who.unwrap_or(&s.group_name),
                    s.note.as_deref().unwrap_or("not done")
                )
            })
            .collect();
        stopped(format!(
            "Case {} was {what} in part. Not done: {}.",
            self.case_id,
            left.join("; ")
        ))
    }
}

/// An error about the LMS that keeps a case `failed` and says so.
fn stopped(message: String) -> Error {
    Error::new(Kind::Upstream, "offboard_stopped", message)
        .help("`prmdesk offboard run` goes on where it stopped.")
}

/// How an attempt to delete a group ended.
enum Deleted {
    /// Done, skipped or refused.
    Settled,
    /// Not deleted: somebody joined it.
    Joined(String),
    /// No clear answer, and it is still there.
    StillThere,
}
