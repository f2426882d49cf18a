//! How cases come to be and who decides about them.

use prmdesk::error::Kind;
use prmdesk::progress::Progress;
use prmdesk::values::{CaseState, Terms};

use super::rig::{ACME, ALL, BETA, Rig, brief};
use crate::mariadb::{both, sqlite};

#[tokio::test]
async fn a_sweep_finds_leftovers_once_and_the_live_steps_are_exact() {
    for db in both().await {
        let rig = Rig::new(db).await;
        let cases = rig.swept().await;
        let names: Vec<&str> = cases.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(
            names,
            ["Acme", "u1@x.example", "u2@x.example", "U6@X.example"]
        );
        assert_eq!(rig.desk.sweep().await.unwrap(), 0, "one case a row");

        let acme = rig.desk.case(cases[0].case_id).await.unwrap();
        assert_eq!(
            brief(&acme.steps),
            [
                "remove u1 from g-all: planned",
                "remove u2 from g-all: planned",
                "remove u3 from g-all: planned",
                "remove u4 from g-all: skipped",
                "remove u9 from g-all: planned",
                "delete g-acme: planned",
            ]
        );
        assert_eq!(
            acme.steps[3].note.as_deref(),
            Some("protected: active contact of Beta  Société")
        );
        assert_eq!((acme.people, acme.foreign_members), (4, 2));
        assert_eq!(acme.steps[0].person.as_deref(), Some("u1@x.example"));

        let u6 = rig.desk.case(cases[3].case_id).await.unwrap();
        assert_eq!(
            brief(&u6.steps),
            [
                "remove u6 from g-beta: planned",
                "remove u6 from g-all: planned"
            ]
        );
        assert!(
            rig.writes().is_empty(),
            "looking changes nothing in the LMS"
        );
    }
}

#[tokio::test]
async fn a_list_has_the_steps_of_the_last_refresh_and_asks_nobody() {
    for db in both().await {
        let rig = Rig::new(db).await;
        rig.swept().await;
        let asked = rig.sandbox.log().matching(|_| true).len();
        let listed = rig.desk.cases(Some(CaseState::Pending)).await.unwrap();
        assert_eq!(rig.sandbox.log().matching(|_| true).len(), asked);
        for case in &listed {
            assert!(!case.steps.is_empty(), "{}", case.name);
            assert_eq!(&rig.desk.case(case.case_id).await.unwrap(), case);
        }

        // Nothing new is known without a refresh, and what was shown live stays in the list.
        rig.remove(ALL, "u1");
        rig.add(ACME, "u5");
        assert_eq!(rig.desk.cases(None).await.unwrap(), listed);
        let acme = rig.desk.case(listed[0].case_id).await.unwrap();
        assert_ne!(brief(&acme.steps), brief(&listed[0].steps));
        assert_eq!(rig.desk.cases(None).await.unwrap()[0], acme);

        // Held cases too; one whose record came back has nothing to lose.
        let u6 = listed[3].case_id;
        rig.desk.hold_cases(&[u6], "ask first").await.unwrap();
        assert!(
            !rig.desk.cases(Some(CaseState::Held)).await.unwrap()[0]
                .steps
                .is_empty()
        );
        rig.db
            .run("DELETE FROM offboarding_steps WHERE phase = 'remove'")
            .await;
        rig.db
            .run("UPDATE contacts SET is_active = TRUE WHERE id = 16")
            .await;
        assert!(
            rig.desk.cases(Some(CaseState::Held)).await.unwrap()[0]
                .steps
                .is_empty()
        );

        // Tables that know no “All Partners” plan what they know.
        let lost = rig
            .other(|c| c.lms.all_partners_group = "Everyone".into())
            .await;
        let listed = lost.cases(Some(CaseState::Pending)).await.unwrap();
        assert_eq!(brief(&listed[0].steps), ["delete g-acme: planned"]);
    }
}

