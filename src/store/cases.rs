//! Off-boarding cases: opening them. What is done with them afterwards is in the rooms below.

use chrono::{DateTime, Utc};

use super::StoreError;
use super::db::{Conn, args};
use crate::plan::Entity;

/// A case to be opened (PRODUCT.md section 7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCase {
    /// Whose.
    pub entity: Entity,
    /// Our row.
    pub row_id: i64,
    /// Impartner's id.
    pub impartner_id: Option<i64>,
    /// Its name or e-mail.
    pub name: String,
    /// Why.
    pub reason: String,
    /// The run that opens it; `None` for a sweep.
    pub run_id: Option<i64>,
    /// Who ran it.
    pub opened_by: String,
    /// The contact's LMS user.
    pub lms_user_id: Option<String>,
    /// The partner's LMS group.
    pub group_id: Option<String>,
    /// Its name.
    pub group_name: Option<String>,
}

/// Opens a case, unless one of that row is open already (pending, approved, held, running or failed). Returns its id.
pub(super) async fn open(
    conn: &mut Conn,
    case: &NewCase,
    now: DateTime<Utc>,
) -> Result<Option<i64>, StoreError> {
    let open = conn
        .first(
            "SELECT case_id FROM offboarding_cases WHERE entity = ? AND row_id = ? \
             AND state IN ('pending', 'approved', 'held', 'running', 'failed') LIMIT 1",
            args![case.entity.word(), case.row_id],
            |row| row.int(0),
        )
        .await?;
    if open.is_some() {
        return Ok(None);
    }
    conn.insert(
        "INSERT INTO offboarding_cases (entity, row_id, impartner_id, name, state, reason, run_id, opened_at, opened_by, \
         lms_user_id, group_id, group_name, updated_at) VALUES (?, ?, ?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?)",
        args![
            case.entity.word(),
            case.row_id,
            case.impartner_id,
            case.name.as_str(),
            case.reason.as_str(),
            case.run_id,
            now,
            case.opened_by.as_str(),
            case.lms_user_id.as_deref(),
            case.group_id.as_deref(),
            case.group_name.as_deref(),
            now
        ],
    )
    .await
    .map(Some)
}
