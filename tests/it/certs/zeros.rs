//! Figures that fall to 0: nothing is pushed while the LMS was never read, and many zeros at once wait for a person
//! (docs/rules.md, "Certifications").

use prmdesk::error::Kind;
use prmdesk::progress::Progress;
use prmdesk::sandbox::Account;
use prmdesk::values::{CertReport, Transcripts, ZeroRelease};

use super::{enrol, preview, rig, upstream};
use crate::mariadb::{TestDb, both, sqlite};
use crate::offboard::rig::Rig;

/// Besides Beta and Gamma six partners with figures at Impartner and none here.
async fn with_six_more(db: TestDb) -> Rig {
    let rig = rig(db).await;
    for n in 21..27 {
        let name = format!("Delta {n}");
        let id = rig.sandbox.world().add_account(Account {
            name: name.clone(),
            is_active: true,
            certification_count: Some(5.0),
            total_npcu: Some(12.0),
            ..Account::default()
        });
        rig.db
            .run(&format!(
                "INSERT INTO partners (id, account_name, impartner_id, is_active) VALUES ({n}, '{name}', {id}, TRUE)"
            ))
            .await;
    }
    rig
}

async fn push(rig: &Rig, release: Option<u64>) -> prmdesk::error::Result<CertReport> {
    let release = release.map(|zeros| ZeroRelease {
        zeros,
        reason: "a new year".into(),
    });
    rig.desk
        .certs_push_releasing(&[], None, release.as_ref(), &Progress::silent())
        .await
}

fn patches(rig: &Rig) -> usize {
    rig.sandbox.log().matching(|e| e.method == "PATCH").len()
}

#[tokio::test]
async fn nothing_is_pushed_while_the_lms_was_never_read() {
    for db in both().await {
        let rig = with_six_more(db).await;
        // People, groups and memberships are there; transcripts were never read, and no portal wrote any.
        let error = push(&rig, None).await.unwrap_err();
        assert_eq!((error.kind, error.code), (Kind::Blocked, "lms_never_read"));
        assert!(
            error
                .help
                .as_deref()
                .unwrap()
                .contains("lms refresh --transcripts"),
            "{error:?}"
        );
        push(&rig, Some(6)).await.unwrap_err();
        assert_eq!(patches(&rig), 0);
        assert_eq!(upstream(&rig, "Delta 21"), (Some(5.0), Some(12.0)));
        let rows = preview(&rig).await;
        let withheld = rig.desk.certs_withheld(&[], &rows, None).await.unwrap();
        assert_eq!(withheld.len(), 6);
        assert!(withheld[0].message.contains("never read"), "{withheld:?}");

        // One partner's transcripts, read for an ad-hoc push, are known for that partner and for nobody else.
        let silent = Progress::silent();
        rig.desk
            .lms_refresh(Transcripts::Partner(21), &silent)
            .await
            .unwrap();
        push(&rig, None).await.unwrap_err();
        rig.desk.certs_push(&[22], &silent).await.unwrap_err();
        let report = rig.desk.certs_push(&[21], &silent).await.unwrap();
        assert_eq!((report.pushed, report.withheld.len()), (1, 0));
        assert_eq!(upstream(&rig, "Delta 21"), (Some(0.0), Some(0.0)));

        // All of them: five are left that fall to 0, and wait.
        rig.desk
            .lms_refresh(Transcripts::All, &silent)
            .await
            .unwrap();
        assert_eq!(push(&rig, None).await.unwrap().withheld.len(), 5);
    }
}

/// An adopted database whose portal fills the tables was never refreshed by us, and is known all the same; with a part
/// of it read again by us too.
#[tokio::test]
async fn a_portals_tables_are_read() {
    for db in both().await {
        let rig = rig(db).await;
        rig.db
            .run("DELETE FROM sync_state WHERE name LIKE 'meta.%'")
            .await;
        enrol(&rig, "u5", "a", "completed", None).await;
        assert_eq!(push(&rig, None).await.unwrap().pushed, 1);
        rig.desk
            .lms_refresh(Transcripts::Partner(3), &Progress::silent())
            .await
            .unwrap();
        enrol(&rig, "u5", "b", "completed", None).await;
        assert_eq!(push(&rig, None).await.unwrap().pushed, 1);
        rig.db.run("DELETE FROM lms_users").await;
        let error = push(&rig, None).await.unwrap_err();
        assert_eq!(error.code, "lms_never_read", "nobody is in them");
    }
}

#[tokio::test]
async fn many_zeros_wait_for_number_and_reason_and_the_rest_is_pushed() {
    for db in both().await {
        let rig = with_six_more(db).await;
        enrol(&rig, "u5", "a", "completed", None).await;
        let report = push(&rig, None).await.unwrap();
        assert_eq!((report.pushed, report.failed.len()), (1, 0), "{report:?}");
        assert_eq!(upstream(&rig, "Beta"), (Some(1.0), Some(2.0)));
        assert_eq!(report.withheld.len(), 6);
        let kept = &report.withheld[0];
        assert_eq!((kept.row_id, kept.status.as_str()), (21, "withheld"));
        assert!(
            kept.message.contains("6 of 8 partners") && kept.message.contains("--allow-zeros 6"),
            "{}",
            kept.message
        );
        assert_eq!(upstream(&rig, "Delta 21"), (Some(5.0), Some(12.0)));

        let sent = patches(&rig);
        enrol(&rig, "u5", "b", "completed", None).await;
        let error = push(&rig, Some(5)).await.unwrap_err();
        assert_eq!(
            (error.kind, error.code),
            (Kind::Blocked, "release_mismatch")
        );
        assert_eq!(patches(&rig), sent, "a wrong number pushes nothing at all");

        let report = push(&rig, Some(6)).await.unwrap();
        assert_eq!((report.pushed, report.withheld.len()), (7, 0));
        assert_eq!(upstream(&rig, "Delta 26"), (Some(0.0), Some(0.0)));
        let runs = rig
            .db
            .rows("SELECT status, message FROM sync_runs WHERE kind = 'certs' ORDER BY run_id")
            .await;
        assert!(
            runs[0].starts_with("partial|") && runs[0].contains("6 withheld"),
            "{runs:?}"
        );
        assert!(runs[1].starts_with("blocked|"), "{runs:?}");
        assert!(
            runs[2].starts_with("applied|") && runs[2].contains("6 zeros released: a new year"),
            "{runs:?}"
        );
    }
}

/// Four zeros are an ordinary day; so are five of fifty. Which rows were chosen does not change the base.
#[tokio::test]
async fn few_zeros_and_a_tenth_go_through() {
    let rig = with_six_more(sqlite()).await;
    enrol(&rig, "u5", "a", "completed", None).await;
    let silent = Progress::silent();
    let chosen = rig.desk.certs_push(&[21, 22, 23, 24, 25], &silent).await;
    assert_eq!(chosen.unwrap().withheld.len(), 5);
    for n in 100..142 {
        rig.db
            .run(&format!(
                "INSERT INTO partners (id, account_name, is_active) VALUES ({n}, 'P{n}', TRUE)"
            ))
            .await;
    }
    let chosen = rig.desk.certs_push(&[21, 22, 23, 24, 25], &silent).await;
    assert_eq!(chosen.unwrap().pushed, 5, "five of fifty are a tenth");
}
