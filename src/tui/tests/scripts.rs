//! Scripts: keys in, what the console asks of the core and shows out.

use super::driver::Driver;
use crate::plan::{Entity, Mode, Op};
use crate::tui::dialog::Dialog;
use crate::tui::fixtures;
use crate::tui::keymap::Screen;
use crate::tui::model::Life;
use crate::tui::msg::Msg;
use crate::tui::request::{Answer, Request};

fn plan(driver: &mut Driver, leavers: i64) {
    driver.keys("2 P");
    driver.answer(Answer::Plan(Box::new(fixtures::plan_with(leavers))));
    driver.answer_all();
}

fn ticked(driver: &Driver) -> usize {
    driver
        .screens
        .preview
        .review
        .as_ref()
        .unwrap()
        .selection
        .count()
}

fn chosen_name(driver: &Driver) -> String {
    driver
        .screens
        .preview
        .review
        .as_ref()
        .unwrap()
        .view()
        .unwrap()
        .name()
        .to_owned()
}

#[test]
fn a_full_preview_is_asked_for_and_shown() {
    let mut d = Driver::new(80, 24);
    d.answer_all();
    d.keys("P");
    assert_eq!(d.model.screen, Screen::Preview);
    assert!(matches!(d.wanted()[..], [Request::Preview(request)] if request.mode == Mode::Full));
    d.answer(Answer::Plan(Box::new(fixtures::small_plan())));
    assert!(d.shows("Borealis GmbH"), "{}", d.screen());
    assert!(d.shows("apply 12 ticked"), "{}", d.screen());
    assert!(
        d.shows("Evil \\u{202e}"),
        "escapes are visible: {}",
        d.screen()
    );
}

#[test]
fn from_preview_to_apply_with_the_typed_number() {
    let mut d = Driver::full(80, 24);
    d.keys("2 A");
    assert!(matches!(d.model.dialogs[..], [Dialog::Ask(_)]));
    d.keys("A A");
    assert!(d.wanted().is_empty(), "the key just used confirms nothing");
    d.keys("2 Enter");
    assert!(d.wanted().is_empty(), "a wrong number confirms nothing");
    assert!(d.shows("Type the number 3"), "{}", d.screen());
    d.msg(Msg::Paste("3".into()));
    d.keys("Backspace 3 Enter");
    match d.wanted()[..] {
        [
            Request::Apply {
                selection, release, ..
            },
        ] => {
            assert_eq!(selection.count(), 12);
            assert_eq!(release.deletes, None);
        }
        ref other => panic!("{other:?}"),
    }
    d.answer(Answer::Report(Box::new(fixtures::report())));
    assert!(d.screens.preview.review.is_none());
    assert!(d.shows("Run 13"), "{}", d.screen());
    assert!(d.model.dialogs.is_empty(), "a good end is no question");
}

#[test]
fn enter_on_a_fresh_question_says_no() {
    let mut d = Driver::full(80, 24);
    d.keys("2 A Enter");
    assert!(d.model.dialogs.is_empty());
    assert!(d.wanted().is_empty());
}

#[test]
fn escape_peels_one_layer_at_a_time() {
    let mut d = Driver::full(80, 24);
    d.keys("2 / \"acme Enter Enter ?");
    assert_eq!(d.model.dialogs.len(), 1);
    d.keys("Esc");
    assert!(d.model.dialogs.is_empty());
    assert_eq!(d.screens.preview.pane, crate::tui::kit::panes::Pane::Detail);
    d.keys("Esc");
    assert_eq!(d.screens.preview.pane, crate::tui::kit::panes::Pane::List);
    assert!(d.screens.preview.filter.active());
    d.keys("Esc");
    assert!(!d.screens.preview.filter.active());
    d.keys("Esc");
    assert_eq!(d.model.screen, Screen::Preview);
    assert_eq!(d.model.life, Life::Runs);
}

#[test]
fn ticks_are_by_record_and_survive_filter_and_sort() {
    let mut d = Driver::full(120, 40);
    d.keys("2");
    let before = ticked(&d);
    d.keys("/ \"op:add Enter t");
    let adds = d
        .screens
        .preview
        .review
        .as_ref()
        .unwrap()
        .list()
        .shown
        .len();
    assert_eq!(
        ticked(&d),
        before - adds,
        "all shown were ticked, so t unticks them"
    );
    d.keys("t");
    assert_eq!(ticked(&d), before);
    d.keys("Space s s S");
    assert_eq!(ticked(&d), before - 1);
    assert!(d.shows("hidden by the filter"), "{}", d.screen());
    d.keys("Esc");
    assert_eq!(ticked(&d), before - 1);
    assert!(!d.shows("hidden by the filter"));
}

#[test]
fn what_cannot_be_ticked_says_why() {
    let mut d = Driver::full(120, 40);
    d.keys("2 / \"doubtful Enter Space");
    assert!(d.shows("the by-id check failed"), "{}", d.screen());
    d.keys("Esc / \"keepers Enter Space");
    assert!(d.shows("on hold"), "{}", d.screen());
    d.keys("Esc / \"twin Enter t");
    assert!(d.shows("2 cannot be ticked"), "{}", d.screen());
}

