//! What is confirmed is what is pushed: each row that was shown ends in the report, and no figure is written over that
//! nobody saw.

use prmdesk::progress::Progress;
use prmdesk::sandbox::Object;
use prmdesk::values::CertRow;

use super::{enrol, preview, rig, upstream};
use crate::mariadb::both;
use crate::offboard::rig::Rig;

async fn shown(rig: &Rig) -> Vec<CertRow> {
    let mut rows = preview(rig).await;
    rows.retain(|row| row.differs);
    rows
}

fn account(rig: &Rig, name: &str) -> i64 {
    let world = rig.sandbox.world();
    let found = world.accounts().find(|account| account.name == name);
    found.unwrap().id
}

#[tokio::test]
async fn figures_that_changed_since_they_were_shown_are_not_written_over() {
    for db in both().await {
        let rig = rig(db).await;
        enrol(&rig, "u5", "a", "completed", None).await;
        enrol(&rig, "u7", "a", "completed", None).await;
        let rows = shown(&rig).await;
        assert_eq!(rows.len(), 2);
        // Meanwhile somebody sets Beta's figures in Impartner by hand.
        let beta = account(&rig, "Beta");
        rig.sandbox
            .world()
            .edit_account(beta, |a| a.certification_count = Some(7.0));
        let silent = Progress::silent();
        let report = rig.desk.certs_push_shown(&rows, &silent).await.unwrap();
        assert_eq!((report.pushed, report.rows.clone()), (1, vec![3]));
        let [fault] = &report.failed[..] else {
            panic!("{report:?}")
        };
        assert_eq!((fault.row_id, fault.status.as_str()), (2, "changed"));
        assert!(fault.message.contains("holds 7 / 0"), "{}", fault.message);
        assert_eq!(upstream(&rig, "Beta").0, Some(7.0), "as they set it");
        // Our own figures count too.
        let rows = shown(&rig).await;
        enrol(&rig, "u5", "b", "completed", None).await;
        let report = rig.desk.certs_push_shown(&rows, &silent).await.unwrap();
        assert_eq!((report.pushed, report.failed.len()), (0, 1), "{report:?}");
        // Confirmed anew it goes.
        let rows = shown(&rig).await;
        let report = rig.desk.certs_push_shown(&rows, &silent).await.unwrap();
        assert_eq!((report.pushed, report.failed.len()), (1, 0), "{report:?}");
        assert_eq!(upstream(&rig, "Beta"), (Some(2.0), Some(3.0)));
    }
}

#[tokio::test]
async fn an_account_that_is_gone_is_failed_and_falls_out_of_no_count() {
    for db in both().await {
        let rig = rig(db).await;
        enrol(&rig, "u5", "a", "completed", None).await;
        enrol(&rig, "u7", "a", "completed", None).await;
        let rows = shown(&rig).await;
        let (beta, gamma) = (account(&rig, "Beta"), account(&rig, "Gamma"));
        rig.sandbox.world().delete(Object::Account, beta);
        let silent = Progress::silent();
        let report = rig.desk.certs_push_shown(&rows, &silent).await.unwrap();
        assert_eq!(report.pushed, 1);
        let [fault] = &report.failed[..] else {
            panic!("{report:?}")
        };
        assert_eq!((fault.row_id, fault.status.as_str()), (2, "failed"));
        assert!(
            fault.message.contains("Not found in Impartner"),
            "{}",
            fault.message
        );
        let again = rig.desk.certs_push(&[2], &silent).await.unwrap();
        assert_eq!(again.failed.len(), 1, "asked for by its id: {again:?}");
        // Already so: no push, and no fault.
        rig.sandbox.world().edit_account(gamma, |a| {
            a.certification_count = Some(1.0);
            a.total_npcu = Some(2.0);
        });
        let report = rig
            .desk
            .certs_push_shown(&rows[1..], &silent)
            .await
            .unwrap();
        assert_eq!(
            (report.pushed, report.unchanged, report.failed.len()),
            (0, 1, 0)
        );
        rig.db
            .run("UPDATE partners SET is_active = FALSE WHERE id = 3")
            .await;
        let report = rig
            .desk
            .certs_push_shown(&rows[1..], &silent)
            .await
            .unwrap();
        assert_eq!(report.failed.len(), 1);
        assert!(report.failed[0].message.contains("not active"));
    }
}
