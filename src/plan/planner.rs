//! `plan()`: from what was read to what would change. Pure: the same input gives the same plan.
//!
//! Read together with `input.rs` (what it is made from), `matching.rs` (which row a record means) and `build.rs` (the
//! items).

use rustc_hash::{FxHashMap, FxHashSet};

use super::accepted::RulesFacts;
use super::blank::blank;
use super::build::{self, Before, Common, Directory};
use super::dates;
use super::document::counted;
use super::edit;
use super::guards;
use super::latest::Latest;
use super::matching::Matcher;
use super::partners::Resolved;
use super::rules::{Rules, Verdict};
use super::{Entity, Mode, PerEntity, Plan, Schema, Selection, Waiting, Warning};
use crate::config::{FilterConfig, GuardConfig};

pub use super::input::{Answers, EntityInput, PlanInput, Read};

/// Ids that must be asked for before a plan can be made: absent rows, carried-over records, ids of the deleted-ids
/// feed, owners of rows that another record aims at. Empty when everything is known. Sorted, each once.
pub fn questions(input: &PlanInput, entity: Entity) -> Vec<i64> {
    let known = &input.entities[entity];
    let Some(read) = &known.read else {
        return Vec::new();
    };
    let seen = Latest::of(&read.records);
    let open = |id: &i64| {
        !seen.has(*id)
            && !read.answers.gone.contains(id)
            && !read.answers.unverified.contains_key(id)
    };
    let matcher = Matcher::new(&input.schemas[entity], &known.rows);
    let mut ids: Vec<i64> = known.carried.iter().copied().filter(open).collect();
    let active_row = |id: i64| {
        matcher
            .row_of_id(id)
            .is_some_and(|row| known.rows.active(row))
    };
    ids.extend(
        read.feed
            .iter()
            .copied()
            .filter(|&id| open(&id) && active_row(id)),
    );
    if input.mode == Mode::Full && read.facts.proved {
        let active = known.rows.indices().filter(|&row| known.rows.active(row));
        ids.extend(
            active
                .filter_map(|row| known.rows.impartner_id(row))
                .filter(open),
        );
    }
    let aimed = (0u32..)
        .zip(read.records.ids())
        .filter(|&(at, &id)| seen.get(id) == Some(at));
    ids.extend(
        aimed
            .filter_map(|(at, _)| matcher.foreign_owner(&read.records, at))
            .filter(open),
    );
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Contacts that waited for a partner which is there by now, among the rows or because this plan brings it: they are to
/// be asked for like carried-over ones. Empty in a full run, which reads all. Partners must have been asked about before.
pub fn met(input: &PlanInput, filters: &FilterConfig) -> FxHashSet<i64> {
    if input.waiting.is_empty()
        || input.mode == Mode::Full
        || input.entities.contacts.read.is_none()
    {
        return FxHashSet::default();
    }
    // Who will be a partner says only the plan of the partners.
    let mut plan = blank(input);
    let mut directory = Directory::default();
    let common = Common {
        rules: &Rules::new(filters),
        filters,
        lms_links: &input.lms_links,
        waiting: &[],
    };
    let mut partners = input.entities.partners.clone();
    let schema = &input.schemas.partners;
    let accepted = input.accepted.as_ref().map(|accepted| &accepted.filters);
    let mut before = edit::before(input, accepted, filters, false);
    build::entity(
        &mut plan,
        schema,
        &mut partners,
        common,
        before.as_mut(),
        &mut directory,
    );
    let mut is_there = |waiting: &Waiting| {
        let found = directory.find(waiting.account_id, waiting.account_name.as_deref());
        matches!(found, Resolved::Partner(_))
    };
    let waiting = input.waiting.iter();
    waiting
        .filter(|waiting| is_there(waiting))
        .map(|waiting| waiting.impartner_id)
        .collect()
}

/// Names or e-mails that this plan would write where they do not stand yet: those of records that pass the filters and
/// whose own row does not have them letter by letter. The database is asked which of them it takes for one
/// (docs/rules.md, "Matching"), and the answer goes into [`crate::plan::Limits::same`]. Each once.
pub fn new_keys<'a>(
    input: &'a PlanInput,
    entity: Entity,
    filters: &FilterConfig,
) -> FxHashSet<&'a str> {
    let (schema, known) = (&input.schemas[entity], &input.entities[entity]);
    let Some(read) = &known.read else {
        return FxHashSet::default();
    };
    // Whom the accepted filters let through is judged too.
    let accepted = input.accepted.as_ref();
    let accepted = accepted.map(|accepted| Rules::new(&accepted.filters));
    let rules = Rules::new(filters);
    let kept = |at| {
        let keeps = |rules: &Rules| rules.verdict(schema, &read.records, at) == Verdict::Keep;
        keeps(&rules) || accepted.as_ref().is_some_and(keeps)
    };
    let rows = &known.rows;
    let row_of: FxHashMap<i64, u32> = rows
        .indices()
        .filter_map(|row| Some((rows.impartner_id(row)?, row)))
        .collect();
    (0u32..)
        .zip(read.records.ids())
        .filter_map(|(at, id)| {
            let text = read.records.field(at, Schema::KEY)?;
            let present = row_of.get(id).and_then(|&row| rows.field(row, Schema::KEY));
            (present != Some(text) && kept(at)).then_some(text)
        })
        .collect()
}

