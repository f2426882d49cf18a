//! Pictures of every screen and dialog: the text, and the styles in the dark, the light and the colourless theme, at
//! the three sizes of ARCHITECTURE.md, "Habits".

use std::fmt::Write as _;

use super::driver::Driver;
use crate::error::{Error, Kind};
use crate::tui::fixtures;
use crate::tui::kit::glyphs::Glyphs;
use crate::tui::kit::theme::{Depth, Theme, ThemeName};
use crate::tui::request::Answer;

const SIZES: [(u16, u16); 3] = [(60, 16), (80, 24), (120, 40)];

/// Draws a scene at every size in every theme and compares it with what is kept.
fn look(name: &str, scene: impl Fn(&mut Driver)) {
    for (width, height) in SIZES {
        let mut driver = Driver::full(width, height);
        scene(&mut driver);
        driver.draw();
        let text = driver.screen();
        let mut picture = text.clone();
        for (theme, depth) in [
            (ThemeName::Dark, Depth::True),
            (ThemeName::Light, Depth::True),
            (ThemeName::Mono, Depth::None),
        ] {
            driver.model.theme = Theme::new(theme, depth);
            driver.draw();
            assert_eq!(driver.screen(), text, "a theme changes no text");
            assert_eq!(driver.unreadable(), "", "{name}, {}", theme.word());
            let styles = driver.styles();
            if theme == ThemeName::Mono {
                assert!(
                    !styles.contains("fg ") && !styles.contains("bg "),
                    "NO_COLOR: {styles}"
                );
            }
            let _ = write!(picture, "--- {}\n{styles}", theme.word());
        }
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(format!("{name}_{width}x{height}"), picture));
    }
}

/// Everything that is drawn in ASCII is ASCII, whatever the data.
fn ascii(scene: impl Fn(&mut Driver)) {
    let mut driver = Driver::full(120, 40);
    driver.model.glyphs = &Glyphs::ASCII;
    scene(&mut driver);
    driver.draw();
    let screen = driver.screen();
    assert!(screen.is_ascii(), "{screen}");
}

macro_rules! looks {
    ($($name:ident: $scene:expr;)*) => {
        $(#[test] fn $name() { look(stringify!($name), $scene); })*

        #[test]
        fn ascii_draws_ascii_only() {
            $(ascii($scene);)*
        }

        #[test]
        fn nothing_from_data_reaches_the_terminal_raw() {
            $({
                let scene: fn(&mut Driver) = $scene;
                let mut driver = Driver::full(120, 40);
                scene(&mut driver);
                driver.draw();
                let screen = driver.screen().replace('\n', "");
                assert_eq!(crate::text::safe(&screen), screen);
            })*
        }
    };
}

looks! {
    overview: |_| {};
    overview_first_start: |d| {
        let mut status = fixtures::status();
        status.last_runs.clear();
        status.cases = crate::values::CaseCounts::default();
        status.carried_over = 0;
        d.model.facts.status = Some(Box::new(status));
        d.model.facts.runs.clear();
        d.screens.preview.review = None;
    };
    preview: |d| { d.keys("2"); };
    preview_guard: |d| {
        d.keys("2 P");
        d.answer(Answer::Plan(Box::new(fixtures::plan_with(12))));
        d.model.toasts.shown.clear();
    };
    preview_detail: |d| { d.keys("2 G k k k k k k k k k k v Enter"); };
    preview_empty: |d| { d.screens.preview.review = None; d.keys("2"); };
    preview_excluded: |d| { d.keys("2 ]"); };
    preview_warnings: |d| { d.keys("2 ] ]"); };
    preview_filter: |d| { d.keys("2 / \"op:update,add_-changed:website"); };
    preview_filter_error: |d| { d.keys("2 / \"op:add_teir:x"); };
    preview_toast: |d| { d.keys("2 t"); };
    progress: |d| {
        d.keys("2 P");
        let ticket = d.asked.last().unwrap().0;
        let event = |read, pages| crate::progress::RunEvent::Reading {
            entity: crate::plan::Entity::Contacts,
            pages,
            read,
            count: Some(35_000),
            retries: 2,
            attempt: 1,
        };
        d.msg(crate::tui::msg::Msg::Event(ticket, event(0, 0)));
        d.model.now += chrono::Duration::seconds(7);
        d.msg(crate::tui::msg::Msg::Event(ticket, event(14_200, 142)));
        d.model.toasts.shown.clear();
    };
    confirm_apply: |d| { d.keys("2 A"); };
    confirm_release: |d| {
        d.keys("2 P");
        d.answer(Answer::Plan(Box::new(fixtures::plan_with(12))));
        d.model.toasts.shown.clear();
        d.keys("! \"reorganised Enter 1 5");
    };
    confirm_hold: |d| { d.keys("2 h"); };
    applied: |d| {
        d.keys("2 A 3 Enter");
        d.answer(Answer::Report(Box::new(fixtures::report())));
        d.model.toasts.shown.clear();
    };
    offboarding: |d| { d.keys("3"); d.answer_all(); d.keys("j"); d.answer_all(); };
    offboarding_closed: |d| { d.keys("3"); d.answer_all(); d.keys("["); d.answer_all(); };
    offboarding_approve: |d| { d.keys("3"); d.answer_all(); d.keys("j"); d.answer_all(); d.keys("a"); d.answer_all(); d.wait(300); };
    certifications: |d| { d.keys("4 p"); d.answer_all(); d.model.toasts.shown.clear(); };
    certifications_push: |d| { d.keys("4 p"); d.answer_all(); d.model.toasts.shown.clear(); d.keys("A"); };
    history: |d| { d.keys("5"); };
    history_run: |d| { d.keys("5 Enter"); d.answer_all(); };
    journal: |d| { d.keys("2 J"); d.answer_all(); };
    help: |d| { d.keys("2 ?"); };
    palette: |d| { d.keys("2 : \"tick"); };
    export_menu: |d| { d.keys("2 e"); };
    failure: |d| {
        d.keys("2 P");
        d.fail(Error::new(Kind::Upstream, "unauthorized", "Impartner refused the key (401). Nothing was read, nothing was written.")
            .help("Set PRMDESK_IMPARTNER_API_KEY to a key that is still valid.")
            .source(std::io::Error::other("GET /api/objects/v1/Account: 401 Unauthorized")));
        d.model.toasts.shown.clear();
        d.keys("Enter");
    };
}

#[test]
fn a_terminal_too_small_says_so_in_one_line() {
    let driver = Driver::new(59, 15);
    let screen = driver.screen();
    assert!(screen.starts_with("prmdesk needs 60x16"), "{screen}");
    assert_eq!(screen.trim().lines().count(), 1);
}
