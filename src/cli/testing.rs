//! Values for the unit tests of this face.

use crate::plan::{PerEntity, Plan, Schema};

/// A plan in which nothing happens.
pub(super) fn empty_plan() -> Plan {
    Plan {
        id: "p".into(),
        ..Plan::empty(&PerEntity::from_fn(Schema::of))
    }
}
