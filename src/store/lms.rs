//! The `lms_` tables: what the LMS held at the last refresh.
//!
//! Everything is read from the LMS before the first row is written here, and written in one transaction per set of
//! tables: a reading that breaks off leaves the tables as they were. Rows of people who are gone stay with status
//! `gone` (an adopted database may point at them); groups that are gone go, with their members.

mod links;
mod transcripts;

use chrono::{DateTime, Utc};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::json;

use super::db::{Conn, args};
use super::dialect::{self, Cell};
use super::lists::{CHUNK, marks};
use super::{Store, StoreError};

pub use links::LinkRules;
pub(super) use links::link_groups;
pub use transcripts::{StoredEnrolment, Transcript};

/// Rows that go to the database in one statement.
const BULK: usize = 2000;

/// The status of a person who is no longer in the LMS.
const GONE: &str = "gone";

/// A person as the LMS holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPerson {
    /// The LMS's id.
    pub id: String,
    /// E-mail.
    pub email: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// `active` or `disabled`.
    pub status: &'static str,
    /// Columns that the LMS did not tell: a row keeps what it has in them.
    pub untold: Vec<&'static str>,
}

/// A group as the LMS holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredGroup {
    /// The LMS's id.
    pub id: String,
    /// Its name; empty: the LMS did not tell it, and the row keeps what it has.
    pub name: String,
    /// Who is in it; `None`: could not be read, what the table has stays.
    pub members: Option<Vec<String>>,
}

/// Everything one refresh read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LmsSnapshot {
    /// Everybody.
    pub people: Vec<StoredPerson>,
    /// All groups.
    pub groups: Vec<StoredGroup>,
}

/// Rows that a refresh changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LmsWritten {
    /// People new or changed.
    pub people: u64,
    /// People who are no longer there.
    pub people_gone: u64,
    /// Groups new or renamed.
    pub groups: u64,
    /// Groups that are no longer there.
    pub groups_gone: u64,
    /// Memberships new.
    pub members: u64,
    /// Memberships ended.
    pub members_gone: u64,
}

impl Store {
    /// The people (those that are gone not counted) and the groups that the tables hold.
    pub async fn lms_ids(&self) -> Result<(Vec<String>, Vec<String>), StoreError> {
        let mut conn = self.conn().await?;
        let people = conn
            .all(
                "SELECT id FROM lms_users WHERE status IS NULL OR status <> 'gone'",
                args![],
                |row| row.string(0),
            )
            .await?;
        let groups = conn
            .all("SELECT id FROM lms_groups", args![], |row| row.string(0))
            .await?;
        Ok((people, groups))
    }

    /// Brings people, groups and memberships up to `snapshot`, in one transaction, writing only what differs.
    pub async fn replace_lms(
        &self,
        snapshot: &LmsSnapshot,
        at: DateTime<Utc>,
    ) -> Result<LmsWritten, StoreError> {
        let mut conn = self.conn().await?;
        conn.begin().await?;
        let mut written = LmsWritten::default();
        people(&mut conn, &snapshot.people, at, &mut written).await?;
        groups(&mut conn, &snapshot.groups, at, &mut written).await?;
        members(&mut conn, &snapshot.groups, &mut written).await?;
        conn.commit().await?;
        Ok(written)
    }
}

impl Store {
    /// Brings the members of one group up to `members`; gives the number that joined or left.
    pub async fn replace_members(
        &self,
        group_id: &str,
        members: &[String],
    ) -> Result<u64, StoreError> {
        let mut conn = self.conn().await?;
        conn.begin().await?;
        let known: FxHashSet<String> = conn
            .all(
                "SELECT user_id FROM lms_group_members WHERE group_id = ?",
                args![group_id],
                |row| row.string(0),
            )
            .await?
            .into_iter()
            .collect();
        let fresh: Vec<_> = members
            .iter()
            .filter(|member| !known.contains(*member))
            .map(|member| json!([group_id, member]))
            .collect();
        let gone: Vec<String> = known
            .into_iter()
            .filter(|member| !members.contains(member))
            .collect();
        insert_members(&mut conn, &fresh).await?;
        delete_members(&mut conn, group_id, &gone).await?;
        conn.commit().await?;
        Ok((fresh.len() + gone.len()) as u64)
    }
}

