//! Holds: rows that no run soft-deletes until they are lifted (docs/rules.md, "The plan").
//!
//! A hold stands on a row, and follows it when Impartner makes its record anew. Its key in the table is the Impartner id
//! under which it was set: that names the record until there is a row, and afterwards it is only a key. Where another
//! row's hold has that key by now, the row's own id, negated, serves.

use super::db::{Conn, args};
use super::journal::key;
use super::{Engine, Store, StoreError, dialect};
use crate::plan::Entity;
use crate::values::{HeldOn, Hold, NewHold};

impl Store {
    /// Every hold, oldest first, with the id and the name that its row has by now.
    pub async fn holds(&self) -> Result<Vec<Hold>, StoreError> {
        if self.never_migrated() {
            return Ok(Vec::new());
        }
        let mut conn = self.conn().await?;
        let mut holds = Vec::new();
        for entity in Entity::ALL {
            let name = key(entity);
            // Two joins, because an index serves each of them and none serves an OR.
            let sql = format!(
                "SELECT CASE WHEN r.id IS NULL THEN h.impartner_id ELSE r.impartner_id END, COALESCE(r.id, i.id), \
                 COALESCE(r.{name}, i.{name}), h.note, h.operator, h.created_at, h.until_day \
                 FROM sync_holds h LEFT JOIN {entity} r ON r.id = h.row_id \
                 LEFT JOIN {entity} i ON r.id IS NULL AND i.impartner_id = h.impartner_id WHERE h.entity = ? AND {}",
                still_holds(self.engine())
            );
            conn.each(sql, args![entity.word()], |row| {
                holds.push(Hold {
                    entity,
                    // A key that was made of a row's id is no id of Impartner's.
                    impartner_id: row.opt_int(0)?.filter(|&id| id > 0),
                    row_id: row.opt_int(1)?,
                    name: row.opt_string(2)?,
                    note: row.string(3)?,
                    operator: row.string(4)?,
                    created_at: row.time(5)?,
                    until: row.opt_text(6)?.and_then(|day| day.parse().ok()),
                });
                Ok(())
            })
            .await?;
        }
        holds.sort_by_key(|hold| (hold.created_at, hold.entity, hold.impartner_id));
        Ok(holds)
    }

    /// Holds the row of a record, or the record where it has none yet; replaces the note of a hold that is there.
    pub async fn hold(
        &self,
        entity: Entity,
        impartner_id: i64,
        note: &str,
        operator: &str,
    ) -> Result<(), StoreError> {
        let hold = NewHold {
            entity,
            on: HeldOn::Record(impartner_id),
            note: note.to_owned(),
            until: None,
        };
        self.set_holds(&[hold], operator).await
    }

    /// Sets holds, all or none; a hold that is there on the same row is replaced.
    ///
    /// [`StoreError::NotFound`] for a row that is not there.
    pub async fn set_holds(&self, holds: &[NewHold], operator: &str) -> Result<(), StoreError> {
        let now = self.clock().now();
        let sql = format!(
            "INSERT INTO sync_holds (entity, impartner_id, row_id, note, operator, created_at, until_day) \
             VALUES (?, ?, ?, ?, ?, ?, ?){}",
            dialect::upsert(
                self.engine(),
                "entity, impartner_id",
                &["row_id", "note", "operator", "created_at", "until_day"]
            )
        );
        let mut conn = self.conn().await?;
        conn.begin().await?;
        for hold in holds {
            let entity = hold.entity;
            let (impartner_id, row_id) = match hold.on {
                HeldOn::Record(id) => (id, row_of(&mut conn, entity, id).await?),
                HeldOn::Row(row) => {
                    let Some(id) = id_of(&mut conn, entity, row).await? else {
                        conn.rollback().await?;
                        let what = format!("{} with the row id {row}", entity.singular());
                        return Err(StoreError::NotFound(what));
                    };
                    (id.unwrap_or(-row), Some(row))
                }
            };
            let key = key_for(&mut conn, entity, impartner_id, row_id).await?;
            let until = hold.until.map(|day| day.to_string());
            let values = args![
                entity.word(),
                key,
                row_id,
                hold.note.as_str(),
                operator,
                now,
                until
            ];
            conn.execute(sql.clone(), values).await?;
        }
        conn.commit().await
    }

