//! Comparing text columns of an adopted database. MariaDB refuses to compare two columns of one character set and
//! different collations (error 1267, in a UNION 1271), two of different old character sets, and a column of an old
//! character set with a text that it cannot hold. Who made the tables before us may have chosen anything, so nothing
//! in here joins two text columns without asking.
//!
//! Where both are alike, as in tables of our own, the SQL is the plain one. Else it is written so that an index of the
//! column that is looked up still serves.

use rustc_hash::FxHashMap;

use super::catalog::{self, Catalog};
use super::{Engine, Store, StoreError};

/// The collations of the text columns, by table and column. SQLite: none, its comparisons never fail.
#[derive(Debug, Default)]
pub(super) struct Collations(FxHashMap<(String, String), String>);

impl Store {
    /// The collations of this database; read once.
    pub(super) async fn collations(&self) -> Result<&Collations, StoreError> {
        let read = || async {
            if self.engine() == Engine::Sqlite {
                return Ok(Collations::default());
            }
            let mut conn = self.conn().await?;
            Ok(Collations::of(&catalog::read(&mut conn).await?))
        };
        self.inner.collations.get_or_try_init(read).await
    }
}

impl Collations {
    pub(super) fn of(catalog: &Catalog) -> Self {
        let columns = catalog.iter().flat_map(|(table, there)| {
            there.columns.iter().filter_map(|column| {
                let collation = column.collation.as_ref()?.to_lowercase();
                Some(((table.clone(), column.name.clone()), collation))
            })
        });
        Self(columns.collect())
    }

    /// `looked_up = by`, both written as "table alias.column".
    pub(super) fn equal(&self, looked_up: &str, by: &str) -> String {
        let (left, right) = (expression(looked_up), expression(by));
        let (Some(mine), Some(other)) = (self.collation(looked_up), self.collation(by)) else {
            return format!("{left} = {right}");
        };
        let (charset, from) = (charset(mine), charset(other));
        if charset == from && mine != other {
            format!("{left} = {right} COLLATE {mine}")
        } else if charset == from || is_unicode(charset) || is_unicode(from) {
            // MariaDB takes the Unicode side by itself.
            format!("{left} = {right}")
        } else {
            format!("{} = {}", unicode(left), unicode(right))
        }
    }

    /// `column` ("table alias.column") as it must be to stand below `model` in a UNION.
    pub(super) fn like(&self, column: &str, model: &str) -> String {
        let plain = expression(column);
        match (self.collation(column), self.collation(model)) {
            (Some(mine), Some(model)) if mine == model => plain.to_owned(),
            (Some(mine), Some(model)) if charset(mine) == charset(model) => {
                format!("{plain} COLLATE {model}")
            }
            (_, Some(model)) => {
                format!("CONVERT({plain} USING {}) COLLATE {model}", charset(model))
            }
            (_, None) => plain.to_owned(),
        }
    }

    /// `column` ("table alias.column") as it must be to be compared with any text from outside.
    pub(super) fn any_text(&self, column: &str) -> String {
        let plain = expression(column);
        match self.collation(column) {
            Some(collation) if !is_unicode(charset(collation)) => unicode(plain),
            _ => plain.to_owned(),
        }
    }

    /// `text`, an expression that any text may stand in, as `column` ("table alias.column") compares, so that an index of
    /// the column serves. A text that its character set does not hold becomes another one.
    pub(super) fn as_in(&self, column: &str, text: &str) -> String {
        match self.collation(column) {
            Some(collation) if charset(collation) == "utf8mb4" => {
                format!("{text} COLLATE {collation}")
            }
            Some(collation) => {
                format!(
                    "CONVERT({text} USING {}) COLLATE {collation}",
                    charset(collation)
                )
            }
            None => text.to_owned(),
        }
    }

    /// The condition that `column` ("table alias.column") equals an argument, and how often the argument is bound for it. An
    /// index of the column serves. A text that its character set does not hold equals nothing; compared plainly it would be an
    /// error, or equal a text with question marks in it.
    pub(super) fn equals_argument(&self, column: &str) -> (String, usize) {
        let plain = expression(column);
        match self.collation(column) {
            Some(collation) if charset(collation) != "utf8mb4" => {
                let set = charset(collation);
                let same = format!(
                    "{plain} = CONVERT(? USING {set}) COLLATE {collation} \
                     AND BINARY CONVERT(CONVERT(? USING {set}) USING utf8mb4) = BINARY ?"
                );
                (same, 3)
            }
            _ => (format!("{plain} = ?"), 1),
        }
    }

    fn collation(&self, column: &str) -> Option<&str> {
        let (table, rest) = column.split_once(' ')?;
        let (_, name) = rest.split_once('.')?;
        let key = (table.to_owned(), name.to_owned());
        self.0.get(&key).map(String::as_str)
    }
}

/// `alias.column` of "table alias.column".
fn expression(column: &str) -> &str {
    column.split_once(' ').map_or(column, |(_, rest)| rest)
}

/// The character set of a collation: `latin1` of `latin1_swedish_ci`.
pub(super) fn charset(collation: &str) -> &str {
    collation.split_once('_').map_or(collation, |(set, _)| set)
}

/// Whether a character set holds every text.
pub(super) fn is_unicode(charset: &str) -> bool {
    [
        "utf8", "utf8mb3", "utf8mb4", "ucs2", "utf16", "utf16le", "utf32",
    ]
    .contains(&charset)
}

fn unicode(expression: &str) -> String {
    format!("CONVERT({expression} USING utf8mb4) COLLATE utf8mb4_unicode_ci")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collations() -> Collations {
        let columns = [
            ("a", "utf8mb4_unicode_ci"),
            ("b", "utf8mb4_unicode_ci"),
            ("c", "utf8mb4_general_ci"),
            ("d", "latin1_swedish_ci"),
            ("e", "latin2_general_ci"),
        ];
        Collations(
            columns
                .into_iter()
                .map(|(table, collation)| ((table.into(), "id".into()), collation.into()))
                .collect(),
        )
    }

    #[test]
    fn what_is_alike_is_joined_plainly() {
        let c = collations();
        assert_eq!(c.equal("a x.id", "b y.id"), "x.id = y.id");
        assert_eq!(c.equal("a x.id", "unknown y.id"), "x.id = y.id");
        assert_eq!(
            Collations::default().equal("a x.id", "c y.id"),
            "x.id = y.id"
        );
        assert_eq!(c.like("b y.id", "a x.id"), "y.id");
        assert_eq!(c.any_text("a x.id"), "x.id");
    }

    #[test]
    fn what_differs_is_compared_as_the_column_that_is_looked_up() {
        let c = collations();
        assert_eq!(
            c.equal("c x.id", "a y.id"),
            "x.id = y.id COLLATE utf8mb4_general_ci"
        );
        assert_eq!(c.equal("d x.id", "a y.id"), "x.id = y.id");
        assert!(
            c.equal("d x.id", "e y.id")
                .starts_with("CONVERT(x.id USING utf8mb4)")
        );
        assert_eq!(
            c.like("a y.id", "c x.id"),
            "y.id COLLATE utf8mb4_general_ci"
        );
        assert_eq!(
            c.like("a y.id", "d x.id"),
            "CONVERT(y.id USING latin1) COLLATE latin1_swedish_ci"
        );
        assert!(c.any_text("d x.id").starts_with("CONVERT(x.id"));
    }
}
