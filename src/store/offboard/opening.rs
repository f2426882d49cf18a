//! How cases come to be, and how they lapse: inside the transaction of an apply, and by a sweep.

use chrono::{DateTime, Utc};
use rustc_hash::FxHashSet;

use super::super::collation::Collations;
use super::super::db::{Arg, Conn, Row, args};
use super::super::dialect::STILL_THERE;
use super::super::lists::{CHUNK, marks};
use super::super::lms::{LinkRules, link_groups};
use super::super::{ApplyTx, Store, StoreError, dialect, standing};
use super::events;
use super::{CaseEvent, CaseMove, Decision, apply_move, entity_of};
use crate::plan::Entity;
use crate::values::{CaseState, LeftCase};

/// A row that an apply made inactive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// Whose row.
    pub entity: Entity,
    /// The row.
    pub row_id: i64,
    /// Impartner's id.
    pub impartner_id: Option<i64>,
    /// Its name or e-mail.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// Who opens cases, in which run, when.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// The run; `None` for a sweep.
    pub run_id: Option<i64>,
    /// Who.
    pub operator: &'a str,
    /// When.
    pub at: DateTime<Utc>,
}

/// States in which a case still stands: the same row gets no second one.
const STANDING: &str = "('pending', 'approved', 'held', 'running', 'failed')";

/// Opens a case for each departure that the LMS has something to undo for: a contact with an LMS user, a partner with
/// an LMS group. Runs on the caller's transaction; gives the number of cases opened.
async fn open_cases(
    conn: &mut Conn,
    collations: &Collations,
    departures: &[Departure],
    opening: Opening<'_>,
) -> Result<u64, StoreError> {
    let mut opened = 0;
    let linked = collations.equal("lms_users u.id", "contacts c.lms_user_id");
    one_at_a_time(conn, opening.at).await?;
    // Read past the transaction's own view: a sweep may have opened the case since this one began.
    let now = dialect::for_update(conn.engine());
    for entity in Entity::ALL {
        let rows: Vec<&Departure> = departures.iter().filter(|d| d.entity == entity).collect();
        for chunk in rows.chunks(CHUNK) {
            let list = marks(chunk.len());
            let ids = || -> Vec<Arg<'_>> { chunk.iter().map(|d| d.row_id.into()).collect() };
            let sql = match entity {
                Entity::Contacts => format!(
                    "SELECT c.id FROM contacts c WHERE c.lms_user_id IS NOT NULL AND c.lms_user_id <> '' AND c.id IN ({list}) \
                     AND NOT EXISTS (SELECT 1 FROM lms_users u WHERE {linked} AND NOT {STILL_THERE})"
                ),
                Entity::Partners => {
                    format!(
                        "SELECT DISTINCT partner_id FROM lms_groups WHERE deleted_at IS NULL AND partner_id IN ({list})"
                    )
                }
            };
            let known: FxHashSet<i64> = conn
                .all(sql, ids(), |row| row.int(0))
                .await?
                .into_iter()
                .collect();
            let sql = format!(
                "SELECT row_id FROM offboarding_cases WHERE entity = ? AND state IN {STANDING} \
                 AND row_id IN ({list}){now}"
            );
            let mut values = args![entity.word()];
            values.extend(ids());
            let standing: FxHashSet<i64> = conn
                .all(sql, values, |row| row.int(0))
                .await?
                .into_iter()
                .collect();
            for departure in chunk {
                if known.contains(&departure.row_id) && !standing.contains(&departure.row_id) {
                    open(conn, departure, opening).await?;
                    opened += 1;
                }
            }
        }
    }
    Ok(opened)
}

/// Another case of the row of a case that stands.
pub(super) async fn other_standing(
    conn: &mut Conn,
    case_id: i64,
) -> Result<Option<i64>, StoreError> {
    let sql = format!(
        "SELECT o.case_id FROM offboarding_cases c JOIN offboarding_cases o ON o.entity = c.entity AND o.row_id = c.row_id \
         WHERE c.case_id = ? AND o.case_id <> c.case_id AND o.state IN {STANDING} ORDER BY o.case_id LIMIT 1"
    );
    conn.first(sql, args![case_id], |row| row.int(0)).await
}

/// Lets one transaction at a time open cases, by a row that each of them writes first: two sweeps at once would both
/// see that a row has no case yet. (SQLite has one writer anyway.)
pub(super) async fn one_at_a_time(conn: &mut Conn, at: DateTime<Utc>) -> Result<(), StoreError> {
    standing::set_state(conn, "offboarding_opening", "", at).await
}

