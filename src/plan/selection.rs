//! Which items of a plan an operator wants applied, and what they release.

use super::{Entity, Op, PerEntity, Plan, filter::Filter};

/// One tick for each item of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    ticks: Vec<bool>,
}

/// Why `--only` named something that cannot be applied (docs/contract.md, "Command line": `--only` on a held row is
/// exit 3).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} cannot be ticked: {why}")]
pub struct NotTickable {
    /// The record. May hold text from outside.
    pub name: String,
    /// Why not.
    pub why: &'static str,
}

impl Selection {
    /// The ticks as the plan sets them first.
    pub fn of(plan: &Plan) -> Self {
        Self {
            ticks: plan.items.iter().map(|item| item.selected).collect(),
        }
    }

    /// Nothing ticked.
    pub fn none(plan: &Plan) -> Self {
        Self {
            ticks: vec![false; plan.items.len()],
        }
    }

    /// Whether item `at` is ticked.
    pub fn is_ticked(&self, at: usize) -> bool {
        self.ticks.get(at).copied().unwrap_or(false)
    }

    /// Ticks or unticks item `at`; what cannot be ticked stays as it is and says why.
    pub fn set(&mut self, plan: &Plan, at: usize, ticked: bool) -> Result<(), &'static str> {
        if ticked {
            plan.view(at).tickable()?;
        }
        if let Some(tick) = self.ticks.get_mut(at) {
            *tick = ticked;
        }
        Ok(())
    }

    /// Ticks exactly what `filter` names, also rows not ticked at first; never held or unverified ones.
    /// A held row that the filter names is an error; conflicts and unverified rows stay unticked.
    pub fn only(&mut self, plan: &Plan, filter: &Filter) -> Result<(), NotTickable> {
        for at in 0..plan.items.len() {
            let view = plan.view(at);
            if !filter.matches(&view) {
                self.ticks[at] = false;
                continue;
            }
            match view.tickable() {
                Ok(()) => self.ticks[at] = true,
                Err(why) if view.item.held && view.item.op == Op::SoftDelete => {
                    return Err(NotTickable {
                        name: format!(
                            "{} #{}",
                            view.name(),
                            view.item.impartner_id.unwrap_or_default()
                        ),
                        why,
                    });
                }
                Err(_) => self.ticks[at] = false,
            }
        }
        Ok(())
    }

    /// Unticks what `filter` names.
    pub fn except(&mut self, plan: &Plan, filter: &Filter) {
        for (at, tick) in self.ticks.iter_mut().enumerate() {
            if *tick && filter.matches(&plan.view(at)) {
                *tick = false;
            }
        }
    }

    /// Number of ticked items.
    pub fn count(&self) -> usize {
        self.ticks.iter().filter(|&&tick| tick).count()
    }

    /// Number of ticked items of `op`, by entity.
    pub fn count_op(&self, plan: &Plan, op: Op) -> PerEntity<u64> {
        let mut counts = PerEntity::<u64>::default();
        for (item, &tick) in plan.items.iter().zip(&self.ticks) {
            if tick && item.op == op {
                counts[item.entity] += 1;
            }
        }
        counts
    }

    /// Unticks every item of `entity` and `op`: what a guard withholds. Returns how many it were.
    pub fn withhold(&mut self, plan: &Plan, entity: Entity, op: Op) -> u64 {
        let mut withheld = 0;
        for (item, tick) in plan.items.iter().zip(self.ticks.iter_mut()) {
            if *tick && item.entity == entity && item.op == op {
                *tick = false;
                withheld += 1;
            }
        }
        withheld
    }
}

/// A one-shot release of guards, for one apply of one plan (docs/rules.md, "The plan").
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// The number of soft-deletes that this apply would carry out, both entities together.
    pub deletes: Option<u64>,
    /// The number of updates that this apply would carry out, both entities together.
    pub updates: Option<u64>,
    /// Why; recorded with the operator. Required with either number.
    pub reason: Option<String>,
}

impl Release {
    /// Whether it lets `op` through a tripped guard.
    pub fn covers(&self, op: Op) -> bool {
        match op {
            Op::Update => self.updates.is_some(),
            _ => self.deletes.is_some(),
        }
    }
}
