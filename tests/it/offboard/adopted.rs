//! Off-boarding on the tables of a portal (tests/adopted): what it keeps with a group outlives the group, and comes back
//! with it; who is marked as gone from the LMS is nothing to undo; a contact whose `is_active` has no value is active.

use std::process::Command;

use prmdesk::progress::Progress;
use prmdesk::sandbox::Person;
use prmdesk::store::Engine;
use prmdesk::values::CaseState;

use super::rig::{ACME, ALL, BETA, Rig};
use crate::adopted;

#[tokio::test]
async fn a_group_that_is_restored_has_all_its_columns() {
    for db in adopted::on_both().await {
        let rig = Rig::new(db).await;
        rig.swept().await;
        rig.db
            .run(
                "UPDATE lms_groups SET seats = 77, billing_code = 'B-1' WHERE id = 'g-acme'; \
                 INSERT INTO group_settings (group_id, branding) VALUES ('g-acme', 'red')",
            )
            .await;
        let acme = rig.case_of("Acme").await.case_id;
        rig.approve(acme).await;
        assert_eq!(rig.run().await[0].state, CaseState::Done);
        let row = |id: &str| {
            format!(
                "SELECT name, partner_id, seats, billing_code, deleted_at IS NOT NULL FROM lms_groups WHERE id = '{id}'"
            )
        };
        assert_eq!(rig.db.one(&row(ACME)).await, "ptr_ACME|1|77|B-1|1");
        let left = "SELECT COUNT(*) FROM lms_group_members WHERE group_id = 'g-acme'";
        assert_eq!(rig.db.one(left).await, "0");
        assert_eq!(
            rig.desk.sweep().await.unwrap(),
            0,
            "a marked group is no leftover"
        );

        rig.desk
            .restore_case(acme, &Progress::silent())
            .await
            .unwrap();
        let new = rig
            .sandbox
            .world()
            .lms()
            .group_named("ptr_ACME")
            .unwrap()
            .id
            .clone();
        assert_ne!(new, ACME);
        assert_eq!(rig.db.one(&row(&new)).await, "ptr_ACME|1|77|B-1|0");
        assert_eq!(
            rig.db.one(&row(ACME)).await,
            "ptr_ACME|1|77|B-1|1",
            "the old row stays"
        );
        assert_eq!(rig.members(&new), "1 2 3 4 9");
        let done = rig.refresh().await;
        assert_eq!(
            (done.changed, done.gone.groups, done.failed),
            (0, 0, vec![])
        );
    }
}

#[tokio::test]
async fn who_is_marked_as_gone_has_nothing_to_undo() {
    for db in adopted::on_both().await {
        let rig = Rig::new(db).await;
        rig.refresh().await;
        {
            let mut world = rig.sandbox.world();
            let lms = world.lms_mut();
            lms.groups.remove(ACME);
            lms.people.remove("u6");
            for group in lms.groups.values_mut() {
                group.members.remove("u6");
            }
        }
        let done = rig.refresh().await;
        assert_eq!((done.gone.people, done.gone.groups), (1, 1));
        rig.desk.sweep().await.unwrap();
        let cases = rig.desk.cases(None).await.unwrap();
        let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
        // u1 and u2 left Acme and are still in “All Partners”; Acme's group and u6 are not in the LMS any more.
        assert_eq!(names, ["u1@x.example", "u2@x.example"]);
    }
}

#[tokio::test]
async fn no_value_in_is_active_protects_like_an_active_contact() {
    for db in adopted::on_both().await {
        let rig = Rig::new(db).await;
        // u4 works for Acme, which left, and for Beta; Beta's row says nothing about being active.
        rig.db
            .run("UPDATE contacts SET is_active = NULL WHERE id = 14")
            .await;
        let cases = rig.swept().await;
        let acme = cases.iter().find(|case| case.name == "Acme").unwrap();
        let kept = acme
            .steps
            .iter()
            .find(|step| step.person_id.as_deref() == Some("u4"));
        assert_eq!(
            kept.unwrap().state,
            prmdesk::values::StepState::Skipped,
            "u4 keeps “All Partners”"
        );
        let counts = rig.desk.status(prmdesk::desk::Probe::Stored).await.unwrap();
        assert_eq!((counts.contacts.active, counts.contacts.inactive), (4, 3));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_names_the_rows_and_ends_with_4() {
    for db in adopted::on_both().await {
        let rig = Rig::new(db).await;
        {
            let mut world = rig.sandbox.world();
            let twin = Person {
                id: "w1".into(),
                email: "U5@x.example".into(),
                ..Person::default()
            };
            let lms = world.lms_mut();
            lms.people.insert("w1".into(), twin);
            lms.groups
                .get_mut(BETA)
                .unwrap()
                .members
                .insert("w1".into());
            lms.groups.get_mut(ALL).unwrap().members.insert("w1".into());
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_prmdesk"));
        command
            .args(["lms", "refresh", "--json"])
            .env_clear()
            .env("HOME", rig.home.path())
            .env("PRMDESK_DATABASE_URL", &rig.db.url)
            .env("PRMDESK_LMS_URL", rig.sandbox.lms_url())
            .env("PRMDESK_LMS_API_KEY", rig.sandbox.lms_key())
            .current_dir(rig.home.path());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap();
        assert_eq!(output.status.code(), Some(4), "{output:?}");
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(said["people"], 10);
        assert_eq!(said["gone"], serde_json::json!({"people": 0, "groups": 0}));
        let failed = said["failed"].as_array().unwrap();
        let ids: Vec<&str> = failed
            .iter()
            .map(|row| row["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, ["w1", "g-all/w1", "g-beta/w1"]);
        assert_eq!(failed[0]["table"], "lms_users");
        let words = failed[0]["message"].as_str().unwrap();
        let unique = if rig.db.engine == Engine::MariaDb {
            "Duplicate"
        } else {
            "UNIQUE"
        };
        assert!(words.contains(unique), "{words}");
    }
}
