//! What a plan is made from: what was read, what the database has, and what was asked by id.

use chrono::{DateTime, Utc};
use rustc_hash::{FxHashMap, FxHashSet};

use super::accepted::AcceptedRules;
use super::guards::WindowCounts;
use super::{
    DatabasePoint, Holds, Limits, LmsLinks, Mode, PerEntity, RowSet, Schema, Scope, SourceFacts,
    SourceSet, Waiting, Warning,
};

/// What was asked by id, and what the deleted-ids feed said.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// Ids that are positively gone: in the deleted-ids feed, or GET by id says so.
    pub gone: FxHashSet<i64>,
    /// Ids for which the check failed, with the reason.
    pub unverified: FxHashMap<i64, String>,
}

/// What was read of one entity.
#[derive(Clone, Debug)]
pub struct Read {
    /// The listing's records, then those that were asked for by id.
    pub records: SourceSet,
    /// How many of them came from the listing.
    pub listed: usize,
    /// The watermark that the listing gives.
    pub latest: Option<DateTime<Utc>>,
    /// The latest moment that the source can have modified a record at; `None`: nothing is known of its clock.
    pub horizon: Option<DateTime<Utc>>,
    /// How the listing was read.
    pub facts: SourceFacts,
    /// By-id answers without a record.
    pub answers: Answers,
    /// Ids that the deleted-ids feed names; to be asked for before they are believed.
    pub feed: Vec<i64>,
    /// Whether deletions up to now are known: the run is full, or the feed answered.
    pub deletions_known: bool,
}

/// Everything known of one entity.
#[derive(Clone, Debug)]
pub struct EntityInput {
    /// What was read; `None` when the scope leaves the entity out.
    pub read: Option<Read>,
    /// All rows, active and inactive.
    pub rows: RowSet,
    /// What the database enforces.
    pub limits: Limits,
    /// Rows and records on hold.
    pub holds: Holds,
    /// Impartner ids carried over from earlier runs.
    pub carried: FxHashSet<i64>,
    /// Whether an earlier run saw the status of these records come.
    pub had_status: bool,
    /// What guards count beside this plan.
    pub window: WindowCounts,
}

/// Everything a plan is made from.
#[derive(Clone, Debug)]
pub struct PlanInput {
    /// What it is about.
    pub scope: Scope,
    /// How much was read.
    pub mode: Mode,
    /// When (UTC).
    pub created_at: DateTime<Utc>,
    /// The database, before anything else of it was read.
    pub database: DatabasePoint,
    /// What the columns are and where they come from.
    pub schemas: PerEntity<Schema>,
    /// What is known.
    pub entities: PerEntity<EntityInput>,
    /// LMS users by e-mail.
    pub lms_links: LmsLinks,
    /// The filters as they were last accepted; `None`: nobody has, and the configured ones count.
    pub accepted: Option<AcceptedRules>,
    /// Contacts that wait for a partner since earlier runs.
    pub waiting: Vec<Waiting>,
    /// Warnings of the reading.
    pub warnings: Vec<Warning>,
}