type PersonCells = (
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
);

async fn people(
    conn: &mut Conn,
    people: &[StoredPerson],
    at: DateTime<Utc>,
    written: &mut LmsWritten,
) -> Result<(), StoreError> {
    let mut known: FxHashMap<String, PersonCells> = conn
        .all(
            "SELECT id, email, first_name, last_name, status FROM lms_users",
            args![],
            |row| {
                Ok((
                    row.string(0)?,
                    (
                        row.opt_string(1)?,
                        row.opt_string(2)?,
                        row.opt_string(3)?,
                        row.opt_string(4)?,
                    ),
                ))
            },
        )
        .await?
        .into_iter()
        .collect();
    let (mut fresh, mut changed) = (Vec::new(), Vec::new());
    for person in people {
        let mut cells = (
            person.email.clone().map(|t| cut(t, 255)),
            person.first_name.clone().map(|t| cut(t, 100)),
            person.last_name.clone().map(|t| cut(t, 100)),
            Some(person.status.to_owned()),
        );
        if let Some(old) = known.get(&person.id) {
            keep_untold(&mut cells, old, &person.untold);
        }
        match known.remove(&person.id) {
            None => fresh.push(json!([person.id, cells.0, cells.1, cells.2, cells.3])),
            Some(old) if old != cells => changed.push((person.id.clone(), cells)),
            Some(_) => {}
        }
    }
    let gone: Vec<String> = known
        .into_iter()
        .filter(|(_, cells)| cells.3.as_deref() != Some(GONE))
        .map(|(id, _)| id)
        .collect();
    written.people = (fresh.len() + changed.len()) as u64;
    written.people_gone = gone.len() as u64;
    let five = dialect::json_rows(conn.engine(), &[Cell::Text; 5]);
    let insert = format!(
        "INSERT INTO lms_users (id, email, first_name, last_name, status) \
         SELECT v_0, v_1, v_2, v_3, v_4 FROM {five}"
    );
    bulk(conn, &insert, &fresh).await?;
    for (id, cells) in &changed {
        conn.execute(
            "UPDATE lms_users SET email = ?, first_name = ?, last_name = ?, status = ? WHERE id = ?",
            args![
                cells.0.as_deref(),
                cells.1.as_deref(),
                cells.2.as_deref(),
                cells.3.as_deref(),
                id.as_str()
            ],
        )
        .await?;
    }
    listed(
        conn,
        "UPDATE lms_users SET status = 'gone' WHERE id IN",
        &gone,
    )
    .await?;
    conn.execute(
        "UPDATE lms_users SET synced_at = ? WHERE status <> 'gone'",
        args![at],
    )
    .await?;
    Ok(())
}

/// Puts what the row has in the place of what the LMS did not tell. Who was gone and is listed again is not gone.
fn keep_untold(cells: &mut PersonCells, old: &PersonCells, untold: &[&str]) {
    for &column in untold {
        match column {
            "email" => cells.0.clone_from(&old.0),
            "first_name" => cells.1.clone_from(&old.1),
            "last_name" => cells.2.clone_from(&old.2),
            "status" if old.3.as_deref() != Some(GONE) => cells.3.clone_from(&old.3),
            _ => {}
        }
    }
}

async fn groups(
    conn: &mut Conn,
    groups: &[StoredGroup],
    at: DateTime<Utc>,
    written: &mut LmsWritten,
) -> Result<(), StoreError> {
    let mut known: FxHashMap<String, Option<String>> = conn
        .all("SELECT id, name FROM lms_groups", args![], |row| {
            Ok((row.string(0)?, row.opt_string(1)?))
        })
        .await?
        .into_iter()
        .collect();
    let (mut fresh, mut changed) = (Vec::new(), Vec::new());
    for group in groups {
        let mut name = cut(group.name.clone(), 255);
        if name.is_empty()
            && let Some(Some(old)) = known.get(&group.id)
        {
            name.clone_from(old);
        }
        match known.remove(&group.id) {
            None => fresh.push(json!([group.id, name])),
            Some(old) if old.as_deref() != Some(name.as_str()) => {
                changed.push((group.id.clone(), name));
            }
            Some(_) => {}
        }
    }
    let gone: Vec<String> = known.into_keys().collect();
    written.groups = (fresh.len() + changed.len()) as u64;
    written.groups_gone = gone.len() as u64;
    let two = dialect::json_rows(conn.engine(), &[Cell::Text; 2]);
    let insert = format!("INSERT INTO lms_groups (id, name) SELECT v_0, v_1 FROM {two}");
    bulk(conn, &insert, &fresh).await?;
    // A renamed group keeps its link: an existing link is never overwritten (docs/rules.md, "Off-boarding").
    for (id, name) in &changed {
        conn.execute(
            "UPDATE lms_groups SET name = ? WHERE id = ?",
            args![name.as_str(), id.as_str()],
        )
        .await?;
    }
    listed(
        conn,
        "DELETE FROM lms_group_members WHERE group_id IN",
        &gone,
    )
    .await?;
    listed(conn, "DELETE FROM lms_groups WHERE id IN", &gone).await?;
    conn.execute("UPDATE lms_groups SET synced_at = ?", args![at])
        .await?;
    Ok(())
}

