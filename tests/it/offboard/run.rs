//! Execution and restoration.

use prmdesk::error::Kind;
use prmdesk::progress::Progress;
use prmdesk::sandbox::{Act, Fault};
use prmdesk::values::{CaseState, StepState};

use super::rig::{ACME, ALL, BETA, Rig, brief, states};
use crate::mariadb::{both, sqlite};

#[tokio::test]
async fn a_contact_and_a_partner_leave_and_come_back() {
    for db in both().await {
        let rig = Rig::new(db).await;
        rig.swept().await;
        let acme = rig.case_of("Acme").await.case_id;
        let u6 = rig.case_of("U6@X.example").await.case_id;
        rig.approve(acme).await;
        rig.approve(u6).await;
        let cases = rig.run().await;
        assert_eq!(states(&cases), [CaseState::Done, CaseState::Done]);
        assert_eq!(rig.members(ALL), "4 5 7 8", "u4 is protected");
        assert_eq!(rig.members(ACME), "gone");
        assert_eq!(rig.members(BETA), "4 5");
        let order: Vec<String> = rig
            .writes()
            .iter()
            .map(|e| format!("{} {}", e.method, e.path))
            .collect();
        assert_eq!(
            order,
            [
                "DELETE /v2/groups/g-all/relationships/people",
                "DELETE /v2/groups/g-acme",
                "DELETE /v2/groups/g-beta/relationships/people",
                "DELETE /v2/groups/g-all/relationships/people",
            ],
            "members leave first and in one batch, the group goes last"
        );
        assert!(rig.run().await.is_empty(), "nothing is run twice");
        assert_eq!(
            rig.desk.sweep().await.unwrap(),
            0,
            "nothing of Acme is left over"
        );

        let back = rig
            .desk
            .restore_case(acme, &Progress::silent())
            .await
            .unwrap();
        assert_eq!(back.state, CaseState::Restored);
        assert_eq!(
            back.note.as_deref(),
            Some("they left"),
            "who approved stays"
        );
        let note = back.last.unwrap().note.unwrap();
        assert!(note.contains("new id") && note.contains(ACME), "{note}");
        assert_eq!(rig.members(ALL), "1 2 3 4 5 7 8 9");
        let new = rig
            .sandbox
            .world()
            .lms()
            .group_named("ptr_ACME")
            .unwrap()
            .id
            .clone();
        assert_eq!(rig.members(&new), "1 2 3 4 9");
        assert_eq!(
            rig.db
                .one(&format!(
                    "SELECT partner_id FROM lms_groups WHERE id = '{new}'"
                ))
                .await,
            "1"
        );

        rig.desk
            .restore_case(u6, &Progress::silent())
            .await
            .unwrap();
        assert_eq!(rig.members(BETA), "4 5 6");
        assert_eq!(rig.members(ALL), "1 2 3 4 5 6 7 8 9");
        let error = rig
            .desk
            .restore_case(u6, &Progress::silent())
            .await
            .unwrap_err();
        assert_eq!(error.kind, Kind::Blocked);
        let runs = rig
            .db
            .rows("SELECT kind, status FROM sync_runs ORDER BY run_id")
            .await;
        assert_eq!(
            runs,
            [
                "lms_refresh|applied",
                "offboard|applied",
                "restore|applied",
                "restore|applied"
            ]
        );
    }
}

#[tokio::test]
async fn anything_new_goes_back_to_pending_and_what_left_is_no_matter() {
    for db in both().await {
        let rig = Rig::new(db).await;
        rig.swept().await;
        let acme = rig.case_of("Acme").await.case_id;
        rig.approve(acme).await;
        rig.add(ACME, "u7");
        let cases = rig.run().await;
        assert_eq!(states(&cases), [CaseState::Pending]);
        assert!(rig.writes().is_empty(), "what nobody approved does not run");
        let event = rig
            .db
            .one(&format!(
                "SELECT note FROM offboarding_events WHERE case_id = {acme} ORDER BY event_id DESC LIMIT 1"
            ))
            .await;
        assert!(
            event.contains("u7@x.example is now in All Partners")
                || event.contains("more in the group"),
            "{event}"
        );
        rig.desk.case(acme).await.unwrap();
        rig.remove(ACME, "u7");
        rig.approve(acme).await;
        rig.remove(ALL, "u2");
        assert_eq!(states(&rig.run().await), [CaseState::Done]);
        assert_eq!(rig.members(ALL), "4 5 6 7 8");
        rig.only_acme_was_touched();
        rig.desk
            .restore_case(acme, &Progress::silent())
            .await
            .unwrap();
        assert_eq!(
            rig.members(ALL),
            "1 3 4 5 6 7 8 9",
            "u2 was not in it when it ran"
        );
    }
}

#[tokio::test]
async fn all_partners_is_never_deleted_whatever_our_tables_say() {
    let rig = Rig::new(sqlite()).await;
    rig.swept().await;
    rig.db
        .run("UPDATE lms_groups SET partner_id = 1 WHERE id = 'g-all'")
        .await;
    let acme = rig.case_of("Acme").await.case_id;
    rig.approve(acme).await;
    assert_eq!(states(&rig.run().await), [CaseState::Done]);
    let steps = rig.case_of("Acme").await.steps;
    assert!(
        brief(&steps).contains(&"delete g-all: skipped".to_owned()),
        "{steps:?}"
    );
    assert_eq!(rig.members(ALL), "4 5 6 7 8");
    rig.only_acme_was_touched();
}

