//! The console's own words for the core's values.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::cells::count;
use super::glyphs::Glyphs;
use crate::plan::{Entity, Evidence, ItemView, Op, Schema};
use crate::text::safe;
use crate::values::{Applied, JournalEntry, RunStatus, RunSummary};

/// What a soft-delete rests on, in a word or two.
pub(in crate::tui) fn evidence(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Inactive => "inactive",
        Evidence::Deleted => "deleted",
        Evidence::OutOfScope => "our rule",
        Evidence::Unverified => "unverified",
        Evidence::Undo => "undo",
        Evidence::Rule => "edited rule",
    }
}

/// What a soft-delete rests on, in a sentence.
pub(in crate::tui) fn evidence_sentence(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Inactive => "Seen in this run as inactive, or with an excluded tier or status.",
        Evidence::Deleted => "Impartner says that the record does not exist any more.",
        Evidence::OutOfScope => {
            "Seen and healthy, but one of our own rules excludes it now. Ticked by hand only."
        }
        Evidence::Unverified => {
            "Absent from the listing, and the check by id failed or was not made. Cannot be ticked."
        }
        Evidence::Undo => "The run that is undone added this row.",
        Evidence::Rule => {
            "Seen and healthy; only filters that were edited and not accepted yet exclude it. Ticked by hand only."
        }
    }
}

/// What people call a column of ours; a column without a name of its own keeps that of the table.
pub(in crate::tui) fn label(entity: Entity, column: &str) -> String {
    let schema = Schema::of(entity);
    let field = schema.fields.iter().find(|field| field.column == column);
    match (field, column) {
        (Some(field), _) => field.label,
        (None, "is_active") => "Active",
        (None, "deleted_at") => "Deleted at",
        (None, "partner_id") => "Partner row",
        (None, "impartner_id") => "Impartner id",
        (None, other) => other,
    }
    .to_owned()
}

/// An operation as something that is counted: "soft-delete", "addition".
pub(in crate::tui) fn noun(op: Op) -> &'static str {
    match op {
        Op::Add => "addition",
        Op::Reactivate => "reactivation",
        other => other.label(),
    }
}

/// "+3 ~18 ↺1 −2", without what is nought; "no change" when all is.
pub(in crate::tui) fn applied(applied: Applied, glyphs: &Glyphs) -> String {
    let parts: Vec<String> = [
        (Op::Add, applied.add),
        (Op::Update, applied.update),
        (Op::Reactivate, applied.reactivate),
        (Op::SoftDelete, applied.soft_delete),
    ]
    .into_iter()
    .filter(|&(_, number)| number > 0)
    .map(|(op, number)| format!("{}{}", glyphs.sign(op), count(number)))
    .collect();
    if parts.is_empty() {
        "no change".to_owned()
    } else {
        parts.join(" ")
    }
}

/// Both entities of a run together.
pub(in crate::tui) fn applied_in(run: &RunSummary) -> Applied {
    let (p, c) = (run.applied.partners, run.applied.contacts);
    Applied {
        add: p.add + c.add,
        update: p.update + c.update,
        reactivate: p.reactivate + c.reactivate,
        soft_delete: p.soft_delete + c.soft_delete,
    }
}

/// What a run changed, in few words: its rows; a run that is about something else tells it in its message.
pub(in crate::tui) fn changes(run: &RunSummary, glyphs: &Glyphs) -> String {
    let rows = applied_in(run);
    match &run.message {
        Some(message) if rows.total() == 0 && run.status == RunStatus::Applied => safe(message),
        _ => applied(rows, glyphs),
    }
}

/// "sync all full", "undo of 12".
pub(in crate::tui) fn run_title(run: &RunSummary) -> String {
    let mut title = run.kind.clone();
    if let Some(undone) = run.undoes {
        let _ = write!(title, " of run {undone}");
    } else {
        // Where the kind says it all, the scope is the same word.
        if run.scope != run.kind {
            title.push(' ');
            title.push_str(&run.scope);
        }
        if let Some(mode) = run.mode {
            title.push(' ');
            title.push_str(mode.word());
        }
    }
    safe(&title)
}

