//! The actions of screen 4.

use std::any::Any;

use super::state::{Certifications, PushResult};
use crate::text::safe;
use crate::tui::dialog::places;
use crate::tui::dialog::{Ask, Dialog, Listing, TextDialog, Then, Waits};
use crate::tui::keymap::Screen;
use crate::tui::kit::cells::{count, counted};
use crate::tui::kit::list::{Move, toggle_all};
use crate::tui::kit::tone::Tone;
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::request::{Reach, Request, Ticket};
use crate::tui::room;
use crate::values::{CertReport, CertRow};

/// A partner and what would be written, in words.
fn words(model: &Model, row: &CertRow) -> String {
    safe(&format!("{}  {}", row.name, figures(model, row)))
}

/// What would be written, before and after.
fn figures(model: &Model, row: &CertRow) -> String {
    let remote = row.remote.unwrap_or_default();
    safe(&format!(
        "certifications {} {arrow} {}, NPCU {} {arrow} {}",
        remote.certification_count,
        row.local.certification_count,
        remote.total_npcu,
        row.local.total_npcu,
        arrow = model.glyphs.arrow,
    ))
}

/// One partner's figures are here: asks before it pushes them, or says that there is nothing to push.
pub(super) fn ask_one(
    certs: &mut Certifications,
    model: &mut Model,
    ticket: Ticket,
    rows: &[CertRow],
) -> Vec<Effect> {
    let place = Waits::Answer(ticket);
    let wanted = places::kept(&model.dialogs, place);
    let Some(row) = rows.first().filter(|_| wanted) else {
        places::leave(&mut model.dialogs, place);
        if wanted {
            model.complain("There is no active partner to compare.");
        }
        return Vec::new();
    };
    // What stands in the comparison is older.
    if let Some(known) = certs
        .rows
        .iter_mut()
        .find(|known| known.row_id == row.row_id)
    {
        known.clone_from(row);
    }
    let name = safe(&row.name);
    if let Some(why) = Certifications::not_tickable(row) {
        let note = row
            .note
            .as_deref()
            .map_or_else(String::new, |note| [" ", &safe(note), "."].concat());
        places::leave(&mut model.dialogs, place);
        model.toast(format!("{name}: {why}{note}"));
        return Vec::new();
    }
    let lines = vec![figures(model, row)];
    let question = question(
        format!("Push figures of {name}?"),
        "Push".to_owned(),
        vec![row.clone()],
        lines,
    );
    places::fill(&mut model.dialogs, place, question);
    Vec::new()
}

/// `A` on Certifications: asks before it pushes.
pub(super) fn push(certs: &Certifications, model: &mut Model) -> Vec<Effect> {
    let ticked = &certs.ticked;
    let rows = certs.rows.iter();
    let rows: Vec<CertRow> = rows
        .filter(|row| ticked.contains(&row.row_id))
        .cloned()
        .collect();
    let lines = rows.iter().map(|row| words(model, row)).collect();
    let partners = counted(rows.len() as u64, "partner");
    let question = question(
        format!("Push figures of {partners} to Impartner?"),
        format!("Push {partners}"),
        rows,
        lines,
    );
    model.ask_first(question)
}

/// The question before a push.
fn question(title: String, yes: String, rows: Vec<CertRow>, lines: Vec<String>) -> Ask {
    let mut ask = Ask::new(title, yes, Then::Send(Request::PushCerts(rows.clone())))
        .about(Screen::Certifications, rows);
    ask.intro.push((
        Tone::Plain,
        "What Impartner holds is kept in the journal before it is written over.".to_owned(),
    ));
    ask.listing = Listing::Lines(lines);
    ask
}

