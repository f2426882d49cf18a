//! The rules of docs/rules.md, "Filters" to "The plan", one small world each.

use prmdesk::config::PartnerRule;
use prmdesk::plan::guards::{Rule, WindowCounts};
use prmdesk::plan::{Entity, Mode, Op, PerEntity, Plan, Schema};
use prmdesk::text::JsonLayout;

use super::world::*;

const P: Entity = Entity::Partners;
const C: Entity = Entity::Contacts;

fn op(plan: &Plan, entity: Entity, id: i64) -> Op {
    outcome(plan, entity, id).0
}

#[test]
fn every_operation_in_one_plan() {
    let mut world = World::default();
    let (same, mut changed, pending, back, new) = (
        account(1, "Same", "Premier"),
        account(2, "Changed", "Premier"),
        account(3, "Leaving", "Premier"),
        account(4, "Back", "Premier"),
        account(5, "New", "Premier"),
    );
    world.rows.partners = vec![
        row(11, &same),
        row(12, &changed),
        row(13, &pending),
        Row {
            active: false,
            ..row(14, &back)
        },
        row(16, &account(6, "Gone", "Premier")),
    ];
    changed.fields[column("partner_tier")] = Some("Certified".into());
    let mut pending = pending;
    pending.fields[column("partner_tier")] = Some("Pending".into());
    world.records.partners = vec![
        same,
        changed,
        pending,
        back,
        new,
        account(7, "Nintex Ltd", "Premier"),
    ];
    let plan = world.plan();
    assert!(is_unchanged(&plan, P, 1));
    assert_eq!(op(&plan, P, 2), Op::Update);
    assert_eq!(
        outcome(&plan, P, 3),
        (
            Op::SoftDelete,
            Some("inactive"),
            true,
            "tier is Pending".into()
        )
    );
    assert_eq!(op(&plan, P, 4), Op::Reactivate);
    assert_eq!(op(&plan, P, 5), Op::Add);
    assert_eq!(outcome(&plan, P, 6).1, Some("deleted"));
    assert_eq!(op(&plan, P, 7), Op::Excluded);
    let leaving = plan
        .views()
        .find(|view| view.item.impartner_id == Some(3))
        .unwrap();
    let fields: Vec<_> = leaving
        .changes()
        .map(|change| (change.field, change.after.text().unwrap().into_owned()))
        .collect();
    assert_eq!(
        fields,
        [
            ("partner_tier", "Pending".to_owned()),
            ("account_status", "Inactive".to_owned())
        ]
    );
    assert_eq!(plan.items[0].op, Op::SoftDelete, "soft-deletes come first");
}

#[test]
fn our_own_rules_never_tick_a_deletion() {
    let mut world = World::default();
    let person = user(1, "contest@acme.com", None);
    world.rows.contacts = vec![row(1, &person)];
    world.records.contacts = vec![person];
    let plan = world.plan();
    let (op, evidence, selected, _) = outcome(&plan, C, 1);
    assert_eq!(
        (op, evidence, selected),
        (Op::SoftDelete, Some("out_of_scope"), false)
    );
    assert!(plan.items[0].suspicious);
    assert!(!plan.has_changes());
}

#[test]
fn absence_is_not_evidence() {
    let mut world = World::default();
    world.rows.partners = (1..=3)
        .map(|id| row(id, &account(id, &format!("P{id}"), "Premier")))
        .collect();
    world.records.partners = vec![account(1, "P1", "Premier")];
    world.failing = vec![2];
    let plan = world.plan();
    let (_, evidence, selected, reason) = outcome(&plan, P, 2);
    assert_eq!((evidence, selected), (Some("unverified"), false));
    assert!(reason.contains("HTTP 503"), "{reason}");
    assert_eq!(outcome(&plan, P, 3).1, Some("deleted"));
    assert!(plan.view(0).tickable().is_err() || plan.view(1).tickable().is_err());
}

