//! A terminal that goes away while cases are run (docs/operations.md, "Endings").

use prmdesk::sandbox::{Act, Fault};
use prmdesk::values::{CaseState, StepState};

use super::rig::{ACME, ALL, Rig};
use crate::console::Console;
use crate::mariadb::both;

fn at_the_terminal(rig: &Rig, args: &[&str]) -> Console {
    Console::spawn(40, 120, |command, _| {
        command.args(args);
        command.env("PRMDESK_DATABASE_URL", &rig.db.url);
        command.env("PRMDESK_IMPARTNER_URL", rig.sandbox.impartner_url());
        command.env("PRMDESK_IMPARTNER_API_KEY", rig.sandbox.impartner_key());
        command.env("PRMDESK_LMS_URL", rig.sandbox.lms_url());
        command.env("PRMDESK_LMS_API_KEY", rig.sandbox.lms_key());
        command.env("PRMDESK_OPERATOR", "ann");
    })
}

/// What is under way ends with its record: no case stays `running`, no step unknown, and the next run goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_terminal_leaves_no_case_running() {
    for console in [false, true] {
        for db in both().await {
            let rig = Rig::new(db).await;
            rig.swept().await;
            let acme = rig.case_of("Acme").await.case_id;
            rig.approve(acme).await;
            let gate = rig
                .sandbox
                .faults()
                .lms(Fault::new(Act::Gate).method("DELETE"));
            let mut terminal = if console {
                let mut terminal = at_the_terminal(&rig, &[]);
                terminal.until("Waiting for you");
                terminal.press("3");
                terminal.until("To run 1");
                terminal.press("R");
                terminal.until("Run 1 approved case?");
                terminal.until("Type 4");
                terminal.press("4\r");
                terminal
            } else {
                at_the_terminal(&rig, &["offboard", "run"])
            };
            while rig.sandbox.faults().struck(gate) == 0 {
                tokio::task::yield_now().await;
            }
            let mut terminal = tokio::task::spawn_blocking(move || {
                terminal.lose_terminal();
                terminal
            })
            .await
            .unwrap();
            rig.sandbox.faults().clear();
            let status = tokio::task::spawn_blocking(move || terminal.over())
                .await
                .unwrap();
            assert_eq!(status.signal(), None, "console {console}: {status:?}");
            let left = rig.case_of("Acme").await;
            assert_ne!(left.state, CaseState::Running, "console {console}");
            assert!(
                left.steps
                    .iter()
                    .all(|step| step.state != StepState::Unknown),
                "console {console}: {:?}",
                left.steps
            );
            assert!(
                rig.desk
                    .status(prmdesk::desk::Probe::Stored)
                    .await
                    .unwrap()
                    .interrupted
                    .is_none()
            );
            rig.run_when_free().await;
            assert_eq!(rig.case_of("Acme").await.state, CaseState::Done);
            assert_eq!(rig.members(ALL), "4 5 6 7 8");
            assert_eq!(rig.members(ACME), "gone");
        }
    }
}
