//! A question is about what it says, and no key that was meant for something else answers it (docs/console.md,
//! "Confirming"). Answers and computations are held back and let go at the chosen moment.

use super::super::action::Action;
use super::super::dialog::{Dialog, FieldKind};
use super::super::fixtures;
use super::super::keymap::BINDINGS;
use super::super::model::Screen;
use super::super::msg::{Answer, Msg, Request};
use super::driver::Driver;
use crate::error::{Error, Kind};
use crate::plan::{Entity, Op};
use crate::tui::kit::hits::Target;
use crate::values::CaseState;

fn ticked(d: &Driver) -> usize {
    d.model.preview.review.as_ref().unwrap().selection.count()
}

fn soft_deletes(d: &Driver) -> u64 {
    let review = d.model.preview.review.as_ref().unwrap();
    let counts = review.selection.count_op(&review.plan, Op::SoftDelete);
    counts.partners + counts.contacts
}

fn place(d: &Driver) -> bool {
    matches!(d.model.dialogs[..], [Dialog::Asking(_)])
}

fn looked(request: &Request) -> bool {
    matches!(request, Request::Look(_))
}

#[test]
fn a_burst_applies_what_the_question_said() {
    let mut d = Driver::full(120, 40);
    d.keys("2 g");
    d.slow = true;
    d.keys("Space A");
    assert!(place(&d), "the question waits for the count in its place");
    d.keys("P 3 Enter");
    assert!(
        d.wanted().is_empty(),
        "the place takes the keys: {:?}",
        d.wanted()
    );
    assert_eq!(d.model.screen, Screen::Preview);
    d.compute();
    let number = soft_deletes(&d);
    assert!(
        d.shows(&format!("Type {number} to soft-delete")),
        "{}",
        d.screen()
    );
    d.keys(&format!("{number} Enter"));
    assert!(d.wanted().is_empty(), "too soon to have been read");
    d.wait(300);
    d.keys(&format!("{number} Enter"));
    let [
        Request::Apply {
            selection, shown, ..
        },
    ] = d.wanted()[..]
    else {
        panic!("{:?} {}", d.wanted(), d.screen());
    };
    assert_eq!(selection.count(), ticked(&d));
    assert_eq!(shown.going(), &**selection);
}

#[test]
fn the_palette_and_the_mouse_wait_for_computations_as_keys_do() {
    let apply = BINDINGS
        .iter()
        .position(|b| b.action == Action::Apply)
        .unwrap();
    for by_mouse in [false, true] {
        let mut d = Driver::full(120, 40);
        // Without soft-deletes ticked nothing would ask for a number.
        d.keys("2 / \"op:soft Enter t t Esc");
        let none = soft_deletes(&d);
        d.keys("/ \"op:soft Enter");
        d.slow = true;
        d.keys("t");
        if by_mouse {
            let button = d.model.hits.place(Target::Binding(apply)).unwrap();
            d.click(button.x, button.y);
        } else {
            d.keys(": \"apply Enter");
        }
        assert!(d.question().is_none(), "by mouse: {by_mouse}");
        d.compute();
        let number = soft_deletes(&d);
        assert_ne!(number, none);
        assert!(
            d.shows(&format!("Type {number} to soft-delete")),
            "{}",
            d.screen()
        );
    }
}

#[test]
fn a_question_closes_when_its_ticks_change_under_it() {
    let mut d = Driver::full(120, 40);
    d.keys("2 g h \"in_talks Enter");
    d.keys("A");
    assert!(d.question().is_some());
    d.release(
        |request| matches!(request, Request::Hold { .. }),
        Ok(Answer::Held(Entity::Partners, 7)),
    );
    assert!(d.model.dialogs.is_empty(), "{}", d.screen());
    assert!(d.shows("changed under the question"), "{}", d.screen());
    assert!(d.wanted().is_empty());
}

