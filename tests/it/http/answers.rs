//! What every address answers, and how it refuses.

use prmdesk::sandbox::World;
use reqwest::Method;
use serde_json::Value;

use super::rig::{Answer, Rig, TOKEN};
use crate::mariadb;

const ADDRESSES: &[(&str, &str)] = &[
    ("GET", "/api/impartner/sync/preview"),
    ("POST", "/api/impartner/sync/preview"),
    ("GET", "/api/impartner/sync/status"),
    ("POST", "/api/impartner/sync/partners"),
    ("POST", "/api/impartner/sync/contacts"),
    ("POST", "/api/impartner/sync/all"),
    ("GET", "/api/runs/1"),
    ("POST", "/api/db/certifications/sync-to-impartner"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
    ("GET", "/nowhere"),
];

#[tokio::test]
async fn nothing_but_healthz_answers_without_the_token() {
    let rig = Rig::start(World::generate(1, 5, 10)).await;
    for (method, path) in ADDRESSES {
        for token in [None, Some("Bearer wrong"), Some("Basic a-token-for-tests")] {
            let mut request = rig.server.bare(method.parse().unwrap(), path);
            if let Some(token) = token {
                request = request.header("Authorization", token);
            }
            let answer = Answer::of(request.send().await.unwrap()).await;
            assert_eq!(
                (answer.status, answer.code()),
                (401, "unauthorized"),
                "{path} {token:?}"
            );
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
            assert!(!answer.text.contains(TOKEN));
        }
    }
    let healthy = rig
        .server
        .bare(Method::GET, "/healthz")
        .send()
        .await
        .unwrap();
    assert_eq!(healthy.status(), 200);
    // Nothing of it reached the source or the database.
    assert!(rig.sandbox.log().is_empty());
    assert_eq!(rig.db.rows("SELECT COUNT(*) FROM sync_runs").await, ["0"]);
}

#[tokio::test]
async fn a_wrong_method_says_which_are_right_and_nowhere_is_404() {
    let rig = Rig::start(World::generate(1, 5, 10)).await;
    for (method, path, allow) in [
        ("DELETE", "/api/impartner/sync/preview", "GET, HEAD, POST"),
        ("GET", "/api/impartner/sync/all", "POST"),
        ("HEAD", "/api/impartner/sync/all", "POST"),
        ("PUT", "/metrics", "GET, HEAD"),
        ("POST", "/healthz", "GET, HEAD"),
        ("OPTIONS", "/api/runs/1", "GET, HEAD"),
        ("BREW", "/openapi.json", "GET, HEAD"),
    ] {
        let answer = rig.server.call(method.parse().unwrap(), path).await;
        assert_eq!(answer.status, 405, "{method} {path}");
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
    }
    for path in [
        "/",
        "/api",
        "/api/runs",
        "/api/runs/1/2",
        "/healthz/",
        "/api/impartner/sync/preview%00",
    ] {
        let answer = rig.get(path).await;
        assert_eq!((answer.status, answer.code()), (404, "not_found"), "{path}");
    }
    assert_eq!(rig.get("/api/runs/77").await.status, 404);
    assert_eq!(rig.get("/api/runs/x").await.status, 400);
}

#[tokio::test]
async fn a_bad_query_is_refused_before_anything_is_read() {
    let rig = Rig::start(World::generate(1, 5, 10)).await;
    for (method, path) in [
        ("GET", "/api/impartner/sync/preview?mode=complete"),
        ("GET", "/api/impartner/sync/preview?limit=-1"),
        ("GET", "/api/impartner/sync/preview?limit=ten"),
        (
            "GET",
            "/api/impartner/sync/preview?offset=99999999999999999999",
        ),
        ("GET", "/api/impartner/sync/preview?scope=everything"),
        ("GET", "/api/impartner/sync/preview?filter=op%3Anonsense%22"),
        ("GET", "/api/impartner/sync/preview?mod=full"),
        ("GET", "/api/impartner/sync/preview?mode=full&mode=full"),
        ("POST", "/api/impartner/sync/all?mode="),
        ("POST", "/api/impartner/sync/all?full=true"),
        (
            "POST",
            "/api/db/certifications/sync-to-impartner?dryrun=true",
        ),
        (
            "POST",
            "/api/db/certifications/sync-to-impartner?dryRun=yes",
        ),
        ("GET", "/healthz?x=1"),
    ] {
        let answer = rig.server.call(method.parse().unwrap(), path).await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.text);
        assert!(answer.json["error"]["message"].is_string());
    }
    assert!(rig.sandbox.log().is_empty());
}

