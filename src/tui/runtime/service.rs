//! The core as the console asks it: one request, one answer.

use std::sync::Arc;

use tokio::sync::watch;
use tracing::Instrument;

use super::effects::{Opening, Service};
use crate::clock::Clock;
use crate::config::Config;
use crate::desk::{Attendance, Choice, Desk, Probe};
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::tui::history::History;
use crate::tui::kit::cells::{count, counted};
use crate::tui::msg::{Answer, Reach, Request};
use crate::values::{LmsRefreshed, Transcripts};

/// The desk as the one who answers, and its opening. What is asked before it is open waits for that.
pub(in crate::tui) fn service(config: Config, clock: Clock) -> (Service, Opening) {
    let (sender, receiver) = watch::channel(None::<Desk>);
    let opening = Box::pin(async move {
        let desk = Desk::open(config, clock).await?;
        sender.send_replace(Some(desk));
        Ok(())
    });
    let service: Service = Arc::new(move |request, progress| {
        let mut receiver = receiver.clone();
        // The desk notes the id of a run here, so that every line of it in the log has it.
        let span = tracing::info_span!("console", run_id = tracing::field::Empty);
        let answered = async move {
            let desk = tokio::select! {
                opened = receiver.wait_for(Option::is_some) => opened.ok().and_then(|desk| desk.clone()),
                // What waits for a database that does not answer can be stopped too.
                () = progress.cancel_token().cancelled() => None,
            };
            // Stopped; or the opening failed, and the console ends with its error.
            let desk = desk.ok_or_else(Error::cancelled)?;
            answer(&desk, request, &progress).await
        };
        Box::pin(answered.instrument(span))
    });
    (service, opening)
}

async fn answer(desk: &Desk, request: Request, progress: &Progress) -> Result<Answer> {
    Ok(match request {
        Request::Preview(wanted) => Answer::Plan(Box::new(desk.preview(wanted, progress).await?)),
        Request::PreviewUndo(run) => Answer::Plan(Box::new(desk.preview_undo(run).await?)),
        Request::Apply {
            plan,
            selection,
            release,
            shown,
        } => {
            let choice = Choice {
                release,
                attendance: Attendance::Attended,
                shown: Some(shown),
            };
            let selection = Arc::unwrap_or_clone(selection);
            let report = desk.apply(&plan, selection, &choice, progress).await?;
            Answer::Report(Box::new(report))
        }
        Request::Windows(plan) => {
            let windows = desk.guard_windows(&plan).await?;
            Answer::Windows(plan, windows)
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
        } => Answer::Journal {
            entity,
            impartner_id,
            entries: desk.history(entity, impartner_id).await?,
        },
        Request::Hold {
            entity,
            impartner_id,
            note,
        } => {
            desk.hold(entity, impartner_id, &note).await?;
            Answer::Held(entity, impartner_id)
        }
        Request::Lift {
            entity,
            impartner_id,
        } => {
            desk.lift(entity, impartner_id).await?;
            Answer::Lifted(entity, impartner_id)
        }
        Request::Cases => Answer::Cases(desk.cases(None).await?),
        Request::Case(id) => Answer::Case(Box::new(desk.case(id).await?)),
        Request::Look(ids) => Answer::Looked(desk.cases_live(&ids, progress).await?),
        Request::Approve {
            cases,
            note,
            accept_foreign,
        } => Answer::Decided(desk.approve_shown(&cases, &note, accept_foreign).await?),
        Request::Reject { ids, note } => Answer::Decided(desk.reject(&ids, &note).await?),
        Request::HoldCases { ids, note } => Answer::Decided(desk.hold_cases(&ids, &note).await?),
        Request::RunCases(cases) => Answer::Decided(desk.run_shown(&cases, progress).await?),
        Request::RestoreCase(id) => Answer::Decided(vec![desk.restore_case(id, progress).await?]),
        Request::Sweep => Answer::Done(swept(desk.sweep().await?)),
        Request::LmsRefresh { transcripts } => {
            let transcripts = if transcripts {
                Transcripts::All
            } else {
                Transcripts::No
            };
            Answer::Done(refreshed(&desk.lms_refresh(transcripts, progress).await?))
        }
        Request::Certs => Answer::Certs(desk.certs_preview(&[], progress).await?),
        Request::CertsOf(row) => Answer::CertsOf(desk.certs_preview(&[row], progress).await?),
        Request::PushCerts(rows) => Answer::Pushed(desk.certs_push_shown(&rows, progress).await?),
    })
}

/// What a sweep found, in a sentence.
fn swept(found: u64) -> String {
    if found == 0 {
        "The sweep found no leftovers.".to_owned()
    } else {
        format!("The sweep opened {}.", counted(found, "case"))
    }
}

/// What a reading of the LMS brought, in one or two sentences.
fn refreshed(read: &LmsRefreshed) -> String {
    let mut words = format!(
        "Read {} people and {} of the LMS; {} changed.",
        count(read.people),
        counted(read.groups, "group"),
        counted(read.changed, "row"),
    );
    if let Some(warning) = read.warnings.first() {
        words.push(' ');
        words.push_str(warning);
    }
    words
}