#[tokio::test]
async fn a_group_that_becomes_all_partners_by_name_is_left_alone() {
    let rig = Rig::new(sqlite()).await;
    rig.swept().await;
    let acme = rig.case_of("Acme").await.case_id;
    rig.approve(acme).await;
    rig.sandbox
        .world()
        .lms_mut()
        .groups
        .get_mut(ACME)
        .unwrap()
        .name = "ALL  partners".into();
    rig.run().await;
    assert_ne!(rig.members(ACME), "gone");
    assert!(rig.writes().iter().all(|e| !e.path.ends_with(ACME)));
}

#[tokio::test]
async fn a_refused_key_half_way_stops_cleanly_and_can_be_resumed() {
    for db in both().await {
        let rig = Rig::new(db).await;
        rig.swept().await;
        let acme = rig.case_of("Acme").await.case_id;
        let u6 = rig.case_of("U6@X.example").await.case_id;
        rig.approve(acme).await;
        rig.approve(u6).await;
        let refused = Act::Status {
            status: 401,
            retry_after: None,
            message: None,
        };
        let fault = rig
            .sandbox
            .faults()
            .lms(Fault::new(refused).method("DELETE").path(ACME).always());
        let error = rig
            .desk
            .run_cases(None, &Progress::silent())
            .await
            .unwrap_err();
        assert_eq!(error.code, "lms_unauthorized");
        let case = rig.case_of("Acme").await;
        assert_eq!(case.state, CaseState::Failed);
        assert_eq!(case.steps.last().unwrap().state, StepState::Planned);
        assert_eq!(
            rig.case_of("U6@X.example").await.state,
            CaseState::Approved,
            "waits"
        );
        assert_ne!(rig.members(ACME), "gone", "401 is not gone");
        rig.sandbox.faults().remove(fault);
        assert_eq!(states(&rig.run().await), [CaseState::Done, CaseState::Done]);
        assert_eq!(rig.members(ACME), "gone");
    }
}

#[tokio::test]
async fn a_failed_removal_keeps_the_group() {
    let rig = Rig::new(sqlite()).await;
    rig.swept().await;
    let acme = rig.case_of("Acme").await.case_id;
    rig.approve(acme).await;
    let refused = Act::Status {
        status: 422,
        retry_after: None,
        message: Some("not today".into()),
    };
    let fault = rig.sandbox.faults().lms(
        Fault::new(refused)
            .method("DELETE")
            .path("relationships")
            .always(),
    );
    let cases = rig.run().await;
    assert_eq!(states(&cases), [CaseState::Failed]);
    let step = &cases[0].steps[0];
    assert!(
        step.note.as_deref().unwrap().contains("not today"),
        "{step:?}"
    );
    assert_ne!(
        rig.members(ACME),
        "gone",
        "deleted last, and only if every removal is done"
    );
    rig.sandbox.faults().remove(fault);
    assert_eq!(states(&rig.run().await), [CaseState::Done]);
    rig.only_acme_was_touched();
}

#[tokio::test]
async fn unclear_answers_are_settled_by_reading_again() {
    for act in [
        Act::ApplyThenReset,
        Act::ApplyThenStatus { status: 502 },
        Act::HalfBatch { status: 500 },
        Act::Reset,
        Act::Status {
            status: 429,
            retry_after: None,
            message: None,
        },
    ] {
        let rig = Rig::new(sqlite()).await;
        rig.swept().await;
        let acme = rig.case_of("Acme").await.case_id;
        rig.approve(acme).await;
        for path in ["relationships", ACME] {
            rig.sandbox
                .faults()
                .lms(Fault::new(act.clone()).method("DELETE").path(path));
        }
        let cases = rig.run().await;
        assert_eq!(
            states(&cases),
            [CaseState::Done],
            "{act:?}: {:?}",
            cases[0].steps
        );
        assert_eq!(rig.members(ALL), "4 5 6 7 8", "{act:?}");
        assert_eq!(rig.members(ACME), "gone", "{act:?}");
        rig.only_acme_was_touched();
    }
}

#[tokio::test]
async fn a_restore_is_resumed_and_never_makes_a_group_twice() {
    for act in [
        Act::ApplyThenReset,
        Act::ApplyThenStatus { status: 500 },
        Act::Reset,
    ] {
        let rig = Rig::new(sqlite()).await;
        rig.swept().await;
        let acme = rig.case_of("Acme").await.case_id;
        rig.approve(acme).await;
        rig.run().await;
        rig.sandbox
            .faults()
            .lms(Fault::new(act.clone()).method("POST").path("relationships"));
        rig.sandbox
            .faults()
            .lms(Fault::new(act.clone()).method("POST"));
        let first = rig.desk.restore_case(acme, &Progress::silent()).await;
        if first.is_err() {
            rig.desk
                .restore_case(acme, &Progress::silent())
                .await
                .unwrap();
        }
        let world = rig.sandbox.world();
        let groups = world.lms().groups.values().filter(|g| g.name == "ptr_ACME");
        assert_eq!(groups.count(), 1, "{act:?}");
        drop(world);
        assert_eq!(rig.members(ALL), "1 2 3 4 5 6 7 8 9", "{act:?}");
    }
}

#[tokio::test]
async fn a_person_who_left_the_lms_is_named_by_the_restore() {
    let rig = Rig::new(sqlite()).await;
    rig.swept().await;
    let acme = rig.case_of("Acme").await.case_id;
    rig.approve(acme).await;
    rig.run().await;
    rig.sandbox.world().lms_mut().people.remove("u2");
    let error = rig
        .desk
        .restore_case(acme, &Progress::silent())
        .await
        .unwrap_err();
    assert!(error.message.contains("u2@x.example"), "{error}");
    assert_eq!(rig.members(ALL), "1 3 4 5 6 7 8 9", "the others are back");
}
