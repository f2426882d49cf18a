//! Statements for many rows at once, each under a savepoint; one that the database refuses because of a row is split until
//! that row is alone, and the others go on (docs/rules.md, "Applying").

use std::borrow::Cow;
use std::ops::Range;

use super::StoreError;
use super::db::{Arg, Conn};

/// Begins what can be taken back alone.
pub(super) const SAVE: &str = "SAVEPOINT batch";
/// Keeps it.
pub(super) const RELEASE: &str = "RELEASE SAVEPOINT batch";
/// Takes it back.
const BACK: &str = "ROLLBACK TO SAVEPOINT batch";

/// Back to before the batch. Released too, because in SQLite the savepoint stays and would nest.
pub(super) async fn back(conn: &mut Conn) -> Result<(), StoreError> {
    conn.raw(BACK).await?;
    conn.raw(RELEASE).await
}

/// One range, or none when there is nothing.
pub(super) fn cut(range: Range<usize>) -> Vec<Range<usize>> {
    if range.is_empty() {
        Vec::new()
    } else {
        vec![range]
    }
}

/// The left half is done first.
pub(super) fn halve(todo: &mut Vec<Range<usize>>, range: &Range<usize>) {
    let middle = range.start + range.len() / 2;
    todo.push(middle..range.end);
    todo.push(range.start..middle);
}

/// Runs the statement of each of `pieces`, split where need be. Gives the rows that were refused, by their numbers, with
/// the database's words.
pub(super) async fn each<'q>(
    conn: &mut Conn,
    pieces: Vec<Range<usize>>,
    mut statement: impl FnMut(Range<usize>) -> (Cow<'static, str>, Vec<Arg<'q>>),
) -> Result<Vec<(usize, String)>, StoreError> {
    let mut refused = Vec::new();
    let mut todo = pieces;
    todo.reverse();
    while let Some(range) = todo.pop() {
        if range.is_empty() {
            continue;
        }
        let (sql, args) = statement(range.clone());
        conn.raw(SAVE).await?;
        match conn.execute(sql, args).await {
            Ok(_) => conn.raw(RELEASE).await?,
            Err(error) if error.is_row_fault() => {
                back(conn).await?;
                if range.len() == 1 {
                    refused.push((range.start, error.row_message()));
                } else {
                    halve(&mut todo, &range);
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(refused)
}
