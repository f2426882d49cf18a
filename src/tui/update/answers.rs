//! What follows from the core's answers and from computations beside the UI task.

use std::sync::Arc;

use crate::error::{Error, Kind};
use crate::plan::{Entity, Plan};
use crate::text::safe;
use crate::tui::dialog::places;
use crate::tui::dialog::{Dialog, Failure, TextDialog, Waits};
use crate::tui::history::OpenRun;
use crate::tui::keymap::Screen;
use crate::tui::kit::cells::{count, counted};
use crate::tui::kit::list::Cursor;
use crate::tui::kit::panes::Pane;
use crate::tui::kit::tone::Tone;
use crate::tui::model::{Life, Model};
use crate::tui::msg::Effect;
use crate::tui::request::{Answer, Lane, Reach, Request, Ticket};
use crate::tui::screen::preview::query::Compute;
use crate::tui::update::{applying, cases, journal, quit, runs};
use crate::values::{Case, CertReport, RunReport, RunStatus};

/// Takes an answer in.
pub(super) fn answer(
    model: &mut Model,
    ticket: Ticket,
    result: Result<Answer, Error>,
) -> Vec<Effect> {
    // Decisions are never late: each is told. Everything else counts only when nothing newer was asked.
    if ticket.lane != Lane::Act && !model.current(ticket) {
        return Vec::new();
    }
    let request = if ticket.lane == Lane::Work {
        model.job.take().map(|job| job.request)
    } else {
        None
    };
    model.acting.retain(|(acting, _)| *acting != ticket);
    let failed = result.is_err();
    let mut effects = match result {
        Ok(answer) => good(model, ticket, answer, request.as_ref()),
        Err(error) => {
            places::leave(&mut model.dialogs, Waits::Answer(ticket));
            bad(model, ticket.lane, &error, request.as_ref())
        }
    };
    if model.life == Life::Ending {
        if ticket.lane == Lane::Act && failed {
            // Whoever decided something and left must hear that it was not done.
            model.life = Life::Runs;
        } else if model.job.is_none() && model.acting.is_empty() {
            effects.extend(quit(model));
        }
    }
    effects
}

fn good(
    model: &mut Model,
    ticket: Ticket,
    answer: Answer,
    request: Option<&Request>,
) -> Vec<Effect> {
    match answer {
        Answer::Plan(plan) => planned(model, *plan),
        Answer::Report(report) => applied(model, &report),
        Answer::Status(status) => {
            let reach = if ticket.lane == Lane::Probe {
                Reach::Live
            } else {
                Reach::Stored
            };
            model.overview.take(status, reach);
            if std::mem::take(&mut model.overview.live_next) {
                return vec![model.ask(Request::Status(Reach::Live))];
            }
            Vec::new()
        }
        Answer::Windows(plan, windows) => {
            let Some(review) = &mut model.preview.review else {
                return Vec::new();
            };
            if !Arc::ptr_eq(&review.plan, &plan) {
                return Vec::new();
            }
            review.windows = windows;
            model.preview.retally(&model.guards)
        }
        Answer::Held(entity, impartner_id) => {
            model.toast(format!(
                "The {} #{impartner_id} is on hold.",
                entity.singular()
            ));
            held(model, entity, impartner_id, true)
        }
        Answer::Lifted(entity, impartner_id) => {
            model.toast(format!(
                "The hold of the {} #{impartner_id} is lifted; the next preview shows it.",
                entity.singular()
            ));
            held(model, entity, impartner_id, false)
        }
        Answer::Runs(runs) => {
            model.overview.runs.clone_from(&runs);
            model.history.take(runs);
            Vec::new()
        }
        Answer::Run(detail) => {
            model.history.open = Some(OpenRun {
                detail,
                cursor: Cursor::default(),
                pane: Pane::List,
                detail_offset: 0,
            });
            Vec::new()
        }
        Answer::Journal {
            entity,
            impartner_id,
            entries,
        } => {
            let dialog = journal::dialog(model, entity, impartner_id, &entries);
            places::announce(&mut model.dialogs, dialog);
            Vec::new()
        }
        Answer::Cases(cases) => {
            model.offboard.take(cases);
            if model.screen == Screen::Offboarding {
                model.offboard.live = None;
                return cases::ask_live(model);
            }
            Vec::new()
        }
        Answer::Case(case) => {
            model.offboard.look(&case);
            model.offboard.live = Some(case);
            Vec::new()
        }
        Answer::Looked(looked) => cases::looked(model, ticket, looked),
        Answer::Decided(decided) => decisions(model, decided, request),
        Answer::Certs(rows) => {
            model.certs.take(rows);
            let differing = model.certs.rows.iter().filter(|row| row.differs).count() as u64;
            model.toast(format!(
                "{} of {} differ.",
                count(differing),
                counted(model.certs.rows.len() as u64, "partner")
            ));
            Vec::new()
        }
        Answer::CertsOf(rows) => crate::tui::update::certs::ask_one(model, ticket, &rows),
        Answer::Pushed(report) => pushed(model, &report, request),
        Answer::Done(words) => {
            model.toast(words);
            vec![
                model.ask(Request::Status(Reach::Stored)),
                model.ask(Request::Cases),
            ]
        }
    }
}