/// Region of a partner, partner of a contact.
pub(in crate::tui) fn place<'a>(view: &ItemView<'a>) -> &'a str {
    match view.item.entity {
        Entity::Partners => view.column("account_region"),
        Entity::Contacts => view.partner_name(),
    }
    .unwrap_or_default()
}

/// What changes, or why, in a few words. Safe to show.
pub(in crate::tui) fn what(view: &ItemView<'_>, glyphs: &Glyphs) -> String {
    let mut raw = String::new();
    write_what(view, glyphs.arrow, &mut raw);
    safe(&raw)
}

/// [`what`] as it came, behind what stands in `out` already: a sort writes a million of them into one text.
pub(in crate::tui) fn write_what(view: &ItemView<'_>, arrow: &str, out: &mut String) {
    match view.item.op {
        Op::Update => first_change(view, arrow, out),
        Op::SoftDelete => {
            // The reasons of these say it all; the others begin with what the evidence is.
            if let Some(evidence) = view.item.evidence.filter(|evidence| {
                !matches!(
                    evidence,
                    Evidence::Inactive | Evidence::Deleted | Evidence::Undo
                )
            }) {
                out.push_str(self::evidence(evidence));
                out.push_str(": ");
            }
            out.push_str(view.reason());
        }
        Op::Add => match view.item.entity {
            Entity::Partners => joined(view, ["partner_tier", "country"], out),
            Entity::Contacts => joined(view, ["first_name", "last_name"], out),
        },
        Op::Reactivate => {
            out.push_str("is back");
            if !view.item.changed.is_empty() {
                out.push_str("; ");
                first_change(view, arrow, out);
            }
        }
        Op::Conflict | Op::Excluded | Op::Unchanged => out.push_str(view.reason()),
    }
}

fn joined(view: &ItemView<'_>, columns: [&str; 2], out: &mut String) {
    let mut parts = columns.into_iter().filter_map(|column| view.column(column));
    out.push_str(parts.next().unwrap_or_default());
    if let Some(second) = parts.next() {
        out.push(' ');
        out.push_str(second);
    }
}

/// The most telling change: the tier where it changes, else the first.
fn first_change(view: &ItemView<'_>, arrow: &str, out: &mut String) {
    let tier = view.changes().find(|change| change.field == "partner_tier");
    let Some(change) = tier.or_else(|| view.changes().next()) else {
        return;
    };
    // A partner link is shown by name: its row id tells nobody anything.
    let (before, after) = if change.field == "partner_id" {
        let before = view.partner_before().map(|partner| partner.name.as_str());
        let after = view.partner_after().map(|partner| partner.name.as_str());
        (before.map(Cow::Borrowed), after.map(Cow::Borrowed))
    } else {
        if change.field != "partner_tier" {
            out.push_str(change.label);
            out.push_str(": ");
        }
        (change.before.text(), change.after.text())
    };
    let (before, after) = (before.as_deref(), after.as_deref());
    for part in [
        before.unwrap_or("none"),
        " ",
        arrow,
        " ",
        after.unwrap_or("none"),
    ] {
        out.push_str(part);
    }
}

/// The columns of a journal entry that differ, by what people call them, with their values in words.
pub(in crate::tui) fn changed_fields(entry: &JournalEntry) -> Vec<(String, String, String)> {
    let empty = serde_json::Map::new();
    let before = entry.before.as_object().unwrap_or(&empty);
    let after = entry.after.as_object().unwrap_or(&empty);
    let word = |value: Option<&serde_json::Value>| match value {
        None | Some(serde_json::Value::Null) => "none".to_owned(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(serde_json::Value::Bool(true)) => "yes".to_owned(),
        Some(serde_json::Value::Bool(false)) => "no".to_owned(),
        Some(other) => other.to_string(),
    };
    let names = before
        .keys()
        .chain(after.keys().filter(|key| !before.contains_key(*key)));
    // A column that an add left empty was none before and is none now, whether it is said or not.
    let value = |map: &serde_json::Map<String, serde_json::Value>, name: &str| {
        map.get(name).filter(|value| !value.is_null()).cloned()
    };
    names
        .filter(|name| value(before, name) != value(after, name))
        .map(|name| {
            let label = label(entry.entity, name);
            (label, word(before.get(name)), word(after.get(name)))
        })
        .collect()
}