#[tokio::test]
async fn a_look_at_many_cases_reads_the_large_group_once() {
    let rig = Rig::new(sqlite()).await;
    let cases = rig.swept().await;
    let ids: Vec<i64> = cases.iter().map(|case| case.case_id).collect();
    let all = format!("/v2/groups/{ALL}/memberships");
    rig.sandbox.log().clear();
    let live = rig
        .desk
        .cases_live(&ids, &Progress::silent())
        .await
        .unwrap();
    let read = rig.sandbox.log().matching(|entry| entry.path == all).len();
    assert_eq!(read, 1);
    for case in &live {
        assert_eq!(&rig.desk.case(case.case_id).await.unwrap(), case);
    }
}

#[tokio::test]
async fn nobody_but_a_named_person_with_a_note_approves() {
    for db in both().await {
        let rig = Rig::new(db).await;
        rig.swept().await;
        let id = rig.case_of("u1@x.example").await.case_id;

        let nameless = rig.other(|c| c.operator_named = false).await;
        for error in [
            nameless
                .approve(&[id], "left", &Terms::accepting(&[id]))
                .await
                .unwrap_err(),
            nameless.reject(&[id], "left").await.unwrap_err(),
            rig.desk
                .approve(&[id], "  ", &Terms::accepting(&[id]))
                .await
                .unwrap_err(),
            rig.desk
                .approve(&[9999], "left", &Terms::accepting(&[9999]))
                .await
                .unwrap_err(),
        ] {
            assert_eq!(error.kind.exit_code(), 2, "{error}");
        }
        let reader = rig.other(|c| c.read_only = true).await;
        for error in [
            reader
                .approve(&[id], "left", &Terms::accepting(&[id]))
                .await
                .unwrap_err(),
            reader
                .run_cases(None, &Progress::silent())
                .await
                .unwrap_err(),
            reader
                .restore_case(id, &Progress::silent())
                .await
                .unwrap_err(),
            reader.sweep().await.unwrap_err(),
        ] {
            assert_eq!(error.code, "read_only");
        }
        assert_eq!(rig.case_of("u1@x.example").await.state, CaseState::Pending);

        let case = rig
            .desk
            .approve(&[id], "left in May", &Terms::default())
            .await
            .unwrap()
            .remove(0);
        assert_eq!(case.state, CaseState::Approved);
        assert_eq!(case.decided_by.as_deref(), Some("ann"));
        assert_eq!(case.note.as_deref(), Some("left in May"));
        assert!(case.decided_at.is_some());
        let again = rig
            .desk
            .approve(&[id], "again", &Terms::default())
            .await
            .unwrap_err();
        assert_eq!(again.kind, Kind::Blocked);
    }
}