async fn open(
    conn: &mut Conn,
    departure: &Departure,
    opening: Opening<'_>,
) -> Result<(), StoreError> {
    let event = CaseEvent {
        at: opening.at,
        who: opening.operator.to_owned(),
        what: "open".to_owned(),
        from: CaseState::Pending,
        to: CaseState::Pending,
        note: Some(departure.reason.clone()),
    };
    let case_id = conn
        .insert(
        "INSERT INTO offboarding_cases (entity, row_id, impartner_id, name, state, reason, run_id, opened_at, \
         opened_by, updated_at) VALUES (?, ?, ?, ?, 'pending', ?, ?, ?, ?, ?)",
        args![
            departure.entity.word(),
            departure.row_id,
            departure.impartner_id,
            departure.name.as_str(),
            departure.reason.as_str(),
            opening.run_id,
            opening.at,
            opening.operator,
            opening.at
        ],
    )
    .await?;
    events::add(conn, case_id, &event).await
}

/// Makes the undecided, approved, held and failed cases of rows that are active again obsolete. Runs on the caller's
/// transaction; gives the number of cases.
async fn lapse_cases(
    conn: &mut Conn,
    returned: &[(Entity, i64)],
    opening: Opening<'_>,
) -> Result<u64, StoreError> {
    let mut lapsed = 0;
    for entity in Entity::ALL {
        let rows: Vec<i64> = returned
            .iter()
            .filter(|(e, _)| *e == entity)
            .map(|(_, row)| *row)
            .collect();
        for chunk in rows.chunks(CHUNK) {
            let sql = format!(
                "SELECT case_id, state, revision FROM offboarding_cases WHERE entity = ? \
                 AND state IN ('pending', 'approved', 'held', 'failed') AND row_id IN ({})",
                marks(chunk.len())
            );
            let mut values = args![entity.word()];
            values.extend(chunk.iter().map(|&row| Arg::from(row)));
            let cases = conn
                .all(sql, values, |row| {
                    Ok((row.int(0)?, row.string(1)?, row.int(2)?))
                })
                .await?;
            for (case_id, state, revision) in cases {
                let Some(from) = CaseState::from_word(&state) else {
                    continue;
                };
                let step = CaseMove {
                    case_id,
                    from,
                    revision,
                    event: CaseEvent {
                        at: opening.at,
                        who: opening.operator.to_owned(),
                        what: "return".to_owned(),
                        from,
                        to: CaseState::Obsolete,
                        note: opening
                            .run_id
                            .map(|run| format!("the record came back in run {run}")),
                    },
                    decision: Decision::Machine,
                    outline: None,
                    record: None,
                };
                lapsed += u64::from(apply_move(conn, &step).await?);
            }
        }
    }
    Ok(lapsed)
}

impl ApplyTx {
    /// Opens a case for each row that this apply made inactive where the LMS has something to undo: a contact with an
    /// LMS user, a partner with an LMS group. Gives the number of cases opened.
    pub async fn open_cases(
        &mut self,
        departures: &[Departure],
        operator: &str,
    ) -> Result<u64, StoreError> {
        let opening = Opening {
            run_id: Some(self.run_id),
            operator,
            at: self.now,
        };
        let store = self.store.clone();
        let collations = store.collations().await?;
        open_cases(&mut self.conn, collations, departures, opening).await
    }

    /// Makes the cases of rows that this apply made active again obsolete, unless they ran already. Gives their number.
    pub async fn lapse_cases(
        &mut self,
        returned: &[(Entity, i64)],
        operator: &str,
    ) -> Result<u64, StoreError> {
        let opening = Opening {
            run_id: Some(self.run_id),
            operator,
            at: self.now,
        };
        lapse_cases(&mut self.conn, returned, opening).await
    }

    /// Links groups without a partner to the partners this apply added, by name. Gives the number of groups linked; one
    /// that the database does not take is for the next `lms refresh` to name.
    pub async fn link_groups(&mut self, rules: LinkRules<'_>) -> Result<u64, StoreError> {
        let (linked, refused) = link_groups(&mut self.conn, rules).await?;
        for row in refused {
            tracing::warn!(table = row.table, id = row.id, "a group was not linked");
        }
        Ok(linked)
    }
}

impl Store {
    /// Another case of the same row that stands.
    pub async fn other_standing(&self, case_id: i64) -> Result<Option<i64>, StoreError> {
        let mut conn = self.conn().await?;
        other_standing(&mut conn, case_id).await
    }

