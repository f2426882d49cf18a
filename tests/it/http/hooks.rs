//! The webhook: what goes out after an unattended run, and that it never gets in the way.

use std::sync::{Arc, Mutex};

use axum::routing::post;
use axum::{Json, Router};
use prmdesk::config::Secret;
use prmdesk::sandbox::{Act, Fault, World};
use serde_json::Value;

use super::rig::{Rig, until};
use crate::mariadb;

/// A receiver of webhooks that answers `status`.
pub(crate) struct Receiver {
    pub(crate) url: String,
    taken: Arc<Mutex<Vec<Value>>>,
}

impl Receiver {
    pub(crate) async fn start(status: u16) -> Self {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let keep = taken.clone();
        let receive = move |Json(body): Json<Value>| async move {
            keep.lock().unwrap().push(body);
            axum::http::StatusCode::from_u16(status).unwrap()
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!(
            "http://{}/services/secret-path",
            listener.local_addr().unwrap()
        );
        let router = Router::new().route("/services/secret-path", post(receive));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, taken }
    }

    pub(crate) fn events(&self) -> Vec<String> {
        let taken = self.taken.lock().unwrap();
        taken
            .iter()
            .map(|body| body["event"].as_str().unwrap().to_owned())
            .collect()
    }
}

async fn rig(url: &str) -> Rig {
    Rig::with(World::generate(5, 60, 0), mariadb::sqlite(), |config| {
        config.notify.webhook_url = Some(Secret::new(url));
        config.policy.unattended_deletes = true;
    })
    .await
}

fn everybody_leaves(rig: &Rig) {
    let mut world = rig.sandbox.world();
    for id in world.ids(prmdesk::sandbox::Object::Account) {
        world.edit_account(id, |account| account.tier = Some("Pending".into()));
    }
}

#[tokio::test]
async fn a_tripped_guard_and_a_failed_run_are_told() {
    let receiver = Receiver::start(200).await;
    let rig = rig(&receiver.url).await;
    rig.post("/api/impartner/sync/all?mode=full").await;
    everybody_leaves(&rig);
    assert_eq!(
        rig.post("/api/impartner/sync/all?mode=full").await.status,
        422
    );
    until(async || receiver.events() == ["guard_tripped"]).await;
    let note = receiver.taken.lock().unwrap()[0].clone();
    assert!(
        note["text"].as_str().unwrap().contains("soft-delete"),
        "{note}"
    );
    assert_eq!(
        (note["run_id"].as_i64(), note["status"].as_str()),
        (Some(2), Some("blocked"))
    );

    rig.sandbox.faults().impartner(
        Fault::new(Act::Status {
            status: 401,
            retry_after: None,
            message: None,
        })
        .always(),
    );
    assert_eq!(rig.post("/api/impartner/sync/all").await.status, 502);
    until(async || receiver.events().len() == 2).await;
    assert_eq!(receiver.events()[1], "run_failed");
    let all = serde_json::to_string(&*receiver.taken.lock().unwrap()).unwrap();
    for secret in [
        rig.sandbox.impartner_key(),
        super::rig::TOKEN,
        "secret-path",
    ] {
        assert!(!all.contains(secret), "{all}");
    }
}

#[tokio::test]
async fn a_webhook_that_fails_changes_nothing() {
    let refused = Receiver::start(500).await;
    for url in [
        refused.url.as_str(),
        "http://127.0.0.1:9/x",
        "http://example.com/plain",
        "no url",
    ] {
        let rig = rig(url).await;
        rig.post("/api/impartner/sync/all?mode=full").await;
        everybody_leaves(&rig);
        let blocked = rig.post("/api/impartner/sync/all?mode=full").await;
        assert_eq!(
            (blocked.status, blocked.json["status"].as_str()),
            (422, Some("blocked")),
            "{url}"
        );
        assert_eq!(rig.get("/api/runs/2").await.json["status"], "blocked");
    }
    assert_eq!(refused.events(), ["guard_tripped"]);
}
