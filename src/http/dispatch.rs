//! From a request to the row of the table that serves it.

use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::extract::{RawPathParams, RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use futures_util::FutureExt;

use super::call::Call;
use super::reply::{Outcome, Problem};
use super::table::{ENDPOINTS, Endpoint, Verb};
use super::{App, front};

/// The router: one route for each path of the table.
pub(super) fn router(app: &App) -> Router {
    let mut router = Router::new();
    let mut seen: Vec<&str> = Vec::new();
    for Endpoint { path, .. } in ENDPOINTS {
        if seen.contains(path) {
            continue;
        }
        seen.push(path);
        let serve = move |State(app): State<App>,
                          method: Method,
                          query: RawQuery,
                          path_params: RawPathParams,
                          headers: HeaderMap| async move {
            let id = path_params.iter().next().map(|(_, value)| value.to_owned());
            dispatch(
                app,
                path,
                &method,
                query.0.as_deref(),
                id.as_deref(),
                &headers,
            )
            .await
        };
        router = router.route(path, any(serve));
    }
    router
        .fallback(nowhere)
        .layer(middleware::from_fn_with_state(app.clone(), front::pass))
        .with_state(app.clone())
}

async fn nowhere() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "There is nothing at this address.",
    )
    .help("GET /openapi.json lists what there is.")
}

async fn dispatch(
    app: App,
    path: &str,
    method: &Method,
    query: Option<&str>,
    id: Option<&str>,
    headers: &HeaderMap,
) -> Response {
    let rows = || ENDPOINTS.iter().filter(|endpoint| endpoint.path == path);
    let fits = |verb: Verb| match verb {
        Verb::Get => matches!(*method, Method::GET | Method::HEAD),
        Verb::Post => *method == Method::POST,
    };
    let Some(endpoint) = rows().find(|endpoint| fits(endpoint.verb)) else {
        let allowed: Vec<&str> = rows()
            .flat_map(|endpoint| match endpoint.verb {
                Verb::Get => &["GET", "HEAD"][..],
                Verb::Post => &["POST"],
            })
            .copied()
            .collect();
        return Problem::method_not_allowed(&allowed.join(", ")).into_response();
    };
    let outcome = match Call::read(endpoint.params, query, id, headers) {
        Ok(call) => serve(endpoint, app, call).await,
        Err(problem) => Err(problem),
    };
    outcome.unwrap_or_else(IntoResponse::into_response)
}

/// Serves a call; a panic in it is our fault, and this caller's only.
async fn serve(endpoint: &Endpoint, app: App, call: Call) -> Outcome {
    match AssertUnwindSafe((endpoint.serve)(app, call))
        .catch_unwind()
        .await
    {
        Ok(outcome) => outcome,
        Err(panic) => {
            let what = panic
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            tracing::error!(endpoint = endpoint.name, what, "an endpoint panicked");
            Err(Problem::internal())
        }
    }
}
