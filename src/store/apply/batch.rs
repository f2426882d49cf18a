//! One statement for many rows, under a savepoint; when a row makes it fail, it is split until that row is alone.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::ApplyTx;
use super::rows::JsonRows;
use super::statements::{self, RowToWrite, Statements};
use crate::plan::{Plan, Schema};
use crate::progress::{Progress, RunEvent};
use crate::store::StoreError;
use crate::store::db::{Arg, args};
use crate::store::split::{self, RELEASE, SAVE, cut, halve};

/// What became of the rows of a list: the row's id, or the database's words.
pub(super) type Fates = Vec<Result<i64, String>>;

/// Counts rows for the progress display.
#[derive(Debug)]
pub(super) struct Meter<'p> {
    pub(super) progress: &'p Progress,
    pub(super) entity: crate::plan::Entity,
    /// Half rows: a new row is half done when it is in its table, and done when it is in the journal.
    pub(super) halves: u64,
    pub(super) total: u64,
}

impl Meter<'_> {
    pub(super) fn add(&mut self, rows: usize) {
        self.add_half(2 * rows);
    }

    pub(super) fn add_half(&mut self, rows: usize) {
        const STEP: u64 = 200;
        let before = self.halves / STEP;
        self.halves += rows as u64;
        // Rows that go one by one are not told one by one.
        if self.halves / STEP == before && self.halves < 2 * self.total {
            return;
        }
        self.progress.report(RunEvent::Writing {
            entity: self.entity,
            done: self.halves / 2,
            total: self.total,
        });
    }
}

