//! The one transaction of a run: rows, journal, watermark and run record commit together, or nothing does
//! (docs/rules.md, "Applying").
//!
//! Rooms: `write` (the order of things, staleness, links), `batch` (savepoints and splitting), `statements` (the SQL of
//! one entity's table), `held` (what they hold afterwards), `cascade` (what triggers change besides), `rows` (rows as JSON arguments), `chains` and `exchange` (renames that swap unique values), `entries` (the
//! journal).

mod batch;
mod cascade;
mod chains;
mod entries;
mod exchange;
mod held;
mod rows;
mod statements;
mod write;

pub use cascade::Departed;
pub(super) use chains::fold;
pub(super) use rows::{BATCH_BYTES, BATCH_ROWS, JsonRows};

use std::time::Duration;

use chrono::{DateTime, Utc};
use rustc_hash::FxHashSet;
use tokio_util::sync::CancellationToken;

use super::db::{Conn, args};
use super::standing;
use super::{Lease, Store, StoreError, dialect, lease};
use crate::plan::Outcome;
use crate::plan::{Entity, PerEntity};
use crate::progress::{Progress, RunEvent};
use crate::values::{Applied, RunStatus};

/// Whether the soft-deletes of one entity in this apply count in the guards' window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SoftDeletes {
    /// They do.
    #[default]
    Counted,
    /// They were released explicitly, so they do not.
    Released,
}

/// How a run ends.
#[derive(Clone, Debug, Default)]
pub struct Finish {
    /// Its status; `None` reads as applied.
    pub status: Option<RunStatus>,
    /// The plan that was applied.
    pub plan_id: Option<String>,
    /// Rows written.
    pub applied: PerEntity<Applied>,
    /// Rows withheld by guards.
    pub withheld: u64,
    /// Rows failed or stale.
    pub faults: u64,
    /// For people.
    pub message: Option<String>,
    /// The run's report as JSON, kept with the record.
    pub report: Option<String>,
}

/// The transaction. Dropped without [`ApplyTx::commit`], it rolls back.
#[derive(Debug)]
pub struct ApplyTx {
    pub(super) store: Store,
    pub(super) conn: Conn,
    pub(super) run_id: i64,
    pub(super) now: DateTime<Utc>,
    token: String,
    ttl: Duration,
    lost: CancellationToken,
    /// The last `seq` of the journal.
    seq: i64,
    /// See [`ApplyTx::departed`].
    departed: Vec<Departed>,
}

/// Tries to learn the outcome of a commit whose connection broke.
const SETTLE_TRIES: u32 = 20;

/// Longest wait for the answer to a commit; then its outcome is looked up. A host that hangs never answers.
const COMMIT_PATIENCE: Duration = Duration::from_mins(2);

impl Store {
    /// Begins the transaction of a run, under the lease.
    pub async fn begin_apply(&self, lease: &Lease, run_id: i64) -> Result<ApplyTx, StoreError> {
        let mut conn = self.conn().await?;
        conn.unless_lost(lease.lost().clone());
        conn.begin().await?;
        Ok(ApplyTx {
            store: self.clone(),
            conn,
            run_id,
            now: self.clock().now(),
            token: lease.token().to_owned(),
            ttl: lease.ttl(),
            lost: lease.lost().clone(),
            seq: 0,
            departed: Vec::new(),
        })
    }

    /// Whether a run ended, asked in a way that waits for a transaction that is still committing.
    async fn ended(&self, run_id: i64) -> Result<bool, StoreError> {
        let mut conn = self.conn().await?;
        let sql = format!(
            "SELECT status FROM sync_runs WHERE run_id = ?{}",
            dialect::for_update(self.engine())
        );
        let status = conn.first(sql, args![run_id], |row| row.string(0)).await?;
        Ok(status.is_some_and(|status| status != RunStatus::Running.word()))
    }
}

impl ApplyTx {
    /// The run.
    pub fn run_id(&self) -> i64 {
        self.run_id
    }

    /// The moment that is written as `updated_at`, `deleted_at` and the journal's time.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Moves the watermark of an entity; never backwards.
    pub async fn set_watermark(
        &mut self,
        entity: Entity,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        standing::set_watermark(&mut self.conn, entity, at, self.now).await
    }

    /// Sets a named note (see [`Store::meta`]) together with the rows.
    pub async fn set_meta(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        standing::set_state(&mut self.conn, &format!("meta.{name}"), value, self.now).await
    }

    /// Carries records over, each with its reason (a word of at most 50 characters; see [`super::Carried`]).
    pub async fn upsert_carryover(
        &mut self,
        entity: Entity,
        records: &[(i64, &str)],
    ) -> Result<(), StoreError> {
        let engine = self.conn.engine();
        let cells = [dialect::ColumnType::Int, dialect::ColumnType::Text];
        let sql = format!(
            "INSERT INTO sync_carryover (entity, impartner_id, reason, since, run_id) \
             SELECT '{entity}', v.v_0, v.v_1, {}, {} FROM {} WHERE 1 = 1{}",
            dialect::time_literal(self.now),
            self.run_id,
            dialect::json_rows(engine, &cells),
            dialect::upsert(engine, "entity, impartner_id", &["reason", "run_id"])
        );
        for batch in records.chunks(BATCH_ROWS) {
            let mut payload = JsonRows::default();
            for &(id, reason) in batch {
                payload.begin();
                payload.int(Some(id));
                payload.text(Some(reason));
                payload.end();
            }
            self.conn
                .execute(sql.clone(), args![payload.finish()])
                .await?;
        }
        Ok(())
    }