async fn members(
    conn: &mut Conn,
    groups: &[StoredGroup],
    written: &mut LmsWritten,
) -> Result<(), StoreError> {
    let mut known: FxHashMap<String, FxHashSet<String>> = FxHashMap::default();
    conn.each(
        "SELECT group_id, user_id FROM lms_group_members",
        args![],
        |row| {
            known
                .entry(row.string(0)?)
                .or_default()
                .insert(row.string(1)?);
            Ok(())
        },
    )
    .await?;
    let (mut fresh, mut gone) = (Vec::new(), Vec::new());
    for group in groups {
        let Some(members) = &group.members else {
            continue;
        };
        let mut old = known.remove(&group.id).unwrap_or_default();
        for member in members {
            if !old.remove(member) {
                fresh.push(json!([group.id, member]));
            }
        }
        if !old.is_empty() {
            gone.push((group.id.as_str(), old.into_iter().collect::<Vec<String>>()));
        }
    }
    written.members = fresh.len() as u64;
    written.members_gone = gone.iter().map(|(_, people)| people.len() as u64).sum();
    insert_members(conn, &fresh).await?;
    for (group, people) in gone {
        delete_members(conn, group, &people).await?;
    }
    Ok(())
}

async fn insert_members(conn: &mut Conn, rows: &[serde_json::Value]) -> Result<(), StoreError> {
    let two = dialect::json_rows(conn.engine(), &[Cell::Text; 2]);
    let insert =
        format!("INSERT INTO lms_group_members (group_id, user_id) SELECT v_0, v_1 FROM {two}");
    bulk(conn, &insert, rows).await
}

async fn delete_members(conn: &mut Conn, group: &str, people: &[String]) -> Result<(), StoreError> {
    for chunk in people.chunks(CHUNK) {
        let sql = format!(
            "DELETE FROM lms_group_members WHERE group_id = ? AND user_id IN ({})",
            marks(chunk.len())
        );
        let mut values = args![group];
        values.extend(chunk.iter().map(|person| person.as_str().into()));
        conn.execute(sql, values).await?;
    }
    Ok(())
}

/// Runs `sql`, which ends in `IN`, for all ids. As arguments and not as rows of JSON: an argument takes on the
/// collation of the column it is compared with, whatever an adopted table has.
pub(super) async fn listed(
    conn: &mut Conn,
    sql: &'static str,
    ids: &[String],
) -> Result<(), StoreError> {
    for chunk in ids.chunks(CHUNK) {
        let values = chunk.iter().map(|id| id.as_str().into()).collect();
        conn.execute(format!("{sql} ({})", marks(chunk.len())), values)
            .await?;
    }
    Ok(())
}

/// Runs `sql`, whose one argument is an array of rows, for all `rows`.
pub(super) async fn bulk(
    conn: &mut Conn,
    sql: &str,
    rows: &[serde_json::Value],
) -> Result<(), StoreError> {
    for chunk in rows.chunks(BULK) {
        let text = serde_json::Value::from(chunk.to_vec()).to_string();
        conn.execute(sql.to_owned(), args![text]).await?;
    }
    Ok(())
}

/// Text that fits its column: what is beyond is of no use to a link by e-mail or a name on a screen.
fn cut(text: String, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((at, _)) => text[..at].to_owned(),
        None => text,
    }
}
