//! Properties over random small worlds.

use prmdesk::plan::{Entity, Mode, Op, Plan};
use proptest::prelude::*;

use super::world::*;

fn any_account() -> impl Strategy<Value = Rec> {
    (1i64..12, 0usize..8, 0usize..3, prop::bool::weighted(0.3)).prop_map(|(id, name, tier, crm)| {
        let names = [
            "Alpha",
            "alpha ",
            "Bêta",
            "Beta",
            "Nintex One",
            "Gamma",
            "Delta",
            "Epsilon",
        ];
        let mut record = account(id, names[name], ["Premier", "Pending", "Gold"][tier]);
        record.fields[column("salesforce_id")] = crm.then(|| {
            ["0012800000CXn0k", "0012800000CXn0kAAD", "001"][usize::try_from(id % 3).unwrap()]
                .to_owned()
        });
        record
    })
}

fn any_user() -> impl Strategy<Value = Rec> {
    (
        1i64..12,
        0usize..7,
        any::<bool>(),
        prop::option::of(1i64..12),
    )
        .prop_map(|(id, email, active, account)| {
            let emails = [
                "a@x.com",
                "A@X.com",
                "b@x.com",
                "test@x.com",
                "c@bill.com",
                "",
                "d@x.com",
            ];
            Rec {
                active: Some(active),
                ..user(id, emails[email], account)
            }
        })
}

fn rows_of(records: Vec<Rec>, active: Vec<bool>, entity: Entity) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (record, active) in records.into_iter().zip(active) {
        let name = |row: &Row| {
            row.fields[0]
                .clone()
                .unwrap_or_default()
                .trim()
                .to_lowercase()
                .replace('ê', "e")
        };
        let mut row = row(i64::try_from(rows.len()).unwrap() + 100, &record);
        row.active = active;
        row.fields[0] = row.fields[0].clone().filter(|name| !name.is_empty());
        if entity == Entity::Partners {
            row.fields[column("salesforce_id")] = row.fields[column("salesforce_id")]
                .clone()
                .filter(|id| id.len() == 18);
        }
        let fresh = rows
            .iter()
            .all(|other| other.impartner_id != row.impartner_id && name(other) != name(&row));
        if fresh && row.fields[0].is_some() {
            rows.push(row);
        }
    }
    rows
}

fn distinct(records: Vec<Rec>) -> Vec<Rec> {
    let mut seen = std::collections::HashSet::new();
    records
        .into_iter()
        .filter(|record| seen.insert(record.id))
        .collect()
}

pub fn any_world() -> impl Strategy<Value = World> {
    let side = |records: BoxedStrategy<Rec>| prop::collection::vec(records, 0..10);
    (
        side(any_account().boxed()),
        side(any_account().boxed()),
        side(any_user().boxed()),
        side(any_user().boxed()),
        prop::collection::vec(any::<bool>(), 10),
        prop::collection::vec(1i64..12, 0..3),
        prop::bool::weighted(0.8),
        any::<bool>(),
    )
        .prop_map(
            |(accounts, partners, users, contacts, active, failing, proved, full)| {
                let mut world = World {
                    proved,
                    failing,
                    mode: if full { Mode::Full } else { Mode::Incremental },
                    ..World::default()
                };
                world.records.partners = distinct(accounts);
                world.records.contacts = distinct(users);
                world.rows.partners = rows_of(partners, active.clone(), Entity::Partners);
                world.rows.contacts = rows_of(contacts, active, Entity::Contacts);
                for (row, contact) in world.rows.contacts.iter_mut().enumerate() {
                    contact.partner_id = world
                        .rows
                        .partners
                        .get(row % 4)
                        .map(|partner| partner.row_id);
                }
                world
            },
        )
}

/// Records in `plan` by class must be the records there are: nothing in two classes, nothing in none.
fn check_classes(world: &World, plan: &Plan) -> Result<(), TestCaseError> {
    for entity in Entity::ALL {
        let totals = plan.totals[entity];
        let listed = plan
            .items
            .iter()
            .chain(&plan.excluded)
            .filter(|item| item.entity == entity);
        let mut ids = std::collections::HashSet::new();
        let mut rows = std::collections::HashSet::new();
        for item in listed {
            prop_assert!(
                item.impartner_id.is_none_or(|id| ids.insert(id)),
                "#{:?} is in two classes",
                item.impartner_id
            );
            if let (Some(row), Some(fingerprint)) = (item.row_id, plan.view_of(item).fingerprint())
            {
                prop_assert_eq!(fingerprint, world.fingerprint(entity, row), "{:?}", item);
            }
            if item.op.writes() {
                prop_assert!(
                    item.row_id.is_none_or(|row| rows.insert(row)),
                    "row {:?} is written twice",
                    item.row_id
                );
            }
        }
        let of_records: u64 = [
            Op::Add,
            Op::Update,
            Op::Reactivate,
            Op::Unchanged,
            Op::Conflict,
            Op::Excluded,
            Op::SoftDelete,
        ]
        .iter()
        .map(|&op| totals.of(op))
        .sum();
        let absent = plan.items.iter().filter(|item| {
            item.entity == entity
                && item.op == Op::SoftDelete
                && !world.records[entity]
                    .iter()
                    .any(|record| Some(record.id) == item.impartner_id)
        });
        prop_assert_eq!(
            of_records,
            world.records[entity].len() as u64 + absent.count() as u64
        );
        prop_assert_eq!(
            totals.excluded,
            plan.excluded
                .iter()
                .filter(|item| item.entity == entity)
                .count() as u64
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn planning_twice_is_the_same(world in any_world()) {
        let (one, two) = (world.plan(), world.plan());
        prop_assert_eq!(&one.id, &two.id);
        check_classes(&world, &one)?;
    }

    #[test]
    fn applying_and_planning_again_changes_nothing(mut world in any_world()) {
        let first = world.plan();
        world.apply(&first);
        // What one run frees (a name, a row whose owner is gone) another may use.
        for _ in 0..3 {
            let next = world.plan();
            world.apply(&next);
        }
        let third = world.plan();
        let left: Vec<_> = third.views().filter(|view| view.item.selected).map(|view| format!("{:?} {} {}", view.item, view.name(), view.reason())).collect();
        prop_assert!(left.is_empty(), "{left:#?}");
    }

    #[test]
    fn no_soft_delete_without_positive_evidence(world in any_world()) {
        let plan = world.plan();
        for item in plan.items.iter().filter(|item| item.op == Op::SoftDelete && item.selected) {
            let id = item.impartner_id.unwrap();
            let record = world.records[item.entity].iter().find(|record| record.id == id);
            let inactive = record.is_some_and(|record| record.active == Some(false) || record.fields[column("partner_tier")].as_deref() == Some("Pending"));
            let gone = record.is_none() && !world.failing.contains(&id);
            prop_assert!(world.proved && (inactive || gone), "{item:?}");
        }
    }

    /// A plan file that was cut, bent or never was one is refused, or is the very same plan; it never panics.
    #[test]
    fn bent_plan_files_never_panic(world in any_world(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let plan = world.plan();
        let mut file = Vec::new();
        plan.write_json(&mut file, prmdesk::plan::file::Page::default(), prmdesk::text::JsonLayout::Compact).unwrap();
        let at = at.index(file.len());
        if cut {
            file.truncate(at);
        } else {
            file[at] = byte;
        }
        let schemas = prmdesk::plan::PerEntity::from_fn(prmdesk::plan::Schema::of);
        if let Ok(back) = Plan::read_json(file.as_slice(), &schemas) {
            prop_assert_eq!(back.id, plan.id);
        }
    }
}
