//! More scripts: leaving, the other screens, the mouse, keys of the configuration.

use crossterm::event::{MouseButton, MouseEventKind};

use super::driver::Driver;
use crate::error::{Error, Kind};
use crate::tui::dialog::Dialog;
use crate::tui::fixtures;
use crate::tui::keymap::{Action, BINDINGS, Keymap, Screen};
use crate::tui::kit::hits::Spot;
use crate::tui::model::Life;
use crate::tui::msg::{Effect, Msg};
use crate::tui::request::{Answer, Request};
use crate::tui::screen::preview::inside::Tab;

fn ticked(driver: &Driver) -> usize {
    let review = driver.screens.preview.review.as_ref().unwrap();
    review.selection.count()
}

fn chosen_name(driver: &Driver) -> String {
    let review = driver.screens.preview.review.as_ref().unwrap();
    review.view().unwrap().name().to_owned()
}

#[test]
fn escape_and_ctrl_c_stop_work() {
    let mut d = Driver::new(80, 24);
    d.answer_all();
    d.keys("P Esc");
    assert!(matches!(d.others[..], [Effect::Cancel(_)]));
    d.fail(Error::cancelled());
    assert!(d.model.job.is_none());
    assert!(d.shows("cancelled. Nothing was written."), "{}", d.screen());
    assert!(d.model.dialogs.is_empty());
    d.others.clear();
    d.keys("p Ctrl-C Ctrl-C");
    assert!(
        matches!(d.others[..], [Effect::Cancel(_), Effect::Cancel(_)]),
        "{:?}",
        d.others
    );
    assert_eq!(
        d.model.life,
        Life::Ending,
        "the second one leaves when the work has ended"
    );
}

#[test]
fn committing_cannot_be_stopped_and_says_so() {
    let mut d = Driver::full(80, 24);
    d.keys("2 A 3 Enter");
    let ticket = d.asked.last().unwrap().0;
    d.msg(Msg::Event(ticket, crate::progress::RunEvent::CommitStarted));
    d.keys("Esc");
    assert!(d.others.is_empty());
    assert!(d.shows("too late to stop"), "{}", d.screen());
}

#[test]
fn quitting_while_something_is_written_asks_first() {
    let mut d = Driver::full(80, 24);
    d.keys("2 A 3 Enter 1 q");
    assert!(matches!(d.model.dialogs[..], [Dialog::Ask(_)]));
    d.keys("n q y");
    assert_eq!(d.model.life, Life::Ending);
    d.fail(Error::cancelled());
    assert_eq!(d.model.life, Life::Over);
    assert!(
        d.others
            .iter()
            .any(|effect| matches!(effect, Effect::Save(_)))
    );
}

#[test]
fn q_quits_and_keeps_what_people_expect_to_find() {
    let mut d = Driver::full(80, 24);
    d.keys("2 / \"op:add Enter Esc s s 5 q");
    assert_eq!(d.model.life, Life::Over);
    let saved = d.others.iter().find_map(|effect| match effect {
        Effect::Save(saved) => Some(saved.clone()),
        _ => None,
    });
    let saved = saved.unwrap();
    assert_eq!(saved.screen.as_deref(), Some("History"));
    assert_eq!(saved.filters, ["op:add"]);
    assert_eq!(saved.sort.as_deref(), Some("name"));
    let mut next = Driver::new(80, 24);
    next.restore(&saved, None);
    assert_eq!(next.model.screen, Screen::History);
    assert_eq!(next.screens.preview.filter.history, ["op:add"]);
}

#[test]
fn a_signal_ends_at_once_when_nothing_is_at_work() {
    let mut d = Driver::full(80, 24);
    d.msg(Msg::Shutdown);
    assert_eq!(d.model.life, Life::Over);
}

#[test]
fn read_only_shows_and_refuses() {
    let mut d = Driver::full(120, 40);
    d.model.environment.read_only = true;
    d.keys("2 A");
    assert!(d.model.dialogs.is_empty());
    assert!(d.shows("READ-ONLY"), "{}", d.screen());
    assert!(d.shows("Read-only mode"), "{}", d.screen());
}

