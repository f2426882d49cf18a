//! What happens to a record, and what a soft-delete rests on.

use serde::{Deserialize, Serialize};

/// What happens to a record. Every record ends in exactly one (docs/rules.md, "The plan").
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// The row becomes inactive.
    SoftDelete,
    /// A row that was soft-deleted is back.
    Reactivate,
    /// Fields change.
    Update,
    /// A new row.
    Add,
    /// Two things claim one row, name or e-mail, or a value does not fit: shown, not applied, carried over.
    Conflict,
    /// Left out by a filter; never was in the database, or is inactive there.
    Excluded,
    /// Nothing to do.
    Unchanged,
}

impl Op {
    /// All, in the order in which a plan lists them.
    pub const ALL: [Self; 7] = [
        Self::SoftDelete,
        Self::Reactivate,
        Self::Update,
        Self::Add,
        Self::Conflict,
        Self::Excluded,
        Self::Unchanged,
    ];

    /// The word in JSON, CSV and filter expressions.
    pub fn word(self) -> &'static str {
        match self {
            Self::SoftDelete => "soft_delete",
            Self::Reactivate => "reactivate",
            Self::Update => "update",
            Self::Add => "add",
            Self::Conflict => "conflict",
            Self::Excluded => "excluded",
            Self::Unchanged => "unchanged",
        }
    }

    /// What people call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::SoftDelete => "soft-delete",
            other => other.word(),
        }
    }

    /// Whether an apply writes it when it is ticked.
    pub fn writes(self) -> bool {
        matches!(
            self,
            Self::SoftDelete | Self::Reactivate | Self::Update | Self::Add
        )
    }
}

/// What a soft-delete rests on (docs/rules.md, "The plan").
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Seen in this run with an excluded tier or status, or IsActive false, under the accepted filters too.
    Inactive,
    /// In the deleted-ids feed, or GET by id says it does not exist.
    Deleted,
    /// Seen, healthy, but one of our rules now excludes it.
    OutOfScope,
    /// Absent, and the by-id check failed or was not made.
    Unverified,
    /// The reverse of an add, in an undo plan.
    Undo,
    /// Seen, healthy, and excluded only because our filters were edited since they were accepted.
    Rule,
}

impl Evidence {
    /// All.
    pub const ALL: [Self; 6] = [
        Self::Inactive,
        Self::Deleted,
        Self::OutOfScope,
        Self::Unverified,
        Self::Undo,
        Self::Rule,
    ];

    /// The word in JSON, CSV and filter expressions.
    pub fn word(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Deleted => "deleted",
            Self::OutOfScope => "out_of_scope",
            Self::Unverified => "unverified",
            Self::Undo => "undo",
            Self::Rule => "rule",
        }
    }

    /// Whether a plan ticks such a soft-delete at first.
    pub fn ticked_at_first(self) -> bool {
        matches!(self, Self::Inactive | Self::Deleted | Self::Undo)
    }

    /// Whether an unattended run may apply it when the policy allows soft-deletes at all.
    pub fn may_run_unattended(self) -> bool {
        matches!(self, Self::Inactive | Self::Deleted)
    }
}
