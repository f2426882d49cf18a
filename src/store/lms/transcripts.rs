//! Courses and enrolments.

use chrono::{DateTime, Utc};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::super::db::{Row, args, time_text};
use super::super::dialect::{self, Cell};
use super::super::lists::{CHUNK, marks};
use super::super::{Store, StoreError};
use super::{bulk, cut, listed};

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
               JOIN partners p ON p.id = g.partner_id WHERE p.is_active{} \
             UNION \
             SELECT {contact} FROM contacts c JOIN partners p ON p.id = c.partner_id \
               WHERE p.is_active AND c.is_active AND c.lms_user_id IS NOT NULL AND c.lms_user_id <> ''{} ORDER BY 1",
            chosen("p.id"),
            chosen("p.id"),
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
    ) -> Result<u64, StoreError> {
        let mut conn = self.conn().await?;
        conn.begin().await?;
        let known: FxHashMap<String, (Option<String>, i64)> = conn
            .all(
                "SELECT id, name, npcu_value FROM lms_courses",
                args![],
                |row| Ok((row.string(0)?, (row.opt_string(1)?, row.int(2)?))),
            )
            .await?
            .into_iter()
            .collect();
        let (mut fresh, mut changed) = (Vec::new(), Vec::new());
        for (id, name, value) in courses {
            let name = cut(name.clone(), 255);
            match known.get(id) {
                None => fresh.push(json!([id, name, value.unwrap_or(0)])),
                Some((old, npcu)) => {
                    let value = value.unwrap_or(*npcu);
                    if old.as_deref() != Some(name.as_str()) || value != *npcu {
                        changed.push((id, name, value));
                    }
                }
            }
        }
        let engine = conn.engine();
        let rows = dialect::json_rows(engine, &[Cell::Text, Cell::Text, Cell::Int]);
        let insert = format!(
            "INSERT INTO lms_courses (id, name, npcu_value) SELECT v_0, v_1, v_2 FROM {rows}"
        );
        bulk(&mut conn, &insert, &fresh).await?;
        for (id, name, value) in &changed {
            conn.execute(
                "UPDATE lms_courses SET name = ?, npcu_value = ? WHERE id = ?",
                args![name.as_str(), *value, id.as_str()],
            )
            .await?;
        }
        conn.commit().await?;
        Ok((fresh.len() + changed.len()) as u64)
    }

    /// Brings the enrolments of these people up to their transcripts, in one transaction; everybody else's stay. Gives
    /// the number of enrolments that were new, changed or gone.
    pub async fn replace_transcripts(&self, read: &[Transcript]) -> Result<u64, StoreError> {
        let mut conn = self.conn().await?;
        conn.begin().await?;
        let engine = conn.engine();
        let people: FxHashSet<&str> = read.iter().map(|t| t.user_id.as_str()).collect();
        let ids: FxHashSet<&str> = read
            .iter()
            .flat_map(|t| t.enrolments.iter().map(|e| e.id.as_str()))
            .collect();
        let mut known: FxHashMap<String, Cells> = FxHashMap::default();
        for (column, wanted) in [("user_id", &people), ("id", &ids)] {
            let wanted: Vec<&str> = wanted.iter().copied().collect();
            for chunk in wanted.chunks(CHUNK) {
                let sql = format!(
                    "SELECT id, user_id, course_id, status, completed_at, expires_at FROM lms_enrollments \
                     WHERE {column} IN ({})",
                    marks(chunk.len())
                );
                let values = chunk.iter().map(|id| (*id).into()).collect();
                let found = conn.all(sql, values, cells_of).await?;
                known.extend(found);
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
                let cells: Cells = (
                    transcript.user_id.clone(),
                    enrolment.course_id.clone(),
                    Some(cut(enrolment.status.clone(), 50)),
                    enrolment.completed_at.map(time_text),
                    enrolment.expires_at.map(time_text),
                );
                match known.get(&id) {
                    None => {
                        fresh.push(json!([id, cells.0, cells.1, cells.2, cells.3, cells.4]));
                    }
                    Some(old) if *old != cells => changed.push((id, cells)),
                    Some(_) => {}
                }
            }
        }
        let gone: Vec<String> = known
            .iter()
            .filter(|(id, cells)| people.contains(cells.0.as_str()) && !kept.contains(*id))
            .map(|(id, _)| id.clone())
            .collect();
        let six = dialect::json_rows(engine, &[Cell::Text; 6]);
        let insert = format!(
            "INSERT INTO lms_enrollments (id, user_id, course_id, status, completed_at, expires_at) \
             SELECT v_0, v_1, v_2, v_3, v_4, v_5 FROM {six}"
        );
        listed(&mut conn, "DELETE FROM lms_enrollments WHERE id IN", &gone).await?;
        for (id, cells) in &changed {
            conn.execute(
                "UPDATE lms_enrollments SET user_id = ?, course_id = ?, status = ?, completed_at = ?, expires_at = ? \
                 WHERE id = ?",
                args![
                    cells.0.as_str(),
                    cells.1.as_str(),
                    cells.2.as_deref(),
                    cells.3.as_deref(),
                    cells.4.as_deref(),
                    id.as_str()
                ],
            )
            .await?;
        }
        bulk(&mut conn, &insert, &fresh).await?;
        conn.commit().await?;
        Ok((fresh.len() + changed.len() + gone.len()) as u64)
    }
}

/// User, course, status, completed, expires.
type Cells = (
    String,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
);

fn cells_of(row: &Row) -> Result<(String, Cells), StoreError> {
    Ok((
        row.string(0)?,
        (
            row.string(1)?,
            row.string(2)?,
            row.opt_string(3)?,
            row.opt_time(4)?.map(time_text),
            row.opt_time(5)?.map(time_text),
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