#[test]
fn a_healthy_answer_disproves_the_listing() {
    let mut world = World::default();
    world.rows.partners = (1..=3)
        .map(|id| row(id, &account(id, &format!("P{id}"), "Premier")))
        .collect();
    world.records.partners = vec![account(1, "P1", "Premier"), account(4, "P4", "Premier")];
    world.hidden.partners = vec![account(2, "P2 renamed", "Premier")];
    let plan = world.plan();
    assert!(!plan.sources.partners.as_ref().unwrap().proved);
    assert_eq!(
        plan.totals.partners.soft_delete, 0,
        "row 3 is gone, but the listing is not to be trusted"
    );
    assert_eq!(plan.kept_back.partners, 1);
    assert_eq!(op(&plan, P, 2), Op::Update);
    assert_eq!(op(&plan, P, 4), Op::Add);
    assert_eq!(plan.watermarks.partners, None);
    assert!(
        plan.warnings
            .iter()
            .any(|warning| warning.code == "listing_left_out" && warning.impartner_id == Some(2))
    );
}

#[test]
fn an_unproved_listing_proposes_no_soft_delete() {
    let mut world = World {
        proved: false,
        ..World::default()
    };
    let mut leaving = account(1, "P1", "Premier");
    world.rows.partners = vec![row(1, &leaving), row(2, &account(2, "P2", "Premier"))];
    leaving.fields[column("partner_tier")] = Some("Pending".into());
    world.records.partners = vec![leaving, account(3, "P3", "Premier")];
    let plan = world.plan();
    assert_eq!(plan.totals.partners.soft_delete, 0);
    assert_eq!(plan.kept_back.partners, 2);
    assert_eq!(op(&plan, P, 3), Op::Add);
    assert_eq!(op(&plan, P, 1), Op::Excluded);
}

#[test]
fn incremental_runs_delete_what_the_feed_names_unless_it_is_alive() {
    let mut world = World {
        mode: Mode::Incremental,
        ..World::default()
    };
    world.rows.partners = (1..=3)
        .map(|id| row(id, &account(id, &format!("P{id}"), "Premier")))
        .collect();
    world.feed.partners = vec![2, 3, 99];
    world.hidden.partners = vec![account(3, "P3", "Premier")];
    let plan = world.plan();
    assert_eq!(outcome(&plan, P, 2).1, Some("deleted"));
    assert!(is_unchanged(&plan, P, 3));
    assert_eq!(
        plan.totals.partners.soft_delete, 1,
        "absence means nothing in an incremental run"
    );
}

#[test]
fn matching_by_id_then_salesforce_id_then_name() {
    let mut world = World::default();
    let mut by_crm = account(2, "Renamed Ltd", "Premier");
    by_crm.fields[column("salesforce_id")] = Some("0012800000CXn0k".into());
    let mut crm_row = Row {
        impartner_id: None,
        ..row(12, &account(0, "Old Name", "Premier"))
    };
    crm_row.fields[column("salesforce_id")] = Some("0012800000CXn0kAAD".into());
    world.rows.partners = vec![
        crm_row,
        Row {
            impartner_id: None,
            ..row(13, &account(0, "  ACME   corp", "Premier"))
        },
    ];
    world.records.partners = vec![by_crm, account(3, "Acme Corp", "Premier")];
    let plan = world.plan();
    let rows: Vec<_> = plan
        .items
        .iter()
        .map(|item| (item.op, item.impartner_id, item.row_id))
        .collect();
    assert_eq!(
        rows,
        [
            (Op::Update, Some(2), Some(12)),
            (Op::Update, Some(3), Some(13))
        ]
    );
    let first: Vec<_> = plan.view(0).changes().map(|change| change.field).collect();
    assert_eq!(
        first,
        ["account_name", "impartner_id"],
        "15 and 18 characters are one Salesforce id"
    );
}

#[test]
fn salesforce_ids_that_differ_in_case_are_two_accounts() {
    let mut world = World::default();
    let mut record = account(1, "One", "Premier");
    record.fields[column("salesforce_id")] = Some("001A00000000abb".into());
    let mut other = Row {
        impartner_id: None,
        ..row(11, &account(0, "Two", "Premier"))
    };
    other.fields[column("salesforce_id")] = Some("001A00000000abB".into());
    world.rows.partners = vec![other];
    world.records.partners = vec![record];
    assert_eq!(op(&world.plan(), P, 1), Op::Add);
}

