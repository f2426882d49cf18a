//! Off-boarding cases: their states with the history of decisions, their steps, what was there before.

mod events;
mod facts;
mod mirror;
mod opening;
mod rows;

use chrono::{DateTime, Utc};

use super::db::{Conn, args};
use super::lists::{CHUNK, marks, tuples};
use super::{Store, StoreError};
use crate::values::{Case, CaseState, Step, StepState};

pub use facts::{CaseRow, Claim, Claims};
pub use opening::{Departure, Opening};
use rows::{CASE_COLUMNS, action_word, case_of, state_word, step_of};
pub(super) use rows::{count, entity_of};

/// Which list of steps of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepPhase {
    /// Taking away.
    Remove,
    /// Putting back.
    Restore,
}

impl StepPhase {
    fn word(self) -> &'static str {
        match self {
            Self::Remove => "remove",
            Self::Restore => "restore",
        }
    }
}

/// A change of state as it goes into the log of a case: who moved it, when, from where to where, and the note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseEvent {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub who: String,
    /// What: approve, reject, hold, start, finish, fail, drift, return, restore, reopen.
    pub what: String,
    /// The state before.
    pub from: CaseState,
    /// The state after.
    pub to: CaseState,
    /// Why.
    pub note: Option<String>,
}

/// A case with what only the core needs.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseRecord {
    /// The case as people see it.
    pub case: Case,
    /// Grows with every change of state: whoever decides or works on an older one is told so.
    pub revision: i64,
    /// What was approved and what was there before the first call: JSON of the core.
    pub record: Option<String>,
}

/// A change of state; it happens only when the case is still in `from`, and nobody moved it to and fro meanwhile.
#[derive(Clone, Debug)]
pub struct CaseMove<'a> {
    /// The case.
    pub case_id: i64,
    /// The state it must be in.
    pub from: CaseState,
    /// The revision it must have.
    pub revision: i64,
    /// The event, `event.to` being the new state.
    pub event: CaseEvent,
    /// Whether it is a person's decision: then who, when and note stand in the list.
    pub decision: Decision,
    /// New figures and record, when the steps were computed anew.
    pub outline: Option<NewOutline<'a>>,
    /// The record (JSON of the core) alone, when the steps stay.
    pub record: Option<&'a str>,
}

/// Whether a move is a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A person's.
    Person,
    /// A consequence.
    Machine,
}

/// Steps computed anew, with what they rest on.
#[derive(Clone, Debug)]
pub struct NewOutline<'a> {
    /// The steps.
    pub steps: &'a [Step],
    /// People who lose access.
    pub people: u64,
    /// Members that belong to somebody else.
    pub foreign: u64,
    /// Whether these were acknowledged.
    pub foreign_accepted: bool,
    /// Before when it is not run.
    pub run_after: Option<DateTime<Utc>>,
    /// JSON of the core.
    pub record: &'a str,
}

impl Store {
    /// The cases, all or those in one state, oldest first, with their steps.
    pub async fn cases(&self, state: Option<CaseState>) -> Result<Vec<CaseRecord>, StoreError> {
        let mut conn = self.conn().await?;
        let (mut sql, mut values) = (CASE_COLUMNS.to_owned(), args![]);
        if let Some(state) = state {
            sql.push_str(" WHERE c.state = ?");
            values.extend(args![state.word()]);
        }
        sql.push_str(" ORDER BY c.case_id");
        let mut cases = conn.all(sql, values, case_of).await?;
        let (mut sql, mut values) = (
            "SELECT s.case_id, s.action, s.group_id, s.group_name, s.person_id, s.person, s.state, s.note \
             FROM offboarding_steps s JOIN offboarding_cases c ON c.case_id = s.case_id WHERE s.phase = ?"
                .to_owned(),
            args![StepPhase::Remove.word()],
        );
        if let Some(state) = state {
            sql.push_str(" AND c.state = ?");
            values.extend(args![state.word()]);
        }
        sql.push_str(" ORDER BY s.case_id, s.seq");
        let steps = conn.all(sql, values, step_of).await?;
        // Both lists are in the order of the cases.
        let mut at = 0;
        for (case_id, step) in steps {
            while at < cases.len() && cases[at].case.case_id < case_id {
                at += 1;
            }
            if let Some(record) = cases.get_mut(at).filter(|r| r.case.case_id == case_id) {
                record.case.steps.push(step);
            }
        }
        Ok(cases)
    }

