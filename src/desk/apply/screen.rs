//! What of a selection may go through: holds read again, guards counted again, policy (docs/rules.md, "The plan").

use std::collections::HashSet;

use super::{Attendance, Choice};
use crate::desk::Desk;
use crate::desk::recheck::Outdated;
use crate::error::{Error, Kind, Result};
use crate::plan::guards::{self, Guard, Rule};
use crate::plan::{Evidence, Item, Op, PerEntity, Plan, Selection};
use crate::store::SoftDeletes;
use crate::values::{Cause, Withheld};

const HELD_LATER: &str =
    "the row was put on hold after the plan was made; lift the hold first (`prmdesk holds lift`)";
const UNATTENDED: &str = "an unattended run does not soft-delete (policy.unattended_deletes); review it in the console or with `prmdesk sync`";
const NEVER_UNATTENDED: &str = "an unattended run never soft-deletes who is healthy at Impartner and only left out by our own rules; review it in the console or with `prmdesk sync`";
const BY_RULE: &str = "only filters that were edited and not accepted yet would do it; look at them with `prmdesk rules`, and accept them (`prmdesk rules accept`) or undo the edit";
const UNPROVED: &str = "the listing was not proved complete, so no soft-delete was proposed; run again when the source answers properly";

/// What is left of a selection after guards, holds and policy, and what they kept back.
pub(super) struct Screened {
    pub(super) selection: Selection,
    pub(super) withheld: Vec<Withheld>,
    /// Items that were kept back.
    pub(super) kept: HashSet<usize>,
    /// Which entity's soft-deletes a release let through.
    pub(super) deletes: PerEntity<SoftDeletes>,
    pub(super) outdated: Vec<Outdated>,
}

impl Desk {
    /// Counts the guards with today's window, reads the holds again, and takes out what may not go through.
    pub(super) async fn screen(
        &self,
        plan: &Plan,
        mut selection: Selection,
        outdated: Vec<Outdated>,
        choice: &Choice,
    ) -> Result<Screened> {
        let mut withheld = Vec::new();
        let before = selection.clone();
        for entity in plan.scope.entities() {
            let held = self.held_rows(entity).await?;
            let is_held = |item: &Item| {
                item.entity == entity
                    && held.has(item.row_id, item.impartner_before.or(item.impartner_id))
            };
            withhold(
                plan,
                &mut selection,
                &mut withheld,
                Op::SoftDelete,
                is_held,
                (Cause::Held, HELD_LATER),
            );
        }
        // It has no release: what it withholds is not for the others to count, nor in a number that is typed.
        let missing = guards::evaluate(plan, &selection, &plan.windows, &self.config().guards);
        let missing = missing
            .iter()
            .filter(|guard| guard.rule == Rule::MissingField && guard.tripped);
        for guard in missing {
            for &op in guard.rule.withholds() {
                withhold(
                    plan,
                    &mut selection,
                    &mut withheld,
                    op,
                    |item| item.entity == guard.entity,
                    (
                        Cause::MissingField,
                        &format!("guard missing_field: {}", guard.sentence()),
                    ),
                );
            }
        }
        let wanted = PerEntity::from_fn(|entity| {
            (
                selection.count_op(plan, Op::SoftDelete)[entity],
                selection.count_op(plan, Op::Update)[entity],
            )
        });
        let outdated_deletes = outdated
            .iter()
            .filter(|(at, _)| plan.items[*at].op == Op::SoftDelete)
            .count();
        check_number(
            "soft-deletes",
            "--allow-deletes",
            choice.release.deletes,
            wanted.partners.0 + wanted.contacts.0,
            outdated_deletes,
        )?;
        check_number(
            "updates",
            "--allow-updates",
            choice.release.updates,
            wanted.partners.1 + wanted.contacts.1,
            0,
        )?;
        let windows = self.windows(plan).await?;
        let mut guards = guards::evaluate(plan, &selection, &windows, &self.config().guards);
        if choice.shown.is_some() {
            // What was said to be withheld stays so, also where a hold or an outdated row leaves fewer than the limit: to
            // write it would be more than was confirmed, and a refusal would come again at every try.
            let mut as_shown = before.clone();
            for &(at, _) in &outdated {
                let _cannot_be_ticked_any_more = as_shown.set(plan, at, true);
            }
            let shown = guards::evaluate(plan, &as_shown, &windows, &self.config().guards);
            for shown in shown.into_iter().filter(|guard| guard.tripped) {
                let same = |now: &Guard| now.rule == shown.rule && now.entity == shown.entity;
                if !guards.iter().any(|now| now.tripped && same(now)) {
                    guards.retain(|now| !same(now));
                    guards.push(shown);
                }
            }
        }
        let mut deletes = PerEntity::<SoftDeletes>::default();
        let tripped = guards.iter().filter(|guard| guard.tripped);
        for (guard, &op) in
            tripped.flat_map(|guard| guard.rule.withholds().iter().map(move |op| (guard, op)))
        {
            if choice.release.covers(op) {
                if op == Op::SoftDelete {
                    // Its own only: what no guard withheld was not released, and counts on.
                    deletes[guard.entity] = SoftDeletes::Released;
                }
                continue;
            }
            let (entity, reason) = (guard.entity, guard.sentence());
            let total = if op == Op::Update {
                wanted.partners.1 + wanted.contacts.1
            } else {
                wanted.partners.0 + wanted.contacts.0
            };
            withhold(
                plan,
                &mut selection,
                &mut withheld,
                op,
                |item| item.entity == entity,
                (guard.rule.into(), &release_hint(guard, &reason, total)),
            );
        }
        // After the guards: a mass deactivation is called one, also where an unattended run deletes nothing.
        if choice.attendance == Attendance::Unattended {
            let allowed = self.config().policy.unattended_deletes;
            let certain = |item: &Item| item.evidence.is_some_and(Evidence::may_run_unattended);
            withhold_by_rule(plan, &mut selection, &mut withheld);
            // What no policy allows is called so, whatever was ticked by hand.
            withhold(
                plan,
                &mut selection,
                &mut withheld,
                Op::SoftDelete,
                |item| !certain(item),
                (Cause::Unattended, NEVER_UNATTENDED),
            );
            withhold(
                plan,
                &mut selection,
                &mut withheld,
                Op::SoftDelete,
                |_| !allowed,
                (Cause::Unattended, UNATTENDED),
            );
        }
        for (entity, &count) in plan.kept_back.iter().filter(|&(_, &count)| count > 0) {
            withheld.push(Withheld {
                entity,
                op: Op::SoftDelete,
                count,
                reason: UNPROVED.into(),
                cause: Cause::Unproved,
            });
        }
        let kept = (0..plan.items.len())
            .filter(|&at| before.is_ticked(at) && !selection.is_ticked(at))
            .collect();
        Ok(Screened {
            selection,
            withheld,
            kept,
            deletes,
            outdated,
        })
    }

