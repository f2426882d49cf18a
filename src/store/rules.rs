//! The filters as they were accepted (docs/rules.md, "Accepted rules"). Rows are only ever added; the newest counts.

use super::apply::ApplyTx;
use super::db::{Conn, Row, args};
use super::{Store, StoreError};
use crate::config::FilterConfig;
use crate::values::Acceptance;

/// An acceptance that is to be kept.
#[derive(Clone, Debug)]
pub struct NewAcceptance<'a> {
    /// What is accepted.
    pub filters: &'a FilterConfig,
    /// By whom.
    pub operator: &'a str,
    /// Why.
    pub reason: &'a str,
}

const COLUMNS: &str = "id, filters, operator, reason, accepted_at, run_id";

impl Store {
    /// The filters as they were last accepted; `None` before the first run that was applied.
    pub async fn accepted_rules(&self) -> Result<Option<Acceptance>, StoreError> {
        if self.never_migrated() {
            return Ok(None);
        }
        let mut conn = self.conn().await?;
        newest(&mut conn).await
    }

    /// Every acceptance, newest first, at most `limit`.
    pub async fn acceptances(&self, limit: u32) -> Result<Vec<Acceptance>, StoreError> {
        let mut conn = self.conn().await?;
        let sql = format!("SELECT {COLUMNS} FROM sync_rules ORDER BY id DESC LIMIT ?");
        conn.all(sql, args![i64::from(limit)], acceptance).await
    }

    /// Partner rows that have groups in the LMS, with how many of them are there.
    pub async fn groups_of_partners(&self) -> Result<Vec<(i64, u64)>, StoreError> {
        let mut conn = self.conn().await?;
        let sql = "SELECT partner_id, COUNT(*) FROM lms_groups WHERE partner_id IS NOT NULL AND deleted_at IS NULL \
             GROUP BY partner_id ORDER BY partner_id";
        conn.all(sql, vec![], |row| Ok((row.int(0)?, row.count(1)?)))
            .await
    }

    /// Keeps filters as accepted where runs were applied and nobody has accepted any yet: what a database of an earlier
    /// version has lived with. Returns whether it did.
    pub async fn adopt_rules(&self, rules: &NewAcceptance<'_>) -> Result<bool, StoreError> {
        let mut conn = self.conn().await?;
        if newest(&mut conn).await?.is_some() {
            return Ok(false);
        }
        // One statement, so that two that start at once do not both do it.
        let sql = "INSERT INTO sync_rules (filters, operator, reason, accepted_at, run_id) \
             SELECT ?, ?, ?, ?, MAX(r.run_id) FROM sync_runs r WHERE r.kind IN ('sync', 'apply') \
             AND r.status IN ('applied', 'partial', 'nothing') AND NOT EXISTS (SELECT 1 FROM sync_rules) HAVING COUNT(*) > 0";
        let now = self.clock().now();
        let values = args![json(rules.filters)?, rules.operator, rules.reason, now];
        Ok(conn.execute(sql, values).await? > 0)
    }
}

impl ApplyTx {
    /// Keeps filters as accepted from the end of this transaction on.
    pub async fn accept_rules(&mut self, rules: &NewAcceptance<'_>) -> Result<(), StoreError> {
        let sql = "INSERT INTO sync_rules (filters, operator, reason, accepted_at, run_id) VALUES (?, ?, ?, ?, ?)";
        let (now, run_id) = (self.now, self.run_id);
        let values = args![
            json(rules.filters)?,
            rules.operator,
            rules.reason,
            now,
            run_id
        ];
        self.conn.execute(sql, values).await?;
        Ok(())
    }

    /// The filters as they were last accepted, as this transaction sees them.
    pub async fn accepted_rules(&mut self) -> Result<Option<Acceptance>, StoreError> {
        newest(&mut self.conn).await
    }
}

async fn newest(conn: &mut Conn) -> Result<Option<Acceptance>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM sync_rules ORDER BY id DESC LIMIT 1");
    conn.first(sql, vec![], acceptance).await
}

fn json(filters: &FilterConfig) -> Result<String, StoreError> {
    serde_json::to_string(filters).map_err(|_| StoreError::BadValue {
        what: "the filters".to_owned(),
        value: "what cannot be written as JSON".to_owned(),
    })
}

fn acceptance(row: &Row) -> Result<Acceptance, StoreError> {
    let text = row.text(1)?;
    let filters = serde_json::from_str(text).map_err(|_| StoreError::BadValue {
        what: "accepted filters".to_owned(),
        value: text.to_owned(),
    })?;
    Ok(Acceptance {
        id: row.int(0)?,
        filters,
        operator: row.string(2)?,
        reason: row.string(3)?,
        accepted_at: row.time(4)?,
        run_id: row.opt_int(5)?,
    })
}
