//! A plan before its items: what was read, and what an apply sets.

use chrono::DateTime;

use super::accepted::RulesFacts;
use super::input::PlanInput;
use super::{
    Arenas, DatabasePoint, Entity, Mode, PerEntity, Plan, PlanOrigin, Schema, Scope, SourceRecord,
    Waits,
};

impl Plan {
    /// A plan in which nothing is known and nothing happens, for whoever fills in what it knows.
    pub(crate) fn empty(schemas: &PerEntity<Schema>) -> Self {
        Self {
            id: String::new(),
            scope: Scope::All,
            mode: Mode::Full,
            created_at: DateTime::UNIX_EPOCH,
            origin: PlanOrigin::Sync,
            database: DatabasePoint::default(),
            sources: PerEntity::default(),
            totals: PerEntity::default(),
            rules: RulesFacts::default(),
            by_rule: PerEntity::default(),
            guards: Vec::new(),
            windows: PerEntity::default(),
            warnings: Vec::new(),
            items: Vec::new(),
            excluded: Vec::new(),
            kept_back: PerEntity::default(),
            watermarks: PerEntity::default(),
            feed_marks: PerEntity::default(),
            settled: PerEntity::default(),
            status_came: PerEntity::default(),
            misdated: PerEntity::default(),
            waits: Waits::default(),
            missing: PerEntity::default(),
            partners: Vec::new(),
            reasons: Vec::new(),
            arenas: PerEntity::from_fn(|entity| Arenas::new(schemas[entity].clone())),
        }
    }
}

/// The plan of `input` without an item.
pub(super) fn blank(input: &PlanInput) -> Plan {
    let read = |entity: Entity| input.entities[entity].read.as_ref();
    Plan {
        scope: input.scope,
        mode: input.mode,
        created_at: input.created_at,
        database: input.database.clone(),
        sources: PerEntity::from_fn(|entity| read(entity).map(|read| read.facts.clone())),
        windows: PerEntity::from_fn(|entity| input.entities[entity].window),
        warnings: input.warnings.clone(),
        watermarks: PerEntity::from_fn(|entity| {
            read(entity)
                .filter(|read| read.facts.proved)
                .and_then(|read| read.latest)
        }),
        feed_marks: PerEntity::from_fn(|entity| {
            read(entity)
                .filter(|read| read.facts.proved && read.deletions_known)
                .and_then(|read| read.latest)
        }),
        status_came: PerEntity::from_fn(|entity| {
            read(entity).is_some_and(|read| {
                !read.records.is_empty() && !read.records.is_absent(SourceRecord::STATUS)
            })
        }),
        ..Plan::empty(&input.schemas)
    }
}