    /// One case with its steps.
    pub async fn case(&self, case_id: i64) -> Result<Option<CaseRecord>, StoreError> {
        let mut conn = self.conn().await?;
        let sql = format!("{CASE_COLUMNS} WHERE c.case_id = ?");
        let Some(mut record) = conn.first(sql, args![case_id], case_of).await? else {
            return Ok(None);
        };
        record.case.steps = steps(&mut conn, case_id, StepPhase::Remove).await?;
        Ok(Some(record))
    }

    /// The steps of one phase of a case, in order; a step's place in the list is its `seq`.
    pub async fn case_steps(
        &self,
        case_id: i64,
        phase: StepPhase,
    ) -> Result<Vec<Step>, StoreError> {
        let mut conn = self.conn().await?;
        steps(&mut conn, case_id, phase).await
    }

    /// Moves cases to other states, with the history, and with new steps where they are given: all of them in one
    /// transaction, or none. `Some`: this case is no longer as its move says, and nothing at all was written.
    pub async fn move_cases(&self, moves: &[CaseMove<'_>]) -> Result<Option<i64>, StoreError> {
        let mut conn = self.conn().await?;
        conn.begin().await?;
        // A case that stands again must be the only one of its row, like one that is opened.
        let reopened = |step: &&CaseMove<'_>| step.from == CaseState::Rejected;
        for step in moves.iter().filter(reopened) {
            opening::one_at_a_time(&mut conn, step.event.at).await?;
            if opening::other_standing(&mut conn, step.case_id)
                .await?
                .is_some()
            {
                conn.rollback().await?;
                return Ok(Some(step.case_id));
            }
        }
        for step in moves {
            if !apply_move(&mut conn, step).await? {
                conn.rollback().await?;
                return Ok(Some(step.case_id));
            }
            if let Some(outline) = &step.outline {
                put_steps(&mut conn, step.case_id, StepPhase::Remove, outline.steps).await?;
                conn.execute(
                    "UPDATE offboarding_cases SET people = ?, foreign_members = ?, foreign_accepted = ?, \
                     run_after = ?, pre_image = ? WHERE case_id = ?",
                    args![
                        count(outline.people),
                        count(outline.foreign),
                        outline.foreign_accepted,
                        outline.run_after,
                        outline.record,
                        step.case_id
                    ],
                )
                .await?;
            }
            if let Some(record) = step.record {
                conn.execute(
                    "UPDATE offboarding_cases SET pre_image = ? WHERE case_id = ?",
                    args![record, step.case_id],
                )
                .await?;
            }
        }
        conn.commit().await?;
        Ok(None)
    }

    /// Keeps the steps that were shown for a case that is still undecided; a case that was decided meanwhile is left
    /// alone.
    pub async fn keep_shown(
        &self,
        case_id: i64,
        outline: &NewOutline<'_>,
    ) -> Result<(), StoreError> {
        let mut conn = self.conn().await?;
        conn.begin().await?;
        let kept = conn
            .execute(
                "UPDATE offboarding_cases SET people = ?, foreign_members = ?, pre_image = ? \
                 WHERE case_id = ? AND state IN ('pending', 'held')",
                args![
                    count(outline.people),
                    count(outline.foreign),
                    outline.record,
                    case_id
                ],
            )
            .await?;
        // MariaDB counts the rows it matched: sqlx asks for that.
        if kept == 1 {
            put_steps(&mut conn, case_id, StepPhase::Remove, outline.steps).await?;
        }
        conn.commit().await
    }

    /// Replaces the steps of one phase.
    pub async fn put_case_steps(
        &self,
        case_id: i64,
        phase: StepPhase,
        steps: &[Step],
    ) -> Result<(), StoreError> {
        let mut conn = self.conn().await?;
        conn.begin().await?;
        put_steps(&mut conn, case_id, phase, steps).await?;
        conn.commit().await
    }

    /// Writes how far some steps are, with their places in the list: before the call (`Unknown`, “sent”) and after it,
    /// then into the log of the case too.
    /// `false`: the case was moved since `mark.revision`, its list may be another one, and nothing was written.
    pub async fn mark_steps(
        &self,
        case_id: i64,
        phase: StepPhase,
        steps: &[(usize, &Step)],
        mark: &StepMark<'_>,
    ) -> Result<bool, StoreError> {
        let mut conn = self.conn().await?;
        conn.begin().await?;
        let time = match mark.state {
            StepState::Unknown => "started_at",
            _ => "finished_at",
        };
        for chunk in steps.chunks(CHUNK) {
            let sql = format!(
                "UPDATE offboarding_steps SET state = ?, note = ?, run_id = ?, {time} = ? \
                 WHERE case_id = ? AND phase = ? AND seq IN ({}) AND EXISTS \
                 (SELECT 1 FROM offboarding_cases c WHERE c.case_id = ? AND c.revision = ?)",
                marks(chunk.len())
            );
            let mut values = args![
                state_word(mark.state),
                mark.note,
                mark.run_id,
                mark.at,
                case_id,
                phase.word()
            ];
            for &(seq, _) in chunk {
                values.extend(args![i64::try_from(seq).unwrap_or(i64::MAX)]);
            }
            values.extend(args![case_id, mark.revision]);
            // MariaDB counts the rows it matched: sqlx asks for that.
            if conn.execute(sql, values).await? != chunk.len() as u64 {
                conn.rollback().await?;
                return Ok(false);
            }
        }
        events::add_steps(&mut conn, case_id, phase, steps, mark).await?;
        conn.commit().await?;
        Ok(true)
    }
}

/// How far a step is, by which run, when.
#[derive(Clone, Copy, Debug)]
pub struct StepMark<'a> {
    /// The revision of the case whose list this is.
    pub revision: i64,
    /// The state.
    pub state: StepState,
    /// Why.
    pub note: Option<&'a str>,
    /// The run.
    pub run_id: i64,
    /// Who runs it.
    pub operator: &'a str,
    /// When.
    pub at: DateTime<Utc>,
}

