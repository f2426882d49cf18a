//! Guards: limits on what one window may deactivate, and on what one mapping fault may overwrite
//! (docs/rules.md, "The plan").

use serde::{Deserialize, Serialize};

use super::{Changed, Entity, FieldKind, Op, PerEntity, Plan, Release, Schema, Selection};
use crate::config::GuardConfig;

/// The rules, by the names that are fixed in docs/rules.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Soft-deletes in the window, as a number.
    MaxCount,
    /// Soft-deletes in the window, as percent of the active rows.
    MaxPercent,
    /// With few active rows: more than half of them.
    SmallSet,
    /// One field changes in too many rows.
    FieldChange,
    /// A field that a filter needs came in no record.
    MissingField,
}

impl Rule {
    /// The word in JSON and messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::MaxCount => "max_count",
            Self::MaxPercent => "max_percent",
            Self::SmallSet => "small_set",
            Self::FieldChange => "field_change",
            Self::MissingField => "missing_field",
        }
    }

    /// The operations that a trip withholds.
    pub fn withholds(self) -> &'static [Op] {
        match self {
            Self::FieldChange => &[Op::Update],
            Self::MissingField => &[Op::Add, Op::Reactivate, Op::SoftDelete],
            _ => &[Op::SoftDelete],
        }
    }

    /// What a trip withholds, in words.
    pub fn what(self) -> &'static str {
        match self {
            Self::FieldChange => "updates",
            Self::MissingField => "adds, reactivations and soft-deletes",
            _ => "soft-deletes",
        }
    }

    /// Whether a person can release it: all but one that is mended by its cause alone.
    pub fn can_be_released(self) -> bool {
        self != Self::MissingField
    }
}

/// One guard as it stands for one plan and one selection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Guard {
    /// Which rule.
    pub rule: Rule,
    /// Whose rows.
    pub entity: Entity,
    /// The limit: rows for `max_count`, percent for the others.
    #[serde(serialize_with = "plain_number")]
    pub limit: f64,
    /// What was found, in the same unit.
    #[serde(serialize_with = "plain_number")]
    pub found: f64,
    /// Whether it withholds.
    pub tripped: bool,
    /// Rows that were counted: soft-deletes of this plan and of the window, or updates of the field.
    pub counted: u64,
    /// The active rows it is measured against.
    pub base: u64,
    /// The field that trips `field_change`, or those that `missing_field` misses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// A whole number without a decimal point, anything else to one decimal.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn plain_number<S: serde::Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    let rounded = (number * 10.0).round() / 10.0;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "counts and percentages are small"
    )]
    if rounded.fract() == 0.0 {
        serializer.serialize_i64(rounded as i64)
    } else {
        serializer.serialize_f64(rounded)
    }
}

impl Guard {
    /// The guard in one sentence, for people.
    pub fn sentence(&self) -> String {
        let Self {
            counted,
            base,
            limit,
            ..
        } = self;
        let entity = self.entity;
        match self.rule {
            Rule::MaxCount => format!(
                "{counted} of {base} {entity} would be soft-deleted within the window; the limit is {limit}."
            ),
            Rule::MaxPercent | Rule::SmallSet => {
                format!(
                    "{counted} of {base} {entity} ({:.1} %) would be soft-deleted within the window; the limit is {limit} %.",
                    self.found
                )
            }
            Rule::MissingField => format!(
                "{} came in no record, and a filter needs it: {counted} {entity} would be added, reactivated or soft-deleted blindly. Correct the mapping, or empty the filter.",
                self.field.as_deref().unwrap_or("a field"),
            ),
            Rule::FieldChange => format!(
                "{} changes in {counted} of {base} {entity} ({:.1} %); the limit is {limit} %: a mapping fault?",
                self.field.as_deref().unwrap_or("one field"),
                self.found
            ),
        }
    }
}

/// What guards count beside the plan itself; from the journal and the tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowCounts {
    /// Active rows now.
    pub active: u64,
    /// Rows soft-deleted in the window, whatever they counted as, and inactive still: part of the base.
    pub deleted: u64,
    /// Of the soft-deletes applied in the window, those that count: less the undone and the explicitly released.
    pub counted: u64,
}

/// Evaluates every guard for `selection`, in the order entity, rule. Pure: called when a plan is made, whenever a
/// tick changes, and again when it is applied.
pub fn evaluate(
    plan: &Plan,
    selection: &Selection,
    windows: &PerEntity<WindowCounts>,
    config: &GuardConfig,
) -> Vec<Guard> {
    let deletes = selection.count_op(plan, Op::SoftDelete);
    let mut guards = Vec::new();
    for entity in plan.scope.entities() {
        let window = windows[entity];
        let missing = missing_field_guard(plan, selection, entity, window.active);
        // What this one withholds is not for the others to count.
        let deletes = if missing.is_some() {
            0
        } else {
            deletes[entity]
        };
        guards.extend(missing);
        guards.extend(soft_delete_guards(entity, deletes, window, config));
        guards.extend(field_change_guard(
            plan,
            selection,
            entity,
            window.active,
            config,
        ));
    }
    guards
}

