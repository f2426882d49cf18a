//! The Impartner client against servers no API would be: redirects, misrouted addresses, odd paging, broken JSON.

mod bounds;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode};
use prmdesk::clock::Clock;
use prmdesk::config::{DialectChoice, ImpartnerConfig, Secret};
use prmdesk::impartner::{Backoff, Client, ImpartnerError};
use prmdesk::plan::{Entity, Schema};
use prmdesk::progress::Progress;
use prmdesk::sandbox::{Act, Fault, Paging, Sandbox, SandboxOptions, World};
use serde_json::{Value, json};

use super::Rig;

/// A request as a small server saw it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) path: String,
    query: Vec<(String, String)>,
    key: Option<String>,
}

impl Seen {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let (_, value) = self.query.iter().find(|(key, _)| key == name)?;
        Some(value)
    }

    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.text(name)?.parse().ok()
    }
}

/// A server that answers with `answer`, and what it saw.
pub(super) async fn serve<F>(answer: F) -> (String, Arc<Mutex<Vec<Seen>>>)
where
    F: Fn(&Seen) -> Response<Body> + Clone + Send + Sync + 'static,
{
    let log = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&log);
    let app = Router::new().fallback(move |request: Request| {
        let one = Seen {
            path: request.uri().path().to_owned(),
            query: url::form_urlencoded::parse(request.uri().query().unwrap_or("").as_bytes())
                .into_owned()
                .collect(),
            key: request
                .headers()
                .get("authorization")
                .map(|key| key.to_str().unwrap().to_owned()),
        };
        let reply = answer(&one);
        seen.lock().unwrap().push(one);
        async move { reply }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (format!("http://{address}"), log)
}

pub(super) fn reply(status: u16, body: impl Into<Body>) -> Response<Body> {
    Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .body(body.into())
        .unwrap()
}

pub(super) fn config(url: &str) -> ImpartnerConfig {
    ImpartnerConfig {
        url: url.to_owned(),
        api_key: Some(Secret::new("s3cret-key")),
        retries: 1,
        timeout: Duration::from_secs(10),
        ..ImpartnerConfig::default()
    }
}

pub(super) fn client(config: &ImpartnerConfig) -> Client {
    Client::new(config, Clock::system())
        .unwrap()
        .with_backoff(Backoff {
            base: Duration::from_millis(1),
            cap: Duration::from_millis(2),
        })
}

pub(super) fn record(id: usize) -> Value {
    json!({"id": id, "name": format!("Name {id}"), "updated": "2026-01-31T10:00:00"})
}

#[tokio::test]
async fn the_key_follows_no_redirect_and_is_in_no_message() {
    let (elsewhere, other_log) = serve(|_| reply(200, "{}")).await;
    let target = elsewhere.clone();
    let (url, log) = serve(move |_| {
        Response::builder()
            .status(302)
            .header("location", format!("{target}/api/objects/v1/Account"))
            .body(Body::from("{\"message\": \"Your key s3cret-key moved.\"}"))
            .unwrap()
    })
    .await;
    let schema = Schema::of(Entity::Partners);
    let progress = Progress::silent();
    let client = client(&config(&url));
    let error = client.listing(&schema, None, &progress).await.unwrap_err();
    assert!(
        matches!(error, ImpartnerError::Client { status: 302, .. }),
        "{error:?}"
    );
    assert!(error.help().unwrap().contains("impartner.url"));
    for text in [
        error.to_string(),
        format!("{error:?}"),
        format!("{client:?}"),
        format!("{:?}", config(&url)),
    ] {
        assert!(!text.contains("s3cret-key"), "{text}");
    }
    let found = client.by_ids(&schema, &[5], &[], &progress).await.unwrap();
    assert_eq!(found.unverified.len(), 1);
    assert!(
        other_log.lock().unwrap().is_empty(),
        "the key went elsewhere"
    );
    assert_eq!(
        log.lock().unwrap()[0].key.as_deref(),
        Some("prm-key s3cret-key")
    );
    assert_eq!(log.lock().unwrap()[0].path, "/api/objects/v1/Account");
}

#[tokio::test]
async fn no_key_bad_addresses_and_nobody_there() {
    let progress = Progress::silent();
    let none = ImpartnerConfig {
        api_key: None,
        ..config("http://127.0.0.1:1")
    };
    let empty = ImpartnerConfig {
        api_key: Some(Secret::new(" ")),
        ..config("http://127.0.0.1:1")
    };
    for config in [none, empty] {
        let error = Client::new(&config, Clock::system()).unwrap_err();
        assert!(matches!(error, ImpartnerError::NoKey));
        assert!(error.is_config());
    }
    let error = Client::new(&config("http://impartner.example"), Clock::system()).unwrap_err();
    assert!(matches!(error, ImpartnerError::InsecureUrl { .. }));
    let broken = ImpartnerConfig {
        api_key: Some(Secret::new("a\nb")),
        ..config("http://127.0.0.1:1")
    };
    let error = Client::new(&broken, Clock::system()).unwrap_err();
    assert!(matches!(error, ImpartnerError::BadHeader { .. }));
    // Bound and dropped: nobody listens there.
    let free = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let schema = Schema::of(Entity::Partners);
    let error = client(&config(&format!("http://{free}")))
        .listing(&schema, None, &progress)
        .await
        .unwrap_err();
    let ImpartnerError::PageNeverCame {
        attempts: 2,
        page: 1,
        last,
        ..
    } = &error
    else {
        panic!("{error:?}");
    };
    assert!(last.contains("refused"), "{last}");
}

/// A listing of 25 records by `page`, which gets (skip or page, take or pageSize) where they were sent.
fn lister(
    page: impl Fn(&Seen) -> Vec<usize> + Clone + Send + Sync + 'static,
) -> impl Fn(&Seen) -> Response<Body> + Clone + Send + Sync + 'static {
    move |seen| {
        let results: Vec<Value> = page(seen).into_iter().map(record).collect();
        reply(
            200,
            json!({"data": {"count": 25, "results": results}, "success": true}).to_string(),
        )
    }
}

