//! Keys, clicks, pastes, answers, computations, the clock and a second operator in any order: whatever the desk is asked
//! to write is what the question on screen said when it was confirmed, and nothing but a key or a click upon a question
//! that stood there confirms it (docs/console.md, "Confirming").

mod outside;

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::driver::Driver;
use crate::plan::{Entity, Op, Selection};
use crate::tui::dialog::{Ask, Ears, Fill};
use crate::tui::fixtures;
use crate::tui::kit::glyphs::Glyphs;
use crate::tui::msg::Msg;
use crate::tui::request::Request;
use crate::values::Case;
use outside::Outside;

/// Keys that do something somewhere, and letters of notes and filters.
const KEYS: &[&str] = &[
    "Space",
    "A",
    "A",
    "P",
    "p",
    "t",
    "y",
    "Enter",
    "Enter",
    "Tab",
    "Esc",
    "1",
    "2",
    "2",
    "3",
    "3",
    "4",
    "4",
    "5",
    "a",
    "a",
    "x",
    "h",
    "R",
    "C",
    "U",
    "!",
    "/",
    ":",
    "j",
    "k",
    "g",
    "G",
    "[",
    "]",
    "s",
    "m",
    "n",
    "e",
    "Ctrl-R",
    "0",
    "7",
    "Backspace",
];

/// Keys that lead to a question.
const QUESTIONS: &[&str] = &[
    "2 A",
    "2 Space A",
    "3 a",
    "3 t a",
    "3 R",
    "3 x",
    "4 p",
    "4 A",
    "2 h",
    "2 C",
    "2 !",
    "3 ] R",
];

#[derive(Clone, Debug)]
enum Step {
    Key(usize),
    /// Presses the keys that lead to a question.
    Ask(usize),
    /// Fills the question on top in as it asks for it, and confirms.
    Confirm,
    Click(u16, u16),
    Paste,
    /// Answers one of the open requests; every fifth one badly.
    Answer(usize, usize),
    Compute(usize),
    Wait(i64),
    /// The second operator writes.
    Other(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => (0..KEYS.len()).prop_map(Step::Key),
        4 => (0..QUESTIONS.len()).prop_map(Step::Ask),
        9 => Just(Step::Confirm),
        2 => (0..120u16, 0..40u16).prop_map(|(x, y)| Step::Click(x, y)),
        1 => Just(Step::Paste),
        6 => (0..8usize, 0..10usize).prop_map(|(at, how)| Step::Answer(at, how)),
        8 => (0..4usize).prop_map(Step::Compute),
        6 => prop_oneof![Just(50), Just(299), Just(300), Just(5_000)].prop_map(Step::Wait),
        1 => (0..6usize).prop_map(Step::Other),
    ]
}

/// What a question said.
#[derive(Debug)]
struct Said {
    title: String,
    intro: String,
    lines: Vec<String>,
    number: Option<u64>,
    heard: bool,
}

fn said(d: &Driver) -> Option<Said> {
    let ask: &Ask = d.question()?;
    Some(Said {
        title: ask.title.clone(),
        intro: ask
            .intro
            .iter()
            .map(|(_, line)| line.as_str())
            .collect::<Vec<_>>()
            .join(" "),
        lines: (0..ask.listing.len())
            .map(|at| ask.listing.line(at, &Glyphs::UNICODE))
            .collect(),
        number: ask.fields.iter().find_map(|field| match field.kind {
            Fill::Number(number) => Some(number),
            _ => None,
        }),
        heard: ask.ears == Ears::Open || ask.ears.hear(d.model.now),
    })
}

fn first_number(words: &str) -> Option<u64> {
    let digits: String = words
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(|c| c.is_ascii_digit() || *c == ',')
        .collect();
    digits.replace(',', "").parse().ok()
}