    /// Lifts the hold of a row, whatever Impartner id it has.
    pub async fn lift_row(&self, entity: Entity, row_id: i64) -> Result<(), StoreError> {
        let mut conn = self.conn().await?;
        let id = id_of(&mut conn, entity, row_id).await?.flatten();
        let sql = "DELETE FROM sync_holds WHERE entity = ? AND (row_id = ? OR (row_id IS NULL AND impartner_id = ?))";
        if conn.execute(sql, args![entity.word(), row_id, id]).await? == 0 {
            return Err(StoreError::NotFound(format!(
                "hold on the {} with the row id {row_id}",
                entity.singular()
            )));
        }
        Ok(())
    }

    /// Lifts the hold of the row that has this Impartner id now, or the hold of the record where it has no row.
    pub async fn lift(&self, entity: Entity, impartner_id: i64) -> Result<(), StoreError> {
        let mut conn = self.conn().await?;
        let row_id = row_of(&mut conn, entity, impartner_id).await?;
        // A hold whose row goes by another id now is lifted by that one.
        let sql = format!(
            "DELETE FROM sync_holds WHERE entity = ? AND (row_id = ? OR (impartner_id = ? AND NOT EXISTS \
             (SELECT 1 FROM {entity} t WHERE t.id = sync_holds.row_id AND t.impartner_id <> ?)))"
        );
        let values = args![entity.word(), row_id, impartner_id, impartner_id];
        if conn.execute(sql, values).await? == 0 {
            return Err(StoreError::NotFound(format!(
                "hold on {} {impartner_id}",
                entity.singular()
            )));
        }
        Ok(())
    }
}

/// Notes the rows of holds that name a record only: those of an earlier version, and of records that came later. To be
/// done before a row changes its Impartner id, for afterwards nobody knows.
pub(super) async fn bind(conn: &mut Conn) -> Result<(), StoreError> {
    for entity in Entity::ALL {
        let unbound = conn
            .first(
                "SELECT 1 FROM sync_holds WHERE entity = ? AND row_id IS NULL LIMIT 1",
                args![entity.word()],
                |row| row.int(0),
            )
            .await?;
        if unbound.is_none() {
            continue;
        }
        let sql = format!(
            "UPDATE sync_holds SET row_id = (SELECT MIN(t.id) FROM {entity} t WHERE t.impartner_id = sync_holds.impartner_id) \
             WHERE entity = ? AND row_id IS NULL"
        );
        conn.execute(sql, args![entity.word()]).await?;
    }
    Ok(())
}

async fn row_of(
    conn: &mut Conn,
    entity: Entity,
    impartner_id: i64,
) -> Result<Option<i64>, StoreError> {
    let sql = format!("SELECT id FROM {entity} WHERE impartner_id = ?");
    conn.first(sql, args![impartner_id], |row| row.int(0)).await
}

/// The Impartner id of a row; the outer `None`: there is no such row.
async fn id_of(
    conn: &mut Conn,
    entity: Entity,
    row_id: i64,
) -> Result<Option<Option<i64>>, StoreError> {
    let sql = format!("SELECT impartner_id FROM {entity} WHERE id = ?");
    conn.first(sql, args![row_id], |row| row.opt_int(0)).await
}

/// The condition that a hold `h` has not ended by itself: its last day is today (UTC) or later.
pub(super) fn still_holds(engine: Engine) -> String {
    format!(
        "(h.until_day IS NULL OR h.until_day >= SUBSTR({}, 1, 10))",
        dialect::now(engine)
    )
}

/// Under which key the hold of a row stands, or is to stand.
async fn key_for(
    conn: &mut Conn,
    entity: Entity,
    impartner_id: i64,
    row_id: Option<i64>,
) -> Result<i64, StoreError> {
    let Some(row_id) = row_id else {
        return Ok(impartner_id);
    };
    let own = conn
        .first(
            "SELECT impartner_id FROM sync_holds WHERE entity = ? AND row_id = ?",
            args![entity.word(), row_id],
            |row| row.int(0),
        )
        .await?;
    if let Some(own) = own {
        return Ok(own);
    }
    let others = conn
        .first(
            "SELECT 1 FROM sync_holds WHERE entity = ? AND impartner_id = ? AND row_id IS NOT NULL",
            args![entity.word(), impartner_id],
            |row| row.int(0),
        )
        .await?;
    Ok(others.map_or(impartner_id, |_| -row_id))
}
