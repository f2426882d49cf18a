//! Certification counts: the rule table on both engines, and pushes to the stand-in Impartner over real HTTP.

mod lost;
mod rules;
mod scale;
mod shown;
mod zeros;

use prmdesk::progress::{Progress, RunEvent};
use prmdesk::sandbox::{Account, Act, Fault, Side};
use prmdesk::values::{CertFigures, CertRow};

use crate::mariadb::{TestDb, both, sqlite};
use crate::offboard::rig::Rig;

/// Partners 2 and 3 of the rig with accounts upstream; courses a (2), b (1), c (0).
async fn rig(db: TestDb) -> Rig {
    let rig = Rig::new(db).await;
    rig.refresh().await;
    rig.db
        .run("INSERT INTO lms_courses (id, name, npcu_value) VALUES ('a', 'A', 2), ('b', 'B', 1), ('c', 'C', 0)")
        .await;
    for (row, name, crm) in [
        (2, "Beta", "0012800000CXn0kAAD"),
        (3, "Gamma", "70130000001tcyI"),
    ] {
        let id = rig.sandbox.world().add_account(Account {
            name: name.into(),
            crm_id: Some(crm.into()),
            is_active: true,
            ..Account::default()
        });
        rig.db
            .run(&format!(
                "UPDATE partners SET impartner_id = {id} WHERE id = {row}"
            ))
            .await;
    }
    rig
}

async fn enrol(rig: &Rig, user: &str, course: &str, status: &str, expires: Option<&str>) {
    let n = rig.db.one("SELECT COUNT(*) FROM lms_enrollments").await;
    let expires = expires.map_or("NULL".to_owned(), |at| format!("'{at}'"));
    rig.db
        .run(&format!(
            "INSERT INTO lms_enrollments (id, user_id, course_id, status, expires_at) \
             VALUES ('e{n}', '{user}', '{course}', '{status}', {expires})"
        ))
        .await;
}

async fn preview(rig: &Rig) -> Vec<CertRow> {
    rig.desk
        .certs_preview(&[], &Progress::silent())
        .await
        .unwrap()
}

async fn counts(rig: &Rig) -> Vec<(i64, f64, f64)> {
    let mut rows: Vec<_> = preview(rig)
        .await
        .iter()
        .map(|r| (r.row_id, r.local.certification_count, r.local.total_npcu))
        .collect();
    rows.sort_by_key(|r| r.0);
    rows
}

fn upstream(rig: &Rig, name: &str) -> (Option<f64>, Option<f64>) {
    let world = rig.sandbox.world();
    let account = world.accounts().find(|a| a.name == name).unwrap();
    (account.certification_count, account.total_npcu)
}

#[tokio::test]
async fn push_sends_differences_once_as_numbers_and_a_second_push_is_empty() {
    for db in both().await {
        let rig = rig(db).await;
        enrol(&rig, "u5", "a", "completed", None).await;
        let rows = preview(&rig).await;
        let differing: Vec<&str> = rows
            .iter()
            .filter(|r| r.differs)
            .map(|r| r.name.as_str())
            .collect();
        assert_eq!(
            differing,
            ["Beta  Société"],
            "0 and an empty field are the same"
        );
        let report = rig.desk.certs_push(&[], &Progress::silent()).await.unwrap();
        assert_eq!(
            (report.pushed, report.failed.len(), report.unchanged),
            (1, 0, 1)
        );
        assert_eq!(upstream(&rig, "Beta"), (Some(1.0), Some(2.0)));
        let patches = rig.sandbox.log().matching(|e| e.method == "PATCH");
        assert_eq!(patches.len(), 1);
        assert_eq!(
            patches[0].body,
            r#"{"Certification_Count__cf":1,"Total_NPCU__cf":2}"#
        );
        assert!(preview(&rig).await.iter().all(|r| !r.differs));
        let again = rig.desk.certs_push(&[], &Progress::silent()).await.unwrap();
        assert_eq!((again.pushed, again.unchanged), (0, 2));
        assert_eq!(rig.sandbox.log().matching(|e| e.method == "PATCH").len(), 1);
        let journal = rig
            .db
            .rows("SELECT before_values, after_values, status, operator FROM cert_pushes")
            .await;
        assert_eq!(
            journal,
            [
                r#"{"certification_count":0,"total_npcu":0}|{"certification_count":1,"total_npcu":2}|ok|ann"#
            ]
        );
        let runs = rig
            .db
            .rows("SELECT kind, status FROM sync_runs WHERE kind = 'certs' ORDER BY run_id")
            .await;
        assert_eq!(runs, ["certs|applied", "certs|nothing"]);
    }
}

