//! What people and other processes do while something is under way: a decision taken back or given anew during a run,
//! decisions on the same cases, two sweeps at once; and what concerns one case stays with that case.

use prmdesk::error::Kind;
use prmdesk::progress::Progress;
use prmdesk::sandbox::{Act, Fault};
use prmdesk::values::{Case, CaseState, StepState, Terms};

use super::rig::{ACME, ALL, BETA, Rig, brief, states};
use crate::mariadb::{both, sqlite};

/// Acme's and u6's cases, both approved.
async fn two_approved(rig: &Rig) -> (i64, i64) {
    rig.swept().await;
    let acme = rig.case_of("Acme").await.case_id;
    let u6 = rig.case_of("U6@X.example").await.case_id;
    rig.approve(acme).await;
    rig.approve(u6).await;
    (acme, u6)
}

/// Runs everything; while Acme's case, which comes first, waits for the LMS, `meanwhile` happens.
async fn run_while(rig: &Rig, meanwhile: impl AsyncFnOnce()) -> Vec<Case> {
    let gate = rig.sandbox.faults().lms(
        Fault::new(Act::Gate)
            .method("DELETE")
            .path(ALL)
            .nth(1)
            .always(),
    );
    let desk = rig.desk.clone();
    let run = tokio::spawn(async move { desk.run_cases(None, &Progress::silent()).await });
    while rig.sandbox.faults().struck(gate) == 0 {
        assert!(!run.is_finished(), "{:?}", run.await);
        tokio::task::yield_now().await;
    }
    meanwhile().await;
    rig.sandbox.faults().remove(gate);
    run.await.unwrap().unwrap()
}

#[tokio::test]
async fn an_approval_taken_back_during_a_run_affects_that_case_alone() {
    for db in both().await {
        let rig = Rig::new(db).await;
        let (acme, u6) = two_approved(&rig).await;
        let u1 = rig.case_of("u1@x.example").await.case_id;
        rig.approve(u1).await;
        let ben = rig.other(|c| c.operator = "ben".into()).await;
        let cases = run_while(&rig, async || {
            ben.hold_cases(&[u1], "not yet").await.unwrap();
        })
        .await;
        let by_id = |id: i64| cases.iter().find(|c| c.case_id == id).unwrap();
        assert_eq!(by_id(acme).state, CaseState::Done);
        assert_eq!(by_id(u6).state, CaseState::Done, "the later one ran");
        let held = by_id(u1);
        assert_eq!(held.state, CaseState::Held);
        assert_eq!(held.decided_by.as_deref(), Some("ben"));
        assert_eq!(held.note.as_deref(), Some("not yet"));
        let kept = format!("SELECT pre_image FROM offboarding_cases WHERE case_id = {u1}");
        assert!(
            !rig.db.one(&kept).await.contains("\"before\""),
            "nothing was written onto the held case"
        );
        assert!(rig.removed().contains("u6"));
    }
}

#[tokio::test]
async fn a_case_approved_anew_during_a_run_waits_for_the_next_one() {
    for db in both().await {
        let rig = Rig::new(db).await;
        let (_, u6) = two_approved(&rig).await;
        assert_eq!(rig.case_of("U6@X.example").await.steps.len(), 2);
        let cases = run_while(&rig, async || {
            rig.desk.hold_cases(&[u6], "a moment").await.unwrap();
            rig.remove(BETA, "u6");
            rig.desk.case(u6).await.unwrap();
            rig.desk
                .approve(&[u6], "now", &Terms::default())
                .await
                .unwrap();
        })
        .await;
        assert_eq!(
            states(&cases),
            [CaseState::Done, CaseState::Approved],
            "this run began with another approval"
        );
        let case = rig.case_of("U6@X.example").await;
        assert_eq!(brief(&case.steps), ["remove u6 from g-all: planned"]);
        assert!(!rig.removed().contains("u6"));
        assert_eq!(states(&rig.run().await), [CaseState::Done]);
        let case = rig.case_of("U6@X.example").await;
        assert_eq!(brief(&case.steps), ["remove u6 from g-all: done"]);
        assert_eq!(case.note.as_deref(), Some("now"));
    }
}

