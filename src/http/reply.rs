//! Answers and errors. All JSON goes through [`crate::text::write_json`], so that no answer carries a raw control or
//! bidi character (docs/contract.md, "Command line").

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::{Error, Kind};
use crate::text::{JsonLayout, write_json};

/// What an endpoint gives back.
pub(super) type Outcome = Result<Response, Problem>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An answer with a JSON body.
pub(super) fn json<T: Serialize + ?Sized>(status: StatusCode, value: &T) -> Response {
    let mut body = Vec::with_capacity(512);
    if let Err(error) = write_json(&mut body, value, JsonLayout::Compact) {
        tracing::error!(%error, "an answer could not be written as JSON");
        return (StatusCode::INTERNAL_SERVER_ERROR, [(CONTENT_TYPE, JSON)], r#"{"error":{"code":"internal","message":"The answer could not be written.","help":null}}"#).into_response();
    }
    body.push(b'\n');
    (status, [(CONTENT_TYPE, JSON)], body).into_response()
}

/// An answer with a body that is JSON already.
pub(super) fn json_body(status: StatusCode, body: Body) -> Response {
    (status, [(CONTENT_TYPE, JSON)], body).into_response()
}

/// The body of every error (docs/contract.md, "JSON").
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub(super) struct ErrorBody<'a> {
    /// What went wrong.
    error: ErrorFacts<'a>,
}

/// What went wrong.
#[derive(Serialize, JsonSchema)]
struct ErrorFacts<'a> {
    /// A fixed word in snake_case.
    code: &'a str,
    /// What happened, to what, what was kept.
    message: &'a str,
    /// What to do about it.
    help: Option<&'a str>,
}

/// An error with the status it is answered with.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) help: Option<String>,
    /// A header that belongs to the status.
    header: Option<(&'static str, String)>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            help: None,
            header: None,
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.header = Some((name, value.to_owned()));
        self
    }

    /// 400: a parameter that is wrong.
    pub(super) fn bad_query(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_query", message)
    }

    /// 401.
    pub(super) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "The token is missing or wrong.",
        )
        .help("Send the header `Authorization: Bearer <serve.token>`.")
        .header("www-authenticate", "Bearer realm=\"prmdesk\"")
    }

    /// 405 with what would be allowed.
    pub(super) fn method_not_allowed(allowed: &str) -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            format!("This address takes {allowed} only."),
        )
        .header("allow", allowed)
    }

    /// 429 with when to come back.
    pub(super) fn busy(message: &str) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "busy", message)
            .help("Try again in a few seconds.")
            .header("retry-after", "5")
    }

    /// 503 while the server stops.
    pub(super) fn stopping() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "stopping",
            "The server is stopping. Nothing was written.",
        )
        .header("retry-after", "10")
    }

    /// 500: a fault of ours, told in the log.
    pub(super) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "The server failed. The log has the details under the id of this request.",
        )
    }
}

/// The status of an error; its kind alone decides.
fn status_of(kind: Kind) -> StatusCode {
    match kind {
        Kind::Usage => StatusCode::BAD_REQUEST,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::ReadOnly => StatusCode::FORBIDDEN,
        Kind::Blocked => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Leased => StatusCode::CONFLICT,
        Kind::Upstream => StatusCode::BAD_GATEWAY,
        Kind::Database | Kind::Cancelled => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Config | Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = status_of(error.kind);
        if status.is_server_error() {
            tracing::warn!(code = error.code, causes = ?error.causes(), "{error}");
        }
        let mut problem = Self::new(status, error.code, error.message);
        problem.help = error.help;
        problem
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let error = ErrorFacts {
            code: self.code,
            message: &self.message,
            help: self.help.as_deref(),
        };
        let mut response = json(self.status, &ErrorBody { error });
        if let Some((name, value)) = self.header
            && let Ok(value) = HeaderValue::from_str(&value)
        {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_error_has_the_status_of_the_contract() {
        let status = |kind| status_of(kind).as_u16();
        assert_eq!(status(Kind::Usage), 400);
        assert_eq!(status(Kind::NotFound), 404);
        assert_eq!(status(Kind::Blocked), 422);
        assert_eq!(status(Error::read_only("sync").kind), 403);
        assert_eq!(status(Kind::Leased), 409);
        assert_eq!(status(Kind::Upstream), 502);
        assert_eq!(status(Kind::Database), 503);
        assert_eq!(status(Kind::Cancelled), 503);
        assert_eq!(status(Kind::Internal), 500);
    }
}