#[test]
fn two_records_with_one_salesforce_id_both_stay_and_are_told() {
    let mut world = World::default();
    world.records.partners = ["0012800000CXn0k", "0012800000CXn0kAAD", "0012800000CXn0K"]
        .into_iter()
        .zip(1..)
        .map(|(crm, id)| {
            let mut record = account(id, &format!("P{id}"), "Premier");
            record.fields[column("salesforce_id")] = Some(crm.into());
            record
        })
        .collect();
    let plan = world.plan();
    assert_eq!(plan.totals.partners.add, 3);
    let told: Vec<_> = plan
        .warnings
        .iter()
        .filter(|warning| warning.code == "shared_salesforce_id")
        .map(|warning| warning.impartner_id)
        .collect();
    assert_eq!(told, [Some(2)], "{:?}", plan.warnings);
}

#[test]
fn a_re_created_person_gets_the_row_only_if_the_old_id_is_gone() {
    let mut world = World::default();
    world.rows.contacts = vec![Row {
        active: false,
        ..row(1, &user(7, "ann@acme.com", None))
    }];
    world.records.contacts = vec![user(8, "Ann@Acme.com", None)];
    assert_eq!(op(&world.plan(), C, 8), Op::Reactivate);
    world.failing = vec![7];
    let plan = world.plan();
    assert_eq!(op(&plan, C, 8), Op::Conflict);
    assert!(outcome(&plan, C, 8).3.contains("could not be verified"));
    world.failing.clear();
    world.records.contacts.push(user(7, "ann@acme.com", None));
    let plan = world.plan();
    assert_eq!(op(&plan, C, 7), Op::Reactivate, "the owner goes through");
    assert_eq!(op(&plan, C, 8), Op::Conflict);
}

#[test]
fn duplicates_without_an_owner_are_all_conflicts() {
    let mut world = World::default();
    world.records.partners = vec![
        account(1, "Bêta", "Premier"),
        account(2, "BETA", "Premier"),
        account(3, "Gamma", "Premier"),
    ];
    let plan = world.plan();
    assert_eq!(
        (op(&plan, P, 1), op(&plan, P, 2), op(&plan, P, 3)),
        (Op::Conflict, Op::Conflict, Op::Add)
    );
    world.accents_count = true;
    let plan = world.plan();
    assert_eq!(
        (op(&plan, P, 1), op(&plan, P, 2)),
        (Op::Add, Op::Add),
        "this database tells accents apart"
    );
}

#[test]
fn names_may_be_swapped_but_not_taken() {
    let mut world = World::default();
    world.rows.partners = vec![
        row(1, &account(1, "Alpha", "Premier")),
        row(2, &account(2, "Beta", "Premier")),
    ];
    world.records.partners = vec![
        account(1, "Beta", "Premier"),
        account(2, "Alpha", "Premier"),
    ];
    assert_eq!(world.plan().totals.partners.update, 2);
    world.records.partners = vec![account(1, "Beta", "Premier"), account(2, "Beta", "Premier")];
    let plan = world.plan();
    assert_eq!(op(&plan, P, 1), Op::Conflict);
    assert!(
        is_unchanged(&plan, P, 2),
        "it owns the row that has the name"
    );
    world.rows.partners.push(Row {
        active: false,
        ..row(3, &account(3, "Gamma", "Premier"))
    });
    world.records.partners = vec![
        account(1, "Gamma", "Premier"),
        account(2, "Alpha", "Premier"),
    ];
    let plan = world.plan();
    assert_eq!(
        op(&plan, P, 1),
        Op::Conflict,
        "an inactive row keeps its name"
    );
    assert_eq!(
        op(&plan, P, 2),
        Op::Conflict,
        "and then row 1 does not give Alpha up"
    );
}

#[test]
fn too_long_values_are_conflicts() {
    let mut world = World::default();
    world.records.partners = vec![
        account(1, "Acme", &"é".repeat(51)),
        account(2, "Other", &"é".repeat(50)),
    ];
    let plan = world.plan();
    assert_eq!((op(&plan, P, 1), op(&plan, P, 2)), (Op::Conflict, Op::Add));
}

