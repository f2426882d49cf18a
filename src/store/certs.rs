//! Certification counts out of our tables, and the journal of what was pushed.
//!
//! The rules of docs/rules.md, "Certifications", worked (one partner, course A worth 2, course B worth 1, course C
//! worth 0):
//!
//! | case | enrolments | count | NPCU |
//! |---|---|---|---|
//! | completed, never expires | Ann A | 1 | 2 |
//! | expired | Ann A, expired yesterday | 0 | 0 |
//! | expires this very moment | Ann A, expires now | 0 | 0 |
//! | renewed | Ann A expired, Ann A valid until next year | 1 | 2 |
//! | same course twice, both valid | Ann A, Ann A | 1 | 2 |
//! | two people, one course | Ann A, Bob A | 2 | 4 |
//! | two courses | Ann A, Ann B | 2 | 3 |
//! | person in two groups of the partner, and a contact too | Ann A | 1 | 2 |
//! | person in the groups of two partners | Ann A | 1 and 1 | 2 and 2 |
//! | course without value | Ann C | 0 | 0 |
//! | course that is not in the table | Ann X | 0 | 0 |
//! | not completed | Ann A in progress | 0 | 0 |
//! | inactive contact, not in the group | Cid A | 0 | 0 |
//! | inactive contact, still in the group | Cid A | 1 | 2 (a member counts until the off-boarding took them out) |
//! | active contact, not in the group | Dan A | 1 | 2 |

use chrono::{DateTime, Utc};

use super::db::{Row, args};
use super::dialect::STILL_THERE;
use super::lists::tuples;
use super::{Engine, Store, StoreError, dialect};

/// What our tables say about one active partner.
#[derive(Clone, Debug, PartialEq)]
pub struct CertCount {
    /// Our row.
    pub row_id: i64,
    /// Impartner's id.
    pub impartner_id: Option<i64>,
    /// The Salesforce id.
    pub salesforce_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Completed, unexpired enrolments in courses with a value, one per person and course.
    pub count: i64,
    /// The sum of their values.
    pub npcu: i64,
}

/// How a push of one partner stands in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushStatus {
    /// Written before the call; left so by a crash: nobody knows.
    Sent,
    /// Impartner has the new values.
    Ok,
    /// Impartner refused.
    Failed,
    /// No clear answer, and reading again did not settle it.
    Unknown,
}

impl PushStatus {
    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    fn from_word(word: &str) -> Self {
        match word {
            "sent" => Self::Sent,
            "ok" => Self::Ok,
            "failed" => Self::Failed,
            _ => Self::Unknown,
        }
    }
}

/// One entry of `cert_pushes`.
#[derive(Clone, Debug, PartialEq)]
pub struct CertPush {
    /// The entry.
    pub push_id: i64,
    /// The run.
    pub run_id: Option<i64>,
    /// Our row.
    pub row_id: i64,
    /// Impartner's id.
    pub impartner_id: Option<i64>,
    /// The partner's name.
    pub name: String,
    /// JSON: the figures that Impartner held.
    pub before: Option<String>,
    /// JSON: the figures that were sent.
    pub after: Option<String>,
    /// How it stands.
    pub status: PushStatus,
    /// What the API said.
    pub message: Option<String>,
}

/// A push that is about to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPush {
    /// Our row.
    pub row_id: i64,
    /// Impartner's id.
    pub impartner_id: i64,
    /// The partner's name.
    pub name: String,
    /// JSON: the figures that Impartner holds.
    pub before: String,
    /// JSON: the figures to be sent.
    pub after: String,
}

