//! The actions of screen 3.

use super::state::{CaseTab, Offboarding};
use super::steps::step_words;
use crate::text::safe;
use crate::tui::dialog::places;
use crate::tui::dialog::{Ask, Field, Fill, Listing, Then, Waits};
use crate::tui::keymap::Screen;
use crate::tui::kit::cells::{count, counted};
use crate::tui::kit::list::{Cursor, Move, toggle_all};
use crate::tui::kit::tone::Tone;
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::request::{Reach, Request, Ticket};
use crate::tui::room;
use crate::values::{Case, CaseState, StepState, Terms};

/// Ticks or unticks the chosen case.
pub(super) fn tick(offboard: &mut Offboarding, model: &mut Model) -> Vec<Effect> {
    let Some(case) = offboard.chosen() else {
        model.complain("There is no case to tick.");
        return Vec::new();
    };
    let id = case.case_id;
    if !offboard.ticked.remove(&id) {
        offboard.ticked.insert(id);
    }
    room::go(offboard, model, Move::Down(1))
}

/// Ticks all that are shown; when all are, unticks them.
pub(super) fn tick_shown(offboard: &mut Offboarding) -> Vec<Effect> {
    let shown = offboard.shown().into_iter();
    let all: Vec<i64> = shown.map(|case| case.case_id).collect();
    toggle_all(&mut offboard.ticked, &all);
    Vec::new()
}

/// Goes to the next or previous group of states.
pub(super) fn step_tab(offboard: &mut Offboarding, model: &mut Model, by: isize) -> Vec<Effect> {
    let len = CaseTab::ALL.len();
    let at = (offboard.tab as usize + len).saturating_add_signed(by) % len;
    show_tab(offboard, model, at)
}

/// Goes to a group of states.
pub(super) fn show_tab(offboard: &mut Offboarding, model: &mut Model, at: usize) -> Vec<Effect> {
    let Some(&tab) = CaseTab::ALL.get(at) else {
        return Vec::new();
    };
    offboard.tab = tab;
    offboard.cursor = Cursor::default();
    offboard.detail_offset = 0;
    offboard.ticked.clear();
    ask_live(offboard, model)
}

/// Asks for the chosen case with its live steps.
pub(super) fn ask_live(offboard: &Offboarding, model: &mut Model) -> Vec<Effect> {
    let wanted = offboard
        .shown()
        .get(offboard.cursor.at)
        .map(|case| case.case_id);
    let have = offboard.live.as_ref().map(|case| case.case_id);
    match wanted {
        Some(id) if have != Some(id) => vec![model.ask(Request::Case(id))],
        _ => Vec::new(),
    }
}

fn listed(cases: &[Case]) -> Listing {
    let mut lines = Vec::new();
    for case in cases {
        lines.push(safe(&format!(
            "{} {} (case {})",
            case.entity.singular(),
            case.name,
            case.case_id
        )));
        for step in &case.steps {
            if matches!(
                step.state,
                StepState::Planned | StepState::Failed | StepState::Unknown
            ) {
                lines.push(format!("   {}", step_words(step)));
            }
        }
    }
    Listing::Lines(lines)
}

/// `a`: asks the LMS what the cases would do now; the question follows, about that very answer. Its place stands there at
/// once, so that no key meant for it decides something else.
pub(super) fn approve(offboard: &Offboarding, model: &mut Model) -> Vec<Effect> {
    if let Some(why) = model.busy() {
        model.complain(why);
        return Vec::new();
    }
    let targets = offboard.targets();
    let ids: Vec<i64> = targets.iter().map(|case| case.case_id).collect();
    let title = format!("Approve {}?", counted(ids.len() as u64, "case"));
    let (ticket, effect) = model.ask_for(Request::Look(ids));
    places::keep(&mut model.dialogs, title, Waits::Answer(ticket));
    vec![effect]
}