#[test]
fn the_guards_are_asked_for_again_when_the_desk_refuses() {
    let mut d = Driver::full(120, 40);
    d.keys("2 P");
    d.answer(Answer::Plan(Box::new(fixtures::plan_with(12))));
    d.answer_all();
    assert!(d.shows("soft-deletes withheld"), "{}", d.screen());
    d.keys("A");
    let asked = d.question().unwrap().fields.first().map(|field| field.kind);
    match asked {
        Some(FieldKind::Number(number)) => d.keys(&format!("{number} Enter")),
        _ => d.keys("y"),
    };
    let error = Error::new(
        Kind::Blocked,
        "changed_since_shown",
        "More would be written now.",
    );
    d.release(
        |request| matches!(request, Request::Apply { .. }),
        Err(error),
    );
    let (_, Request::Windows(plan)) = d
        .asked
        .iter()
        .find(|(_, request)| matches!(request, Request::Windows(_)))
        .unwrap()
    else {
        panic!("{:?}", d.asked)
    };
    let (plan, mut windows) = (plan.clone(), plan.windows);
    windows.partners.active = 1_000_000;
    windows.contacts.active = 1_000_000;
    d.release(
        |request| matches!(request, Request::Windows(_)),
        Ok(Answer::Windows(plan, windows)),
    );
    d.keys("Esc");
    assert!(
        !d.shows("soft-deletes withheld"),
        "the plan shows how it is now: {}",
        d.screen()
    );
    d.keys("A");
    assert!(d.shows("to soft-delete"), "{}", d.screen());
}

#[test]
fn keys_meant_for_an_approval_decide_nothing_else() {
    let mut d = Driver::full(120, 40);
    d.keys("3");
    d.answer_all();
    d.keys("a");
    assert!(place(&d));
    d.keys("\"max_left Enter x h y Enter");
    assert!(
        matches!(d.wanted()[..], [Request::Look(_)]),
        "{:?}",
        d.wanted()
    );
    assert!(place(&d), "{}", d.screen());
    d.answer_all();
    d.keys("\"may Enter 1 Enter");
    assert!(
        d.question()
            .is_some_and(|ask| ask.fields[0].input.value().is_empty())
    );
    d.wait(299);
    d.keys("Esc");
    assert!(
        d.question().is_some(),
        "what was pressed before it could be read is not for it"
    );
    d.wait(1);
    d.keys("\"gone Enter 1 Enter Tab Enter");
    let [Request::Approve { cases, note, .. }] = d.wanted()[..] else {
        panic!("{:?} {}", d.wanted(), d.screen());
    };
    assert_eq!(
        (&cases[..], note.as_str()),
        (&fixtures::cases()[..1], "gone")
    );
}

#[test]
fn an_approval_is_about_the_people_of_this_very_look() {
    let mut d = Driver::full(120, 40);
    d.keys("3");
    d.answer_all();
    d.keys("a");
    // The list is read again meanwhile, and is older than the answer of the LMS.
    d.keys("Ctrl-R");
    let mut more = fixtures::cases()[0].clone();
    more.people = 8;
    d.release(looked, Ok(Answer::Looked(vec![more.clone()])));
    assert!(d.shows("Type 8, the people"), "{}", d.screen());
    // Another operator looks or decides: the question is about something that is not so any more.
    let mut cases = fixtures::cases();
    cases[0] = more.clone();
    d.keys("Esc");
    d.wait(300);
    d.msg(Msg::Tick);
    assert!(d.question().is_some());
    cases[0].people = 7;
    let ask = d.model.ask(Request::Cases);
    let super::super::msg::Effect::Ask(ticket, _) = ask else {
        panic!()
    };
    d.msg(Msg::Answer(ticket, Box::new(Ok(Answer::Cases(cases)))));
    assert!(d.question().is_none());
    assert!(
        d.shows("Case 4 changed under the question"),
        "{}",
        d.screen()
    );
}

#[test]
fn leaving_the_place_of_a_question_leaves_the_question() {
    let mut d = Driver::full(120, 40);
    d.keys("2 C");
    assert!(place(&d));
    d.keys("Esc / \"ma");
    let row = fixtures::certs()[..1].to_vec();
    d.release(
        |r| matches!(r, Request::CertsOf(_)),
        Ok(Answer::CertsOf(row)),
    );
    d.keys("\"y");
    assert!(d.wanted().is_empty() && d.model.dialogs.is_empty());
    assert_eq!(d.model.preview.filter.input.value(), "may");
}