#[test]
fn an_undo_is_previewed_and_asks_for_its_number() {
    let mut d = Driver::full(120, 40);
    d.keys("5 U");
    assert!(matches!(d.wanted()[..], [Request::PreviewUndo(12)]));
    let mut undo = fixtures::small_plan();
    undo.origin = crate::plan::PlanOrigin::Undo { run_id: 12 };
    d.answer(Answer::Plan(Box::new(undo)));
    d.answer_all();
    assert!(d.shows("Undo of run 12"), "{}", d.screen());
    d.keys("A");
    assert!(d.shows("Type 12 to undo"), "{}", d.screen());
    d.keys("Esc 5 j j U");
    assert!(d.shows("undone by run 11 already"), "{}", d.screen());
}

#[test]
fn an_approval_wants_note_number_and_acknowledgement() {
    let mut d = Driver::full(120, 40);
    d.keys("3");
    d.answer_all();
    d.keys("j");
    d.answer_all();
    d.keys("a");
    d.answer_all();
    d.wait(300);
    d.keys("\"left Enter \"7d Enter Enter 2 Enter");
    assert!(d.wanted().is_empty(), "not acknowledged");
    d.keys("Space Enter Enter");
    assert!(d.wanted().is_empty(), "Enter twice is a slip");
    d.keys("Tab Enter");
    match d.wanted()[..] {
        [Request::Approve { cases, note, terms }] => {
            assert_eq!(cases[..], fixtures::cases()[1..2]);
            assert_eq!(note, "left");
            assert_eq!(terms.foreign, [cases[0].case_id]);
            assert_eq!(terms.after.as_secs(), 7 * 24 * 3600);
        }
        ref other => panic!("{other:?} {}", d.screen()),
    }
    d.model.environment.operator_named = false;
    d.keys("a");
    assert!(d.model.dialogs.is_empty());
    assert!(d.shows("operator named on purpose"), "{}", d.screen());
}

#[test]
fn certifications_are_compared_ticked_and_pushed() {
    let mut d = Driver::full(120, 40);
    d.keys("4 p");
    d.answer_all();
    assert!(d.shows("3 of 4 partners differ"), "{}", d.screen());
    assert!(!d.shows("Générale"), "only differences");
    d.keys("v");
    assert!(d.shows("Générale"));
    d.keys("v A y");
    match d.wanted()[..] {
        [Request::PushCerts(rows)] => {
            let rows: Vec<i64> = rows.iter().map(|row| row.row_id).collect();
            assert_eq!(rows, [17, 23], "the one not found there is not pushed");
        }
        ref other => panic!("{other:?}"),
    }
    d.answer(Answer::Pushed(crate::values::CertReport {
        run_id: Some(14),
        pushed: 1,
        rows: vec![17],
        failed: vec![crate::values::CertFault {
            row_id: 23,
            impartner_id: Some(1_023),
            name: "Hitachi".into(),
            status: "failed".into(),
            message: "field is read-only".into(),
        }],
        unchanged: 0,
        withheld: Vec::new(),
    }));
    d.keys("Esc");
    assert!(d.shows("pushed"), "{}", d.screen());
    assert!(d.shows("field is"), "{}", d.screen());
}

