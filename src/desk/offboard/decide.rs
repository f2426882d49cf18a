//! Decisions: looking at a case, approving, rejecting, putting aside; the sweep. Nobody but a person decides, and an
//! approval covers exactly what the LMS held at that moment.

use chrono::{DateTime, TimeDelta, Utc};
use rustc_hash::FxHashSet;

use super::super::Desk;
use super::live::{Record, Rested};
use super::rules::{Move, next, refusal};
use super::shown;
use super::steps::{AllPartners, Outline, drift};
use crate::error::{Error, Kind, Result};
use crate::progress::Progress;
use crate::store::{CaseEvent, CaseMove, CaseRecord, Decision, NewOutline, Opening};
use crate::values::{Case, CaseState, StepAction, Terms};

impl Desk {
    /// One case. While it is undecided its steps are computed anew from the live LMS and kept as what was shown; an
    /// approval later than that notices anything new.
    pub async fn case(&self, case_id: i64) -> Result<Case> {
        self.look(case_id, None).await
    }

    /// Like [`Desk::case`] for several: “All Partners” is read once for all of them, where a look reads it.
    pub async fn cases_live(&self, ids: &[i64], progress: &Progress) -> Result<Vec<Case>> {
        let lms = self.lms()?;
        let all = if self.readable_at_a_look(lms).await? {
            Some(self.all_partners(lms, progress).await?)
        } else {
            None
        };
        let mut cases = Vec::with_capacity(ids.len());
        for &id in ids {
            if progress.is_cancelled() {
                return Err(Error::cancelled());
            }
            cases.push(self.look(id, all.as_ref()).await?);
        }
        Ok(cases)
    }

    async fn look(&self, case_id: i64, all: Option<&AllPartners>) -> Result<Case> {
        let record = self.find_case(case_id).await?;
        if !record.case.state.is_undecided() {
            return Ok(record.case);
        }
        if self.row_of(&record.case).await?.active {
            return self.came_back(record).await;
        }
        let lms = self.lms()?;
        let seen = self
            .see(lms, &record.case, all, &Progress::silent())
            .await?;
        let mut case = record.case.clone();
        case.people = seen.outline.people();
        case.foreign_members = seen.outline.foreign.len() as u64;
        case.steps = merged(&record.case, &seen.outline);
        if !self.config().read_only {
            let mut kept = Record::of(&record)?;
            kept.show(&self.config().operator, &seen.outline);
            let text = kept.text()?;
            self.store()
                .keep_shown(
                    case_id,
                    &NewOutline {
                        steps: &case.steps,
                        people: case.people,
                        foreign: case.foreign_members,
                        foreign_accepted: false,
                        run_after: None,
                        record: &text,
                    },
                )
                .await?;
        }
        Ok(case)
    }

    /// Approves cases by their numbers, all of them or none: the operator named on purpose, a note, the steps from the
    /// live LMS, foreign members acknowledged, and with `policy.four_eyes` not by who opened the case. What this operator
    /// was shown last of a case is what they approve; a case that they were never shown is approved as it is now.
    pub async fn approve(&self, ids: &[i64], note: &str, terms: &Terms) -> Result<Vec<Case>> {
        let wanted: Vec<_> = ids.iter().map(|&id| (id, None)).collect();
        self.approve_each(&wanted, note, terms).await
    }

    /// Like [`Desk::approve`] for cases as the caller has just shown them: one that is not so any more, or would take
    /// more or fewer people, refuses them all.
    pub async fn approve_shown(
        &self,
        shown: &[Case],
        note: &str,
        terms: &Terms,
    ) -> Result<Vec<Case>> {
        let wanted: Vec<_> = shown
            .iter()
            .map(|case| (case.case_id, Some(case)))
            .collect();
        self.approve_each(&wanted, note, terms).await
    }