    /// What the guards count beside `plan`, now.
    pub(in crate::desk) async fn windows(
        &self,
        plan: &Plan,
    ) -> Result<PerEntity<guards::WindowCounts>> {
        let since = self.window_start().await?;
        let mut windows = PerEntity::default();
        for entity in plan.scope.entities() {
            windows[entity] = self.store().window_counts(entity, since).await?;
        }
        Ok(windows)
    }
}

/// Unticks what `which` names and notes it, by entity.
fn withhold(
    plan: &Plan,
    selection: &mut Selection,
    withheld: &mut Vec<Withheld>,
    op: Op,
    which: impl Fn(&crate::plan::Item) -> bool,
    (cause, reason): (Cause, &str),
) {
    let mut counts = PerEntity::<u64>::default();
    for (at, item) in plan.items.iter().enumerate() {
        if item.op == op && selection.is_ticked(at) && which(item) {
            // Unticking cannot fail: only ticking has conditions.
            let _always = selection.set(plan, at, false);
            counts[item.entity] += 1;
        }
    }
    for (entity, &count) in counts.iter().filter(|&(_, &count)| count > 0) {
        withheld.push(Withheld {
            entity,
            op,
            count,
            reason: reason.to_owned(),
            cause,
        });
    }
}

/// What only a change of the filters would do is withheld where nobody watches, ticked or not: it waits for a person.
fn withhold_by_rule(plan: &Plan, selection: &mut Selection, withheld: &mut Vec<Withheld>) {
    for (entity, _) in plan.by_rule.iter() {
        for op in [Op::SoftDelete, Op::Reactivate, Op::Add] {
            let mut count = 0;
            for (at, item) in plan.items.iter().enumerate() {
                if item.by_rule && item.entity == entity && item.op == op && !item.held {
                    // Unticking cannot fail: only ticking has conditions.
                    let _always = selection.set(plan, at, false);
                    count += 1;
                }
            }
            if count > 0 {
                withheld.push(Withheld {
                    entity,
                    op,
                    count,
                    reason: BY_RULE.to_owned(),
                    cause: Cause::Rules,
                });
            }
        }
    }
}

/// A release must name the very number of rows; any other number applies nothing at all (docs/contract.md,
/// "Command line").
///
/// `outdated` of them fell away because their evidence no longer holds.
fn check_number(
    what: &str,
    flag: &str,
    allowed: Option<u64>,
    wanted: u64,
    outdated: usize,
) -> Result<()> {
    let since = match outdated {
        0 => String::new(),
        count => format!(" ({count} fewer than the plan says: Impartner no longer bears them out)"),
    };
    let Some(number) = allowed.filter(|&number| number != wanted) else {
        return Ok(());
    };
    let help = if wanted == 0 {
        format!("Leave {flag} out: there is nothing to release.")
    } else {
        format!(
            "Preview again where rows were held or outdated meanwhile; else say {flag} {wanted} --reason TEXT, if that is what you want."
        )
    };
    let message = format!(
        "{flag} {number} does not fit: this apply would carry out {wanted} {what}{since}. Nothing was written."
    );
    Err(Error::new(Kind::Blocked, "release_mismatch", message).help(help))
}

fn release_hint(guard: &Guard, sentence: &str, total: u64) -> String {
    let flag = if guard.rule == Rule::FieldChange {
        "--allow-updates"
    } else {
        "--allow-deletes"
    };
    format!(
        "guard {}: {sentence} To release it for this plan: {flag} {total} --reason TEXT, or `!` in the console.",
        guard.rule.word()
    )
}
