//! `lms refresh` against the stand-in LMS, on both engines.

mod adopted;
mod odd;
mod scale;

use prmdesk::progress::{Progress, RunEvent};
use prmdesk::sandbox::{Act, Course, Fault, Group, Transcript};
use prmdesk::values::Transcripts;

use crate::mariadb::{both, sqlite};
use crate::offboard::rig::{ACME, BETA, Rig};

/// What the three tables hold, but the times.
async fn tables(rig: &Rig) -> Vec<String> {
    let mut rows = Vec::new();
    for sql in [
        "SELECT id, email, status FROM lms_users ORDER BY id",
        "SELECT id, name, CAST(partner_id AS CHAR) FROM lms_groups ORDER BY id",
        "SELECT group_id, user_id FROM lms_group_members ORDER BY group_id, user_id",
    ] {
        rows.extend(rig.db.rows(sql).await);
    }
    rows
}

#[tokio::test]
async fn a_refresh_reads_and_links_and_a_second_one_changes_nothing() {
    for db in both().await {
        let rig = Rig::new(db).await;
        rig.db
            .run("UPDATE contacts SET lms_user_id = 'u-old' WHERE id = 15")
            .await;
        let done = rig.refresh().await;
        assert_eq!((done.people, done.groups, done.memberships), (9, 3, 17));
        assert_eq!(done.contacts_linked, 6);
        assert_eq!(done.groups_linked, 2);
        let links = rig
            .db
            .rows("SELECT id, lms_user_id FROM contacts ORDER BY id")
            .await;
        assert_eq!(
            links,
            [
                "11|u1", "12|u2", "13|u3", "14|u4", "15|u-old", "16|u6", "17|u7"
            ],
            "an existing link stays; case does not count"
        );
        let groups = rig
            .db
            .rows("SELECT id, CAST(partner_id AS CHAR) FROM lms_groups ORDER BY id")
            .await;
        assert_eq!(groups, ["g-acme|1", "g-all|-", "g-beta|2"]);

        let before = tables(&rig).await;
        let again = rig.refresh().await;
        assert_eq!(
            (again.changed, again.contacts_linked, again.groups_linked),
            (0, 0, 0)
        );
        assert_eq!(tables(&rig).await, before);
    }
}

#[tokio::test]
async fn people_and_groups_that_go_and_come_are_followed() {
    for db in both().await {
        let rig = Rig::new(db).await;
        rig.refresh().await;
        {
            let mut world = rig.sandbox.world();
            let lms = world.lms_mut();
            lms.groups.remove(ACME);
            lms.people.remove("u9");
            lms.groups.get_mut("g-all").unwrap().members.remove("u9");
            lms.groups.get_mut(BETA).unwrap().name = "Renamed".into();
            let gamma = Group {
                id: "g-gamma".into(),
                name: "gamma".into(),
                members: ["u7".to_owned()].into(),
            };
            lms.groups.insert("g-gamma".into(), gamma);
        }
        let done = rig.refresh().await;
        assert_eq!(done.groups_linked, 1);
        let groups = rig
            .db
            .rows("SELECT id, name, CAST(partner_id AS CHAR), deleted_at IS NOT NULL FROM lms_groups ORDER BY id")
            .await;
        assert_eq!(
            groups,
            [
                "g-acme|ptr_ACME|1|1",
                "g-all|All Partners|-|0",
                "g-beta|Renamed|2|0",
                "g-gamma|gamma|3|0"
            ],
            "a link outlives a new name, and a row its group"
        );
        assert_eq!(
            rig.db
                .one("SELECT status FROM lms_users WHERE id = 'u9'")
                .await,
            "deleted"
        );
        assert_eq!(
            rig.db
                .one("SELECT COUNT(*) FROM lms_group_members WHERE user_id = 'u9'")
                .await,
            "0"
        );
    }
}

#[tokio::test]
async fn a_partial_read_never_empties_a_table() {
    for db in both().await {
        let rig = Rig::new(db).await;
        rig.refresh().await;
        let before = tables(&rig).await;
        let status = |status| Act::Status {
            status,
            retry_after: None,
            message: None,
        };
        for (act, path, code) in [
            (status(401), "/people", "lms_unauthorized"),
            (status(403), "/memberships", "lms"),
            (Act::EmptyPage { count: None }, "/v2/people", "lms_empty"),
            (Act::EmptyPage { count: None }, "/v2/groups", "lms_empty"),
            (Act::NullData, "/v2/groups", "lms"),
        ] {
            let fault = rig
                .sandbox
                .faults()
                .lms(Fault::new(act.clone()).path(path).always());
            let error = rig
                .desk
                .lms_refresh(Transcripts::No, &Progress::silent())
                .await
                .unwrap_err();
            assert_eq!(error.code, code, "{act:?} at {path}: {error}");
            assert_eq!(tables(&rig).await, before, "{act:?} at {path}");
            rig.sandbox.faults().remove(fault);
        }
        // A listing that leaves people or groups out: they answer by id, so they are not gone.
        for path in ["/v2/people", "/v2/groups"] {
            let act = Act::ShortPage { drop: 2 };
            let fault = rig
                .sandbox
                .faults()
                .lms(Fault::new(act).path(path).listings().always());
            rig.refresh().await;
            assert_eq!(tables(&rig).await, before, "short at {path}");
            rig.sandbox.faults().remove(fault);
        }
        // A membership listing that is short of what the group says: kept, and said.
        rig.sandbox.faults().lms(
            Fault::new(Act::ShortPage { drop: 2 })
                .path("g-acme/memberships")
                .always(),
        );
        let done = rig.refresh().await;
        assert_eq!(done.warnings.len(), 1);
        assert!(done.warnings[0].contains("3 of 5"), "{:?}", done.warnings);
        assert_eq!(tables(&rig).await, before);
    }
}