#[tokio::test]
async fn four_eyes_and_foreign_members_block_an_approval_whole() {
    let rig = Rig::with(sqlite(), |c| c.policy.four_eyes = true).await;
    rig.swept().await;
    let acme = rig.case_of("Acme").await.case_id;
    let u1 = rig.case_of("u1@x.example").await.case_id;
    let same = rig
        .desk
        .approve(&[u1], "left", &Terms::accepting(&[u1]))
        .await
        .unwrap_err();
    assert_eq!((same.kind, same.code), (Kind::Blocked, "four_eyes"));

    let bob = rig.other(|c| c.operator = "bob".into()).await;
    let foreign = bob
        .approve(&[u1, acme], "left", &Terms::default())
        .await
        .unwrap_err();
    assert_eq!(
        (foreign.kind, foreign.code),
        (Kind::Blocked, "foreign_members")
    );
    assert!(foreign.message.contains("u9@x.example"), "{foreign}");
    assert_eq!(
        rig.case_of("u1@x.example").await.state,
        CaseState::Pending,
        "all or none"
    );
    bob.approve(&[u1, acme], "left", &Terms::accepting(&[u1, acme]))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_rejection_stands_and_a_held_case_waits() {
    for db in both().await {
        let rig = Rig::new(db).await;
        rig.swept().await;
        let u1 = rig.case_of("u1@x.example").await.case_id;
        let u2 = rig.case_of("u2@x.example").await.case_id;
        rig.desk.reject(&[u1], "stays a trainer").await.unwrap();
        rig.desk.hold_cases(&[u2], "ask first").await.unwrap();
        assert_eq!(rig.desk.sweep().await.unwrap(), 0, "nobody asks again");
        assert!(
            rig.desk
                .run_cases(Some(&[u2]), &Progress::silent())
                .await
                .is_err()
        );
        let error = rig
            .desk
            .restore_case(u2, &Progress::silent())
            .await
            .unwrap_err();
        assert!(error.message.contains("nothing of it was run"), "{error}");
        assert!(
            rig.run().await.is_empty(),
            "nothing approved to run is no error"
        );
        rig.desk
            .approve(&[u2], "asked", &Terms::default())
            .await
            .unwrap();
        rig.desk.reject(&[u2], "no after all").await.unwrap();
        assert!(rig.run().await.is_empty());
        assert!(rig.writes().is_empty());
        let log = rig.desk.case_log(u2).await.unwrap();
        let moves: Vec<&str> = log.iter().map(|e| e.event.as_str()).collect();
        assert_eq!(moves, ["open", "hold", "approve", "reject"]);
        assert_eq!(log[3].note.as_deref(), Some("no after all"));
        assert_eq!(log[3].operator, "ann");
    }
}

#[tokio::test]
async fn a_record_that_came_back_makes_its_case_obsolete() {
    for db in both().await {
        let rig = Rig::new(db).await;
        rig.swept().await;
        let u1 = rig.case_of("u1@x.example").await.case_id;
        let u2 = rig.case_of("u2@x.example").await.case_id;
        rig.approve(u1).await;
        rig.db
            .run("UPDATE contacts SET is_active = TRUE WHERE id IN (11, 12)")
            .await;
        let error = rig
            .desk
            .approve(&[u2], "left", &Terms::default())
            .await
            .unwrap_err();
        assert_eq!(error.kind, Kind::Blocked);
        assert_eq!(rig.case_of("u2@x.example").await.state, CaseState::Obsolete);
        rig.run().await;
        assert_eq!(rig.case_of("u1@x.example").await.state, CaseState::Obsolete);
        let error = rig
            .desk
            .run_cases(Some(&[u1]), &Progress::silent())
            .await
            .unwrap_err();
        assert_eq!(error.kind.exit_code(), 3, "{error}");
        assert!(rig.writes().is_empty(), "an active person loses nothing");
    }
}

#[tokio::test]
async fn what_changed_since_it_was_shown_is_not_approved_blindly() {
    let rig = Rig::new(sqlite()).await;
    rig.swept().await;
    let acme = rig.case_of("Acme").await.case_id;
    rig.desk.case(acme).await.unwrap();
    rig.add(ACME, "u5");
    let error = rig
        .desk
        .approve(&[acme], "left", &Terms::accepting(&[acme]))
        .await
        .unwrap_err();
    assert_eq!((error.kind, error.code), (Kind::Blocked, "case_changed"));
    rig.desk.case(acme).await.unwrap();
    rig.approve(acme).await;
}

#[tokio::test]
async fn without_the_group_that_everybody_is_in_nothing_is_decided() {
    let rig = Rig::new(sqlite()).await;
    rig.swept().await;
    let acme = rig.case_of("Acme").await.case_id;
    let lost = rig
        .other(|c| c.lms.all_partners_group = "Everyone".into())
        .await;
    let error = lost
        .approve(&[acme], "left", &Terms::accepting(&[acme]))
        .await
        .unwrap_err();
    assert_eq!(error.code, "all_partners_missing");
    assert_eq!(rig.members(BETA), "4 5 6");
    assert_eq!(rig.members(ALL), "1 2 3 4 5 6 7 8 9");
}