#[test]
fn the_mouse_does_what_keys_do() {
    let mut d = Driver::full(120, 40);
    let tab = d
        .model
        .hits
        .place(Spot::Screen(Screen::Preview as usize))
        .unwrap();
    d.click(tab.x + 1, tab.y);
    assert_eq!(d.model.screen, Screen::Preview);
    let before = ticked(&d);
    let tick = d.model.hits.place(Spot::Tick(2)).unwrap();
    d.click(tick.x, tick.y);
    assert_eq!(ticked(&d), before - 1);
    let head = d.model.hits.place(Spot::Head(1)).unwrap();
    d.click(head.x, head.y);
    assert_eq!(
        d.screens.preview.sort.column,
        Some(crate::tui::screen::preview::inside::PlanColumn::Name)
    );
    let border = d.model.hits.place(Spot::Border { beside: true }).unwrap();
    let split = d.model.split;
    d.mouse(
        MouseEventKind::Down(MouseButton::Left),
        border.x,
        border.y + 3,
    );
    d.mouse(
        MouseEventKind::Drag(MouseButton::Left),
        border.x - 12,
        border.y + 3,
    );
    d.mouse(
        MouseEventKind::Up(MouseButton::Left),
        border.x - 12,
        border.y + 3,
    );
    assert!(d.model.split < split);
    d.keys("g");
    let at = d.screens.preview.review.as_ref().unwrap().list().cursor.at;
    d.mouse(MouseEventKind::ScrollDown, 10, 12);
    assert_eq!(
        d.screens.preview.review.as_ref().unwrap().list().cursor.at,
        at + 3
    );
    d.keys("A");
    let row = d.model.hits.place(Spot::Row(1));
    assert_eq!(row, None, "what is under a dialog cannot be clicked");
    d.keys("Esc m");
    assert!(
        d.others
            .iter()
            .any(|effect| matches!(effect, Effect::Mouse(false)))
    );
}

#[test]
fn the_wheel_moves_what_is_under_it() {
    for (screen, opened) in [("3", ""), ("5", "Enter")] {
        let mut d = Driver::full(120, 40);
        d.keys(screen).keys(opened);
        d.answer_all();
        d.keys("Tab");
        let before = d.screen();
        let row = d.model.hits.cursor_row.unwrap();
        d.mouse(MouseEventKind::ScrollDown, 10, row);
        assert_ne!(
            d.model.hits.cursor_row,
            Some(row),
            "the list of {screen} stands still"
        );
        d.mouse(MouseEventKind::ScrollUp, 10, row);
        assert_eq!(d.screen(), before, "and the details keep the keyboard");
    }
}

#[test]
fn a_double_click_confirms_nothing() {
    let mut d = Driver::full(120, 40);
    d.keys("4 p");
    d.answer_all();
    let push = BINDINGS
        .iter()
        .position(|b| b.action == Action::Push)
        .unwrap();
    let button = d.model.hits.place(Spot::Binding(push)).unwrap();
    d.click(button.x, button.y);
    let yes = d.model.hits.place(Spot::DialogPart(1)).unwrap();
    d.click(yes.x + 1, yes.y);
    assert!(
        d.wanted().is_empty(),
        "the click that opened it does not confirm it"
    );
}

#[test]
fn a_paste_is_never_a_burst_of_commands() {
    let mut d = Driver::full(80, 24);
    d.keys("2");
    let before = ticked(&d);
    d.msg(Msg::Paste("t A 3\n".into()));
    assert_eq!(ticked(&d), before);
    assert!(d.model.dialogs.is_empty());
    d.keys("/");
    d.msg(Msg::Paste("acme\nrm -rf".into()));
    assert_eq!(d.screens.preview.filter.input.value(), "acme");
}

#[test]
fn the_palette_reaches_other_screens() {
    let mut d = Driver::full(80, 24);
    d.keys(": \"compare_our Enter");
    assert_eq!(d.model.screen, Screen::Certifications);
    assert!(matches!(d.wanted()[..], [Request::Certs]));
}

#[test]
fn keys_of_the_configuration_go_before_the_table() {
    let mut d = Driver::full(80, 24);
    let wanted = std::collections::BTreeMap::from([("apply".to_owned(), "F9".to_owned())]);
    d.model.keymap = Keymap::new(&wanted).0;
    d.keys("2 A");
    assert!(d.model.dialogs.is_empty());
    d.keys("F9");
    assert_eq!(d.model.dialogs.len(), 1);
    assert!(d.shows("Apply 12 changes"), "{}", d.screen());
}

#[test]
fn a_failure_shows_its_causes_with_enter() {
    let mut d = Driver::full(80, 24);
    d.keys("2 P");
    let error = Error::new(
        Kind::Database,
        "database",
        "The database went away. Nothing was written.",
    )
    .source(std::io::Error::other("connection reset by \u{1b}[31mpeer"));
    d.fail(error);
    assert!(!d.shows("connection reset"));
    d.keys("Enter");
    assert!(
        d.shows("because: connection reset by \\x1b[31mpeer"),
        "{}",
        d.screen()
    );
    d.keys("Enter");
    assert!(d.model.dialogs.is_empty());
}

