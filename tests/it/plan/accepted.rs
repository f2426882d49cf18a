//! What an edit of the filters would do is told from what everybody has accepted (docs/rules.md, "Accepted rules").

use std::collections::BTreeSet;

use prmdesk::config::{FilterConfig, FilterKey, PartnerRule, PatternMatch};
use prmdesk::plan::edit;
use prmdesk::plan::{Entity, Evidence, Op, Plan};
use proptest::prelude::*;

use super::properties::any_world;
use super::world::*;

/// Filters of all sorts over the words of [`any_world`].
fn any_filters() -> impl Strategy<Value = FilterConfig> {
    let some = |words: &'static [&'static str]| {
        prop::sample::subsequence(words, 0..=words.len())
            .prop_map(|words| words.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    (
        some(&["Pending", "Gold", ""]),
        some(&["nintex", "alpha"]),
        some(&["bill.com", "x.com"]),
        some(&["test", "a", "b"]),
        some(&["test@x.com", "a@x.com"]),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(tiers, names, domains, patterns, allow, word, active)| {
            let mut filters = FilterConfig::default();
            filters.partners.excluded_tiers = tiers;
            filters.partners.excluded_names = names;
            filters.contacts.excluded_domains = domains;
            filters.contacts.excluded_patterns = patterns;
            filters.contacts.allow = allow;
            if word {
                filters.contacts.pattern_match = PatternMatch::Word;
            }
            if active {
                filters.contacts.partner = PartnerRule::Active;
            }
            filters
        })
}

type Deed = (Entity, Op, Option<i64>, Option<i64>);

/// What a plan would add, bring back or soft-delete, by rule or not.
fn deeds(plan: &Plan, which: impl Fn(bool) -> bool) -> BTreeSet<Deed> {
    let items = plan.items.iter().filter(|item| {
        matches!(item.op, Op::Add | Op::Reactivate | Op::SoftDelete) && which(item.by_rule)
    });
    items
        .map(|item| (item.entity, item.op, item.impartner_id, item.row_id))
        .collect()
}

proptest! {
    #[test]
    fn accepted_as_configured_changes_nothing(world in any_world(), filters in any_filters()) {
        let plain = World { filters: filters.clone(), ..world };
        let accepted = World { accepted: Some(filters), ..plain.clone() };
        prop_assert_eq!(plain.plan().id, accepted.plan().id);
    }

    #[test]
    fn by_rule_and_not_by_rule_are_together_what_is_configured(
        world in any_world(), accepted in any_filters(), filters in any_filters()
    ) {
        let configured = World { filters: filters.clone(), failing: Vec::new(), ..world };
        let both = World { accepted: Some(accepted), ..configured.clone() };
        let (configured, both) = (configured.plan(), both.plan());
        prop_assert_eq!(deeds(&configured, |_| true), deeds(&both, |_| true));
    }

    #[test]
    fn nothing_by_rule_is_ticked_or_a_change_and_it_is_counted_apart(
        world in any_world(), accepted in any_filters(), filters in any_filters()
    ) {
        let world = World { accepted: Some(accepted.clone()), filters, ..world };
        let plan = world.plan();
        for item in &plan.items {
            if item.by_rule {
                prop_assert!(!item.selected);
                prop_assert_eq!(item.op == Op::SoftDelete, item.evidence == Some(Evidence::Rule));
                prop_assert!(plan.view_of(item).reason().ends_with("not accepted yet"));
            } else {
                prop_assert!(item.evidence != Some(Evidence::Rule));
            }
        }
        for entity in Entity::ALL {
            for (op, count) in [
                (Op::Add, plan.by_rule[entity].add),
                (Op::Reactivate, plan.by_rule[entity].reactivate),
                (Op::SoftDelete, plan.by_rule[entity].soft_delete),
            ] {
                let of = |by_rule: bool| {
                    let items = plan.items.iter();
                    items.filter(|item| (item.entity, item.op, item.by_rule) == (entity, op, by_rule)).count() as u64
                };
                prop_assert_eq!(of(true), count);
                prop_assert_eq!(of(false), plan.totals[entity].of(op));
            }
        }
        // What everybody has accepted is all that is ticked.
        let accepted = World { filters: accepted, accepted: None, ..world }.plan();
        let ticked = plan.items.iter().filter(|item| item.selected && item.op == Op::SoftDelete);
        for item in ticked {
            prop_assert!(accepted.items.iter().any(|other| other.selected
                && (other.entity, other.op, other.row_id) == (item.entity, item.op, item.row_id)));
        }
    }

    #[test]
    fn the_effect_is_what_is_by_rule(
        world in any_world(), accepted in any_filters(), filters in any_filters()
    ) {
        let world = World { accepted: Some(accepted.clone()), filters: filters.clone(), failing: Vec::new(), ..world };
        let effect = edit::effect(&world.reading(), &accepted, &filters);
        let plan = world.plan();
        prop_assert_eq!(deeds(&effect.plan, |_| true), deeds(&plan, |by_rule| by_rule));
        prop_assert_eq!(effect.plan.by_rule, plan.by_rule);
        for view in effect.plan.views().chain(effect.plan.excluded.iter().map(|item| effect.plan.view_of(item))) {
            let same = plan.views().chain(plan.excluded.iter().map(|item| plan.view_of(item)))
                .find(|other| (other.item.entity, other.item.op, other.item.impartner_id) == (view.item.entity, view.item.op, view.item.impartner_id));
            if let Some(same) = same {
                prop_assert_eq!(view.name(), same.name());
                prop_assert_eq!(view.reason(), same.reason());
            }
        }
    }
}

#[test]
fn the_reason_says_what_the_filter_gained_or_lost() {
    let mut world = World::default();
    let mut partner = account(1, "Acme", "Registered");
    world.rows.partners = vec![row(11, &partner)];
    partner.fields[column("partner_tier")] = Some("Registered".into());
    world.records.partners = vec![partner, account(2, "Bolt", "Gold")];
    let mut accepted = FilterConfig::default();
    accepted.partners.excluded_tiers.push("Gold".into());
    FilterKey::set_from("excluded_tiers=Pending,Registered", &mut world.filters).unwrap();
    world.accepted = Some(accepted);
    let plan = world.plan();
    let reasons: Vec<&str> = plan.views().map(|view| view.reason()).collect();
    assert_eq!(
        reasons,
        [
            "tier is Registered; excluded_tiers gained Registered; not accepted yet",
            "new in Impartner; excluded_tiers lost Gold; not accepted yet",
        ]
    );
    let [rule] = plan.rules.changed.as_slice() else {
        panic!("{:?}", plan.rules);
    };
    assert_eq!(
        (rule.rule, rule.gained.as_slice()),
        (FilterKey::Tiers, &["Registered".to_owned()][..])
    );
    assert!(plan.warnings.iter().any(|warning| warning.code == "rules_wait"
        && warning.message.contains("accepted by alice on 2026-09-21: excluded_tiers gained Registered and lost Gold")),
        "{:?}", plan.warnings);
    assert!(!plan.has_changes());
}
