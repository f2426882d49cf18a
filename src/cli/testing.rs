//! Values for the unit tests of this face.

use crate::plan::{
    Arenas, DatabasePoint, Mode, PerEntity, Plan, PlanOrigin, RulesFacts, Schema, Scope, Waits,
};

/// A plan in which nothing happens.
pub(super) fn empty_plan() -> Plan {
    Plan {
        id: "p".into(),
        scope: Scope::All,
        mode: Mode::Full,
        created_at: chrono::DateTime::UNIX_EPOCH,
        origin: PlanOrigin::Sync,
        sources: PerEntity::default(),
        database: DatabasePoint::default(),
        totals: PerEntity::default(),
        guards: Vec::new(),
        windows: PerEntity::default(),
        warnings: Vec::new(),
        items: Vec::new(),
        excluded: Vec::new(),
        kept_back: PerEntity::default(),
        watermarks: PerEntity::default(),
        feed_marks: PerEntity::default(),
        missing: PerEntity::default(),
        rules: RulesFacts::default(),
        by_rule: PerEntity::default(),
        status_came: PerEntity::default(),
        misdated: PerEntity::default(),
        settled: PerEntity::default(),
        waits: Waits::default(),
        partners: Vec::new(),
        reasons: Vec::new(),
        arenas: PerEntity::from_fn(|entity| Arenas::new(Schema::of(entity))),
    }
}