#[tokio::test]
async fn partners_are_found_by_either_id_or_reported() {
    for db in both().await {
        let rig = rig(db).await;
        enrol(&rig, "u5", "a", "completed", None).await;
        enrol(&rig, "u7", "a", "completed", None).await;
        rig.db
            .run("UPDATE partners SET impartner_id = NULL, salesforce_id = '0012800000CXn0k' WHERE id = 2")
            .await;
        rig.db
            .run("UPDATE partners SET impartner_id = 999999, salesforce_id = '70130000001TCYIAAQ' WHERE id = 3")
            .await;
        let report = rig
            .desk
            .certs_push(&[2], &Progress::silent())
            .await
            .unwrap();
        assert_eq!(report.pushed, 1);
        assert_eq!(
            upstream(&rig, "Beta"),
            (Some(1.0), Some(2.0)),
            "15 and 18 characters are one id"
        );
        let rows = preview(&rig).await;
        assert!(
            rows[1].differs,
            "an id whose case was lost is restored from its suffix"
        );
        rig.db
            .run("UPDATE partners SET salesforce_id = '70130000001tcyJ' WHERE id = 3")
            .await;
        let rows = preview(&rig).await;
        assert_eq!(rows[1].note.as_deref(), Some("Not found in Impartner."));
        assert!(rows[1].remote.is_none() && !rows[1].differs && rows[1].impartner_id.is_none());
        let error = rig
            .desk
            .certs_preview(&[1], &Progress::silent())
            .await
            .unwrap_err();
        assert_eq!(error.kind.exit_code(), 2, "Acme is not active: {error}");
    }
}

#[tokio::test]
async fn one_partner_is_asked_for_by_id_and_alone() {
    let rig = rig(sqlite()).await;
    enrol(&rig, "u5", "a", "completed", None).await;
    enrol(&rig, "u7", "b", "completed", None).await;
    rig.sandbox.log().clear();
    let report = rig
        .desk
        .certs_push(&[3], &Progress::silent())
        .await
        .unwrap();
    assert_eq!((report.pushed, report.unchanged), (1, 0));
    assert_eq!(upstream(&rig, "Beta"), (None, None), "untouched");
    let listings = rig.sandbox.log().matching(|e| {
        e.side == Side::Impartner && e.path.ends_with("/Account") && e.param("take") != Some("1")
    });
    assert!(
        listings.len() <= 2,
        "no listing of everything: {listings:?}"
    );
}

#[tokio::test]
async fn a_failed_row_is_told_with_its_message_and_repeated_by_the_next_push() {
    for db in both().await {
        let rig = rig(db).await;
        enrol(&rig, "u5", "a", "completed", None).await;
        enrol(&rig, "u7", "a", "completed", None).await;
        let beta = rig
            .db
            .one("SELECT CAST(impartner_id AS CHAR) FROM partners WHERE id = 2")
            .await;
        for status in [403, 404] {
            let refused = Act::Status {
                status,
                retry_after: None,
                message: Some("locked by workflow".into()),
            };
            let fault = rig
                .sandbox
                .faults()
                .impartner(Fault::new(refused).method("PATCH").path(&beta).always());
            let report = rig.desk.certs_push(&[], &Progress::silent()).await.unwrap();
            assert_eq!(report.failed.len(), 1, "{status}");
            assert_eq!(report.failed[0].status, "failed");
            assert!(
                report.failed[0].message.contains("locked by workflow"),
                "{:?}",
                report.failed
            );
            rig.sandbox.faults().remove(fault);
        }
        assert_eq!(
            upstream(&rig, "Gamma"),
            (Some(1.0), Some(2.0)),
            "the others went through"
        );
        let rows = preview(&rig).await;
        assert!(
            rows[0]
                .note
                .as_deref()
                .unwrap()
                .contains("locked by workflow"),
            "{rows:?}"
        );
        let report = rig.desk.certs_push(&[], &Progress::silent()).await.unwrap();
        assert_eq!((report.pushed, report.failed.len()), (1, 0));
        assert!(
            preview(&rig)
                .await
                .iter()
                .all(|r| !r.differs && r.note.is_none())
        );
    }
}

