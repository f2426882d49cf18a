//! What is to be read: listings, or single records that are asked for by id (docs/rules.md, "Reading").

use chrono::{DateTime, TimeDelta, Utc};

use crate::plan::planner::{Answers, Read};
use crate::plan::{Entity, Mode, Schema, Scope, SourceFacts, SourceSet};
use crate::values::{PreviewRequest, Records};

/// What a plan is to be made from: a listing, or these records of one entity alone.
#[derive(Clone, Copy, Debug)]
pub(in crate::desk) struct Wanted<'a> {
    pub(super) request: PreviewRequest,
    pub(super) only: Option<&'a [i64]>,
}

impl From<PreviewRequest> for Wanted<'_> {
    fn from(request: PreviewRequest) -> Self {
        Self {
            request,
            only: None,
        }
    }
}

impl<'a> From<&'a Records> for Wanted<'a> {
    fn from(records: &'a Records) -> Self {
        Self {
            request: PreviewRequest {
                scope: match records.entity {
                    Entity::Partners => Scope::Partners,
                    Entity::Contacts => Scope::Contacts,
                },
                mode: Mode::Incremental,
            },
            only: Some(&records.ids),
        }
    }
}

impl Wanted<'_> {
    /// What it is about.
    pub(in crate::desk) fn scope(&self) -> Scope {
        self.request.scope
    }
}

/// A reading that listed nothing and gives no mark: what is asked for by id comes on top of it.
pub(super) fn nothing_listed(schema: &Schema, now: DateTime<Utc>) -> Read {
    Read {
        records: SourceSet::new(schema),
        listed: 0,
        latest: None,
        // Ours and a day, as where the source tells no clock of its own.
        horizon: Some(now + TimeDelta::days(1)),
        facts: SourceFacts {
            proved: true,
            ..SourceFacts::default()
        },
        answers: Answers::default(),
        feed: Vec::new(),
        deletions_known: false,
    }
}