#[tokio::test]
async fn a_preview_is_paged_and_filtered() {
    let rig = Rig::start(World::generate(3, 120, 300)).await;
    let whole = rig.get("/api/impartner/sync/preview?mode=full").await;
    assert_eq!(whole.status, 200, "{}", whole.text);
    let items = whole.json["items"].as_array().unwrap();
    assert!(items.len() > 150);
    assert_eq!(whole.header("x-total-count"), items.len().to_string());
    assert_eq!(whole.json["mode"], "full");
    let id = whole.json["plan_id"].as_str().unwrap();

    let reads = rig.sandbox.log().len();
    let page = async |query: String| {
        let path = format!("/api/impartner/sync/preview?plan={id}&{query}");
        rig.post(&path).await
    };
    let mut paged: Vec<Value> = Vec::new();
    while paged.len() < items.len() {
        let page = page(format!("limit=50&offset={}", paged.len())).await;
        assert_eq!(page.json["plan_id"], id);
        assert_eq!(page.header("x-total-count"), items.len().to_string());
        paged.extend(page.json["items"].as_array().unwrap().iter().cloned());
    }
    assert_eq!(&paged, items);
    assert_eq!(
        page("limit=0".into()).await.json["items"],
        serde_json::json!([])
    );
    // Paging through a plan asks nobody again.
    assert_eq!(rig.sandbox.log().len(), reads);

    let partners = page("filter=entity%3Apartners+op%3Aadd".into()).await;
    let listed = partners.json["items"].as_array().unwrap();
    assert_eq!(
        listed.len() as u64,
        partners.json["totals"]["partners"]["add"].as_u64().unwrap()
    );
    assert!(
        listed
            .iter()
            .all(|item| item["entity"] == "partners" && item["op"] == "add")
    );
    let excluded = page("filter=op%3Aexcluded&limit=3".into()).await;
    let excluded = excluded.json["items"].as_array().unwrap();
    assert!(
        excluded.len() == 3
            && excluded
                .iter()
                .all(|item| item["reason"].as_str() != Some(""))
    );

    let gone = rig.get("/api/impartner/sync/preview?plan=0123").await;
    assert_eq!((gone.status, gone.code()), (404, "unknown_plan"));
    assert_eq!(rig.db.rows("SELECT COUNT(*) FROM sync_runs").await, ["0"]);
}

#[tokio::test]
async fn a_preview_is_what_the_desk_says_and_escapes_what_a_terminal_would_obey() {
    let mut world = World::generate(3, 20, 20);
    let id = *world
        .ids(prmdesk::sandbox::Object::Account)
        .first()
        .unwrap();
    world.edit_account(id, |account| {
        account.name = "A\u{1b}[2J\u{202e}B".into();
        account.tier = Some("Premier".into());
        account.status = Some("Active".into());
    });
    let rig = Rig::start(world).await;
    let answer = rig
        .get("/api/impartner/sync/preview?mode=full&scope=partners")
        .await;
    assert!(
        answer.text.contains(r"A\u001b[2J\u202eB"),
        "{}",
        answer.text
    );
    assert!(
        !answer
            .text
            .chars()
            .any(|c| c != '\n' && (c.is_control() || c == '\u{202e}'))
    );
    let request = prmdesk::values::PreviewRequest {
        scope: prmdesk::plan::Scope::Partners,
        mode: prmdesk::plan::Mode::Full,
    };
    let progress = prmdesk::progress::Progress::silent();
    let plan = rig.server.desk.preview(request, &progress).await.unwrap();
    let mut text = Vec::new();
    plan.write_json(
        &mut text,
        prmdesk::plan::file::Page::default(),
        prmdesk::text::JsonLayout::Compact,
    )
    .unwrap();
    let expected: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(answer.json["items"], expected["items"]);
    assert_eq!(answer.json["totals"], expected["totals"]);
    assert!(answer.json["sources"].get("contacts").is_none());
}