#[test]
fn keys_typed_while_the_list_is_computed_wait_for_it() {
    let mut d = Driver::full(120, 40);
    d.keys("2");
    d.slow = true;
    let before = ticked(&d);
    // The list still shows everything; t is meant for what the filter will show.
    d.keys("/ \"op:soft Enter t");
    assert_eq!(ticked(&d), before, "t waits");
    assert_eq!(d.model.typed_ahead.len(), 1);
    d.compute();
    assert!(d.model.typed_ahead.is_empty());
    let review = d.screens.preview.review.as_ref().unwrap();
    let deletes = review
        .plan
        .items
        .iter()
        .enumerate()
        .filter(|(_, item)| item.op == Op::SoftDelete);
    let open: Vec<usize> = deletes
        .filter(|(at, _)| review.plan.view(*at).tickable().is_ok())
        .map(|(at, _)| at)
        .collect();
    assert!(open.iter().all(|&at| review.selection.is_ticked(at)));
    assert_eq!(
        review.selection.count(),
        before + 1,
        "only the out-of-scope one was not ticked before"
    );
}

#[test]
fn one_query_runs_and_one_waits() {
    let mut d = Driver::full(120, 40);
    d.keys("2");
    d.slow = true;
    d.keys("/ \"acmecorp");
    assert_eq!(
        d.computing.len(),
        1,
        "one key, one query; the others wait for it"
    );
    d.compute();
    assert!(d.computing.is_empty());
    let review = d.screens.preview.review.as_ref().unwrap();
    assert!(
        review.list().shown.is_empty(),
        "the last filter is in force"
    );
    assert!(!review.query.pending());
}

#[test]
fn a_late_answer_of_an_older_request_is_dropped() {
    let mut d = Driver::new(80, 24);
    d.keys("5 Ctrl-R");
    let old = d
        .asked
        .iter()
        .position(|(_, request)| matches!(request, Request::Runs))
        .unwrap();
    let (ticket, _) = d.asked.remove(old);
    d.msg(Msg::Answer(
        ticket,
        Box::new(Ok(Answer::Runs(fixtures::runs()))),
    ));
    assert!(d.model.facts.runs.is_empty());
}

#[test]
fn a_filter_that_does_not_parse_points_at_its_term_and_changes_nothing() {
    let mut d = Driver::full(80, 24);
    d.keys("2 / \"acme_teir:x");
    assert_eq!(
        d.screens.preview.filter.words, "acme teir",
        "the last that parsed stays in force"
    );
    let error = d.screens.preview.filter.error.clone().unwrap();
    assert_eq!(
        &d.screens.preview.filter.input.value()[error.span],
        "teir:x"
    );
    d.keys("Enter");
    assert!(
        d.screens.preview.filter.focused,
        "a bad filter is not left with Enter"
    );
    d.keys("Esc");
    assert!(!d.screens.preview.filter.focused);
}

#[test]
fn earlier_filters_come_back_with_up() {
    let mut d = Driver::full(80, 24);
    d.keys("2 / \"op:add Enter / Ctrl-U \"acme Enter / Up Up");
    assert_eq!(d.screens.preview.filter.input.value(), "op:add");
    d.keys("Down");
    assert_eq!(d.screens.preview.filter.input.value(), "acme");
}

#[test]
fn a_tripped_guard_is_released_by_number_and_reason_for_these_ticks_only() {
    let mut d = Driver::full(120, 40);
    plan(&mut d, 12);
    assert!(d.shows("Guard, soft-deletes withheld"), "{}", d.screen());
    d.keys("! \"reorganisation Enter 1 5 Enter");
    let release = d.screens.preview.review.as_ref().unwrap().release.clone();
    assert_eq!(
        (release.deletes, release.reason.as_deref()),
        (Some(15), Some("reorganisation"))
    );
    assert!(d.wanted().is_empty(), "a release applies nothing");
    d.keys("A");
    assert!(
        d.shows("15 soft-deletes") || d.shows("14 soft-deletes"),
        "{}",
        d.screen()
    );
    d.keys("Esc g Space");
    let release = d.screens.preview.review.as_ref().unwrap().release.clone();
    assert_eq!(release.deletes, None, "other ticks, no release");
    assert!(d.shows("does not fit"), "{}", d.screen());
}

#[test]
fn a_hold_unticks_the_row_and_is_asked_for_with_its_note() {
    let mut d = Driver::full(120, 40);
    d.keys("2 g");
    assert_eq!(chosen_name(&d), "Borealis GmbH");
    let before = ticked(&d);
    d.keys("h \"in_talks Enter");
    match d.wanted()[..] {
        [
            Request::Hold {
                impartner_id: 7,
                note,
                ..
            },
        ] => assert_eq!(note, "in talks"),
        ref other => panic!("{other:?}"),
    }
    assert_eq!(ticked(&d), before, "not held before the desk says so");
    d.answer(Answer::Held(Entity::Partners, 7));
    d.answer_all();
    assert_eq!(ticked(&d), before - 1);
    d.keys("Space");
    assert_eq!(ticked(&d), before - 1, "a held row is not ticked");
}

#[test]
fn reviewed_marks_count() {
    let mut d = Driver::full(120, 40);
    d.keys("2 r r r");
    assert!(d.shows("3 of 17 reviewed"), "{}", d.screen());
    d.keys("g r");
    assert!(d.shows("2 of 17 reviewed"), "{}", d.screen());
}

#[test]
fn n_goes_round_the_notable_lines() {
    let mut d = Driver::full(120, 40);
    d.keys("2 G n");
    assert_eq!(chosen_name(&d), "Borealis GmbH", "round the end");
    d.keys("N");
    assert_eq!(chosen_name(&d), "left@borealis.example");
    d.keys("N");
    assert_eq!(chosen_name(&d), "TWIN  ltd");
}
