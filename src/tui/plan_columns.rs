//! The columns of a plan's list, as data: title, width, what stands in a cell, how it sorts.

use std::borrow::Cow;
use std::cmp::Ordering as Order;
use std::sync::atomic::{AtomicBool, Ordering};

use super::glyphs::Glyphs;
use super::query::Tab;
use crate::plan::{Entity, Evidence, Item, ItemView, Op, Plan, Value};
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
    match view.item.op {
        Op::Update => first_change(view, glyphs),
        Op::SoftDelete => safe(match view.item.evidence {
            // The reasons of these say it all; the others begin with what the evidence is.
            Some(Evidence::Inactive | Evidence::Deleted | Evidence::Undo) | None => view.reason(),
            Some(evidence) => {
                return safe(&format!(
                    "{}: {}",
                    super::words::evidence(evidence),
                    view.reason()
                ));
            }
        }),
        Op::Add => match view.item.entity {
            Entity::Partners => safe(&joined(view, &["partner_tier", "country"])),
            Entity::Contacts => safe(&joined(view, &["first_name", "last_name"])),
        },
        Op::Reactivate => {
            if view.item.changed.is_empty() {
                "is back".to_owned()
            } else {
                format!("is back; {}", first_change(view, glyphs))
            }
        }
        Op::Conflict | Op::Excluded | Op::Unchanged => safe(view.reason()),
    }
}

fn joined(view: &ItemView<'_>, columns: &[&str]) -> String {
    let parts: Vec<&str> = columns.iter().filter_map(|c| view.column(c)).collect();
    parts.join(" ")
}

/// The most telling change: the tier where it changes, else the first.
fn first_change(view: &ItemView<'_>, glyphs: &Glyphs) -> String {
    let mut changes: Vec<_> = view.changes().collect();
    if let Some(at) = changes.iter().position(|c| c.field == "partner_tier") {
        changes.swap(0, at);
    }
    let Some(change) = changes.first() else {
        return String::new();
    };
    let text = |value: &Value<'_>| match value.text() {
        Some(text) => safe(&text),
        None => "none".to_owned(),
    };
    // A partner link is shown by name: its row id tells nobody anything.
    if change.field == "partner_id" {
        let name = |partner: Option<&crate::plan::PartnerRef>| {
            partner.map_or_else(|| "none".to_owned(), |partner| safe(&partner.name))
        };
        return format!(
            "{} {} {}",
            name(view.partner_before()),
            glyphs.arrow,
            name(view.partner_after())
        );
    }
    let tier = change.field == "partner_tier";
    let label = if tier {
        String::new()
    } else {
        format!("{}: ", change.label)
    };
    format!(
        "{label}{} {} {}",
        text(&change.before),
        glyphs.arrow,
        text(&change.after)
    )
}

/// Sorts `lines` of `tab` by `column`, ties as they were. `None`: stopped.
pub(super) fn sort(
    stop: &AtomicBool,
    plan: &Plan,
    tab: Tab,
    column: PlanColumn,
    lines: &mut Vec<u32>,
) -> Option<()> {
    let item = |at: u32| tab.item(plan, at);
    if stop.load(Ordering::Relaxed) {
        return None;
    }
    let by_item = |lines: &mut Vec<u32>, key: &dyn Fn(&Item) -> i64| {
        lines.sort_by_cached_key(|&at| item(at).map(key));
    };
    match column {
        PlanColumn::Op => by_item(lines, &|item| item.op as i64),
        PlanColumn::Fields => by_item(lines, &|item| i64::from(item.changed.count())),
        PlanColumn::Id => by_item(lines, &|item| item.impartner_id.unwrap_or(i64::MAX)),
        PlanColumn::Name | PlanColumn::What | PlanColumn::Where => {
            sort_by_text(plan, tab, column, lines);
        }
    }
    (!stop.load(Ordering::Relaxed)).then_some(())
}

/// Sorts by text without regard to ASCII case. Texts stay where they are: a key is eight bytes of it, and only ties
/// among these look at the whole.
fn sort_by_text(plan: &Plan, tab: Tab, column: PlanColumn, lines: &mut Vec<u32>) {
    let text = |at: u32| -> Cow<'_, str> {
        let Some(item) = tab.item(plan, at) else {
            return Cow::Borrowed("");
        };
        let view = plan.view_of(item);
        match column {
            PlanColumn::Where => Cow::Borrowed(place(&view)),
            PlanColumn::What => Cow::Owned(what(&view, &Glyphs::ASCII)),
            _ => Cow::Borrowed(view.name()),
        }
    };
    let prefix = |text: &str| {
        let mut key = [0u8; 8];
        for (to, from) in key.iter_mut().zip(text.bytes()) {
            *to = from.to_ascii_lowercase();
        }
        u64::from_be_bytes(key)
    };
    let mut keyed: Vec<(u64, u32)> = lines.iter().map(|&at| (prefix(&text(at)), at)).collect();
    keyed.sort_by(|(a, left), (b, right)| {
        a.cmp(b).then_with(|| {
            if *a == 0 {
                return Order::Equal;
            }
            let (left, right) = (text(*left), text(*right));
            let lower = |byte: u8| byte.to_ascii_lowercase();
            left.bytes().map(lower).cmp(right.bytes().map(lower))
        })
    });
    lines.clear();
    lines.extend(keyed.into_iter().map(|(_, at)| at));
}
