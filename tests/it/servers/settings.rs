//! A server whose settings are meant for other programs: what a session needs it sets itself (docs/operations.md, "A
//! server set up by somebody else").

use std::time::Duration;

use prmdesk::config::Secret;
use prmdesk::plan::{Entity, Mode, PerEntity, Selection};
use prmdesk::progress::Progress;
use prmdesk::sandbox::{Person, SandboxOptions};
use prmdesk::store::LeaseClaim;
use prmdesk::values::{RunStatus, Transcripts};

use super::Hostile;
use crate::desk::rig::Rig;
use crate::store::kit::{account, claim, finish, new_run, plan_of};

/// Every setting that was tried, at its worst.
pub const OPTIONS: &[&str] = &[
    "--autocommit=0",
    "--completion-type=RELEASE",
    "--sql-safe-updates=1",
    "--max-join-size=1",
    "--sql-mode=ORACLE,EMPTY_STRING_IS_NULL,NO_AUTO_VALUE_ON_ZERO,SIMULTANEOUS_ASSIGNMENT,HIGH_NOT_PRECEDENCE,PAD_CHAR_TO_FULL_LENGTH,NO_UNSIGNED_SUBTRACTION",
    "--default-time-zone=-11:00",
    "--innodb-snapshot-isolation=ON",
    "--max-statement-time=0.25",
    "--group-concat-max-len=4",
    "--transaction-isolation=SERIALIZABLE",
    "--transaction-read-only=ON",
    "--innodb-lock-wait-timeout=1",
    "--lock-wait-timeout=1",
    "--idle-transaction-timeout=1",
    "--idle-readonly-transaction-timeout=1",
    "--idle-write-transaction-timeout=1",
    "--wait-timeout=2",
    "--net-read-timeout=1",
    "--net-write-timeout=1",
    "--max-sort-length=64",
    "--alter-algorithm=INSTANT",
    "--max-allowed-packet=1M",
    "--init-connect=SET autocommit = 0, foreign_key_checks = 0, sql_select_limit = 1",
    // What no session changes, and a run must bear.
    "--default-storage-engine=Aria",
    "--character-set-server=latin1",
    "--collation-server=latin1_german2_ci",
    "--skip-character-set-client-handshake",
    "--auto-increment-increment=7",
    "--auto-increment-offset=3",
    "--explicit-defaults-for-timestamp=OFF",
    "--lower-case-table-names=1",
    "--innodb-rollback-on-timeout=ON",
    "--innodb-strict-mode=OFF",
    "--innodb-autoinc-lock-mode=0",
    "--low-priority-updates=1",
    "--join-cache-level=0",
    "--lc-time-names=de_DE",
    "--tmp-memory-table-size=1024",
    "--max-heap-table-size=16384",
    "--max-recursive-iterations=1",
    "--div-precision-increment=0",
    "--max-user-connections=9",
    "--max-connections=100",
];

/// More of them, which are no options of the command line.
pub const GLOBALS: &[&str] = &[
    "sql_select_limit = 1",
    "foreign_key_checks = 0",
    "unique_checks = 0",
    "check_constraint_checks = 0",
    "sql_auto_is_null = 1",
];

