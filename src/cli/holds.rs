//! `prmdesk holds`.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};

use super::args::{self, Json};
use super::context::Context;
use super::exit::Exit;
use super::render::when;
use crate::error::{Error, Kind, Result};
use crate::plan::Entity;
use crate::values::{HeldOn, Hold, NewHold};

/// Rows that are never soft-deleted until their hold is lifted
#[derive(Debug, Args)]
pub(super) struct Holds {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    pub(super) json: Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the holds
    List,
    /// Hold a row
    Add {
        #[command(flatten)]
        record: Record,
        /// Why
        #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
        note: String,
        /// The last day (UTC) on which it holds; else until it is lifted
        #[arg(long, value_name = "YYYY-MM-DD")]
        until: Option<NaiveDate>,
    },
    /// Lift a hold
    Lift {
        #[command(flatten)]
        record: Record,
    },
    /// Hold every row that a CSV file names, or none: entity,id,row,email,name,note,until
    ///
    /// One of id (Impartner's), row (ours), email and name says which row; note says why; until is empty or the last day
    /// on which it holds, as YYYY-MM-DD.
    Import {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Print the holds as the CSV that import takes
    Export,
}

#[derive(Clone, Copy, Debug, Args)]
struct Record {
    /// Whose row
    #[arg(value_parser = args::entity())]
    entity: Entity,
    /// Its id as Impartner knows it
    #[arg(
        value_name = "ID",
        required_unless_present = "row",
        conflicts_with = "row",
        value_parser = args::id()
    )]
    impartner_id: Option<i64>,
    /// Its row id, for a row that has no Impartner id yet
    #[arg(long, value_name = "ROW", value_parser = args::id())]
    row: Option<i64>,
}

impl Record {
    fn on(self) -> HeldOn {
        match (self.impartner_id, self.row) {
            (Some(id), _) => HeldOn::Record(id),
            // clap asks for one of the two.
            (None, row) => HeldOn::Row(row.unwrap_or_default()),
        }
    }

    fn shown(self) -> String {
        match self.on() {
            HeldOn::Record(id) => format!("{} #{id}", self.entity.singular()),
            HeldOn::Row(row) => format!("{} row {row}", self.entity.singular()),
        }
    }
}

impl Holds {
    pub(super) async fn run(self, cx: &mut Context<'_>) -> Result<Exit> {
        let desk = cx.desk().await?;
        let done = match self.command.unwrap_or(Command::List) {
            Command::Add {
                record,
                note,
                until,
            } => {
                let hold = NewHold {
                    entity: record.entity,
                    on: record.on(),
                    note,
                    until,
                };
                desk.hold_on(hold).await?;
                Some(format!("Holding {}", record.shown()))
            }
            Command::Lift { record } => {
                desk.lift_on(record.entity, record.on()).await?;
                Some(format!("Lifted the hold on {}", record.shown()))
            }
            Command::Import { file } => {
                let text = std::fs::read(&file).map_err(|error| {
                    let message = format!("{} cannot be read: {error}.", file.display());
                    Error::new(Kind::Usage, "holds_file", message)
                        .help("Give the path of a CSV file: entity,id,row,email,name,note,until.")
                })?;
                let count = desk.import_holds(&text).await?;
                Some(format!("Holding {count} rows of {}", file.display()))
            }
            Command::Export if !cx.json() => {
                let csv = cx.reading(desk.export_holds()).await?;
                cx.out.raw(&csv)?;
                return Ok(Exit::Done);
            }
            Command::List | Command::Export => None,
        };
        if let (Some(done), false) = (&done, cx.json()) {
            cx.out.line(done)?;
            return Ok(Exit::Done);
        }
        // As JSON the holds as they are now are the answer to a change too.
        let holds = cx.reading(desk.holds()).await?;
        if cx.json() {
            cx.out.json(&holds)?;
        } else {
            print(&holds, cx)?;
        }
        Ok(Exit::Done)
    }
}

fn print(holds: &[Hold], cx: &mut Context<'_>) -> Result<()> {
    if holds.is_empty() {
        return cx.out.line("No row is on hold.");
    }
    let rows: Vec<Vec<String>> = holds
        .iter()
        .map(|hold| {
            vec![
                hold.entity.word().to_owned(),
                match (hold.impartner_id, hold.row_id) {
                    (None, Some(row)) => format!("row {row}"),
                    (id, _) => id.map_or_else(String::new, |id| id.to_string()),
                },
                hold.name.clone().unwrap_or_default(),
                hold.operator.clone(),
                when(hold.created_at),
                hold.until.map_or_else(String::new, |day| day.to_string()),
                hold.note.clone(),
            ]
        })
        .collect();
    cx.out.table(
        &["ENTITY", "ID", "NAME", "OPERATOR", "SINCE", "UNTIL", "NOTE"],
        &rows,
    )
}