/// A record is on hold or not any more: its line shows it from now on, and not before.
fn held(model: &mut Model, entity: Entity, impartner_id: i64, held: bool) -> Vec<Effect> {
    let mut effects = vec![model.ask(Request::Status(Reach::Stored))];
    if let Some(review) = &mut model.preview.review
        && review.hold(entity, impartner_id, held)
    {
        effects.extend(model.preview.retally(&model.guards));
    }
    effects
}

/// Cases were decided, run or restored: says how they stand.
fn decisions(model: &mut Model, decided: Vec<Case>, request: Option<&Request>) -> Vec<Effect> {
    let said = match (&decided[..], request) {
        // A case that was restored counts as rejected; its note tells what came back.
        ([case], Some(Request::RestoreCase(_))) if case.note.is_some() => {
            let note = case.note.as_deref().unwrap_or_default();
            format!("case {} {note}", case.case_id)
        }
        ([case], _) => format!("case {} is {}", case.case_id, case.state.word()),
        (many, _) => {
            let mut states: Vec<(&str, u64)> = Vec::new();
            for case in many {
                let word = case.state.word();
                match states.iter_mut().find(|(state, _)| *state == word) {
                    Some((_, number)) => *number += 1,
                    None => states.push((word, 1)),
                }
            }
            let parts: Vec<String> = states
                .into_iter()
                .map(|(state, number)| format!("{} {state}", counted(number, "case")))
                .collect();
            parts.join(", ")
        }
    };
    model.toast(format!("Off-boarding: {said}."));
    model.offboard.merge(decided);
    let mut effects = vec![
        model.ask(Request::Status(Reach::Stored)),
        model.ask(Request::Runs),
    ];
    effects.extend(cases::ask_live(model));
    effects
}