/// The live steps are here: asks for a note, for the number of people, and for what else must be acknowledged.
pub(super) fn looked(
    offboard: &mut Offboarding,
    model: &mut Model,
    ticket: Ticket,
    cases: Vec<Case>,
) -> Vec<Effect> {
    for case in &cases {
        offboard.look(case);
    }
    let place = Waits::Answer(ticket);
    if let Some(case) = cases.iter().find(|case| !case.state.is_undecided()) {
        if places::kept(&model.dialogs, place) {
            model.complain(format!(
                "Case {} is {} now; nothing was asked.",
                case.case_id,
                case.state.word()
            ));
        }
        places::leave(&mut model.dialogs, place);
        return Vec::new();
    }
    places::fill(&mut model.dialogs, place, approval(cases));
    Vec::new()
}

/// The question before an approval.
fn approval(targets: Vec<Case>) -> Ask {
    let people: u64 = targets.iter().map(|case| case.people).sum();
    let cases = counted(targets.len() as u64, "case");
    let listing = listed(&targets);
    let acknowledged: Vec<Case> = targets
        .iter()
        .filter(|case| case.foreign_members > 0)
        .cloned()
        .collect();
    let request = Request::Approve {
        cases: targets.clone(),
        note: String::new(),
        terms: Terms::default(),
    };
    let mut ask = Ask::new(
        format!("Approve {cases}?"),
        format!("Approve {cases}"),
        Then::Send(request),
    )
    .about(Screen::Offboarding, targets);
    ask.danger = true;
    let lose = if people == 1 {
        "1 person loses".to_owned()
    } else {
        format!("{} people lose", count(people))
    };
    ask.intro.push((Tone::Plain, format!("{lose} access in the LMS when this runs. Approving alone changes nothing there; R runs it.")));
    ask.listing = listing;
    ask = ask.field(Field::new("A note why", Fill::Note));
    ask = ask.field(Field::new(
        "Not before, as in 7d (may be empty)",
        Fill::Delay,
    ));
    // One for each: what is acknowledged of one group is nothing about another.
    for case in acknowledged {
        let (number, verb) = match case.foreign_members {
            1 => ("1 member who is".to_owned(), "loses"),
            n => (format!("{} who are", counted(n, "member")), "lose"),
        };
        let label = format!(
            "Case {}: {number} not the partner's {verb} the group too",
            case.case_id
        );
        ask = ask.field(Field::new(label, Fill::Acknowledge(false)));
    }
    ask.field(Field::new(
        format!("Type {people}, the people who lose access"),
        Fill::Number(people),
    ))
}

/// The cases to decide on as the list has them, without the live steps that the chosen one may show.
fn targets(offboard: &Offboarding) -> Vec<Case> {
    let chosen: Vec<i64> = offboard.targets().iter().map(|case| case.case_id).collect();
    let cases = offboard.cases.iter();
    cases
        .filter(|case| chosen.contains(&case.case_id))
        .cloned()
        .collect()
}

/// `x`: asks for a note.
pub(super) fn reject(offboard: &Offboarding, model: &mut Model) -> Vec<Effect> {
    decide(
        offboard,
        model,
        "Reject",
        "Nothing changes in the LMS, and the case is closed.",
        |ids| Request::Reject {
            ids,
            note: String::new(),
        },
    )
}

/// `a` on rejected and held cases: asks for a note.
pub(super) fn reopen(offboard: &Offboarding, model: &mut Model) -> Vec<Effect> {
    decide(
        offboard,
        model,
        "Reopen",
        "Nothing changes in the LMS; the case waits under Pending, and its log keeps what was decided.",
        |ids| Request::ReopenCases {
            ids,
            note: String::new(),
        },
    )
}

/// `h`: asks for a note.
pub(super) fn hold(offboard: &Offboarding, model: &mut Model) -> Vec<Effect> {
    decide(
        offboard,
        model,
        "Put aside",
        "Nothing changes in the LMS; the case waits under Held.",
        |ids| Request::HoldCases {
            ids,
            note: String::new(),
        },
    )
}