/// What of `selection` goes where `guards` stand so: without what a tripped guard withholds that `release` does not
/// name. What a question says is going to be written is this, and nothing else.
pub fn let_through(
    plan: &Plan,
    selection: &Selection,
    guards: &[Guard],
    release: &Release,
) -> Selection {
    let mut going = selection.clone();
    for guard in guards.iter().filter(|guard| guard.tripped) {
        for &op in guard.rule.withholds() {
            if !(guard.rule.can_be_released() && release.covers(op)) {
                going.withhold(plan, guard.entity, op);
            }
        }
    }
    going
}

/// `missing_field`, where a field is missing that a filter needs.
fn missing_field_guard(
    plan: &Plan,
    selection: &Selection,
    entity: Entity,
    active: u64,
) -> Option<Guard> {
    let missing = &plan.missing[entity];
    if missing.is_empty() {
        return None;
    }
    let counted = Rule::MissingField
        .withholds()
        .iter()
        .map(|&op| selection.count_op(plan, op)[entity])
        .sum();
    Some(Guard {
        rule: Rule::MissingField,
        entity,
        limit: 0.0,
        found: counted as f64,
        tripped: counted > 0,
        counted,
        base: active,
        field: Some(missing.join(", ")),
    })
}

/// `max_count`, and `max_percent` or `small_set`. A plan that soft-deletes nothing trips nothing.
fn soft_delete_guards(
    entity: Entity,
    planned: u64,
    window: WindowCounts,
    config: &GuardConfig,
) -> [Guard; 2] {
    let counted = planned + window.counted;
    let base = window.active + window.deleted;
    let percent = if base == 0 {
        0.0
    } else {
        counted as f64 * 100.0 / base as f64
    };
    let guard = |rule, limit: f64, found: f64| Guard {
        rule,
        entity,
        limit,
        found,
        tripped: planned > 0 && found > limit,
        counted,
        base,
        field: None,
    };
    let share = if base >= config.small_set {
        guard(Rule::MaxPercent, config.max_percent, percent)
    } else {
        guard(Rule::SmallSet, 50.0, percent)
    };
    [
        guard(Rule::MaxCount, config.max_count as f64, counted as f64),
        share,
    ]
}

/// Ticked updates that give a partner the status that its row never had: databases of before the status was mapped, and of
/// scripts that kept none, get it once for all of them, and nothing is lost by it.
fn first_statuses(plan: &Plan, selection: &Selection, entity: Entity, status: usize) -> u64 {
    let fills = |at: usize| {
        plan.view(at)
            .changes()
            .any(|change| change.field == Schema::STATUS && change.before.text().is_none())
    };
    let updates = plan.items.iter().enumerate().filter(|&(at, item)| {
        let ticked = item.entity == entity && item.op == Op::Update && selection.is_ticked(at);
        ticked && item.changed.0 >> status & 1 == 1 && fills(at)
    });
    updates.count() as u64
}

/// `field_change` for the field that changes most; `None` when there are too few active rows to judge by.
fn field_change_guard(
    plan: &Plan,
    selection: &Selection,
    entity: Entity,
    active: u64,
    config: &GuardConfig,
) -> Option<Guard> {
    if active < config.small_set || active == 0 {
        return None;
    }
    let mut counts = [0u64; 32];
    for (at, item) in plan.items.iter().enumerate() {
        if item.entity == entity && item.op == Op::Update && selection.is_ticked(at) {
            for (bit, count) in counts.iter_mut().enumerate() {
                *count += u64::from(item.changed.0 >> bit & 1);
            }
        }
    }
    counts[Changed::IMPARTNER_ID as usize] = 0;
    if let Some(status) = plan.arenas[entity].schema.index(Schema::STATUS) {
        counts[status] -= first_statuses(plan, selection, entity, status);
    }
    let fields = &plan.arenas[entity].schema.fields;
    for (bit, field) in fields.iter().enumerate() {
        if field.kind == FieldKind::LmsLink {
            counts[bit] = 0;
        }
    }
    let (bit, &counted) = counts
        .iter()
        .enumerate()
        .max_by_key(|&(bit, &count)| (count, std::cmp::Reverse(bit)))?;
    let percent = counted as f64 * 100.0 / active as f64;
    let field = if bit == Changed::PARTNER as usize {
        "partner_id"
    } else {
        fields.get(bit).map_or("", |field| field.column)
    };
    Some(Guard {
        rule: Rule::FieldChange,
        entity,
        limit: config.field_change_percent,
        found: percent,
        tripped: counted > 0 && percent > config.field_change_percent,
        counted,
        base: active,
        field: (counted > 0).then(|| field.to_owned()),
    })
}