#[test]
fn a_question_that_waited_takes_no_key_of_before() {
    let mut d = Driver::full(120, 40);
    d.keys("2 C");
    let row = fixtures::certs()[..1].to_vec();
    d.release(
        |r| matches!(r, Request::CertsOf(_)),
        Ok(Answer::CertsOf(row)),
    );
    assert!(d.shows("Push figures of Acme"), "{}", d.screen());
    d.keys("y");
    let yes = d.model.hits.place(Target::DialogPart(1)).unwrap();
    d.click(yes.x + 1, yes.y);
    assert!(d.wanted().is_empty());
    d.wait(300);
    d.keys("y");
    assert!(matches!(d.wanted()[..], [Request::PushCerts(_)]));
}

#[test]
fn a_plan_that_arrives_leaves_the_filter_box_open() {
    let mut d = Driver::full(120, 40);
    d.keys("2 P / \"ac");
    d.slow = true;
    d.answer(Answer::Plan(Box::new(fixtures::plan_with(12))));
    d.keys("\"m");
    d.compute();
    let before = ticked(&d);
    d.keys("\"et");
    d.compute();
    assert_eq!(d.model.preview.filter.input.value(), "acmet");
    assert!(d.model.preview.filter.focused && d.model.dialogs.is_empty());
    assert_eq!(ticked(&d), before, "t ticked nothing");
    // Keys that waited for the old lines go, those for the box behind them do not.
    let mut d = Driver::full(120, 40);
    d.keys("2 P");
    d.slow = true;
    d.answer(Answer::Plan(Box::new(fixtures::plan_with(12))));
    d.keys("Space / \"ac");
    d.compute();
    d.keys("\"me");
    d.compute();
    assert_eq!(d.model.preview.filter.input.value(), "acme");
}

#[test]
fn a_hold_is_marked_by_its_record_and_only_when_it_stands() {
    let mut d = Driver::full(120, 40);
    d.keys("2 g h \"in_talks Enter");
    assert!(d.model.preview.review.as_ref().unwrap().held_now.is_empty());
    // A plan arrives in which the record stands elsewhere.
    d.keys("P");
    let plan = fixtures::plan_with(12);
    d.release(
        |r| matches!(r, Request::Preview(_)),
        Ok(Answer::Plan(Box::new(plan))),
    );
    d.release(
        |r| matches!(r, Request::Hold { .. }),
        Ok(Answer::Held(Entity::Partners, 7)),
    );
    let review = d.model.preview.review.as_ref().unwrap();
    let held: Vec<_> = review.held_now.iter().collect();
    assert!(!held.is_empty());
    for &&at in &held {
        assert_eq!(review.plan.items[at as usize].impartner_id, Some(7));
        assert!(!review.selection.is_ticked(at as usize));
    }
    // One that fails marks nothing and says so.
    let mut d = Driver::full(120, 40);
    d.keys("2 g h \"in_talks Enter");
    let before = ticked(&d);
    let error = Error::new(Kind::Database, "database", "The database went away.");
    d.release(|r| matches!(r, Request::Hold { .. }), Err(error));
    assert!(d.model.preview.review.as_ref().unwrap().held_now.is_empty());
    assert_eq!(ticked(&d), before);
    assert!(d.shows("Not done"), "{}", d.screen());
}

#[test]
fn a_hold_that_comes_while_ticks_are_computed_is_not_ticked_again() {
    let mut d = Driver::full(120, 40);
    d.keys("2 g h \"in_talks Enter / \"op:soft Enter");
    d.slow = true;
    d.keys("t");
    d.release(
        |r| matches!(r, Request::Hold { .. }),
        Ok(Answer::Held(Entity::Partners, 7)),
    );
    d.compute();
    let review = d.model.preview.review.as_ref().unwrap();
    let at = *review.held_now.iter().next().unwrap();
    assert!(!review.selection.is_ticked(at as usize));
}

#[test]
fn lifting_from_excluded_marks_no_line_of_changes() {
    let mut d = Driver::full(120, 40);
    d.keys("2 g h \"in_talks Enter");
    d.release(
        |r| matches!(r, Request::Hold { .. }),
        Ok(Answer::Held(Entity::Partners, 7)),
    );
    d.msg(Msg::Tick);
    let ask = d.model.ask(Request::Lift {
        entity: Entity::Partners,
        impartner_id: 4_711,
    });
    let super::super::msg::Effect::Ask(ticket, _) = ask else {
        panic!()
    };
    let lifted = Answer::Lifted(Entity::Partners, 4_711);
    d.msg(Msg::Answer(ticket, Box::new(Ok(lifted))));
    assert_eq!(d.model.preview.review.as_ref().unwrap().held_now.len(), 1);
}

