//! A database that takes everything and never answers again, as behind a network that swallows packets.

use std::time::Duration;

use prmdesk::clock::Clock;
use prmdesk::config::Secret;
use prmdesk::plan::{PerEntity, Selection};
use prmdesk::progress::Progress;
use prmdesk::store::{LeaseClaim, Store, StoreError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::kit::{account, claim, finish, new_run, plan_of};
use crate::mariadb::mariadb;

/// Passes bytes on both ways for as long as it is open; then it keeps the connections and swallows everything.
async fn door(behind: String) -> (String, watch::Sender<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap().to_string();
    let (shut, is_shut) = watch::channel(false);
    tokio::spawn(async move {
        loop {
            let (near, _) = listener.accept().await.unwrap();
            let far = TcpStream::connect(&behind).await.unwrap();
            let (near_in, near_out) = near.into_split();
            let (far_in, far_out) = far.into_split();
            for (mut from, mut to) in [(near_in, far_out), (far_in, near_out)] {
                let is_shut = is_shut.clone();
                tokio::spawn(async move {
                    let mut bytes = [0; 8192];
                    while let Ok(count @ 1..) = from.read(&mut bytes).await {
                        if !*is_shut.borrow() && to.write_all(&bytes[..count]).await.is_err() {
                            break;
                        }
                    }
                });
            }
        }
    });
    (place, shut)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_hangs_ends_the_run_when_the_lease_is_over_and_the_next_host_goes_on() {
    let db = mariadb().await;
    db.store().await;
    let (_, rest) = db.url.rsplit_once('@').unwrap();
    let place = rest.split('/').next().unwrap();
    let (door, shut) = door(place.to_owned()).await;
    let url = db.url.replace(place, &format!("{door},{place}"));
    let store = Store::connect(&Secret::new(&url), Clock::system())
        .await
        .unwrap();
    let plan = plan_of(&store, &[account(1, "One")], &[]).await;
    let short = LeaseClaim {
        ttl: Duration::from_secs(2),
        ..claim()
    };
    let lease = store.lease(short).await.unwrap();
    let run_id = store.begin_run(&lease, &new_run()).await.unwrap();
    let mut tx = store.begin_apply(&lease, run_id).await.unwrap();
    shut.send(true).unwrap();
    let (selection, progress) = (Selection::of(&plan), Progress::silent());
    let writing = async {
        let outcomes = tx
            .write(&plan, &selection, PerEntity::default(), &progress)
            .await?;
        tx.commit(&finish(&plan, &outcomes), &progress).await
    };
    let error = tokio::time::timeout(Duration::from_secs(30), writing)
        .await
        .expect("it does not wait for ever")
        .unwrap_err();
    assert!(matches!(error, StoreError::LeaseLost), "{error}");
    // The other host of the URL answers, the lease can be taken there, and nothing was written.
    let lease = tokio::time::timeout(Duration::from_secs(30), store.lease(claim()))
        .await
        .expect("the next host is found")
        .unwrap();
    assert_eq!(db.one("SELECT COUNT(*) FROM partners").await, "0");
    lease.release().await.unwrap();
}
