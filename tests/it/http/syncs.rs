//! Syncs over HTTP: what they answer, and that they are runs like any other.

use std::time::Duration;

use prmdesk::clock::Clock;
use prmdesk::desk::Desk;
use prmdesk::plan::{Mode, Scope};
use prmdesk::progress::Progress;
use prmdesk::sandbox::{Act, Fault, World};
use prmdesk::values::PreviewRequest;
use reqwest::Method;

use super::rig::{Answer, Rig, config, until};
use crate::mariadb;

const FULL: PreviewRequest = PreviewRequest {
    scope: Scope::All,
    mode: Mode::Full,
};

/// The first accounts that the default filters keep and that are in the database.
async fn kept(rig: &Rig, count: usize) -> Vec<i64> {
    let sql = format!(
        "SELECT impartner_id FROM partners WHERE is_active = 1 ORDER BY impartner_id LIMIT {count}"
    );
    let rows = rig.db.rows(&sql).await;
    rows.iter().map(|id| id.parse().unwrap()).collect()
}

fn leave(rig: &Rig, ids: &[i64]) {
    let mut world = rig.sandbox.world();
    for &id in ids {
        assert!(world.edit_account(id, |account| account.tier = Some("Pending".into())));
    }
}

#[tokio::test]
async fn a_sync_applies_and_a_second_has_nothing_to_do() {
    for db in mariadb::both().await {
        let rig = Rig::with(World::generate(5, 40, 90), db, |_| {}).await;
        let first = rig.post("/api/impartner/sync/all?mode=full").await;
        assert_eq!(first.status, 200, "{}", first.text);
        assert_eq!(first.json["failed"], serde_json::json!([]));
        let added = first.json["applied"]["partners"]["add"].as_u64().unwrap();
        assert!(added > 10);
        let rows = rig.db.rows("SELECT COUNT(*) FROM partners").await;
        assert_eq!(rows, [added.to_string()]);
        let second = rig.post("/api/impartner/sync/all?mode=full").await;
        assert_eq!(
            (second.status, second.json["status"].as_str()),
            (200, Some("nothing")),
            "{}",
            second.text
        );
        let run = rig
            .get(&format!("/api/runs/{}", first.json["run_id"]))
            .await;
        assert_eq!(run.json["report"], first.json);
        assert_eq!(run.json["state"], "finished");
        // Another server knows it from the database.
        let other = rig.another().await;
        let run = other
            .call(Method::GET, &format!("/api/runs/{}", first.json["run_id"]))
            .await;
        assert_eq!(run.json["report"], first.json);
        assert_eq!(run.json["run"]["operator"], "http-test");
    }
}

#[tokio::test]
async fn who_does_not_wait_gets_a_run_to_ask_for() {
    let rig = Rig::start(World::generate(5, 40, 90)).await;
    let request = rig
        .server
        .request(Method::POST, "/api/impartner/sync/partners?mode=full")
        .header("Prefer", "respond-async, wait=5");
    let begun = Answer::of(request.send().await.unwrap()).await;
    assert_eq!(begun.status, 202, "{}", begun.text);
    assert_eq!(begun.json["state"], "running");
    let location = begun.header("location").to_owned();
    assert_eq!(location, format!("/api/runs/{}", begun.json["run_id"]));
    let run = rig.server.finished(&location).await;
    assert_eq!(
        (run["status"].as_str(), run["scope"].as_str()),
        (Some("applied"), None)
    );
    assert!(
        run["report"]["applied"]["partners"]["add"]
            .as_u64()
            .unwrap()
            > 10
    );
    assert_eq!(run["run"]["scope"], "partners");
}

#[tokio::test]
async fn what_needs_a_person_is_withheld() {
    let rig = Rig::start(World::generate(5, 60, 0)).await;
    rig.post("/api/impartner/sync/all?mode=full").await;
    let ids = kept(&rig, 2).await;
    leave(&rig, &ids[..1]);
    // Nothing but a soft-delete: nothing is applied.
    let blocked = rig.post("/api/impartner/sync/all").await;
    assert_eq!(
        (blocked.status, blocked.json["status"].as_str()),
        (422, Some("blocked")),
        "{}",
        blocked.text
    );
    assert_eq!(blocked.json["withheld"][0]["op"], "soft_delete");
    assert_eq!(blocked.json["withheld"][0]["cause"], "unattended");
    // With something certain beside it, that is applied, and the answer is 200.
    rig.sandbox
        .world()
        .edit_account(ids[1], |account| account.country = Some("Peru".into()));
    let partial = rig.post("/api/impartner/sync/all").await;
    assert_eq!(
        (partial.status, partial.json["status"].as_str()),
        (200, Some("partial")),
        "{}",
        partial.text
    );
    assert_eq!(partial.json["applied"]["partners"]["update"], 1);
    assert_eq!(partial.json["withheld"][0]["count"], 1);
    let inactive = "SELECT COUNT(*) FROM partners WHERE is_active = 0";
    assert_eq!(rig.db.rows(inactive).await, ["0"]);
}