/// Enter on Certifications: the partner in full.
pub(super) fn open(certs: &Certifications, model: &mut Model) -> Vec<Effect> {
    let Some(row) = certs.chosen() else {
        return Vec::new();
    };
    let mut lines = vec![
        (
            Tone::Plain,
            format!(
                "Row {}, Impartner id {}",
                row.row_id,
                row.impartner_id
                    .map_or_else(|| "none".to_owned(), |id| format!("#{id}"))
            ),
        ),
        (
            Tone::Plain,
            format!(
                "Ours       certifications {}, NPCU {}",
                row.local.certification_count, row.local.total_npcu
            ),
        ),
    ];
    lines.push(match row.remote {
        Some(remote) => (
            Tone::Plain,
            format!(
                "Impartner  certifications {}, NPCU {}",
                remote.certification_count, remote.total_npcu
            ),
        ),
        None => (
            Tone::Warn,
            "The account was not found in Impartner.".to_owned(),
        ),
    });
    if let Some(note) = &row.note {
        lines.push((Tone::Warn, safe(note)));
    }
    match certs.results.get(&row.row_id) {
        Some(PushResult::Ok) => lines.push((Tone::Good, "Pushed.".to_owned())),
        Some(PushResult::Fault(why)) => lines.push((Tone::Bad, safe(why))),
        None => {}
    }
    let title = safe(&row.name);
    model.push(Dialog::Text(TextDialog::new(title, lines)))
}

/// Ticks or unticks the chosen partner.
pub(super) fn tick(certs: &mut Certifications, model: &mut Model) -> Vec<Effect> {
    let Some(row) = certs.chosen() else {
        model.complain("There is no partner to tick; p compares with Impartner.");
        return Vec::new();
    };
    if let Some(why) = Certifications::not_tickable(row) {
        model.complain(why);
        return Vec::new();
    }
    let id = row.row_id;
    if !certs.ticked.remove(&id) {
        certs.ticked.insert(id);
    }
    room::go(certs, model, Move::Down(1))
}

/// Ticks all that are shown; when all are, unticks them.
pub(super) fn tick_shown(certs: &mut Certifications) -> Vec<Effect> {
    let shown = certs.shown().into_iter();
    let all: Vec<i64> = shown
        .filter(|row| Certifications::not_tickable(row).is_none())
        .map(|row| row.row_id)
        .collect();
    toggle_all(&mut certs.ticked, &all);
    Vec::new()
}

/// `v`: only differences, or all.
pub(super) fn all_fields(certs: &mut Certifications) -> Vec<Effect> {
    certs.shows = certs.shows.other();
    let last = certs.shown().len().saturating_sub(1);
    certs.cursor.at = certs.cursor.at.min(last);
    Vec::new()
}

/// A comparison is here.
pub(super) fn compared(
    certs: &mut Certifications,
    model: &mut Model,
    rows: Vec<CertRow>,
) -> Vec<Effect> {
    certs.take_in(rows);
    let differing = certs.rows.iter().filter(|row| row.differs).count() as u64;
    model.toast(format!(
        "{} of {} differ.",
        count(differing),
        counted(certs.rows.len() as u64, "partner")
    ));
    Vec::new()
}

/// A push ended: says how, and shows it.
pub(super) fn pushed(
    certs: &mut Certifications,
    model: &mut Model,
    report: &CertReport,
    request: Option<&Request>,
) -> Vec<Effect> {
    if let Some(Request::PushCerts(rows)) = request {
        certs.settle(rows, report);
    }
    let said = format!(
        "Pushed {}, unchanged {}, not settled {}{}.",
        count(report.pushed),
        count(report.unchanged),
        report.failed.len(),
        match report.withheld.len() {
            0 => String::new(),
            some => format!(", withheld {some}"),
        }
    );
    if report.failed.is_empty() && report.withheld.is_empty() {
        model.toast(said);
    } else {
        model.complain(said);
        let lines = report
            .failed
            .iter()
            .chain(&report.withheld)
            .map(|fault| {
                (
                    Tone::Bad,
                    safe(&format!(
                        "{} {}: {}",
                        fault.name, fault.status, fault.message
                    )),
                )
            })
            .collect();
        let result = TextDialog::new("Not settled", lines);
        places::announce(&mut model.dialogs, Dialog::Text(result));
    }
    vec![
        model.ask(Request::Status(Reach::Stored)),
        model.ask(Request::Runs),
    ]
}

/// Why a question is out of date: figures that it showed have changed.
pub(super) fn outdated(certs: &Certifications, about: &dyn Any) -> Option<String> {
    let shown = about.downcast_ref::<Vec<CertRow>>()?;
    shown.iter().find_map(|row| {
        let known = certs.rows.iter().find(|now| now.row_id == row.row_id)?;
        (known != row).then(|| {
            safe(&format!(
                "The figures of {} changed under the question, so it was closed and nothing was pushed. Look and ask again.",
                row.name
            ))
        })
    })
}