    /// Forgets carried-over records that are settled: applied, unchanged, excluded or gone.
    pub async fn settle_carryover(
        &mut self,
        entity: Entity,
        impartner_ids: &[i64],
    ) -> Result<(), StoreError> {
        // Nearly everything that a run settles was never carried over.
        let mut carried = FxHashSet::default();
        self.conn
            .each(
                "SELECT impartner_id FROM sync_carryover WHERE entity = ?",
                args![entity.word()],
                |row| {
                    carried.insert(row.int(0)?);
                    Ok(())
                },
            )
            .await?;
        let over: Vec<i64> = impartner_ids
            .iter()
            .copied()
            .filter(|id| carried.contains(id))
            .collect();
        for batch in over.chunks(BATCH_ROWS) {
            let sql = format!(
                "DELETE FROM sync_carryover WHERE entity = '{entity}' AND impartner_id IN ({})",
                statements::listed(batch)
            );
            self.conn.execute(sql, args![]).await?;
        }
        Ok(())
    }

    /// Ends the run record and commits everything. `CommitStarted` is reported before; from there on cancelling no
    /// longer rolls back. When the connection breaks during the commit, the outcome is read from the run record.
    ///
    /// [`StoreError::LeaseLost`]: somebody else has the lease by now; nothing was committed.
    pub async fn commit(mut self, finish: &Finish, progress: &Progress) -> Result<(), StoreError> {
        self.finish_run(finish).await?;
        if progress.is_cancelled() {
            self.rollback().await?;
            return Err(StoreError::Cancelled);
        }
        // Last of all, and in this transaction: from here to the end nobody can take the lease over, and if somebody
        // did before (this process was paused), nothing is committed.
        if !lease::extend(&mut self.conn, &self.token, self.ttl).await? {
            self.rollback().await?;
            return Err(StoreError::LeaseLost);
        }
        progress.report(RunEvent::CommitStarted);
        let committed = match tokio::time::timeout(COMMIT_PATIENCE, self.conn.commit()).await {
            Ok(committed) => committed,
            Err(_elapsed) => Err(StoreError::Unreachable {
                target: self.store.target(),
                reason: format!(
                    "no answer to the commit within {} seconds",
                    COMMIT_PATIENCE.as_secs()
                ),
            }),
        };
        match committed {
            Ok(()) => Ok(()),
            // A deadlock at commit (Galera certification) is a clear answer: rolled back.
            Err(error) if error.is_retryable() && !error.is_lost() => Err(error),
            Err(error) => self.settle(error).await,
        }
    }

    /// Rolls back. Dropping does the same, but a little later.
    pub async fn rollback(mut self) -> Result<(), StoreError> {
        self.conn.rollback().await
    }

    async fn finish_run(&mut self, finish: &Finish) -> Result<(), StoreError> {
        let soft_deletes =
            finish.applied.partners.soft_delete + finish.applied.contacts.soft_delete;
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let engine = self.conn.engine();
        self.conn
            .execute(
                format!(
                    "UPDATE sync_runs SET status = ?, plan_id = COALESCE(?, plan_id), applied = ?, soft_deletes = ?, withheld = ?, \
                     faults = ?, message = COALESCE(?, message), report = ?, applied_at = {}, finished_at = ? WHERE run_id = ?",
                    // What the guards' window counts by; see `window.rs`.
                    dialect::now(engine)
                ),
                args![
                    finish.status.unwrap_or(RunStatus::Applied).word(),
                    finish.plan_id.as_deref(),
                    serde_json::to_string(&finish.applied).unwrap_or_default(),
                    number(soft_deletes),
                    number(finish.withheld),
                    number(finish.faults),
                    finish.message.as_deref(),
                    finish.report.as_deref(),
                    self.store.clock().now(),
                    self.run_id
                ],
            )
            .await?;
        Ok(())
    }

    /// What became of a commit that got no answer.
    async fn settle(self, error: StoreError) -> Result<(), StoreError> {
        let (store, run_id) = (self.store.clone(), self.run_id);
        // Closes the broken connection first: in SQLite it may still have the file.
        drop(self);
        let mut reason = error.to_string();
        for _ in 0..SETTLE_TRIES {
            match store.ended(run_id).await {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(error),
                Err(again) => reason = again.to_string(),
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        Err(StoreError::CommitUnknown { run_id, reason })
    }

    /// Between two batches: whether to go on.
    fn may_go_on(&self, progress: &Progress) -> Result<(), StoreError> {
        if progress.is_cancelled() {
            return Err(StoreError::Cancelled);
        }
        if self.lost.is_cancelled() {
            return Err(StoreError::LeaseLost);
        }
        Ok(())
    }
}
