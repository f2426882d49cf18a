//! What is confirmed is what is done: two operators on one database and one LMS, where one acts between the other's
//! question and its answer.

use prmdesk::progress::Progress;
use prmdesk::sandbox::{Act, Fault};
use prmdesk::values::{CaseState, Terms};

use super::rig::{ACME, ALL, Rig};
use crate::mariadb::both;

#[tokio::test]
async fn what_another_was_shown_is_no_consent() {
    for db in both().await {
        let rig = Rig::new(db).await;
        rig.swept().await;
        let acme = rig.case_of("Acme").await.case_id;
        let shown = rig.desk.case(acme).await.unwrap();
        // Somebody joins, and another process looks at the case: the database now knows of the new member.
        rig.add(ACME, "u8");
        let bob = rig.other(|c| c.operator = "bob".into()).await;
        let theirs = bob.case(acme).await.unwrap();
        assert_eq!((shown.people, theirs.people), (4, 5));
        let error = rig
            .desk
            .approve_shown(
                std::slice::from_ref(&shown),
                "left",
                &Terms::accepting(&[acme]),
            )
            .await
            .unwrap_err();
        assert_eq!(error.code, "case_changed", "{error}");
        let error = rig
            .desk
            .approve(&[acme], "left", &Terms::accepting(&[acme]))
            .await
            .unwrap_err();
        assert_eq!(error.code, "case_changed", "by number too: {error}");
        assert_eq!(rig.case_of("Acme").await.state, CaseState::Pending);
        // Nor is a case approved that would take fewer people than were shown.
        let five = rig.desk.case(acme).await.unwrap();
        rig.remove(ACME, "u8");
        let error = rig
            .desk
            .approve_shown(&[five], "left", &Terms::accepting(&[acme]))
            .await
            .unwrap_err();
        assert!(error.message.contains("4 people"), "{error}");
        // Nor one that somebody decided meanwhile.
        let now = rig.desk.case(acme).await.unwrap();
        bob.hold_cases(&[acme], "ask them first").await.unwrap();
        let error = rig
            .desk
            .approve_shown(&[now], "left", &Terms::accepting(&[acme]))
            .await
            .unwrap_err();
        assert!(
            error.message.contains("held now, decided by bob"),
            "{error}"
        );
        let now = rig.desk.case(acme).await.unwrap();
        rig.desk
            .approve_shown(&[now], "left", &Terms::accepting(&[acme]))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn what_somebody_else_approved_anew_is_not_run() {
    for db in both().await {
        let rig = Rig::new(db).await;
        rig.swept().await;
        let acme = rig.case_of("Acme").await.case_id;
        rig.approve(acme).await;
        let shown = rig.case_of("Acme").await;
        let bob = rig.other(|c| c.operator = "bob".into()).await;
        rig.add(ACME, "u8");
        bob.hold_cases(&[acme], "one more").await.unwrap();
        bob.approve(&[acme], "one more", &Terms::accepting(&[acme]))
            .await
            .unwrap();
        let error = rig
            .desk
            .run_shown(&[shown], &Progress::silent())
            .await
            .unwrap_err();
        assert_eq!((error.code, error.kind.exit_code()), ("case_changed", 3));
        assert!(rig.writes().is_empty(), "nothing ran");
        assert_eq!(rig.members(ALL), "1 2 3 4 5 6 7 8 9");
        let now = rig.case_of("Acme").await;
        assert_eq!(now.state, CaseState::Approved);
        let done = rig
            .desk
            .run_shown(&[now], &Progress::silent())
            .await
            .unwrap();
        assert_eq!(done[0].state, CaseState::Done);
    }
}

#[tokio::test]
async fn a_run_that_ends_early_says_what_was_done_before() {
    for db in both().await {
        let rig = Rig::new(db).await;
        rig.swept().await;
        let u1 = rig.case_of("u1@x.example").await.case_id;
        let acme = rig.case_of("Acme").await.case_id;
        rig.approve(u1).await;
        rig.approve(acme).await;
        // The key is taken back when Acme's group is to be deleted.
        rig.sandbox.faults().lms(
            Fault::new(Act::Status {
                status: 401,
                retry_after: None,
                message: None,
            })
            .method("DELETE")
            .path(ACME),
        );
        let error = rig
            .desk
            .run_cases(None, &Progress::silent())
            .await
            .unwrap_err();
        let done = rig.case_of("u1@x.example").await.state == CaseState::Done;
        assert!(
            error
                .message
                .contains(&format!("{} of the cases were done, and", u8::from(done))),
            "{error}"
        );
        assert!(
            error
                .message
                .contains(&format!("of case {acme}; that stays."))
                || !done,
            "{error}"
        );
    }
}
