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
        let withheld = app.desk().certs_withheld(&[], &partners, None).await?;
        return Ok(json(StatusCode::OK, &CertRows { partners, withheld }));
    }
    let desk = app.desk().clone();
    let push = async move { desk.certs_push(&[], &Progress::silent()).await };
    let report = app
        .inner
        .jobs
        .outlive(push)
        .await
        .map_err(|_| Problem::internal())??;
    // Figures that fall to 0 are released by a person on the command line, never here.
    let status = if report.pushed == 0 && report.failed.is_empty() && !report.withheld.is_empty() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    Ok(json(status, &report))
}
