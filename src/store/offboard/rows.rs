//! A case and its steps as rows, and what statements over many of them are made of.

use super::super::StoreError;
use super::super::db::Row;
use super::CaseRecord;
use crate::plan::Entity;
use crate::values::{Case, CaseEntry, CaseState, Step, StepAction, StepState};

/// With the last change of state, which the log tells of.
pub(super) const CASE_COLUMNS: &str = "SELECT c.case_id, c.entity, c.row_id, c.name, c.state, c.reason, c.run_id, c.opened_at, \
     c.opened_by, c.decided_by, c.decided_at, c.note, c.people, c.foreign_members, c.foreign_accepted, c.pre_image, c.revision, \
     e.at, e.operator, e.event, e.note, c.run_after FROM offboarding_cases c LEFT JOIN offboarding_events e ON e.event_id = \
     (SELECT MAX(l.event_id) FROM offboarding_events l WHERE l.case_id = c.case_id AND l.to_state IS NOT NULL)";

pub(super) fn case_of(row: &Row) -> Result<CaseRecord, StoreError> {
    let bad = |what: &str, value: &str| StoreError::BadValue {
        what: what.to_owned(),
        value: value.to_owned(),
    };
    let entity = row.text(1)?;
    let state = row.text(4)?;
    let last = match row.opt_time(17)? {
        Some(at) => Some(CaseEntry {
            at,
            operator: row.string(18)?,
            event: row.string(19)?,
            note: row.opt_string(20)?,
            step: None,
        }),
        None => None,
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
            foreign_accepted: row.flag(14)?,
            run_after: row.opt_time(21)?,
            last,
            steps: Vec::new(),
        },
        revision: row.int(16)?,
        record: row.opt_string(15)?,
    })
}

pub(super) fn step_of(row: &Row) -> Result<(i64, Step), StoreError> {
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

pub(super) fn action_word(action: StepAction) -> &'static str {
    match action {
        StepAction::RemoveMember => "remove_member",
        StepAction::DeleteGroup => "delete_group",
    }
}

pub(super) fn state_word(state: StepState) -> &'static str {
    match state {
        StepState::Planned => "planned",
        StepState::Done => "done",
        StepState::Skipped => "skipped",
        StepState::Failed => "failed",
        StepState::Unknown => "unknown",
    }
}

pub(in crate::store) fn count(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The word of an entity in the tables.
pub(in crate::store) fn entity_of(row: &Row, at: usize) -> Result<Entity, StoreError> {
    let word = row.text(at)?;
    word.parse().map_err(|_| StoreError::BadValue {
        what: "an entity".to_owned(),
        value: word.to_owned(),
    })
}