impl Store {
    /// The counts of all active partners, or of the given ones, by one query: who belongs to a partner (each once),
    /// what each of them holds (each course once), summed. `now` decides what has expired.
    pub async fn cert_counts(
        &self,
        partners: &[i64],
        now: DateTime<Utc>,
    ) -> Result<Vec<CertCount>, StoreError> {
        let engine = self.engine();
        let collations = self.collations().await?;
        // Ids of ours: digits only.
        let list: Vec<String> = partners.iter().map(i64::to_string).collect();
        let chosen = |column: &str| {
            if list.is_empty() {
                String::new()
            } else {
                format!(" AND {column} IN ({})", list.join(", "))
            }
        };
        // Who is marked as gone from the LMS counts for nobody.
        let gone = |column: &str| {
            let same = collations.equal("lms_users u.id", column);
            format!("EXISTS (SELECT 1 FROM lms_users u WHERE {same} AND NOT {STILL_THERE})")
        };
        // One row per person and course out of the index (user, course, status, expiry), before anything is joined to
        // it. MariaDB pushes the person into that table by itself (LATERAL DERIVED) as long as nothing else is said;
        // SQLite makes the whole of it once, which for a few partners is too much, so there it is told whom to look at.
        let of_whom = match engine {
            Engine::Sqlite if !list.is_empty() => " AND e.user_id IN (SELECT user_id FROM who)",
            _ => "",
        };
        let sql = format!(
            "WITH who AS (SELECT g.partner_id AS partner_id, m.user_id AS user_id FROM lms_groups g \
                JOIN lms_group_members m ON {in_group} WHERE g.partner_id IS NOT NULL AND g.deleted_at IS NULL{by_group} \
                AND NOT {gone_member} \
              UNION \
              SELECT c.partner_id, {contact} FROM contacts c \
                WHERE {employed} AND c.partner_id IS NOT NULL AND c.lms_user_id IS NOT NULL{by_contact} \
                AND NOT {gone_contact}) \
             SELECT p.id, p.impartner_id, p.salesforce_id, p.account_name, {count}, {npcu} FROM partners p LEFT JOIN \
             (SELECT who.partner_id AS partner_id, COUNT(*) AS n, SUM(k.npcu_value) AS npcu FROM who \
              {then} (SELECT e.user_id, e.course_id FROM lms_enrollments e WHERE e.status = 'completed' \
                AND (e.expires_at IS NULL OR e.expires_at > {now}){of_whom} GROUP BY e.user_id, e.course_id) held \
                ON {of_person} \
              {then} lms_courses k ON {of_course} AND k.npcu_value > 0 \
              GROUP BY who.partner_id) sums ON sums.partner_id = p.id \
             WHERE {active}{by_id} ORDER BY p.account_name, p.id",
            count = dialect::as_int(engine, "COALESCE(sums.n, 0)"),
            npcu = dialect::as_int(engine, "COALESCE(sums.npcu, 0)"),
            by_group = chosen("g.partner_id"),
            by_contact = chosen("c.partner_id"),
            by_id = chosen("p.id"),
            active = dialect::active("p"),
            employed = dialect::active("c"),
            gone_member = gone("lms_group_members m.user_id"),
            gone_contact = gone("contacts c.lms_user_id"),
            then = dialect::then_join(engine),
            in_group = collations.equal("lms_group_members m.group_id", "lms_groups g.id"),
            contact = collations.like("contacts c.lms_user_id", "lms_group_members m.user_id"),
            of_person = collations.equal(
                "lms_enrollments held.user_id",
                "lms_group_members who.user_id"
            ),
            of_course = collations.equal("lms_courses k.id", "lms_enrollments held.course_id"),
            now = dialect::time_literal(now),
        );
        let mut conn = self.conn().await?;
        conn.all(sql, args![], |row| {
            Ok(CertCount {
                row_id: row.int(0)?,
                impartner_id: row.opt_int(1)?,
                salesforce_id: row.opt_string(2)?,
                name: row.string(3)?,
                count: row.int(4)?,
                npcu: row.int(5)?,
            })
        })
        .await
    }

