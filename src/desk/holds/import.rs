//! Holds as a CSV file (docs/contract.md, "JSON"): taken over from a script's list of exclusions, all lines or none;
//! and written in the same form.

use chrono::NaiveDate;
use rustc_hash::{FxHashMap, FxHashSet};

use super::super::Desk;
use crate::error::{Error, Kind, Result};
use crate::plan::{Entity, PerEntity, RowSet, Schema};
use crate::text::{self, csv_cell};
use crate::values::{HeldOn, NewHold};

/// The columns.
const COLUMNS: [&str; 7] = ["entity", "id", "row", "email", "name", "note", "until"];

/// Faults that are named; a file of the wrong form has one in every line.
const NAMED: usize = 5;

/// A line of the file.
struct Line {
    number: u64,
    entity: Entity,
    id: Option<i64>,
    row: Option<i64>,
    email: Option<String>,
    name: Option<String>,
    note: String,
    until: Option<NaiveDate>,
}

/// The rows of one entity by what a line may name them with.
#[derive(Default)]
struct Rows {
    ids: FxHashMap<i64, i64>,
    keys: FxHashMap<String, Vec<i64>>,
    known: FxHashSet<i64>,
}

impl Desk {
    /// Holds the rows that the lines of `file` name, all or none; gives how many.
    pub async fn import_holds(&self, file: &[u8]) -> Result<u64> {
        self.allow_write("import the holds")?;
        let (lines, mut faults) = read(file)?;
        let mut rows = PerEntity::<Option<Rows>>::default();
        let mut holds = Vec::with_capacity(lines.len());
        for line in lines {
            if rows[line.entity].is_none() {
                let schema = self.config().schema(line.entity);
                rows[line.entity] = Some(Rows::of(&self.store().rows(&schema).await?, line.entity));
            }
            let there = rows[line.entity].get_or_insert_default();
            let number = line.number;
            let found = match line.until {
                Some(day) if self.is_over(day) => Err(format!("{day} is over")),
                _ => there.find(&line),
            };
            match found {
                Ok(row) => holds.push(NewHold {
                    entity: line.entity,
                    on: HeldOn::Row(row),
                    note: line.note,
                    until: line.until,
                }),
                Err(why) => faults.push(format!("line {number}: {why}")),
            }
        }
        if !faults.is_empty() {
            return Err(refused(&faults));
        }
        self.store()
            .set_holds(&holds, &self.config().operator)
            .await?;
        Ok(holds.len() as u64)
    }

    /// All holds in the form that [`Desk::import_holds`] takes.
    pub async fn export_holds(&self) -> Result<String> {
        let mut csv = csv::Writer::from_writer(Vec::new());
        let failed = |error: &dyn std::fmt::Display| {
            let message = format!("The holds could not be written as CSV: {error}.");
            Error::new(Kind::Internal, "holds_csv", message)
        };
        csv.write_record(COLUMNS).map_err(|error| failed(&error))?;
        for hold in self.store().holds().await? {
            let number = |number: Option<i64>| number.map_or_else(String::new, |n| n.to_string());
            let shown = csv_cell(hold.name.as_deref().unwrap_or_default());
            let (email, name) = match hold.entity {
                Entity::Contacts => (shown, String::new()),
                Entity::Partners => (String::new(), shown),
            };
            let cells = [
                hold.entity.word().to_owned(),
                number(hold.impartner_id),
                // Our own number says nothing in another database; where Impartner's is known it is enough.
                number(hold.row_id.filter(|_| hold.impartner_id.is_none())),
                email,
                name,
                csv_cell(&hold.note),
                hold.until.map_or_else(String::new, |day| day.to_string()),
            ];
            csv.write_record(&cells).map_err(|error| failed(&error))?;
        }
        let bytes = csv.into_inner().map_err(|error| failed(&error))?;
        String::from_utf8(bytes).map_err(|error| failed(&error))
    }
}

fn refused(faults: &[String]) -> Error {
    let mut told = faults[..faults.len().min(NAMED)].join("; ");
    if faults.len() > NAMED {
        told = format!("{told}; and {} more", faults.len() - NAMED);
    }
    Error::new(
        Kind::Usage,
        "holds_file",
        format!("Nothing was held: {told}."),
    )
    .help("The columns are entity,id,row,email,name,note,until; one of id (Impartner's), row (ours), email and name says which row, note says why, until is YYYY-MM-DD or empty.")
}

