//! `lms refresh` into the tables of a portal (tests/adopted): unique e-mails that must not be NULL, foreign keys, dates that
//! end in 2038. Whatever the LMS sends, what can be stored is stored and the rest is named.

use prmdesk::progress::Progress;
use prmdesk::sandbox::{Course, Group, LmsWorld, Person, Transcript};
use prmdesk::store::Engine;
use prmdesk::values::{LmsRefreshed, RunStatus, Transcripts};

use crate::adopted;
use crate::offboard::rig::{ACME, ALL, BETA, Rig};

fn person(id: &str, email: &str) -> Person {
    Person {
        id: id.into(),
        email: email.into(),
        ..Person::default()
    }
}

fn edit(rig: &Rig, change: impl FnOnce(&mut LmsWorld)) {
    change(rig.sandbox.world().lms_mut());
}

/// Table and id of what could not be stored.
fn failed(done: &LmsRefreshed) -> Vec<String> {
    let named = done.failed.iter();
    named
        .map(|row| format!("{} {}", row.table, row.id))
        .collect()
}

async fn people(rig: &Rig) -> Vec<String> {
    let sql = "SELECT id, email, status FROM lms_users ORDER BY id";
    rig.db.rows(sql).await
}

#[tokio::test]
async fn addresses_that_change_hands_are_followed() {
    for db in adopted::on_both().await {
        let rig = Rig::new(db).await;
        let first = rig.refresh().await;
        assert_eq!((first.people, failed(&first)), (9, vec![]));
        edit(&rig, |lms| {
            // Made anew under another id; two who swapped; a ring of three of whom one is gone.
            lms.people.remove("u1");
            lms.people.insert("v1".into(), person("v1", "u1@x.example"));
            for group in lms.groups.values_mut() {
                if group.members.remove("u1") {
                    group.members.insert("v1".into());
                }
            }
            lms.people.get_mut("u2").unwrap().email = "u3@x.example".into();
            lms.people.get_mut("u3").unwrap().email = "u2@x.example".into();
            lms.people.get_mut("u4").unwrap().email = "U5@x.example".into();
            lms.people.get_mut("u5").unwrap().email = "u6@x.example".into();
            lms.people.remove("u6");
            lms.groups.values_mut().for_each(|group| {
                group.members.remove("u6");
            });
        });
        let done = rig.refresh().await;
        assert_eq!(failed(&done), Vec::<String>::new());
        assert_eq!((done.gone.people, done.gone.groups), (2, 0));
        assert_eq!(
            people(&rig).await,
            [
                "u1|u1@gone.invalid|deleted",
                "u2|u3@x.example|active",
                "u3|u2@x.example|active",
                "u4|U5@x.example|active",
                "u5|u6@x.example|active",
                "u6|u6@gone.invalid|deleted",
                "u7|u7@x.example|active",
                "u8|u8@x.example|active",
                "u9|u9@x.example|active",
                "v1|u1@x.example|active",
            ]
        );
        let again = rig.refresh().await;
        assert_eq!((again.changed, again.gone.people), (0, 0));

        // Back under the old id.
        edit(&rig, |lms| {
            lms.people
                .insert("u6".into(), person("u6", "late@x.example"));
        });
        let back = rig.refresh().await;
        assert_eq!(back.changed, 1);
        assert!(
            people(&rig)
                .await
                .contains(&"u6|late@x.example|active".to_owned())
        );
    }
}

