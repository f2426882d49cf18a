//! What an edit of the filters would do: the difference of two plans of one reading (docs/rules.md, "Accepted rules").

use super::accepted::{AcceptedRules, RulesFacts};
use super::blank::blank;
use super::build::{self, Before, Common, Directory};
use super::input::PlanInput;
use super::rules::Rules;
use super::{Entity, Item, Mode, Op, PerEntity, Plan, Scope, Warning};
use crate::config::{FilterConfig, PartnerRule};

/// What one set of filters would do against another.
#[derive(Clone, Debug)]
pub struct Effect {
    /// Who would be added, brought back or soft-deleted, all by rule, and as excluded who would be left out without having
    /// been in the database. An `unchanged` item is an active row that the other filters would not have kept.
    pub plan: Plan,
    /// Records whose pattern sat inside a longer word, and that are suspicious no more.
    pub no_longer_suspicious: u64,
}

impl Effect {
    /// How many records would be left out that never were in the database, or are inactive there.
    pub fn excluded(&self) -> PerEntity<u64> {
        let items = self.plan.excluded.iter();
        count(items.filter(|item| item.by_rule))
    }

    /// How many active rows would stay that the other filters would not have kept.
    pub fn kept(&self) -> PerEntity<u64> {
        let items = self.plan.items.iter();
        count(items.filter(|item| item.op == Op::Unchanged))
    }

    /// How many soft-deletes it comes to, both entities together: the number that who accepts it must know.
    pub fn soft_deletes(&self) -> u64 {
        let by_rule = &self.plan.by_rule;
        by_rule.partners.soft_delete + by_rule.contacts.soft_delete
    }

    /// Whether anything would be different.
    pub fn is_empty(&self) -> bool {
        self.plan.items.is_empty()
            && self.plan.excluded.is_empty()
            && self.no_longer_suspicious == 0
    }

    /// Every item with what would become of it: two effects with the same of them are the same decision.
    pub fn decision(&self) -> Vec<(Entity, Op, Option<i64>, Option<i64>)> {
        let items = self.plan.items.iter().chain(&self.plan.excluded);
        let mut all: Vec<_> = items
            .map(|item| (item.entity, item.op, item.impartner_id, item.row_id))
            .collect();
        all.sort_unstable();
        all
    }
}

fn count<'a>(items: impl Iterator<Item = &'a Item>) -> PerEntity<u64> {
    let mut counts = PerEntity::<u64>::default();
    for item in items {
        counts[item.entity] += 1;
    }
    counts
}

/// What `filters` would do of `input`, which is left as it is, against `accepted`. Nothing that both do is listed.
pub fn effect(input: &PlanInput, accepted: &FilterConfig, filters: &FilterConfig) -> Effect {
    let mut plan = blank(input);
    plan.warnings.clear();
    let mut effect = Effect {
        plan,
        no_longer_suspicious: 0,
    };
    let Some(mut before) = before(input, Some(accepted), filters, true) else {
        return effect;
    };
    let plan = &mut effect.plan;
    plan.rules = RulesFacts {
        differs: true,
        changed: before.changes.clone(),
    };
    let rules = Rules::new(filters);
    let common = Common {
        rules: &rules,
        filters,
        lms_links: &input.lms_links,
        waiting: &input.waiting,
    };
    let mut directory = Directory::default();
    for entity in Entity::ALL {
        let (schema, known) = (&input.schemas[entity], &input.entities[entity]);
        effect.no_longer_suspicious +=
            build::effect(plan, schema, known, common, &mut before, &mut directory);
    }
    // What it would mean for single records is not asked here.
    plan.warnings.clear();
    plan.items
        .sort_by_key(|item| (item.entity, item.op, item.impartner_id, item.row_id));
    plan.excluded
        .sort_by_key(|item| (!item.suspicious, item.entity, item.impartner_id));
    effect
}

/// The accepted filters, where they differ from the configured ones. With `contacts` also the partners that each of both
/// leaves, where a contact needs an active one.
pub(super) fn before<'a>(
    input: &PlanInput,
    accepted: Option<&'a FilterConfig>,
    filters: &FilterConfig,
    contacts: bool,
) -> Option<Before<'a>> {
    let accepted = accepted?;
    let changes = filters.changes_since(accepted);
    if changes.is_empty() {
        return None;
    }
    let partners = |filters: &FilterConfig| {
        let needed = contacts && filters.contacts.partner == PartnerRule::Active;
        needed.then(|| partners(input, filters))
    };
    Some(Before {
        rules: Rules::new(accepted),
        configured: partners(filters),
        accepted: partners(accepted),
        filters: accepted,
        changes,
    })
}

/// The active partners once a plan by these filters alone is applied.
fn partners(input: &PlanInput, filters: &FilterConfig) -> Directory {
    let mut directory = Directory::default();
    let common = Common {
        rules: &Rules::new(filters),
        filters,
        lms_links: &input.lms_links,
        waiting: &[],
    };
    let mut partners = input.entities.partners.clone();
    let (mut plan, schema) = (blank(input), &input.schemas.partners);
    build::entity(
        &mut plan,
        schema,
        &mut partners,
        common,
        None,
        &mut directory,
    );
    directory
}

/// Says that a change of the filters waits for acceptance.
pub(super) fn warn(plan: &mut Plan, accepted: &AcceptedRules) {
    let part = match plan.mode {
        Mode::Full => "it is listed apart and not ticked",
        Mode::Incremental => {
            "an incremental run lists it for records that changed, and only a full one for all"
        }
    };
    let first = plan
        .rules
        .changed
        .first()
        .map(|change| change.rule.entity());
    let entity = match plan.scope {
        Scope::Partners => Entity::Partners,
        Scope::Contacts => Entity::Contacts,
        Scope::All => first.unwrap_or(Entity::Partners),
    };
    let message = format!(
        "The filters differ from those accepted {}: {}. What only that would do waits for acceptance (`prmdesk rules`); {part}.",
        accepted.by(),
        plan.rules.words()
    );
    plan.warnings.push(Warning {
        code: "rules_wait".into(),
        entity,
        impartner_id: None,
        message,
    });
}