fn bad(model: &mut Model, lane: Lane, error: &Error, request: Option<&Request>) -> Vec<Effect> {
    let what = request.map_or("That", Request::title);
    match (error.kind, lane) {
        // The desk knows what was written before the end, and says it.
        (Kind::Cancelled, _) => {
            let said = error.message.replacen("Cancelled", "cancelled", 1);
            let said = format!("{what}: {said}");
            if request.is_some_and(Request::writes) {
                model.complain(said);
            } else {
                model.toast(said);
            }
        }
        // Reading the facts of a screen is no reason for a dialog: the screen says what is missing.
        (_, Lane::Status | Lane::Probe) => model.overview.fail(error, model.now),
        (_, Lane::Windows) => model.complain(error.message.clone()),
        _ => {
            let title = match lane {
                Lane::Work => format!("{what} failed"),
                Lane::Act => "Not done".to_owned(),
                _ => "Not read".to_owned(),
            };
            model.complain(error.message.clone());
            places::announce(
                &mut model.dialogs,
                Dialog::Failure(Failure::new(&title, error)),
            );
        }
    }
    let mut effects = Vec::new();
    if matches!(lane, Lane::Work | Lane::Act) {
        effects.push(model.ask(Request::Status(Reach::Stored)));
    }
    if lane == Lane::Work {
        effects.push(model.ask(Request::Runs));
    }
    // What ended early may have written something, and what was refused is not as it was shown: the lists are read anew.
    match request {
        Some(Request::PushCerts(_)) => model.certs.forget(),
        Some(Request::Apply { plan, .. }) if error.code == "changed_since_shown" => {
            let plan = Arc::clone(plan);
            effects.push(model.ask(Request::Windows(plan)));
        }
        _ => {}
    }
    let writes = request.is_some_and(Request::writes) || lane == Lane::Act;
    if writes && model.offboard.known {
        effects.push(model.ask(Request::Cases));
    }
    effects
}

/// A plan arrived: its ticks are counted and its lists laid out beside the UI task, then its review begins.
fn planned(model: &mut Model, plan: Plan) -> Vec<Effect> {
    model.preview.opening = true;
    vec![Effect::Compute(Box::new(Compute::Open {
        plan: Arc::new(plan),
        guards: model.guards.clone(),
    }))]
}

/// An apply ended.
fn applied(model: &mut Model, report: &RunReport) -> Vec<Effect> {
    let lines = runs::report_lines(model, report);
    let words = applying::applied_words(model, &report.applied);
    let run = report
        .run_id
        .map_or_else(String::new, |run| format!("Run {run}: "));
    match report.status {
        RunStatus::Applied | RunStatus::Nothing => model.toast(format!("{run}applied: {words}.")),
        _ => {
            model.complain(format!("{run}{}: {words}.", report.status.word()));
            let result = TextDialog::new("Result", lines.clone());
            places::announce(&mut model.dialogs, Dialog::Text(result));
        }
    }
    let mut forget = Vec::new();
    // A blocked plan stays: nothing of it was applied. Any other was applied once, and what is left of it comes again
    // with the next preview.
    if report.status != RunStatus::Blocked {
        forget.extend(
            model
                .preview
                .review
                .take()
                .map(|review| Effect::Forget(Box::new(review))),
        );
    }
    model.preview.last = lines;
    model.offboard.known = false;
    forget.extend([
        model.ask(Request::Status(Reach::Stored)),
        model.ask(Request::Runs),
        model.ask(Request::Cases),
    ]);
    forget
}

fn pushed(model: &mut Model, report: &CertReport, request: Option<&Request>) -> Vec<Effect> {
    if let Some(Request::PushCerts(rows)) = request {
        model.certs.settle(rows, report);
    }
    let said = format!(
        "Pushed {}, unchanged {}, not settled {}{}.",
        count(report.pushed),
        count(report.unchanged),
        report.failed.len(),
        match report.withheld.len() {
            0 => String::new(),
            some => format!(", withheld {some}"),
        }
    );
    if report.failed.is_empty() && report.withheld.is_empty() {
        model.toast(said);
    } else {
        model.complain(said);
        let lines = report
            .failed
            .iter()
            .chain(&report.withheld)
            .map(|fault| {
                (
                    Tone::Bad,
                    safe(&format!(
                        "{} {}: {}",
                        fault.name, fault.status, fault.message
                    )),
                )
            })
            .collect();
        let result = TextDialog::new("Not settled", lines);
        places::announce(&mut model.dialogs, Dialog::Text(result));
    }
    vec![
        model.ask(Request::Status(Reach::Stored)),
        model.ask(Request::Runs),
    ]
}
