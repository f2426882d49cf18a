//! What a person was shown before they confirmed an apply, against what the apply would write now
//! (docs/rules.md, "The road a record takes": what is confirmed is what is done).

use crate::error::{Error, Kind, Result};
use crate::plan::guards::{self, Guard};
use crate::plan::{Entity, Op, Plan, Release, Selection};

/// The rows that a question said would be written. Whatever a recount lets through beside them is nobody's consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The plan that was on screen.
    plan_id: String,
    /// The rows that were said to go.
    going: Selection,
}

impl Shown {
    /// What a question says that repeats `selection` with `guards` as they stand and what `release` lets through.
    pub fn new(plan: &Plan, selection: &Selection, guards: &[Guard], release: &Release) -> Self {
        Self {
            plan_id: plan.id.clone(),
            going: guards::let_through(plan, selection, guards, release),
        }
    }

    /// The rows that were said to go.
    pub fn going(&self) -> &Selection {
        &self.going
    }

    /// Refuses an apply that would write a row which was not said to go. Fewer rows are no surprise: what was held or
    /// outdated meanwhile is reported as such.
    pub(super) fn covers(&self, plan: &Plan, writes: &Selection) -> Result<()> {
        let mut beside: Vec<(Entity, Op, u64)> = Vec::new();
        for (at, item) in plan.items.iter().enumerate() {
            if writes.is_ticked(at) && !(plan.id == self.plan_id && self.going.is_ticked(at)) {
                match beside
                    .iter_mut()
                    .find(|(entity, op, _)| (*entity, *op) == (item.entity, item.op))
                {
                    Some((_, _, count)) => *count += 1,
                    None => beside.push((item.entity, item.op, 1)),
                }
            }
        }
        if beside.is_empty() {
            return Ok(());
        }
        let rows: Vec<String> = beside
            .iter()
            .map(|(entity, op, count)| format!("{count} {entity} ({})", op.label()))
            .collect();
        Err(Error::new(
            Kind::Blocked,
            "changed_since_shown",
            format!(
                "More would be written now than was confirmed: {}. Nothing was written.",
                rows.join(", ")
            ),
        )
        .help("The guards count differently by now, because somebody else wrote or undid something. Look at the plan again and confirm what it says then."))
    }
}