fn some(from: usize, take: usize) -> Vec<usize> {
    (1..=25).skip(from).take(take).collect()
}

type Pager = fn(&Seen) -> Vec<usize>;
/// How many records come and whether they are proved; `None`: the run ends.
type Comes = Option<(usize, bool)>;

#[tokio::test]
async fn odd_ways_of_paging() {
    let everything = Some((25, true));
    let ignored = None;
    let pagers: [(&str, Pager, Comes); 9] = [
        (
            "take is honoured",
            |s| {
                some(
                    s.number("skip").unwrap_or(0),
                    s.number("take").unwrap_or(10),
                )
            },
            everything,
        ),
        (
            "skip alone is honoured, pages of 7",
            |s| some(s.number("skip").unwrap_or(0), 7),
            everything,
        ),
        (
            "page alone is honoured, pages of 7",
            |s| some((s.number("page").unwrap_or(1) - 1) * 7, 7),
            everything,
        ),
        (
            "pageSize is capped",
            |s| {
                let size = s.number("pageSize").unwrap_or(100).min(4);
                some((s.number("page").unwrap_or(1) - 1) * size, size)
            },
            everything,
        ),
        (
            "take is honoured, skip is not, but the other dialect is",
            |s| match s.number("page") {
                Some(page) => some(
                    (page - 1) * s.number("pageSize").unwrap_or(10),
                    s.number("pageSize").unwrap_or(10),
                ),
                None => some(0, s.number("take").unwrap_or(10)),
            },
            everything,
        ),
        ("everything on every page", |_| some(0, 25), everything),
        ("the first page again and again", |_| some(0, 10), ignored),
        (
            "the last page again after the end",
            |s| {
                let take = s.number("take").unwrap_or(10);
                some(s.number("skip").unwrap_or(0).min((24 / take) * take), take)
            },
            Some((25, false)),
        ),
        (
            "one record at a time at most",
            |s| {
                some(
                    s.number("skip").unwrap_or(0),
                    s.number("take").unwrap_or(1).min(1),
                )
            },
            everything,
        ),
    ];
    for (name, pager, want) in pagers {
        let (url, _) = serve(lister(pager)).await;
        let config = ImpartnerConfig {
            page_size: 5,
            ..config(&url)
        };
        let schema = Schema::of(Entity::Partners);
        let listing = client(&config)
            .listing(&schema, None, &Progress::silent())
            .await;
        match (listing, want) {
            (Ok(listing), Some((records, proved))) => {
                assert_eq!(
                    (listing.records.len(), listing.facts.proved),
                    (records, proved),
                    "{name}: {:?}",
                    listing.facts
                );
                assert!(listing.records.ids().is_sorted());
            }
            (Err(ImpartnerError::IgnoresPaging { object, dialects }), None) => {
                assert_eq!(object, "Account");
                assert!(
                    dialects.contains("objects") && dialects.contains("odata"),
                    "{dialects}"
                );
            }
            (listing, _) => panic!("{name}: {listing:?}"),
        }
    }
}

#[tokio::test]
async fn ignored_paging_is_named() {
    let options = SandboxOptions {
        paging: Paging::Ignored,
        ..SandboxOptions::default()
    };
    let mut rig = Rig::start(World::generate(5, 257, 0), options).await;
    for choice in [
        DialectChoice::Auto,
        DialectChoice::Objects,
        DialectChoice::Odata,
    ] {
        rig.config.dialect = choice;
        let schema = Schema::of(Entity::Partners);
        let error = rig
            .client()
            .listing(&schema, None, &Progress::silent())
            .await
            .unwrap_err();
        assert!(
            matches!(error, ImpartnerError::IgnoresPaging { .. }),
            "{error:?}"
        );
    }
    assert!(rig.sandbox.log().len() < 40, "it is noticed early");
}