#[tokio::test]
async fn passing_troubles_are_waited_out_with_progress() {
    let rig = Rig::new(sqlite()).await;
    for act in [
        Act::Reset,
        Act::Html,
        Act::Status {
            status: 429,
            retry_after: None,
            message: None,
        },
    ] {
        rig.sandbox.faults().lms(Fault::new(act));
    }
    let (progress, mut events) = Progress::channel();
    rig.desk
        .lms_refresh(Transcripts::No, &progress)
        .await
        .unwrap();
    drop(progress);
    let mut counted = Vec::new();
    while let Some(event) = events.recv().await {
        if let RunEvent::Working { what, done, .. } = event {
            counted.push((what, done));
        }
    }
    assert!(counted.contains(&("people".into(), 9)), "{counted:?}");
    assert!(counted.contains(&("memberships".into(), 3)), "{counted:?}");
}

#[tokio::test]
async fn a_refused_write_takes_no_lease_and_a_busy_lease_is_told() {
    let rig = Rig::new(sqlite()).await;
    let reader = rig.other(|c| c.read_only = true).await;
    let silent = Progress::silent();
    let error = reader
        .lms_refresh(Transcripts::No, &silent)
        .await
        .unwrap_err();
    assert_eq!(error.code, "read_only");
    let keyless = rig.other(|c| c.lms.api_key = None).await;
    let error = keyless
        .lms_refresh(Transcripts::No, &silent)
        .await
        .unwrap_err();
    assert_eq!((error.code, error.kind.exit_code()), ("lms_key_missing", 2));

    rig.sandbox.faults().lms(Fault::new(Act::Hang));
    let desk = rig.desk.clone();
    let slow =
        tokio::spawn(async move { desk.lms_refresh(Transcripts::No, &Progress::silent()).await });
    while rig.sandbox.log().is_empty() {
        tokio::task::yield_now().await;
    }
    let error = rig.desk.run_cases(None, &silent).await;
    assert!(error.unwrap().is_empty(), "nothing to run needs no lease");
    let error = rig
        .desk
        .lms_refresh(Transcripts::No, &silent)
        .await
        .unwrap_err();
    assert_eq!(error.kind.exit_code(), 6, "{error}");
    slow.abort();
}

#[tokio::test]
async fn transcripts_of_everybody_concerned_or_of_one_partner() {
    for db in both().await {
        let rig = Rig::new(db).await;
        {
            let mut world = rig.sandbox.world();
            let lms = world.lms_mut();
            for (id, npcu) in [("k1", Some(2)), ("k2", Some(0)), ("k3", None)] {
                let course = Course {
                    id: id.into(),
                    name: format!("Course {id}"),
                    npcu,
                };
                lms.courses.insert(id.into(), course);
            }
            for person in ["u4", "u5", "u7", "u8"] {
                let line = |id: &str, kind: &str, course: &str, status: &str| Transcript {
                    // The same id for everybody: nothing promises that they are unique.
                    id: id.into(),
                    resource_type: kind.into(),
                    resource_id: course.into(),
                    progress_status: status.into(),
                    ..Transcript::default()
                };
                let lines = vec![
                    line("t1", "course", "k1", "completed"),
                    line("t2", "course", "k2", "in_progress"),
                    line("t3", "learning_path", "p1", "completed"),
                ];
                lms.transcripts.insert(person.into(), lines);
            }
        }
        let silent = Progress::silent();
        let done = rig
            .desk
            .lms_refresh(Transcripts::All, &silent)
            .await
            .unwrap();
        assert_eq!(done.courses, 3);
        assert_eq!(
            done.transcripts, 4,
            "u4, u5, u6 of Beta's group and u7; u8 counts for nobody"
        );
        let of = "SELECT user_id, course_id, status FROM lms_enrollments ORDER BY 1, 2";
        assert_eq!(
            rig.db.rows(of).await,
            [
                "u4|k1|completed",
                "u4|k2|in_progress",
                "u5|k1|completed",
                "u5|k2|in_progress",
                "u7|k1|completed",
                "u7|k2|in_progress"
            ]
        );
        let values = rig
            .db
            .rows("SELECT id, CAST(npcu_value AS CHAR) FROM lms_courses ORDER BY id")
            .await;
        assert_eq!(
            values,
            ["k1|2", "k2|0", "k3|0"],
            "403 on one course is no failure"
        );
        let again = rig
            .desk
            .lms_refresh(Transcripts::All, &silent)
            .await
            .unwrap();
        assert_eq!(again.changed, 0);

        rig.sandbox
            .world()
            .lms_mut()
            .transcripts
            .get_mut("u7")
            .unwrap()
            .remove(0);
        rig.sandbox
            .world()
            .lms_mut()
            .transcripts
            .get_mut("u5")
            .unwrap()[1]
            .progress_status = "completed".into();
        rig.sandbox.log().clear();
        let one = rig
            .desk
            .lms_refresh(Transcripts::Partner(2), &silent)
            .await
            .unwrap();
        assert_eq!((one.transcripts, one.changed), (3, 1));
        let asked = rig.sandbox.log().matching(|e| e.path.contains("u7"));
        assert!(asked.is_empty(), "only the people concerned");
        assert_eq!(
            rig.db
                .one("SELECT status FROM lms_enrollments WHERE user_id = 'u5' AND course_id = 'k2'")
                .await,
            "completed"
        );
        let error = rig
            .desk
            .lms_refresh(Transcripts::Partner(99), &silent)
            .await
            .unwrap_err();
        assert_eq!(error.kind.exit_code(), 2);
    }
}
