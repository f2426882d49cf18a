//! What is written about a case, and what of it lasts.

use prmdesk::desk::Probe;
use prmdesk::error::Kind;
use prmdesk::progress::Progress;
use prmdesk::values::{CaseEntry, CaseState};

use super::rig::{Rig, states};
use crate::mariadb::both;

/// Event, who and note of each entry that is no step.
fn moves(log: &[CaseEntry]) -> Vec<String> {
    let moves = log.iter().filter(|entry| entry.step.is_none());
    moves
        .map(|e| {
            let note = e.note.as_deref().unwrap_or("-");
            format!("{} {}: {note}", e.event, e.operator)
        })
        .collect()
}

#[tokio::test]
async fn the_log_keeps_every_decision_step_and_restoration() {
    for db in both().await {
        let rig = Rig::new(db).await;
        rig.swept().await;
        let u6 = rig.case_of("U6@X.example").await.case_id;
        rig.approve(u6).await;
        assert_eq!(states(&rig.run().await), [CaseState::Done]);
        let ben = rig.other(|c| c.operator = "ben".into()).await;
        let back = ben.restore_case(u6, &Progress::silent()).await.unwrap();
        assert_eq!(back.state, CaseState::Restored);
        assert_eq!(back.decided_by.as_deref(), Some("ann"));
        assert_eq!(back.note.as_deref(), Some("they left"));
        assert_eq!(back.last.unwrap().operator, "ben");

        let log = rig.desk.case_log(u6).await.unwrap();
        assert_eq!(
            moves(&log),
            [
                "open ann: sweep: inactive here and still in LMS groups",
                "approve ann: they left",
                "start ann: -",
                "finish ann: -",
                "restore ben: 2 memberships are back",
            ]
        );
        let steps: Vec<(&str, &str, &str)> = log
            .iter()
            .filter_map(|e| Some((e.event.as_str(), e.operator.as_str(), e.step.as_deref()?)))
            .collect();
        assert_eq!(
            steps,
            [
                ("step_done", "ann", "take u6@x.example out of Beta société"),
                ("step_done", "ann", "take u6@x.example out of All Partners"),
                (
                    "step_done",
                    "ben",
                    "put u6@x.example back into Beta société"
                ),
                (
                    "step_done",
                    "ben",
                    "put u6@x.example back into All Partners"
                ),
            ]
        );
        let error = rig.desk.case_log(9999).await.unwrap_err();
        assert_eq!(error.kind, Kind::Usage);
        // What a person had put back is not swept up again.
        assert_eq!(rig.desk.sweep().await.unwrap(), 0);
        let again = rig.desk.restore_case(u6, &Progress::silent()).await;
        assert!(again.unwrap_err().message.contains("put back again"));
        let counts = rig.desk.status(Probe::Stored).await.unwrap().cases;
        assert_eq!((counts.restored, counts.rejected), (1, 0));
    }
}

