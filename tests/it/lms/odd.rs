//! People and groups that come without what they must have: what the tables hold of them stays, and a warning says so.

use prmdesk::sandbox::{Act, Fault};
use serde_json::json;

use crate::mariadb::both;
use crate::offboard::rig::Rig;

#[tokio::test]
async fn a_person_without_a_readable_email_empties_nothing() {
    for db in both().await {
        let rig = Rig::new(db).await;
        {
            let mut world = rig.sandbox.world();
            let person = world.lms_mut().people.get_mut("u3").unwrap();
            person.first_name = "Ada".into();
            person.last_name = "Byron".into();
            person.disabled = true;
        }
        rig.refresh().await;
        let stored = "SELECT email, first_name, last_name, status FROM lms_users WHERE id = 'u3'";
        let before = rig.db.rows(stored).await;
        assert_eq!(before, ["u3@x.example|Ada|Byron|disabled"]);
        for (bare, email) in [
            (true, json!(null)),
            (false, json!(null)),
            (false, json!(17)),
            (false, json!({"address": "u3@x.example"})),
        ] {
            let odd = Act::OddPerson {
                id: "u3".into(),
                bare,
                email: email.clone(),
            };
            let fault = rig.sandbox.faults().lms(Fault::new(odd).always());
            let done = rig.refresh().await;
            assert_eq!(rig.db.rows(stored).await, before, "{bare} {email}");
            assert_eq!(done.changed, 0, "{bare} {email}");
            assert_eq!(done.people, 9, "nobody is gone");
            assert_eq!(done.warnings.len(), 1, "{:?}", done.warnings);
            assert!(
                done.warnings[0].contains("no readable e-mail came from the LMS for 1 (u3)"),
                "{:?}",
                done.warnings
            );
            rig.sandbox.faults().remove(fault);
        }
        assert!(rig.refresh().await.warnings.is_empty());
    }
}

#[tokio::test]
async fn a_group_without_a_name_keeps_the_one_it_had() {
    for db in both().await {
        let rig = Rig::new(db).await;
        rig.refresh().await;
        let name = |name: &str| {
            let mut world = rig.sandbox.world();
            world.lms_mut().groups.get_mut("g-acme").unwrap().name = name.into();
        };
        name(" ");
        let done = rig.refresh().await;
        assert!(done.warnings[0].contains("g-acme"), "{:?}", done.warnings);
        let stored = "SELECT name FROM lms_groups WHERE id = 'g-acme'";
        assert_eq!(rig.db.one(stored).await, "ptr_ACME");
    }
}