#[test]
fn history_keeps_its_run_when_another_is_added() {
    let mut d = Driver::full(120, 40);
    d.keys("5 j j j Ctrl-R");
    let run = d.model.history.run().unwrap().run_id;
    let mut runs = fixtures::runs();
    runs.insert(
        0,
        fixtures::run(
            13,
            0,
            crate::values::RunStatus::Applied,
            crate::values::Applied::default(),
            crate::values::Applied::default(),
        ),
    );
    d.release(|r| matches!(r, Request::Runs), Ok(Answer::Runs(runs)));
    assert_eq!(d.model.history.run().unwrap().run_id, run);
    d.keys("U");
    assert!(
        d.wanted()
            .iter()
            .all(|r| matches!(r, Request::PreviewUndo(id) if *id == run))
    );
}

#[test]
fn what_ends_early_is_said_in_the_desks_own_words() {
    let mut d = Driver::full(120, 40);
    d.keys("3");
    d.answer_all();
    d.keys("4 p");
    d.answer_all();
    d.keys("A y");
    let said = "Cancelled. 48 partners were pushed before that and stay so.";
    let error = Error::new(Kind::Cancelled, "cancelled", said);
    d.release(|r| matches!(r, Request::PushCerts(_)), Err(error));
    assert!(d.shows("48 partners were pushed"), "{}", d.screen());
    assert!(
        !d.model
            .toasts
            .log
            .iter()
            .any(|toast| toast.text.contains("Nothing was written"))
    );
    assert!(
        d.model.certs.rows.is_empty(),
        "what they hold is not known now"
    );
    assert!(d.asked.iter().any(|(_, r)| matches!(r, Request::Cases)));
}

#[test]
fn pushed_is_said_of_what_was_pushed() {
    let mut d = Driver::full(120, 40);
    d.keys("4 p");
    d.answer_all();
    d.keys("A y");
    let fault = crate::values::CertFault {
        row_id: 17,
        impartner_id: Some(1_017),
        name: "Acme Corporation".into(),
        status: "failed".into(),
        message: "Not found in Impartner.".into(),
    };
    d.release(
        |r| matches!(r, Request::PushCerts(_)),
        Ok(Answer::Pushed(crate::values::CertReport {
            run_id: Some(14),
            pushed: 0,
            rows: Vec::new(),
            failed: vec![fault],
            unchanged: 1,
            withheld: Vec::new(),
        })),
    );
    use super::super::certs::PushResult;
    let results = &d.model.certs.results;
    assert!(matches!(results.get(&17), Some(PushResult::Fault(why)) if why.contains("Not found")));
    assert_eq!(results.get(&23), None, "it had the figures already");
}

#[test]
fn leaving_during_an_approval_waits_for_its_answer() {
    let start = || {
        let mut d = Driver::full(120, 40);
        d.keys("3");
        d.answer_all();
        d.keys("a");
        d.answer_all();
        d.wait(300);
        d.keys("\"gone Enter 1 Enter Tab Enter 1 q");
        assert_eq!(d.model.life, super::super::model::Life::Ending);
        assert!(d.shows("is under way"), "{}", d.screen());
        d
    };
    let mut d = start();
    let mut case = fixtures::cases()[0].clone();
    case.state = CaseState::Approved;
    d.release(
        |r| matches!(r, Request::Approve { .. }),
        Ok(Answer::Decided(vec![case])),
    );
    assert_eq!(d.model.life, super::super::model::Life::Over);
    assert!(d.model.failed.is_none());
    let mut d = start();
    let error = Error::new(
        Kind::Blocked,
        "case_changed",
        "Case 4 changed since it was shown.",
    );
    d.release(|r| matches!(r, Request::Approve { .. }), Err(error));
    assert_eq!(d.model.life, super::super::model::Life::Runs);
    assert!(
        d.shows("Not done"),
        "who left hears that it was not done: {}",
        d.screen()
    );
    let mut d = start();
    d.keys("q");
    assert!(
        d.model.failed.is_some(),
        "who does not wait is told, and the exit code too"
    );
}