    async fn approve_each(
        &self,
        wanted: &[(i64, Option<&Case>)],
        note: &str,
        terms: &Terms,
    ) -> Result<Vec<Case>> {
        self.allow_write("approve anything")?;
        self.named("Approving a case")?;
        let note = noted(note)?;
        let run_after = self.not_before(terms);
        if let Some(id) = terms
            .foreign
            .iter()
            .find(|id| wanted.iter().all(|(w, _)| w != *id))
        {
            return Err(Error::new(
                Kind::Usage,
                "not_approved_here",
                format!(
                    "The foreign members of case {id} were acknowledged, and it is not among the cases to be approved. No case was approved."
                ),
            ));
        }
        let lms = self.lms()?;
        let mut ready = Vec::new();
        for (id, shown) in once(wanted, |(id, _)| id) {
            let record = self.open_case(id, Move::Approve).await?;
            self.four_eyes(&record.case)?;
            let seen = self
                .see(lms, &record.case, None, &Progress::silent())
                .await?;
            let kept = Record::of(&record)?;
            let news = match shown {
                Some(shown) => shown::news(shown, &record.case, &seen.outline),
                None => kept
                    .shown_to(&self.config().operator)
                    .and_then(|shown| drift(shown, &seen.outline)),
            };
            if let Some(news) = news {
                return Err(Error::new(
                    Kind::Blocked,
                    "case_changed",
                    format!("Case {id} changed since it was shown: {news}. No case was approved."),
                )
                .help(format!(
                    "Look again with `prmdesk offboard show {id}`, then approve."
                )));
            }
            if !seen.outline.foreign.is_empty() && !terms.foreign.contains(&id) {
                return Err(foreign_members(id, &seen.outline));
            }
            ready.push((record, seen.outline, kept));
        }
        let mut texts = Vec::with_capacity(ready.len());
        for (record, outline, kept) in &mut ready {
            kept.shown.clear();
            kept.approved = Some(Rested::of(outline));
            texts.push((merged(&record.case, outline), kept.text()?));
        }
        let mut moves = Vec::with_capacity(ready.len());
        for ((record, outline, _), (steps, text)) in ready.iter().zip(&texts) {
            let new = NewOutline {
                steps,
                people: outline.people(),
                foreign: outline.foreign.len() as u64,
                foreign_accepted: !outline.foreign.is_empty(),
                run_after,
                record: text,
            };
            moves.push(CaseMove {
                outline: Some(new),
                ..self.a_move(record, Move::Approve, Some(note))?
            });
        }
        self.all_or_none(&moves).await
    }

    /// Before when an approval of now does not run; `None`: it may run at once.
    fn not_before(&self, terms: &Terms) -> Option<DateTime<Utc>> {
        let delay = terms.after.max(self.config().policy.offboarding_delay);
        let delay = TimeDelta::from_std(delay).unwrap_or(TimeDelta::MAX);
        if delay.is_zero() {
            return None;
        }
        self.clock().now().checked_add_signed(delay)
    }

    /// Decides against cases, all or none.
    pub async fn reject(&self, ids: &[i64], note: &str) -> Result<Vec<Case>> {
        self.allow_write("reject anything")?;
        self.decide(ids, Move::Reject, note).await
    }

    /// Puts cases aside, all or none.
    pub async fn hold_cases(&self, ids: &[i64], note: &str) -> Result<Vec<Case>> {
        self.allow_write("hold anything")?;
        self.decide(ids, Move::Hold, note).await
    }

    pub(super) async fn decide(&self, ids: &[i64], step: Move, note: &str) -> Result<Vec<Case>> {
        self.named("Deciding a case")?;
        let note = noted(note)?;
        let mut ready = Vec::new();
        for id in once(ids, |id| id) {
            let record = self.open_case(id, step).await?;
            if record.case.state == CaseState::Failed && record.case.has_begun() {
                return Err(refused(id, CaseState::Failed, step));
            }
            if step == Move::Reopen {
                self.stands_alone(&record.case).await?;
            }
            ready.push(record);
        }
        let mut moves = Vec::with_capacity(ready.len());
        for record in &ready {
            moves.push(self.a_move(record, step, Some(note))?);
        }
        self.all_or_none(&moves).await
    }

