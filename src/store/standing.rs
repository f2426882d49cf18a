//! What stands between runs: carried-over records, watermarks, and a few named notes.

use chrono::{DateTime, Utc};

use super::db::{Conn, args, parse_time, time_text};
use super::journal::key;
use super::{Store, StoreError, dialect};
use crate::plan::{Entity, PerEntity};
use crate::values::CarriedRecord;

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
    /// The carried-over records, by entity and id.
    pub async fn carryover(&self) -> Result<Vec<Carried>, StoreError> {
        if self.never_migrated() {
            return Ok(Vec::new());
        }
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

    /// The carried-over records with the names of their rows, by entity and id.
    pub async fn carried_records(&self) -> Result<Vec<CarriedRecord>, StoreError> {
        if self.never_migrated() {
            return Ok(Vec::new());
        }
        let mut conn = self.conn().await?;
        let mut carried = Vec::new();
        for entity in Entity::ALL {
            let name = key(entity);
            let sql = format!(
                "SELECT c.impartner_id, r.{name}, c.reason, c.since, c.run_id FROM sync_carryover c \
                 LEFT JOIN {entity} r ON r.impartner_id = c.impartner_id WHERE c.entity = ? ORDER BY c.impartner_id"
            );
            conn.each(sql, args![entity.word()], |row| {
                carried.push(CarriedRecord {
                    entity,
                    impartner_id: row.int(0)?,
                    name: row.opt_string(1)?,
                    reason: row.string(2)?,
                    since: row.time(3)?,
                    run_id: row.opt_int(4)?,
                });
                Ok(())
            })
            .await?;
        }
        Ok(carried)
    }

    /// The watermarks as the source reported them.
    pub async fn watermarks(&self) -> Result<PerEntity<Option<DateTime<Utc>>>, StoreError> {
        if self.never_migrated() {
            return Ok(PerEntity::default());
        }
        let mut conn = self.conn().await?;
        let mut marks = PerEntity::default();
        for entity in Entity::ALL {
            marks[entity] = watermark(&mut conn, entity).await?;
        }
        Ok(marks)
    }

    /// A named note (`meta`), if there is one.
    pub async fn meta(&self, name: &str) -> Result<Option<String>, StoreError> {
        if self.never_migrated() {
            return Ok(None);
        }
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