#[tokio::test]
async fn with_the_policy_soft_deletes_go_through_until_a_guard_trips() {
    let rig = Rig::with(World::generate(5, 60, 0), mariadb::sqlite(), |config| {
        config.policy.unattended_deletes = true;
    })
    .await;
    rig.post("/api/impartner/sync/all?mode=full").await;
    let ids = kept(&rig, 12).await;
    leave(&rig, &ids[..1]);
    let applied = rig.post("/api/impartner/sync/all?mode=full").await;
    assert_eq!(
        applied.json["applied"]["partners"]["soft_delete"], 1,
        "{}",
        applied.text
    );
    leave(&rig, &ids[1..]);
    let guarded = rig.post("/api/impartner/sync/all?mode=full").await;
    assert_eq!(guarded.status, 422, "{}", guarded.text);
    assert_eq!(guarded.json["withheld"][0]["cause"], "max_percent");
    assert_eq!(guarded.json["withheld"][0]["count"], 11);
    let trips = "prmdesk_guard_trips_total{entity=\"partners\",rule=\"max_percent\"}";
    assert_eq!(rig.server.metric(trips).await, Some(1.0));
}

#[tokio::test]
async fn read_only_refuses_to_write_and_still_shows() {
    let rig = Rig::with(World::generate(5, 20, 20), mariadb::sqlite(), |config| {
        config.read_only = true;
    })
    .await;
    for path in [
        "/api/impartner/sync/all",
        "/api/impartner/sync/partners?mode=full",
        "/api/impartner/sync/contacts",
        "/api/db/certifications/sync-to-impartner",
        "/api/db/certifications/sync-to-impartner?dryRun=false",
    ] {
        let answer = rig.post(path).await;
        assert_eq!((answer.status, answer.code()), (403, "read_only"), "{path}");
    }
    assert_eq!(
        rig.get("/api/impartner/sync/preview?mode=full")
            .await
            .status,
        200
    );
    assert_eq!(
        rig.post("/api/db/certifications/sync-to-impartner?dryRun=true")
            .await
            .status,
        200
    );
    assert_eq!(
        rig.get("/api/impartner/sync/status").await.json["read_only"],
        true
    );
}

#[tokio::test]
async fn another_run_is_409_until_it_ends() {
    let rig = Rig::start(World::generate(5, 20, 20)).await;
    let desk = Desk::open(config(&rig.sandbox, &rig.db), Clock::system())
        .await
        .unwrap();
    let prepared = desk.begin_sync(FULL, &Progress::silent()).await.unwrap();
    let refused = rig.post("/api/impartner/sync/all").await;
    assert_eq!(
        (refused.status, refused.code()),
        (409, "leased"),
        "{}",
        refused.text
    );
    assert!(
        refused.json["error"]["message"]
            .as_str()
            .unwrap()
            .contains("http-test")
    );
    assert_eq!(rig.get("/api/impartner/sync/preview").await.status, 200);
    prepared.abandon().await.unwrap();
    assert_eq!(rig.post("/api/impartner/sync/all").await.status, 200);
}

#[tokio::test]
async fn a_fault_upstream_is_502_and_a_failed_run() {
    let rig = Rig::start(World::generate(5, 20, 20)).await;
    rig.sandbox.faults().impartner(
        Fault::new(Act::Status {
            status: 401,
            retry_after: None,
            message: None,
        })
        .always(),
    );
    let preview = rig.get("/api/impartner/sync/preview?mode=full").await;
    assert_eq!(preview.status, 502, "{}", preview.text);
    let failed = rig.post("/api/impartner/sync/all").await;
    assert_eq!(failed.status, 502, "{}", failed.text);
    assert!(!failed.text.contains(rig.sandbox.impartner_key()));
    let location = rig.server.sync_later("/api/impartner/sync/all").await;
    let run = rig.server.finished(&location).await;
    assert_eq!(run["status"], "failed");
    assert_eq!(run["error"]["message"], failed.json["error"]["message"]);
    assert_eq!(run["report"], serde_json::Value::Null);
    assert_eq!(
        rig.server
            .metric("prmdesk_runs_total{kind=\"sync\",status=\"failed\"}")
            .await,
        Some(2.0)
    );
}