#[tokio::test]
async fn who_cannot_be_stored_is_named_and_the_others_are_stored() {
    for db in adopted::on_both().await {
        let rig = Rig::new(db).await;
        let twin = if rig.db.engine == Engine::MariaDb {
            // The column's collation ignores accents.
            "ú8@x.example"
        } else {
            "U8@X.EXAMPLE"
        };
        edit(&rig, |lms| {
            lms.people.insert("w1".into(), person("w1", twin));
            lms.people.insert("w2".into(), person("w2", ""));
            lms.groups
                .get_mut(BETA)
                .unwrap()
                .members
                .insert("w1".into());
            lms.groups
                .get_mut(BETA)
                .unwrap()
                .members
                .insert("ghost".into());
        });
        for _ in 0..2 {
            let done = rig.refresh().await;
            assert_eq!(
                failed(&done),
                [
                    "lms_users w2",
                    "lms_users w1",
                    "lms_group_members g-beta/ghost",
                    "lms_group_members g-beta/w1"
                ]
            );
            let said: Vec<&str> = done.failed.iter().map(|row| row.message.as_str()).collect();
            assert!(
                said[0].contains("no e-mail") && said[0].contains("No row was made"),
                "{said:?}"
            );
            assert!(!said[1].is_empty() && !said[2].is_empty(), "{said:?}");
            assert_eq!(rig.db.one("SELECT COUNT(*) FROM lms_users").await, "9");
            assert_eq!(
                rig.db.one("SELECT COUNT(*) FROM lms_group_members").await,
                "17",
                "everybody else's"
            );
        }
        let run = &rig
            .desk
            .status(prmdesk::desk::Probe::Stored)
            .await
            .unwrap()
            .last_runs[0];
        assert_eq!(run.status, RunStatus::Partial);

        // A row that a trigger keeps as it is: who wanted its address is named too, and it has its own again.
        rig.db
            .run("UPDATE lms_users SET theme = 'frozen' WHERE id = 'u7'")
            .await;
        edit(&rig, |lms| {
            lms.people.remove("w1");
            lms.people.remove("w2");
            lms.groups.get_mut(BETA).unwrap().members.remove("w1");
            lms.groups.get_mut(BETA).unwrap().members.remove("ghost");
            lms.people.get_mut("u7").unwrap().email = "new@x.example".into();
        });
        let done = rig.refresh().await;
        assert_eq!(failed(&done), ["lms_users u7"]);
        assert_eq!(done.failed[0].message, "this address is frozen");
        assert!(
            people(&rig)
                .await
                .contains(&"u7|u7@x.example|active".to_owned())
        );
    }
}

#[tokio::test]
async fn a_member_whom_the_listing_leaves_out_is_asked_for() {
    for db in adopted::on_both().await {
        let rig = Rig::new(db).await;
        let act = prmdesk::sandbox::Act::ShortPage { drop: 3 };
        rig.sandbox.faults().lms(
            prmdesk::sandbox::Fault::new(act)
                .path("/v2/people")
                .listings()
                .always(),
        );
        let done = rig.refresh().await;
        assert_eq!(
            (done.people, done.memberships, failed(&done)),
            (9, 17, vec![])
        );
    }
}

#[tokio::test]
async fn what_a_portal_keeps_with_people_and_groups_stays() {
    for db in adopted::on_both().await {
        let rig = Rig::new(db).await;
        rig.refresh().await;
        rig.db
            .run(
                "UPDATE lms_groups SET seats = 77, billing_code = 'B-1' WHERE id = 'g-acme'; \
                 INSERT INTO group_settings (group_id, branding) VALUES ('g-acme', 'red'); \
                 UPDATE lms_users SET theme = 'dark' WHERE id = 'u9'; \
                 INSERT INTO user_badges (user_id, badge) VALUES ('u9', 'gold')",
            )
            .await;
        edit(&rig, |lms| {
            lms.groups.remove(ACME);
            lms.people.remove("u9");
            lms.groups.get_mut(ALL).unwrap().members.remove("u9");
        });
        let done = rig.refresh().await;
        assert_eq!(
            (done.gone.people, done.gone.groups, failed(&done)),
            (1, 1, vec![])
        );
        let group = "SELECT name, seats, billing_code, deleted_at IS NOT NULL FROM lms_groups WHERE id = 'g-acme'";
        assert_eq!(rig.db.one(group).await, "ptr_ACME|77|B-1|1");
        assert_eq!(
            rig.db
                .one("SELECT theme, status FROM lms_users WHERE id = 'u9'")
                .await,
            "dark|deleted"
        );
        assert_eq!(
            rig.db
                .one("SELECT COUNT(*) FROM lms_group_members WHERE group_id = 'g-acme'")
                .await,
            "0"
        );
        let again = rig.refresh().await;
        assert_eq!((again.changed, again.gone.groups), (0, 0), "gone once");

        edit(&rig, |lms| {
            lms.groups.insert(
                ACME.into(),
                Group {
                    id: ACME.into(),
                    name: "ptr_ACME".into(),
                    members: ["u2".to_owned()].into(),
                },
            );
        });
        rig.refresh().await;
        assert_eq!(rig.db.one(group).await, "ptr_ACME|77|B-1|0");
    }
}

