//! Run records: committed as `running` before any work, ended by the apply transaction or by themselves.

use super::db::{Conn, Row, args};
use super::{Lease, Store, StoreError, dialect, process};
use crate::plan::{Mode, PerEntity};
use crate::values::{Applied, Interrupted, RunStatus, RunSummary};

/// A run that begins.
#[derive(Clone, Debug, Default)]
pub struct NewRun {
    /// sync, apply, undo, offboard, restore, certs, lms_refresh.
    pub kind: String,
    /// all, partners, contacts, lms, certs.
    pub scope: String,
    /// How much is read.
    pub mode: Option<Mode>,
    /// Who.
    pub operator: String,
    /// The plan that is applied, where it is known already.
    pub plan_id: Option<String>,
    /// Anything to keep with it: the reason of a release.
    pub message: Option<String>,
    /// The run that it undoes.
    pub undoes: Option<i64>,
}

pub(super) const SUMMARY: &str = "r.run_id, r.kind, r.scope, r.mode, r.status, r.operator, r.plan_id, r.started_at, \
     r.finished_at, r.applied, r.withheld, r.faults, r.message, r.undoes, \
     (SELECT MAX(u.run_id) FROM sync_runs u WHERE u.undoes = r.run_id AND u.status IN ('applied', 'partial'))";

/// Number of the columns of [`SUMMARY`].
const SUMMARY_COLUMNS: usize = 15;

pub(super) fn summary(row: &Row) -> Result<RunSummary, StoreError> {
    let applied = row
        .opt_text(9)?
        .and_then(|json| serde_json::from_str(json).ok());
    Ok(RunSummary {
        run_id: row.int(0)?,
        kind: row.string(1)?,
        scope: row.string(2)?,
        mode: row.opt_text(3)?.and_then(|word| word.parse().ok()),
        status: RunStatus::from_word(row.text(4)?),
        operator: row.string(5)?,
        plan_id: row.opt_string(6)?,
        started_at: row.time(7)?,
        finished_at: row.opt_time(8)?,
        applied: applied.unwrap_or_default(),
        withheld: row.count(10)?,
        faults: row.count(11)?,
        message: row.opt_string(12)?,
        undoes: row.opt_int(13)?,
        undone_by: row.opt_int(14)?,
    })
}

impl Store {
    /// Opens a run record under the lease and commits it as `running`; returns its id.
    pub async fn begin_run(&self, lease: &Lease, run: &NewRun) -> Result<i64, StoreError> {
        let mut conn = self.conn().await?;
        conn.insert(
            "INSERT INTO sync_runs (kind, scope, mode, status, operator, plan_id, message, undoes, lease_token, started_at) \
             VALUES (?, ?, ?, 'running', ?, ?, ?, ?, ?, ?)",
            args![
                run.kind.as_str(),
                run.scope.as_str(),
                run.mode.map(Mode::word),
                run.operator.as_str(),
                run.plan_id.as_deref(),
                run.message.as_deref(),
                run.undoes,
                lease.token(),
                self.clock().now()
            ],
        )
        .await
    }

    /// Keeps what became known of a running run: its plan, and a message.
    pub async fn note_run(
        &self,
        run_id: i64,
        plan_id: Option<&str>,
        message: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut conn = self.conn().await?;
        conn.execute(
            "UPDATE sync_runs SET plan_id = COALESCE(?, plan_id), message = COALESCE(?, message) WHERE run_id = ?",
            args![plan_id, message, run_id],
        )
        .await?;
        Ok(())
    }

    /// Corrects the mode of a running run, where its reading turned out to be another one than was asked for.
    pub async fn note_mode(&self, run_id: i64, mode: Mode) -> Result<(), StoreError> {
        let mut conn = self.conn().await?;
        conn.execute(
            "UPDATE sync_runs SET mode = ? WHERE run_id = ? AND status = 'running'",
            args![mode.word(), run_id],
        )
        .await?;
        Ok(())
    }

    /// Ends a run that has no apply transaction: it failed, was cancelled, had nothing to apply, or worked outside the
    /// database (LMS, certifications). A run that ended already is left alone.
    pub async fn finish_run_outside_tx(
        &self,
        run_id: i64,
        status: RunStatus,
        applied: &PerEntity<Applied>,
        faults: u64,
        message: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut conn = self.conn().await?;
        conn.execute(
            "UPDATE sync_runs SET status = ?, applied = ?, faults = ?, message = COALESCE(?, message), finished_at = ? \
             WHERE run_id = ? AND status = 'running'",
            args![
                status.word(),
                serde_json::to_string(applied).unwrap_or_default(),
                i64::try_from(faults).unwrap_or(i64::MAX),
                message,
                self.clock().now(),
                run_id
            ],
        )
        .await?;
        Ok(())
    }

    /// Marks `running` records without a live lease as `interrupted` and returns them, oldest first. Killed at any
    /// moment, nothing of an apply is in the database: the transaction rolled back with its connection.
    pub async fn mark_interrupted(&self) -> Result<Vec<Interrupted>, StoreError> {
        let mut conn = self.conn().await?;
        let found = orphans(&mut conn).await?;
        for run in &found {
            conn.execute(
                "UPDATE sync_runs SET status = 'interrupted', finished_at = ?, message = COALESCE(message, ?) \
                 WHERE run_id = ? AND status = 'running'",
                args![self.clock().now(), run.message.as_str(), run.run_id],
            )
            .await?;
        }
        Ok(found)
    }

