//! The core as the console asks it: one request, one answer.

use std::sync::Arc;

use super::effects::Service;
use super::history::History;
use super::msg::{Answer, Reach, Request};
use crate::desk::{Attendance, Choice, Desk, Probe};
use crate::error::{Error, Kind, Result};
use crate::progress::Progress;

/// `desk` as the one who answers.
pub(super) fn service(desk: Desk) -> Service {
    Arc::new(move |request, progress| {
        let desk = desk.clone();
        Box::pin(async move { answer(&desk, request, &progress).await })
    })
}

async fn answer(desk: &Desk, request: Request, progress: &Progress) -> Result<Answer> {
    Ok(match request {
        Request::Preview(wanted) => Answer::Plan(Box::new(desk.preview(wanted, progress).await?)),
        Request::PreviewUndo(run) => Answer::Plan(Box::new(desk.preview_undo(run).await?)),
        Request::Apply {
            plan,
            selection,
            release,
        } => {
            let choice = Choice {
                release,
                attendance: Attendance::Attended,
            };
            let selection = Arc::unwrap_or_clone(selection);
            let report = desk.apply(&plan, selection, &choice, progress).await?;
            Answer::Report(Box::new(report))
        }
        Request::Status(reach) => {
            let probe = match reach {
                Reach::Stored => Probe::Stored,
                Reach::Live => Probe::Live,
            };
            Answer::Status(Box::new(desk.status(probe).await?))
        }
        Request::Runs => Answer::Runs(desk.runs(History::LIMIT).await?),
        Request::Run(run) => Answer::Run(Box::new(desk.run(run).await?)),
        Request::Journal {
            entity,
            impartner_id,
        } => Answer::Journal(desk.history(entity, impartner_id).await?),
        Request::Hold {
            entity,
            impartner_id,
            note,
        } => {
            desk.hold(entity, impartner_id, &note).await?;
            Answer::Done(format!(
                "The {} #{impartner_id} is on hold.",
                entity.singular()
            ))
        }
        Request::Lift {
            entity,
            impartner_id,
        } => {
            desk.lift(entity, impartner_id).await?;
            Answer::Done(format!(
                "The hold of the {} #{impartner_id} is lifted; the next preview shows it.",
                entity.singular()
            ))
        }
        other => return Err(unbuilt(&other)),
    })
}

/// What the core cannot do yet.
fn unbuilt(request: &Request) -> Error {
    Error::new(
        Kind::Internal,
        "not_built",
        format!(
            "{} is not part of this build yet. Nothing was changed.",
            request.title()
        ),
    )
}
