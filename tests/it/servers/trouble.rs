//! What goes wrong around a run: a report that is larger than a packet, a lease that cannot be given back or is somebody
//! else's by now, a host whose clock is wrong, a database that is lost while it is read.

use std::time::Duration;

use prmdesk::clock::Clock;
use prmdesk::config::Secret;
use prmdesk::desk::Desk;
use prmdesk::error::Kind;
use prmdesk::plan::{Entity, Mode, Selection};
use prmdesk::progress::Progress;
use prmdesk::sandbox::{Act, Course, Fault, SandboxOptions};
use prmdesk::store::{Engine, Store};
use prmdesk::values::{RunStatus, Transcripts};

use super::Hostile;
use crate::desk::rig::Rig;
use crate::mariadb::{TestDb, both, sqlite};
use crate::offboard::rig::Rig as LmsRig;
use crate::store::kit::{account, apply, plan_of};

/// Rows that are stale, each with a long message.
async fn a_long_report(db: TestDb) {
    let rig = Rig::on(db, 3, 4000, SandboxOptions::default(), |config| {
        config.impartner.page_size = 1000;
        config.guards.field_change_percent = 100.0;
    })
    .await;
    rig.sync(Mode::Full).await.unwrap();
    {
        let mut world = rig.sandbox.world();
        for id in world.users().map(|user| user.id).collect::<Vec<_>>() {
            world.edit_user(id, |user| user.title = Some("Head of everything".into()));
        }
    }
    rig.set_tier("P01", "Basic");
    let plan = rig.preview(Mode::Full).await.unwrap();
    let long =
        "a title that somebody wrote by hand meanwhile, and not a short one at that ".repeat(3);
    rig.db
        .run(&format!("UPDATE contacts SET title = '{long}'"))
        .await;
    let report = rig.apply(&plan).await.unwrap();
    assert_eq!(report.status, RunStatus::Partial);
    assert_eq!(
        (report.stale.len(), report.applied.partners.update),
        (4000, 1)
    );
    let size = serde_json::to_string(&report).unwrap().len();
    assert!(size > 1024 * 1024, "{size} bytes say nothing here");

    // Nothing of it is lost: what the record cannot hold, the journal has.
    let run_id = report.run_id.unwrap();
    let mut kept = rig.desk.run_report(run_id).await.unwrap().unwrap();
    assert_eq!(kept.stale.len(), 4000);
    let mut report = report;
    kept.stale.sort_by_key(|row| row.impartner_id);
    report.stale.sort_by_key(|row| row.impartner_id);
    assert_eq!(kept, report);
    let runs = rig.desk.runs_after(run_id - 1, 10).await.unwrap();
    assert_eq!((runs.len(), runs[0].run.faults), (1, 4000));
    assert_eq!(runs[0].report.as_ref().unwrap().applied, report.applied);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_larger_than_a_packet_costs_no_run() {
    a_long_report(sqlite()).await;
    let server = Hostile::server().await;
    let _alone = server.alone().await;
    a_long_report(server.database("long_report").await).await;
}

/// A run whose rows are in the database is applied, whatever becomes of its lease.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_committed_is_reported_as_applied_when_its_lease_cannot_be_given_back() {
    for engine in [Engine::MariaDb, Engine::Sqlite] {
        let rig = Rig::new(engine, 3, 5).await;
        rig.db
            .run(match engine {
                Engine::MariaDb => {
                    "CREATE TRIGGER keep BEFORE UPDATE ON sync_lease FOR EACH ROW \
                     IF NEW.token = '' AND OLD.token <> '' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'kept'; END IF"
                }
                Engine::Sqlite => {
                    "CREATE TRIGGER keep BEFORE UPDATE ON sync_lease WHEN NEW.token = '' AND OLD.token <> '' \
                     BEGIN SELECT RAISE(ABORT, 'kept'); END"
                }
            })
            .await;
        let report = rig.sync(Mode::Full).await.unwrap();
        assert_eq!(report.status, RunStatus::Applied);
        let kept = rig.db.one("SELECT status FROM sync_runs").await;
        assert_eq!(kept, "applied", "{engine:?}");
    }
}

/// Somebody else takes the lease in a way that the run's own renewal has not noticed yet.
const TAKEN: &str =
    "UPDATE sync_lease SET token = 'another', operator = 'ben', expires_at = '2999-01-01 00:00:00'";

