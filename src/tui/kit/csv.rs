//! Rows of CSV for what is exported.

use std::io::{self, Write};

use crate::text::csv_cell;

/// Writes the heads and the rows.
pub(in crate::tui) fn write<const N: usize>(
    out: &mut dyn Write,
    heads: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(heads.map(csv_cell))?;
    for row in rows {
        csv.write_record(row.iter().map(|cell| csv_cell(cell)))?;
    }
    csv.flush()
}

/// An id, or nothing.
pub(in crate::tui) fn id(id: Option<i64>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}