#[tokio::test]
async fn a_head_is_a_get_without_its_body() {
    let rig = Rig::start(World::generate(1, 5, 10)).await;
    for path in [
        "/healthz",
        "/readyz",
        "/openapi.json",
        "/api/impartner/sync/status",
        "/api/impartner/sync/preview",
    ] {
        let answer = rig.server.call(Method::HEAD, path).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, ""), "{path}");
        assert_eq!(answer.header("content-type"), "application/json");
    }
    // The connection is still in order: the next answer is the next answer.
    assert_eq!(rig.get("/healthz").await.json["status"], "ok");
}

#[tokio::test]
async fn every_answer_has_an_id() {
    let rig = Rig::start(World::generate(1, 5, 10)).await;
    let (one, two) = (rig.get("/healthz").await, rig.get("/nowhere").await);
    assert_ne!(one.header("x-request-id"), "");
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
    let request = rig
        .server
        .request(Method::GET, "/healthz")
        .header("X-Request-Id", "mine-7");
    let mine = Answer::of(request.send().await.unwrap()).await;
    assert_eq!(mine.header("x-request-id"), "mine-7");
    assert_eq!(mine.header("cache-control"), "no-store");
}

#[tokio::test]
async fn without_a_token_only_this_machine_may_call() {
    let rig = Rig::with(World::generate(1, 5, 10), mariadb::sqlite(), |config| {
        config.serve.token = None;
    })
    .await;
    let call = |host: &'static str, origin: Option<&'static str>| {
        let mut request = rig
            .server
            .bare(Method::POST, "/api/impartner/sync/partners")
            .header("Host", host);
        if let Some(origin) = origin {
            request = request.header("Origin", origin);
        }
        async move { Answer::of(request.send().await.unwrap()).await }
    };
    for (host, origin) in [
        ("evil.example", None),
        ("evil.example:8787", None),
        ("127.0.0.1", Some("https://evil.example")),
        ("127.0.0.1", Some("null")),
        ("localhost", Some("http://localhost.evil.example")),
        // Another program on this machine has pages too.
        ("localhost:8787", Some("http://localhost:3000")),
        ("127.0.0.1:8787", Some("http://127.0.0.1")),
        ("localhost:8787", Some("https://localhost:8787")),
        ("localhost:8787", Some("http://localhost:x")),
    ] {
        let answer = call(host, origin).await;
        assert_eq!(
            (answer.status, answer.code()),
            (403, "foreign_caller"),
            "{host} {origin:?}"
        );
    }
    assert!(rig.sandbox.log().is_empty());
    assert_eq!(
        call("localhost:8787", Some("http://localhost:8787"))
            .await
            .status,
        200
    );

    let elsewhere = prmdesk::http::Server::bind(
        rig.server.desk.clone(),
        "0.0.0.0:0".parse().unwrap(),
        prmdesk::http::Limits::default(),
    )
    .await;
    let error = elsewhere.err().unwrap();
    assert_eq!((error.code, error.kind.exit_code()), ("token_missing", 2));
}

#[tokio::test]
async fn readiness_follows_the_database() {
    let rig = Rig::start(World::generate(1, 5, 10)).await;
    assert_eq!(rig.get("/readyz").await.json["status"], "ok");
    let status = rig.get("/api/impartner/sync/status").await;
    assert_eq!(status.status, 200);
    for name in ["database", "impartner", "lms"] {
        assert_eq!(status.json[name]["reachable"], true, "{name}");
    }
    rig.db
        .run("ALTER TABLE sync_lease RENAME TO elsewhere")
        .await;
    let answer = rig.post("/api/impartner/sync/all").await;
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert_eq!(rig.server.metric("prmdesk_database_up").await, Some(0.0));
    assert_eq!(rig.get("/healthz").await.status, 200);
}
