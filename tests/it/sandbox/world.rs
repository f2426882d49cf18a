//! The world: the same from the same seed, kept in a file, credible.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use prmdesk::clock::Clock;
use prmdesk::plan::Entity;
use prmdesk::sandbox::{DEMO, Leak, SandboxOptions, Transcript, World, yesterday};
use prmdesk::text;
use serde_json::json;

use super::{Rig, answer};

fn text_of(world: &World) -> String {
    serde_json::to_string(world).unwrap()
}

#[test]
fn a_seed_is_a_world() {
    let world = World::generate(42, 200, 1500);
    assert_eq!(text_of(&world), text_of(&World::generate(42, 200, 1500)));
    assert_ne!(text_of(&world), text_of(&World::generate(43, 200, 1500)));
    let (a, b) = (yesterday(&world, Leak::None), yesterday(&world, Leak::None));
    assert_eq!(a.rows, b.rows);
    assert_eq!(a.holds, b.holds);
}

#[test]
fn its_sizes_are_what_was_asked_for() {
    for (partners, contacts) in [(0, 0), (1, 0), (0, 5), (7, 3), (300, 2000)] {
        let world = World::generate(1, partners, contacts);
        assert_eq!(
            (world.accounts().len(), world.users().len()),
            (partners, contacts)
        );
        let _ = yesterday(&world, Leak::Contacts);
    }
}

#[test]
fn everything_happened_before_its_epoch_and_little_since_yesterday() {
    let world = World::generate(8, 800, 6000);
    let day = world.epoch() - Duration::days(1);
    assert!(
        world
            .accounts()
            .all(|account| account.updated < world.epoch())
    );
    assert!(world.users().all(|user| user.updated < world.epoch()));
    let fresh = world
        .accounts()
        .filter(|account| account.updated > day)
        .count();
    assert!((10..40).contains(&fresh), "{fresh}");
    let fresh = world.users().filter(|user| user.updated > day).count();
    assert!((40..=160).contains(&fresh), "{fresh}");
}

#[test]
fn companies_come_from_many_places_and_have_names_of_their_own() {
    let world = World::generate(8, 3000, 0);
    let countries: BTreeSet<&str> = world
        .accounts()
        .filter_map(|account| account.country.as_deref())
        .collect();
    assert!(countries.len() >= 25);
    let names: BTreeSet<String> = world
        .accounts()
        .map(|account| text::name_key(&account.name))
        .collect();
    assert!(names.len() >= 2990, "{}", names.len());
    assert!(
        world
            .accounts()
            .all(|account| account.name.chars().count() <= 128)
    );
    for script in ['ü', '株', 'Д', 'ش', '\u{1b}', '\u{202e}', '\u{200b}'] {
        assert!(
            world
                .accounts()
                .any(|account| account.name.contains(script)),
            "{script:?}"
        );
    }
    let lengths: BTreeSet<usize> = world
        .accounts()
        .filter_map(|account| account.crm_id.as_deref())
        .map(str::len)
        .collect();
    assert!(lengths.contains(&15) && lengths.contains(&18));
}

#[test]
fn a_world_is_kept_in_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("world.json");
    let mut world = World::generate(4, 80, 400);
    world.save(&path).unwrap();
    let id = world.accounts().next().unwrap().id;
    world.edit_account(id, |account| account.name = "Kept".to_owned());
    world.save(&path).unwrap();
    let back = World::load(&path, Clock::system()).unwrap();
    assert_eq!(text_of(&back), text_of(&world));
    assert_eq!(
        std::fs::read_dir(dir.path()).unwrap().count(),
        1,
        "no half-written file is left"
    );
}

#[tokio::test]
async fn a_sandbox_keeps_what_was_done_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("world.json");
    let options = SandboxOptions {
        keep: Some(path.clone()),
        ..SandboxOptions::default()
    };
    let rig = Rig::start(World::generate(4, 80, 400), options).await;
    let id = rig.sandbox.world().accounts().next().unwrap().id;
    let patch = json!({"Total_NPCU__cf": 41});
    assert_eq!(
        answer(rig.prm("PATCH", &format!("Account/{id}"), &[]).json(&patch))
            .await
            .0,
        200
    );
    let group = rig
        .sandbox
        .world()
        .lms()
        .groups
        .keys()
        .next()
        .unwrap()
        .clone();
    assert_eq!(
        answer(rig.lms("DELETE", &format!("groups/{group}"), &[]))
            .await
            .0,
        204
    );
    rig.sandbox.stop().await;
    let back = World::load(&path, Clock::system()).unwrap();
    assert_eq!(back.account(id).unwrap().total_npcu, Some(41.0));
    assert!(!back.lms().groups.contains_key(&group));
}

