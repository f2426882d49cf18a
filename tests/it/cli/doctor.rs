//! `prmdesk doctor` on broken set-ups: it names the fault each time.

use serde_json::Value;

use super::rig::Rig;
use super::{Place, Ran};
use crate::mariadb::{both, mariadb, sqlite};

/// The status and the message of a check.
#[track_caller]
fn check(ran: &Ran, name: &str) -> (String, String) {
    let checks = ran.json()["checks"].take();
    let found = checks
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["name"] == name)
        .unwrap_or_else(|| panic!("{name} is not in {checks}"))
        .clone();
    let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    if found["status"] != "ok" {
        assert!(!text("help").is_empty(), "{found} says what to do");
    }
    (
        text("status"),
        format!("{} {}", text("message"), text("help")),
    )
}

#[track_caller]
fn names(ran: &Ran, code: i32, name: &str, status: &str, says: &str) {
    assert_eq!(ran.code, code, "{ran:?}");
    let (found, text) = check(ran, name);
    assert_eq!(found, status, "{text}");
    assert!(text.contains(says), "{says:?} is not in {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_set_up_is_sound() {
    for db in [mariadb().await, sqlite()] {
        let rig = Rig::start(db).await;
        let ran = rig.run("doctor --json");
        assert_eq!(ran.code, 0, "{ran:?}");
        let checks = ran.json()["checks"].take();
        for check in checks.as_array().unwrap() {
            assert_eq!(check["status"], "ok", "{check}");
            for key in ["name", "message", "help"] {
                assert!(check.get(key).is_some());
            }
        }
        let names: Vec<&Value> = checks
            .as_array()
            .unwrap()
            .iter()
            .map(|check| &check["name"])
            .collect();
        assert_eq!(
            names,
            [
                "configuration",
                "database",
                "settings",
                "privileges",
                "schema",
                "rules",
                "columns",
                "impartner",
                "dialect",
                "fields_partners",
                "fields_contacts",
                "clock",
                "lms",
                "lms_group",
                "log",
                "terminal"
            ]
        );
        let human = rig.run("doctor");
        assert!(
            human
                .stdout
                .contains("ok       schema: The schema is current."),
            "{}",
            human.stdout
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_broken_set_up_is_named() {
    let rig = Rig::start(sqlite()).await;
    let with = |change: &[(&str, &str)]| {
        let env = rig.env();
        let mut env: Vec<(&str, &str)> = env
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        env.retain(|(name, _)| !change.iter().any(|(changed, _)| changed == name));
        env.extend(change.iter().filter(|(_, value)| !value.is_empty()));
        rig.place.run_args(&["doctor", "--json"], &env)
    };
    names(
        &with(&[("PRMDESK_DATABASE_URL", "")]),
        1,
        "database",
        "failure",
        "No database is configured",
    );
    names(
        &with(&[("PRMDESK_DATABASE_URL", "mysql://u:hush@127.0.0.1:1/x")]),
        1,
        "database",
        "failure",
        "127.0.0.1:1",
    );
    names(
        &with(&[("PRMDESK_IMPARTNER_API_KEY", "wrong")]),
        1,
        "impartner",
        "failure",
        "401",
    );
    names(
        &with(&[("PRMDESK_IMPARTNER_API_KEY", "")]),
        1,
        "impartner",
        "failure",
        "key",
    );
    names(
        &with(&[("PRMDESK_IMPARTNER_URL", "http://127.0.0.1:1")]),
        1,
        "impartner",
        "failure",
        "check impartner.url",
    );
    names(
        &with(&[("PRMDESK_LMS_API_KEY", "wrong")]),
        1,
        "lms",
        "failure",
        "401",
    );
    names(
        &with(&[("PRMDESK_LMS_API_KEY", "")]),
        0,
        "lms",
        "warning",
        "No LMS key",
    );
    for (text, code, name, status, says) in [
        (
            "impartner.page_sise = 3",
            1,
            "configuration",
            "failure",
            "page_size",
        ),
        (
            "lms.all_partners_group = 'Nobody'",
            1,
            "lms_group",
            "failure",
            "\"Nobody\"",
        ),
        (
            "mapping.partners.country = 'Land'",
            1,
            "fields_partners",
            "failure",
            "Land (for country",
        ),
        (
            "mapping.contacts.phone = 'Fone'",
            1,
            "fields_contacts",
            "failure",
            "Fone (for phone; the nearest is ",
        ),
        (
            "mapping.certifications.total_npcu = 'Sum__cf'",
            0,
            "fields_partners",
            "warning",
            "Sum__cf",
        ),
        (
            "log.dir = '/proc/nowhere'",
            0,
            "log",
            "warning",
            "/proc/nowhere",
        ),
    ] {
        rig.place.write("prmdesk.toml", text);
        names(&with(&[]), code, name, status, says);
    }
    rig.place.write("prmdesk.toml", "[serve]\ntoken = 'hush'");
    let others_read = with(&[]);
    names(&others_read, 0, "configuration", "warning", "chmod 600");
    assert!(!others_read.stdout.contains("hush"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_the_schema_is_named() {
    let rig = Rig::bare(mariadb().await).await;
    names(
        &rig.run("doctor --json"),
        1,
        "schema",
        "failure",
        "prmdesk migrate",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_stand_in_the_way_are_named() {
    for db in both().await {
        let rig = Rig::start(db).await;
        rig.db
            .run("ALTER TABLE contacts ADD COLUMN note VARCHAR(20) NOT NULL DEFAULT 'x'")
            .await;
        names(
            &rig.run("doctor --json"),
            0,
            "columns",
            "ok",
            "Every column",
        );
        if rig.is_mariadb() {
            rig.db
                .run("ALTER TABLE contacts MODIFY last_name VARCHAR(100) CHARACTER SET latin1 NULL")
                .await;
            let ran = rig.run("doctor --json");
            names(&ran, 0, "columns", "warning", "contacts.last_name (latin1)");
            rig.db
                .run("ALTER TABLE contacts ADD COLUMN branch INT NOT NULL")
                .await;
        } else {
            // SQLite adds no such column to a table that is there.
            rig.db.run("DROP TABLE contacts").await;
            rig.db
                .run(
                    "CREATE TABLE contacts (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, branch INT NOT NULL, \
                     partner_id INTEGER REFERENCES partners (id))",
                )
                .await;
        }
        let ran = rig.run("doctor --json");
        names(
            &ran,
            1,
            "columns",
            "failure",
            "contacts.branch must have a value",
        );
        // And so it is.
        if rig.is_mariadb() {
            let report = rig.json(4, "sync --mode full --yes");
            assert_eq!(
                report["applied"]["contacts"]["add"], 0,
                "{}",
                report["failed"][0]
            );
            rig.db
                .run(
                    "CREATE TRIGGER fill BEFORE INSERT ON contacts FOR EACH ROW SET NEW.branch = 7",
                )
                .await;
            names(&rig.run("doctor --json"), 0, "columns", "warning", "latin1");
        }
    }
}

#[test]
fn nothing_configured_at_all_is_still_an_answer() {
    let ran = Place::new().run("doctor --json");
    names(&ran, 1, "database", "failure", "prmdesk init");
    names(&ran, 1, "impartner", "failure", "PRMDESK_IMPARTNER_API_KEY");
}
