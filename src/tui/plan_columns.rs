//! The columns of a plan's list, as data: title, width, what stands in a cell, how it sorts.

use std::borrow::Cow;

use super::glyphs::Glyphs;
use crate::plan::{Entity, Evidence, ItemView, Op};
use crate::text::safe;

/// A column of the plan's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum PlanColumn {
    /// The operation.
    Op,
    /// Account name or e-mail.
    Name,
    /// What changes, or why.
    What,
    /// Region of a partner, partner of a contact.
    Where,
    /// Number of changed fields.
    Fields,
    /// Impartner's id.
    Id,
}

impl PlanColumn {
    /// All, in the order in which `s` goes through them.
    pub(super) const ALL: [Self; 6] = [
        Self::Op,
        Self::Name,
        Self::What,
        Self::Where,
        Self::Fields,
        Self::Id,
    ];

    /// The head of the column.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Op => "op",
            Self::Name => "name",
            Self::What => "what",
            Self::Where => "region/partner",
            Self::Fields => "fields",
            Self::Id => "id",
        }
    }

    /// The name in the state file.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Where => "where",
            other => other.title(),
        }
    }

    /// The column of a name.
    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.word() == word)
    }
}

/// Region of a partner, partner of a contact.
pub(super) fn place<'a>(view: &ItemView<'a>) -> &'a str {
    match view.item.entity {
        Entity::Partners => view.column("account_region"),
        Entity::Contacts => view.partner_name(),
    }
    .unwrap_or_default()
}

/// What changes, or why, in a few words. Safe to show.
pub(super) fn what(view: &ItemView<'_>, glyphs: &Glyphs) -> String {
    let mut raw = String::new();
    write_what(view, glyphs.arrow, &mut raw);
    safe(&raw)
}

/// [`what`] as it came, behind what stands in `out` already: a sort writes a million of them into one text.
pub(super) fn write_what(view: &ItemView<'_>, arrow: &str, out: &mut String) {
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
                out.push_str(super::words::evidence(evidence));
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
