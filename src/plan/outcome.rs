//! What became of a plan's items, and what of it is carried over to the next incremental runs (docs/rules.md,
//! "Reading").

use rustc_hash::FxHashSet;

use super::{Entity, Evidence, Item, Op, PerEntity, Plan, PlanOrigin};

/// What became of one item of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was not selected, or was withheld.
    NotSelected,
    /// It was written.
    Applied {
        /// The row; a new one for adds.
        row_id: i64,
        /// Whether the contact has the partner that the plan gave it; `false` when that partner was not written.
        linked: bool,
    },
    /// The row changed since the plan was made; what differs.
    Stale(String),
    /// The database refused it; its message.
    Failed(String),
}

/// A record that the next incremental runs fetch by id until it is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarryOver {
    /// Whose record.
    pub entity: Entity,
    /// The record.
    pub impartner_id: i64,
    /// Why: `unticked`, `held`, `unverified`, `conflict`, `withheld`, `stale`, `failed`, `unlinked`, `undone`,
    /// `overtaken`, `misdated`.
    pub reason: &'static str,
}

/// The records to carry over and those that are settled, given what became of every item. `withheld` says which of the
/// not selected ones a guard or the policy kept back.
///
/// Where a newer run has `overtaken` the plan nothing is settled, and what was written is carried over too: what the
/// newer run saw and left for later is newer than all this plan knows (docs/rules.md, "The plan").
pub fn carry_over(
    plan: &Plan,
    outcomes: &[Outcome],
    overtaken: PerEntity<bool>,
    withheld: impl Fn(usize) -> bool,
) -> (Vec<CarryOver>, PerEntity<Vec<i64>>) {
    let mut carried = Vec::new();
    let mut settled = PerEntity::from_fn(|entity| {
        if overtaken[entity] {
            Vec::new()
        } else {
            plan.settled[entity].clone()
        }
    });
    let undo = matches!(plan.origin, PlanOrigin::Undo { .. });
    for (at, (item, outcome)) in plan.items.iter().zip(outcomes).enumerate() {
        let reason = match outcome {
            // What an undo reverses still differs upstream; what it leaves alone is as it was.
            Outcome::Applied { .. } if undo => Some("undone"),
            _ if undo => continue,
            Outcome::Applied { linked: false, .. } => Some("unlinked"),
            Outcome::Applied { .. } if overtaken[item.entity] => Some("overtaken"),
            Outcome::Applied { .. } => None,
            Outcome::Stale(_) => Some("stale"),
            Outcome::Failed(_) => Some("failed"),
            // It waits for acceptance, not for another run: the first one after that is full.
            Outcome::NotSelected if item.by_rule => continue,
            Outcome::NotSelected => Some(not_selected(item, withheld(at))),
        };
        // The old id of a row that a re-created person takes over is settled with it.
        let ids = [item.impartner_id, item.impartner_before.filter(|_| undo)];
        for id in ids.into_iter().flatten() {
            match reason {
                Some(reason) => carried.push(CarryOver {
                    entity: item.entity,
                    impartner_id: id,
                    reason,
                }),
                // Written while a filter was blind: it is looked at again once the filter sees.
                None if !plan.missing[item.entity].is_empty() => {}
                None => settled[item.entity].push(id),
            }
        }
        if !undo && reason.is_none() && item.impartner_before != item.impartner_id {
            settled[item.entity].extend(item.impartner_before);
        }
    }
    for (entity, misdated) in plan.misdated.iter() {
        settled[entity].retain(|id| misdated.binary_search(id).is_err());
        let carry = misdated.iter().map(|&impartner_id| CarryOver {
            entity,
            impartner_id,
            reason: "misdated",
        });
        // Another reason says more, and each record is carried over once.
        let known: FxHashSet<i64> = carried
            .iter()
            .filter(|one| one.entity == entity)
            .map(|one| one.impartner_id)
            .collect();
        let carry: Vec<CarryOver> = carry
            .filter(|one| !known.contains(&one.impartner_id))
            .collect();
        carried.extend(carry);
    }
    (carried, settled)
}

fn not_selected(item: &Item, withheld: bool) -> &'static str {
    match item.op {
        Op::Conflict => "conflict",
        Op::SoftDelete if item.held => "held",
        Op::SoftDelete if item.evidence == Some(Evidence::Unverified) => "unverified",
        _ if withheld => "withheld",
        _ => "unticked",
    }
}
