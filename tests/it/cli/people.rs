//! The LMS through the real binary: refresh, off-boarding, certifications.

use prmdesk::sandbox::{Object, Sandbox, SandboxOptions, World};
use serde_json::Value;

use super::Place;
use super::rig::Rig;
use crate::mariadb::{TestDb, both};

/// A small world, so that eight requests a second are enough, synced and with the LMS read.
async fn refreshed(db: TestDb) -> Rig {
    let sandbox = Sandbox::start(World::generate(5, 12, 60), SandboxOptions::default())
        .await
        .unwrap();
    let rig = Rig {
        place: Place::new(),
        sandbox,
        db,
    };
    rig.place.write("prmdesk.toml", "lms.max_rps = 10");
    for args in ["migrate", "lms refresh", "sync --mode full --yes"] {
        let ran = rig.run(args);
        assert_eq!(ran.code, 0, "{args}: {ran:?}");
    }
    rig
}

/// Id of a contact with an LMS user, and that user.
#[track_caller]
fn linked_contact(rig: &Rig) -> (i64, String) {
    let run = rig.json(0, "runs --limit 1")[0]["run_id"].as_i64().unwrap();
    let detail = rig.json(0, &format!("runs show {run}"));
    let changes = detail["changes"].as_array().unwrap();
    let linked = changes
        .iter()
        .find(|change| {
            change["entity"] == "contacts"
                && change["after"]["lms_user_id"].is_string()
                && change["after"]["partner_id"].is_number()
        })
        .expect("a contact is linked to the LMS");
    (
        linked["impartner_id"].as_i64().unwrap(),
        linked["after"]["lms_user_id"].as_str().unwrap().to_owned(),
    )
}

