//! The actions of screen 4 that are not ticks.

use super::super::certs::{Certs, PushResult};
use super::super::dialog::{Ask, Dialog, Listing, TextDialog, Then};
use super::super::model::Model;
use super::super::msg::{Effect, Request};
use super::super::partner;
use super::act;
use crate::text::safe;
use crate::tui::kit::cells::counted;
use crate::tui::kit::tone::Tone;
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

/// The ticked partners and what would be written, in words.
fn push_words(model: &Model) -> (Vec<i64>, Vec<String>) {
    let rows = model
        .certs
        .rows
        .iter()
        .filter(|row| model.certs.ticked.contains(&row.row_id));
    rows.map(|row| (row.row_id, words(model, row))).unzip()
}

/// `C`: reads what Impartner holds for the partner under the cursor; the question follows.
pub(super) fn push_partner(model: &mut Model) -> Vec<Effect> {
    match partner::shown(model) {
        Ok(row) => vec![model.ask(Request::CertsOf(row))],
        Err(why) => {
            model.complain(why);
            Vec::new()
        }
    }
}

/// One partner's figures are here: asks before it pushes them, or says that there is nothing to push.
pub(super) fn ask_one(model: &mut Model, rows: &[CertRow]) -> Vec<Effect> {
    let Some(row) = rows.first() else {
        model.complain("There is no active partner to compare.");
        return Vec::new();
    };
    let name = safe(&row.name);
    if let Some(why) = Certs::not_tickable(row) {
        let note = row
            .note
            .as_deref()
            .map_or_else(String::new, |note| [" ", &safe(note), "."].concat());
        model.toast(format!("{name}: {why}{note}"));
        return Vec::new();
    }
    let lines = vec![figures(model, row)];
    ask(
        model,
        format!("Push figures of {name}?"),
        "Push".to_owned(),
        vec![row.row_id],
        lines,
    )
}

/// `A` on Certifications: asks before it pushes.
pub(super) fn push_certs(model: &mut Model) -> Vec<Effect> {
    let (ids, lines) = push_words(model);
    let partners = counted(ids.len() as u64, "partner");
    ask(
        model,
        format!("Push figures of {partners} to Impartner?"),
        format!("Push {partners}"),
        ids,
        lines,
    )
}

/// The question before a push.
fn ask(
    model: &mut Model,
    title: String,
    yes: String,
    ids: Vec<i64>,
    lines: Vec<String>,
) -> Vec<Effect> {
    let mut ask = Ask::new(title, yes, Then::Push(ids));
    ask.intro.push((
        Tone::Plain,
        "What Impartner holds is kept in the journal before it is written over.".to_owned(),
    ));
    ask.listing = Listing::Lines(lines);
    act::push(model, Dialog::Ask(Box::new(ask)))
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
