//! The real binary, killed with SIGKILL before each request to the LMS and between each write and its record; then
//! `prmdesk offboard run` again.

use std::process::{Child, Command, ExitStatus, Stdio};

use prmdesk::progress::Progress;
use prmdesk::sandbox::{Act, Fault, Side};
use prmdesk::values::CaseState;

use super::rig::{ACME, ALL, Rig, states};
use crate::mariadb::{TestDb, mariadb, sqlite};

fn prmdesk(rig: &Rig, args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_prmdesk"))
        .args(args)
        .env_clear()
        .env("HOME", rig.home.path())
        .env("XDG_STATE_HOME", rig.home.path())
        .env("XDG_CONFIG_HOME", rig.home.path())
        .env("PRMDESK_DATABASE_URL", &rig.db.url)
        .env("PRMDESK_LMS_URL", rig.sandbox.lms_url())
        .env("PRMDESK_LMS_API_KEY", rig.sandbox.lms_key())
        .env("PRMDESK_OPERATOR", "ann")
        .current_dir(rig.home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

async fn finished(mut child: Child) -> ExitStatus {
    tokio::task::spawn_blocking(move || child.wait().unwrap())
        .await
        .unwrap()
}

async fn approved(db: TestDb) -> Rig {
    let rig = Rig::new(db).await;
    rig.swept().await;
    let acme = rig.case_of("Acme").await.case_id;
    rig.approve(acme).await;
    rig
}

async fn killed_and_run_again(db: TestDb, fault: Fault) {
    let what = format!("{fault:?}");
    let rig = approved(db).await;
    let deadly = rig.sandbox.faults().lms(fault);
    let mut child = prmdesk(&rig, &["offboard", "run"]);
    while rig.sandbox.faults().struck(deadly) == 0 {
        assert!(
            child.try_wait().unwrap().is_none(),
            "{what}: it ended by itself"
        );
        tokio::task::yield_now().await;
    }
    child.kill().unwrap();
    finished(child).await;
    rig.sandbox.faults().clear();
    let left = rig.case_of("Acme").await;
    assert!(
        matches!(left.state, CaseState::Approved | CaseState::Running),
        "{what}: {:?}",
        left.state
    );

    let status = finished(prmdesk(&rig, &["offboard", "run"])).await;
    assert_eq!(status.code(), Some(0), "{what}");
    assert_eq!(
        states(&[rig.case_of("Acme").await]),
        [CaseState::Done],
        "{what}"
    );
    assert_eq!(rig.members(ALL), "4 5 6 7 8", "{what}");
    assert_eq!(rig.members(ACME), "gone", "{what}");
    rig.only_acme_was_touched();
    let writes = rig.writes().len();
    let status = finished(prmdesk(&rig, &["offboard", "run"])).await;
    assert_eq!(
        status.code(),
        Some(0),
        "{what}: nothing to run is no failure"
    );
    assert_eq!(rig.writes().len(), writes, "{what}: exactly once");
    rig.desk
        .restore_case(left.case_id, &Progress::silent())
        .await
        .unwrap();
    assert_eq!(rig.members(ALL), "1 2 3 4 5 6 7 8 9", "{what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigkill_at_every_boundary() {
    let rig = approved(sqlite()).await;
    rig.sandbox.log().clear();
    let status = finished(prmdesk(&rig, &["offboard", "run"])).await;
    assert_eq!(status.code(), Some(0));
    let requests = rig.sandbox.log().matching(|e| e.side == Side::Lms).len() as u64;
    assert!(requests > 5, "{requests}");
    for nth in 1..=requests {
        killed_and_run_again(sqlite(), Fault::new(Act::Hang).nth(nth)).await;
    }
    for nth in 1..=rig.writes().len() as u64 {
        let fault = || Fault::new(Act::ApplyThenHang).method("DELETE").nth(nth);
        killed_and_run_again(sqlite(), fault()).await;
        killed_and_run_again(mariadb().await, fault()).await;
    }
}
