//! One writer at a time.

use std::time::Duration;

use prmdesk::plan::PerEntity;
use prmdesk::store::{LeaseClaim, NewRun, StoreError};
use prmdesk::values::RunStatus;

use super::kit::{claim, new_run};
use crate::mariadb::{TestDb, both};

#[tokio::test(flavor = "multi_thread")]
async fn the_second_is_told_who_has_it() {
    for db in both().await {
        let (one, two) = (db.store().await, db.connect().await);
        assert_eq!(one.holder().await.unwrap(), None);
        let lease = one.lease(claim()).await.unwrap();
        let Err(StoreError::Leased(holder)) = two
            .lease(LeaseClaim {
                operator: "bob".into(),
                ..claim()
            })
            .await
        else {
            panic!("two leases at once")
        };
        assert_eq!(
            (
                holder.operator.as_str(),
                holder.purpose.as_str(),
                holder.pid
            ),
            ("alice", "sync", std::process::id())
        );
        assert!(holder.expires_at > holder.since);
        assert_eq!(two.holder().await.unwrap().as_ref(), Some(&*holder));
        lease.release().await.unwrap();
        assert_eq!(two.holder().await.unwrap(), None);
        two.lease(claim()).await.unwrap().release().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_exactly_one_gets_it() {
    for db in both().await {
        let store = db.store().await;
        let tries: Vec<_> = (0..6)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.lease(claim()).await })
            })
            .collect();
        let mut got = Vec::new();
        for one in tries {
            match one.await.unwrap() {
                Ok(lease) => got.push(lease),
                Err(error) => assert!(
                    matches!(error, StoreError::Leased(_)),
                    "{:?} {error}",
                    db.engine
                ),
            }
        }
        assert_eq!(got.len(), 1, "{:?}", db.engine);
    }
}

/// The identity of a process that had the number before the one with this identity: its start time is another.
fn before(process: &str) -> String {
    let mut parts: Vec<String> = process.split('|').map(str::to_owned).collect();
    parts[2].push('9');
    parts.join("|")
}

/// Writes the row of another process's lease.
async fn foreign(db: &TestDb, host: &str, pid: u32, process: &str, expires: &str) {
    db.run("DELETE FROM sync_lease").await;
    db.run(&format!(
        "INSERT INTO sync_lease (id, token, operator, host, pid, process, purpose, since, expires_at) \
         VALUES (1, 't', 'zed', '{host}', {pid}, '{process}', 'sync', '2026-01-01 00:00:00', '{expires}')"
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_process_of_this_host_is_replaced_at_once_and_others_at_expiry() {
    for db in both().await {
        let store = db.store().await;
        let lease = store.lease(claim()).await.unwrap();
        let mine = db.one("SELECT host, process FROM sync_lease").await;
        let (host, process) = mine.split_once('|').unwrap();
        lease.release().await.unwrap();

        // A process that has ended, with this boot and name space.
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let dead = child.id();
        child.wait().unwrap();
        foreign(&db, host, dead, &before(process), "2999-01-01 00:00:00").await;
        store.lease(claim()).await.unwrap().release().await.unwrap();

        foreign(
            &db,
            "elsewhere",
            dead,
            &before(process),
            "2999-01-01 00:00:00",
        )
        .await;
        assert!(
            matches!(store.lease(claim()).await, Err(StoreError::Leased(_))),
            "nothing is known about another host"
        );
        db.run("UPDATE sync_lease SET expires_at = '2026-01-01 00:01:00'")
            .await;
        store.lease(claim()).await.unwrap().release().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_renewed_while_work_goes_on_and_says_when_it_is_lost() {
    for db in both().await {
        let store = db.store().await;
        let short = LeaseClaim {
            ttl: Duration::from_millis(400),
            ..claim()
        };
        let lease = store.lease(short).await.unwrap();
        let first = store.holder().await.unwrap().unwrap().expires_at;
        tokio::time::timeout(Duration::from_secs(20), async {
            while store
                .holder()
                .await
                .unwrap()
                .is_some_and(|holder| holder.expires_at <= first)
            {
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("it is renewed");
        assert!(!lease.lost().is_cancelled());
        db.run("UPDATE sync_lease SET token = 'somebody else'")
            .await;
        tokio::time::timeout(Duration::from_secs(20), lease.lost().cancelled())
            .await
            .expect("it notices");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_is_dropped_is_given_back() {
    for db in both().await {
        let store = db.store().await;
        drop(store.lease(claim()).await.unwrap());
        tokio::time::timeout(Duration::from_secs(20), async {
            while store.holder().await.unwrap().is_some() {
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("it is given back");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_record_without_a_live_lease_is_an_interrupted_run() {
    for db in both().await {
        let store = db.store().await;
        let lease = store.lease(claim()).await.unwrap();
        let run_id = store.begin_run(&lease, &new_run()).await.unwrap();
        assert_eq!(store.mark_interrupted().await.unwrap(), [], "it is at work");
        assert_eq!(store.interrupted().await.unwrap(), None);
        lease.release().await.unwrap();
        assert_eq!(
            store.interrupted().await.unwrap().unwrap().run_id,
            run_id,
            "seen before anybody marks it"
        );
        let found = store.mark_interrupted().await.unwrap();
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("Nothing of the run was written"));
        assert_eq!(
            store.run(run_id).await.unwrap().status.word(),
            "interrupted"
        );
        assert_eq!(store.interrupted().await.unwrap().unwrap().run_id, run_id);
        assert_eq!(store.mark_interrupted().await.unwrap(), []);
        for (kind, settles) in [("undo", false), ("apply", true)] {
            let lease = store.lease(claim()).await.unwrap();
            let run = NewRun {
                kind: kind.to_owned(),
                ..new_run()
            };
            let later = store.begin_run(&lease, &run).await.unwrap();
            store
                .finish_run_outside_tx(later, RunStatus::Nothing, &PerEntity::default(), 0, None)
                .await
                .unwrap();
            lease.release().await.unwrap();
            let left = store.interrupted().await.unwrap();
            assert_eq!(left.is_none(), settles, "a sync, then {kind}");
        }
    }
}