/// A run whose lease went to another process may still wait for an answer: its marks must not land on a new list.
#[tokio::test]
async fn a_run_that_was_overtaken_marks_nothing_on_the_new_list() {
    for db in both().await {
        let rig = Rig::new(db).await;
        let (acme, _) = two_approved(&rig).await;
        let cases = run_while(&rig, async || {
            let newer = format!(
                "UPDATE offboarding_cases SET state = 'approved', revision = revision + 1 WHERE case_id = {acme}"
            );
            rig.db.run(&newer).await;
            rig.db
                .run("UPDATE offboarding_steps SET state = 'planned', note = NULL")
                .await;
        })
        .await;
        assert_eq!(states(&cases), [CaseState::Approved, CaseState::Done]);
        let case = rig.case_of("Acme").await;
        assert!(
            case.steps
                .iter()
                .all(|s| matches!(s.state, StepState::Planned | StepState::Skipped)),
            "{:?}",
            brief(&case.steps)
        );
    }
}

#[tokio::test]
async fn several_decisions_are_all_made_or_none_and_the_reason_names_the_case() {
    for db in both().await {
        let rig = Rig::new(db).await;
        rig.swept().await;
        let acme = rig.case_of("Acme").await.case_id;
        let u1 = rig.case_of("u1@x.example").await.case_id;
        let u6 = rig.case_of("U6@X.example").await.case_id;
        // While the LMS is asked about the last one, somebody rejects the first.
        let gate = rig
            .sandbox
            .faults()
            .lms(Fault::new(Act::Gate).method("GET").path(BETA).nth(1));
        let desk = rig.desk.clone();
        let approving = tokio::spawn(async move {
            desk.approve(
                &[acme, u1, u6, acme],
                "left",
                &Terms::accepting(&[acme, u1, u6, acme]),
            )
            .await
        });
        while rig.sandbox.faults().struck(gate) == 0 {
            assert!(!approving.is_finished());
            tokio::task::yield_now().await;
        }
        let ben = rig.other(|c| c.operator = "ben".into()).await;
        ben.reject(&[u1], "no").await.unwrap();
        rig.sandbox.faults().remove(gate);
        let error = approving.await.unwrap().unwrap_err();
        assert_eq!((error.kind, error.code), (Kind::Blocked, "case_moved"));
        assert!(error.message.contains(&format!("Case {u1} ")), "{error}");
        assert!(error.message.contains("No case was decided"), "{error}");
        for (name, state) in [
            ("Acme", CaseState::Pending),
            ("u1@x.example", CaseState::Rejected),
            ("U6@X.example", CaseState::Pending),
        ] {
            assert_eq!(rig.case_of(name).await.state, state, "{name}");
        }
        let twice = rig
            .desk
            .approve(
                &[acme, u6, acme],
                "left",
                &Terms::accepting(&[acme, u6, acme]),
            )
            .await;
        assert_eq!(states(&twice.unwrap()), [CaseState::Approved; 2]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sweeps_at_once_open_each_case_once() {
    for db in both().await {
        let rig = Rig::new(db).await;
        rig.refresh().await;
        let mut desks = Vec::new();
        for _ in 0..6 {
            desks.push(rig.other(|_| {}).await);
        }
        let sweeps = desks
            .iter()
            .map(|desk| async move { desk.sweep().await.unwrap() });
        let opened: u64 = futures_util::future::join_all(sweeps).await.iter().sum();
        assert_eq!(opened, 4);
        assert_eq!(rig.desk.cases(None).await.unwrap().len(), 4);
    }
}

#[tokio::test]
async fn what_the_lms_refuses_for_one_case_fails_that_case_alone() {
    for db in both().await {
        let rig = Rig::new(db).await;
        let (acme, u6) = two_approved(&rig).await;
        let refused = Act::Status {
            status: 403,
            retry_after: None,
            message: Some("this group is not yours".into()),
        };
        let fault = rig
            .sandbox
            .faults()
            .lms(Fault::new(refused).method("GET").path(ACME).always());
        for _ in 0..2 {
            rig.run().await;
            let case = rig.case_of("Acme").await;
            assert_eq!(case.state, CaseState::Failed);
            assert_eq!(
                rig.case_of("U6@X.example").await.state,
                CaseState::Done,
                "the others go on"
            );
        }
        let log = format!(
            "SELECT note FROM offboarding_events WHERE case_id = {acme} AND event = 'fail' ORDER BY event_id LIMIT 1"
        );
        assert!(
            rig.db.one(&log).await.contains("this group is not yours"),
            "the reason stands on the case"
        );
        let runs = "SELECT status FROM sync_runs WHERE kind = 'offboard' ORDER BY run_id";
        assert_eq!(rig.db.rows(runs).await, ["partial", "failed"]);
        rig.sandbox.faults().remove(fault);
        assert_eq!(states(&rig.run().await), [CaseState::Done]);
        rig.desk
            .restore_case(u6, &Progress::silent())
            .await
            .unwrap();
    }
}

/// What the LMS refuses for good is decided otherwise, so that it does not fail at every run; but not once people are out.
#[tokio::test]
async fn a_case_that_failed_before_anything_was_done_can_be_put_aside() {
    for db in both().await {
        let rig = Rig::new(db).await;
        let (acme, _) = two_approved(&rig).await;
        let refuse = |method: &str| {
            let refused = Act::Status {
                status: 403,
                retry_after: None,
                message: None,
            };
            Fault::new(refused).method(method).path(ACME).always()
        };
        let fault = rig.sandbox.faults().lms(refuse("GET"));
        rig.run().await;
        assert_eq!(rig.case_of("Acme").await.state, CaseState::Failed);
        let held = rig.desk.hold_cases(&[acme], "not our group").await.unwrap();
        assert_eq!(states(&held), [CaseState::Held]);
        assert!(rig.run().await.is_empty(), "nothing is left to run");
        rig.sandbox.faults().remove(fault);

        rig.approve(acme).await;
        rig.sandbox.faults().lms(refuse("DELETE"));
        rig.run().await;
        let case = rig.case_of("Acme").await;
        assert_eq!((case.state, case.has_begun()), (CaseState::Failed, true));
        let refused = rig.desk.reject(&[acme], "no").await.unwrap_err();
        assert!(refused.message.contains("partly run"), "{refused}");
        assert_eq!(rig.case_of("Acme").await.state, CaseState::Failed);
    }
}

/// An LMS that answers nobody is no case's fault: the run ends, and the others wait as they were.
#[tokio::test]
async fn an_lms_that_answers_nobody_ends_the_run() {
    let rig = Rig::new(sqlite()).await;
    two_approved(&rig).await;
    let page = Fault::new(Act::Page { status: 403 })
        .method("GET")
        .path(ACME);
    rig.sandbox.faults().lms(page.always());
    let mut ping = Fault::new(Act::Page { status: 403 }).method("GET").always();
    ping.when.query = Some("limit=1".into());
    rig.sandbox.faults().lms(ping);
    rig.desk
        .run_cases(None, &Progress::silent())
        .await
        .unwrap_err();
    assert_eq!(rig.case_of("Acme").await.state, CaseState::Approved);
    assert_eq!(rig.case_of("U6@X.example").await.state, CaseState::Approved);
}

/// A row that is not there any more is one case's trouble too.
#[tokio::test]
async fn a_row_that_is_gone_fails_its_case_alone() {
    let rig = Rig::new(sqlite()).await;
    two_approved(&rig).await;
    rig.db.run("DELETE FROM contacts WHERE id = 16").await;
    rig.run().await;
    assert_eq!(rig.case_of("U6@X.example").await.state, CaseState::Failed);
    assert_eq!(rig.case_of("Acme").await.state, CaseState::Done);
    let run = "SELECT status FROM sync_runs WHERE kind = 'offboard'";
    assert_eq!(rig.db.one(run).await, "partial");
}
