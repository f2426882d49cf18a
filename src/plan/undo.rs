//! The reverse of a run as a plan (docs/rules.md, "Applying"): built from the journal, previewed, guarded and
//! applied like any other. A row that changed since the run keeps the journal's state as its `before`, so that the
//! apply finds it stale and leaves it alone.

mod taken;

use chrono::{DateTime, Utc};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Map, Value as Json};

use super::build::{INACTIVE, Reasons};
use super::guards::WindowCounts;
use super::planner::finish;
use super::{
    Changed, DatabasePoint, Entity, Evidence, Holds, Item, Op, PartnerAt, PartnerRef, PerEntity,
    Plan, PlanOrigin, RowSet, SameKeys, Schema, Scope, Warning,
};
use crate::config::GuardConfig;

/// One applied change of the run, from the journal.
#[derive(Clone, Debug)]
pub struct Done {
    /// Whose row.
    pub entity: Entity,
    /// Our row.
    pub row_id: i64,
    /// The record, as the journal has it.
    pub impartner_id: Option<i64>,
    /// What was done.
    pub op: Op,
    /// Columns before; empty for adds.
    pub before: Map<String, Json>,
    /// Columns after.
    pub after: Map<String, Json>,
}

/// What an undo plan is made from.
#[derive(Clone, Debug)]
pub struct UndoInput {
    /// The run to undo.
    pub run_id: i64,
    /// What the run was about.
    pub scope: Scope,
    /// When (UTC).
    pub created_at: DateTime<Utc>,
    /// The database, before anything else of it was read.
    pub database: DatabasePoint,
    /// What the columns are.
    pub schemas: PerEntity<Schema>,
    /// What it does not bring back.
    pub warnings: Vec<Warning>,
    /// The applied changes of the run that are not undone yet.
    pub done: Vec<Done>,
    /// The rows as they are now; at least the changed ones, partners all.
    pub rows: PerEntity<RowSet>,
    /// What guards count beside this plan.
    pub windows: PerEntity<WindowCounts>,
    /// Rows and records on hold.
    pub holds: PerEntity<Holds>,
    /// Which names or e-mails the database takes for one.
    pub same: PerEntity<SameKeys>,
}

/// Makes the undo plan.
pub fn undo(input: &UndoInput, guard_config: &GuardConfig) -> Plan {
    let mut plan = Plan {
        scope: input.scope,
        created_at: input.created_at,
        origin: PlanOrigin::Undo {
            run_id: input.run_id,
        },
        database: input.database.clone(),
        windows: input.windows,
        warnings: input.warnings.clone(),
        ..Plan::empty(&input.schemas)
    };
    let mut partners = Partners::new(&input.rows.partners, &mut plan);
    let rows: PerEntity<FxHashMap<i64, u32>> = PerEntity::from_fn(|entity| {
        input.rows[entity]
            .indices()
            .map(|at| (input.rows[entity].row_id(at), at))
            .collect()
    });
    let mut reasons = Reasons::default();
    let mut places = Vec::with_capacity(input.done.len());
    let mut stale = FxHashSet::default();
    for done in &input.done {
        let now = rows[done.entity].get(&done.row_id).copied();
        reverse(&mut plan, &mut reasons, &mut partners, input, done, now);
        let at = plan.items.len() - 1;
        let fresh = |at: u32| Some(input.rows[done.entity].fingerprint(at));
        if now.and_then(fresh) != plan.view(at).fingerprint() {
            stale.insert(at);
            let reason = format!(
                "undoes the {} of run {}, but the row changed since and will be left as it is",
                done.op.label(),
                input.run_id
            );
            plan.items[at].reason = reasons.of(&mut plan.reasons, reason);
        }
        places.push(now);
    }
    taken::refuse(&mut plan, input, &places, &stale);
    finish(&mut plan, guard_config);
    plan
}