fn decide(
    offboard: &Offboarding,
    model: &mut Model,
    verb: &str,
    what: &str,
    request: impl FnOnce(Vec<i64>) -> Request,
) -> Vec<Effect> {
    let targets = targets(offboard);
    let cases = counted(targets.len() as u64, "case");
    let request = request(targets.iter().map(|case| case.case_id).collect());
    let mut ask = Ask::new(format!("{verb} {cases}?"), verb, Then::Send(request))
        .field(Field::new("A note why", Fill::Note));
    ask.intro.push((Tone::Plain, what.to_owned()));
    ask.listing = Listing::Lines(
        targets
            .iter()
            .map(|case| {
                safe(&format!(
                    "{} {} (case {})",
                    case.entity.singular(),
                    case.name,
                    case.case_id
                ))
            })
            .collect(),
    );
    let ask = ask.about(Screen::Offboarding, targets);
    model.ask_first(ask)
}

/// The people who lose access when a case runs: of one that ran in part only those whose steps are still open.
fn people_left(case: &Case) -> u64 {
    if case.state == CaseState::Approved {
        return case.people;
    }
    let open = case.steps.iter().filter(|step| {
        matches!(
            step.state,
            StepState::Planned | StepState::Failed | StepState::Unknown
        )
    });
    let people: std::collections::BTreeSet<&str> =
        open.filter_map(|step| step.person_id.as_deref()).collect();
    people.len() as u64
}

/// `R`: asks for the number of people before it runs what was approved.
pub(super) fn run_approved(offboard: &Offboarding, model: &mut Model) -> Vec<Effect> {
    let ready: Vec<Case> = offboard
        .cases
        .iter()
        .filter(|case| CaseTab::Approved.has(case.state) && !case.waits(model.now))
        .filter(|case| {
            offboard.tab != CaseTab::Approved
                || offboard.ticked.is_empty()
                || offboard.ticked.contains(&case.case_id)
        })
        .cloned()
        .collect();
    let people: u64 = ready.iter().map(people_left).sum();
    let cases = counted(ready.len() as u64, "approved case");
    let mut ask = Ask::new(
        format!("Run {cases}?"),
        format!("Run {cases}"),
        Then::Send(Request::RunCases(ready.clone())),
    );
    ask.danger = true;
    ask.intro.push((
        Tone::Plain,
        "The steps below are done in the LMS now. U restores a case that was run.".to_owned(),
    ));
    ask.listing = listed(&ready);
    ask = ask.field(Field::new(
        format!("Type {people}, the people who lose access"),
        Fill::Number(people),
    ));
    let ask = ask.about(Screen::Offboarding, ready);
    model.ask_first(ask)
}

/// `U`: asks before it puts people back.
pub(super) fn restore(offboard: &Offboarding, model: &mut Model) -> Vec<Effect> {
    let chosen = offboard.chosen().map(|case| case.case_id);
    let found = |case: &&Case| Some(case.case_id) == chosen;
    let Some(case) = offboard.cases.iter().find(found) else {
        return Vec::new();
    };
    let mut ask = Ask::new(
        format!("Restore case {}?", case.case_id),
        "Restore",
        Then::Send(Request::RestoreCase(case.case_id)),
    )
    .about(Screen::Offboarding, vec![case.clone()]);
    ask.intro.push((
        Tone::Plain,
        safe(&format!("{}: the people are put back into their groups, and a group that was deleted is made again.", case.name)),
    ));
    model.ask_first(ask)
}

/// Cases were decided, run or restored: says how they stand.
pub(super) fn decided(
    offboard: &mut Offboarding,
    model: &mut Model,
    decided: Vec<Case>,
    request: Option<&Request>,
) -> Vec<Effect> {
    let said = match (&decided[..], request) {
        // The log tells what came back.
        ([case], Some(Request::RestoreCase(_))) if case.state == CaseState::Restored => {
            let note = case.last.as_ref().and_then(|last| last.note.as_deref());
            let note = note.map_or_else(String::new, |note| format!(": {note}"));
            format!("case {} restored{note}", case.case_id)
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
    offboard.merge(decided);
    let mut effects = vec![
        model.ask(Request::Status(Reach::Stored)),
        model.ask(Request::Runs),
    ];
    effects.extend(ask_live(offboard, model));
    effects
}
