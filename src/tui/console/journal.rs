//! The journal of one record: who changed it, when, from what to what, by which plan. Its twin on the
//! command line is `prmdesk runs history`.

use super::Console;
use crate::plan::Entity;
use crate::text::safe;
use crate::tui::dialog::{Dialog, TextDialog};
use crate::tui::kit::tone::{Tone, ToneLine};
use crate::tui::kit::words::changed_fields;
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::request::Request;
use crate::values::JournalEntry;

/// `J`: asks for the journal of the chosen record.
pub(super) fn journal(console: &mut Console) -> Vec<Effect> {
    let (room, model) = console.here();
    let Some((entity, impartner_id)) = room.subject(model).record else {
        model.complain("Choose a record with an Impartner id first.");
        return Vec::new();
    };
    vec![model.ask(Request::Journal {
        entity,
        impartner_id,
    })]
}

/// The journal as a dialog.
pub(super) fn dialog(
    model: &Model,
    entity: Entity,
    impartner_id: i64,
    entries: &[JournalEntry],
) -> Dialog {
    let name = entries
        .first()
        .map_or_else(String::new, |entry| format!(" {}", safe(&entry.name)));
    let title = format!("Journal of {}{name} #{impartner_id}", entity.singular());
    Dialog::Text(TextDialog::new(title, lines(model, entries)))
}

/// The changes, newest first.
fn lines(model: &Model, entries: &[JournalEntry]) -> Vec<ToneLine> {
    if entries.is_empty() {
        return vec![(
            Tone::Dim,
            "prmdesk has never changed this record.".to_owned(),
        )];
    }
    let mut lines = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        if at > 0 {
            lines.push((Tone::Plain, String::new()));
        }
        let status = if entry.status == "applied" {
            String::new()
        } else {
            format!(" ({})", entry.status)
        };
        lines.push((
            Tone::Strong,
            safe(&format!(
                "{}  {} {}{status}",
                entry.at.format("%Y-%m-%d %H:%M:%S"),
                model.glyphs.sign(entry.op),
                entry.op.label(),
            )),
        ));
        let plan = entry.plan_id.as_deref().map_or_else(String::new, |plan| {
            format!(", plan {}", plan.chars().take(12).collect::<String>())
        });
        lines.push((
            Tone::Dim,
            safe(&format!(
                "  by {} in run {}{plan}",
                entry.operator, entry.run_id
            )),
        ));
        for (field, before, after) in changed_fields(entry) {
            lines.push((
                Tone::Plain,
                safe(&format!(
                    "  {field}: {before} {} {after}",
                    model.glyphs.arrow
                )),
            ));
        }
        if let Some(message) = &entry.message {
            lines.push((Tone::Dim, safe(&format!("  {message}"))));
        }
    }
    lines
}
