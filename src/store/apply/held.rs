//! What rows hold once they are written: column defaults and triggers may have made something else of what was sent, and the
//! journal says what is there (docs/rules.md, "Applying"). Read in batches.

use rustc_hash::FxHashMap;

use super::ApplyTx;
use super::rows::BATCH_ROWS;
use super::statements::listed;
use crate::plan::{RowSet, Schema};
use crate::store::{StoreError, read};

/// Rows by their ids.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) rows: RowSet,
    place: FxHashMap<i64, u32>,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeldRow<'h> {
    pub(super) rows: &'h RowSet,
    pub(super) at: u32,
}

impl Held {
    pub(super) fn row(&self, row_id: i64) -> Option<HeldRow<'_>> {
        let at = *self.place.get(&row_id)?;
        Some(HeldRow {
            rows: &self.rows,
            at,
        })
    }
}

impl ApplyTx {
    /// The rows of `ids` (of the column `by`) as they are now. `select` begins the statement, `lock` ends it.
    pub(super) async fn held(
        &mut self,
        select: &str,
        schema: &Schema,
        by: &str,
        ids: &[i64],
        lock: &str,
    ) -> Result<Held, StoreError> {
        let mut rows = RowSet::new(schema);
        for batch in ids.chunks(BATCH_ROWS) {
            let sql = format!(
                "{select} WHERE {by} IN ({}) ORDER BY id{lock}",
                listed(batch)
            );
            self.conn
                .each(sql, vec![], |row| read::see_row(schema, row, &mut rows))
                .await?;
        }
        let place = rows.indices().map(|at| (rows.row_id(at), at)).collect();
        Ok(Held { rows, place })
    }
}
