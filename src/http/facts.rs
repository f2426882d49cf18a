//! What the server says about itself and about the state of things.

use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::App;
use super::call::Call;
use super::reply::{Outcome, Problem, json, json_body};
use super::shapes::{Health, Shape};
use crate::desk::Probe;

/// Longest wait for the database before it counts as not reachable.
const READY: Duration = Duration::from_secs(5);

const HEALTHY: Health = Health {
    status: "ok",
    version: env!("CARGO_PKG_VERSION"),
};

/// The process is alive.
#[expect(clippy::unused_async, reason = "an endpoint like the others")]
pub(super) async fn healthz(_: App, _: Call) -> Outcome {
    Ok(json(StatusCode::OK, &HEALTHY))
}

/// The database answers, and the server is not about to stop.
pub(super) async fn readyz(app: App, _: Call) -> Outcome {
    if app.shutdown().is_cancelled() {
        return Err(Problem::stopping());
    }
    match tokio::time::timeout(READY, app.desk().ready()).await {
        Ok(ready) => ready?,
        Err(_) => {
            return Err(Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "database_timeout",
                "The database did not answer within 5 s.",
            ));
        }
    }
    Ok(json(StatusCode::OK, &HEALTHY))
}

/// As `prmdesk status --json`.
pub(super) async fn status(app: App, _: Call) -> Outcome {
    let status = app.desk().status(Probe::Live).await?;
    Ok(json(StatusCode::OK, &status))
}

/// Prometheus text.
pub(super) async fn metrics(app: App, _: Call) -> Outcome {
    let text = app.inner.metrics.render(app.desk()).await;
    let response: Response = (
        StatusCode::OK,
        [(CONTENT_TYPE, Shape::Text.media_type())],
        text,
    )
        .into_response();
    Ok(response)
}

/// The description of all endpoints.
#[expect(clippy::unused_async, reason = "an endpoint like the others")]
pub(super) async fn document(app: App, _: Call) -> Outcome {
    Ok(json_body(
        StatusCode::OK,
        Body::from(app.inner.document.clone()),
    ))
}