/// Whether what the desk is asked to write is what the question said.
fn is_what_was_said(request: &Request, said: &Said) -> Result<(), TestCaseError> {
    let about = |cases: &[Case]| -> Result<(), TestCaseError> {
        let heads = said
            .lines
            .iter()
            .filter(|line| line.contains("(case "))
            .count();
        prop_assert_eq!(heads, cases.len());
        for case in cases {
            let head = format!("(case {})", case.case_id);
            prop_assert!(said.lines.iter().any(|line| line.ends_with(&head)));
        }
        Ok(())
    };
    match request {
        Request::Apply {
            plan,
            selection,
            shown,
            release,
        } => {
            let going: &Selection = shown.going();
            let deletes = going.count_op(plan, Op::SoftDelete);
            let deletes = deletes.partners + deletes.contacts;
            prop_assert_eq!(first_number(&said.title), Some(going.count() as u64));
            prop_assert_eq!(said.number.unwrap_or(0), deletes);
            prop_assert_eq!(said.lines.len() as u64, deletes);
            for at in (0..plan.items.len()).filter(|&at| going.is_ticked(at)) {
                prop_assert!(selection.is_ticked(at));
                let view = plan.view(at);
                if view.item.op == Op::SoftDelete {
                    let id = format!("#{}", view.item.impartner_id.unwrap());
                    prop_assert!(
                        said.lines.iter().any(|line| line.contains(&id)),
                        "{} {:?}",
                        id,
                        said
                    );
                }
            }
            if let Some(number) = release.deletes {
                let all = selection.count_op(plan, Op::SoftDelete);
                prop_assert_eq!(number, all.partners + all.contacts);
            }
            Ok(())
        }
        Request::Approve { cases, note, .. } => {
            prop_assert!(!note.is_empty());
            prop_assert_eq!(
                said.number,
                Some(cases.iter().map(|case| case.people).sum())
            );
            about(cases)
        }
        Request::RunCases(cases) => {
            prop_assert_eq!(
                said.number,
                Some(cases.iter().map(|case| case.people).sum())
            );
            about(cases)
        }
        Request::Reject { ids, .. } | Request::HoldCases { ids, .. } => {
            for id in ids {
                let head = format!("(case {id})");
                prop_assert!(said.lines.iter().any(|line| line.ends_with(&head)));
            }
            prop_assert_eq!(ids.len(), said.lines.len());
            Ok(())
        }
        Request::PushCerts(rows) => {
            prop_assert_eq!(rows.len(), said.lines.len());
            for row in rows {
                let held = row.remote.unwrap();
                let figures = format!(
                    "certifications {} {arrow} {}, NPCU {} {arrow} {}",
                    held.certification_count,
                    row.local.certification_count,
                    held.total_npcu,
                    row.local.total_npcu,
                    arrow = Glyphs::UNICODE.arrow
                );
                let whole = |line: &String| line.ends_with(&figures);
                prop_assert!(said.lines.iter().any(whole), "{} {:?}", figures, said);
            }
            Ok(())
        }
        Request::Hold {
            entity,
            impartner_id,
            ..
        }
        | Request::Lift {
            entity,
            impartner_id,
        } => {
            let entity: &Entity = entity;
            prop_assert!(said.intro.contains(entity.singular()));
            let id = format!("#{impartner_id}");
            prop_assert!(said.intro.contains(&id));
            Ok(())
        }
        Request::RestoreCase(id) => {
            prop_assert_eq!(first_number(&said.title), Some(u64::try_from(*id).unwrap()));
            Ok(())
        }
        _ => Ok(()),
    }
}

fn writes(request: &Request) -> bool {
    matches!(
        request,
        Request::Apply { .. }
            | Request::Approve { .. }
            | Request::Reject { .. }
            | Request::HoldCases { .. }
            | Request::RunCases(_)
            | Request::RestoreCase(_)
            | Request::PushCerts(_)
            | Request::Hold { .. }
            | Request::Lift { .. }
    )
}

