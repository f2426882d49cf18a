//! The log of a case: rows that are added in the transaction of what they tell of, and never changed (docs/rules.md,
//! "Off-boarding").

use super::super::db::{Conn, args};
use super::super::lists::{CHUNK, tuples};
use super::super::{Store, StoreError};
use super::{CaseEvent, StepMark, StepPhase};
use crate::values::{CaseEntry, Step, StepAction, StepState};

const INSERT: &str = "INSERT INTO offboarding_events (case_id, at, operator, event, from_state, to_state, note, step) VALUES ";

impl Store {
    /// The log of a case, oldest first.
    pub async fn case_log(&self, case_id: i64) -> Result<Vec<CaseEntry>, StoreError> {
        let mut conn = self.conn().await?;
        conn.all(
            "SELECT at, operator, event, note, step FROM offboarding_events WHERE case_id = ? ORDER BY event_id",
            args![case_id],
            |row| {
                Ok(CaseEntry {
                    at: row.time(0)?,
                    operator: row.string(1)?,
                    event: row.string(2)?,
                    note: row.opt_string(3)?,
                    step: row.opt_string(4)?,
                })
            },
        )
        .await
    }
}

/// Adds a change of state to the log. Runs on the caller's transaction.
pub(super) async fn add(
    conn: &mut Conn,
    case_id: i64,
    event: &CaseEvent,
) -> Result<(), StoreError> {
    let sql = format!("{INSERT}{}", tuples(1, 8));
    let values = args![
        case_id,
        event.at,
        event.who.as_str(),
        event.what.as_str(),
        event.from.word(),
        event.to.word(),
        event.note.as_deref(),
        None::<&str>
    ];
    conn.execute(sql, values).await.map(|_| ())
}

/// Adds how steps ended to the log. That a call went out is no end: the step itself says so. Runs on the caller's
/// transaction.
pub(super) async fn add_steps(
    conn: &mut Conn,
    case_id: i64,
    phase: StepPhase,
    steps: &[(usize, &Step)],
    mark: &StepMark<'_>,
) -> Result<(), StoreError> {
    if mark.state == StepState::Unknown {
        return Ok(());
    }
    for chunk in steps.chunks(CHUNK) {
        let sql = format!("{INSERT}{}", tuples(chunk.len(), 8));
        let mut values = Vec::with_capacity(chunk.len() * 8);
        for (_, step) in chunk {
            values.extend(args![
                case_id,
                mark.at,
                mark.operator,
                ended(mark.state),
                None::<&str>,
                None::<&str>,
                mark.note,
                in_words(phase, step)
            ]);
        }
        conn.execute(sql, values).await?;
    }
    Ok(())
}

fn ended(state: StepState) -> &'static str {
    match state {
        StepState::Done => "step_done",
        StepState::Skipped => "step_skipped",
        StepState::Failed => "step_failed",
        StepState::Planned | StepState::Unknown => "step_open",
    }
}

fn in_words(phase: StepPhase, step: &Step) -> String {
    let person = step.person.as_deref().or(step.person_id.as_deref());
    let (person, group) = (person.unwrap_or("somebody"), &step.group_name);
    match (phase, step.action) {
        (StepPhase::Remove, StepAction::RemoveMember) => format!("take {person} out of {group}"),
        (StepPhase::Remove, StepAction::DeleteGroup) => format!("delete the group {group}"),
        (StepPhase::Restore, StepAction::RemoveMember) => format!("put {person} back into {group}"),
        (StepPhase::Restore, StepAction::DeleteGroup) => format!("make the group {group} again"),
    }
}
