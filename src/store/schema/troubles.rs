//! What adopted tables will make of a run that goes through: said by `doctor` before anybody finds out.

use super::super::catalog::{self, Catalog, Column};
use super::super::{Store, StoreError, collation, dialect};
use super::declared_for;

/// What columns of adopted tables will not take; as "table.column" but for the last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnTroubles {
    /// Unknown to prmdesk, not NULL and without a default: no row can be added to their table.
    pub demanding: Vec<String>,
    /// Of a character set that does not hold every text, with its name: a row with such a text fails.
    pub narrow: Vec<String>,
    /// What `lms refresh` will not be able to store, in sentences.
    pub lms: Vec<String>,
}

/// Words that we or the LMS write into a status.
const WORDS: [(&str, &[&str]); 2] = [
    ("lms_users", &["active", "disabled", "deleted"]),
    ("lms_enrollments", &["enrolled", "in_progress", "completed"]),
];

impl Store {
    /// What the columns of adopted tables will make of a run; see [`ColumnTroubles`].
    pub async fn column_troubles(&self) -> Result<ColumnTroubles, StoreError> {
        let mut conn = self.conn().await?;
        let catalog = catalog::read(&mut conn).await?;
        let declared = declared_for(self.engine());
        let ours = |table: &str, column: &str| {
            let mut tables = declared.tables.iter();
            tables
                .find(|known| known.name == table)
                .is_some_and(|known| known.columns.iter().any(|known| known.name == column))
        };
        let mut troubles = ColumnTroubles::default();
        let demanding = dialect::demanding_columns(self.engine());
        conn.each(demanding, vec![], |row| {
            let (table, column) = (row.text(0)?, row.text(1)?);
            if !ours(table, column) {
                troubles.demanding.push(format!("{table}.{column}"));
            }
            Ok(())
        })
        .await?;
        for table in [
            "partners",
            "contacts",
            "lms_users",
            "lms_groups",
            "lms_courses",
        ] {
            let columns = catalog.get(table).into_iter().flat_map(|t| &t.columns);
            for column in columns.filter(|column| ours(table, &column.name)) {
                let set = column.collation.as_deref().map(collation::charset);
                // An id or a Salesforce id is plain letters in any character set.
                let plain = column.name == "id" || column.name.ends_with("_id");
                if let Some(set) = set
                    && !plain
                    && (set == "utf8mb3" || set == "utf8" || !collation::is_unicode(set))
                {
                    troubles
                        .narrow
                        .push(format!("{table}.{} ({set})", column.name));
                }
            }
        }
        let mut keys = Vec::new();
        conn.each(dialect::foreign_keys(self.engine()), vec![], |row| {
            keys.push((row.string(0)?, row.string(1)?));
            Ok(())
        })
        .await?;
        troubles.lms = lms(&catalog, &keys);
        Ok(troubles)
    }
}

fn lms(catalog: &Catalog, keys: &[(String, String)]) -> Vec<String> {
    let column = |table: &str, name: &str| catalog.get(table)?.column(name);
    let mut said = Vec::new();
    if column("lms_users", "email").is_some_and(|email| !email.nullable) {
        said.push("a person without an e-mail (lms_users.email must have a value)".to_owned());
    }
    let unique = catalog.get("lms_users").is_some_and(|users| {
        let mut indexes = users.indexes.iter();
        indexes.any(|index| index.unique && index.columns == ["email"])
    });
    if unique {
        said.push("the second of two people whose e-mails lms_users takes for one".to_owned());
    }
    for (table, whom, what) in [
        (
            "lms_group_members",
            "lms_users",
            "a member whom the LMS does not list",
        ),
        (
            "lms_enrollments",
            "lms_courses",
            "an enrolment in a course that the LMS does not list",
        ),
    ] {
        if keys.iter().any(|(from, to)| from == table && to == whom) {
            said.push(format!("{what} (a key of {table})"));
        }
    }
    for (table, words) in WORDS {
        let Some(status) = column(table, "status") else {
            continue;
        };
        let missing: Vec<&str> = words
            .iter()
            .copied()
            .filter(|word| !takes(status, word))
            .collect();
        if !missing.is_empty() {
            said.push(format!(
                "a status {} ({table}.status is {})",
                missing.join(" or "),
                status.kind.to_uppercase()
            ));
        }
    }
    for name in ["completed_at", "expires_at"] {
        if column("lms_enrollments", name).is_some_and(|c| c.kind.starts_with("timestamp")) {
            said.push(format!(
                "a date before 1970 or after 2038-01-19 in lms_enrollments.{name} (it is stored as the first or the last one)"
            ));
        }
    }
    said
}

fn takes(column: &Column, word: &str) -> bool {
    if column.kind.starts_with("enum") {
        return column.kind.contains(&format!("'{word}'"));
    }
    let length = column
        .length
        .and_then(|length| usize::try_from(length).ok());
    length.is_none_or(|length| word.len() <= length)
}
