//! What the database has: tables, columns, indexes, read in two queries.

use std::collections::BTreeMap;

use super::Engine;
use super::StoreError;
use super::db::Conn;
use super::dialect;

/// One column as the database declares it.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// In lower case.
    pub(super) name: String,
    /// In lower case, with length: `varchar(255)`.
    pub(super) kind: String,
    /// Longest value in characters; `None`: no limit.
    pub(super) length: Option<u32>,
    pub(super) nullable: bool,
    /// The default as an SQL expression; `None` when there is none, or it is NULL.
    pub(super) default: Option<String>,
    pub(super) collation: Option<String>,
    /// Whether the database computes its value itself.
    pub(super) computed: bool,
}

impl Column {
    pub(super) fn is_int(&self) -> bool {
        self.kind.contains("int") || self.kind == "boolean" || self.kind == "bool"
    }

    /// The greatest whole number that it holds; in SQLite every column holds 64 bits.
    pub(super) fn greatest(&self, engine: Engine) -> i64 {
        let bits = match self.kind.split(['(', ' ']).next().unwrap_or_default() {
            _ if engine == Engine::Sqlite => 63,
            "tinyint" => 7,
            "smallint" => 15,
            "mediumint" => 23,
            "int" => 31,
            _ => 63,
        };
        let unsigned = i64::from(bits < 63 && self.kind.contains("unsigned"));
        i64::MAX >> (63 - bits - unsigned)
    }

    pub(super) fn is_text(&self) -> bool {
        ["char", "text", "enum", "set", "clob"]
            .iter()
            .any(|word| self.kind.contains(word))
    }
}

/// One index.
#[derive(Clone, Debug)]
pub(super) struct Index {
    pub(super) name: String,
    pub(super) unique: bool,
    /// In lower case, in order.
    pub(super) columns: Vec<String>,
    /// Whether whole columns of all rows are in it.
    pub(super) whole: bool,
}

/// One table.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) indexes: Vec<Index>,
}

impl Table {
    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// All tables, by name in lower case.
pub(super) type Catalog = BTreeMap<String, Table>;

/// Reads what the database has.
pub(super) async fn read(conn: &mut Conn) -> Result<Catalog, StoreError> {
    let engine = conn.engine();
    let mut catalog = Catalog::new();
    conn.each(dialect::columns(engine), vec![], |row| {
        let kind = row.string(2)?;
        let declared = row
            .opt_int(3)?
            .or_else(|| declared_length(&kind))
            .and_then(|length| u32::try_from(length).ok());
        // TEXT and its like: a limit no partner record comes near.
        let length = declared.filter(|&length| length < 65_535);
        let column = Column {
            name: row.text(1)?.to_lowercase(),
            length: (engine == Engine::Sqlite || !kind.contains("text"))
                .then_some(length)
                .flatten(),
            kind,
            nullable: row.flag(4)?,
            default: row
                .opt_string(5)?
                .filter(|default| !default.eq_ignore_ascii_case("null")),
            collation: row.opt_string(6)?,
            computed: row.flag(7)?,
        };
        catalog
            .entry(row.text(0)?.to_lowercase())
            .or_default()
            .columns
            .push(column);
        Ok(())
    })
    .await?;
    let mut last = None;
    conn.each(dialect::indexes(engine), vec![], |row| {
        let (table, name) = (row.text(0)?.to_lowercase(), row.string(1)?);
        let indexes = &mut catalog.entry(table.clone()).or_default().indexes;
        let column = row.text(3)?.to_lowercase();
        let whole = row.flag(4)?;
        if last.as_ref() == Some(&(table.clone(), name.clone()))
            && let Some(index) = indexes.last_mut()
        {
            index.columns.push(column);
            index.whole &= whole;
        } else {
            indexes.push(Index {
                name: name.clone(),
                unique: row.flag(2)?,
                columns: vec![column],
                whole,
            });
            last = Some((table, name));
        }
        Ok(())
    })
    .await?;
    Ok(catalog)
}

/// The length in `varchar(255)`; SQLite keeps it as text only.
fn declared_length(kind: &str) -> Option<i64> {
    let (name, rest) = kind.split_once('(')?;
    name.contains("char")
        .then(|| rest.split(')').next()?.trim().parse().ok())
        .flatten()
}
