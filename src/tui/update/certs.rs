//! The actions of screen 4 that are not ticks.

use super::super::cells::counted;
use super::super::certs::PushResult;
use super::super::dialog::{Ask, Dialog, Listing, TextDialog, Then, Tone};
use super::super::model::Model;
use super::super::msg::Effect;
use super::act;
use crate::text::safe;

/// The ticked partners and what would be written, in words.
pub(super) fn push_words(model: &Model) -> (Vec<i64>, Vec<String>) {
    let rows = model
        .certs
        .rows
        .iter()
        .filter(|row| model.certs.ticked.contains(&row.row_id));
    rows.map(|row| {
        let remote = row.remote.unwrap_or_default();
        let line = safe(&format!(
            "{}  certifications {} {arrow} {}, NPCU {} {arrow} {}",
            row.name,
            remote.certification_count,
            row.local.certification_count,
            remote.total_npcu,
            row.local.total_npcu,
            arrow = model.glyphs.arrow,
        ));
        (row.row_id, line)
    })
    .unzip()
}

/// `A` on Certifications: asks before it pushes.
pub(super) fn push_certs(model: &mut Model) -> Vec<Effect> {
    let (ids, lines) = push_words(model);
    let partners = counted(ids.len() as u64, "partner");
    let mut ask = Ask::new(
        format!("Push the figures of {partners} to Impartner?"),
        format!("Push {partners}"),
        Then::Push(ids),
    );
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
