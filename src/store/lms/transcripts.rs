//! Courses and enrolments.

use chrono::{DateTime, Utc};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::super::db::{Row, args};
use super::super::dialect::{self, ColumnType, STILL_THERE};
use super::super::lists::{CHUNK, marks};
use super::super::{Store, StoreError, catalog};
use super::LmsWritten;
use super::fit::Fit;
use super::rows::{Cells, Writer};

const COURSES: &str = "lms_courses";
const ENROLMENTS: &str = "lms_enrollments";

/// One enrolment as the LMS gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEnrolment {
    /// The LMS's id of the line.
    pub id: String,
    /// The course.
    pub course_id: String,
    /// `enrolled`, `in_progress`, `completed`.
    pub status: String,
    /// When it was completed.
    pub completed_at: Option<DateTime<Utc>>,
    /// When it expires.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Everything one person's transcript holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// The LMS user.
    pub user_id: String,
    /// Their enrolments, all of them.
    pub enrolments: Vec<StoredEnrolment>,
}

impl Store {
    /// The people whose enrolments count for a partner (docs/rules.md, "Certifications"): members of its groups and
    /// its active contacts with an LMS user, each once, sorted. All active partners, or the given ones.
    pub async fn cert_people(&self, partners: &[i64]) -> Result<Vec<String>, StoreError> {
        let chosen = |column: &str| {
            if partners.is_empty() {
                String::new()
            } else {
                let list: Vec<String> = partners.iter().map(i64::to_string).collect();
                format!(" AND {column} IN ({})", list.join(", "))
            }
        };
        let collations = self.collations().await?;
        let sql = format!(
            "SELECT m.user_id FROM lms_groups g JOIN lms_group_members m ON {in_group} \
               JOIN partners p ON p.id = g.partner_id WHERE g.deleted_at IS NULL AND {active}{} \
               AND NOT EXISTS (SELECT 1 FROM lms_users u WHERE {is_member} AND NOT {STILL_THERE}) \
             UNION \
             SELECT {contact} FROM contacts c JOIN partners p ON p.id = c.partner_id \
               WHERE {active} AND {employed} AND c.lms_user_id IS NOT NULL AND c.lms_user_id <> ''{} \
               AND NOT EXISTS (SELECT 1 FROM lms_users u WHERE {is_contact} AND NOT {STILL_THERE}) ORDER BY 1",
            chosen("p.id"),
            chosen("p.id"),
            active = dialect::active("p"),
            employed = dialect::active("c"),
            is_member = collations.equal("lms_users u.id", "lms_group_members m.user_id"),
            is_contact = collations.equal("lms_users u.id", "contacts c.lms_user_id"),
            in_group = collations.equal("lms_group_members m.group_id", "lms_groups g.id"),
            contact = collations.like("contacts c.lms_user_id", "lms_group_members m.user_id"),
        );
        let mut conn = self.conn().await?;
        conn.all(sql, args![], |row| row.string(0)).await
    }

    /// Brings the courses up to what the LMS has: id, name, value. A course whose value could not be seen (`None`)
    /// keeps the value that the table has; courses that are gone stay, because enrolments point at them.
    pub async fn replace_courses(
        &self,
        courses: &[(String, String, Option<i64>)],
    ) -> Result<LmsWritten, StoreError> {
        let collations = self.collations().await?;
        let mut conn = self.conn().await?;
        let catalog = catalog::read(&mut conn).await?;
        conn.begin().await?;
        let mut writer = Writer::new(&mut conn, collations, &catalog);
        let fit = writer.fit(COURSES);
        // A portal's value may have decimals; ours are whole.
        let value = dialect::as_int(self.engine(), "npcu_value");
        let sql = format!("SELECT id, name, {value} FROM lms_courses");
        let known: FxHashMap<String, (Option<String>, i64)> = writer
            .conn
            .all(sql, args![], |row| {
                Ok((row.string(0)?, (row.opt_string(1)?, row.int(2)?)))
            })
            .await?
            .into_iter()
            .collect();
        let (mut fresh, mut changed) = (Vec::new(), Vec::new());
        let mut listed: FxHashSet<&str> = FxHashSet::default();
        for (id, name, value) in courses {
            if !listed.insert(id) {
                continue;
            }
            let name = fit.name("name", Some(name));
            match known.get(id) {
                None => fresh.push(Cells::new(id, &json!([id, name, value.unwrap_or(0)]))),
                Some((old, npcu)) => {
                    let value = value.unwrap_or(*npcu);
                    if *old != name || value != *npcu {
                        changed.push(Cells::new(id, &json!([id, name, value])));
                    }
                }
            }
        }
        let cells = [ColumnType::Text, ColumnType::Text, ColumnType::Int];
        let columns = ["id", "name", "npcu_value"];
        let sets = "name = v.v_1, npcu_value = v.v_2";
        let mut courses = writer
            .insert(COURSES, &columns, &cells, &fresh, None)
            .await?;
        courses += writer.update(COURSES, sets, &cells, &changed).await?;
        let refused = writer.finish();
        conn.commit().await?;
        Ok(LmsWritten {
            courses,
            refused,
            ..LmsWritten::default()
        })
    }