fn groups_of(rig: &Rig, person: &str) -> usize {
    let world = rig.sandbox.world();
    world
        .lms()
        .groups
        .values()
        .filter(|group| group.members.contains(person))
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_leaves_and_comes_back() {
    for db in both().await {
        let rig = refreshed(db).await;
        assert_eq!(
            rig.run("offboard run").code,
            0,
            "nothing approved to run is 0"
        );
        let (contact, person) = linked_contact(&rig);
        let before = groups_of(&rig, &person);
        assert!(before > 0);
        assert!(rig.sandbox.world().delete(Object::User, contact));
        let report = rig.json(0, "sync contacts --mode full --yes");
        assert_eq!(report["cases_opened"], 1, "{report}");
        assert_eq!(
            groups_of(&rig, &person),
            before,
            "a sync never touches the LMS"
        );

        let list = rig.json(0, "offboard list --state pending");
        let case = &list[0];
        for key in [
            "case_id", "entity", "row_id", "name", "state", "reason", "run_id", "steps",
        ] {
            assert!(case.get(key).is_some(), "{key}");
        }
        let id = case["case_id"].as_i64().unwrap();
        let planned = case["steps"].as_array().unwrap();
        assert_eq!(planned.len(), before, "{case}");
        for step in planned {
            assert_eq!(step["action"], "remove_member");
            assert_eq!(step["state"], "planned");
            assert_eq!(step["person_id"], person.as_str());
            let note = step["note"].as_str().unwrap();
            assert!(
                note.ends_with(&format!("`prmdesk offboard show {id}` reads the live LMS")),
                "{note}"
            );
        }
        let human = rig.run("offboard list");
        assert!(human.stdout.contains("asks the live LMS"), "{human:?}");
        let shown = rig.json(0, &format!("offboard show {id}"));
        assert_eq!(shown["steps"].as_array().unwrap().len(), before, "{shown}");
        assert_eq!(shown["steps"][0]["action"], "remove_member");
        assert_eq!(shown["steps"][0]["state"], "planned");

        let env = rig.env();
        let nameless: Vec<(&str, &str)> = env
            .iter()
            .filter(|(name, _)| *name != "PRMDESK_OPERATOR")
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let approve = format!("offboard approve {id} --yes --note left --json");
        rig.place
            .run_env(&approve, &nameless)
            .fails_json(2, "operator");
        rig.run(&format!("offboard run {id} --json"))
            .fails_json(3, "case_state");
        let approved = rig.json(0, &format!("offboard approve {id} --yes --note left"));
        assert_eq!(approved[0]["state"], "approved");
        assert_eq!(groups_of(&rig, &person), before);
        let done = rig.json(0, "offboard run");
        assert_eq!(done[0]["state"], "done", "{done}");
        assert_eq!(groups_of(&rig, &person), 0);

        let restored = rig.run(&format!("offboard restore {id} --yes"));
        assert_eq!(restored.code, 0, "{restored:?}");
        assert_eq!(groups_of(&rig, &person), before);
        rig.run("offboard show 999").fails(2, "999");
        rig.run("offboard approve 999 --yes --note x")
            .fails(2, "999");
        rig.run("offboard sweep --read-only --json")
            .fails_json(3, "read_only");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_compared_and_pushed() {
    for db in both().await {
        let rig = refreshed(db).await;
        let refreshed = rig.json(0, "lms refresh --transcripts");
        assert!(
            refreshed["transcripts"].as_u64().unwrap() > 0,
            "{refreshed}"
        );
        for row in rig.run("certs preview --json").json()["partners"]
            .as_array()
            .unwrap()
            .iter()
            .take(3)
        {
            let id = row["impartner_id"].as_i64().unwrap();
            rig.sandbox
                .world()
                .edit_account(id, |account| account.certification_count = Some(99.0));
        }
        let preview = rig.run("certs preview --json");
        let rows = preview.json()["partners"].take();
        let differing: Vec<&Value> = rows
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| row["differs"] == true)
            .collect();
        assert_eq!(differing.len(), 3, "{rows}");
        assert_eq!(preview.code, 5);
        for key in [
            "row_id",
            "impartner_id",
            "name",
            "local",
            "remote",
            "differs",
        ] {
            assert!(rows[0].get(key).is_some(), "{key}");
        }
        let one = differing[0]["row_id"].as_i64().unwrap();
        let pushed = rig.json(0, &format!("certs push --partner {one} --yes"));
        assert_eq!(pushed["pushed"], 1, "{pushed}");
        assert_eq!(rig.run(&format!("certs preview --partner {one}")).code, 0);
        let rest = rig.json(0, "certs push --yes");
        assert_eq!(rest["pushed"], 2, "{rest}");
        assert_eq!(rest["failed"], serde_json::json!([]));
        assert_eq!(rig.run("certs preview").code, 0);
        rig.run("certs push --yes --read-only --json")
            .fails_json(3, "read_only");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_zeros_are_released_by_number_and_reason_alone() {
    for db in both().await {
        let rig = refreshed(db).await;
        rig.run("certs push --yes --json")
            .fails_json(3, "lms_never_read");
        rig.run("certs push --yes").fails(3, "--transcripts");
        rig.json(0, "lms refresh --transcripts");
        rig.db.run("DELETE FROM lms_enrollments").await;
        let rows = rig.run("certs preview --json").json()["partners"].take();
        let rows = rows.as_array().unwrap();
        for row in rows {
            let id = row["impartner_id"].as_i64().unwrap();
            rig.sandbox
                .world()
                .edit_account(id, |account| account.certification_count = Some(9.0));
        }
        let zeros = rows.len();
        assert!(zeros >= 5, "{zeros}");
        let preview = rig.run("certs preview --json");
        assert_eq!(preview.code, 5);
        assert_eq!(preview.json()["withheld"].as_array().unwrap().len(), zeros);
        let kept = rig.json(3, "certs push --yes");
        assert_eq!(kept["pushed"], 0);
        assert_eq!(kept["withheld"].as_array().unwrap().len(), zeros);
        let told = rig.run("certs push --yes");
        assert_eq!(told.code, 3, "{told:?}");
        let how = format!("--allow-zeros {zeros} --reason");
        assert!(told.stdout.contains(&how), "{told:?}");
        rig.run(&format!("certs push --yes --allow-zeros {zeros}"))
            .fails(2, "--reason");
        rig.run("certs push --yes --allow-zeros 1 --reason x --json")
            .fails_json(3, "release_mismatch");
        let args = format!("certs push --yes --allow-zeros {zeros} --reason x");
        assert_eq!(rig.json(0, &args)["pushed"], zeros);
    }
}
