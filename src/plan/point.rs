//! Where a plan belongs: one database, at one point of its history (docs/rules.md, "The plan").

use serde::{Deserialize, Serialize};

/// A database and a point of its history.
///
/// The database is told by an identity that its migration made at random; an exact copy of it is the same database.
/// The point is told by a run, because a database that was restored from a backup has forgotten the runs since, or
/// has given their numbers to others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DatabasePoint {
    /// The database's identity.
    pub id: String,
    /// The newest run that had ended; `None` before the first.
    pub run: Option<RunMark>,
}

/// A run that nobody can take for another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RunMark {
    /// Its number.
    pub run_id: i64,
    /// What it drew at random when it took the lease. Of no use once the run has ended.
    pub token: String,
}

impl DatabasePoint {
    /// The number of the newest run that had ended; 0 before the first.
    pub fn run_id(&self) -> i64 {
        self.run.as_ref().map_or(0, |run| run.run_id)
    }
}
