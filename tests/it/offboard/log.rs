//! What is written about a case, and what of it lasts.

use std::time::Duration;

use chrono::TimeDelta;
use prmdesk::desk::Probe;
use prmdesk::error::Kind;
use prmdesk::progress::Progress;
use prmdesk::values::{CaseEntry, CaseState, Terms};

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

#[tokio::test]
async fn an_approval_waits_for_its_day_and_can_be_taken_back_until_then() {
    for db in both().await {
        let rig = Rig::new(db).await;
        rig.swept().await;
        let u1 = rig.case_of("u1@x.example").await.case_id;
        let u2 = rig.case_of("u2@x.example").await.case_id;
        let week = Terms {
            after: Duration::from_hours(7 * 24),
            ..Terms::default()
        };
        let cases = rig.desk.approve(&[u1, u2], "left", &week).await.unwrap();
        let day = cases[0].run_after.unwrap();
        let wait = day - cases[0].decided_at.unwrap();
        assert_eq!((wait + TimeDelta::minutes(1)).num_days(), 7);
        // Nothing runs before, asked by number or not; that is no error.
        let asked = rig.desk.run_cases(Some(&[u1]), &Progress::silent()).await;
        assert_eq!(states(&asked.unwrap()), [CaseState::Approved]);
        assert_eq!(states(&rig.run().await), [CaseState::Approved; 2]);
        assert!(rig.writes().is_empty());
        assert!(
            rig.db
                .rows("SELECT run_id FROM sync_runs WHERE kind = 'offboard'")
                .await
                .is_empty(),
            "no run was made"
        );

        rig.desk.hold_cases(&[u1], "wait").await.unwrap();
        let again = rig.desk.reopen_cases(&[u1], "now").await.unwrap();
        assert_eq!(again[0].run_after, None);
        rig.approve(u1).await;
        let mut ran = rig.run().await;
        ran.sort_by_key(|case| case.case_id);
        assert_eq!(states(&ran), [CaseState::Done, CaseState::Approved]);
        // Its day has come.
        rig.db
            .run("UPDATE offboarding_cases SET run_after = '2026-01-01 00:00:00' WHERE state = 'approved'")
            .await;
        assert_eq!(states(&rig.run().await), [CaseState::Done]);
        assert_eq!(
            rig.case_of("u2@x.example").await.decided_by.as_deref(),
            Some("ann")
        );

        // The policy is the least.
        let slow = rig
            .other(|c| c.policy.offboarding_delay = Duration::from_hours(1))
            .await;
        let u6 = rig.case_of("U6@X.example").await.case_id;
        let cases = slow
            .approve(&[u6], "left", &Terms::default())
            .await
            .unwrap();
        let wait = cases[0].run_after.unwrap() - cases[0].decided_at.unwrap();
        assert_eq!((wait + TimeDelta::minutes(1)).num_minutes(), 60);
        assert_eq!(states(&rig.run().await), [CaseState::Approved]);
    }
}

#[tokio::test]
async fn foreign_members_are_acknowledged_case_by_case() {
    for db in both().await {
        let rig = Rig::new(db).await;
        rig.swept().await;
        let acme = rig.case_of("Acme").await.case_id;
        let u1 = rig.case_of("u1@x.example").await.case_id;
        let error = rig
            .desk
            .approve(&[acme, u1], "left", &Terms::accepting(&[u1]))
            .await
            .unwrap_err();
        assert_eq!((error.kind, error.code), (Kind::Blocked, "foreign_members"));
        assert!(
            error
                .message
                .contains("1 member belongs to somebody else: u4@x.example")
                && error
                    .message
                    .contains("1 member is known to nobody here: u9@x.example"),
            "{error}"
        );
        let error = rig
            .desk
            .approve(&[u1], "left", &Terms::accepting(&[acme]))
            .await
            .unwrap_err();
        assert_eq!(error.kind, Kind::Usage);
        let cases = rig
            .desk
            .approve(&[acme, u1], "left", &Terms::accepting(&[acme]))
            .await
            .unwrap();
        let accepted: Vec<bool> = cases.iter().map(|case| case.foreign_accepted).collect();
        assert_eq!(
            accepted,
            [true, false],
            "recorded for the case it was about"
        );
    }
}

/// Their own people, whom only our rules leave out, are no strangers; who works for another partner by now is.
#[tokio::test]
async fn somebody_else_is_an_active_contact_of_another_active_partner() {
    for db in both().await {
        let rig = Rig::new(db).await;
        for sql in [
            // Acme's own once, at Beta now.
            "UPDATE contacts SET partner_id = 1 WHERE id = 14",
            "INSERT INTO contacts (id, partner_id, email, impartner_id, is_active, lms_user_id) \
             VALUES (18, 2, 'u4.beta@x.example', 208, TRUE, 'u4')",
            // Beta's once, and nobody's by now.
            "UPDATE contacts SET is_active = FALSE, partner_id = 2 WHERE id = 13",
        ] {
            rig.db.run(sql).await;
        }
        rig.swept().await;
        let acme = rig.case_of("Acme").await.case_id;
        let acme = rig.desk.case(acme).await.unwrap();
        let note = acme.steps.last().unwrap().note.clone().unwrap();
        assert_eq!(
            note,
            "1 member belongs to somebody else: u4@x.example; \
             2 members are known to nobody here: u3@x.example, u9@x.example"
        );
        assert_eq!(acme.foreign_members, 3);
    }
}
