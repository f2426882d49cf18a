//! A question is about what it says, and no key that was meant for something else answers it (docs/console.md,
//! "Confirming"). Answers and computations are held back and let go at the chosen moment.

use super::driver::Driver;
use crate::error::{Error, Kind};
use crate::plan::{Entity, Op};
use crate::tui::dialog::{Dialog, Fill};
use crate::tui::fixtures;
use crate::tui::keymap::{Action, BINDINGS, Screen};
use crate::tui::kit::hits::Spot;
use crate::tui::msg::Msg;
use crate::tui::request::{Answer, Request};

fn ticked(d: &Driver) -> usize {
    d.screens.preview.review.as_ref().unwrap().selection.count()
}

fn soft_deletes(d: &Driver) -> u64 {
    let review = d.screens.preview.review.as_ref().unwrap();
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
            let button = d.model.hits.place(Spot::Binding(apply)).unwrap();
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
        Some(Fill::Number(number)) => d.keys(&format!("{number} Enter")),
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
    d.keys("\"gone Enter Enter 1 Enter Tab Enter");
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
    let crate::tui::msg::Effect::Ask(ticket, _) = ask else {
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
    assert_eq!(d.screens.preview.filter.input.value(), "may");
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
    let yes = d.model.hits.place(Spot::DialogPart(1)).unwrap();
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
    assert_eq!(d.screens.preview.filter.input.value(), "acmet");
    assert!(d.screens.preview.filter.focused && d.model.dialogs.is_empty());
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
    assert_eq!(d.screens.preview.filter.input.value(), "acme");
}

#[test]
fn the_filter_box_opens_for_a_plan_that_is_on_its_way() {
    let mut d = Driver::new(120, 40);
    d.keys("2 P / \"tA");
    assert!(d.shows("/ tA"), "{}", d.screen());
    d.answer(Answer::Plan(Box::new(fixtures::plan_with(12))));
    d.keys("\"q");
    d.compute();
    assert_eq!(d.screens.preview.filter.input.value(), "tAq");
    assert!(d.model.dialogs.is_empty() && d.wanted().is_empty());
}

#[test]
fn a_hold_is_marked_by_its_record_and_only_when_it_stands() {
    let mut d = Driver::full(120, 40);
    d.keys("2 g h \"in_talks Enter");
    assert!(
        d.screens
            .preview
            .review
            .as_ref()
            .unwrap()
            .held_now
            .is_empty()
    );
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
    let review = d.screens.preview.review.as_ref().unwrap();
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
    assert!(
        d.screens
            .preview
            .review
            .as_ref()
            .unwrap()
            .held_now
            .is_empty()
    );
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
    let review = d.screens.preview.review.as_ref().unwrap();
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
    let crate::tui::msg::Effect::Ask(ticket, _) = ask else {
        panic!()
    };
    let lifted = Answer::Lifted(Entity::Partners, 4_711);
    d.msg(Msg::Answer(ticket, Box::new(Ok(lifted))));
    assert_eq!(d.screens.preview.review.as_ref().unwrap().held_now.len(), 1);
}
