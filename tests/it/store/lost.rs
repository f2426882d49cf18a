//! Connections that break, rows that others lock, files that take no writes.

use std::time::Duration;

use prmdesk::clock::Clock;
use prmdesk::config::Secret;
use prmdesk::plan::{PerEntity, Selection};
use prmdesk::progress::Progress;
use prmdesk::store::{Store, StoreError};
use sqlx::{Connection as _, Executor as _};

use super::kit::{account, apply, claim, finish, new_run, plan_of};
use crate::mariadb::{mariadb, sqlite};

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_in_mid_apply_leaves_nothing_and_may_be_repeated() {
    let db = mariadb().await;
    let store = db.store().await;
    let plan = plan_of(&store, &[account(1, "One"), account(2, "Two")], &[]).await;
    let lease = store.lease(claim()).await.unwrap();
    let run_id = store.begin_run(&lease, &new_run()).await.unwrap();
    let selection = Selection::of(&plan);

    let mut tx = store.begin_apply(&lease, run_id).await.unwrap();
    let outcomes = tx
        .write(&plan, &selection, PerEntity::default(), &Progress::silent())
        .await
        .unwrap();
    for id in db.rows("SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()").await {
        // One that ended by itself meanwhile is as good.
        let _already_gone = db.try_run(&format!("KILL {id}")).await;
    }
    let error = tx
        .commit(&finish(&plan, &outcomes), &Progress::silent())
        .await
        .unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert_eq!(db.one("SELECT COUNT(*) FROM partners").await, "0");
    assert_eq!(db.one("SELECT status FROM sync_runs").await, "running");

    // The same transaction again, under the same lease and run.
    let mut tx = store.begin_apply(&lease, run_id).await.unwrap();
    let outcomes = tx
        .write(&plan, &selection, PerEntity::default(), &Progress::silent())
        .await
        .unwrap();
    tx.commit(&finish(&plan, &outcomes), &Progress::silent())
        .await
        .unwrap();
    assert_eq!(db.one("SELECT COUNT(*) FROM partners").await, "2");
    assert_eq!(
        db.one("SELECT COUNT(*) FROM sync_changes").await,
        "2",
        "the journal is not doubled"
    );
    lease.release().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_rolls_back_and_may_be_repeated() {
    let db = mariadb().await;
    let store = db.store().await;
    apply(
        &store,
        &plan_of(&store, &[account(1, "One"), account(2, "Two")], &[]).await,
    )
    .await;
    let changes = [
        account(1, "One").with("country", "Peru"),
        account(2, "Two").with("country", "Peru"),
    ];
    let plan = plan_of(&store, &changes, &[]).await;
    let lease = store.lease(claim()).await.unwrap();
    let run_id = store.begin_run(&lease, &new_run()).await.unwrap();

    // Another program has row 2 and will want row 1, which our transaction has by then.
    let mut other = sqlx::MySqlConnection::connect(&db.url).await.unwrap();
    other.execute("START TRANSACTION").await.unwrap();
    other
        .execute("UPDATE partners SET website = 'x' WHERE id = 2")
        .await
        .unwrap();
    let ours = {
        let (store, lease, plan) = (store.clone(), &lease, plan.clone());
        let mut tx = store.begin_apply(lease, run_id).await.unwrap();
        tokio::spawn(async move {
            let selection = Selection::of(&plan);
            tx.write(&plan, &selection, PerEntity::default(), &Progress::silent())
                .await
        })
    };
    // Row 1 is ours as soon as somebody who will not wait is refused it.
    let probe = "SELECT id FROM partners WHERE id = 1 FOR UPDATE NOWAIT";
    tokio::time::timeout(Duration::from_mins(1), async {
        while db.try_run(probe).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("ours has row 1");
    other
        .execute("UPDATE partners SET website = 'x' WHERE id = 1")
        .await
        .unwrap();
    let error = ours.await.unwrap().unwrap_err();
    assert!(error.is_retryable() && !error.is_lost(), "{error}");
    other.execute("ROLLBACK").await.unwrap();

    let progress = Progress::silent();
    let mut tx = store.begin_apply(&lease, run_id).await.unwrap();
    let outcomes = tx
        .write(
            &plan,
            &Selection::of(&plan),
            PerEntity::default(),
            &progress,
        )
        .await
        .unwrap();
    tx.commit(&finish(&plan, &outcomes), &progress)
        .await
        .unwrap();
    assert_eq!(
        db.rows("SELECT country, website FROM partners").await,
        ["Peru|-", "Peru|-"]
    );
    lease.release().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_host_is_gone_the_next_one_of_the_url_is_used() {
    let db = mariadb().await;
    db.store().await;
    // A door in front of the server that can be shut, and the server itself.
    let place = db
        .url
        .rsplit_once('@')
        .unwrap()
        .1
        .split('/')
        .next()
        .unwrap()
        .to_owned();
    let door = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let door_place = door.local_addr().unwrap();
    let behind = place.clone();
    let open = tokio::spawn(async move {
        let mut through = tokio::task::JoinSet::new();
        loop {
            let (mut near, _) = door.accept().await.unwrap();
            let behind = behind.clone();
            through.spawn(async move {
                let mut far = tokio::net::TcpStream::connect(behind).await.unwrap();
                let _ended = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    let url = db.url.replace(&place, &format!("{door_place},{place}"));
    let store = Store::connect(&Secret::new(&url), Clock::system())
        .await
        .unwrap();
    store.ping().await.unwrap();
    open.abort();
    assert!(open.await.unwrap_err().is_cancelled());
    store.ping().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_made_is_named() {
    for place in ["/proc/nowhere/prmdesk.db", "/proc"] {
        let url = Secret::new(format!("sqlite://{place}"));
        let error = Store::connect(&url, Clock::system()).await.unwrap_err();
        assert!(matches!(error, StoreError::File { .. }), "{error}");
        assert!(error.to_string().contains(place), "{error}");
    }
}

/// While one process writes, another reads what was committed; one that wants to write waits or is told to repeat.
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_is_read_while_it_is_written() {
    let db = sqlite();
    let store = db.store().await;
    let plan = plan_of(&store, &[account(1, "One")], &[]).await;
    let lease = store.lease(claim()).await.unwrap();
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
    let other = db.connect().await;
    assert_eq!(other.counts().await.unwrap().partners.active, 0);
    let busy = other
        .hold(prmdesk::plan::Entity::Partners, 1, "x", "bob")
        .await
        .unwrap_err();
    assert!(busy.is_retryable(), "{busy}");
    tx.commit(&finish(&plan, &outcomes), &Progress::silent())
        .await
        .unwrap();
    assert_eq!(other.counts().await.unwrap().partners.active, 1);
    other
        .hold(prmdesk::plan::Entity::Partners, 1, "x", "bob")
        .await
        .unwrap();
    lease.release().await.unwrap();
}