    /// Whether the tables hold LMS people and enrolments at all, whoever wrote them.
    pub async fn holds_enrolments(&self) -> Result<bool, StoreError> {
        let mut conn = self.conn().await?;
        for sql in [
            "SELECT 1 FROM lms_enrollments LIMIT 1",
            "SELECT 1 FROM lms_users LIMIT 1",
        ] {
            if conn.first(sql, args![], |row| row.int(0)).await?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The number of active partners.
    pub async fn active_partners(&self) -> Result<u64, StoreError> {
        let mut conn = self.conn().await?;
        let sql = "SELECT COUNT(*) FROM partners WHERE COALESCE(is_active, 1) <> 0";
        let found = conn.first(sql, args![], |row| row.count(0)).await?;
        Ok(found.unwrap_or_default())
    }

    /// Writes, before the calls, that these pushes are sent. Gives their ids, in order.
    pub async fn open_pushes(
        &self,
        run_id: i64,
        operator: &str,
        at: DateTime<Utc>,
        pushes: &[NewPush],
    ) -> Result<Vec<i64>, StoreError> {
        let mut conn = self.conn().await?;
        conn.begin().await?;
        let mut ids = Vec::with_capacity(pushes.len());
        for push in pushes {
            let sql = format!(
                "INSERT INTO cert_pushes (run_id, row_id, impartner_id, name, before_values, after_values, status, \
                 operator, started_at) VALUES {}",
                tuples(1, 9)
            );
            let values = args![
                run_id,
                push.row_id,
                push.impartner_id,
                push.name.as_str(),
                push.before.as_str(),
                push.after.as_str(),
                PushStatus::Sent.word(),
                operator,
                at
            ];
            ids.push(conn.insert(sql, values).await?);
        }
        conn.commit().await?;
        Ok(ids)
    }

    /// Writes how a push ended.
    pub async fn settle_push(
        &self,
        push_id: i64,
        status: PushStatus,
        message: Option<&str>,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut conn = self.conn().await?;
        conn.execute(
            "UPDATE cert_pushes SET status = ?, message = ?, finished_at = ? WHERE push_id = ?",
            args![status.word(), message, at, push_id],
        )
        .await?;
        Ok(())
    }

    /// Pushes that nobody knows the outcome of: left `sent` by a crash, or `unknown`. Oldest first.
    pub async fn unsettled_pushes(&self) -> Result<Vec<CertPush>, StoreError> {
        let mut conn = self.conn().await?;
        let sql = format!("{PUSHES} WHERE status IN ('sent', 'unknown') ORDER BY push_id");
        conn.all(sql, args![], push_of).await
    }

    /// The last push of each partner where that failed or is not settled, by row.
    pub async fn last_faults(&self) -> Result<Vec<CertPush>, StoreError> {
        let mut conn = self.conn().await?;
        let sql = format!(
            "{PUSHES} WHERE status <> 'ok' AND push_id IN (SELECT MAX(push_id) FROM cert_pushes GROUP BY row_id) \
             ORDER BY push_id"
        );
        conn.all(sql, args![], push_of).await
    }

    /// The pushes of one run, in order.
    pub async fn pushes_of_run(&self, run_id: i64) -> Result<Vec<CertPush>, StoreError> {
        let mut conn = self.conn().await?;
        let sql = format!("{PUSHES} WHERE run_id = ? ORDER BY push_id");
        conn.all(sql, args![run_id], push_of).await
    }
}

const PUSHES: &str = "SELECT push_id, run_id, row_id, impartner_id, name, before_values, after_values, status, message \
     FROM cert_pushes";

fn push_of(row: &Row) -> Result<CertPush, StoreError> {
    Ok(CertPush {
        push_id: row.int(0)?,
        run_id: row.opt_int(1)?,
        row_id: row.int(2)?,
        impartner_id: row.opt_int(3)?,
        name: row.string(4)?,
        before: row.opt_string(5)?,
        after: row.opt_string(6)?,
        status: PushStatus::from_word(row.text(7)?),
        message: row.opt_string(8)?,
    })
}
