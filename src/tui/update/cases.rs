//! The actions of screens 3, 4 and 5.

use crate::text::safe;
use crate::tui::certs::Certs;
use crate::tui::dialog::places;
use crate::tui::dialog::{Ask, Dialog, Field, FieldKind, Listing, Then, Waits};
use crate::tui::keymap::Screen;
use crate::tui::kit::cells::{count, counted};
use crate::tui::kit::list::Move;
use crate::tui::kit::tone::Tone;
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::offboard::CaseTab;
use crate::tui::request::{Request, Ticket};
use crate::tui::update::act::push;
use crate::tui::update::moves;
use crate::values::{Case, CaseState, StepAction, StepState};

/// Ticks or unticks the chosen case or partner.
pub(super) fn tick(model: &mut Model) -> Vec<Effect> {
    if model.screen == Screen::Certifications {
        let Some(row) = model.certs.chosen() else {
            model.complain("There is no partner to tick; p compares with Impartner.");
            return Vec::new();
        };
        if let Some(why) = Certs::not_tickable(row) {
            model.complain(why);
            return Vec::new();
        }
        let id = row.row_id;
        if !model.certs.ticked.remove(&id) {
            model.certs.ticked.insert(id);
        }
    } else {
        let Some(case) = model.offboard.chosen() else {
            model.complain("There is no case to tick.");
            return Vec::new();
        };
        let id = case.case_id;
        if !model.offboard.ticked.remove(&id) {
            model.offboard.ticked.insert(id);
        }
    }
    moves::go(model, Move::Down(1))
}

/// Ticks all that are shown; when all are, unticks them.
pub(super) fn tick_shown(model: &mut Model) -> Vec<Effect> {
    if model.screen == Screen::Certifications {
        let all: Vec<i64> = model
            .certs
            .shown()
            .into_iter()
            .filter(|row| Certs::not_tickable(row).is_none())
            .map(|row| row.row_id)
            .collect();
        toggle_all(&mut model.certs.ticked, &all);
    } else {
        let all: Vec<i64> = model
            .offboard
            .shown()
            .into_iter()
            .map(|case| case.case_id)
            .collect();
        toggle_all(&mut model.offboard.ticked, &all);
    }
    Vec::new()
}

fn toggle_all(ticked: &mut std::collections::BTreeSet<i64>, all: &[i64]) {
    if all.iter().all(|id| ticked.contains(id)) {
        for id in all {
            ticked.remove(id);
        }
    } else {
        ticked.extend(all);
    }
}

/// Goes to the next or previous group of states.
pub(super) fn step_tab(model: &mut Model, by: isize) -> Vec<Effect> {
    let len = CaseTab::ALL.len();
    let at = (model.offboard.tab as usize + len).saturating_add_signed(by) % len;
    show_tab(model, CaseTab::ALL[at])
}

/// Goes to a group of states.
pub(super) fn show_tab(model: &mut Model, tab: CaseTab) -> Vec<Effect> {
    let offboard = &mut model.offboard;
    offboard.tab = tab;
    offboard.cursor = crate::tui::kit::list::Cursor::default();
    offboard.detail_offset = 0;
    offboard.ticked.clear();
    ask_live(model)
}

