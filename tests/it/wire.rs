//! How anything is sent out, one rule at a time, over all three that send: Impartner's client, the LMS's, the webhook.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{Response, StatusCode};
use futures_util::stream;
use prmdesk::clock::Clock;
use prmdesk::config::{Config, ImpartnerConfig, LmsConfig, Secret};
use prmdesk::values::RunStatus;
use prmdesk::{impartner, lms, notify};

const KEY: &str = "s3cret-key";

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    Impartner,
    Lms,
    Webhook,
}

const ALL: [Sender; 3] = [Sender::Impartner, Sender::Lms, Sender::Webhook];

impl Sender {
    /// Sends one request to `url`, which holds the key where the address is the key. What went wrong; the webhook tells
    /// nobody but the log.
    async fn send(self, url: &str) -> Result<(), String> {
        match self {
            Self::Impartner => {
                let config = ImpartnerConfig {
                    url: url.to_owned(),
                    api_key: Some(Secret::new(KEY)),
                    retries: 0,
                    timeout: Duration::from_secs(20),
                    ..ImpartnerConfig::default()
                };
                let client = impartner::Client::new(&config, Clock::system());
                let client = client.map_err(|error| error.to_string())?;
                client
                    .ping()
                    .await
                    .map(drop)
                    .map_err(|error| error.to_string())
            }
            Self::Lms => {
                let config = LmsConfig {
                    url: url.to_owned(),
                    api_key: Some(Secret::new(KEY)),
                    ..LmsConfig::default()
                };
                let patience = lms::Patience {
                    timeout: Duration::from_secs(20),
                    retries: 0,
                    ..lms::Patience::default()
                };
                let client = lms::Client::with_patience(&config, Clock::system(), patience);
                let client = client.map_err(|error| error.to_string())?;
                client.ping().await.map_err(|error| error.to_string())?;
                Ok(())
            }
            Self::Webhook => {
                let mut config = Config::default();
                config.notify.webhook_url = Some(Secret::new(format!("{url}/{KEY}")));
                let note = notify::Notification {
                    text: "a run failed".into(),
                    event: notify::Event::RunFailed,
                    profile: "live".into(),
                    run_id: None,
                    status: RunStatus::Failed,
                    count: 0,
                };
                notify::send(&config, &Clock::system(), &[note]).await;
                Ok(())
            }
        }
    }
}

/// A server that answers all with `answer`, and the paths it was asked for.
async fn serve<F>(answer: F) -> (String, Arc<Mutex<Vec<String>>>)
where
    F: Fn() -> Response<Body> + Clone + Send + Sync + 'static,
{
    let log = Arc::new(Mutex::new(Vec::new()));
    let asked = Arc::clone(&log);
    let app = Router::new().fallback(move |request: Request| {
        asked.lock().unwrap().push(request.uri().path().to_owned());
        let answer = answer();
        async move { answer }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, log)
}

fn reply(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for sender in ALL {
        let (elsewhere, other) = serve(|| reply(StatusCode::OK, "{}")).await;
        let (url, log) = serve(move || {
            let mut answer = reply(StatusCode::TEMPORARY_REDIRECT, "");
            answer
                .headers_mut()
                .insert("location", elsewhere.parse().unwrap());
            answer
        })
        .await;
        let sent = sender.send(&url).await;
        assert!(sent.is_err() || sender == Sender::Webhook, "{sender:?}");
        assert_eq!(log.lock().unwrap().len(), 1, "{sender:?}");
        assert!(
            other.lock().unwrap().is_empty(),
            "{sender:?} sent its key elsewhere"
        );
    }
}

#[tokio::test]
async fn plain_http_leaves_this_machine_for_nobody() {
    // 192.0.2.0/24 is nobody's (RFC 5737): a request to it would wait for its 20 s, and is never made.
    for sender in [Sender::Impartner, Sender::Lms] {
        let error = sender.send("http://192.0.2.1").await.unwrap_err();
        assert!(error.contains("http"), "{sender:?}: {error}");
    }
    for sender in [Sender::Impartner, Sender::Lms] {
        let error = sender.send("https://me:hush@a.example").await.unwrap_err();
        assert!(
            error.contains("user name") && !error.contains("hush"),
            "{sender:?}: {error}"
        );
    }
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    for sender in ALL {
        let (url, log) = serve(|| {
            let chunk = || Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 1 << 20]));
            let without_end = stream::repeat_with(chunk);
            reply(StatusCode::OK, Body::from_stream(without_end))
        })
        .await;
        let sent = sender.send(&url).await;
        assert!(!log.lock().unwrap().is_empty(), "{sender:?}");
        if sender != Sender::Webhook {
            let error = sent.unwrap_err();
            let most = if sender == Sender::Lms { 16 } else { 64 };
            let said = format!("longer than {most} MiB");
            assert!(error.contains(&said), "{sender:?}: {error}");
        }
    }
}

#[tokio::test]
async fn a_key_that_is_quoted_back_is_not_shown() {
    for sender in [Sender::Impartner, Sender::Lms] {
        let message = format!("The key {KEY} may not do this.");
        for body in [
            serde_json::json!({"success": false, "message": message}).to_string(),
            serde_json::json!({"errors": [{"title": "No", "detail": message}]}).to_string(),
            format!("<html>{message}</html>"),
        ] {
            let (url, _) = serve(move || reply(StatusCode::FORBIDDEN, body.clone())).await;
            let error = sender.send(&url).await.unwrap_err();
            assert!(error.contains("may not do this"), "{sender:?}: {error}");
            assert!(!error.contains(KEY), "{sender:?}: {error}");
        }
    }
}
