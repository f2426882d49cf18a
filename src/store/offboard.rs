//! Off-boarding cases: their states with the history of decisions, their steps, what was there before.

mod facts;
mod opening;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::db::{Conn, Row, args};
use super::{Store, StoreError};
use crate::plan::Entity;
use crate::values::{Case, CaseState, Step, StepAction, StepState};

pub use facts::{CaseRow, Claim, Claims};
pub use opening::{Departure, Opening};

/// Rows in one multi-row statement.
pub(super) const CHUNK: usize = 200;

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

/// One entry of a case's history: who moved it, when, from where to where, and the note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseEvent {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub who: String,
    /// What: approve, reject, hold, start, finish, fail, drift, return, restore.
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
    /// Whether foreign members were acknowledged.
    pub foreign_accepted: bool,
    /// What was approved and what was there before the first call: JSON of the core.
    pub record: Option<String>,
    /// The history, oldest first.
    pub history: Vec<CaseEvent>,
}

/// A change of state; it happens only when the case is still in `from`.
#[derive(Clone, Debug)]
pub struct CaseMove<'a> {
    /// The case.
    pub case_id: i64,
    /// The state it must be in.
    pub from: CaseState,
    /// The event, `event.to` being the new state.
    pub event: CaseEvent,
    /// Whether it is a person's decision: then who, when and note stand in the list.
    pub decision: Decision,
    /// New figures and record, when the steps were computed anew.
    pub outline: Option<NewOutline<'a>>,
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
    /// JSON of the core.
    pub record: &'a str,
}

const CASE_COLUMNS: &str = "SELECT case_id, entity, row_id, name, state, reason, run_id, opened_at, opened_by, \
     decided_by, decided_at, note, people, foreign_members, foreign_accepted, pre_image, log FROM offboarding_cases";

fn case_of(row: &Row) -> Result<CaseRecord, StoreError> {
    let bad = |what: &str, value: &str| StoreError::BadValue {
        what: what.to_owned(),
        value: value.to_owned(),
    };
    let entity = row.text(1)?;
    let state = row.text(4)?;
    let history = match row.opt_text(16)? {
        Some(text) => serde_json::from_str(text).map_err(|_| bad("a case's history", text))?,
        None => Vec::new(),
    };
    Ok(CaseRecord {
        case: Case {
            case_id: row.int(0)?,
            entity: entity.parse().map_err(|_| bad("an entity", entity))?,
            row_id: row.int(2)?,
            name: row.string(3)?,
            state: CaseState::from_word(state).ok_or_else(|| bad("a case's state", state))?,
            reason: row.string(5)?,
            run_id: row.opt_int(6)?,
            opened_at: row.time(7)?,
            opened_by: row.string(8)?,
            decided_by: row.opt_string(9)?,
            decided_at: row.opt_time(10)?,
            note: row.opt_string(11)?,
            people: row.count(12)?,
            foreign_members: row.count(13)?,
            steps: Vec::new(),
        },
        foreign_accepted: row.flag(14)?,
        record: row.opt_string(15)?,
        history,
    })
}

fn step_of(row: &Row) -> Result<(i64, Step), StoreError> {
    let bad = |what: &str, value: &str| StoreError::BadValue {
        what: what.to_owned(),
        value: value.to_owned(),
    };
    let action = match row.text(1)? {
        "remove_member" => StepAction::RemoveMember,
        "delete_group" => StepAction::DeleteGroup,
        other => return Err(bad("a step's action", other)),
    };
    let state = match row.text(6)? {
        "planned" => StepState::Planned,
        "done" => StepState::Done,
        "skipped" => StepState::Skipped,
        "failed" => StepState::Failed,
        "unknown" => StepState::Unknown,
        other => return Err(bad("a step's state", other)),
    };
    Ok((
        row.int(0)?,
        Step {
            action,
            group_id: row.string(2)?,
            group_name: row.string(3)?,
            person_id: row.opt_string(4)?,
            person: row.opt_string(5)?,
            state,
            note: row.opt_string(7)?,
        },
    ))
}

fn action_word(action: StepAction) -> &'static str {
    match action {
        StepAction::RemoveMember => "remove_member",
        StepAction::DeleteGroup => "delete_group",
    }
}

fn state_word(state: StepState) -> &'static str {
    match state {
        StepState::Planned => "planned",
        StepState::Done => "done",
        StepState::Skipped => "skipped",
        StepState::Failed => "failed",
        StepState::Unknown => "unknown",
    }
}