#[test]
fn links_go_by_account_id_then_name_and_are_never_lost() {
    let mut world = World::default();
    let acme = account(1, "Acme", "Premier");
    world.rows.partners = vec![row(11, &acme)];
    world.records.partners = vec![
        acme,
        account(2, "New Partner", "Premier"),
        account(3, "Excluded", "Pending"),
    ];
    let linked = user(21, "a@x.com", Some(1));
    let by_name = Rec {
        account_name: Some(" ACME ".into()),
        ..user(22, "b@x.com", None)
    };
    let to_new = user(23, "c@x.com", Some(2));
    let to_excluded = user(24, "d@x.com", Some(3));
    let typo = Rec {
        account_name: Some("Acmee".into()),
        ..user(25, "e@x.com", None)
    };
    world.rows.contacts = vec![Row {
        partner_id: Some(11),
        ..row(5, &typo)
    }];
    world.records.contacts = vec![linked, by_name, to_new, to_excluded, typo];
    let plan = world.plan();
    let partner = |id| {
        plan.views()
            .find(|view| view.item.entity == C && view.item.impartner_id == Some(id))
            .unwrap()
            .partner_after()
            .cloned()
    };
    assert_eq!(partner(21).unwrap().row_id, Some(11));
    assert_eq!(partner(22).unwrap().row_id, Some(11));
    assert_eq!(
        (
            partner(23).clone().unwrap().row_id,
            partner(23).unwrap().impartner_id
        ),
        (None, Some(2))
    );
    assert_eq!(partner(24), None);
    assert!(is_unchanged(&plan, C, 25), "the link of row 5 stays");
    let warned: Vec<_> = plan
        .warnings
        .iter()
        .filter(|warning| warning.code == "contact_without_partner")
        .map(|warning| warning.impartner_id.unwrap())
        .collect();
    assert_eq!(warned, [24, 25]);
    world.filters.contacts.partner = PartnerRule::Active;
    assert_eq!(op(&world.plan(), C, 24), Op::Excluded);
}

#[test]
fn lms_links_are_set_and_never_cleared() {
    let mut world = World::default();
    let (a, b) = (user(1, "a@x.com", None), user(2, "b@x.com", None));
    let mut linked = row(2, &b);
    linked.fields[column("lms_user_id")] = Some("lms-2".into());
    world.rows.contacts = vec![row(1, &a), linked];
    world.records.contacts = vec![a, b];
    world.lms.insert("a@x.com".into(), "lms-1".into());
    let plan = world.plan();
    assert_eq!(plan.items.len(), 1);
    assert_eq!(
        plan.view(0).changes().next().unwrap().after.text().unwrap(),
        "lms-1"
    );
}

#[test]
fn holds_are_shown_and_never_ticked() {
    let mut world = World {
        holds: vec![1],
        ..World::default()
    };
    world.rows.partners = vec![row(1, &account(1, "Acme", "Premier"))];
    let plan = world.plan();
    assert_eq!(
        (plan.items[0].op, plan.items[0].held, plan.items[0].selected),
        (Op::SoftDelete, true, false)
    );
    assert!(plan.view(0).tickable().is_err());
}

#[test]
fn guards_trip_by_count_percent_and_half_of_a_small_set() {
    let tripped = |rows: i64, leaving: i64, window: WindowCounts| {
        let mut world = World {
            window,
            ..World::default()
        };
        world.rows.partners = (1..=rows)
            .map(|id| row(id, &account(id, &format!("P{id}"), "Premier")))
            .collect();
        world.records.partners = (1..=rows)
            .map(|id| {
                account(
                    id,
                    &format!("P{id}"),
                    if id <= leaving { "Pending" } else { "Premier" },
                )
            })
            .collect();
        let plan = world.plan();
        plan.guards
            .iter()
            .filter(|guard| guard.tripped)
            .map(|guard| guard.rule)
            .collect::<Vec<_>>()
    };
    let none = WindowCounts::default();
    assert_eq!(tripped(1000, 50, none), []);
    assert_eq!(tripped(1000, 51, none), [Rule::MaxCount]);
    assert_eq!(tripped(100, 10, none), []);
    assert_eq!(tripped(100, 11, none), [Rule::MaxPercent]);
    assert_eq!(tripped(10, 5, none), []);
    assert_eq!(tripped(10, 6, none), [Rule::SmallSet]);
    assert_eq!(
        tripped(
            1000,
            2,
            WindowCounts {
                deleted: 49,
                counted: 49,
                ..none
            }
        ),
        [Rule::MaxCount],
        "a slow leak trips too"
    );
    assert_eq!(
        tripped(
            1000,
            2,
            WindowCounts {
                deleted: 49,
                counted: 48,
                ..none
            }
        ),
        []
    );
    assert_eq!(
        tripped(
            1000,
            0,
            WindowCounts {
                deleted: 60,
                counted: 60,
                ..none
            }
        ),
        [],
        "nothing to withhold"
    );
}