/// The lines that can be read, and what is wrong with the others.
fn read(file: &[u8]) -> Result<(Vec<Line>, Vec<String>)> {
    // Spreadsheets put a mark in front, and a semicolon between cells where the comma is in numbers.
    let file = file.strip_prefix("\u{feff}".as_bytes()).unwrap_or(file);
    let head = file.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let between = if head.contains(&b';') && !head.contains(&b',') {
        b';'
    } else {
        b','
    };
    let mut csv = csv::ReaderBuilder::new()
        .delimiter(between)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(file);
    let headers = csv
        .headers()
        .map_err(|error| refused(&[format!("line 1: {error}")]))?
        .clone();
    let mut places = [None; COLUMNS.len()];
    for (at, header) in headers.iter().enumerate() {
        match COLUMNS
            .iter()
            .position(|column| header.eq_ignore_ascii_case(column))
        {
            Some(column) => places[column] = Some(at),
            None => return Err(refused(&[format!("line 1: there is no column `{header}`")])),
        }
    }
    let (mut lines, mut faults) = (Vec::new(), Vec::new());
    for record in csv.records() {
        let record = record.map_err(|error| refused(&[error.to_string()]))?;
        let number = record.position().map_or(0, csv::Position::line);
        let cell = |column: usize| {
            let cell = places[column]
                .and_then(|at| record.get(at))
                .unwrap_or_default();
            Some(plain(cell)).filter(|cell| !cell.is_empty())
        };
        match line(number, cell) {
            Ok(line) => lines.push(line),
            Err(why) => faults.push(format!("line {number}: {why}")),
        }
    }
    Ok((lines, faults))
}

/// A cell without the apostrophe that keeps a spreadsheet from running it as a formula.
fn plain(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.trim_start().starts_with(['=', '+', '-', '@']) => rest,
        _ => cell,
    }
}

fn line<'c>(number: u64, cell: impl Fn(usize) -> Option<&'c str>) -> Result<Line, String> {
    let entity: Entity = match cell(0) {
        None => return Err("the entity is missing (partners or contacts)".to_owned()),
        Some(word) => word
            .to_lowercase()
            .parse()
            .map_err(|_| format!("`{word}` is neither partners nor contacts"))?,
    };
    let whole = |column: usize| -> Result<Option<i64>, String> {
        cell(column)
            .map(|text| {
                text.parse::<i64>()
                    .map_err(|_| format!("`{text}` is no {}", COLUMNS[column]))
            })
            .transpose()
    };
    let until = cell(6)
        .map(|day| {
            day.parse::<NaiveDate>()
                .map_err(|_| format!("`{day}` is no day (YYYY-MM-DD)"))
        })
        .transpose()?;
    let line = Line {
        number,
        entity,
        id: whole(1)?,
        row: whole(2)?,
        email: cell(3).map(str::to_owned),
        name: cell(4).map(str::to_owned),
        note: cell(5)
            .ok_or("the note is missing, which says why")?
            .to_owned(),
        until,
    };
    if line.email.is_some() && entity == Entity::Partners {
        return Err("a partner has no e-mail; give its name".to_owned());
    }
    if line.id.is_none() && line.row.is_none() && line.email.is_none() && line.name.is_none() {
        return Err("one of id, row, email and name must say which row".to_owned());
    }
    Ok(line)
}

impl Rows {
    fn of(rows: &RowSet, entity: Entity) -> Self {
        let mut there = Self::default();
        for at in rows.indices() {
            there.known.insert(rows.row_id(at));
            if let Some(id) = rows.impartner_id(at) {
                there.ids.insert(id, rows.row_id(at));
            }
            if let Some(key) = rows.field(at, Schema::KEY) {
                let key = folded(entity, key);
                there.keys.entry(key).or_default().push(rows.row_id(at));
            }
        }
        there
    }

    /// The one row that everything in a line means.
    fn find(&self, line: &Line) -> Result<i64, String> {
        let singular = line.entity.singular();
        let mut found: Option<i64> = None;
        let mut meant = |row: Option<i64>, what: String| match (row, found) {
            (None, _) => Err(format!("no {singular} has {what}")),
            (Some(row), Some(other)) if row != other => Err(format!(
                "{what} is another {singular}'s than what stands before it"
            )),
            (Some(row), _) => {
                found = Some(row);
                Ok(())
            }
        };
        if let Some(id) = line.id {
            meant(self.ids.get(&id).copied(), format!("the Impartner id {id}"))?;
        }
        if let Some(row) = line.row {
            meant(self.known.get(&row).copied(), format!("the row id {row}"))?;
        }
        for text in [&line.email, &line.name].into_iter().flatten() {
            let rows = self.keys.get(&folded(line.entity, text));
            let what = format!("`{}`", text::safe(text));
            match rows.map_or(&[][..], Vec::as_slice) {
                // A name or address beside an id is for people to read.
                [] | [_, _, ..] if line.id.or(line.row).is_some() => {}
                [_, _, ..] => {
                    return Err(format!("{what} is the name of several rows; give the row"));
                }
                rows => meant(rows.first().copied(), what)?,
            }
        }
        found.ok_or_else(|| format!("no {singular} is meant"))
    }
}

/// What a name or address is compared by.
fn folded(entity: Entity, text: &str) -> String {
    match entity {
        Entity::Partners => text::name_key(text),
        Entity::Contacts => text::email_key(text),
    }
}