/// A database there, used by an account that is no administrator (`init_connect` spares those).
async fn rig(name: &str, partners: usize, contacts: usize) -> Rig {
    let server = Hostile::server().await;
    let mut db = server.database(name).await;
    // An account each, so that one test's connections are not another's.
    db.run(&format!("CREATE USER IF NOT EXISTS {name}_app"))
        .await;
    db.run(&format!("GRANT ALL ON {name}.* TO {name}_app"))
        .await;
    db.url = db.url.replace("root@", &format!("{name}_app@"));
    Rig::on(db, partners, contacts, SandboxOptions::default(), |_| {}).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_on_a_server_with_every_setting_against_it() {
    let _alone = Hostile::server().await.alone().await;
    let rig = rig("hostile_story", 40, 300).await;
    let person = Person {
        id: "u1".into(),
        email: "u01@p.example".into(),
        ..Person::default()
    };
    {
        let mut world = rig.sandbox.world();
        world.lms_mut().people.insert(person.id.clone(), person);
    }

    let first = rig.sync(Mode::Full).await.unwrap();
    assert_eq!(first.status, RunStatus::Applied, "{first:?}");
    assert_eq!(
        (first.applied.partners.add, first.applied.contacts.add),
        (40, 300)
    );
    let second = rig.sync(Mode::Full).await.unwrap();
    assert_eq!(second.status, RunStatus::Nothing, "{second:?}");

    rig.set_tier("P01", "Basic");
    rig.delete("u05@p.example");
    let changed = rig.sync(Mode::Full).await.unwrap();
    assert_eq!(changed.status, RunStatus::Applied, "{changed:?}");
    assert_eq!(changed.applied.partners.update, 1);
    assert_eq!(rig.inactive(Entity::Contacts).await, ["u05@p.example"]);

    let undo = rig
        .desk
        .preview_undo(changed.run_id.unwrap())
        .await
        .unwrap();
    let undone = rig.apply(&undo).await.unwrap();
    assert_eq!(undone.status, RunStatus::Applied, "{undone:?}");
    assert_eq!(rig.inactive(Entity::Contacts).await, [""; 0]);
    assert_eq!(rig.rows().await.partners["P01"].1, "Premier");

    let refreshed = rig
        .desk
        .lms_refresh(Transcripts::No, &Progress::silent())
        .await
        .unwrap();
    assert_eq!((refreshed.people, refreshed.contacts_linked), (1, 1));
    assert_eq!(rig.desk.runs(10).await.unwrap().len(), 5);
    let troubles = prmdesk::desk::Desk::connect(&rig.config, rig.desk.clock())
        .await
        .unwrap()
        .server_troubles()
        .await
        .unwrap()
        .unwrap();
    assert_eq!(troubles.failing, [""; 0], "a MiB is enough");
    assert_eq!(troubles.risky, [""; 0]);
}

/// With innodb_snapshot_isolation, the lease's own renewal would forbid a run its last statement.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_outlives_the_renewals_of_its_lease() {
    let server = Hostile::server().await;
    let _alone = server.alone().await;
    let db = server.database("hostile_lease").await;
    let store = db.store().await;
    let plan = plan_of(&store, &[account(1, "One")], &[]).await;
    let short = LeaseClaim {
        ttl: Duration::from_millis(800),
        ..claim()
    };
    let lease = store.lease(short).await.unwrap();
    let run_id = store.begin_run(&lease, &new_run()).await.unwrap();
    let mut tx = store.begin_apply(&lease, run_id).await.unwrap();
    let outcomes = tx
        .write(
            &plan,
            &Selection::of(&plan),
            PerEntity::default(),
            &Progress::silent(),
        )
        .await
        .unwrap();
    let expiry = async || {
        store
            .holder()
            .await
            .unwrap()
            .map(|holder| holder.expires_at)
    };
    let first = expiry().await;
    tokio::time::timeout(Duration::from_secs(20), async {
        while expiry().await == first {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("it is renewed");
    tx.commit(&finish(&plan, &outcomes), &Progress::silent())
        .await
        .unwrap();
    lease.release().await.unwrap();
    let server_sets = db
        .one("SHOW GLOBAL VARIABLES LIKE 'innodb_snapshot_isolation'")
        .await;
    assert!(
        server_sets == "none" || server_sets.ends_with("|ON"),
        "{server_sets}"
    );
}

/// The settings that no session can change are told by `doctor` before anything fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_foretells_what_no_session_can_put_right() {
    let server = Hostile::server().await;
    let _alone = server.alone().await;
    let db = server.database("hostile_doctor").await;
    db.store().await.close().await;
    db.run("SET GLOBAL max_allowed_packet = 65536").await;
    let mut config = prmdesk::config::Config::default();
    config.database.url = Some(Secret::new(&db.url));
    let loaded = prmdesk::config::Loaded {
        config,
        path: None,
        inline_secrets: Vec::new(),
        warnings: Vec::new(),
        profiles: Vec::new(),
    };
    let checks = prmdesk::desk::doctor(Ok(loaded), &prmdesk::clock::Clock::system()).await;
    db.run("SET GLOBAL max_allowed_packet = 1048576").await;
    let check = checks
        .iter()
        .find(|check| check.name == "settings")
        .unwrap_or_else(|| panic!("{checks:?}"));
    assert_eq!(
        check.status,
        prmdesk::values::CheckStatus::Failure,
        "{check:?}"
    );
    assert!(
        check.message.contains("max_allowed_packet is 65536"),
        "{check:?}"
    );
}