    /// Carries out decisions in one transaction: all of them, or none with the name of the case that stands in the way.
    /// Gives the cases as they are afterwards.
    async fn all_or_none(&self, moves: &[CaseMove<'_>]) -> Result<Vec<Case>> {
        if let Some(case_id) = self.store().move_cases(moves).await? {
            return Err(moved_meanwhile(case_id, "No case was decided."));
        }
        let mut decided = Vec::with_capacity(moves.len());
        for step in moves {
            told(step);
            decided.push(self.find_case(step.case_id).await?.case);
        }
        Ok(decided)
    }

    /// Opens cases for inactive rows that are still in LMS groups, by the tables of the last refresh; gives how many.
    pub async fn sweep(&self) -> Result<u64> {
        self.allow_write("open cases")?;
        let config = self.config();
        let opening = Opening {
            run_id: None,
            operator: &config.operator,
            at: self.clock().now(),
        };
        let opened = self
            .store()
            .sweep_cases(&config.lms.all_partners_group, opening)
            .await?;
        tracing::info!(opened, "off-boarding sweep");
        Ok(opened)
    }

    /// A case by its number; one that does not exist is wrong usage.
    pub(super) async fn find_case(&self, case_id: i64) -> Result<CaseRecord> {
        self.store().case(case_id).await?.ok_or_else(|| {
            Error::new(
                Kind::Usage,
                "unknown_case",
                format!("There is no off-boarding case {case_id}."),
            )
            .help("`prmdesk offboard list` shows the cases.")
        })
    }

    /// A case that can take `step`; one whose record came back is made obsolete here and now.
    async fn open_case(&self, case_id: i64, step: Move) -> Result<CaseRecord> {
        let record = self.find_case(case_id).await?;
        let state = record.case.state;
        if next(state, step).is_none() {
            return Err(refused(case_id, state, step));
        }
        if self.row_of(&record.case).await?.active {
            let case = self.came_back(record).await?;
            return Err(refused(case_id, case.state, step));
        }
        Ok(record)
    }

    /// Makes a case obsolete because its record is active again.
    pub(super) async fn came_back(&self, mut record: CaseRecord) -> Result<Case> {
        if self.config().read_only {
            return Ok(record.case);
        }
        let note = "the record is active again";
        // Somebody else having moved it meanwhile is no trouble: it is given as it is now.
        self.try_move(&mut record, Move::Return, Some(note), Change::None)
            .await?;
        Ok(self.find_case(record.case.case_id).await?.case)
    }

    /// Moves a case and keeps `record` in step. `false`: somebody else moved it meanwhile, and it was left as it is.
    pub(super) async fn try_move(
        &self,
        record: &mut CaseRecord,
        step: Move,
        note: Option<&str>,
        change: Change<'_>,
    ) -> Result<bool> {
        let mut wanted = self.a_move(record, step, note)?;
        match change {
            Change::None => {}
            Change::Outline(outline) => wanted.outline = Some(outline),
            Change::Record(text) => wanted.record = Some(text),
        }
        if self
            .store()
            .move_cases(std::slice::from_ref(&wanted))
            .await?
            .is_some()
        {
            return Ok(false);
        }
        told(&wanted);
        record.case.state = wanted.event.to;
        record.revision += 1;
        Ok(true)
    }

    /// A move of a case as it was read: an error where the case cannot take it.
    fn a_move<'a>(
        &self,
        record: &CaseRecord,
        step: Move,
        note: Option<&str>,
    ) -> Result<CaseMove<'a>> {
        let case = &record.case;
        let Some(to) = next(case.state, step) else {
            return Err(refused(case.case_id, case.state, step));
        };
        let decision = match step {
            Move::Approve | Move::Reject | Move::Hold | Move::Reopen => Decision::Person,
            // A restoration is a person's too, and must not stand where it says who approved.
            Move::Start
            | Move::Finish
            | Move::Fail
            | Move::Drift
            | Move::Return
            | Move::Restore => Decision::Machine,
        };
        Ok(CaseMove {
            case_id: case.case_id,
            from: case.state,
            revision: record.revision,
            event: CaseEvent {
                at: self.clock().now(),
                who: self.config().operator.clone(),
                what: step.word().to_owned(),
                from: case.state,
                to,
                note: note.map(str::to_owned),
            },
            decision,
            outline: None,
            record: None,
        })
    }

    /// Off-boarding decisions are made by somebody, not by a login name (docs/rules.md, "Off-boarding").
    fn named(&self, what: &str) -> Result<()> {
        if self.config().operator_named {
            return Ok(());
        }
        Err(Error::new(
            Kind::Usage,
            "operator_needed",
            format!("{what} needs an operator named on purpose; the login name is not enough."),
        )
        .help("Name yourself with --operator NAME, PRMDESK_OPERATOR or `operator` in the configuration."))
    }

    fn four_eyes(&self, case: &Case) -> Result<()> {
        let operator = &self.config().operator;
        let same = case.opened_by.trim().to_lowercase() == operator.trim().to_lowercase();
        if self.config().policy.four_eyes && same {
            return Err(Error::new(
                Kind::Blocked,
                "four_eyes",
                format!(
                    "Case {} was opened by {operator}, who cannot approve it too (policy.four_eyes). No case was approved.",
                    case.case_id
                ),
            )
            .help("Somebody else approves it."));
        }
        Ok(())
    }
}

