//! A day in the life: unattended runs by the clock against a source that changes, a guard that trips, a person who
//! releases it, off-boarding decided, certifications pushed; at the end metrics and journal tell the same.

use prmdesk::clock::Clock;
use prmdesk::desk::{Choice, Desk};
use prmdesk::plan::{Entity, Mode, Op, Release, Scope, Selection};
use prmdesk::progress::Progress;
use prmdesk::sandbox::{Object, World};
use prmdesk::values::{CaseState, PreviewRequest, RunStatus, Terms, Transcripts};

use super::rig::{Rig, config};
use crate::mariadb;

const INCREMENTAL: PreviewRequest = PreviewRequest {
    scope: Scope::All,
    mode: Mode::Incremental,
};

#[tokio::test]
async fn a_day_in_the_life() {
    for db in mariadb::both().await {
        day(db).await;
    }
}

async fn day(db: mariadb::TestDb) {
    let rig = Rig::with(World::generate(11, 80, 400), db, |config| {
        config.policy.unattended_deletes = true;
    })
    .await;
    let silent = &Progress::silent();
    let first = rig.post("/api/impartner/sync/all?mode=full").await;
    assert_eq!(first.status, 200, "{}", first.text);
    let certs = "/api/db/certifications/sync-to-impartner";
    let never = rig.post(certs).await;
    assert_eq!(
        (never.status, never.json["error"]["code"].as_str()),
        (422, Some("lms_never_read")),
        "{}",
        never.text
    );
    // Somebody reads the LMS, so that contacts and partners are linked and enrolments known.
    let person = person(&rig).await;
    person.lms_refresh(Transcripts::All, silent).await.unwrap();

    // The timer, every few minutes; each time a little has changed.
    let users = active(&rig, "contacts").await;
    for round in 0..6 {
        {
            let mut world = rig.sandbox.world();
            for id in users.iter().skip(round * 3).take(3) {
                world.edit_user(*id, |user| user.title = Some(format!("Round {round}")));
            }
            if round % 2 == 0 {
                world.edit_user(users[100 + round], |user| user.is_active = false);
            }
        }
        let run = rig.post("/api/impartner/sync/all?mode=incremental").await;
        assert_eq!(
            (run.status, run.json["status"].as_str()),
            (200, Some("applied")),
            "{}",
            run.text
        );
        assert_eq!(run.json["applied"]["contacts"]["update"], 3);
        assert_eq!(
            run.json["applied"]["contacts"]["soft_delete"],
            u64::from(round % 2 == 0)
        );
    }
    // Somebody imports nonsense upstream: a fifth of the people turn inactive. The guard trips; updates still go on.
    {
        let mut world = rig.sandbox.world();
        for id in users.iter().skip(150).take(users.len() / 5) {
            world.edit_user(*id, |user| user.is_active = false);
        }
        world.edit_user(users[0], |user| user.title = Some("Still updated".into()));
    }
    let tripped = rig.post("/api/impartner/sync/all").await;
    assert_eq!(
        (tripped.status, tripped.json["status"].as_str()),
        (200, Some("partial")),
        "{}",
        tripped.text
    );
    let withheld = tripped.json["withheld"][0]["count"].as_u64().unwrap();
    assert_eq!(withheld, users.len() as u64 / 5);
    let waiting = rig.get("/api/impartner/sync/status").await;
    assert_eq!(waiting.json["withheld"].as_u64(), Some(withheld));

    // A person looks, finds it right, and releases it by the exact number.
    let prepared = person.begin_sync(INCREMENTAL, silent).await.unwrap();
    let selection = Selection::of(&prepared.plan);
    assert_eq!(
        selection.count_op(&prepared.plan, Op::SoftDelete)[Entity::Contacts],
        withheld
    );
    let choice = Choice {
        release: Release {
            deletes: Some(withheld),
            reason: Some("Checked with Impartner.".into()),
            ..Release::default()
        },
        ..Choice::default()
    };
    let report = prepared.apply(selection, &choice, silent).await.unwrap();
    assert_eq!(
        (report.status, report.applied.contacts.soft_delete),
        (RunStatus::Applied, withheld)
    );

    // Those who left and are in the LMS wait for a decision; all are approved, and carried out.
    let cases = person.cases(Some(CaseState::Pending)).await.unwrap();
    assert!(!cases.is_empty());
    let ids: Vec<i64> = cases.iter().map(|case| case.case_id).collect();
    person
        .approve(&ids, "They left.", &Terms::accepting(&ids))
        .await
        .unwrap();
    let done = person.run_cases(None, silent).await.unwrap();
    assert!(
        done.iter().all(|case| case.state == CaseState::Done),
        "{done:#?}"
    );

    // Certifications: a look first, then the push, then nothing is left to push.
    let compared = rig.post(&format!("{certs}?dryRun=true")).await;
    let partners = compared.json["partners"].as_array().unwrap();
    let differing = partners
        .iter()
        .filter(|partner| partner["differs"] == true)
        .count();
    assert!(differing > 0);
    let pushed = rig.post(certs).await;
    assert_eq!(
        pushed.json["pushed"].as_u64(),
        Some(differing as u64),
        "{}",
        pushed.text
    );
    assert_eq!(rig.post(certs).await.json["pushed"], 0);
    // The portal's table is emptied by accident: every figure would fall to 0, and nobody can release that from here.
    rig.db.run("DELETE FROM lms_enrollments").await;
    let kept = rig.post(certs).await;
    assert_eq!((kept.status, kept.json["pushed"].as_u64()), (422, Some(0)));
    assert!(
        kept.json["withheld"].as_array().unwrap().len() >= 5,
        "{}",
        kept.text
    );

    agree(&rig).await;
}

