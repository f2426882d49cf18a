//! `/api/runs/{run_id}`: where a caller that did not wait asks how it went.

use axum::http::StatusCode;

use super::App;
use super::call::Call;
use super::jobs::Job;
use super::reply::{Outcome, Problem, json};
use super::shapes::{RunFault, RunState, State};
use crate::desk::Probe;
use crate::values::{RunStatus, RunSummary};

/// The state of a run: of this server's own from memory, of any other from the database.
pub(super) async fn run(app: App, call: Call) -> Outcome {
    let run_id = call.id.unwrap_or_default();
    let summary = app.desk().run_summary(run_id).await;
    if let Some(job) = app.inner.jobs.find(run_id) {
        // The run is known even while the database does not answer.
        return Ok(json(StatusCode::OK, &of_job(run_id, &job, summary.ok())));
    }
    let mut summary = summary?;
    let report = app.desk().run_report(run_id).await?;
    if summary.status == RunStatus::Running {
        let interrupted = app.desk().status(Probe::Stored).await?.interrupted;
        if interrupted.is_some_and(|run| run.run_id == run_id) {
            summary.status = RunStatus::Interrupted;
        }
    }
    let state = match summary.status {
        RunStatus::Running => State::Running,
        _ => State::Finished,
    };
    let failed = matches!(
        summary.status,
        RunStatus::Failed | RunStatus::Cancelled | RunStatus::Interrupted
    );
    let error = failed.then(|| RunFault {
        code: summary.status.word().to_owned(),
        message: summary.message.clone().unwrap_or_default(),
        help: None,
    });
    let status = summary.status;
    let found = RunState {
        run_id,
        state,
        status,
        phase: None,
        run: Some(summary),
        report,
        error,
    };
    Ok(json(StatusCode::OK, &found))
}

/// The state of a run of this server.
pub(super) fn of_job(run_id: i64, job: &Job, summary: Option<RunSummary>) -> RunState {
    let mut state = RunState {
        run_id,
        state: State::Running,
        status: RunStatus::Running,
        phase: job.phase().map(|phase| phase.word().to_owned()),
        run: summary,
        report: None,
        error: None,
    };
    let Some(end) = job.end() else {
        // The record may be closed a moment before the task says so: then it is still running for us.
        if let Some(run) = &mut state.run {
            run.status = RunStatus::Running;
        }
        return state;
    };
    state.state = State::Finished;
    state.phase = None;
    match end.as_ref() {
        Ok(report) => {
            state.status = report.status;
            state.report = Some(report.clone());
        }
        Err(problem) => {
            let ended = state.run.as_ref().map(|run| run.status);
            state.status = ended
                .filter(|status| *status != RunStatus::Running)
                .unwrap_or(RunStatus::Failed);
            state.error = Some(fault(problem));
        }
    }
    state
}

fn fault(problem: &Problem) -> RunFault {
    RunFault {
        code: problem.code.to_owned(),
        message: problem.message.clone(),
        help: problem.help.clone(),
    }
}