/// The rule of docs/rules.md, "Certifications", counted anew from yesterday's tables.
#[test]
fn certification_numbers_differ_for_three_partners_only() {
    for (seed, partners, contacts) in [DEMO, (3, 500, 5000)] {
        certification_numbers_differ(&World::generate(seed, partners, contacts));
    }
}

fn certification_numbers_differ(world: &World) {
    let past = yesterday(world, Leak::None);
    let now = world.epoch();
    let npcu: BTreeMap<&str, u32> = past
        .courses
        .iter()
        .filter_map(|course| Some((course.id.as_str(), u32::from(course.npcu?))))
        .collect();
    let mut people: BTreeMap<i64, BTreeSet<&str>> = BTreeMap::new();
    for (group, partner) in &past.groups {
        if let Some(partner) = partner {
            people
                .entry(*partner)
                .or_default()
                .extend(group.members.iter().map(String::as_str));
        }
    }
    for row in past
        .rows
        .iter()
        .filter(|row| row.entity == Entity::Contacts && row.is_active)
    {
        if let (Some(partner), Some(person)) = (row.partner_id, row.get("lms_user_id")) {
            people.entry(partner).or_default().insert(person);
        }
    }
    let mut enrolled: BTreeMap<&str, Vec<&Transcript>> = BTreeMap::new();
    for (person, line) in &past.enrollments {
        enrolled.entry(person).or_default().push(line);
    }
    let mut differ = 0;
    let mut counted = 0;
    let day = now - Duration::days(1);
    for row in past
        .rows
        .iter()
        .filter(|row| row.entity == Entity::Partners && row.is_active)
    {
        let Some(account) = world
            .account(row.impartner_id)
            .filter(|account| account.updated < day)
        else {
            continue;
        };
        let nobody = BTreeSet::new();
        let mut pairs: BTreeMap<(&str, &str), u32> = BTreeMap::new();
        for person in people.get(&row.row_id).unwrap_or(&nobody) {
            for line in enrolled.get(person).into_iter().flatten() {
                let counts = line.expires_at.is_none_or(|at| at > now);
                let value = npcu.get(line.resource_id.as_str());
                if let Some(value) = value.filter(|value| counts && **value > 0) {
                    pairs.insert((person, &line.resource_id), *value);
                }
            }
        }
        counted += u32::from(!pairs.is_empty());
        let local = (pairs.len() as f64, f64::from(pairs.values().sum::<u32>()));
        let remote = (
            account.certification_count.unwrap(),
            account.total_npcu.unwrap(),
        );
        differ += u32::from(local != remote);
    }
    assert_eq!(differ, 3);
    assert!(counted > 50, "{counted}");
}

#[test]
fn something_is_left_over_in_the_lms() {
    let (seed, partners, contacts) = DEMO;
    let past = yesterday(&World::generate(seed, partners, contacts), Leak::None);
    let members: BTreeSet<&str> = past
        .groups
        .iter()
        .flat_map(|(group, _)| group.members.iter().map(String::as_str))
        .collect();
    let inactive = |entity| {
        past.rows
            .iter()
            .filter(move |row| row.entity == entity && !row.is_active)
    };
    let contacts = inactive(Entity::Contacts).filter(|row| {
        row.get("lms_user_id")
            .is_some_and(|id| members.contains(id))
    });
    let contacts = contacts.count();
    assert!((5..60).contains(&contacts), "{contacts}");
    let linked: BTreeSet<i64> = past
        .groups
        .iter()
        .filter_map(|(_, partner)| *partner)
        .collect();
    let partners = inactive(Entity::Partners)
        .filter(|row| linked.contains(&row.row_id))
        .count();
    assert!((1..30).contains(&partners), "{partners}");
    assert!(linked.len() > 500);
}
