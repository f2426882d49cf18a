//! A run that dies: before every call to the LMS, and between every call and its record. The next run finishes each
//! case, and the LMS's own log proves that nobody else was touched.

use prmdesk::progress::Progress;
use prmdesk::sandbox::{Act, Fault, Side};
use prmdesk::values::CaseState;

use super::rig::{ACME, ALL, Rig, states};
use crate::mariadb::{TestDb, mariadb, sqlite};

/// Where the run dies.
#[derive(Clone, Copy, Debug)]
enum Death {
    /// The nth request of the run goes out and nothing is done.
    Before(u64),
    /// The nth write is carried out and nobody hears of it.
    AfterWrite(u64),
}

/// Requests that the approved run of Acme makes, and writes among them.
async fn clean(db: TestDb) -> (u64, u64) {
    let rig = Rig::new(db).await;
    approved(&rig).await;
    let before = lms_requests(&rig);
    assert_eq!(states(&rig.run().await), [CaseState::Done]);
    (lms_requests(&rig) - before, rig.writes().len() as u64)
}

fn lms_requests(rig: &Rig) -> u64 {
    rig.sandbox.log().matching(|e| e.side == Side::Lms).len() as u64
}

async fn approved(rig: &Rig) {
    rig.swept().await;
    let acme = rig.case_of("Acme").await.case_id;
    rig.approve(acme).await;
}

async fn dies_and_is_resumed(db: TestDb, death: Death) {
    let rig = Rig::new(db).await;
    approved(&rig).await;
    let faults = rig.sandbox.faults();
    let deadly = match death {
        Death::Before(nth) => faults.lms(Fault::new(Act::Hang).nth(nth)),
        Death::AfterWrite(nth) => {
            faults.lms(Fault::new(Act::ApplyThenHang).method("DELETE").nth(nth))
        }
    };
    let desk = rig.desk.clone();
    let run = tokio::spawn(async move { desk.run_cases(None, &Progress::silent()).await });
    while rig.sandbox.faults().struck(deadly) == 0 {
        assert!(!run.is_finished(), "{death:?}: {:?}", run.await);
        tokio::task::yield_now().await;
    }
    run.abort();
    let _aborted = run.await;
    rig.sandbox.faults().clear();

    let left = rig.case_of("Acme").await;
    assert!(
        matches!(left.state, CaseState::Approved | CaseState::Running),
        "{death:?}: {:?}",
        left.state
    );
    let cases = rig.run_when_free().await;
    assert_eq!(
        states(&cases),
        [CaseState::Done],
        "{death:?}: {:?}",
        cases[0].steps
    );
    assert_eq!(rig.members(ALL), "4 5 6 7 8", "{death:?}");
    assert_eq!(rig.members(ACME), "gone", "{death:?}");
    rig.only_acme_was_touched();
    assert!(
        rig.run_when_free().await.is_empty(),
        "{death:?}: once is enough"
    );
    let interrupted = rig
        .db
        .one("SELECT COUNT(*) FROM sync_runs WHERE kind = 'offboard' AND status = 'interrupted'")
        .await;
    assert_eq!(interrupted, "1", "{death:?}: the dead run is known as such");

    let acme = left.case_id;
    rig.desk
        .restore_case(acme, &Progress::silent())
        .await
        .unwrap();
    assert_eq!(
        rig.members(ALL),
        "1 2 3 4 5 6 7 8 9",
        "{death:?}: the pre-image outlives the crash"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_every_request_on_sqlite() {
    let (requests, _) = clean(sqlite()).await;
    assert!(requests > 5);
    for nth in 1..=requests {
        dies_and_is_resumed(sqlite(), Death::Before(nth)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn between_every_call_and_its_record_on_both() {
    let (_, writes) = clean(sqlite()).await;
    assert_eq!(writes, 2, "one batch, one group");
    for nth in 1..=writes {
        dies_and_is_resumed(sqlite(), Death::AfterWrite(nth)).await;
        dies_and_is_resumed(mariadb().await, Death::AfterWrite(nth)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_every_request_on_mariadb() {
    let (requests, _) = clean(mariadb().await).await;
    for nth in 1..=requests {
        dies_and_is_resumed(mariadb().await, Death::Before(nth)).await;
    }
}
