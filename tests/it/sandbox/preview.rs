//! The demo's first preview, planned without HTTP: the world against the database as it was yesterday.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::world::blind_to_accents;
use prmdesk::config::Config;
use prmdesk::plan::guards::WindowCounts;
use prmdesk::plan::planner::{Answers, EntityInput, PlanInput, Read, plan, questions};
use prmdesk::plan::{
    Entity, Limits, LmsLinks, Mode, Op, PerEntity, Plan, RowRecord, RowSet, Schema, Scope,
    SourceFacts, SourceRecord, SourceSet,
};
use prmdesk::sandbox::{DEMO, Fate, Leak, World, Yesterday, yesterday};
use prmdesk::text;

fn source(world: &World, schema: &Schema) -> SourceSet {
    let mut set = SourceSet::new(schema);
    match schema.entity {
        Entity::Partners => {
            for account in world.accounts() {
                let cells: Vec<Option<&str>> = schema
                    .fields
                    .iter()
                    .map(|field| match field.column {
                        "account_name" => Some(account.name.as_str()),
                        "partner_tier" => account.tier.as_deref(),
                        "account_owner" => account.owner.as_deref(),
                        "owner_email" => account.owner_email.as_deref(),
                        "partner_type" => account.partner_type.as_deref(),
                        "salesforce_id" => account.crm_id.as_deref(),
                        "website" => account.website.as_deref(),
                        "account_region" => account.region_id.and_then(|id| world.region(id)),
                        "country" => account.country.as_deref(),
                        _ => None,
                    })
                    .collect();
                set.push(
                    schema,
                    &SourceRecord {
                        id: account.id,
                        modified: Some(account.updated),
                        status: account.status.as_deref(),
                        fields: &cells,
                        ..SourceRecord::default()
                    },
                );
            }
        }
        Entity::Contacts => {
            for user in world.users() {
                let account = user.account_id.and_then(|id| world.account(id));
                let cells: Vec<Option<&str>> = schema
                    .fields
                    .iter()
                    .map(|field| match field.column {
                        "email" => user.email.as_deref(),
                        "first_name" => user.first_name.as_deref(),
                        "last_name" => user.last_name.as_deref(),
                        "title" => user.title.as_deref(),
                        "phone" => user.phone.as_deref(),
                        _ => None,
                    })
                    .collect();
                set.push(
                    schema,
                    &SourceRecord {
                        id: user.id,
                        modified: Some(user.updated),
                        active: Some(user.is_active),
                        status: user.status.as_deref(),
                        account_id: user.account_id,
                        account_name: account
                            .map(|account| account.name.as_str())
                            .or(user.loose_account_name.as_deref()),
                        fields: &cells,
                        ..SourceRecord::default()
                    },
                );
            }
        }
    }
    set
}

fn rows(past: &Yesterday, schema: &Schema) -> RowSet {
    let mut set = RowSet::new(schema);
    for row in past.rows.iter().filter(|row| row.entity == schema.entity) {
        let fields: Vec<Option<&str>> = row.fields.iter().map(Option::as_deref).collect();
        set.push(&RowRecord {
            row_id: row.row_id,
            impartner_id: Some(row.impartner_id),
            active: row.is_active,
            partner_id: row.partner_id,
            fields: &fields,
        });
    }
    set
}

/// The plan of a full preview.
fn first_preview(world: &World, past: &Yesterday) -> Plan {
    let schemas = PerEntity::from_fn(Schema::of);
    let entities = PerEntity::from_fn(|entity| {
        let records = source(world, &schemas[entity]);
        let listed = records.len();
        let rows = rows(past, &schemas[entity]);
        let listed_keys = (0..)
            .take(listed)
            .filter_map(|at| records.field(at, Schema::KEY));
        let row_keys = rows.indices().filter_map(|at| rows.field(at, Schema::KEY));
        let same = blind_to_accents(entity, listed_keys.chain(row_keys));
        EntityInput {
            rows,
            limits: Limits {
                lengths: schemas[entity]
                    .fields
                    .iter()
                    .map(|field| Some(field.length))
                    .collect(),
                greatest_id: i64::from(i32::MAX),
                same,
            },
            holds: past
                .holds
                .iter()
                .filter(|(held, _, _)| *held == entity)
                .map(|(_, id, _)| *id)
                .collect(),
            carried: std::iter::empty().collect(),
            had_status: false,
            window: WindowCounts::default(),
            read: Some(Read {
                latest: records.latest(),
                listed,
                facts: SourceFacts {
                    read: listed as u64,
                    count: Some(listed as u64),
                    proved: true,
                    ..SourceFacts::default()
                },
                records,
                answers: Answers::default(),
                feed: Vec::new(),
                deletions_known: true,
                horizon: None,
            }),
        }
    });
    let mut input = PlanInput {
        scope: Scope::All,
        mode: Mode::Full,
        created_at: world.epoch(),
        database: prmdesk::plan::DatabasePoint::default(),
        schemas,
        entities,
        waiting: Vec::new(),
        accepted: None,
        lms_links: past
            .people
            .iter()
            .map(|person| (text::email_key(&person.email), person.id.clone()))
            .collect::<LmsLinks>(),
        warnings: Vec::new(),
    };
    let ghosts = world.ghosts();
    let refused: BTreeSet<i64> = ghosts
        .accounts
        .iter()
        .map(|(account, fate)| (account.id, fate))
        .chain(ghosts.users.iter().map(|(user, fate)| (user.id, fate)))
        .filter(|(_, fate)| **fate == Fate::Refused)
        .map(|(id, _)| id)
        .collect();
    for entity in Entity::ALL {
        let asked = questions(&input, entity);
        let Some(read) = &mut input.entities[entity].read else {
            continue;
        };
        for id in asked {
            if refused.contains(&id) {
                read.answers.unverified.insert(id, "403".to_owned());
            } else {
                read.answers.gone.insert(id);
            }
        }
    }
    let config = Config::default();
    plan(input, &config.filters, &config.guards)
}

