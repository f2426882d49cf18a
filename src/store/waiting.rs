//! Contacts that wait for a partner (docs/rules.md, "Matching").

use super::apply::{ApplyTx, BATCH_ROWS, JsonRows};
use super::db::args;
use super::{Store, StoreError, dialect};
use crate::plan::{Waiting, Waits};

impl Store {
    /// Every contact that waits for a partner, by its Impartner id.
    pub async fn waiting(&self) -> Result<Vec<Waiting>, StoreError> {
        if self.never_migrated() {
            return Ok(Vec::new());
        }
        let mut conn = self.conn().await?;
        let sql =
            "SELECT impartner_id, account_id, account_name FROM sync_waiting ORDER BY impartner_id";
        conn.all(sql, vec![], |row| {
            Ok(Waiting {
                impartner_id: row.int(0)?,
                account_id: row.opt_int(1)?,
                account_name: row.opt_string(2)?,
            })
        })
        .await
    }
}

impl ApplyTx {
    /// Keeps who waits for a partner from now on, and forgets who does no longer.
    pub async fn set_waiting(&mut self, waits: &Waits) -> Result<(), StoreError> {
        for batch in waits.ended.chunks(BATCH_ROWS) {
            let ids: Vec<String> = batch.iter().map(i64::to_string).collect();
            let sql = format!(
                "DELETE FROM sync_waiting WHERE impartner_id IN ({})",
                ids.join(",")
            );
            self.conn.execute(sql, args![]).await?;
        }
        self.insert_waiting(&waits.begun, "1 = 1").await
    }

    /// Adds who waits by an older reading; what stands there already is newer, and is kept.
    pub async fn add_waiting(&mut self, begun: &[Waiting]) -> Result<(), StoreError> {
        let unknown = "NOT EXISTS (SELECT 1 FROM sync_waiting w WHERE w.impartner_id = v.v_0)";
        self.insert_waiting(begun, unknown).await
    }

    async fn insert_waiting(
        &mut self,
        begun: &[Waiting],
        condition: &'static str,
    ) -> Result<(), StoreError> {
        use dialect::ColumnType::{Int, Text};
        let engine = self.conn.engine();
        let sql = format!(
            "INSERT INTO sync_waiting (impartner_id, account_id, account_name, since) \
             SELECT v.v_0, v.v_1, v.v_2, {} FROM {} WHERE {condition}{}",
            dialect::time_literal(self.now),
            dialect::json_rows(engine, &[Int, Int, Text]),
            dialect::upsert(
                engine,
                "impartner_id",
                &["account_id", "account_name", "since"]
            )
        );
        let mut left = begun;
        while !left.is_empty() {
            let mut payload = JsonRows::default();
            let mut taken = 0;
            for waiting in left {
                if payload.is_full() {
                    break;
                }
                payload.begin();
                payload.int(Some(waiting.impartner_id));
                payload.int(waiting.account_id);
                payload.text(waiting.account_name.as_deref());
                payload.end();
                taken += 1;
            }
            left = &left[taken..];
            self.conn
                .execute(sql.clone(), args![payload.finish()])
                .await?;
        }
        Ok(())
    }
}
