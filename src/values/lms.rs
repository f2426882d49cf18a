//! What a refresh of the `lms_` tables is asked for and gives.

use serde::{Deserialize, Serialize};

/// Whether a refresh reads courses and enrolments too: one call for each person concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transcripts {
    /// People, groups and memberships only.
    #[default]
    No,
    /// Those of everybody whose enrolments count for an active partner.
    All,
    /// Those of one partner (its row id); of people and groups only this partner's memberships are read again.
    Partner(i64),
}

/// What a refresh read and changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LmsRefreshed {
    /// The run.
    pub run_id: i64,
    /// People read.
    pub people: u64,
    /// Groups read.
    pub groups: u64,
    /// Memberships read.
    pub memberships: u64,
    /// Rows of the `lms_` tables that were new, changed or ended.
    pub changed: u64,
    /// Contacts that were linked to their LMS user.
    pub contacts_linked: u64,
    /// Groups that were linked to their partner.
    pub groups_linked: u64,
    /// People whose transcripts were read.
    pub transcripts: u64,
    /// Courses read.
    pub courses: u64,
    /// Enrolments read.
    pub enrollments: u64,
    /// What is gone from the LMS since the last refresh; its rows stay and are marked.
    pub gone: LmsGone,
    /// Rows that the database did not take.
    pub failed: Vec<LmsFault>,
    /// What was kept as it was because the LMS did not give it whole. Full sentences.
    pub warnings: Vec<String>,
}

/// Numbers of what is gone from the LMS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LmsGone {
    /// People.
    pub people: u64,
    /// Groups.
    pub groups: u64,
}

/// A row that a refresh could not store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LmsFault {
    /// The table.
    pub table: String,
    /// Its id; of a membership the ids of group and person, with a `/` between.
    pub id: String,
    /// Why, and what stands there instead. Text from outside.
    pub message: String,
}
