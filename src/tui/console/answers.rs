//! What follows from the core's answers.

use super::{Console, act, journal};
use crate::error::{Error, Kind};
use crate::tui::dialog::places;
use crate::tui::dialog::{Dialog, Failure, Waits};
use crate::tui::model::{Life, Model};
use crate::tui::msg::Effect;
use crate::tui::request::{Answer, Lane, Reach, Request, Ticket};
use crate::tui::room::{Ended, Happened};

/// Takes an answer in.
pub(super) fn answer(
    console: &mut Console,
    ticket: Ticket,
    result: Result<Answer, Error>,
) -> Vec<Effect> {
    let model = &mut console.model;
    let lane = ticket.lane;
    // Decisions are never late: each is told. Everything else counts only when nothing newer was asked.
    if lane != Lane::Act && !model.current(ticket) {
        return Vec::new();
    }
    let request = if lane == Lane::Work {
        model.job.take().map(|job| job.request)
    } else {
        None
    };
    let request = request.as_ref();
    model.acting.retain(|(acting, _)| *acting != ticket);
    let (mut effects, error) = match result {
        Ok(answer) => (good(console, ticket, answer, request), None),
        Err(error) => {
            places::leave(&mut model.dialogs, Waits::Answer(ticket));
            (bad(model, lane, &error, request), Some(error))
        }
    };
    if matches!(lane, Lane::Work | Lane::Act) {
        let ended = Ended {
            lane,
            request,
            error: error.as_ref(),
        };
        effects.extend(console.tell_all(|| Happened::Ended(ended)));
    }
    let model = &mut console.model;
    if model.life == Life::Ending {
        if lane == Lane::Act && error.is_some() {
            // Whoever decided something and left must hear that it was not done.
            model.life = Life::Runs;
        } else if model.job.is_none() && model.acting.is_empty() {
            effects.extend(act::quit(console));
        }
    }
    effects
}

/// An answer goes to the screen where it is at home, or is the console's own.
fn good(
    console: &mut Console,
    ticket: Ticket,
    answer: Answer,
    request: Option<&Request>,
) -> Vec<Effect> {
    if let Some(home) = answer.home() {
        return console.tell(home, Happened::Answered(answer, ticket, request));
    }
    let model = &mut console.model;
    match answer {
        Answer::Status(status) => {
            let reach = if ticket.lane == Lane::Probe {
                Reach::Live
            } else {
                Reach::Stored
            };
            model.facts.take(status, reach);
            if std::mem::take(&mut model.facts.live_next) {
                return vec![model.ask(Request::Status(Reach::Live))];
            }
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
        Answer::Done(words) => {
            model.toast(words);
            vec![
                model.ask(Request::Status(Reach::Stored)),
                model.ask(Request::Cases),
            ]
        }
        _ => Vec::new(),
    }
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
        (_, Lane::Status | Lane::Probe) => model.facts.fail(error, model.now),
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
    effects
}