/// Another process of a person, as far as the database can tell.
async fn person(rig: &Rig) -> Desk {
    let mut config = config(&rig.sandbox, &rig.db);
    config.operator = "anna".into();
    config.operator_named = true;
    Desk::open(config, Clock::system()).await.unwrap()
}

/// Impartner ids of the active rows of `table` that are alive upstream.
async fn active(rig: &Rig, table: &str) -> Vec<i64> {
    let sql = format!("SELECT impartner_id FROM {table} WHERE is_active = 1 ORDER BY impartner_id");
    let known = rig.sandbox.world().ids(Object::User);
    let rows = rig.db.rows(&sql).await;
    rows.iter()
        .map(|id| id.parse().unwrap())
        .filter(|id| known.contains(id))
        .collect()
}

/// Metrics, run records and journal.
async fn agree(rig: &Rig) {
    for entity in ["partners", "contacts"] {
        for op in ["add", "update", "reactivate", "soft_delete"] {
            let sql = format!(
                "SELECT COUNT(*) FROM sync_changes WHERE entity = '{entity}' AND op = '{op}' AND status = 'applied'"
            );
            let journal: f64 = rig.db.rows(&sql).await[0].parse().unwrap();
            let sample = format!("prmdesk_rows_total{{entity=\"{entity}\",op=\"{op}\"}}");
            assert_eq!(rig.server.metric(&sample).await, Some(journal), "{sample}");
        }
    }
    let runs = rig
        .db
        .rows("SELECT kind, status, COUNT(*) FROM sync_runs GROUP BY kind, status")
        .await;
    assert!(runs.len() >= 4, "{runs:?}");
    for row in runs {
        let [kind, status, count] = row.split('|').collect::<Vec<_>>()[..] else {
            panic!("{row}")
        };
        let sample = format!("prmdesk_runs_total{{kind=\"{kind}\",status=\"{status}\"}}");
        assert_eq!(
            rig.server.metric(&sample).await,
            Some(count.parse().unwrap()),
            "{sample}"
        );
    }
    let done = rig
        .db
        .rows("SELECT COUNT(*) FROM offboarding_cases WHERE state = 'done'")
        .await;
    let sample = "prmdesk_cases{state=\"done\"}";
    assert_eq!(
        rig.server.metric(sample).await,
        Some(done[0].parse().unwrap())
    );
    let trips = "prmdesk_guard_trips_total{entity=\"contacts\",rule=\"max_percent\"}";
    let other = "prmdesk_guard_trips_total{entity=\"contacts\",rule=\"max_count\"}";
    let (trips, other) = (
        rig.server.metric(trips).await,
        rig.server.metric(other).await,
    );
    assert_eq!((trips.unwrap() + other.unwrap()).to_string(), "1");
    assert_eq!(rig.server.metric("prmdesk_lease_held").await, Some(0.0));
}