    /// Brings the enrolments of these people up to their transcripts, in one transaction; everybody else's stay.
    pub async fn replace_transcripts(&self, read: &[Transcript]) -> Result<LmsWritten, StoreError> {
        let collations = self.collations().await?;
        let mut conn = self.conn().await?;
        let catalog = catalog::read(&mut conn).await?;
        conn.begin().await?;
        let engine = conn.engine();
        let mut writer = Writer::new(&mut conn, collations, &catalog);
        let fit = writer.fit(ENROLMENTS);
        let time = |column: &str| dialect::as_text(engine, column);
        let people: FxHashSet<&str> = read.iter().map(|t| t.user_id.as_str()).collect();
        let ids: FxHashSet<&str> = read
            .iter()
            .flat_map(|t| t.enrolments.iter().map(|e| e.id.as_str()))
            .collect();
        let mut known: FxHashMap<String, Enrolment> = FxHashMap::default();
        for (column, wanted) in [("user_id", &people), ("id", &ids)] {
            let wanted: Vec<&str> = wanted.iter().copied().collect();
            for chunk in wanted.chunks(CHUNK) {
                let sql = format!(
                    "SELECT id, user_id, course_id, status, {}, {} FROM lms_enrollments WHERE {column} IN ({})",
                    time("completed_at"),
                    time("expires_at"),
                    marks(chunk.len())
                );
                let values = chunk.iter().map(|id| (*id).into()).collect();
                let found = writer.conn.all(sql, values, |row| cells_of(fit, row));
                known.extend(found.await?);
            }
        }
        let (mut fresh, mut changed) = (Vec::new(), Vec::new());
        let mut kept: FxHashSet<String> = FxHashSet::default();
        for transcript in read {
            for enrolment in &transcript.enrolments {
                // Nothing says that the LMS's line ids are unique across people.
                let taken = kept.contains(&enrolment.id)
                    || known
                        .get(&enrolment.id)
                        .is_some_and(|cells| !people.contains(cells.0.as_str()));
                let id = if taken {
                    own_id(&transcript.user_id, &enrolment.id)
                } else {
                    enrolment.id.clone()
                };
                if !kept.insert(id.clone()) {
                    continue;
                }
                let cells: Enrolment = (
                    transcript.user_id.clone(),
                    enrolment.course_id.clone(),
                    Some(enrolment.status.clone()),
                    fit.time("completed_at", enrolment.completed_at),
                    fit.time("expires_at", enrolment.expires_at),
                );
                if cells.3.is_none() && fit.needs("completed_at") {
                    let why =
                        "It is not completed, and lms_enrollments.completed_at must have a value.";
                    writer.refuse(ENROLMENTS, &id, why.to_owned());
                    continue;
                }
                let old = known.get(&id);
                if old == Some(&cells) {
                    continue;
                }
                let list = if old.is_none() {
                    &mut fresh
                } else {
                    &mut changed
                };
                let (user, course, status, completed, expires) = cells;
                let json = json!([id, user, course, status, completed, expires]);
                list.push(Cells::new(&id, &json));
            }
        }
        let mut gone: Vec<String> = known
            .iter()
            .filter(|(id, cells)| people.contains(cells.0.as_str()) && !kept.contains(*id))
            .map(|(id, _)| id.clone())
            .collect();
        gone.sort_unstable();
        let sql = "DELETE FROM lms_enrollments WHERE id IN";
        let mut enrolments = writer
            .listed(ENROLMENTS, sql, None, &gone, str::to_owned)
            .await?;
        let columns = [
            "id",
            "user_id",
            "course_id",
            "status",
            "completed_at",
            "expires_at",
        ];
        let sets: Vec<String> = (1..columns.len())
            .map(|at| format!("{} = v.v_{at}", columns[at]))
            .collect();
        enrolments += writer
            .update(
                ENROLMENTS,
                &sets.join(", "),
                &[ColumnType::Text; 6],
                &changed,
            )
            .await?;
        enrolments += writer
            .insert(ENROLMENTS, &columns, &[ColumnType::Text; 6], &fresh, None)
            .await?;
        let refused = writer.finish();
        conn.commit().await?;
        Ok(LmsWritten {
            enrolments,
            refused,
            ..LmsWritten::default()
        })
    }
}

/// User, course, status, completed, expires.
type Enrolment = (
    String,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
);

fn cells_of(fit: Fit<'_>, row: &Row) -> Result<(String, Enrolment), StoreError> {
    Ok((
        row.string(0)?,
        (
            row.string(1)?,
            row.string(2)?,
            row.opt_string(3)?,
            fit.stored_time("completed_at", row.opt_text(4)?),
            fit.stored_time("expires_at", row.opt_text(5)?),
        ),
    ))
}

/// An id of ours for a line whose own id is somebody else's already: 40 hexadecimal digits.
fn own_id(user: &str, line: &str) -> String {
    use std::fmt::Write as _;
    let digest = Sha256::digest(format!("{user}\n{line}").as_bytes());
    let mut text = String::with_capacity(40);
    for byte in digest.iter().take(20) {
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}