    /// The cases of rows that a run soft-deleted for which something was taken away in the LMS and not put back.
    pub async fn cases_left(&self, run_id: i64) -> Result<Vec<LeftCase>, StoreError> {
        let mut conn = self.conn().await?;
        conn.all(
            "SELECT c.case_id, c.entity, c.row_id, c.name FROM offboarding_cases c \
             WHERE c.state IN ('done', 'failed', 'obsolete') AND (c.run_id = ? OR c.run_id IS NULL) \
             AND EXISTS (SELECT 1 FROM sync_changes s WHERE s.run_id = ? AND s.entity = c.entity AND s.row_id = c.row_id \
               AND s.op = 'soft_delete') \
             AND EXISTS (SELECT 1 FROM offboarding_steps t WHERE t.case_id = c.case_id AND t.phase = 'remove' \
               AND t.state = 'done') ORDER BY c.case_id",
            args![run_id, run_id],
            |row| {
                Ok(LeftCase {
                    case_id: row.int(0)?,
                    entity: entity_of(row, 1)?,
                    row_id: row.int(2)?,
                    name: row.string(3)?,
                })
            },
        )
        .await
    }

    /// Opens cases for leftovers: inactive contacts still in their partner's group or in “All Partners”, inactive
    /// partners whose group still exists, by the tables of the last refresh. A person's word stands: the last
    /// case of the row being rejected or restored, none is opened. A contact whose only group is one they are protected in is no
    /// leftover. Gives the number of cases opened.
    pub async fn sweep_cases(
        &self,
        all_partners: &str,
        opening: Opening<'_>,
    ) -> Result<u64, StoreError> {
        let collations = self.collations().await?;
        let named = collations.any_text("lms_groups g.name");
        let member = format!(
            "lms_group_members m JOIN lms_groups g ON {} WHERE g.deleted_at IS NULL AND {}",
            collations.equal("lms_groups g.id", "lms_group_members m.group_id"),
            collations.equal("lms_group_members m.user_id", "contacts c.lms_user_id"),
        );
        let mut conn = self.conn().await?;
        conn.begin().await?;
        // First of all: what is read below is then what the sweep before this one left.
        one_at_a_time(&mut conn, opening.at).await?;
        let departure = |entity: Entity| {
            move |row: &Row| {
                Ok(Departure {
                    entity,
                    row_id: row.int(0)?,
                    impartner_id: row.opt_int(1)?,
                    name: row.string(2)?,
                    reason: "sweep: inactive here and still in LMS groups".to_owned(),
                })
            }
        };
        let mut found = conn
            .all(
                format!(
                    "SELECT p.id, p.impartner_id, p.account_name FROM partners p WHERE NOT ({}) \
                     AND EXISTS (SELECT 1 FROM lms_groups g WHERE g.partner_id = p.id AND g.deleted_at IS NULL AND {named} <> ?) \
                     ORDER BY p.id",
                    dialect::active("p")
                ),
                args![all_partners],
                departure(Entity::Partners),
            )
            .await?;
        found.extend(
            conn.all(
                format!(
                    "SELECT c.id, c.impartner_id, c.email FROM contacts c \
                     WHERE NOT ({}) AND c.lms_user_id IS NOT NULL AND c.lms_user_id <> '' AND (EXISTS \
                       (SELECT 1 FROM {member} AND g.partner_id = c.partner_id \
                          AND NOT EXISTS (SELECT 1 FROM contacts o WHERE o.lms_user_id = c.lms_user_id AND {other} \
                            AND o.partner_id = c.partner_id)) \
                     OR EXISTS \
                       (SELECT 1 FROM {member} AND {named} = ? \
                          AND NOT EXISTS (SELECT 1 FROM contacts o JOIN partners op ON op.id = o.partner_id \
                            WHERE o.lms_user_id = c.lms_user_id AND {other} AND {theirs}))) \
                     ORDER BY c.id",
                    dialect::active("c"),
                    other = dialect::active("o"),
                    theirs = dialect::active("op")
                ),
                args![all_partners],
                departure(Entity::Contacts),
            )
            .await?,
        );
        let rejected: FxHashSet<(Entity, i64)> = conn
            .all(
                "SELECT entity, row_id FROM offboarding_cases c WHERE state IN ('rejected', 'restored') AND NOT EXISTS \
                 (SELECT 1 FROM offboarding_cases n WHERE n.entity = c.entity AND n.row_id = c.row_id \
                  AND n.case_id > c.case_id)",
                args![],
                |row| Ok((entity_of(row, 0)?, row.int(1)?)),
            )
            .await?
            .into_iter()
            .collect();
        let fresh: Vec<Departure> = found
            .into_iter()
            .filter(|d| !rejected.contains(&(d.entity, d.row_id)))
            .collect();
        let opened = open_cases(&mut conn, collations, &fresh, opening).await?;
        conn.commit().await?;
        Ok(opened)
    }
}
