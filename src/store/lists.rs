//! Lists of values in a statement's text: as many `?` as there are arguments.

/// Rows in one multi-row statement.
pub(super) const CHUNK: usize = 200;

/// `?, ?, ?`.
pub(super) fn marks(n: usize) -> String {
    let mut text = "?, ".repeat(n);
    text.truncate(text.len().saturating_sub(2));
    text
}

/// `(?, ?), (?, ?)`.
pub(super) fn tuples(rows: usize, width: usize) -> String {
    let one = format!("({}), ", marks(width));
    let mut text = one.repeat(rows);
    text.truncate(text.len().saturating_sub(2));
    text
}
