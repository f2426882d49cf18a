//! A push whose lease is somebody else's by now sends nothing more, and says what it sent before.

use std::time::Duration;

use prmdesk::error::Kind;
use prmdesk::progress::Progress;
use prmdesk::sandbox::{Act, Fault};

use super::{enrol, rig};
use crate::mariadb::both;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_figures_are_not_sent() {
    for db in both().await {
        let rig = rig(db).await;
        enrol(&rig, "u5", "a", "completed", None).await;
        enrol(&rig, "u7", "a", "completed", None).await;
        // Its own renewal notices nothing for as long as this takes, and one call is made at a time.
        let desk = rig
            .other(|config| {
                config.lease_ttl = Duration::from_hours(1);
                config.impartner.concurrency = 1;
            })
            .await;
        let gate = rig
            .sandbox
            .faults()
            .impartner(Fault::new(Act::Gate).method("PATCH").nth(1).always());
        let push = tokio::spawn(async move { desk.certs_push(&[], &Progress::silent()).await });
        while rig.sandbox.faults().struck(gate) == 0 {
            assert!(!push.is_finished(), "{:?}", push.await);
            tokio::task::yield_now().await;
        }
        rig.db
            .run("UPDATE sync_lease SET token = 'another', operator = 'ben', expires_at = '2999-01-01 00:00:00'")
            .await;
        rig.sandbox.faults().remove(gate);
        let error = push.await.unwrap().unwrap_err();
        assert_eq!(
            (error.kind, error.code),
            (Kind::Leased, "lease_lost"),
            "{error}"
        );
        assert!(error.message.contains("1 partners were pushed"), "{error}");
        let sent = rig.sandbox.log().matching(|entry| entry.method == "PATCH");
        assert_eq!(sent.len(), 1);
        let settled = rig
            .db
            .rows("SELECT status FROM cert_pushes ORDER BY push_id")
            .await;
        assert_eq!(
            settled,
            ["ok", "failed"],
            "what was not sent is not left open"
        );
        let run = rig
            .db
            .one("SELECT status FROM sync_runs WHERE kind = 'certs'")
            .await;
        assert_eq!(run, "failed");
    }
}