impl Store {
    /// The cases, all or those in one state, oldest first, with their steps.
    pub async fn cases(&self, state: Option<CaseState>) -> Result<Vec<CaseRecord>, StoreError> {
        let mut conn = self.conn().await?;
        let (mut sql, mut values) = (CASE_COLUMNS.to_owned(), args![]);
        if let Some(state) = state {
            sql.push_str(" WHERE state = ?");
            values.extend(args![state.word()]);
        }
        sql.push_str(" ORDER BY case_id");
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
        let sql = format!("{CASE_COLUMNS} WHERE case_id = ?");
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

    /// Moves a case to another state, with the history, and with new steps where they are given: all in one
    /// transaction. `false`: the case is no longer in `from`, and nothing was written.
    pub async fn move_case(&self, step: &CaseMove<'_>) -> Result<bool, StoreError> {
        let mut conn = self.conn().await?;
        conn.begin().await?;
        let moved = apply_move(&mut conn, step).await?;
        if moved {
            if let Some(outline) = &step.outline {
                put_steps(&mut conn, step.case_id, StepPhase::Remove, outline.steps).await?;
                conn.execute(
                    "UPDATE offboarding_cases SET people = ?, foreign_members = ?, foreign_accepted = ?, \
                     pre_image = ? WHERE case_id = ?",
                    args![
                        count(outline.people),
                        count(outline.foreign),
                        outline.foreign_accepted,
                        outline.record,
                        step.case_id
                    ],
                )
                .await?;
            }
            conn.commit().await?;
        } else {
            conn.rollback().await?;
        }
        Ok(moved)
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

    /// Saves what the core keeps about a case: what was approved, what was there before.
    pub async fn save_case_record(&self, case_id: i64, record: &str) -> Result<(), StoreError> {
        let mut conn = self.conn().await?;
        conn.execute(
            "UPDATE offboarding_cases SET pre_image = ? WHERE case_id = ?",
            args![record, case_id],
        )
        .await?;
        Ok(())
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

    /// Writes how far some steps are: before the call (`Unknown`, “sent”) and after it. `seqs` are places in the list.
    pub async fn mark_steps(
        &self,
        case_id: i64,
        phase: StepPhase,
        seqs: &[usize],
        mark: &StepMark<'_>,
    ) -> Result<(), StoreError> {
        let mut conn = self.conn().await?;
        conn.begin().await?;
        let time = match mark.state {
            StepState::Unknown => "started_at",
            _ => "finished_at",
        };
        for chunk in seqs.chunks(CHUNK) {
            let sql = format!(
                "UPDATE offboarding_steps SET state = ?, note = ?, run_id = ?, {time} = ? \
                 WHERE case_id = ? AND phase = ? AND seq IN ({})",
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
            for &seq in chunk {
                values.extend(args![i64::try_from(seq).unwrap_or(i64::MAX)]);
            }
            conn.execute(sql, values).await?;
        }
        conn.commit().await
    }
}

/// How far a step is, by which run, when.
#[derive(Clone, Copy, Debug)]
pub struct StepMark<'a> {
    /// The state.
    pub state: StepState,
    /// Why.
    pub note: Option<&'a str>,
    /// The run.
    pub run_id: i64,
    /// When.
    pub at: DateTime<Utc>,
}

pub(super) async fn apply_move(conn: &mut Conn, step: &CaseMove<'_>) -> Result<bool, StoreError> {
    let found = conn
        .first(
            "SELECT state, log FROM offboarding_cases WHERE case_id = ?",
            args![step.case_id],
            |row| Ok((row.string(0)?, row.opt_string(1)?)),
        )
        .await?;
    let Some((state, log)) = found else {
        return Ok(false);
    };
    if state != step.from.word() {
        return Ok(false);
    }
    let mut history: Vec<CaseEvent> = match log.as_deref() {
        Some(text) => serde_json::from_str(text).map_err(|_| StoreError::BadValue {
            what: "a case's history".to_owned(),
            value: text.to_owned(),
        })?,
        None => Vec::new(),
    };
    history.push(step.event.clone());
    let log = json_text(&history)?;
    let event = &step.event;
    let mut sql = "UPDATE offboarding_cases SET state = ?, log = ?, updated_at = ?".to_owned();
    let mut values = args![event.to.word(), log, event.at];
    if step.decision == Decision::Person {
        sql.push_str(", decided_by = ?, decided_at = ?, note = ?");
        values.extend(args![event.who.as_str(), event.at, event.note.as_deref()]);
    }
    sql.push_str(" WHERE case_id = ? AND state = ?");
    values.extend(args![step.case_id, step.from.word()]);
    Ok(conn.execute(sql, values).await? == 1)
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

/// `?, ?, ?`.
pub(super) fn marks(n: usize) -> String {
    let mut text = "?, ".repeat(n);
    text.truncate(text.len().saturating_sub(2));
    text
}

/// `(?, ?), (?, ?)`.
pub(super) fn tuples(rows: usize, width: usize) -> String {
    let one = format!("({}), ", marks(width));
    let mut text = one.repeat(rows);
    text.truncate(text.len().saturating_sub(2));
    text
}

pub(super) fn count(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

pub(super) fn json_text<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::BadValue {
        what: "a value to be stored".to_owned(),
        value: e.to_string(),
    })
}

/// The word of an entity in the tables.
pub(super) fn entity_of(row: &Row, at: usize) -> Result<Entity, StoreError> {
    let word = row.text(at)?;
    word.parse().map_err(|_| StoreError::BadValue {
        what: "an entity".to_owned(),
        value: word.to_owned(),
    })
}
