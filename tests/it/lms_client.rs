//! The LMS client against small servers that misbehave in one way each: real HTTP, no stand-in needed.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use prmdesk::clock::Clock;
use prmdesk::config::{LmsConfig, Secret};
use prmdesk::lms::{Client, LmsError, Patience, WriteOutcome};
use prmdesk::progress::Progress;

type Log = Arc<Mutex<Vec<(String, Option<String>)>>>;
type Answer = Arc<dyn Fn(&str, usize) -> Response + Send + Sync>;

/// A server that answers by path and query and by how many requests came before; it keeps what it was asked.
struct Server {
    url: String,
    log: Log,
}

impl Server {
    async fn start(answer: impl Fn(&str, usize) -> Response + Send + Sync + 'static) -> Self {
        let log: Log = Log::default();
        let answer: Answer = Arc::new(answer);
        let app =
            Router::new()
                .fallback(
                    |State((log, answer)): State<(Log, Answer)>,
                     headers: HeaderMap,
                     req: Request| async move {
                        let what = format!("{} {}", req.method(), req.uri());
                        let key = headers
                            .get("x-api-key")
                            .map(|v| v.to_str().unwrap().to_owned());
                        let before = {
                            let mut log = log.lock().unwrap();
                            log.push((what.clone(), key));
                            log.len() - 1
                        };
                        answer(&what, before)
                    },
                )
                .with_state((log.clone(), answer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, log }
    }

    fn client(&self) -> Client {
        self.bounded(prmdesk::lms::Bounds::default())
    }

    /// A client that takes in no more than `bounds`.
    fn bounded(&self, bounds: prmdesk::lms::Bounds) -> Client {
        let config = LmsConfig {
            url: self.url.clone(),
            api_key: Some(Secret::new("k3y")),
            max_rps: 1000,
            ..LmsConfig::default()
        };
        let patience = Patience {
            timeout: Duration::from_secs(5),
            retries: 3,
            backoff: Duration::from_millis(1),
            longest_wait: Duration::from_millis(5),
        };
        Client::with_bounds(&config, Clock::system(), patience, bounds).unwrap()
    }

    fn requests(&self) -> Vec<String> {
        self.log
            .lock()
            .unwrap()
            .iter()
            .map(|(r, _)| r.clone())
            .collect()
    }
}

fn json(text: &str) -> Response {
    ([("content-type", "application/json")], text.to_owned()).into_response()
}

/// The API's own “there is no such thing”.
fn not_found() -> Response {
    let body = r#"{"errors":[{"status":"404","title":"Not Found","detail":"no such record"}]}"#;
    (StatusCode::NOT_FOUND, json(body)).into_response()
}

/// What a login form or a gateway puts in the way.
fn page(status: StatusCode) -> Response {
    (
        status,
        [("content-type", "text/html")],
        "<html><body>Please sign in</body></html>",
    )
        .into_response()
}

fn people(ids: &[&str], next: Option<&str>) -> Response {
    let data: Vec<_> = ids
        .iter()
        .map(|id| serde_json::json!({"id": id, "type": "people", "attributes": {"email": format!("{id}@x.example")}}))
        .collect();
    json(&serde_json::json!({"data": data, "links": {"next": next}}).to_string())
}

/// docs/apis.md, "Bounds".
#[tokio::test]
async fn a_listing_without_an_end_ends_and_depth_is_no_danger() {
    let endless = Server::start(|_, before| {
        let ids: Vec<String> = (0..100).map(|n| format!("p{before}-{n}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        people(&ids, Some(&format!("/v2/people?page={}", before + 2)))
    })
    .await;
    for (bounds, says) in [
        (
            prmdesk::lms::Bounds {
                records: 1_000,
                ..Default::default()
            },
            "1000 records",
        ),
        (
            prmdesk::lms::Bounds {
                pages: 7,
                ..Default::default()
            },
            "7 pages",
        ),
        (
            prmdesk::lms::Bounds {
                bytes: 1 << 20,
                ..Default::default()
            },
            "1 MiB",
        ),
    ] {
        let error = endless
            .bounded(bounds)
            .people(&Progress::silent())
            .await
            .unwrap_err();
        assert!(matches!(error, LmsError::TooMuch { .. }), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
    let deep = "[".repeat(2_000_000);
    for body in [
        deep.clone(),
        format!("{{\"data\": {deep}{}}}", "]".repeat(2_000_000)),
        format!("{{\"errors\": {deep}"),
        "{\"a\":".repeat(1_000_000),
    ] {
        let server = Server::start(move |_, _| json(&body)).await;
        server
            .client()
            .people(&Progress::silent())
            .await
            .unwrap_err();
    }
}

#[tokio::test]
async fn a_link_to_another_host_is_refused_and_the_key_stays() {
    let other = Server::start(|_, _| people(&["p9"], None)).await;
    let foreign = format!("{}/v2/people?page=2", other.url);
    let server = Server::start(move |_, _| people(&["p1"], Some(&foreign))).await;
    let error = server
        .client()
        .people(&Progress::silent())
        .await
        .unwrap_err();
    assert!(matches!(error, LmsError::ForeignLink { .. }), "{error}");
    assert!(
        other.requests().is_empty(),
        "nothing was sent to the other host"
    );
    assert_eq!(server.log.lock().unwrap()[0].1.as_deref(), Some("k3y"));
}

#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed() {
    let other = Server::start(|_, _| people(&["p9"], None)).await;
    let to = format!("{}/v2/people", other.url);
    let server =
        Server::start(move |_, _| (StatusCode::FOUND, [("location", to.clone())]).into_response())
            .await;
    server
        .client()
        .people(&Progress::silent())
        .await
        .unwrap_err();
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn pages_are_followed_by_links_alone_and_circles_end() {
    let server = Server::start(|what, _| {
        if what.contains("page=1") {
            people(&["p1", "p2"], Some("/v2/people?cursor=b"))
        } else {
            people(&["p2", "p3"], None)
        }
    })
    .await;
    let found = server.client().people(&Progress::silent()).await.unwrap();
    let ids: Vec<_> = found.iter().map(|p| p.id.as_str()).collect();
    assert_eq!(ids, ["p1", "p2", "p3"], "one listed twice counts once");

    let circle =
        Server::start(|_, n| people(&[&format!("p{n}")], Some("/v2/people?cursor=b"))).await;
    let error = circle
        .client()
        .people(&Progress::silent())
        .await
        .unwrap_err();
    assert!(matches!(error, LmsError::Loop { .. }), "{error}");

    let stuck = Server::start(|_, n| people(&["p1"], Some(&format!("/v2/people?page={n}x")))).await;
    let error = stuck
        .client()
        .people(&Progress::silent())
        .await
        .unwrap_err();
    assert!(matches!(error, LmsError::Loop { .. }), "{error}");
}

#[tokio::test]
async fn what_may_pass_is_repeated_and_401_is_not() {
    let server = Server::start(|_, n| match n {
        0 => StatusCode::TOO_MANY_REQUESTS.into_response(),
        1 => StatusCode::BAD_GATEWAY.into_response(),
        2 => json("{\"data\": [{\"id\": \"p"),
        _ => people(&["p1"], None),
    })
    .await;
    assert_eq!(
        server
            .client()
            .people(&Progress::silent())
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(server.requests().len(), 4);

    let refused = Server::start(|_, _| {
        (
            StatusCode::UNAUTHORIZED,
            "{\"errors\":[{\"title\":\"Unauthorized\",\"detail\":\"bad key\"}]}",
        )
            .into_response()
    })
    .await;
    let client = refused.client();
    let error = client.person("p1").await.unwrap_err();
    assert!(error.is_unauthorized(), "never `None`: {error}");
    assert!(error.to_string().contains("Unauthorized: bad key"));
    assert!(client.group("g1").await.unwrap_err().is_unauthorized());
    assert!(
        client
            .members("g1", &Progress::silent())
            .await
            .unwrap_err()
            .is_unauthorized()
    );
    assert!(
        client
            .delete_group("g1")
            .await
            .unwrap_err()
            .is_unauthorized()
    );
    assert_eq!(refused.requests().len(), 4, "none was repeated");
}

#[tokio::test]
async fn a_write_without_a_clear_answer_is_unknown_and_not_repeated() {
    let server = Server::start(|_, n| match n {
        0 => StatusCode::TOO_MANY_REQUESTS.into_response(),
        1 => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        2 => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "{\"errors\":[{\"title\":\"Invalid\",\"detail\":\"not a member\"}]}",
        )
            .into_response(),
        3 => not_found(),
        _ => StatusCode::NO_CONTENT.into_response(),
    })
    .await;
    let client = server.client();
    let one = ["p1".to_owned()];
    let outcome = client.remove_members("g1", &one).await.unwrap();
    assert!(matches!(outcome, WriteOutcome::Unknown(_)), "{outcome:?}");
    assert_eq!(server.requests().len(), 2, "429 is repeated, 500 is not");
    assert_eq!(
        client.remove_members("g1", &one).await.unwrap(),
        WriteOutcome::Refused("Invalid: not a member".into())
    );
    assert_eq!(
        client.delete_group("g1").await.unwrap(),
        WriteOutcome::AlreadySo
    );
    assert_eq!(client.delete_group("g1").await.unwrap(), WriteOutcome::Done);
}

/// Only the API's own answer counts: its JSON, or an empty 204 (docs/rules.md, "Off-boarding").
#[tokio::test]
async fn a_write_answered_by_somebody_else_is_unknown() {
    let foreign: [fn() -> Response; 8] = [
        || page(StatusCode::OK),
        || page(StatusCode::NOT_FOUND),
        || page(StatusCode::FORBIDDEN),
        || StatusCode::OK.into_response(),
        || StatusCode::NOT_FOUND.into_response(),
        || json("{}"),
        || json(r#"{"message":"ok"}"#),
        || (StatusCode::ACCEPTED, json(r#"{"data":[]}"#)).into_response(),
    ];
    for answer in foreign {
        let server = Server::start(move |_, _| answer()).await;
        let client = server.client();
        let one = ["p1".to_owned()];
        for outcome in [
            client.remove_members("g1", &one).await.unwrap(),
            client.add_members("g1", &one).await.unwrap(),
            client.delete_group("g1").await.unwrap(),
            client.create_group("Acme").await.unwrap().unwrap_err(),
        ] {
            assert!(matches!(outcome, WriteOutcome::Unknown(_)), "{outcome:?}");
        }
        assert_eq!(server.requests().len(), 4, "not one was repeated");
    }
    let own = Server::start(|_, n| match n {
        0 => json(r#"{"data":[]}"#),
        1 => StatusCode::NO_CONTENT.into_response(),
        2 => json(r#"{"errors":[{"title":"Invalid","detail":"locked"}]}"#),
        _ => not_found(),
    })
    .await;
    let client = own.client();
    let one = ["p1".to_owned()];
    for wanted in [
        WriteOutcome::Done,
        WriteOutcome::Done,
        WriteOutcome::Refused("Invalid: locked".into()),
        WriteOutcome::Refused("Not Found: no such record".into()),
    ] {
        assert_eq!(client.remove_members("g1", &one).await.unwrap(), wanted);
    }
    assert_eq!(
        client.delete_group("g1").await.unwrap(),
        WriteOutcome::AlreadySo
    );
}

/// A reading answered by somebody else is no evidence that anything is gone, or that nobody is in a group.
#[tokio::test]
async fn a_reading_answered_by_somebody_else_is_an_error() {
    let foreign: [fn() -> Response; 6] = [
        || page(StatusCode::OK),
        || page(StatusCode::NOT_FOUND),
        || StatusCode::NOT_FOUND.into_response(),
        || (StatusCode::NOT_FOUND, json(r#"{"message":"no route"}"#)).into_response(),
        || json(r#"{"data":null,"errors":[{"title":"Not Found","detail":"no"}]}"#),
        || json(r#"{"data":[],"errors":[{"title":"Forbidden","detail":"no"}]}"#),
    ];
    for answer in foreign {
        let server = Server::start(move |_, _| answer()).await;
        let client = server.client();
        client.group("g1").await.unwrap_err();
        client.person("p1").await.unwrap_err();
        client.members("g1", &Progress::silent()).await.unwrap_err();
        client.people(&Progress::silent()).await.unwrap_err();
    }
}

#[tokio::test]
async fn both_shapes_of_members_and_a_missing_group() {
    let server = Server::start(|what, _| {
        if what.contains("/groups/g1/people") {
            people(&["p2", "p1"], None)
        } else if what.contains("/groups/g1?") || what.ends_with("/groups/g1") {
            json(r#"{"data":{"id":"g1","type":"groups","attributes":{"name":"Acme"}}}"#)
        } else {
            not_found()
        }
    })
    .await;
    let client = server.client();
    let silent = Progress::silent();
    assert_eq!(
        client.members("g1", &silent).await.unwrap(),
        Some(vec!["p1".to_owned(), "p2".to_owned()])
    );
    assert_eq!(client.members("g2", &silent).await.unwrap(), None);

    let memberships = Server::start(|_, _| {
        json(r#"{"data":[{"id":"m1","type":"memberships","relationships":{"person":{"data":{"type":"people","id":"p7"}}}}]}"#)
    })
    .await;
    assert_eq!(
        memberships.client().members("g1", &silent).await.unwrap(),
        Some(vec!["p7".to_owned()])
    );
}

#[tokio::test]
async fn names_are_compared_exactly_whatever_the_filter_did() {
    let server = Server::start(|_, _| {
        json(
            r#"{"data":[{"id":"g1","type":"groups","attributes":{"name":"All Partners EMEA"}},
                         {"id":"g2","type":"groups","attributes":{"name":"All Partners"}}]}"#,
        )
    })
    .await;
    let found = server
        .client()
        .group_by_name("All Partners")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.id, "g2");
    assert!(server.requests()[0].contains("filter%5Bname%5D%5Beq%5D=All+Partners"));
}

#[tokio::test]
async fn the_rate_is_shared_by_clones() {
    let server = Server::start(|_, _| people(&["p1"], None)).await;
    let config = LmsConfig {
        url: server.url.clone(),
        api_key: Some(Secret::new("k")),
        max_rps: 20,
        ..LmsConfig::default()
    };
    let client = Client::new(&config, Clock::system()).unwrap();
    let begun = std::time::Instant::now();
    let calls = (0..11).map(|_| {
        let client = client.clone();
        async move { client.person("p1").await.unwrap() }
    });
    futures_util::future::join_all(calls).await;
    assert!(
        begun.elapsed() >= Duration::from_millis(490),
        "{:?}",
        begun.elapsed()
    );
}
