//! Writing rows of the `lms_` tables in batches, and naming those that the database does not take.

use std::borrow::Cow;
use std::ops::Range;

use chrono::{DateTime, Utc};
use rustc_hash::FxHashSet;
use serde_json::json;

use super::super::apply::{BATCH_BYTES, BATCH_ROWS};
use super::super::catalog::Catalog;
use super::super::collation::Collations;
use super::super::db::{Arg, Conn, args};
use super::super::dialect::{self, ColumnType};
use super::super::lists::{CHUNK, marks};
use super::super::{StoreError, split};
use super::fit::Fit;

/// A row that the database did not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The table.
    pub table: &'static str,
    /// Its id; of a membership the ids of group and person, with a `/` between.
    pub id: String,
    /// Why, and what stands there instead.
    pub message: String,
}

/// A row to be written: its id, and its cells as a JSON array.
pub(super) struct Cells {
    pub(super) id: String,
    pub(super) json: String,
}

impl Cells {
    pub(super) fn new(id: &str, cells: &serde_json::Value) -> Self {
        Self {
            id: id.to_owned(),
            json: cells.to_string(),
        }
    }
}

/// Writes on the caller's transaction.
pub(super) struct Writer<'a> {
    pub(super) conn: &'a mut Conn,
    collations: &'a Collations,
    catalog: &'a Catalog,
    refused: Vec<Refused>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        conn: &'a mut Conn,
        collations: &'a Collations,
        catalog: &'a Catalog,
    ) -> Self {
        Self {
            conn,
            collations,
            catalog,
            refused: Vec::new(),
        }
    }

    /// What was refused, each row once, with the first thing that was said of it.
    pub(super) fn finish(self) -> Vec<Refused> {
        let mut seen = FxHashSet::default();
        let mut refused = self.refused;
        refused.retain(|row| seen.insert((row.table, row.id.clone())));
        refused
    }

    pub(super) fn fit(&self, table: &str) -> Fit<'a> {
        Fit(self.catalog.get(table))
    }

    pub(super) fn refuse(&mut self, table: &'static str, id: &str, message: String) {
        self.refused.push(Refused {
            table,
            id: id.to_owned(),
            message,
        });
    }

    /// The rows of `table` that were refused so far.
    pub(super) fn refused_of(&self, table: &str) -> FxHashSet<String> {
        let of_table = self.refused.iter().filter(|row| row.table == table);
        of_table.map(|row| row.id.clone()).collect()
    }

    /// Puts new rows into `columns`, which are the cells, and notes when they were `seen`. Gives the number of rows written.
    pub(super) async fn insert(
        &mut self,
        table: &'static str,
        columns: &[&str],
        cells: &[ColumnType],
        rows: &[Cells],
        seen: Option<DateTime<Utc>>,
    ) -> Result<u64, StoreError> {
        let mut values: Vec<String> = (0..columns.len()).map(|at| format!("v_{at}")).collect();
        let mut columns = columns.to_vec();
        if let Some(at) = seen {
            columns.push("synced_at");
            values.push(dialect::time_literal(at));
        }
        let sql = format!(
            "INSERT INTO {table} ({}) SELECT {} FROM {}",
            columns.join(", "),
            values.join(", "),
            dialect::json_rows(self.conn.engine(), cells)
        );
        self.write(table, sql, rows).await
    }

    /// Notes of rows that they were seen.
    pub(super) async fn seen(
        &mut self,
        table: &'static str,
        ids: &[&str],
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let sets = format!("synced_at = {}", dialect::time_literal(at));
        let rows: Vec<Cells> = ids.iter().map(|id| Cells::new(id, &json!([id]))).collect();
        self.update(table, &sets, &[ColumnType::Text], &rows)
            .await?;
        Ok(())
    }

    /// Changes rows by their ids, which are the first cell (`v_0`). Gives the number of rows written.
    pub(super) async fn update(
        &mut self,
        table: &'static str,
        sets: &str,
        cells: &[ColumnType],
        rows: &[Cells],
    ) -> Result<u64, StoreError> {
        let engine = self.conn.engine();
        let source = dialect::json_rows(engine, cells);
        let id = self.collations.as_in(&format!("{table} t.id"), "v.v_0");
        let sql = dialect::update_where(engine, table, &id, &source, sets);
        self.write(table, sql, rows).await
    }

    async fn write(
        &mut self,
        table: &'static str,
        sql: String,
        rows: &[Cells],
    ) -> Result<u64, StoreError> {
        let refused = split::each(self.conn, pieces(rows), |range| {
            let cells: Vec<&str> = rows[range].iter().map(|row| row.json.as_str()).collect();
            let argument = format!("[{}]", cells.join(","));
            (Cow::Owned(sql.clone()), args![argument])
        })
        .await?;
        let written = rows.len() - refused.len();
        for (at, message) in refused {
            self.refuse(table, &rows[at].id, message);
        }
        Ok(written as u64)
    }

    /// Runs `sql`, which ends in `IN`, for all ids, with `first` before them. As arguments and not as rows of JSON: an
    /// argument takes on the collation of the column that it is compared with, whatever an adopted table has. Gives the
    /// number of ids that it was done for; `name` makes the id of one that was refused.
    pub(super) async fn listed(
        &mut self,
        table: &'static str,
        sql: &'static str,
        first: Option<&str>,
        ids: &[String],
        name: impl Fn(&str) -> String,
    ) -> Result<u64, StoreError> {
        let pieces = (0..ids.len())
            .step_by(CHUNK)
            .map(|from| from..ids.len().min(from + CHUNK))
            .collect();
        let refused = split::each(self.conn, pieces, |range: Range<usize>| {
            let mut values: Vec<Arg<'_>> = first.map(Into::into).into_iter().collect();
            values.extend(ids[range.clone()].iter().map(|id| Arg::from(id.as_str())));
            (format!("{sql} ({})", marks(range.len())).into(), values)
        })
        .await?;
        let done = ids.len() - refused.len();
        for (at, message) in refused {
            self.refuse(table, &name(&ids[at]), message);
        }
        Ok(done as u64)
    }
}

/// As many rows as one statement takes, each time.
fn pieces(rows: &[Cells]) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, row) in rows.iter().enumerate() {
        if at > start && (at - start >= BATCH_ROWS || bytes + row.json.len() > BATCH_BYTES) {
            pieces.push(start..at);
            (start, bytes) = (at, 0);
        }
        bytes += row.json.len() + 1;
    }
    pieces.push(start..rows.len());
    pieces
}