#[test]
fn checks_show_their_age_and_a_tick_does_not_outlive_a_failure() {
    let mut d = Driver::full(120, 40);
    d.keys("1");
    assert!(d.shows("118 ms, now"), "{}", d.screen());
    d.wait(180_000);
    assert!(d.shows("118 ms, 3 min ago"), "{}", d.screen());
    d.keys("Ctrl-R");
    let error = Error::new(
        Kind::Database,
        "database_unreachable",
        "The database does not answer.",
    );
    d.release(|r| matches!(r, Request::Status(_)), Err(error));
    assert!(!d.shows("2 ms") && !d.shows("118 ms"), "{}", d.screen());
    assert!(d.shows("The database does not answer."), "{}", d.screen());
    assert!(d.shows("was not asked since"), "{}", d.screen());
}

#[test]
fn stored_facts_do_not_make_a_live_check_late() {
    use super::super::msg::Reach;
    let mut d = Driver::full(120, 40);
    d.keys("1");
    d.wait(60_000);
    d.keys("Ctrl-R");
    d.msg(Msg::Tick);
    let stored = d.model.ask(Request::Status(Reach::Stored));
    let super::super::msg::Effect::Ask(ticket, _) = stored else {
        panic!()
    };
    let mut facts = fixtures::status();
    facts.at = d.model.now;
    facts.cases.pending = 77;
    facts.impartner.reachable = None;
    d.msg(Msg::Answer(
        ticket,
        Box::new(Ok(Answer::Status(Box::new(facts)))),
    ));
    assert!(d.shows("118 ms, 1 min ago"), "{}", d.screen());
    let mut live = fixtures::status();
    live.at = d.model.now - chrono::Duration::seconds(1);
    live.impartner.latency_ms = Some(333);
    d.release(
        |r| matches!(r, Request::Status(Reach::Live)),
        Ok(Answer::Status(Box::new(live))),
    );
    assert!(d.shows("333 ms, now"), "{}", d.screen());
    assert!(
        d.shows("77 off-boarding cases"),
        "the newer facts stand: {}",
        d.screen()
    );
}

#[test]
fn nothing_is_hidden_by_a_filter_that_is_not_there() {
    let mut d = Driver::full(120, 40);
    d.keys("2 / \"zzz Enter ] Esc A");
    assert!(d.question().is_some());
    assert!(!d.shows("hidden by the filter"), "{}", d.screen());
}

#[test]
fn a_click_on_an_older_frame_hits_nothing() {
    let mut d = Driver::full(120, 40);
    d.keys("2");
    let tick = d.model.hits.place(Target::Tick(2)).unwrap();
    let hits = d.model.hits.clone();
    d.keys("/ \"op:add Enter");
    let before = ticked(&d);
    // The query landed; the frame that was clicked still shows the lines of before.
    d.model.hits = hits;
    d.click(tick.x, tick.y);
    assert_eq!(ticked(&d), before);
}

#[test]
fn keys_that_wait_are_not_replayed_on_another_screen() {
    let mut d = Driver::full(120, 40);
    d.keys("3");
    d.answer_all();
    d.keys("2");
    d.slow = true;
    d.keys("/ \"op:soft Enter Space");
    let tab = d
        .model
        .hits
        .place(Target::Screen(Screen::Offboarding as usize))
        .unwrap();
    d.click(tab.x + 1, tab.y);
    d.compute();
    assert_eq!(d.model.screen, Screen::Offboarding);
    assert!(d.model.offboard.ticked.is_empty(), "Space was for Preview");
}

#[test]
fn a_run_asks_for_the_people_who_still_have_something_to_lose() {
    use crate::values::StepState;
    let mut cases = fixtures::cases();
    cases.truncate(1);
    let case = &mut cases[0];
    case.state = CaseState::Failed;
    case.people = 2;
    let mut other = case.steps[0].clone();
    other.person_id = Some("q".into());
    case.steps[0].state = StepState::Done;
    case.steps[1].state = StepState::Done;
    other.state = StepState::Failed;
    case.steps.push(other);
    let mut d = Driver::new(120, 40);
    d.keys("3");
    d.release(
        |r| matches!(r, Request::Cases),
        Ok(Answer::Cases(cases.clone())),
    );
    d.keys("R");
    assert!(d.shows("Type 1, the people"), "{}", d.screen());
    d.keys("1 Enter");
    let [Request::RunCases(shown)] = d.wanted()[..] else {
        panic!("{:?}", d.wanted())
    };
    assert_eq!(shown[..], cases[..], "the approvals that were shown");
}
