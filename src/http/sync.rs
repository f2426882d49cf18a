//! `/api/impartner/sync/partners`, `contacts` and `all`.

use std::sync::Arc;

use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};

use super::App;
use super::call::Call;
use super::jobs::Ended;
use super::reply::{Outcome, Problem, json};
use super::runs;
use crate::plan::Scope;
use crate::values::{PreviewRequest, RunStatus};

/// Begins a sync, and waits for its end unless the caller asked not to.
pub(super) async fn sync(app: App, call: Call, scope: Scope) -> Outcome {
    if app.shutdown().is_cancelled() {
        return Err(Problem::stopping());
    }
    let request = PreviewRequest {
        scope,
        mode: call.word("mode")?,
    };
    let job = app.inner.jobs.start(&app, request);
    let run_id = match job.started().await {
        Ok(run_id) => run_id,
        Err(ended) => return answer(&ended),
    };
    app.inner.jobs.remember(run_id, &job);
    if !call.respond_async {
        return answer(&job.ended().await);
    }
    let mut response = json(StatusCode::ACCEPTED, &runs::of_job(run_id, &job, None));
    let location = format!("/api/runs/{run_id}");
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// 200 when something was applied or there was nothing to do, 422 when all there was needs a person.
fn answer(ended: &Arc<Ended>) -> Outcome {
    match ended.as_ref() {
        Ok(report) if report.status == RunStatus::Blocked => {
            Ok(json(StatusCode::UNPROCESSABLE_ENTITY, report))
        }
        Ok(report) => Ok(json(StatusCode::OK, report)),
        Err(problem) => Err(problem.clone()),
    }
}
