//! `/api/db/certifications/sync-to-impartner`.

use axum::http::StatusCode;

use super::App;
use super::call::Call;
use super::reply::{Outcome, Problem, json};
use super::shapes::CertRows;
use crate::progress::Progress;

/// Compares, or pushes what differs. A push is a task of its own: a caller that hangs up does not stop it half-way.
pub(super) async fn push(app: App, call: Call) -> Outcome {
    if app.shutdown().is_cancelled() {
        return Err(Problem::stopping());
    }
    if call.flag("dryRun") {
        let partners = app.desk().certs_preview(&[], &Progress::silent()).await?;
        return Ok(json(StatusCode::OK, &CertRows { partners }));
    }
    let desk = app.desk().clone();
    let push = async move { desk.certs_push(&[], &Progress::silent()).await };
    let report = app
        .inner
        .jobs
        .outlive(push)
        .await
        .map_err(|_| Problem::internal())??;
    Ok(json(StatusCode::OK, &report))
}