pub(super) async fn apply_move(conn: &mut Conn, step: &CaseMove<'_>) -> Result<bool, StoreError> {
    let found = conn
        .first(
            "SELECT state, revision FROM offboarding_cases WHERE case_id = ?",
            args![step.case_id],
            |row| Ok((row.string(0)?, row.int(1)?)),
        )
        .await?;
    let Some((state, revision)) = found else {
        return Ok(false);
    };
    if state != step.from.word() || revision != step.revision {
        return Ok(false);
    }
    let event = &step.event;
    let mut sql = "UPDATE offboarding_cases SET state = ?, revision = revision + 1, updated_at = ?"
        .to_owned();
    let mut values = args![event.to.word(), event.at];
    if step.decision == Decision::Person {
        // Of another approval, if it had one; a new one sets its own.
        sql.push_str(", decided_by = ?, decided_at = ?, note = ?, run_after = NULL");
        values.extend(args![event.who.as_str(), event.at, event.note.as_deref()]);
    }
    // Asked again here: somebody may have decided between the reading above and this.
    sql.push_str(" WHERE case_id = ? AND state = ? AND revision = ?");
    values.extend(args![step.case_id, step.from.word(), step.revision]);
    if conn.execute(sql, values).await? != 1 {
        return Ok(false);
    }
    events::add(conn, step.case_id, event).await?;
    Ok(true)
}

async fn steps(conn: &mut Conn, case_id: i64, phase: StepPhase) -> Result<Vec<Step>, StoreError> {
    conn.all(
        "SELECT case_id, action, group_id, group_name, person_id, person, state, note \
         FROM offboarding_steps WHERE case_id = ? AND phase = ? ORDER BY seq",
        args![case_id, phase.word()],
        |row| step_of(row).map(|(_, step)| step),
    )
    .await
}

async fn put_steps(
    conn: &mut Conn,
    case_id: i64,
    phase: StepPhase,
    steps: &[Step],
) -> Result<(), StoreError> {
    conn.execute(
        "DELETE FROM offboarding_steps WHERE case_id = ? AND phase = ?",
        args![case_id, phase.word()],
    )
    .await?;
    for (at, chunk) in steps.chunks(CHUNK).enumerate() {
        let sql = format!(
            "INSERT INTO offboarding_steps (case_id, phase, seq, action, group_id, group_name, person_id, person, \
             state, note) VALUES {}",
            tuples(chunk.len(), 10)
        );
        let mut values = Vec::with_capacity(chunk.len() * 10);
        for (i, step) in chunk.iter().enumerate() {
            values.extend(args![
                case_id,
                phase.word(),
                i64::try_from(at * CHUNK + i).unwrap_or(i64::MAX),
                action_word(step.action),
                step.group_id.as_str(),
                step.group_name.as_str(),
                step.person_id.as_deref(),
                step.person.as_deref(),
                state_word(step.state),
                step.note.as_deref()
            ]);
        }
        conn.execute(sql, values).await?;
    }
    Ok(())
}