/// One action of a person or of the world, small enough that a question stands before it or does not.
fn act(
    d: &mut Driver,
    confirmed: &Cell<u32>,
    by_hand: bool,
    action: impl FnOnce(&mut Driver),
) -> Result<(), TestCaseError> {
    let before = said(d);
    let asked = d.asked.len();
    action(d);
    // Answers take one away and may add some; nothing is added before what stood there.
    let new: Vec<Request> = d.asked[asked.min(d.asked.len())..]
        .iter()
        .map(|(_, request)| request.clone())
        .collect();
    for request in new.iter().filter(|request| writes(request)) {
        prop_assert!(by_hand, "{:?} was asked without a key or a click", request);
        let Some(said) = &before else {
            return Err(TestCaseError::fail(format!(
                "{request:?} without a question"
            )));
        };
        prop_assert!(said.heard, "{:?} by a key that came too soon", said);
        is_what_was_said(request, said)?;
        confirmed.set(confirmed.get() + 1);
    }
    Ok(())
}

fn walk(steps: &[Step], confirmed: &Cell<u32>) -> Result<(), TestCaseError> {
    let mut outside = Outside {
        cases: fixtures::cases(),
        certs: fixtures::certs(),
        leavers: 0,
    };
    let mut d = Driver::full(120, 40);
    d.slow = true;
    for step in steps {
        if d.model.life != crate::tui::model::Life::Runs {
            break;
        }
        match step {
            Step::Key(at) => act(&mut d, confirmed, true, |d| {
                d.keys(KEYS[*at]);
            })?,
            Step::Ask(at) => {
                for key in QUESTIONS[*at].split(' ') {
                    act(&mut d, confirmed, true, |d| {
                        d.keys(key);
                    })?;
                }
            }
            Step::Confirm => {
                let Some(ask) = d.question() else { continue };
                let mut keys: Vec<String> = Vec::new();
                for field in &ask.fields {
                    match field.kind {
                        Fill::Note => keys.push("w".into()),
                        Fill::Number(number) => {
                            keys.extend(number.to_string().chars().map(String::from));
                        }
                        Fill::Acknowledge(_) => keys.push("Space".into()),
                        Fill::Delay => {}
                    }
                    keys.push("Enter".into());
                }
                keys.extend(["Tab".into(), "y".into()]);
                if ask.fields.is_empty() {
                    keys = vec!["y".into()];
                }
                for key in keys {
                    // What the filling confirms before its end was confirmed all the same; the rest is keys like others.
                    act(&mut d, confirmed, true, |d| {
                        d.keys(&key);
                    })?;
                }
            }
            Step::Click(x, y) => act(&mut d, confirmed, true, |d| d.click(*x, *y))?,
            Step::Paste => act(&mut d, confirmed, false, |d| {
                d.msg(Msg::Paste("137 y\nt A".into()));
            })?,
            Step::Answer(at, how) => {
                if d.asked.is_empty() {
                    continue;
                }
                let (ticket, request) = d.asked.remove(at % d.asked.len());
                let answer = outside.answer(&request, *how);
                act(&mut d, confirmed, false, |d| {
                    d.msg(Msg::Answer(ticket, Box::new(answer)));
                })?;
            }
            Step::Compute(at) => {
                if d.computing.is_empty() {
                    continue;
                }
                let compute = d.computing.remove(at % d.computing.len());
                // Keys that waited are pressed now; none of them was meant for a question that was not there.
                act(&mut d, confirmed, false, |d| {
                    d.msg(Msg::Computed(compute.run()));
                })?;
            }
            Step::Wait(milliseconds) => act(&mut d, confirmed, false, |d| d.wait(*milliseconds))?,
            Step::Other(what) => outside.other(*what),
        }
    }
    Ok(())
}

#[test]
fn whatever_the_order_what_is_written_is_what_was_said() {
    let confirmed = Cell::new(0);
    let config = Config {
        cases: 40,
        max_shrink_iters: 60,
        failure_persistence: None,
        ..Config::default()
    };
    let steps = proptest::collection::vec(step(), 40..160);
    let result = TestRunner::new(config).run(&steps, |steps| walk(&steps, &confirmed));
    if let Err(error) = result {
        panic!("{error}");
    }
    assert!(
        confirmed.get() > 20,
        "only {} confirmed: nothing was tried",
        confirmed.get()
    );
}
