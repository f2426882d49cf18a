//! Reading the journal: what happened to a run's rows, to one record, and what can be undone.

use super::db::{Row, args};
use super::{Store, StoreError};
use crate::plan::{Entity, Op};
use crate::values::JournalEntry;

const ENTRY: &str = "c.run_id, c.entity, c.row_id, c.impartner_id, c.name, c.op, c.before_values, c.after_values, c.status, \
     c.message, COALESCE(r.applied_at, r.started_at), r.operator, r.plan_id \
     FROM sync_changes c JOIN sync_runs r ON r.run_id = c.run_id";

fn entry(row: &Row) -> Result<JournalEntry, StoreError> {
    let values = |at: usize| -> Result<serde_json::Value, StoreError> {
        Ok(row
            .opt_text(at)?
            .and_then(|json| serde_json::from_str(json).ok())
            .unwrap_or_default())
    };
    let entity: Entity = row.text(1)?.parse().map_err(|_| StoreError::BadValue {
        what: "an entity".to_owned(),
        value: row.string(1).unwrap_or_default(),
    })?;
    let after = values(7)?;
    // An add keeps its name among the values only.
    let name = match row.opt_string(4)? {
        Some(name) => name,
        None => after
            .get(key(entity))
            .and_then(|name| name.as_str())
            .unwrap_or_default()
            .to_owned(),
    };
    let word = row.text(5)?;
    Ok(JournalEntry {
        run_id: row.int(0)?,
        entity,
        row_id: row.opt_int(2)?,
        impartner_id: row.opt_int(3)?,
        name,
        op: Op::ALL
            .into_iter()
            .find(|op| op.word() == word)
            .unwrap_or(Op::Unchanged),
        before: values(6)?,
        after,
        status: row.string(8)?,
        message: row.opt_string(9)?,
        at: row.time(10)?,
        operator: row.string(11)?,
        plan_id: row.opt_string(12)?,
    })
}

/// The column that a record is known by.
pub(super) fn key(entity: Entity) -> &'static str {
    match entity {
        Entity::Partners => "account_name",
        Entity::Contacts => "email",
    }
}

impl Store {
    /// The journal of a run, in the order in which it was written.
    pub async fn changes(&self, run_id: i64) -> Result<Vec<JournalEntry>, StoreError> {
        let mut conn = self.conn().await?;
        conn.all(
            format!("SELECT {ENTRY} WHERE c.run_id = ? ORDER BY c.seq"),
            args![run_id],
            entry,
        )
        .await
    }

    /// A part of a run's journal: a run of a million changes is not for one list.
    pub async fn changes_page(
        &self,
        run_id: i64,
        offset: u64,
        limit: u32,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        let mut conn = self.conn().await?;
        // `seq` counts from 1 without gaps, so the page is found by the primary key.
        let first = i64::try_from(offset).unwrap_or(i64::MAX);
        conn.all(
            format!("SELECT {ENTRY} WHERE c.run_id = ? AND c.seq > ? ORDER BY c.seq LIMIT ?"),
            args![run_id, first, i64::from(limit)],
            entry,
        )
        .await
    }

    /// What of a run's journal was not written: rows that failed or were stale, in order.
    pub async fn faults(&self, run_id: i64) -> Result<Vec<JournalEntry>, StoreError> {
        let mut conn = self.conn().await?;
        let sql = format!(
            "SELECT {ENTRY} WHERE c.run_id = ? AND c.status IN ('failed', 'stale') ORDER BY c.seq"
        );
        conn.all(sql, args![run_id], entry).await
    }

    /// What of a run's journal was applied and is not undone yet, in order: what an undo plan is built from.
    pub async fn undoable(&self, run_id: i64) -> Result<Vec<JournalEntry>, StoreError> {
        let mut conn = self.conn().await?;
        let sql = format!(
            "SELECT {ENTRY} WHERE c.run_id = ? AND c.status = 'applied' AND c.undone_by IS NULL ORDER BY c.seq"
        );
        conn.all(sql, args![run_id], entry).await
    }

    /// Everything that happened to a record, newest first: also what happened under the ids that its row had before
    /// (a person who was created anew upstream).
    pub async fn history(
        &self,
        entity: Entity,
        impartner_id: i64,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        let mut conn = self.conn().await?;
        let sql = format!("SELECT {ENTRY} WHERE c.impartner_id = ? AND c.entity = ?");
        let mut found: Vec<JournalEntry> = Vec::new();
        let (mut ids, mut asked) = (vec![impartner_id], Vec::new());
        while let Some(id) = ids.pop() {
            asked.push(id);
            let entries = conn
                .all(sql.clone(), args![id, entity.word()], entry)
                .await?;
            let earlier = entries
                .iter()
                .filter_map(|entry| entry.before.get("impartner_id")?.as_i64());
            ids.extend(earlier.filter(|id| !asked.contains(id)));
            ids.dedup();
            found.extend(entries);
        }
        // The journal of one run is in order already, and a stable sort keeps it.
        found.sort_by_key(|entry| entry.run_id);
        found.reverse();
        Ok(found)
    }
}