#[tokio::test]
async fn records_without_a_usable_id_are_left_out_and_told() {
    let (url, _) = serve(|seen| {
        let odd = [
            json!({"id": 1, "name": "One"}),
            json!({"name": "Nobody"}),
            json!({"id": "x"}),
            json!(null),
            json!(7),
        ];
        let results: Vec<Value> = odd
            .into_iter()
            .skip(seen.number("skip").unwrap_or(0))
            .collect();
        reply(
            200,
            json!({"data": {"count": 5, "results": results}, "success": true}).to_string(),
        )
    })
    .await;
    let config = ImpartnerConfig {
        dialect: DialectChoice::Objects,
        ..config(&url)
    };
    let schema = Schema::of(Entity::Partners);
    let listing = client(&config)
        .listing(&schema, None, &Progress::silent())
        .await
        .unwrap();
    assert_eq!(listing.records.ids(), [1]);
    assert!(!listing.facts.proved);
    assert_eq!(
        listing.facts.reason.as_deref(),
        Some("4 records came without a usable id")
    );
    assert_eq!(listing.warnings[0].code, "no_usable_id");
}

#[tokio::test]
async fn no_more_requests_at_once_than_allowed() {
    let options = SandboxOptions {
        latency: Duration::from_millis(2),
        ..SandboxOptions::default()
    };
    let sandbox = Sandbox::start(World::generate(5, 600, 0), options)
        .await
        .unwrap();
    let (most, now) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    // A proxy that counts what is under way.
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let app = {
        let (most, now, target) = (most.clone(), now.clone(), sandbox.impartner_url());
        Router::new().fallback(move |request: Request| {
            let (most, now, target) = (most.clone(), now.clone(), target.clone());
            let http = http.clone();
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let answer = http
                    .get(format!("{target}{}", request.uri()))
                    .headers(request.headers().clone())
                    .send()
                    .await
                    .unwrap();
                let body = answer.bytes().await.unwrap();
                now.fetch_sub(1, Ordering::SeqCst);
                reply(200, body)
            }
        })
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let config = ImpartnerConfig {
        api_key: Some(Secret::new(sandbox.impartner_key())),
        concurrency: 3,
        page_size: 10,
        ..config(&url)
    };
    let schema = Schema::of(Entity::Partners);
    let listing = client(&config)
        .listing(&schema, None, &Progress::silent())
        .await
        .unwrap();
    assert!(listing.facts.proved);
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_server_with_a_rate_limit_is_read_to_the_end() {
    let options = SandboxOptions {
        impartner_rps: Some(100),
        ..SandboxOptions::default()
    };
    let rig = Rig::start(World::generate(5, 1200, 0), options).await;
    let config = ImpartnerConfig {
        page_size: 10,
        retries: 5,
        ..rig.config.clone()
    };
    let listing = Client::new(&config, Clock::system())
        .unwrap()
        .with_backoff(Backoff {
            base: Duration::from_millis(100),
            cap: Duration::from_secs(2),
        })
        .listing(&Schema::of(Entity::Partners), None, &Progress::silent())
        .await
        .unwrap();
    assert!(listing.facts.proved, "{:?}", listing.facts);
    assert!(listing.facts.pages >= 120);
}

#[tokio::test]
async fn a_retry_after_holds_every_worker() {
    let rig = Rig::of(600, 0).await;
    let act = Act::Status {
        status: 429,
        retry_after: Some(1),
        message: None,
    };
    rig.sandbox.faults().impartner(Fault::new(act).page(1));
    let started = std::time::Instant::now();
    let config = ImpartnerConfig {
        dialect: DialectChoice::Objects,
        ..rig.config.clone()
    };
    let listing = client(&config)
        .listing(&Schema::of(Entity::Partners), None, &Progress::silent())
        .await
        .unwrap();
    assert!(listing.facts.proved);
    assert_eq!(listing.facts.retries, 1);
    assert!(
        started.elapsed() >= Duration::from_millis(950),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn cancelling_a_listing_takes_effect_at_once() {
    let mut rig = Rig::of(257, 0).await;
    rig.config.dialect = DialectChoice::Objects;
    rig.sandbox
        .faults()
        .impartner(Fault::new(Act::Hang).page(1).always());
    let (progress, mut events) = Progress::channel();
    let task = {
        let (client, progress) = (rig.client(), progress.clone());
        tokio::spawn(async move {
            client
                .listing(&Schema::of(Entity::Partners), None, &progress)
                .await
        })
    };
    assert!(events.recv().await.is_some(), "the first page came");
    let asked = std::time::Instant::now();
    progress.cancel();
    assert!(matches!(
        task.await.unwrap(),
        Err(ImpartnerError::Cancelled)
    ));
    assert!(asked.elapsed() < Duration::from_secs(1));
}
