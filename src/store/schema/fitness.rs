//! What of a database that somebody else made cannot be worked with, found before anything is made or written
//! (docs/rules.md, "Adopted tables"): tables of another kind, tables that bear our names and are none of ours, columns of types
//! that do not hold what we mean.

use super::super::catalog::{Catalog, Column, Table};
use super::super::db::Conn;
use super::super::{Engine, StoreError, dialect};
use super::declared::{self, Declared};

/// What a column must be able to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    /// Impartner's ids and ours.
    Id,
    /// Whether a row is active.
    Flag,
    /// The LMS's ids.
    Text,
    /// A moment.
    Time,
}

/// The columns whose type decides. Anything else is text that is converted, or the database's own affair.
const MEANT: &[(&str, &str, Holds)] = &[
    ("partners", "id", Holds::Id),
    ("partners", "impartner_id", Holds::Id),
    ("partners", "is_active", Holds::Flag),
    ("partners", "deleted_at", Holds::Time),
    ("partners", "created_at", Holds::Time),
    ("partners", "updated_at", Holds::Time),
    ("contacts", "id", Holds::Id),
    ("contacts", "partner_id", Holds::Id),
    ("contacts", "impartner_id", Holds::Id),
    ("contacts", "lms_user_id", Holds::Text),
    ("contacts", "is_active", Holds::Flag),
    ("contacts", "deleted_at", Holds::Time),
    ("contacts", "created_at", Holds::Time),
    ("contacts", "updated_at", Holds::Time),
    ("lms_users", "id", Holds::Text),
    ("lms_users", "synced_at", Holds::Time),
    ("lms_groups", "id", Holds::Text),
    ("lms_groups", "partner_id", Holds::Id),
    ("lms_groups", "synced_at", Holds::Time),
    ("lms_groups", "deleted_at", Holds::Time),
    ("lms_group_members", "group_id", Holds::Text),
    ("lms_group_members", "user_id", Holds::Text),
    ("lms_courses", "id", Holds::Text),
    ("lms_enrollments", "id", Holds::Text),
    ("lms_enrollments", "user_id", Holds::Text),
    ("lms_enrollments", "course_id", Holds::Text),
    ("lms_enrollments", "completed_at", Holds::Time),
    ("lms_enrollments", "expires_at", Holds::Time),
];

impl Holds {
    fn fits(self, engine: Engine, column: &Column) -> bool {
        match (self, engine) {
            // In SQLite a type is a wish; only one that turns numbers into text is another thing.
            (Self::Id | Self::Flag, Engine::Sqlite) => !column.is_text(),
            (Self::Text | Self::Time, Engine::Sqlite) => true,
            (Self::Id, Engine::MariaDb) => is_whole(&column.kind),
            (Self::Flag, Engine::MariaDb) => {
                is_whole(&column.kind) || column.kind.starts_with("bit")
            }
            (Self::Text | Self::Time, Engine::MariaDb) => !is_number(&column.kind),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Id => "a whole number (INT or BIGINT)",
            Self::Flag => "a whole number or BIT(1) (0: inactive)",
            Self::Text => "text",
            Self::Time => "a date with time (DATETIME or TIMESTAMP)",
        }
    }
}

fn is_whole(kind: &str) -> bool {
    ["tinyint", "smallint", "mediumint", "int", "bigint"]
        .iter()
        .any(|word| kind.starts_with(word))
}

fn is_number(kind: &str) -> bool {
    is_whole(kind)
        || ["decimal", "float", "double", "bit", "year"]
            .iter()
            .any(|word| kind.starts_with(word))
}

/// An error when a column of `table`, called `name`, is of a type that does not hold what is meant.
pub(in crate::store) fn require_types(
    engine: Engine,
    name: &str,
    table: &Table,
) -> Result<(), StoreError> {
    let columns = unfit_columns(engine, name, table);
    if columns.is_empty() {
        return Ok(());
    }
    Err(StoreError::UnfitColumns { columns })
}

fn unfit_columns(engine: Engine, name: &str, table: &Table) -> Vec<String> {
    let meant = MEANT.iter().filter(|(table, ..)| *table == name);
    meant
        .filter_map(|&(_, column, holds)| {
            let column = table.column(column)?;
            (!holds.fits(engine, column)).then(|| {
                format!(
                    "{name}.{} is {} and must be {}",
                    column.name,
                    column.kind.to_uppercase(),
                    holds.words()
                )
            })
        })
        .collect()
}

/// Everything that stands in the way, each as the error that it is.
pub(super) async fn refusals(
    conn: &mut Conn,
    catalog: &Catalog,
    declared: &Declared,
) -> Result<Vec<StoreError>, StoreError> {
    let engine = conn.engine();
    let mut refusals = Vec::new();
    let names: Vec<String> = declared
        .tables
        .iter()
        .map(|table| format!("'{}'", table.name))
        .collect();
    let mut odd = Vec::new();
    conn.each(
        dialect::table_kinds(engine, &names.join(", ")),
        vec![],
        |row| {
            let (name, kind) = (row.text(0)?, row.text(1)?);
            let storage = row.text(2)?;
            let what = match kind.to_uppercase().as_str() {
                "BASE TABLE" if storage.eq_ignore_ascii_case("InnoDB") => return Ok(()),
                "BASE TABLE" => format!("of the engine {storage}"),
                "SYSTEM VERSIONED" => "system-versioned".to_owned(),
                other => format!("a {}", other.to_lowercase()),
            };
            odd.push(format!("{name} is {what}"));
            Ok(())
        },
    )
    .await?;
    if !odd.is_empty() {
        refusals.push(StoreError::UnfitTables { tables: odd });
    }
    let foreign: Vec<String> = declared
        .tables
        .iter()
        .filter_map(|table| foreign(table, catalog.get(&table.name)?))
        .collect();
    if !foreign.is_empty() {
        refusals.push(StoreError::ForeignTables { tables: foreign });
    }
    let columns: Vec<String> = catalog
        .iter()
        .flat_map(|(name, table)| unfit_columns(engine, name, table))
        .collect();
    if !columns.is_empty() {
        refusals.push(StoreError::UnfitColumns { columns });
    }
    Ok(refusals)
}

/// Names a table that has one of our names and is another one. What other programs share with us may lack columns, but not
/// those that a row is known by; what is ours alone has all that it was made with, because CREATE TABLE makes all or nothing.
fn foreign(declared: &declared::Table, there: &Table) -> Option<String> {
    let shared = declared.name == "partners"
        || declared.name == "contacts"
        || declared.name.starts_with("lms_");
    let lacks: Vec<&str> = declared
        .columns
        .iter()
        .filter(|column| {
            if shared {
                let made = &column.definition;
                made.contains("PRIMARY KEY")
                    || made.contains("NOT NULL") && !made.contains("DEFAULT")
            } else {
                declared.sql.contains(&column.definition)
            }
        })
        .map(|column| column.name.as_str())
        .filter(|name| there.column(name).is_none())
        .collect();
    (!lacks.is_empty()).then(|| format!("{} (it has no {})", declared.name, lacks.join(", ")))
}
