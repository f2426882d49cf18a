//! The data of the stand-in LMS: people, groups with members, courses, transcripts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A learner. The stand-in has no call that deletes or disables one (docs/apis.md, "Northpass").
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the vendor's (docs/apis.md)")]
pub struct Person {
    pub id: String,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub disabled: bool,
    pub updated_at: DateTime<Utc>,
}

/// A group and who is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the vendor's (docs/apis.md)")]
pub struct Group {
    pub id: String,
    pub name: String,
    pub members: BTreeSet<String>,
}

/// A course and its NPCU.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its value; `None`: the properties of this course answer 403.
    pub npcu: Option<u8>,
}

/// One line of a person's transcript.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the vendor's (docs/apis.md)")]
pub struct Transcript {
    pub id: String,
    pub resource_type: String,
    pub resource_id: String,
    pub progress_status: String,
    pub enrolled_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// Everything the stand-in LMS knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LmsWorld {
    /// People by id.
    pub people: BTreeMap<String, Person>,
    /// Groups by id.
    pub groups: BTreeMap<String, Group>,
    /// Courses by id.
    pub courses: BTreeMap<String, Course>,
    /// Transcripts by person.
    pub transcripts: BTreeMap<String, Vec<Transcript>>,
    /// Changes with every use of [`super::World::lms_mut`].
    pub(super) version: u64,
    /// Groups created over the API so far; makes their ids.
    pub(super) created: u64,
}

impl LmsWorld {
    /// The group of that exact name.
    pub fn group_named(&self, name: &str) -> Option<&Group> {
        self.groups.values().find(|group| group.name == name)
    }

    /// The person with that e-mail, without case.
    pub fn person_by_email(&self, email: &str) -> Option<&Person> {
        self.people
            .values()
            .find(|person| person.email.eq_ignore_ascii_case(email))
    }

    /// Whether `person` is in `group`.
    pub fn is_member(&self, group: &str, person: &str) -> bool {
        self.groups
            .get(group)
            .is_some_and(|group| group.members.contains(person))
    }
}