#[tokio::test]
async fn rejected_and_held_cases_are_taken_up_again_with_a_note() {
    for db in both().await {
        let rig = Rig::new(db).await;
        rig.swept().await;
        let u1 = rig.case_of("u1@x.example").await.case_id;
        let u2 = rig.case_of("u2@x.example").await.case_id;
        let acme = rig.case_of("Acme").await.case_id;
        rig.desk.reject(&[u1], "no").await.unwrap();
        rig.desk.hold_cases(&[u2], "wait").await.unwrap();

        for error in [
            rig.desk.reopen_cases(&[u1], " ").await.unwrap_err(),
            rig.desk.reopen_cases(&[9999], "yes").await.unwrap_err(),
        ] {
            assert_eq!(error.kind.exit_code(), 2, "{error}");
        }
        let error = rig.desk.reopen_cases(&[u1, acme], "x").await.unwrap_err();
        assert!(error.message.contains("it is pending"), "{error}");
        assert_eq!(rig.case_of("u1@x.example").await.state, CaseState::Rejected);

        let cases = rig
            .desk
            .reopen_cases(&[u1, u2], "asked again")
            .await
            .unwrap();
        assert_eq!(states(&cases), [CaseState::Pending; 2]);
        let log = rig.desk.case_log(u1).await.unwrap();
        assert_eq!(
            moves(&log)[1..],
            ["reject ann: no", "reopen ann: asked again"]
        );
        rig.approve(u1).await;
        assert_eq!(states(&rig.run().await), [CaseState::Done]);
        let error = rig.desk.reopen_cases(&[u1], "x").await.unwrap_err();
        assert!(error.message.contains("it has run already"), "{error}");

        // A newer case of the same row stands: the old one is not taken up beside it.
        rig.desk.reject(&[u2], "no").await.unwrap();
        let copy = format!(
            "INSERT INTO offboarding_cases (entity, row_id, name, state, reason, opened_at, opened_by, updated_at) \
             SELECT entity, row_id, name, 'pending', reason, opened_at, opened_by, updated_at FROM offboarding_cases \
             WHERE case_id = {u2}"
        );
        rig.db.run(&copy).await;
        let newer = rig.case_of("u2@x.example").await.case_id;
        let error = rig.desk.reopen_cases(&[u2], "x").await.unwrap_err();
        assert_eq!((error.kind, error.code), (Kind::Blocked, "case_superseded"));
        assert!(error.message.contains(&newer.to_string()), "{error}");

        // Whose record came back has nothing to take up.
        let u6 = rig.case_of("U6@X.example").await.case_id;
        rig.desk.reject(&[u6], "no").await.unwrap();
        rig.db
            .run("UPDATE contacts SET is_active = TRUE WHERE id = 16")
            .await;
        let error = rig.desk.reopen_cases(&[u6], "x").await.unwrap_err();
        assert!(error.message.contains("the record came back"), "{error}");
        assert_eq!(rig.case_of("U6@X.example").await.state, CaseState::Obsolete);
    }
}

/// A database as the version before left it: the history in a column of the case.
#[tokio::test]
async fn cases_of_an_older_version_keep_their_decisions() {
    for db in both().await {
        let rig = Rig::new(db).await;
        rig.swept().await;
        let u1 = rig.case_of("u1@x.example").await.case_id;
        let u2 = rig.case_of("u2@x.example").await.case_id;
        let log = r#"[{"at":"2026-01-02T03:04:05.123456789Z","who":"zoë","what":"open","from":"pending","to":"pending","note":"run 3"},
            {"at":"2026-01-03T03:04:05Z","who":"ben","what":"reject","from":"pending","to":"rejected","note":"it''s no"},
            {"at":"2026-01-04T00:00:00Z","who":"ben","what":"hold","from":"pending","to":"held","note":null}]"#;
        let store = rig.db.store().await;
        rig.db.run("DROP TABLE offboarding_events").await;
        rig.db
            .run(&format!(
                "UPDATE offboarding_cases SET state = 'held', log = '{log}' WHERE case_id = {u1}"
            ))
            .await;
        store.migrate().await.unwrap();
        assert!(store.migrate().await.unwrap().is_empty(), "once");
        let log = rig.desk.case_log(u1).await.unwrap();
        assert_eq!(
            moves(&log),
            ["open zoë: run 3", "reject ben: it's no", "hold ben: -"]
        );
        assert_eq!(log[0].at.to_rfc3339(), "2026-01-02T03:04:05.123456+00:00");
        assert_eq!(log[1].at.to_rfc3339(), "2026-01-03T03:04:05+00:00");
        let log = rig.desk.case_log(u2).await.unwrap();
        assert_eq!(
            moves(&log),
            ["open ann: sweep: inactive here and still in LMS groups"]
        );
        let case = rig.case_of("u1@x.example").await;
        assert_eq!(case.last.unwrap().event, "hold");
    }
}