#[test]
fn every_disabled_action_says_why() {
    for screen in Screen::ALL {
        for binding in BINDINGS.iter().filter(|b| b.on.has(screen)) {
            let mut d = Driver::new(120, 40);
            d.model.screen = screen;
            d.model.toasts.shown.clear();
            if let Some(why) = d.why_not(binding.action) {
                assert!(why.ends_with('.'), "{why}");
                let key = binding.keys.first().map(ToString::to_string);
                if let Some(key) = key {
                    d.keys(&key);
                    assert!(
                        !d.model.toasts.shown.is_empty(),
                        "{:?} says nothing",
                        binding.action
                    );
                }
            }
        }
    }
}

#[test]
fn resizing_keeps_place_ticks_and_filter() {
    let mut small = Driver::full(120, 40);
    small.keys("2 / \"e Enter j j j Space");
    let (name, ticks) = (chosen_name(&small), ticked(&small));
    let mut other = Driver::new(60, 16);
    std::mem::swap(&mut *other, &mut *small);
    other.draw();
    other.msg(Msg::Resize);
    assert_eq!((chosen_name(&other), ticked(&other)), (name, ticks));
    assert!(other.screens.preview.filter.active());
}

#[test]
fn tabs_keep_their_filter_in_force() {
    let mut d = Driver::full(120, 40);
    d.keys("2 / \"zzz Enter ]");
    let review = d.screens.preview.review.as_ref().unwrap();
    assert_eq!(review.tab, Tab::Excluded);
    assert!(review.list().shown.is_empty());
    d.keys("Esc");
    assert_eq!(
        d.screens
            .preview
            .review
            .as_ref()
            .unwrap()
            .list()
            .shown
            .len(),
        3
    );
}

#[test]
fn the_facts_wake_the_screen_and_nothing_else_does() {
    let mut d = Driver::full(80, 24);
    d.keys("2");
    d.model.toasts.shown.clear();
    assert_eq!(d.wake_at(), None, "an idle Preview never wakes");
    d.keys("P");
    let quiet = d.wake_at().unwrap();
    assert_eq!(quiet - d.model.now, chrono::Duration::milliseconds(250));
}

#[test]
fn nobody_approves_steps_that_were_not_read_from_the_lms() {
    let mut d = Driver::new(120, 40);
    d.keys("3");
    d.answer_all();
    d.keys("t").keys("a");
    let [Request::Look(ids)] = d.wanted()[..] else {
        panic!("{:?}", d.wanted());
    };
    assert_eq!(
        ids[..],
        [4, 5, 6],
        "the first one too: what was looked at may be old"
    );
    assert!(d.shows("Asking"), "{}", d.screen());
    d.answer_all();
    assert!(d.shows("Approve 3 cases?"), "{}", d.screen());
    assert!(d.shows("people lose access"), "{}", d.screen());

    // Whoever went on to something else meanwhile is not asked out of the blue.
    let mut d = Driver::new(120, 40);
    d.keys("3");
    d.answer_all();
    d.keys("t").keys("a").keys("Esc").keys("2");
    d.answer_all();
    assert!(!d.shows("Approve 3 cases?"), "{}", d.screen());
}

#[test]
fn held_cases_are_taken_up_again_with_a_note() {
    let mut d = Driver::full(120, 40);
    d.keys("3");
    d.answer_all();
    let mut held = fixtures::cases();
    held.truncate(1);
    held[0].state = crate::values::CaseState::Held;
    let id = held[0].case_id;
    d.keys("h \"later Enter");
    d.answer(Answer::Decided(held));
    d.keys("] ]");
    d.keys("a");
    assert!(d.shows("Reopen 1 case?"), "{}", d.screen());
    d.keys("\"asked_again Enter");
    let asked = d.wanted();
    let Some(Request::ReopenCases { ids, note }) = asked.last() else {
        panic!("{asked:?} {}", d.screen());
    };
    assert_eq!((&ids[..], note.as_str()), (&[id][..], "asked again"));
}