impl ApplyTx {
    /// Changes rows that exist.
    pub(super) async fn change(
        &mut self,
        sql: &str,
        plan: &Plan,
        targets: &[RowToWrite],
        meter: &mut Meter<'_>,
    ) -> Result<Fates, StoreError> {
        let mut fates: Fates = targets.iter().map(|target| Ok(target.row_id)).collect();
        let mut todo = cut(0..targets.len());
        while let Some(range) = todo.pop() {
            self.may_go_on(meter.progress)?;
            let (range, rest, argument) = pack(range, |payload, at| {
                statements::update_target(payload, plan, &targets[at]);
            });
            todo.extend(rest);
            self.conn.raw(SAVE).await?;
            match self.conn.execute(sql.to_owned(), args![argument]).await {
                Ok(_) => {
                    self.conn.raw(RELEASE).await?;
                    meter.add(range.len());
                }
                Err(error) if error.is_row_fault() => {
                    self.back().await?;
                    if range.len() == 1 {
                        fates[range.start] = Err(error.row_message());
                        meter.add(1);
                    } else {
                        halve(&mut todo, &range);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(fates)
    }

    /// Makes new rows. An add that exists by now is told apart from one that the database refuses: `stale` gets it.
    pub(super) async fn insert(
        &mut self,
        statements: &Statements,
        plan: &Plan,
        targets: &[RowToWrite],
        stale: &mut Vec<usize>,
        meter: &mut Meter<'_>,
    ) -> Result<Fates, StoreError> {
        let mut fates: Fates = targets.iter().map(|_| Ok(0)).collect();
        let mut left: Vec<usize> = (0..targets.len()).collect();
        let mut todo = cut(0..left.len());
        // Ranges are of `left`, which loses rows that turn out to exist by now; so it is looked up only once a batch.
        let mut looked_up = false;
        while let Some(range) = todo.pop() {
            self.may_go_on(meter.progress)?;
            let (range, rest, argument) = pack(range, |payload, at| {
                let target = &targets[left[at]];
                statements::insert_row(payload, &plan.view(target.at), target.partner_id);
            });
            todo.extend(rest);
            self.conn.raw(SAVE).await?;
            let made = self
                .conn
                .all(statements.insert.clone(), args![argument], |row| {
                    Ok((row.int(0)?, row.opt_int(1)?, row.string(2)?))
                })
                .await;
            match made {
                Ok(made) => {
                    self.conn.raw(RELEASE).await?;
                    let batch = left[range.clone()].iter().copied();
                    assign(plan, targets, batch, &made, &mut fates)?;
                    meter.add_half(range.len());
                }
                Err(error) if error.is_row_fault() => {
                    self.back().await?;
                    if error.is_duplicate() && !looked_up {
                        looked_up = true;
                        let mut rest: Vec<usize> =
                            todo.drain(..).rev().flatten().map(|at| left[at]).collect();
                        rest.splice(0..0, left[range].iter().copied());
                        let exist = self.existing(statements, plan, targets, &rest).await?;
                        meter.add_half(exist.len());
                        rest.retain(|at| exist.binary_search(at).is_err());
                        stale.extend(exist);
                        left = rest;
                        todo = cut(0..left.len());
                    } else if range.len() == 1 {
                        fates[left[range.start]] = Err(error.row_message());
                        meter.add_half(1);
                    } else {
                        halve(&mut todo, &range);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(fates)
    }

    /// Which of the adds `among` have a row by now: one with their Impartner id or their name or e-mail, as the
    /// database itself compares. Ascending, each once.
    async fn existing(
        &mut self,
        statements: &Statements,
        plan: &Plan,
        targets: &[RowToWrite],
        among: &[usize],
    ) -> Result<Vec<usize>, StoreError> {
        let mut exist = Vec::new();
        let entity = statements.entity;
        let key = plan.arenas[entity].schema.fields[Schema::KEY].column;
        let store = self.store.clone();
        let collations = store.collations().await?;
        let (same, times) = collations.equals_argument(&format!("{entity} t.{key}"));
        for batch in among.chunks(200) {
            let view = |at: usize| plan.view(targets[at].at);
            // One small select for each row: the argument takes on the column's own collation, so that it compares as
            // the unique index does.
            let select = format!(
                "SELECT ? FROM {entity} t WHERE {same} UNION ALL SELECT ? FROM {entity} WHERE impartner_id = ?"
            );
            let sql = vec![select; batch.len()].join(" UNION ALL ");
            let mut values: Vec<Arg<'_>> = Vec::with_capacity(batch.len() * (times + 3));
            for &at in batch {
                let number = i64::try_from(at).unwrap_or(i64::MAX);
                values.push(number.into());
                values.extend((0..times).map(|_| Arg::from(view(at).after(Schema::KEY))));
                values.extend(args![number, view(at).item.impartner_id]);
            }
            let found = self.conn.all(sql, values, |row| row.count(0)).await?;
            exist.extend(found.into_iter().filter_map(|at| usize::try_from(at).ok()));
        }
        exist.sort_unstable();
        exist.dedup();
        Ok(exist)
    }

    /// Back to before the batch.
    pub(super) async fn back(&mut self) -> Result<(), StoreError> {
        split::back(&mut self.conn).await
    }
}

/// As many rows of `range` as one statement takes, those that are left, and the argument.
pub(super) fn pack(
    range: Range<usize>,
    mut put: impl FnMut(&mut JsonRows, usize),
) -> (Range<usize>, Option<Range<usize>>, String) {
    let mut payload = JsonRows::default();
    let mut end = range.start;
    while end < range.end && !payload.is_full() {
        put(&mut payload, end);
        end += 1;
    }
    let rest = (end < range.end).then_some(end..range.end);
    (range.start..end, rest, payload.finish())
}

/// Gives the new rows' ids to their items: by Impartner id, else by name or e-mail.
fn assign(
    plan: &Plan,
    targets: &[RowToWrite],
    batch: impl Iterator<Item = usize>,
    made: &[(i64, Option<i64>, String)],
    fates: &mut Fates,
) -> Result<(), StoreError> {
    let mut by_id: FxHashMap<i64, i64> = FxHashMap::default();
    let mut by_key: FxHashMap<&str, i64> = FxHashMap::default();
    for (row_id, impartner_id, key) in made {
        match impartner_id {
            Some(id) => by_id.insert(*id, *row_id),
            None => by_key.insert(key.as_str(), *row_id),
        };
    }
    for at in batch {
        let view = plan.view(targets[at].at);
        let row_id = match view.item.impartner_id {
            Some(id) => by_id.get(&id),
            None => by_key.get(view.name()),
        };
        fates[at] = Ok(*row_id.ok_or_else(|| StoreError::BadValue {
            what: "no id for a new row".to_owned(),
            value: view.name().to_owned(),
        })?);
    }
    Ok(())
}
