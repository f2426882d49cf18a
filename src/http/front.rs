//! What every request passes before an endpoint sees it: an id, a line in the log, who may call, and bounds on bodies.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, HOST, HeaderName, ORIGIN,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tracing::Instrument;

use super::reply::Problem;
use super::table::{Access, ENDPOINTS};
use super::{App, Limits};

/// The header that carries a request's id, in and out.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is taken over from a caller.
const LONGEST_ID: usize = 64;

/// Makes request ids: the moment the server started, and a number.
pub(super) struct Ids {
    start: i64,
    next: AtomicU64,
}

impl Ids {
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        Self {
            start: now.timestamp(),
            next: AtomicU64::new(1),
        }
    }

    /// The caller's own id where it is a plain one, so that logs of both sides can be laid side by side; else a new one.
    fn of(&self, headers: &HeaderMap) -> String {
        let plain = |id: &&str| {
            (1..=LONGEST_ID).contains(&id.len())
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        let given = headers
            .get(REQUEST_ID)
            .and_then(|value| value.to_str().ok())
            .filter(plain);
        match given {
            Some(id) => id.to_owned(),
            None => format!(
                "{:x}-{}",
                self.start,
                self.next.fetch_add(1, Ordering::Relaxed)
            ),
        }
    }
}

/// The middleware: see the module.
pub(super) async fn pass(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = app.inner.ids.of(request.headers());
    // The desk notes the id of a run here, so that every line of it in the log has it.
    let span = tracing::info_span!("request", id, run_id = tracing::field::Empty);
    let method = request.method().clone();
    // The path as the table has it: a path from outside could hold anything, and there are endlessly many.
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("other", |path| table_path(path.as_str()));
    let began = Instant::now();
    let mut response = guard(&app, request, next).instrument(span.clone()).await;
    let status = response.status();
    span.in_scope(|| {
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(method = %method, path, status = status.as_u16(), ms, "answered");
    });
    app.inner
        .metrics
        .request(path, &method, status, began.elapsed());
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn table_path(matched: &str) -> &'static str {
    ENDPOINTS
        .iter()
        .map(|endpoint| endpoint.path)
        .find(|path| *path == matched)
        .unwrap_or("other")
}

async fn guard(app: &App, request: Request, next: Next) -> Response {
    let checked = may_call(app, &request)
        .and_then(|()| content_length(app.limits(), request.headers()))
        .map(|()| request);
    match checked {
        Ok(request) => match without_body(app.limits(), request).await {
            Ok(request) => next.run(request).await,
            Err(problem) => hang_up(problem),
        },
        Err(problem) if problem.status == StatusCode::PAYLOAD_TOO_LARGE => hang_up(problem),
        Err(problem) => problem.into_response(),
    }
}

/// An answer after which the connection is closed: what is left of the body is not worth reading.
fn hang_up(problem: Problem) -> Response {
    let mut response = problem.into_response();
    response
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Whether the caller may call at all.
fn may_call(app: &App, request: &Request) -> Result<(), Problem> {
    let open = request
        .extensions()
        .get::<MatchedPath>()
        .is_some_and(|path| {
            ENDPOINTS
                .iter()
                .any(|row| row.path == path.as_str() && row.access == Access::Open)
        });
    if open {
        return Ok(());
    }
    match &app.inner.token {
        Some(expected) => bearer(expected, request.headers()),
        None => local(request),
    }
}

/// Checks the token. Digests are compared, in constant time.
fn bearer(expected: &[u8; 32], headers: &HeaderMap) -> Result<(), Problem> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (given.next(), given.next()) else {
        return Err(Problem::unauthorized());
    };
    let token = value
        .as_bytes()
        .split_at_checked(7)
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "))
        .map(|(_, token)| token.trim_ascii());
    let digest: [u8; 32] = Sha256::digest(token.unwrap_or_default()).into();
    if token.is_some() && bool::from(digest.ct_eq(expected)) {
        Ok(())
    } else {
        Err(Problem::unauthorized())
    }
}