#[test]
fn a_mapping_fault_trips_field_change() {
    let mut world = World::default();
    world.rows.partners = (1..=40)
        .map(|id| row(id, &account(id, &format!("P{id}"), "Premier")))
        .collect();
    world.records.partners = (1..=40)
        .map(|id| {
            account(
                id,
                &format!("P{id}"),
                if id <= 13 { "Gold" } else { "Premier" },
            )
        })
        .collect();
    let plan = world.plan();
    let guard = plan
        .guards
        .iter()
        .find(|guard| guard.rule == Rule::FieldChange)
        .unwrap();
    assert!(
        guard.tripped && guard.field.as_deref() == Some("partner_tier"),
        "{guard:?}"
    );
    assert_eq!(guard.counted, 13);
}

#[test]
fn a_saved_plan_is_the_same_plan_and_an_edited_one_is_refused() {
    let mut world = World::default();
    world.rows.partners = vec![
        row(11, &account(1, "Acme", "Premier")),
        row(12, &account(2, "Out", "Premier")),
    ];
    world.records.partners = vec![
        account(1, "Acme \u{202e}", "Certified"),
        account(3, "New", "Premier"),
    ];
    world.records.contacts = vec![
        user(21, "a@x.com", Some(3)),
        user(22, "A@X.com", Some(3)),
        user(23, "c@x.com", Some(1)),
    ];
    let plan = world.plan();
    let mut file = Vec::new();
    plan.write_json(
        &mut file,
        prmdesk::plan::file::Page::default(),
        JsonLayout::Pretty,
    )
    .unwrap();
    let text = String::from_utf8(file.clone()).unwrap();
    assert!(!text.contains('\u{202e}') && text.contains("\\u202e"));
    let schemas = PerEntity::from_fn(Schema::of);
    let back = Plan::read_json(file.as_slice(), &schemas).unwrap();
    assert_eq!(back.id, plan.id);
    let mut again = Vec::new();
    back.write_json(
        &mut again,
        prmdesk::plan::file::Page::default(),
        JsonLayout::Pretty,
    )
    .unwrap();
    assert_eq!(text, String::from_utf8(again).unwrap());
    for (view, other) in plan.views().zip(back.views()) {
        assert_eq!(view.fingerprint(), other.fingerprint());
    }
    let edited = text.replacen("\"selected\": true", "\"selected\": false", 1);
    assert!(
        Plan::read_json(edited.as_bytes(), &schemas)
            .unwrap_err()
            .to_string()
            .contains("edited")
    );
    assert!(Plan::read_json(&file[..file.len() / 2], &schemas).is_err());
    // Format 1 did not say of which database it was.
    let database = text.find("  \"database\"").unwrap();
    let rest = &text[database..];
    let older = text[..database].replace("\"format\": 2", "\"format\": 1")
        + &rest[rest.find("  \"sources\"").unwrap()..];
    let error = Plan::read_json(older.as_bytes(), &schemas).unwrap_err();
    assert!(error.to_string().contains("another version"), "{error}");
}

#[test]
fn what_its_owner_gives_up_a_new_record_may_take_in_the_same_run() {
    let mut world = World::default();
    world.rows.contacts = vec![row(1, &user(7, "ann@acme.com", None))];
    world.records.contacts = vec![user(7, "ann@new.com", None), user(8, "ann@acme.com", None)];
    let plan = world.plan();
    assert_eq!((op(&plan, C, 7), op(&plan, C, 8)), (Op::Update, Op::Add));
    world.apply(&plan);
    assert!(!world.plan().has_changes());
}
