//! The `lms_` tables: what the LMS held at the last refresh.
//!
//! Everything is read from the LMS before the first row is written here, and written in one transaction per set of
//! tables: a reading that breaks off leaves the tables as they were. Who made the tables may have chosen anything, so a
//! row that the database does not take is named and the others go on. People and groups that are gone stay as rows and
//! are marked (a portal keeps columns of its own there, and other tables point at them); memberships are ours to remove.
//!
//! Rooms: `people` (with addresses that change hands), `groups` (and who is in them), `transcripts`, `links` (who is who),
//! `rows` (writing them), `fit` (what the columns hold).

mod fit;
mod groups;
mod links;
mod people;
mod rows;
mod transcripts;

use chrono::{DateTime, Utc};

use super::db::args;
use super::dialect::STILL_THERE;
use super::{Store, StoreError, catalog};

pub use links::LinkRules;
pub(super) use links::link_groups;
pub use rows::Refused;
use rows::Writer;
pub use transcripts::{StoredEnrolment, Transcript};

/// The status of a person who is no longer in the LMS.
const DELETED: &str = "deleted";

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// Courses new or changed.
    pub courses: u64,
    /// Enrolments new, changed or ended.
    pub enrolments: u64,
    /// Rows that the database did not take.
    pub refused: Vec<Refused>,
}

impl LmsWritten {
    /// All rows that were new, changed or ended.
    pub fn changed(&self) -> u64 {
        let people = self.people + self.people_gone;
        let groups = self.groups + self.groups_gone + self.members + self.members_gone;
        people + groups + self.courses + self.enrolments
    }
}

impl Store {
    /// The people and the groups that the tables hold, those that are marked as gone not counted.
    pub async fn lms_ids(&self) -> Result<(Vec<String>, Vec<String>), StoreError> {
        let mut conn = self.conn().await?;
        let sql = format!("SELECT u.id FROM lms_users u WHERE {STILL_THERE}");
        let people = conn.all(sql, args![], |row| row.string(0)).await?;
        let sql = "SELECT id FROM lms_groups WHERE deleted_at IS NULL";
        let groups = conn.all(sql, args![], |row| row.string(0)).await?;
        Ok((people, groups))
    }

    /// Brings people, groups and memberships up to `snapshot`, in one transaction, writing only what differs.
    pub async fn replace_lms(
        &self,
        snapshot: &LmsSnapshot,
        at: DateTime<Utc>,
    ) -> Result<LmsWritten, StoreError> {
        let collations = self.collations().await?;
        let mut conn = self.conn().await?;
        let catalog = catalog::read(&mut conn).await?;
        conn.begin().await?;
        let mut written = LmsWritten::default();
        let mut writer = Writer::new(&mut conn, collations, &catalog);
        people::bring(&mut writer, &snapshot.people, at, &mut written).await?;
        groups::bring(&mut writer, &snapshot.groups, at, &mut written).await?;
        groups::bring_members(&mut writer, &snapshot.groups, &mut written).await?;
        written.refused = writer.finish();
        conn.commit().await?;
        Ok(written)
    }

    /// Brings the members of one group up to `members`.
    pub async fn replace_members(
        &self,
        group_id: &str,
        members: &[String],
    ) -> Result<LmsWritten, StoreError> {
        let collations = self.collations().await?;
        let mut conn = self.conn().await?;
        let catalog = catalog::read(&mut conn).await?;
        conn.begin().await?;
        let mut written = LmsWritten::default();
        let mut writer = Writer::new(&mut conn, collations, &catalog);
        groups::bring_members_of(&mut writer, group_id, members, &mut written).await?;
        written.refused = writer.finish();
        conn.commit().await?;
        Ok(written)
    }
}