/// What a move changes besides the state.
pub(super) enum Change<'a> {
    /// Nothing.
    None,
    /// Steps computed anew.
    Outline(NewOutline<'a>),
    /// What the core keeps, as JSON.
    Record(&'a str),
}

/// Each case once, in the order given: named twice it would stand in its own way.
fn once<T: Copy>(cases: &[T], id: impl Fn(T) -> i64) -> impl Iterator<Item = T> {
    let mut seen = FxHashSet::default();
    let cases = cases.iter().copied();
    cases.filter(move |&case| seen.insert(id(case)))
}

/// Writes a move to the log.
fn told(step: &CaseMove<'_>) {
    tracing::info!(
        case = step.case_id,
        from = step.from.word(),
        to = step.event.to.word(),
        "case moved"
    );
}

/// Somebody else moved a case meanwhile; `kept` says what became of the rest.
pub(super) fn moved_meanwhile(case_id: i64, kept: &str) -> Error {
    Error::new(
        Kind::Blocked,
        "case_moved",
        format!(
            "Case {case_id} was changed by somebody else meanwhile; it was left as it is. {kept}"
        ),
    )
    .help("Look at it again with `prmdesk offboard list`.")
}

/// The steps that are done stay first: what ran is never forgotten; then what would be done now.
pub(super) fn merged(case: &Case, outline: &Outline) -> Vec<crate::values::Step> {
    use crate::values::StepState::{Done, Unknown};
    let mut steps: Vec<_> = case
        .steps
        .iter()
        .filter(|step| matches!(step.state, Done | Unknown))
        .cloned()
        .collect();
    for step in &outline.steps {
        let known = steps.iter().any(|done| {
            (done.action, &done.group_id, &done.person_id)
                == (step.action, &step.group_id, &step.person_id)
                && done.state == Unknown
        });
        if !known {
            steps.push(step.clone());
        }
    }
    steps
}

/// Members that are not this partner's, named, and nobody acknowledged them for this case.
fn foreign_members(case_id: i64, outline: &Outline) -> Error {
    let notes: Vec<&str> = outline
        .steps
        .iter()
        .filter(|step| step.action == StepAction::DeleteGroup)
        .filter_map(|step| step.note.as_deref())
        .collect();
    Error::new(
        Kind::Blocked,
        "foreign_members",
        format!(
            "The group of case {case_id} has members that are not this partner's: {}. No case was approved.",
            notes.join("; ")
        ),
    )
    .help(format!(
        "Acknowledge them with --accept-foreign-members={case_id} (several cases: with a comma), or move them in the LMS first."
    ))
}

fn noted(note: &str) -> Result<&str> {
    crate::text::clean(note).ok_or_else(|| {
        Error::new(
            Kind::Usage,
            "note_needed",
            "A decision needs a note that says why.",
        )
        .help("Add --note TEXT.")
    })
}

pub(super) fn refused(case_id: i64, state: CaseState, step: Move) -> Error {
    Error::new(
        Kind::Blocked,
        "case_state",
        format!("Case {case_id} {}.", refusal(state, step)),
    )
    .help("`prmdesk offboard list` shows the state of each case.")
}
