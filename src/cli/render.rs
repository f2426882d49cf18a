//! Values as lines for people. Text from outside is made safe by the printer, not here.

pub(super) mod plan;
pub(super) mod run;
pub(super) mod status;

use chrono::{DateTime, Utc};

use crate::plan::{PerEntity, Totals};
use crate::values::Applied;

/// A moment as people read it.
pub(super) fn when(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A moment that may not be there.
pub(super) fn when_or(at: Option<DateTime<Utc>>, none: &str) -> String {
    at.map_or_else(|| none.to_owned(), when)
}

/// "1 row", "2 rows".
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    if number == 1 {
        format!("{number} {one}")
    } else {
        format!("{number} {many}")
    }
}

/// What was written, in signs: "+3 ~18 ^1 -2"; "nothing" for nothing.
pub(super) fn signs(applied: &PerEntity<Applied>) -> String {
    let sum = |of: fn(&Applied) -> u64| of(&applied.partners) + of(&applied.contacts);
    let parts: Vec<String> = [
        ('+', sum(|a| a.add)),
        ('~', sum(|a| a.update)),
        ('^', sum(|a| a.reactivate)),
        ('-', sum(|a| a.soft_delete)),
    ]
    .into_iter()
    .filter(|&(_, number)| number > 0)
    .map(|(sign, number)| format!("{sign}{number}"))
    .collect();
    if parts.is_empty() {
        "nothing".to_owned()
    } else {
        parts.join(" ")
    }
}

/// Totals in words, those that are 0 left out.
pub(super) fn totals(totals: &Totals) -> String {
    let parts: Vec<String> = [
        (totals.soft_delete, "to soft-delete"),
        (totals.reactivate, "to reactivate"),
        (totals.update, "to update"),
        (totals.add, "to add"),
        (totals.conflict, "in conflict"),
        (totals.excluded, "excluded"),
        (totals.unchanged, "unchanged"),
    ]
    .into_iter()
    .filter(|&(number, _)| number > 0)
    .map(|(number, words)| format!("{number} {words}"))
    .collect();
    if parts.is_empty() {
        "no records".to_owned()
    } else {
        parts.join(", ")
    }
}
