//! What the console says by the way: toasts, and keys that belong to another screen.

use chrono::Duration;

use super::driver::Driver;
use crate::tui::fixtures;
use crate::tui::keymap::Screen;
use crate::tui::msg::Msg;
use crate::tui::request::{Answer, Request};
use crate::values::CaseState;

#[test]
fn toasts_are_few_go_by_themselves_and_stay_among_the_messages() {
    let mut d = Driver::full(60, 16);
    d.keys("2");
    for words in ["first words", "second words", "third words"] {
        d.model.toast(words);
    }
    d.draw();
    assert!(d.shows("third words"), "{}", d.screen());
    assert!(!d.shows("second words"), "one at this size: {}", d.screen());
    assert_eq!(d.model.toasts.shown.len(), 2);
    let gone = d.wake_at().expect("the frame deadline takes it away");
    assert!(gone <= d.model.now + Duration::seconds(5));
    d.model.now = gone;
    d.msg(Msg::Tick);
    assert!(!d.shows("third words"), "{}", d.screen());
    assert!(d.model.toasts.shown.is_empty());
    d.keys("M");
    for words in ["first words", "second words", "third words"] {
        assert!(d.shows(words), "{}", d.screen());
    }
}

#[test]
fn a_toast_covers_neither_footer_nor_cursor_nor_dialog() {
    let mut d = Driver::full(60, 16);
    d.keys("3");
    d.answer_all();
    d.keys("Tab");
    d.model.split = 90;
    d.keys("Tab");
    d.draw();
    let name = d.screens.offboarding.chosen().unwrap().name.clone();
    let row = d.model.hits.cursor_row.unwrap();
    // A terminal so low that the toast would lie on the chosen line: it goes above it.
    d.model.hits.cursor_row = None;
    let long = "words ".repeat(60);
    d.model.complain(long.trim());
    d.draw();
    let lines: Vec<String> = d.screen().lines().map(str::to_owned).collect();
    assert!(lines[usize::from(row)].contains(&name), "{}", d.screen());
    assert!(lines[15].contains("approve"), "the footer: {}", d.screen());
    d.keys("?");
    let help = d.screen();
    d.model.toasts.shown.clear();
    d.draw();
    let frame = |screen: &str| -> Vec<String> {
        let lines = screen
            .lines()
            .map(|line| line.chars().skip(1).take(50).collect());
        lines.skip(1).take(12).collect()
    };
    assert_eq!(frame(&help), frame(&d.screen()), "dialogs lie over toasts");
}

#[test]
fn a_preview_begins_on_every_screen() {
    for screen in ["1", "2", "3", "4", "5"] {
        let mut d = Driver::new(80, 24);
        d.answer_all();
        d.keys(screen);
        d.answer_all();
        d.keys("P");
        assert_eq!(d.model.screen, Screen::Preview, "from {screen}");
        assert!(
            matches!(d.wanted()[..], [Request::Preview(_)]),
            "from {screen}"
        );
    }
    let mut d = Driver::new(80, 24);
    d.answer_all();
    d.keys("5 p");
    assert!(matches!(d.wanted()[..], [Request::Preview(_)]));
}

#[test]
fn a_key_of_another_screen_says_where_it_works() {
    let mut d = Driver::full(80, 24);
    d.keys("1 r");
    assert!(d.shows("r works on Preview"), "{}", d.screen());
    d.keys("5 a");
    assert!(d.shows("a works on Off-boarding"), "{}", d.screen());
    let said = d.model.toasts.log.len();
    d.keys("%");
    assert_eq!(
        d.model.toasts.log.len(),
        said,
        "a key that is nowhere bound says nothing"
    );
}

#[test]
fn many_decisions_are_counted_and_a_restore_tells_its_note() {
    let mut d = Driver::full(120, 40);
    d.keys("3");
    d.answer_all();
    d.keys("t h \"later Enter");
    let mut held = fixtures::cases();
    held.truncate(3);
    for case in &mut held {
        case.state = CaseState::Held;
    }
    d.answer(Answer::Decided(held));
    assert!(d.shows("Off-boarding: 3 cases held."), "{}", d.screen());
    d.answer_all();
    d.keys("[");
    d.answer_all();
    d.keys("U y");
    assert!(
        matches!(d.wanted()[..], [Request::RestoreCase(8)]),
        "{:?}",
        d.wanted()
    );
    let mut back = fixtures::cases().pop().unwrap();
    back.state = CaseState::Restored;
    back.last.as_mut().unwrap().note = Some("2 memberships are back".into());
    d.answer(Answer::Decided(vec![back]));
    assert!(
        d.shows("case 8 restored: 2 memberships are back."),
        "{}",
        d.screen()
    );
}