/// Adds the reverse of one change.
fn reverse(
    plan: &mut Plan,
    reasons: &mut Reasons,
    partners: &mut Partners,
    input: &UndoInput,
    done: &Done,
    now: Option<u32>,
) {
    let schema = &input.schemas[done.entity];
    let rows = &input.rows[done.entity];
    let cells =
        |overlay: &Map<String, Json>, base: Option<&[Option<String>]>| -> Vec<Option<String>> {
            (0..schema.fields.len())
                .map(
                    |field| match (overlay.get(schema.fields[field].column), base) {
                        (Some(value), _) => text(value),
                        (None, Some(base)) => base[field].clone(),
                        (None, None) => now.and_then(|at| rows.field(at, field)).map(str::to_owned),
                    },
                )
                .collect()
        };
    let before = cells(&done.after, None);
    let mut after = cells(&done.before, Some(&before));
    // An update may have made its row inactive too, where a trigger of the database did so along with it.
    let flag = |map: &Map<String, Json>| map.get("is_active").and_then(Json::as_bool);
    let op = match (done.op, flag(&done.before), flag(&done.after)) {
        (Op::Add | Op::Reactivate, ..) | (Op::Update, Some(false), Some(true)) => Op::SoftDelete,
        (Op::SoftDelete, ..) | (Op::Update, Some(true), Some(false)) => Op::Reactivate,
        _ => Op::Update,
    };
    if done.op == Op::Add {
        after.clone_from(&before);
        if let Some(status) = schema.index("account_status") {
            after[status] = Some(INACTIVE.to_owned());
        }
    }
    let mut changed = Changed::default();
    for (bit, (before, after)) in (0u32..).zip(before.iter().zip(&after)) {
        if before != after {
            changed.set(bit);
        }
    }
    let number = |key: &str, map: &Map<String, Json>, otherwise: Option<i64>| {
        map.get(key).map_or(otherwise, Json::as_i64)
    };
    // A row that was matched by its name has none of its own; the record's id stands beside it in the journal.
    let present = now.map_or(done.impartner_id, |at| rows.impartner_id(at));
    let impartner_before = number("impartner_id", &done.after, present);
    let impartner_id = if done.op == Op::Add {
        impartner_before
    } else {
        number("impartner_id", &done.before, impartner_before)
    };
    if impartner_id != impartner_before {
        changed.set(Changed::IMPARTNER_ID);
    }
    let partner_now = number(
        "partner_id",
        &done.after,
        now.and_then(|at| rows.partner_id(at)),
    );
    let partner_then = if done.op == Op::Add {
        partner_now
    } else {
        number("partner_id", &done.before, partner_now)
    };
    if partner_then != partner_now {
        changed.set(Changed::PARTNER);
    }
    plan.totals[done.entity].count(op);
    let held = input.holds[done.entity].has(
        Some(done.row_id),
        impartner_before.or(impartner_id).or(done.impartner_id),
    );
    let arenas = &mut plan.arenas[done.entity];
    let item = Item {
        entity: done.entity,
        op,
        evidence: (op == Op::SoftDelete).then_some(Evidence::Undo),
        selected: op != Op::SoftDelete || !held,
        held,
        by_rule: false,
        rule: None,
        suspicious: false,
        was_active: flag(&done.after).unwrap_or(done.op != Op::SoftDelete),
        impartner_id,
        impartner_before,
        row_id: Some(done.row_id),
        before: Some(arenas.before.push(before.iter().map(Option::as_deref))),
        after: Some(
            arenas
                .after
                .push(after.iter().map(Option::as_deref).chain([None, None])),
        ),
        changed,
        partner_before: partners.at(plan, partner_now),
        partner_after: partners.at(plan, partner_then),
        reason: reasons.of(
            &mut plan.reasons,
            format!("undoes the {} of run {}", done.op.label(), input.run_id),
        ),
    };
    plan.items.push(item);
}

fn text(value: &Json) -> Option<String> {
    match value {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Partner rows by id, as references of the plan.
struct Partners(FxHashMap<i64, PartnerAt>);

impl Partners {
    fn new(rows: &RowSet, plan: &mut Plan) -> Self {
        let mut known = FxHashMap::default();
        for at in rows.indices() {
            known.insert(rows.row_id(at), PartnerAt(at));
            plan.partners.push(PartnerRef {
                row_id: Some(rows.row_id(at)),
                impartner_id: rows.impartner_id(at),
                name: rows.field(at, Schema::KEY).unwrap_or_default().to_owned(),
            });
        }
        Self(known)
    }

    fn at(&mut self, plan: &mut Plan, row: Option<i64>) -> PartnerAt {
        let Some(row) = row else {
            return PartnerAt::NONE;
        };
        *self.0.entry(row).or_insert_with(|| {
            plan.partners.push(PartnerRef {
                row_id: Some(row),
                impartner_id: None,
                name: String::new(),
            });
            PartnerAt(u32::try_from(plan.partners.len() - 1).unwrap_or(u32::MAX))
        })
    }
}