/// A refresh whose lease goes to somebody else while it waits for the LMS at `path`.
async fn refresh_that_loses(rig: &LmsRig, path: &str, what: Transcripts) -> prmdesk::error::Error {
    let desk = rig
        .other(|config| config.lease_ttl = Duration::from_hours(1))
        .await;
    let gate = rig
        .sandbox
        .faults()
        .lms(Fault::new(Act::Gate).path(path).nth(1).always());
    let run = tokio::spawn(async move { desk.lms_refresh(what, &Progress::silent()).await });
    while rig.sandbox.faults().struck(gate) == 0 {
        assert!(!run.is_finished(), "{:?}", run.await);
        tokio::task::yield_now().await;
    }
    rig.db.run(TAKEN).await;
    rig.sandbox.faults().remove(gate);
    run.await.unwrap().unwrap_err()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_whose_lease_is_somebody_elses_by_now_writes_nothing() {
    for db in both().await {
        let rig = LmsRig::new(db).await;
        let error = refresh_that_loses(&rig, "g-beta", Transcripts::No).await;
        assert_eq!(
            (error.kind, error.code),
            (Kind::Leased, "lease_lost"),
            "{error}"
        );
        assert!(error.message.contains("Nothing was written"), "{error}");
        assert_eq!(rig.db.one("SELECT COUNT(*) FROM lms_users").await, "0");
        assert_eq!(rig.db.one("SELECT COUNT(*) FROM lms_groups").await, "0");
        rig.db
            .run("UPDATE sync_lease SET token = '', operator = '', expires_at = '1970-01-02 00:00:00'")
            .await;

        // Transcripts are written a part at a time: what was before stays, and is told.
        {
            let mut world = rig.sandbox.world();
            let lms = world.lms_mut();
            lms.courses.insert(
                "c1".into(),
                Course {
                    id: "c1".into(),
                    name: "One".into(),
                    npcu: Some(1),
                },
            );
        }
        let error = refresh_that_loses(&rig, "u4", Transcripts::All).await;
        assert_eq!(
            (error.kind, error.code),
            (Kind::Leased, "lease_lost"),
            "{error}"
        );
        assert!(error.message.contains("stay so"), "{error}");
        assert_eq!(rig.db.one("SELECT COUNT(*) FROM lms_users").await, "9");
        assert_eq!(
            rig.db.one("SELECT COUNT(*) FROM lms_enrollments").await,
            "0"
        );
    }
}

/// A host whose clock is days behind does not hide its soft-deletes from the guards' window.
#[tokio::test(flavor = "multi_thread")]
async fn the_guards_window_is_by_the_databases_clock() {
    for db in both().await {
        db.store().await.close().await;
        let wrong = Clock::fixed(chrono::DateTime::from_timestamp(1_500_000_000, 0).unwrap());
        let store = Store::connect(&Secret::new(&db.url), wrong).await.unwrap();
        let all = [account(1, "One"), account(2, "Two")];
        apply(&store, &plan_of(&store, &all, &[]).await).await;
        let gone = [account(1, "One").inactive()];
        apply(&store, &plan_of(&store, &gone, &[]).await).await;
        let since = store.now().await.unwrap() - chrono::TimeDelta::hours(24);
        let window = store.window_counts(Entity::Partners, since).await.unwrap();
        assert_eq!((window.counted, window.deleted), (1, 1), "{:?}", db.engine);
        let far = store.now().await.unwrap() - Clock::system().now();
        assert!(far.num_minutes().abs() < 5, "it is the database's: {far}");
    }
}

/// A preview that loses the database while it reads the tables reads again; nothing was written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_whose_database_is_lost_while_it_reads_tries_again() {
    let rig = Rig::new(Engine::MariaDb, 3, 30).await;
    rig.sync(Mode::Full).await.unwrap();
    rig.set_tier("P01", "Basic");
    let root = TestDb::at(&rig.db.url);
    // Whoever reads contacts waits.
    let mut lock = <sqlx::MySqlConnection as sqlx::Connection>::connect(&root.url)
        .await
        .unwrap();
    sqlx::raw_sql("LOCK TABLES contacts WRITE")
        .execute(&mut lock)
        .await
        .unwrap();
    let desk: Desk = rig.desk.clone();
    let request = prmdesk::values::PreviewRequest {
        scope: prmdesk::plan::Scope::All,
        mode: Mode::Full,
    };
    let preview = tokio::spawn(async move { desk.preview(request, &Progress::silent()).await });
    let waiting = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND state LIKE 'Waiting for table metadata lock%'";
    let mut found = Vec::new();
    while found.is_empty() {
        assert!(!preview.is_finished(), "{:?}", preview.await);
        found = root.rows(waiting).await;
    }
    for id in found {
        root.run(&format!("KILL {id}")).await;
    }
    sqlx::raw_sql("UNLOCK TABLES")
        .execute(&mut lock)
        .await
        .unwrap();
    let plan = preview.await.unwrap().unwrap();
    let selection = Selection::of(&plan);
    assert_eq!(plan.items.len(), 1);
    assert!(selection.is_ticked(0));
}
