//! One record from anywhere: its journal, and the push of one partner's figures.

use super::driver::Driver;
use crate::plan::Entity;
use crate::tui::dialog::Dialog;
use crate::tui::fixtures;
use crate::tui::request::{Answer, Request};
use crate::values::CertReport;

/// The record whose journal was asked for last.
fn asked_journal(d: &Driver) -> (Entity, i64) {
    match d.asked.last().unwrap().1 {
        Request::Journal {
            entity,
            impartner_id,
        } => (entity, impartner_id),
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn the_journal_of_a_record_is_one_key_away_from_every_list_of_records() {
    let mut d = Driver::full(120, 40);
    d.keys("2 J");
    assert_eq!(asked_journal(&d), (Entity::Partners, 7));
    d.answer_all();
    assert!(
        d.shows("Journal of partner Acme Corporation #7"),
        "{}",
        d.screen()
    );
    assert!(
        d.shows("by alice in run 12, plan 0123456789ab"),
        "{}",
        d.screen()
    );
    assert!(d.shows("Tier: Registered"), "{}", d.screen());
    assert!(d.shows("by timer in run 6"), "{}", d.screen());
    d.keys("Esc / \"left@borealis Enter J");
    assert_eq!(asked_journal(&d), (Entity::Contacts, 9_003));
    d.answer_all();
    assert!(
        d.shows("prmdesk has never changed this record."),
        "{}",
        d.screen()
    );
    d.keys("Esc Esc ] ] J");
    let (_, warned) = asked_journal(&d);
    assert_eq!(
        Some(warned),
        fixtures::small_plan().warnings[0].impartner_id
    );
    d.answer_all();
    d.keys("Esc 5 Enter");
    d.answer_all();
    d.keys("j : \"who_changed Enter");
    assert_eq!(asked_journal(&d), (Entity::Partners, 7), "by the palette");
    d.answer_all();
    d.keys("Esc 4 p");
    d.answer_all();
    d.keys("J");
    assert_eq!(asked_journal(&d), (Entity::Partners, 1_017));
}

#[test]
fn one_partners_figures_are_pushed_from_wherever_it_is_shown() {
    let wanted_row = |d: &mut Driver, place: &str| {
        let row = match d.wanted()[..] {
            [Request::CertsOf(row)] => *row,
            ref other => panic!("{place}: {other:?} {}", d.screen()),
        };
        let rows = fixtures::certs().into_iter().take(1);
        d.answer(Answer::CertsOf(rows.collect()));
        assert!(
            d.shows("Push figures of Acme Corporation?"),
            "{place}: {}",
            d.screen()
        );
        assert!(d.shows("certifications 4"), "{place}: {}", d.screen());
        d.wait(300);
        d.keys("Esc");
        assert!(d.model.dialogs.is_empty(), "{place}");
        assert!(
            d.wanted().is_empty(),
            "{place}: nothing is pushed by one key"
        );
        row
    };
    let mut d = Driver::full(120, 40);
    d.keys("2 C");
    assert_eq!(wanted_row(&mut d, "Preview"), 18);
    d.keys("/ \"left@borealis Enter C");
    let contact = wanted_row(&mut d, "a contact's partner");
    assert_eq!(contact, 18);
    d.keys("Esc 3");
    d.answer_all();
    d.keys("C");
    assert!(d.shows("This case is a contact's"), "{}", d.screen());
    d.keys("j");
    d.answer_all();
    d.keys(": \"figures_of_this Enter");
    assert_eq!(wanted_row(&mut d, "Off-boarding, by the palette"), 505);
    d.keys("4 p");
    d.answer_all();
    d.keys("j C");
    assert_eq!(wanted_row(&mut d, "Certifications"), 23);
    d.keys("5 C");
    assert!(d.shows("Open a run with Enter"), "{}", d.screen());
    d.keys("Enter");
    d.answer_all();
    d.keys("C");
    assert_eq!(wanted_row(&mut d, "History"), 17);
}

#[test]
fn a_push_of_one_partner_goes_through_after_the_question_and_says_so() {
    let mut d = Driver::full(80, 24);
    d.keys("2 C");
    d.answer(Answer::CertsOf(fixtures::certs()[..1].to_vec()));
    d.wait(300);
    d.keys("y");
    assert!(
        matches!(d.wanted()[..], [Request::PushCerts(rows)] if rows[..] == fixtures::certs()[..1]),
        "{:?}",
        d.wanted()
    );
    d.answer(Answer::Pushed(CertReport {
        run_id: Some(14),
        pushed: 1,
        rows: Vec::new(),
        failed: Vec::new(),
        unchanged: 0,
        withheld: Vec::new(),
    }));
    assert!(d.shows("Pushed 1"), "{}", d.screen());
    d.answer_all();
    d.keys("C");
    d.answer(Answer::CertsOf(fixtures::certs()[1..2].to_vec()));
    assert!(d.model.dialogs.is_empty());
    assert!(d.shows("nothing to push"), "{}", d.screen());
    d.model.environment.read_only = true;
    d.keys("C");
    assert!(d.wanted().is_empty());
    assert!(d.shows("Read-only mode"), "{}", d.screen());
    assert!(
        !d.model
            .dialogs
            .iter()
            .any(|dialog| matches!(dialog, Dialog::Ask(_)))
    );
}