#[tokio::test]
async fn transcripts_are_stored_as_far_as_the_columns_reach() {
    for db in adopted::on_both().await {
        let mariadb = db.engine == Engine::MariaDb;
        let rig = Rig::new(db).await;
        rig.db
            .run("INSERT INTO lms_courses (id, name, npcu_value, catalogue_no) VALUES ('k2', 'Old name', 1.0, 'C-2')")
            .await;
        let at = |text: &str| Some(text.parse().unwrap());
        edit(&rig, |lms| {
            for (id, npcu) in [("k1", Some(2)), ("k2", Some(1))] {
                let name = "A course whose name is as long as names of courses tend to be when many people had their say in it".into();
                lms.courses.insert(
                    id.into(),
                    Course {
                        id: id.into(),
                        name,
                        npcu,
                    },
                );
            }
            let line = |id: &str, course: &str, status: &str| Transcript {
                id: id.into(),
                resource_type: "course".into(),
                resource_id: course.into(),
                progress_status: status.into(),
                ..Transcript::default()
            };
            lms.transcripts.insert(
                "u5".into(),
                vec![
                    Transcript {
                        completed_at: at("1969-07-20T20:17:40Z"),
                        expires_at: at("2040-01-01T00:00:00Z"),
                        ..line("t1", "k1", "completed")
                    },
                    Transcript {
                        completed_at: at("2026-01-02T03:04:05.678901Z"),
                        ..line("t2", "k2", "completed")
                    },
                    line("t3", "k2", "completed_with_great_distinction"),
                    line("t4", "nowhere", "completed"),
                ],
            );
        });
        let silent = Progress::silent();
        let done = rig
            .desk
            .lms_refresh(Transcripts::All, &silent)
            .await
            .unwrap();
        assert_eq!(
            failed(&done),
            ["lms_enrollments t3", "lms_enrollments t4"],
            "{:?}",
            done.failed
        );
        assert_eq!((done.courses, done.enrollments), (2, 4));
        let rows = rig
            .db
            .rows("SELECT id, status, completed_at, expires_at FROM lms_enrollments ORDER BY id")
            .await;
        let expected = if mariadb {
            [
                "t1|completed|1970-01-01 00:00:01|2038-01-19 03:14:07",
                "t2|completed|2026-01-02 03:04:05|-",
            ]
        } else {
            [
                "t1|completed|1969-07-20 20:17:40.000000|2040-01-01 00:00:00.000000",
                "t2|completed|2026-01-02 03:04:05.678901|-",
            ]
        };
        assert_eq!(rows, expected);
        let again = rig
            .desk
            .lms_refresh(Transcripts::All, &silent)
            .await
            .unwrap();
        assert_eq!(
            (again.changed, failed(&again).len()),
            (0, 2),
            "nothing is written twice"
        );
        assert_eq!(
            rig.db
                .one("SELECT catalogue_no FROM lms_courses WHERE id = 'k2'")
                .await,
            "C-2"
        );
        let store = rig.db.connect().await;
        let counts = store
            .cert_counts(&[2], "2026-06-01T00:00:00Z".parse().unwrap())
            .await
            .unwrap();
        assert_eq!((counts[0].count, counts[0].npcu), (2, 3));
    }
}

#[tokio::test]
async fn a_row_that_somebody_locks_costs_a_second_try_and_not_the_reading() {
    let rig = Rig::new(adopted::on_mariadb().await).await;
    // What a lock wait that ends looks like, once: the counter is in a table that no rollback takes back.
    rig.db
        .run(
            "CREATE TRIGGER lms_groups_locked BEFORE INSERT ON lms_groups FOR EACH ROW BEGIN \
               INSERT INTO page_views (path) VALUES ('locked'); \
               IF (SELECT COUNT(*) FROM page_views) = 1 THEN \
                 SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1205, MESSAGE_TEXT = 'Lock wait timeout exceeded'; \
               END IF; \
             END",
        )
        .await;
    rig.sandbox.log().clear();
    let done = rig.refresh().await;
    assert_eq!((done.people, done.groups, failed(&done)), (9, 3, vec![]));
    assert_eq!(rig.db.one("SELECT COUNT(*) FROM lms_users").await, "9");
    let listings = rig
        .sandbox
        .log()
        .matching(|entry| entry.path == "/v2/people");
    assert_eq!(listings.len(), 1, "nothing was read again");
}
