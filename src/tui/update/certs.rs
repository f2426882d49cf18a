//! The actions of screen 4 that are not ticks.

use crate::text::safe;
use crate::tui::certs::{Certs, PushResult};
use crate::tui::dialog::places;
use crate::tui::dialog::{Ask, Dialog, Listing, TextDialog, Then, Waits};
use crate::tui::keymap::Screen;
use crate::tui::kit::cells::counted;
use crate::tui::kit::tone::Tone;
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::partner;
use crate::tui::request::{Request, Ticket};
use crate::tui::update::act;
use crate::values::CertRow;

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

/// `C`: reads what Impartner holds for the partner under the cursor; the question follows.
pub(super) fn push_partner(model: &mut Model) -> Vec<Effect> {
    match partner::shown(model) {
        Ok(row) => {
            let (ticket, effect) = model.ask_for(Request::CertsOf(row));
            places::keep(&mut model.dialogs, "Push figures?", Waits::Answer(ticket));
            vec![effect]
        }
        Err(why) => {
            model.complain(why);
            Vec::new()
        }
    }
}

/// One partner's figures are here: asks before it pushes them, or says that there is nothing to push.
pub(super) fn ask_one(model: &mut Model, ticket: Ticket, rows: &[CertRow]) -> Vec<Effect> {
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
    if let Some(known) = model
        .certs
        .rows
        .iter_mut()
        .find(|known| known.row_id == row.row_id)
    {
        known.clone_from(row);
    }
    let name = safe(&row.name);
    if let Some(why) = Certs::not_tickable(row) {
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
pub(super) fn push_certs(model: &mut Model) -> Vec<Effect> {
    let ticked = &model.certs.ticked;
    let rows = model.certs.rows.iter();
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
    act::push(model, Dialog::Ask(Box::new(question)))
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
pub(super) fn open_partner(model: &mut Model) -> Vec<Effect> {
    let Some(row) = model.certs.chosen() else {
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
    match model.certs.results.get(&row.row_id) {
        Some(PushResult::Ok) => lines.push((Tone::Good, "Pushed.".to_owned())),
        Some(PushResult::Fault(why)) => lines.push((Tone::Bad, safe(why))),
        None => {}
    }
    let title = safe(&row.name);
    act::push(model, Dialog::Text(TextDialog::new(title, lines)))
}
