//! Every endpoint's real answers against `/openapi.json`.

use prmdesk::http::Limits;
use prmdesk::sandbox::{Act, Fault, Object, World};
use reqwest::Method;
use serde_json::{Value, json};

use super::rig::{Answer, Rig};
use crate::mariadb;

/// The document, and which of its answers have been seen.
struct Contract {
    document: Value,
    seen: Vec<(String, String, String)>,
}

impl Contract {
    /// Calls, and holds the answer against the document.
    async fn call(&mut self, rig: &Rig, method: &str, path: &str, template: &str) -> Answer {
        let request = rig.server.request(method.parse().unwrap(), path);
        self.check(
            method,
            template,
            Answer::of(request.send().await.unwrap()).await,
        )
    }

    fn check(&mut self, method: &str, template: &str, answer: Answer) -> Answer {
        let status = answer.status.to_string();
        let operation = &self.document["paths"][template][method.to_lowercase()];
        assert!(
            operation.is_object(),
            "{method} {template} is in the document"
        );
        let described = &operation["responses"][&status];
        assert!(
            described.is_object(),
            "{method} {template} -> {status}: {}",
            answer.text
        );
        let content = described["content"].as_object().unwrap();
        let (media_type, content) = content.iter().next().unwrap();
        assert_eq!(answer.header("content-type"), media_type);
        if media_type == "application/json" {
            let mut schema = content["schema"].clone();
            schema["components"] = self.document["components"].clone();
            let validator = jsonschema::validator_for(&schema).unwrap();
            let faults: Vec<String> = validator
                .iter_errors(&answer.json)
                .map(|fault| format!("{}: {fault}", fault.instance_path()))
                .collect();
            assert!(
                faults.is_empty(),
                "{method} {template} {status}: {faults:#?}"
            );
        }
        for header in described["headers"]
            .as_object()
            .into_iter()
            .flat_map(|map| map.keys())
        {
            assert_ne!(
                answer.header(header),
                "",
                "{method} {template} {status}: {header}"
            );
        }
        self.seen
            .push((method.to_lowercase(), template.to_owned(), status));
        answer
    }
}

/// Something of everything: updates, soft-deletes with each kind of evidence, adds, conflicts.
fn stir(world: &mut World) {
    for (n, id) in world.ids(Object::Account).into_iter().enumerate() {
        match n % 9 {
            0 => world.edit_account(id, |account| account.country = Some("Peru".into())),
            1 if n < 60 => world.edit_account(id, |account| account.tier = Some("Pending".into())),
            2 if n < 30 => world.delete(Object::Account, id),
            3 if n < 30 => world.edit_account(id, |account| account.name.push_str(" (Nintex)")),
            4 => world.edit_account(id, |account| account.name.push_str(" \u{202e}\u{1b}[31m")),
            _ => false,
        };
    }
    for (n, id) in world.ids(Object::User).into_iter().enumerate() {
        match n % 11 {
            0 => world.edit_user(id, |user| user.title = Some("x".repeat(400))),
            1 => world.edit_user(id, |user| user.email = Some("same@one.example".into())),
            2 => world.edit_user(id, |user| user.account_id = Some(1)),
            3 if n < 60 => world.edit_user(id, |user| user.is_active = false),
            4 => world.edit_user(id, |user| user.phone = None),
            _ => false,
        };
    }
}

#[tokio::test]
async fn every_answer_is_as_the_document_says() {
    let limits = Limits {
        previews: 1,
        waiting_previews: 0,
        ..Limits::default()
    };
    let allow = |config: &mut prmdesk::config::Config| config.policy.unattended_deletes = true;
    let world = World::generate(7, 200, 600);
    let rig = Rig::bounded(world, mariadb::sqlite(), allow, limits).await;
    rig.post("/api/impartner/sync/all?mode=full").await;
    stir(&mut rig.sandbox.world());
    let document = rig.get("/openapi.json").await.json;
    assert_eq!(document["openapi"], "3.1.0");
    let mut contract = Contract {
        document,
        seen: Vec::new(),
    };
    let c = &mut contract;

    let preview = "/api/impartner/sync/preview";
    for method in ["GET", "POST"] {
        for query in [
            "",
            "?mode=full",
            "?mode=full&filter=op%3Aexcluded",
            "?mode=full&limit=1",
            "?limit=x",
            "?plan=none",
        ] {
            c.call(&rig, method, &format!("{preview}{query}"), preview)
                .await;
        }
    }
    let (get, post) = (rig.get(preview), rig.post(preview));
    let (get, post) = tokio::join!(get, post);
    for (method, answer) in [("GET", get), ("POST", post)] {
        c.check(method, preview, answer);
    }
    for path in [
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/api/impartner/sync/status",
    ] {
        c.call(&rig, "GET", path, path).await;
        c.call(&rig, "GET", &format!("{path}?x=1"), path).await;
    }
    for scope in ["partners", "contacts", "all"] {
        let path = format!("/api/impartner/sync/{scope}");
        c.call(&rig, "POST", &format!("{path}?mode=full"), &path)
            .await;
        c.call(&rig, "POST", &format!("{path}?mode=some"), &path)
            .await;
        let request = rig
            .server
            .request(Method::POST, &path)
            .header("Prefer", "respond-async");
        let begun = c.check(
            "POST",
            &path,
            Answer::of(request.send().await.unwrap()).await,
        );
        c.call(&rig, "GET", begun.header("location"), "/api/runs/{run_id}")
            .await;
        rig.server.finished(begun.header("location")).await;
        c.call(&rig, "GET", begun.header("location"), "/api/runs/{run_id}")
            .await;
    }
    for run in ["1", "999", "x"] {
        c.call(
            &rig,
            "GET",
            &format!("/api/runs/{run}"),
            "/api/runs/{run_id}",
        )
        .await;
    }
    let certs = "/api/db/certifications/sync-to-impartner";
    for query in ["?dryRun=true", "?dryRun=false&mode=full", "?dryRun=maybe"] {
        c.call(&rig, "POST", &format!("{certs}{query}"), certs)
            .await;
    }
    // Nobody has any points, and some have figures upstream: read, and kept back.
    rig.db
        .run("INSERT INTO sync_state (name, value) VALUES ('meta.lms_transcripts', 'all')")
        .await;
    for query in ["?dryRun=true", ""] {
        c.call(&rig, "POST", &format!("{certs}{query}"), certs)
            .await;
    }
    rig.sandbox.faults().impartner(
        Fault::new(Act::Status {
            status: 401,
            retry_after: None,
            message: None,
        })
        .always(),
    );
    c.call(&rig, "GET", preview, preview).await;
    let failed = c
        .call(
            &rig,
            "POST",
            "/api/impartner/sync/all",
            "/api/impartner/sync/all",
        )
        .await;
    assert_eq!(failed.status, 502);

    let covered: Vec<Value> = contract.seen.iter().map(|seen| json!(seen)).collect();
    for (path, operations) in contract.document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let seen = covered.contains(&json!([method, path, "200"]));
            assert!(seen, "{method} {path} was answered with 200");
        }
    }
}
