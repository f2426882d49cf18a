//! What the columns of adopted tables hold: their lengths, and the times they reach.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use super::super::catalog::{Column, Table};
use super::super::db::parse_time;

/// One table as the database has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit<'c>(pub(super) Option<&'c Table>);

impl<'c> Fit<'c> {
    fn column(self, name: &str) -> Option<&'c Column> {
        self.0?.column(name)
    }

    /// Whether a column must have a value.
    pub(super) fn needs(self, name: &str) -> bool {
        self.column(name).is_some_and(|column| !column.nullable)
    }

    /// Whether a unique index has the column in it.
    pub(super) fn is_unique(self, name: &str) -> bool {
        let mut indexes = self.0.into_iter().flat_map(|table| &table.indexes);
        indexes.any(|index| index.unique && index.columns.iter().any(|column| column == name))
    }

    /// A name as its column holds it: cut, because what is beyond is of no use on a screen, and empty where there must
    /// be a value.
    pub(super) fn name(self, column: &str, value: Option<&str>) -> Option<String> {
        let Some(value) = value else {
            return self.needs(column).then(String::new);
        };
        let length = self.column(column).and_then(|column| column.length);
        let chars = length.and_then(|length| usize::try_from(length).ok());
        let cut = chars.and_then(|chars| value.char_indices().nth(chars));
        Some(cut.map_or(value, |(at, _)| &value[..at]).to_owned())
    }

    /// A time as its column holds it: at the column's least or greatest value when it lies beyond, and without the
    /// digits that the column does not keep. Where there must be an end and there is none, it is the greatest value.
    pub(super) fn time(self, column: &str, at: Option<DateTime<Utc>>) -> Option<String> {
        let kind = self
            .column(column)
            .map_or("", |column| column.kind.as_str());
        let (least, greatest) = reach(kind);
        let at = match at {
            Some(at) => at.naive_utc(),
            None if column == "expires_at" && self.needs(column) => greatest,
            None => return None,
        };
        Some(written(at.clamp(least, greatest), digits(kind)))
    }

    /// A time as it came out of its column, as text; one that is none (`0000-00-00`) as it stands there.
    pub(super) fn stored_time(self, column: &str, text: Option<&str>) -> Option<String> {
        let text = text?;
        let kind = self
            .column(column)
            .map_or("", |column| column.kind.as_str());
        let at = parse_time(text).or_else(|| {
            let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
            Some(date.and_time(NaiveTime::MIN))
        });
        Some(at.map_or_else(|| text.to_owned(), |at| written(at, digits(kind))))
    }
}

/// The first and the last moment that a type of MariaDB holds. A TIMESTAMP counts seconds in 31 bits (64 from MariaDB 11.5
/// on, where it reaches further than we use).
fn reach(kind: &str) -> (NaiveDateTime, NaiveDateTime) {
    let seconds = |seconds| {
        DateTime::from_timestamp(seconds, 0)
            .unwrap_or_default()
            .naive_utc()
    };
    if kind.starts_with("timestamp") {
        return (seconds(1), seconds(i64::from(i32::MAX)));
    }
    // 1000-01-01 and 9999-12-31 23:59:59: what DATETIME and DATE promise, and what sorts as text.
    (seconds(-30_610_224_000), seconds(253_402_300_799))
}

/// Digits of a second that a type keeps; `None`: it is a date.
fn digits(kind: &str) -> Option<usize> {
    if kind == "date" {
        return None;
    }
    if !kind.starts_with("timestamp") && !kind.starts_with("datetime") {
        return Some(6);
    }
    let inside = kind
        .split_once('(')
        .and_then(|(_, rest)| rest.split(')').next());
    Some(inside.and_then(|digits| digits.parse().ok()).unwrap_or(0))
}

fn written(at: NaiveDateTime, digits: Option<usize>) -> String {
    let whole = at.format("%Y-%m-%d %H:%M:%S%.6f").to_string();
    match digits {
        None => format!("{} 00:00:00.000000", at.date().format("%Y-%m-%d")),
        Some(digits) if digits < 6 => {
            let kept = whole.len() - (6 - digits);
            format!("{}{}", &whole[..kept], "0".repeat(6 - digits))
        }
        Some(_) => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stay_within_their_column() {
        let at = |text: &str| Some(text.parse::<DateTime<Utc>>().unwrap());
        let table = |kind: &str, nullable| Table {
            columns: vec![Column {
                name: "expires_at".into(),
                kind: kind.into(),
                length: None,
                nullable,
                default: None,
                collation: None,
                computed: false,
            }],
            ..Table::default()
        };
        for (kind, given, held) in [
            (
                "timestamp",
                "2039-05-01T10:00:00Z",
                "2038-01-19 03:14:07.000000",
            ),
            (
                "timestamp(6)",
                "1969-05-01T10:00:00Z",
                "1970-01-01 00:00:01.000000",
            ),
            (
                "timestamp",
                "2026-05-01T10:00:00.987654Z",
                "2026-05-01 10:00:00.000000",
            ),
            (
                "datetime(3)",
                "2039-05-01T10:00:00.987654Z",
                "2039-05-01 10:00:00.987000",
            ),
            ("date", "2039-05-01T10:00:00Z", "2039-05-01 00:00:00.000000"),
            (
                "datetime(6)",
                "0900-05-01T10:00:00Z",
                "1000-01-01 00:00:00.000000",
            ),
            (
                "text",
                "2026-05-01T10:00:00.987654Z",
                "2026-05-01 10:00:00.987654",
            ),
        ] {
            let table = table(kind, true);
            let fit = Fit(Some(&table));
            assert_eq!(fit.time("expires_at", at(given)).as_deref(), Some(held));
            assert_eq!(
                fit.stored_time("expires_at", Some(held)).as_deref(),
                Some(held)
            );
            assert_eq!(fit.time("expires_at", None), None);
        }
        let table = table("timestamp", false);
        let never = Fit(Some(&table)).time("expires_at", None);
        assert_eq!(never.as_deref(), Some("2038-01-19 03:14:07.000000"));
        let zero = Fit(None).stored_time("expires_at", Some("0000-00-00 00:00:00"));
        assert_eq!(zero.as_deref(), Some("0000-00-00 00:00:00"));
    }
}