/// Makes the plan. Ids that [`questions`] names and nobody answered count as unverified. Where `filters` differ from the
/// accepted ones, what only they would do is by rule (docs/rules.md, "Accepted rules").
pub fn plan(mut input: PlanInput, filters: &FilterConfig, guard_config: &GuardConfig) -> Plan {
    let rules = Rules::new(filters);
    let accepted = input.accepted.take();
    let mut before = edit::before(
        &input,
        accepted.as_ref().map(|accepted| &accepted.filters),
        filters,
        true,
    );
    for entity in Entity::ALL {
        disprove(&mut input, entity, &rules, before.as_ref());
    }
    let mut plan = blank(&input);
    if let (Some(before), Some(accepted)) = (&before, &accepted) {
        plan.rules = RulesFacts {
            differs: true,
            changed: before.changes.clone(),
        };
        edit::warn(&mut plan, accepted);
    }
    let mut blind = PerEntity::<bool>::default();
    for entity in Entity::ALL {
        dates::judge(&mut plan, &input, entity);
        blind[entity] = see_through(&mut plan, &input, entity, &rules, guard_config);
    }
    let mut directory = Directory::default();
    let common = Common {
        rules: &rules,
        filters,
        lms_links: &input.lms_links,
        waiting: &input.waiting,
    };
    for entity in Entity::ALL {
        let (schema, known) = (&input.schemas[entity], &mut input.entities[entity]);
        build::entity(
            &mut plan,
            schema,
            known,
            common,
            before.as_mut(),
            &mut directory,
        );
        if blind[entity] {
            // What a blind filter calls unchanged may be what it should have left out.
            plan.settled[entity].clear();
        }
    }
    for entity in Entity::ALL {
        let misdated = &plan.misdated[entity];
        plan.settled[entity].retain(|id| misdated.binary_search(id).is_err());
    }
    finish(&mut plan, guard_config);
    plan
}

/// Orders, ticks, guards and names a plan whose items are complete.
pub(super) fn finish(plan: &mut Plan, guard_config: &GuardConfig) {
    plan.items
        .sort_by_key(|item| (item.entity, item.op, item.impartner_id, item.row_id));
    plan.excluded
        .sort_by_key(|item| (!item.suspicious, item.entity, item.impartner_id));
    plan.guards = guards::evaluate(plan, &Selection::of(plan), &plan.windows, guard_config);
    plan.id = plan.content_id();
}

/// Whether the filters of `entity` are blind: a field that they judge by came in no record. While they do not, its watermark stays, so that nothing is
/// missed once they do. A few records of an incremental run may well leave out what is null in each of them: then more
/// of them are waited for before the guard trips.
fn see_through(
    plan: &mut Plan,
    input: &PlanInput,
    entity: Entity,
    rules: &Rules,
    guard_config: &GuardConfig,
) -> bool {
    let Some(read) = input.entities[entity]
        .read
        .as_ref()
        .filter(|read| !read.records.is_empty())
    else {
        return false;
    };
    let blind = rules.blind(
        &input.schemas[entity],
        &read.records,
        input.entities[entity].had_status,
    );
    if blind.is_empty() {
        return false;
    }
    plan.watermarks[entity] = None;
    // "No value" excludes: a few records without the field would be few deactivated for nothing.
    let judged = rules.excludes_no_value(entity);
    if judged || input.mode == Mode::Full || read.listed as u64 >= guard_config.small_set {
        plan.missing[entity] = blind;
        return true;
    }
    plan.warnings.push(Warning {
        code: "filter_field_missing".into(),
        entity,
        impartner_id: None,
        message: format!(
            "Not one of the {} {entity} that came has the field {}, which a filter needs; the watermark stays until more records tell whether it is missing.",
            read.records.len(),
            blind.join(", ")
        ),
    });
    true
}

/// An absent record that answers as healthy means that the listing lied: it counts as not proved (docs/rules.md,
/// "The plan").
fn disprove(input: &mut PlanInput, entity: Entity, rules: &Rules, before: Option<&Before<'_>>) {
    let schema = &input.schemas[entity];
    if input.mode != Mode::Full {
        return;
    }
    let Some(read) = &mut input.entities[entity].read else {
        return;
    };
    if !read.facts.proved || read.records.len() == read.listed {
        return;
    }
    let inactive = |rules: &Rules, at| {
        let verdict = rules.verdict(schema, &read.records, at);
        matches!(verdict, Verdict::Inactive(_))
    };
    let listed: FxHashSet<i64> = read.records.ids()[..read.listed].iter().copied().collect();
    let healthy = (0u32..)
        .zip(read.records.ids())
        .skip(read.listed)
        .filter(|(at, id)| {
            // Who is inactive by one of both only is healthy at Impartner.
            let gone = inactive(rules, *at) && before.is_none_or(|it| inactive(&it.rules, *at));
            !listed.contains(id) && !gone
        });
    let hidden: Vec<i64> = healthy.map(|(_, &id)| id).collect();
    let Some(&first) = hidden.first() else { return };
    read.facts.proved = false;
    read.facts.reason = Some(format!(
        "the listing left out {} that answer as healthy when asked for by id, #{first} for one",
        counted(hidden.len() as u64, "record")
    ));
    for id in hidden {
        input.warnings.push(Warning {
            code: "listing_left_out".into(),
            entity,
            impartner_id: Some(id),
            message: format!(
                "The listing left out {} #{id}, which answers as healthy when asked for by id.",
                entity.singular()
            ),
        });
    }
}