#[tokio::test]
async fn unclear_answers_are_read_again_and_settled() {
    for (act, pushed) in [
        (Act::ApplyThenReset, 1),
        (Act::ApplyThenStatus { status: 500 }, 1),
        (Act::Reset, 0),
        (
            Act::Status {
                status: 429,
                retry_after: None,
                message: None,
            },
            1,
        ),
    ] {
        let rig = rig(sqlite()).await;
        enrol(&rig, "u5", "a", "completed", None).await;
        rig.sandbox
            .faults()
            .impartner(Fault::new(act.clone()).method("PATCH"));
        let report = rig.desk.certs_push(&[], &Progress::silent()).await.unwrap();
        assert_eq!(report.pushed, pushed, "{act:?}: {report:?}");
        assert_eq!(report.failed.len() as u64, 1 - pushed, "{act:?}");
        let open = rig
            .db
            .one("SELECT COUNT(*) FROM cert_pushes WHERE status IN ('sent', 'unknown')")
            .await;
        assert_eq!(open, "0", "{act:?}");
        rig.desk.certs_push(&[], &Progress::silent()).await.unwrap();
        assert_eq!(upstream(&rig, "Beta"), (Some(1.0), Some(2.0)), "{act:?}");
    }
}

#[tokio::test]
async fn a_refused_key_ends_the_push_and_leaves_nothing_unknown() {
    let rig = rig(sqlite()).await;
    enrol(&rig, "u5", "a", "completed", None).await;
    let refused = Act::Status {
        status: 401,
        retry_after: None,
        message: None,
    };
    rig.sandbox
        .faults()
        .impartner(Fault::new(refused).method("PATCH").always());
    let error = rig
        .desk
        .certs_push(&[], &Progress::silent())
        .await
        .unwrap_err();
    assert_eq!(error.kind.exit_code(), 1);
    assert_eq!(rig.db.one("SELECT status FROM cert_pushes").await, "failed");
    let reader = rig.other(|c| c.read_only = true).await;
    let error = reader
        .certs_push(&[], &Progress::silent())
        .await
        .unwrap_err();
    assert_eq!(error.code, "read_only");
    assert_eq!(
        reader
            .certs_preview(&[], &Progress::silent())
            .await
            .unwrap()
            .len(),
        2
    );
}

/// A push that dies after the call and before the record, and one that dies before the call.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_crash_leaves_open_is_read_again_and_reported() {
    for db in both().await {
        let rig = rig(db).await;
        enrol(&rig, "u5", "a", "completed", None).await;
        for (act, arrived) in [(Act::Hang, false), (Act::ApplyThenHang, true)] {
            let fault = rig
                .sandbox
                .faults()
                .impartner(Fault::new(act).method("PATCH"));
            let desk = rig.desk.clone();
            let push = tokio::spawn(async move { desk.certs_push(&[], &Progress::silent()).await });
            while rig.sandbox.faults().struck(fault) == 0 {
                assert!(!push.is_finished());
                tokio::task::yield_now().await;
            }
            // The stand-in carries it out right after it was struck.
            while arrived && upstream(&rig, "Beta").0.is_none() {
                tokio::task::yield_now().await;
            }
            push.abort();
            let _aborted = push.await;
            rig.sandbox.faults().remove(fault);
            assert_eq!(
                rig.db
                    .one("SELECT status FROM cert_pushes ORDER BY push_id DESC")
                    .await,
                "sent"
            );

            // The lease of the dead push runs out; then the leftover is nobody's and is settled.
            let (progress, mut events) = Progress::channel();
            let note = loop {
                let rows = rig.desk.certs_preview(&[], &progress).await.unwrap();
                let note = rows.iter().find_map(|row| row.note.clone());
                if note
                    .as_ref()
                    .is_some_and(|note| note.contains("read again"))
                {
                    break note.unwrap();
                }
            };
            let said = if arrived {
                "it had arrived"
            } else {
                "it had not arrived"
            };
            assert!(note.contains(said), "{note}");
            drop(progress);
            let mut notices = Vec::new();
            while let Some(event) = events.recv().await {
                if let RunEvent::Notice { message } = event {
                    notices.push(message);
                }
            }
            assert_eq!(notices, [note]);
            let status = rig
                .db
                .one("SELECT status FROM cert_pushes ORDER BY push_id DESC")
                .await;
            assert_eq!(status, if arrived { "ok" } else { "failed" });
        }
        let rows = preview(&rig).await;
        assert_eq!(
            rows[0].remote,
            Some(CertFigures {
                certification_count: 1.0,
                total_npcu: 2.0
            })
        );
        assert!(rows.iter().all(|row| !row.differs));
    }
}