/// Without a token, being on this machine is the only proof. A web page that the administrator has open is on this
/// machine too: it shows by a name of its own in Host (DNS rebinding) or by its Origin (a form that posts here).
fn local(request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let host = request
        .uri()
        .authority()
        .map(axum::http::uri::Authority::as_str)
        .or_else(|| headers.get(HOST).and_then(|host| host.to_str().ok()));
    if !host.is_some_and(is_loopback) {
        return Err(foreign(
            "The name in the Host header is not this machine's own.",
        ));
    }
    // Another program's page on this machine is not ours either: the port tells.
    let ours = host.and_then(port);
    let from_page = headers.get(ORIGIN).is_some_and(|origin| {
        !origin
            .to_str()
            .ok()
            .and_then(|origin| origin.strip_prefix("http://"))
            .is_some_and(|page| is_loopback(page) && port(page) == ours)
    });
    let cross_site = headers
        .get("sec-fetch-site")
        .is_some_and(|site| site.as_bytes() == b"cross-site");
    if from_page || cross_site {
        return Err(foreign(
            "A web page that is not this server's own may not call it.",
        ));
    }
    Ok(())
}

fn foreign(message: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "foreign_caller", message).help(
        "Without a token only this machine may call, as 127.0.0.1, [::1] or localhost. Configure serve.token for other callers.",
    )
}

/// Whether `host`, which may carry a port, is this machine's own.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// The port behind `host`; 80 where it names none, nothing where it is no number.
fn port(host: &str) -> Option<u16> {
    let after = host.rsplit(']').next().unwrap_or(host);
    match after.rsplit_once(':') {
        Some((_, port)) => port.parse().ok(),
        None => Some(80),
    }
}

fn content_length(limits: &Limits, headers: &HeaderMap) -> Result<(), Problem> {
    let length = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse::<u64>().ok());
    match length {
        Some(length) if length > limits.body_bytes as u64 => Err(too_large(limits)),
        _ => Ok(()),
    }
}

fn too_large(limits: &Limits) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        format!("The body is larger than {} bytes.", limits.body_bytes),
    )
    .help("No address here takes a body: parameters are in the query.")
}

/// Reads the body, within bounds, and throws it away. One that says something is refused: passing over a
/// `{"dryRun": true}` would do for real what the caller wanted to try.
async fn without_body(limits: &Limits, request: Request) -> Result<Request, Problem> {
    let (parts, body) = request.into_parts();
    let read = tokio::time::timeout(limits.body, to_bytes(body, limits.body_bytes)).await;
    let bytes = match read {
        Err(_) => {
            return Err(Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "body_timeout",
                "The body did not arrive in time.",
            ));
        }
        Ok(Err(error)) => {
            let large = std::error::Error::source(&error)
                .is_some_and(|cause| cause.to_string().contains("length limit"));
            return Err(if large {
                too_large(limits)
            } else {
                Problem::new(
                    StatusCode::BAD_REQUEST,
                    "body_broken",
                    "The body could not be read.",
                )
            });
        }
        Ok(Ok(bytes)) => bytes,
    };
    match bytes.trim_ascii() {
        b"" | b"{}" | b"null" => Ok(Request::from_parts(parts, Body::empty())),
        _ => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "unexpected_body",
            "No address here takes a body, and this request has one. Nothing was done.",
        )
        .help("Parameters are in the query, for instance ?mode=full.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_has_many_names_and_others_are_not_it() {
        for host in [
            "localhost",
            "LOCALHOST:8787",
            "127.0.0.1",
            "127.0.0.1:8787",
            "127.8.9.1:1",
            "[::1]",
            "[::1]:8787",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "10.0.0.1",
            "[::2]:1",
            "0.0.0.0",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn the_token_is_checked_whole() {
        let expected: [u8; 32] = Sha256::digest(b"s3cret").into();
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, value.parse().unwrap());
            bearer(&expected, &headers).is_ok()
        };
        assert!(with("Bearer s3cret"));
        assert!(with("bearer  s3cret"));
        for wrong in [
            "Bearer s3cre",
            "Bearer s3cret1",
            "Bearer",
            "Bearer ",
            "Basic s3cret",
            "s3cret",
            "Bearers3cret",
        ] {
            assert!(!with(wrong), "{wrong}");
        }
        assert!(bearer(&expected, &HeaderMap::new()).is_err());
    }

    #[test]
    fn a_plain_id_is_kept_and_any_other_replaced() {
        let ids = Ids::new(DateTime::UNIX_EPOCH);
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, value.parse().unwrap());
            ids.of(&headers)
        };
        assert_eq!(with("abc-1.2_3"), "abc-1.2_3");
        assert_eq!(with("a b"), "0-1");
        assert_eq!(with(&"x".repeat(65)), "0-2");
        assert_eq!(ids.of(&HeaderMap::new()), "0-3");
    }
}