/// How many there are of everything a plan can show.
fn tally(plan: &Plan) -> BTreeMap<String, u64> {
    let mut tally: BTreeMap<String, u64> = BTreeMap::new();
    let mut add = |word: String| *tally.entry(word).or_default() += 1;
    for item in plan.items.iter().chain(&plan.excluded) {
        let entity = item.entity.word();
        add(format!("{entity} {}", item.op.word()));
        if let Some(evidence) = item.evidence {
            add(format!("{entity} {}", evidence.word()));
        }
        if item.held {
            add(format!("{entity} held"));
        }
        if item.suspicious {
            add(format!("{entity} suspicious"));
        }
        if item.op == Op::Conflict {
            add(format!("conflict: {}", plan.reasons[item.reason as usize]));
        }
    }
    for warning in &plan.warnings {
        add(format!(
            "{} warning {}",
            warning.entity.word(),
            warning.code
        ));
    }
    tally
}

#[test]
fn the_first_preview_shows_everything_and_trips_no_guard() {
    let (seed, partners, contacts) = DEMO;
    let world = World::generate(seed, partners, contacts);
    let past = yesterday(&world, Leak::None);
    let plan = first_preview(&world, &past);
    let tally = tally(&plan);
    let of = |what: &str| tally.get(what).copied().unwrap_or(0);
    for entity in ["partners", "contacts"] {
        for what in [
            "add",
            "update",
            "reactivate",
            "soft_delete",
            "excluded",
            "conflict",
            "inactive",
            "deleted",
            "out_of_scope",
            "unverified",
            "held",
        ] {
            assert!(
                of(&format!("{entity} {what}")) > 0,
                "no {what} of {entity}: {tally:#?}"
            );
        }
    }
    assert!(of("contacts suspicious") > 3);
    assert!(of("contacts warning contact_without_partner") > 0);
    assert!(of("partners warning malformed_salesforce_id") > 0);
    for conflict in [
        "same name, and neither",
        "same name and owns",
        "same e-mail, and neither",
        "characters long",
        "which is still there",
    ] {
        assert!(
            tally.keys().any(|key| key.contains(conflict)),
            "no conflict `{conflict}`: {tally:#?}"
        );
    }
    // As in a real tenant: about 716 of 2137 accounts are excluded.
    assert!((690..=750).contains(&of("partners excluded")), "{tally:#?}");
    // What a person reads stays readable.
    assert!(
        plan.warnings.len() < 260,
        "{} warnings",
        plan.warnings.len()
    );
    assert!(
        plan.guards.iter().all(|guard| !guard.tripped),
        "{:?}",
        plan.guards
    );
}

#[test]
fn a_leak_trips_max_count_for_contacts_only() {
    let world = World::generate(5, 400, 4000);
    let plan = first_preview(&world, &yesterday(&world, Leak::Contacts));
    let tripped: Vec<Entity> = plan
        .guards
        .iter()
        .filter(|guard| guard.tripped)
        .map(|guard| guard.entity)
        .collect();
    assert_eq!(tripped, [Entity::Contacts], "{:?}", plan.guards);
}

#[test]
fn small_worlds_of_any_seed_trip_no_guard() {
    for seed in 0..3 {
        for (partners, contacts) in [(60, 300), (150, 1500), (500, 3000)] {
            let world = World::generate(seed, partners, contacts);
            let plan = first_preview(&world, &yesterday(&world, Leak::None));
            let tripped: Vec<_> = plan.guards.iter().filter(|guard| guard.tripped).collect();
            assert!(tripped.is_empty(), "seed {seed}, {partners}: {tripped:?}");
        }
    }
}
