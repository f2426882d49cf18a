//! The plan as CSV (docs/contract.md, "JSON"): one line for each changed field, spreadsheet formulas neutralised.

use std::io;

use super::ItemView;
use crate::text::csv_cell;

/// The columns.
pub const COLUMNS: [&str; 11] = [
    "entity",
    "op",
    "impartner_id",
    "row_id",
    "name",
    "field",
    "before",
    "after",
    "reason",
    "evidence",
    "selected",
];

/// Writes `items` as CSV with a head line. A record without a changed field gets one line with an empty field.
/// Beside each item stands whether it is ticked now.
pub fn write_csv<'a>(
    writer: impl io::Write,
    items: impl Iterator<Item = (ItemView<'a>, bool)>,
) -> Result<(), csv::Error> {
    let mut csv = csv::Writer::from_writer(writer);
    csv.write_record(COLUMNS)?;
    for (view, ticked) in items {
        let item = view.item;
        let id = |id: Option<i64>| id.map_or_else(String::new, |id| id.to_string());
        let mut line = |field: &str, before: Option<&str>, after: Option<&str>| {
            // No id is negative, so every cell may go through the neutraliser.
            let cells = [
                item.entity.word(),
                item.op.word(),
                &id(item.impartner_id),
                &id(item.row_id),
                view.name(),
                field,
                before.unwrap_or_default(),
                after.unwrap_or_default(),
                view.reason(),
                item.evidence.map_or("", super::Evidence::word),
                if ticked { "true" } else { "false" },
            ]
            .map(csv_cell);
            csv.write_record(&cells)
        };
        let mut changes = view.changes().peekable();
        if changes.peek().is_none() {
            line("", None, None)?;
        }
        for change in changes {
            line(
                change.field,
                change.before.text().as_deref(),
                change.after.text().as_deref(),
            )?;
        }
    }
    csv.flush()?;
    Ok(())
}
