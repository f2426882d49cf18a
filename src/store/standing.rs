//! What stands between runs: holds, carried-over records, watermarks, and a few named notes.

use chrono::{DateTime, Utc};

use super::db::{Conn, args, parse_time, time_text};
use super::journal::key;
use super::{Store, StoreError, dialect};
use crate::plan::{Entity, PerEntity};
use crate::values::Hold;

/// A record that the next incremental runs fetch by id until it is settled (docs/rules.md, "Reading").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Whose.
    pub entity: Entity,
    /// The record.
    pub impartner_id: i64,
    /// Why, as a word (see [`crate::plan::CarryOver`]). At most 50 characters.
    pub reason: String,
    /// Since when; kept when the record is carried over again.
    pub since: DateTime<Utc>,
    /// The run that carried it over last.
    pub run_id: Option<i64>,
}

fn watermark_name(entity: Entity) -> String {
    format!("watermark.{entity}")
}

impl Store {
    /// Every hold, oldest first, with the name the database has for the record.
    pub async fn holds(&self) -> Result<Vec<Hold>, StoreError> {
        let mut conn = self.conn().await?;
        let mut holds = Vec::new();
        for entity in Entity::ALL {
            let sql = format!(
                "SELECT h.impartner_id, t.{}, h.note, h.operator, h.created_at FROM sync_holds h \
                 LEFT JOIN {entity} t ON t.impartner_id = h.impartner_id WHERE h.entity = ?",
                key(entity)
            );
            conn.each(sql, args![entity.word()], |row| {
                holds.push(Hold {
                    entity,
                    impartner_id: row.int(0)?,
                    name: row.opt_string(1)?,
                    note: row.string(2)?,
                    operator: row.string(3)?,
                    created_at: row.time(4)?,
                });
                Ok(())
            })
            .await?;
        }
        holds.sort_by_key(|hold| (hold.created_at, hold.entity, hold.impartner_id));
        Ok(holds)
    }

    /// Holds a record, or replaces the note of its hold.
    pub async fn hold(
        &self,
        entity: Entity,
        impartner_id: i64,
        note: &str,
        operator: &str,
    ) -> Result<(), StoreError> {
        let mut conn = self.conn().await?;
        let sql = format!(
            "INSERT INTO sync_holds (entity, impartner_id, note, operator, created_at) VALUES (?, ?, ?, ?, ?){}",
            dialect::upsert(
                self.engine(),
                "entity, impartner_id",
                &["note", "operator", "created_at"]
            )
        );
        conn.execute(
            sql,
            args![
                entity.word(),
                impartner_id,
                note,
                operator,
                self.clock().now()
            ],
        )
        .await?;
        Ok(())
    }

    /// Lifts a hold.
    pub async fn lift(&self, entity: Entity, impartner_id: i64) -> Result<(), StoreError> {
        let mut conn = self.conn().await?;
        let lifted = conn
            .execute(
                "DELETE FROM sync_holds WHERE entity = ? AND impartner_id = ?",
                args![entity.word(), impartner_id],
            )
            .await?;
        if lifted == 0 {
            return Err(StoreError::NotFound(format!(
                "hold on {} {impartner_id}",
                entity.singular()
            )));
        }
        Ok(())
    }

    /// The carried-over records, by entity and id.
    pub async fn carryover(&self) -> Result<Vec<Carried>, StoreError> {
        let mut conn = self.conn().await?;
        let mut carried = Vec::new();
        for entity in Entity::ALL {
            let sql = "SELECT impartner_id, reason, since, run_id FROM sync_carryover WHERE entity = ? ORDER BY impartner_id";
            conn.each(sql, args![entity.word()], |row| {
                carried.push(Carried {
                    entity,
                    impartner_id: row.int(0)?,
                    reason: row.string(1)?,
                    since: row.time(2)?,
                    run_id: row.opt_int(3)?,
                });
                Ok(())
            })
            .await?;
        }
        Ok(carried)
    }

    /// The watermarks as the source reported them.
    pub async fn watermarks(&self) -> Result<PerEntity<Option<DateTime<Utc>>>, StoreError> {
        let mut conn = self.conn().await?;
        let mut marks = PerEntity::default();
        for entity in Entity::ALL {
            marks[entity] = watermark(&mut conn, entity).await?;
        }
        Ok(marks)
    }

    /// A named note (`meta`), if there is one.
    pub async fn meta(&self, name: &str) -> Result<Option<String>, StoreError> {
        let mut conn = self.conn().await?;
        let name = format!("meta.{name}");
        Ok(conn
            .first(
                "SELECT value FROM sync_state WHERE name = ?",
                args![name],
                |row| row.opt_string(0),
            )
            .await?
            .flatten())
    }

    /// Sets a named note. At most 90 characters of name.
    pub async fn set_meta(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let mut conn = self.conn().await?;
        set_state(
            &mut conn,
            &format!("meta.{name}"),
            value,
            self.clock().now(),
        )
        .await
    }
}

async fn watermark(conn: &mut Conn, entity: Entity) -> Result<Option<DateTime<Utc>>, StoreError> {
    let text = conn
        .first(
            "SELECT value FROM sync_state WHERE name = ?",
            args![watermark_name(entity)],
            |row| row.opt_string(0),
        )
        .await?
        .flatten();
    text.map(|text| {
        parse_time(&text)
            .map(|at| at.and_utc())
            .ok_or(StoreError::BadValue {
                what: "a watermark".to_owned(),
                value: text,
            })
    })
    .transpose()
}

/// Sets a watermark, lower too: a proved full run mends one that a wrong date had moved too far, and a lower one reads
/// some records again, which is never wrong.
pub(super) async fn set_watermark(
    conn: &mut Conn,
    entity: Entity,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    set_state(conn, &watermark_name(entity), &time_text(at), now).await
}

pub(super) async fn set_state(
    conn: &mut Conn,
    name: &str,
    value: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO sync_state (name, value, updated_at) VALUES (?, ?, ?){}",
        dialect::upsert(conn.engine(), "name", &["value", "updated_at"])
    );
    conn.execute(sql, args![name, value, now]).await?;
    Ok(())
}
