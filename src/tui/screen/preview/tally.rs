//! What the ticks of a plan amount to.

use std::sync::Arc;

use crate::config::GuardConfig;
use crate::plan::guards::{self, Guard, WindowCounts};
use crate::plan::{Entity, Op, PerEntity, Plan, Selection};
use crate::values::Applied;

/// What the ticks amount to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::tui) struct Tally {
    /// Ticked rows by operation.
    pub(in crate::tui) ticked: PerEntity<Applied>,
    /// The guards as they stand with these ticks.
    pub(in crate::tui) guards: Vec<Guard>,
    /// The ticked lines, for the questions that list them.
    pub(in crate::tui) lines: Arc<TickedLines>,
}

/// Ticked lines of a plan, in its order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::tui) struct TickedLines {
    pub(in crate::tui) deletes: Vec<u32>,
    pub(in crate::tui) updates: Vec<u32>,
    pub(in crate::tui) others: Vec<u32>,
}

impl Tally {
    /// Ticked soft-deletes, both entities together.
    pub(in crate::tui) fn deletes(&self) -> u64 {
        self.ticked.partners.soft_delete + self.ticked.contacts.soft_delete
    }

    /// Ticked soft-deletes that a release lets through, the number that is typed for it (docs/contract.md, "Command
    /// line"): not those of an entity whose guard knows no release.
    pub(in crate::tui) fn releasable_deletes(&self) -> u64 {
        let kept = |entity| {
            self.tripped().any(|guard| {
                guard.entity == entity
                    && !guard.rule.can_be_released()
                    && guard.rule.withholds().contains(&Op::SoftDelete)
            })
        };
        Entity::ALL
            .into_iter()
            .filter(|&entity| !kept(entity))
            .map(|entity| self.ticked[entity].soft_delete)
            .sum()
    }

    /// Ticked updates, both entities together.
    pub(in crate::tui) fn updates(&self) -> u64 {
        self.ticked.partners.update + self.ticked.contacts.update
    }

    /// All ticked rows.
    pub(in crate::tui) fn total(&self) -> u64 {
        self.ticked.partners.total() + self.ticked.contacts.total()
    }

    /// The guards that withhold something.
    pub(in crate::tui) fn tripped(&self) -> impl Iterator<Item = &Guard> {
        self.guards.iter().filter(|guard| guard.tripped)
    }

    /// Whether a tripped guard that can be released withholds `op`.
    pub(in crate::tui) fn withholds(&self, op: Op) -> bool {
        self.tripped()
            .any(|guard| guard.rule.can_be_released() && guard.rule.withholds().contains(&op))
    }
}

/// Counts ticks and evaluates the guards.
pub(in crate::tui) fn tally(
    plan: &Plan,
    selection: &Selection,
    windows: &PerEntity<WindowCounts>,
    config: &GuardConfig,
) -> Tally {
    let mut ticked = PerEntity::<Applied>::default();
    let mut lines = TickedLines::default();
    for (at, item) in plan.items.iter().enumerate() {
        if selection.is_ticked(at) {
            ticked[item.entity].count(item.op, 1);
            let of = match item.op {
                Op::SoftDelete => &mut lines.deletes,
                Op::Update => &mut lines.updates,
                _ => &mut lines.others,
            };
            of.extend(u32::try_from(at));
        }
    }
    Tally {
        ticked,
        lines: Arc::new(lines),
        guards: guards::evaluate(plan, selection, windows, config),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::guards::Rule;

    /// Where one entity's guard knows no release, its rows do not go through, and are not in the number that is typed.
    #[test]
    fn the_number_of_a_release_is_what_it_lets_through() {
        let guard = |rule, entity| Guard {
            rule,
            entity,
            limit: 1.0,
            found: 2.0,
            tripped: true,
            counted: 2,
            base: 30,
            field: None,
        };
        let mut tally = Tally::default();
        tally.ticked.partners.soft_delete = 7;
        tally.ticked.contacts.soft_delete = 60;
        tally.guards = vec![guard(Rule::MaxCount, Entity::Contacts)];
        assert_eq!(tally.releasable_deletes(), 67);
        tally
            .guards
            .push(guard(Rule::MissingField, Entity::Partners));
        assert_eq!(tally.releasable_deletes(), 60);
    }
}