    /// The newest run whose process went away, if no later run of its kind has ended well since: for the status. A sync
    /// does what an apply would have done, and the other way round.
    pub async fn interrupted(&self) -> Result<Option<Interrupted>, StoreError> {
        let mut conn = self.conn().await?;
        if let Some(run) = orphans(&mut conn).await?.pop() {
            return Ok(Some(run));
        }
        conn.first(
            "SELECT r.run_id, r.kind, r.operator, r.started_at FROM sync_runs r WHERE r.status = 'interrupted' \
             AND NOT EXISTS (SELECT 1 FROM sync_runs n WHERE n.run_id > r.run_id \
             AND (n.kind = r.kind OR (n.kind IN ('sync', 'apply') AND r.kind IN ('sync', 'apply'))) AND n.status IN ('applied', 'partial', 'nothing', 'blocked')) ORDER BY r.run_id DESC LIMIT 1",
            vec![],
            interrupted,
        )
        .await
    }

    /// The newest runs, newest first.
    pub async fn runs(&self, limit: u32) -> Result<Vec<RunSummary>, StoreError> {
        let mut conn = self.conn().await?;
        let sql = format!("SELECT {SUMMARY} FROM sync_runs r ORDER BY r.run_id DESC LIMIT ?");
        conn.all(sql, args![i64::from(limit)], summary).await
    }

    /// Runs after `run_id` with the report that was kept with each (JSON), oldest first, at most `limit`.
    pub async fn runs_after(
        &self,
        run_id: i64,
        limit: u32,
    ) -> Result<Vec<(RunSummary, Option<String>)>, StoreError> {
        let mut conn = self.conn().await?;
        let sql = format!(
            "SELECT {SUMMARY}, r.report FROM sync_runs r WHERE r.run_id > ? ORDER BY r.run_id LIMIT ?"
        );
        conn.all(sql, args![run_id, i64::from(limit)], |row| {
            Ok((summary(row)?, row.opt_string(SUMMARY_COLUMNS)?))
        })
        .await
    }

    /// The last run of each kind, scope and mode, newest first.
    pub async fn last_runs(&self) -> Result<Vec<RunSummary>, StoreError> {
        let mut conn = self.conn().await?;
        let sql = format!(
            "SELECT {SUMMARY} FROM sync_runs r JOIN (SELECT MAX(run_id) AS run_id FROM sync_runs GROUP BY kind, scope, mode) l \
             ON l.run_id = r.run_id ORDER BY r.run_id DESC"
        );
        conn.all(sql, vec![], summary).await
    }

    /// One run.
    pub async fn run(&self, run_id: i64) -> Result<RunSummary, StoreError> {
        let mut conn = self.conn().await?;
        let sql = format!("SELECT {SUMMARY} FROM sync_runs r WHERE r.run_id = ?");
        conn.first(sql, args![run_id], summary)
            .await?
            .ok_or_else(|| StoreError::NotFound(format!("run {run_id}")))
    }

    /// The runs that applied a plan (or tried), newest first: a plan is applied once.
    pub async fn runs_of_plan(&self, plan_id: &str) -> Result<Vec<RunSummary>, StoreError> {
        let mut conn = self.conn().await?;
        let sql =
            format!("SELECT {SUMMARY} FROM sync_runs r WHERE r.plan_id = ? ORDER BY r.run_id DESC");
        conn.all(sql, args![plan_id], summary).await
    }

    /// The report that was kept with a run (JSON), if any.
    pub async fn run_report(&self, run_id: i64) -> Result<Option<String>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(conn
            .first(
                "SELECT report FROM sync_runs WHERE run_id = ?",
                args![run_id],
                |row| row.opt_string(0),
            )
            .await?
            .flatten())
    }
}

/// `running` records whose lease is not the live one, or whose lease's process is gone; oldest first.
async fn orphans(conn: &mut Conn) -> Result<Vec<Interrupted>, StoreError> {
    let lease = format!(
        "SELECT token, host, pid, process, expires_at > {} FROM sync_lease WHERE id = 1",
        dialect::now(conn.engine())
    );
    let live = conn
        .first(lease, vec![], |row| {
            let pid = u32::try_from(row.int(2)?).unwrap_or_default();
            let live = row.flag(4)? && !process::is_gone(row.text(1)?, pid, row.text(3)?);
            Ok(live.then_some(row.string(0)?))
        })
        .await?
        .flatten();
    conn.all(
        "SELECT run_id, kind, operator, started_at FROM sync_runs \
         WHERE status = 'running' AND (lease_token IS NULL OR lease_token <> ?) ORDER BY run_id",
        args![live.unwrap_or_default()],
        interrupted,
    )
    .await
}

fn interrupted(row: &Row) -> Result<Interrupted, StoreError> {
    let kind = row.string(1)?;
    let message = match kind.as_str() {
        "offboard" | "restore" => {
            "The process went away. Its cases stand at the first step not known done; `prmdesk offboard run` resumes them."
        }
        "certs" => {
            "The process went away. Pushes without an answer are re-read by the next `prmdesk certs push`."
        }
        "lms_refresh" => {
            "The process went away. The lms_ tables hold what was written before; run it again."
        }
        _ => {
            "The process went away before the commit. Nothing of the run was written; run it again."
        }
    };
    Ok(Interrupted {
        run_id: row.int(0)?,
        kind,
        operator: row.string(2)?,
        started_at: row.time(3)?,
        message: message.to_owned(),
    })
}