#[tokio::test]
async fn a_caller_that_hangs_up_stops_nothing() {
    let rig = Rig::start(World::generate(5, 40, 90)).await;
    let late = Fault::new(Act::Delay { ms: 300 }).listings().times(3);
    let late = rig.sandbox.faults().impartner(late);
    let call = rig
        .server
        .call(Method::POST, "/api/impartner/sync/all?mode=full");
    tokio::select! {
        biased;
        () = until(async || rig.sandbox.faults().struck(late) > 0) => {}
        answer = call => panic!("answered too early: {}", answer.text),
    }
    // Here the call was dropped, and with it the connection.
    let applied = "SELECT COUNT(*) FROM sync_runs WHERE status = 'applied'";
    until(async || rig.db.rows(applied).await == ["1"]).await;
    assert_eq!(
        rig.post("/api/impartner/sync/all?mode=full").await.json["status"],
        "nothing"
    );
}

#[tokio::test]
async fn two_servers_on_one_database_never_run_two_syncs_at_once() {
    for db in mariadb::both().await {
        let rig = Rig::with(World::generate(5, 40, 90), db, |_| {}).await;
        let other = rig.another().await;
        let calls = (0..12).map(|n| {
            let server = if n % 2 == 0 { &rig.server } else { &other };
            server.call(Method::POST, "/api/impartner/sync/all?mode=full")
        });
        let answers = futures_util::future::join_all(calls).await;
        let (done, refused): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.status == 200);
        assert!(!done.is_empty());
        assert!(
            refused.iter().all(|answer| answer.status == 409),
            "{answers:?}"
        );
        // The records tell the same: no run began before the one before it had ended.
        let overlaps = "SELECT COUNT(*) FROM sync_runs a JOIN sync_runs b ON a.run_id < b.run_id \
                        AND b.started_at < a.finished_at";
        assert_eq!(rig.db.rows(overlaps).await, ["0"]);
        let applied = "SELECT COUNT(*) FROM sync_runs WHERE status = 'applied'";
        assert_eq!(rig.db.rows(applied).await, ["1"]);
    }
}

#[tokio::test]
async fn stopping_cancels_a_reading_and_lets_an_apply_finish() {
    let rig = Rig::start(World::generate(5, 40, 90)).await;
    rig.sandbox
        .faults()
        .impartner(Fault::new(Act::Delay { ms: 5_000 }).listings().always());
    let location = rig
        .server
        .sync_later("/api/impartner/sync/all?mode=full")
        .await;
    let began = std::time::Instant::now();
    rig.server.stop.cancel();
    let Rig {
        sandbox,
        db,
        server,
    } = rig;
    server.task.await.unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "a reading is not waited for"
    );
    assert_eq!(db.rows("SELECT status FROM sync_runs").await, ["cancelled"]);
    assert!(location.ends_with("/1"));

    sandbox.faults().clear();
    let again =
        super::rig::Running::start(config(&sandbox, &db), prmdesk::http::Limits::default()).await;
    let call = again
        .request(Method::POST, "/api/impartner/sync/all?mode=full")
        .send();
    let stop = again.stop.clone();
    let stop_when_applying = async {
        let applying = async || {
            let run = again.call(Method::GET, "/api/runs/2").await;
            run.status == 200
                && (run.json["phase"] == "applying" || run.json["state"] == "finished")
        };
        until(applying).await;
        stop.cancel();
    };
    let (answer, ()) = tokio::join!(call, stop_when_applying);
    let answer = Answer::of(answer.unwrap()).await;
    assert_eq!(
        (answer.status, answer.json["status"].as_str()),
        (200, Some("applied")),
        "{}",
        answer.text
    );
    again.task.await.unwrap();
    assert_eq!(
        db.rows("SELECT status FROM sync_runs WHERE run_id = 2")
            .await,
        ["applied"]
    );
}
