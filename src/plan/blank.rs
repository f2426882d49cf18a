//! A plan before its items: what was read, and what an apply sets.

use super::accepted::RulesFacts;
use super::input::PlanInput;
use super::{Arenas, Entity, PerEntity, Plan, PlanOrigin, SourceRecord, Totals, Waits};

/// The plan of `input` without an item.
pub(super) fn blank(input: &PlanInput) -> Plan {
    let read = |entity: Entity| input.entities[entity].read.as_ref();
    Plan {
        id: String::new(),
        scope: input.scope,
        mode: input.mode,
        created_at: input.created_at,
        origin: PlanOrigin::Sync,
        database: input.database.clone(),
        sources: PerEntity::from_fn(|entity| read(entity).map(|read| read.facts.clone())),
        totals: PerEntity::<Totals>::default(),
        rules: RulesFacts::default(),
        by_rule: PerEntity::default(),
        guards: Vec::new(),
        windows: PerEntity::from_fn(|entity| input.entities[entity].window),
        warnings: input.warnings.clone(),
        items: Vec::new(),
        excluded: Vec::new(),
        kept_back: PerEntity::default(),
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
        settled: PerEntity::from_fn(|_| Vec::new()),
        status_came: PerEntity::from_fn(|entity| {
            read(entity).is_some_and(|read| {
                !read.records.is_empty() && !read.records.is_absent(SourceRecord::STATUS)
            })
        }),
        misdated: PerEntity::from_fn(|_| Vec::new()),
        waits: Waits::default(),
        missing: PerEntity::from_fn(|_| Vec::new()),
        partners: Vec::new(),
        reasons: Vec::new(),
        arenas: PerEntity::from_fn(|entity| Arenas::new(input.schemas[entity].clone())),
    }
}
