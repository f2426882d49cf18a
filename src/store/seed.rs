//! Filling an empty database in one go: the demo's, and those of tests.

use chrono::{DateTime, Utc};

use super::db::{Arg, Conn};
use super::{Store, StoreError, standing};
use crate::plan::Entity;

/// Rows of one statement; with the widest table far below the engines' limits on arguments.
const BATCH: usize = 400;

/// What an empty database is filled with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seed {
    /// Tables, those that others refer to first.
    pub tables: Vec<SeedTable>,
    /// Holds: entity, Impartner's id, note.
    pub holds: Vec<(Entity, i64, String)>,
    /// The watermark of both entities.
    pub watermark: Option<DateTime<Utc>>,
}

/// Rows of one table.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedTable {
    /// Its name.
    pub table: &'static str,
    /// The columns that are given.
    pub columns: Vec<&'static str>,
    /// The rows, each as wide as `columns`.
    pub rows: Vec<Vec<SeedValue>>,
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub enum SeedValue {
    /// No value.
    Null,
    /// A number, an id, or a truth value as 0 and 1.
    Int(i64),
    /// Text.
    Text(String),
    /// A moment.
    Time(DateTime<Utc>),
}

impl From<i64> for SeedValue {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<Option<i64>> for SeedValue {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Int)
    }
}

impl From<Option<String>> for SeedValue {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}

impl From<Option<DateTime<Utc>>> for SeedValue {
    fn from(at: Option<DateTime<Utc>>) -> Self {
        at.map_or(Self::Null, Self::Time)
    }
}

impl SeedValue {
    fn arg(&self) -> Arg<'_> {
        match self {
            Self::Null => Arg::Null,
            Self::Int(number) => Arg::from(*number),
            Self::Text(text) => Arg::from(text.as_str()),
            Self::Time(at) => Arg::from(*at),
        }
    }
}

impl Store {
    /// Fills a database whose partners and contacts are empty; all of it or nothing. One that has rows is an error.
    pub async fn seed(&self, seed: Seed) -> Result<(), StoreError> {
        let mut conn = self.conn().await?;
        conn.begin().await?;
        for entity in Entity::ALL {
            let found = conn
                .first(
                    format!("SELECT COUNT(*) FROM {entity}"),
                    Vec::new(),
                    |row| row.count(0),
                )
                .await?;
            if found.unwrap_or_default() > 0 {
                conn.rollback().await?;
                return Err(StoreError::BadValue {
                    what: "an empty table to fill".to_owned(),
                    value: format!("{entity} with rows in it"),
                });
            }
        }
        for table in &seed.tables {
            insert(&mut conn, table).await?;
        }
        let now = self.clock().now();
        if let Some(at) = seed.watermark {
            for entity in Entity::ALL {
                standing::set_watermark(&mut conn, entity, at, now).await?;
            }
        }
        conn.commit().await?;
        drop(conn);
        for (entity, id, note) in &seed.holds {
            self.hold(*entity, *id, note, "demo").await?;
        }
        Ok(())
    }
}

async fn insert(conn: &mut Conn, table: &SeedTable) -> Result<(), StoreError> {
    let row = format!("({})", vec!["?"; table.columns.len()].join(", "));
    for rows in table.rows.chunks(BATCH) {
        let sql = format!(
            "INSERT INTO {} ({}) VALUES {}",
            table.table,
            table.columns.join(", "),
            vec![row.as_str(); rows.len()].join(", ")
        );
        let args = rows.iter().flatten().map(SeedValue::arg).collect();
        conn.execute(sql, args).await?;
    }
    Ok(())
}
