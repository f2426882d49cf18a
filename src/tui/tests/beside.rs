//! Work beside the UI task, and the lists that it makes: what keys wait for it, and what order it keeps.

use super::driver::Driver;
use crate::tui::fixtures;
use crate::tui::msg::Msg;
use crate::tui::request::Answer;

fn ticked(driver: &Driver) -> usize {
    let review = driver.screens.preview.review.as_ref().unwrap();
    review.selection.count()
}

#[test]
fn keys_about_an_old_plan_are_dropped_when_a_new_one_takes_its_place() {
    let mut d = Driver::full(80, 24);
    d.keys("2 P");
    d.slow = true;
    d.answer(Answer::Plan(Box::new(fixtures::plan_with(12))));
    d.keys("A Space");
    assert!(
        d.model.dialogs.is_empty(),
        "the old plan is not asked about"
    );
    d.compute();
    assert!(
        d.model.dialogs.is_empty(),
        "nor the new one by a key before it"
    );
    let review = d.screens.preview.review.as_ref().unwrap();
    assert_eq!(review.plan.items.len(), fixtures::plan_with(12).items.len());
    assert_eq!(
        ticked(&d),
        review
            .plan
            .items
            .iter()
            .filter(|item| item.selected)
            .count()
    );
}

#[test]
fn ticking_all_that_are_shown_is_done_beside_and_keys_wait_for_it() {
    let mut d = Driver::full(80, 24);
    d.keys("2 / \"op:soft Enter");
    let before = ticked(&d);
    d.slow = true;
    d.keys("t Space");
    assert_eq!(ticked(&d), before, "both keys wait");
    d.compute();
    assert_eq!(
        ticked(&d),
        before,
        "one ticked, then the chosen one unticked"
    );
    assert!(
        d.model
            .toasts
            .log
            .iter()
            .any(|toast| toast.text.starts_with("1 ticked; 2 cannot")),
        "{:?}",
        d.model.toasts.log
    );
}

#[test]
fn suspicious_exclusions_come_first_however_they_are_sorted() {
    let mut d = Driver::full(80, 24);
    d.keys("2 ]");
    for key in ["s", "s", "S", "s", "s", "S"] {
        d.keys(key);
        let review = d.screens.preview.review.as_ref().unwrap();
        let first = review.list().shown[0];
        assert!(
            review.view_at(first).unwrap().item.suspicious,
            "after {key}"
        );
    }
}

#[test]
fn a_computation_that_failed_is_said_and_keeps_no_key_waiting() {
    let mut d = Driver::full(80, 24);
    d.keys("2");
    d.slow = true;
    d.keys("t / \"acme Enter Space");
    assert!(!d.model.typed_ahead.is_empty(), "keys wait");
    d.computing.clear();
    d.msg(Msg::Fault("A computation failed.".into()));
    assert!(d.shows("A computation failed."), "{}", d.screen());
    d.slow = false;
    let before = ticked(&d);
    d.keys("Home Space");
    assert_eq!(ticked(&d) + 1, before, "the first line is unticked at once");
}