/// Asks for the chosen case with its live steps.
pub(super) fn ask_live(model: &mut Model) -> Vec<Effect> {
    let offboard = &model.offboard;
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

/// Whom a step is about.
pub(in crate::tui) fn step_person(step: &crate::values::Step) -> &str {
    let person = step.person.as_deref().or(step.person_id.as_deref());
    person.unwrap_or("somebody")
}

/// A step in words.
pub(in crate::tui) fn step_words(step: &crate::values::Step) -> String {
    safe(&match step.action {
        StepAction::RemoveMember => {
            format!("remove {} from {}", step_person(step), step.group_name)
        }
        StepAction::DeleteGroup => format!("delete the group {}", step.group_name),
    })
}

/// `a`: asks the LMS what the cases would do now; the question follows, about that very answer. Its place stands there at
/// once, so that no key meant for it decides something else.
pub(super) fn approve(model: &mut Model) -> Vec<Effect> {
    if let Some(why) = model.busy() {
        model.complain(why);
        return Vec::new();
    }
    let targets = model.offboard.targets();
    let ids: Vec<i64> = targets.iter().map(|case| case.case_id).collect();
    let title = format!("Approve {}?", counted(ids.len() as u64, "case"));
    let (ticket, effect) = model.ask_for(Request::Look(ids));
    places::keep(&mut model.dialogs, title, Waits::Answer(ticket));
    vec![effect]
}

/// The live steps are here: asks for a note, for the number of people, and for what else must be acknowledged.
pub(super) fn looked(model: &mut Model, ticket: Ticket, cases: Vec<Case>) -> Vec<Effect> {
    for case in &cases {
        model.offboard.look(case);
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
    let foreign: u64 = targets.iter().map(|case| case.foreign_members).sum();
    let cases = counted(targets.len() as u64, "case");
    let listing = listed(&targets);
    let request = Request::Approve {
        cases: targets.clone(),
        note: String::new(),
        accept_foreign: false,
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
    ask = ask.field(Field::new("A note why", FieldKind::Note));
    if foreign > 0 {
        let label = if foreign == 1 {
            "1 member of another partner loses the group too".to_owned()
        } else {
            format!(
                "{} of other partners lose the group too",
                counted(foreign, "member")
            )
        };
        ask = ask.field(Field::new(label, FieldKind::Acknowledge(false)));
    }
    ask.field(Field::new(
        format!("Type {people}, the people who lose access"),
        FieldKind::Number(people),
    ))
}

/// The cases as the list has them: the chosen one may show live steps beside it.
fn targets(model: &Model) -> Vec<Case> {
    let chosen: Vec<i64> = model
        .offboard
        .targets()
        .iter()
        .map(|case| case.case_id)
        .collect();
    let cases = model.offboard.cases.iter();
    cases
        .filter(|case| chosen.contains(&case.case_id))
        .cloned()
        .collect()
}

/// `x`: asks for a note.
pub(super) fn reject(model: &mut Model) -> Vec<Effect> {
    decide(
        model,
        "Reject",
        "Nothing changes in the LMS, and the case is closed.",
        |ids| Request::Reject {
            ids,
            note: String::new(),
        },
    )
}

/// `h`: asks for a note.
pub(super) fn hold(model: &mut Model) -> Vec<Effect> {
    decide(
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
    model: &mut Model,
    verb: &str,
    what: &str,
    request: impl FnOnce(Vec<i64>) -> Request,
) -> Vec<Effect> {
    let targets = targets(model);
    let cases = counted(targets.len() as u64, "case");
    let request = request(targets.iter().map(|case| case.case_id).collect());
    let mut ask = Ask::new(format!("{verb} {cases}?"), verb, Then::Send(request))
        .field(Field::new("A note why", FieldKind::Note));
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
    push(model, Dialog::Ask(Box::new(ask)))
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
pub(super) fn run_approved(model: &mut Model) -> Vec<Effect> {
    let offboard = &model.offboard;
    let ready: Vec<Case> = offboard
        .cases
        .iter()
        .filter(|case| CaseTab::Approved.has(case.state))
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
        FieldKind::Number(people),
    ));
    let ask = ask.about(Screen::Offboarding, ready);
    push(model, Dialog::Ask(Box::new(ask)))
}

/// `U`: asks before it puts people back.
pub(super) fn restore(model: &mut Model) -> Vec<Effect> {
    let chosen = model.offboard.chosen().map(|case| case.case_id);
    let found = |case: &&Case| Some(case.case_id) == chosen;
    let Some(case) = model.offboard.cases.iter().find(found) else {
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
    push(model, Dialog::Ask(Box::new(ask)))
}
