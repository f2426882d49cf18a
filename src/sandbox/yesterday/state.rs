//! The database of yesterday as values.

use chrono::{DateTime, Utc};

use super::super::lms_world::{Course, Group, Person, Transcript};
use crate::plan::{Entity, Schema};

/// One row of `partners` or `contacts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YesterdayRow {
    /// Which table.
    pub entity: Entity,
    /// Its `id`, from 1 in each table, ascending.
    pub row_id: i64,
    /// `impartner_id`.
    pub impartner_id: i64,
    /// `contacts.partner_id`.
    pub partner_id: Option<i64>,
    /// The columns, in the order of [`Schema::of`] for the entity.
    pub fields: Vec<Option<String>>,
    /// `is_active`.
    pub is_active: bool,
    /// `deleted_at`, of an inactive row.
    pub deleted_at: Option<DateTime<Utc>>,
    /// `created_at`.
    pub created_at: DateTime<Utc>,
    /// `updated_at`.
    pub updated_at: DateTime<Utc>,
}

impl YesterdayRow {
    /// A column by name.
    pub fn get(&self, column: &str) -> Option<&str> {
        let at = Schema::of(self.entity).index(column)?;
        self.fields.get(at)?.as_deref()
    }
}

/// What a yesterday should have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leak {
    /// An ordinary day: no guard trips.
    #[default]
    None,
    /// Sixty contacts more whose records are gone: `max_count` trips for contacts.
    Contacts,
}

/// The whole state of the database yesterday.
#[derive(Clone, Debug)]
pub struct Yesterday {
    /// Partners, then contacts.
    pub rows: Vec<YesterdayRow>,
    /// Rows that an administrator holds: entity, Impartner's id, note.
    pub holds: Vec<(Entity, i64, &'static str)>,
    /// When yesterday's run ended.
    pub synced_at: DateTime<Utc>,
    /// The watermark that yesterday's run would have left, before the overlap. With it the first preview is
    /// incremental; without it full, which shows more (ghosts that the feed does not name).
    pub watermark: DateTime<Utc>,
    /// `lms_users`: the LMS's people.
    pub people: Vec<Person>,
    /// `lms_groups` and `lms_group_members`, each group with the partner row it is linked to.
    pub groups: Vec<(Group, Option<i64>)>,
    /// `lms_courses`.
    pub courses: Vec<Course>,
    /// `lms_enrollments`: completed courses, each with its person.
    pub enrollments: Vec<(String, Transcript)>,
}
