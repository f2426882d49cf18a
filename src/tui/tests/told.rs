//! What the console tells is so: what was written before an early end, what was pushed, who holds what, how old a check
//! is. Answers are held back and let go at the chosen moment.

use super::driver::Driver;
use crate::error::{Error, Kind};
use crate::tui::fixtures;
use crate::tui::keymap::Screen;
use crate::tui::kit::hits::Spot;
use crate::tui::msg::Msg;
use crate::tui::request::{Answer, Request};
use crate::tui::screen::certifications::PushResult;
use crate::values::CaseState;

fn ticked(d: &Driver) -> usize {
    d.screens.preview.review.as_ref().unwrap().selection.count()
}

#[test]
fn history_keeps_its_run_when_another_is_added() {
    let mut d = Driver::full(120, 40);
    d.keys("5 j j j Ctrl-R");
    let run = d.screens.history.run(&d.model).unwrap().run_id;
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
    assert_eq!(d.screens.history.run(&d.model).unwrap().run_id, run);
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
        d.screens.certifications.rows.is_empty(),
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
    let results = &d.screens.certifications.results;
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
        d.keys("\"gone Enter Enter 1 Enter Tab Enter 1 q");
        assert_eq!(d.model.life, crate::tui::model::Life::Ending);
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
    assert_eq!(d.model.life, crate::tui::model::Life::Over);
    assert!(d.model.failed.is_none());
    let mut d = start();
    let error = Error::new(
        Kind::Blocked,
        "case_changed",
        "Case 4 changed since it was shown.",
    );
    d.release(|r| matches!(r, Request::Approve { .. }), Err(error));
    assert_eq!(d.model.life, crate::tui::model::Life::Runs);
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
    use crate::tui::request::Reach;
    let mut d = Driver::full(120, 40);
    d.keys("1");
    d.wait(60_000);
    d.keys("Ctrl-R");
    d.msg(Msg::Tick);
    let stored = d.model.ask(Request::Status(Reach::Stored));
    let crate::tui::msg::Effect::Ask(ticket, _) = stored else {
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
    let tick = d.model.hits.place(Spot::Tick(2)).unwrap();
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
        .place(Spot::Screen(Screen::Offboarding as usize))
        .unwrap();
    d.click(tab.x + 1, tab.y);
    d.compute();
    assert_eq!(d.model.screen, Screen::Offboarding);
    assert!(
        d.screens.offboarding.ticked.is_empty(),
        "Space was for Preview"
    );
}

#[test]
fn what_was_typed_ahead_answers_no_question_that_it_opened() {
    let mut d = Driver::full(120, 40);
    d.slow = true;
    d.keys("4 p");
    d.answer(Answer::Certs(fixtures::certs()));
    d.keys("2 / \"op:soft Enter Space 4 A y");
    d.compute();
    assert_eq!(d.model.screen, Screen::Certifications);
    assert!(d.question().is_some(), "{}", d.screen());
    assert!(d.model.typed_ahead.is_empty());
    let pushes = |d: &Driver| {
        d.asked
            .iter()
            .any(|(_, r)| matches!(r, Request::PushCerts(_)))
    };
    assert!(!pushes(&d), "nobody had seen the question");
    d.keys("y");
    assert!(!pushes(&d), "nor had its Yes been there for long enough");
    d.wait(300);
    d.keys("y");
    assert!(pushes(&d));
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
