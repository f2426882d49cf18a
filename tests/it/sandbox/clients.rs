//! prmdesk's own clients on the demo's world.

use std::collections::BTreeSet;

use chrono::Duration;
use prmdesk::clock::Clock;
use prmdesk::config::Config;
use prmdesk::plan::{Entity, Schema};
use prmdesk::progress::Progress;
use prmdesk::sandbox::{Dialect, Fate, Sandbox, SandboxOptions, World};
use prmdesk::{impartner, lms};

async fn start(dialect: Dialect) -> (Sandbox, Config) {
    let options = SandboxOptions {
        dialect,
        page_cap: 70,
        ..SandboxOptions::default()
    };
    let world = World::generate(17, 400, 3000);
    let sandbox = Sandbox::start(world, options).await.unwrap();
    let mut config = Config::default();
    sandbox.configure(&mut config);
    config.lms.max_rps = 10_000;
    (sandbox, config)
}

#[tokio::test]
async fn impartner_is_read_whole_and_ghosts_answer_as_they_should() {
    let progress = Progress::silent();
    for dialect in [Dialect::Objects, Dialect::Odata] {
        let (sandbox, config) = start(dialect).await;
        let client = impartner::Client::new(&config.impartner, Clock::system()).unwrap();
        for entity in Entity::ALL {
            let schema = Schema::of(entity);
            let listing = client.listing(&schema, None, &progress).await.unwrap();
            assert!(listing.facts.proved, "{:?}", listing.facts);
            let mut read = listing.records.ids().to_vec();
            read.sort_unstable();
            let ghosts: Vec<(i64, Fate)> = {
                let world = sandbox.world();
                let ghosts = world.ghosts();
                match entity {
                    Entity::Partners => {
                        assert!(read.iter().copied().eq(world.accounts().map(|one| one.id)));
                        ghosts
                            .accounts
                            .iter()
                            .map(|(one, fate)| (one.id, *fate))
                            .collect()
                    }
                    Entity::Contacts => {
                        assert!(read.iter().copied().eq(world.users().map(|one| one.id)));
                        ghosts
                            .users
                            .iter()
                            .map(|(one, fate)| (one.id, *fate))
                            .collect()
                    }
                }
            };
            let ids: Vec<i64> = ghosts.iter().map(|(id, _)| *id).collect();
            let asked = client
                .by_ids(&schema, &ids, &listing.records.ids()[..1], &progress)
                .await
                .unwrap();
            let of = |wanted: &[Fate]| -> BTreeSet<i64> {
                let some = ghosts.iter().filter(|(_, fate)| wanted.contains(fate));
                some.map(|(id, _)| *id).collect()
            };
            let gone: BTreeSet<i64> = asked.gone.iter().copied().collect();
            let unverified: BTreeSet<i64> = asked.unverified.iter().map(|(id, _)| *id).collect();
            assert_eq!(gone, of(&[Fate::Announced, Fate::Silent]));
            assert_eq!(unverified, of(&[Fate::Refused]));
            let epoch = sandbox.world().epoch();
            let feed = client
                .deleted(entity, epoch - Duration::days(1), epoch, &progress)
                .await;
            let feed: BTreeSet<i64> = feed.unwrap().unwrap().into_iter().collect();
            assert_eq!(feed, of(&[Fate::Announced]));
        }
    }
}

#[tokio::test]
async fn the_lms_is_read_whole_and_a_group_comes_and_goes() {
    let progress = Progress::silent();
    let (sandbox, config) = start(Dialect::Objects).await;
    let client = lms::Client::new(&config.lms, Clock::system()).unwrap();
    let world = sandbox.world().lms().clone();
    assert_eq!(
        client.people(&progress).await.unwrap().len(),
        world.people.len()
    );
    let groups = client.groups(&progress).await.unwrap();
    assert_eq!(groups.len(), world.groups.len());
    for group in groups.iter().take(20) {
        let members = client.members(&group.id, &progress).await.unwrap().unwrap();
        assert!(members.iter().eq(&world.groups[&group.id].members));
    }
    assert_eq!(
        client.courses(&progress).await.unwrap().len(),
        world.courses.len()
    );
    let person = world.transcripts.keys().next().unwrap();
    let lines = client.transcript(person, &progress).await.unwrap().unwrap();
    let courses = world.transcripts[person]
        .iter()
        .filter(|line| line.resource_type == "course");
    assert_eq!(lines.len(), courses.count());

    let id = client.create_group("ptr_Brand new").await.unwrap().unwrap();
    let done = client
        .add_members(&id, std::slice::from_ref(person))
        .await
        .unwrap();
    assert_eq!(done, lms::WriteOutcome::Done);
    assert!(sandbox.world().lms().is_member(&id, person));
    let done = client
        .remove_members(&id, std::slice::from_ref(person))
        .await
        .unwrap();
    assert_eq!(done, lms::WriteOutcome::Done);
    let again = client
        .remove_members(&id, std::slice::from_ref(person))
        .await
        .unwrap();
    assert!(matches!(again, lms::WriteOutcome::Refused(_)), "{again:?}");
    assert_eq!(
        client.delete_group(&id).await.unwrap(),
        lms::WriteOutcome::Done
    );
    assert_eq!(
        client.delete_group(&id).await.unwrap(),
        lms::WriteOutcome::AlreadySo
    );
}
