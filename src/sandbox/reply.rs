//! An answer before it is HTTP, so that faults can still change it.

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use super::faults::Cut;

/// Status, type and body of an answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) retry_after: Option<u64>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::json_bytes(status, body.to_string().into_bytes())
    }

    pub(super) fn json_bytes(status: u16, body: Vec<u8>) -> Self {
        Self {
            status,
            content_type: "application/json; charset=utf-8",
            retry_after: None,
            body,
        }
    }

    /// The page that a proxy or a login form puts in the way.
    pub(super) fn html(status: u16) -> Self {
        Self {
            status,
            content_type: "text/html; charset=utf-8",
            retry_after: None,
            body: b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>\
                    <h1>Please sign in</h1></body></html>"
                .to_vec(),
        }
    }

    /// An answer without a body.
    pub(super) fn empty(status: u16) -> Self {
        Self {
            status,
            content_type: "application/json; charset=utf-8",
            retry_after: None,
            body: Vec::new(),
        }
    }

    /// Puts a byte that is no UTF-8 before the first text under `key`.
    pub(super) fn break_character(&mut self, key: &str) {
        let key = format!("\"{key}\":\"");
        let mut parts = self.body.windows(key.len());
        if let Some(at) = parts.position(|part| part == key.as_bytes()) {
            self.body.insert(at + key.len(), 0xfc);
        }
    }

    /// Ends the body early as a fault wants it.
    pub(super) fn into_response(mut self, cut: Option<(u8, Cut)>) -> Response<Body> {
        let whole = self.body.len();
        if let Some((keep, _)) = cut {
            self.body.truncate(whole * usize::from(keep.min(99)) / 100);
        }
        let broken = cut.is_some_and(|(_, cut)| cut == Cut::Broken);
        let body = if broken {
            // hyper breaks the connection when the body's stream fails; while it waits, it sends what it has.
            let start = stream::iter([Ok(Bytes::from(self.body))]);
            let end = stream::once(async {
                tokio::task::yield_now().await;
                Err(std::io::Error::from(std::io::ErrorKind::BrokenPipe))
            });
            Body::from_stream(start.chain(end))
        } else {
            Body::from(self.body)
        };
        let mut response = Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(self.content_type),
        );
        if broken {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(whole));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        headers.insert(
            HeaderName::from_static("x-sandbox"),
            HeaderValue::from_static("prmdesk"),
        );
        response
    }
}
