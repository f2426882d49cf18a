//! The typical size of docs/rules.md: 1,500 groups and 33,000 people, with the rate limit taken off. At the vendor's
//! limit the same number of requests takes 8 a second: 275 s were measured for 2,197 of them (32,860 people, 1,524
//! groups, release binary, stand-in LMS that refuses more than 10 a second; 61 MiB at most, 2.4 s of computing).

use prmdesk::progress::{Progress, RunEvent};
use prmdesk::sandbox::{Group, Person, Side};
use prmdesk::values::Transcripts;

use crate::mariadb::both;
use crate::offboard::rig::{ALL, Rig};

const GROUPS: usize = 1_500;
const PEOPLE: usize = 33_000;
const PAGE: usize = 100;

/// The people of the rig go; everybody is in “All Partners” and in one other group.
fn grow(rig: &Rig) {
    let mut world = rig.sandbox.world();
    let lms = world.lms_mut();
    lms.people.clear();
    lms.groups.retain(|id, _| id == ALL);
    for n in 0..PEOPLE {
        let person = Person {
            id: format!("p{n:05}"),
            email: format!("p{n}@x.example"),
            ..Person::default()
        };
        let group = format!("g{:04}", n % GROUPS);
        let group = lms.groups.entry(group.clone()).or_insert_with(|| Group {
            name: format!("ptr_Partner {group}"),
            id: group,
            ..Group::default()
        });
        group.members.insert(person.id.clone());
        lms.people.insert(person.id.clone(), person);
    }
    let everybody = lms.people.keys().cloned().collect();
    lms.groups.get_mut(ALL).unwrap().members = everybody;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_typical_size_takes_no_request_too_many() {
    for db in both().await {
        let rig = Rig::new(db).await;
        grow(&rig);
        let (progress, mut events) = Progress::channel();
        let done = rig
            .desk
            .lms_refresh(Transcripts::No, &progress)
            .await
            .unwrap();
        assert_eq!(
            (done.people, done.groups, done.memberships),
            (33_000, 1_501, 66_000)
        );
        assert_eq!(done.warnings, [""; 0]);

        // One listing of people, one of groups, one of each group's members, page after page.
        let pages = PEOPLE.div_ceil(PAGE) + (GROUPS + 1).div_ceil(PAGE);
        let members = GROUPS + PEOPLE.div_ceil(PAGE);
        let asked = rig.sandbox.log().matching(|entry| entry.side == Side::Lms);
        assert_eq!(asked.len(), pages + members);

        // Somebody who watches sees every page of people and every group.
        let (mut people, mut groups) = (0, 0);
        while let Ok(event) = events.try_recv() {
            if let RunEvent::Working { what, done, total } = event {
                match what.as_str() {
                    "people" => people += 1,
                    "memberships" => {
                        groups += 1;
                        assert_eq!((done, total), (groups, Some(1_501)));
                    }
                    _ => {}
                }
            }
        }
        assert_eq!((people, groups), (330, 1_501));
    }
}
