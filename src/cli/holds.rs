//! `prmdesk holds`.

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};

use super::args::{self, Json};
use super::context::Context;
use super::exit::Exit;
use super::render::when;
use crate::error::Result;
use crate::plan::Entity;
use crate::values::Hold;

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
    },
    /// Lift a hold
    Lift {
        #[command(flatten)]
        record: Record,
    },
}

#[derive(Clone, Copy, Debug, Args)]
struct Record {
    /// Whose row
    #[arg(value_parser = args::entity())]
    entity: Entity,
    /// Its id as Impartner knows it
    #[arg(value_name = "ID")]
    impartner_id: i64,
}

impl Holds {
    pub(super) async fn run(self, cx: &mut Context<'_>) -> Result<Exit> {
        let desk = cx.desk().await?;
        let done = match self.command.unwrap_or(Command::List) {
            Command::List => None,
            Command::Add {
                record:
                    Record {
                        entity,
                        impartner_id,
                    },
                note,
            } => {
                desk.hold(entity, impartner_id, &note).await?;
                Some(format!("Holding {} #{impartner_id}", entity.singular()))
            }
            Command::Lift {
                record:
                    Record {
                        entity,
                        impartner_id,
                    },
            } => {
                desk.lift(entity, impartner_id).await?;
                Some(format!(
                    "Lifted the hold on {} #{impartner_id}",
                    entity.singular()
                ))
            }
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
                hold.impartner_id.to_string(),
                hold.name.clone().unwrap_or_default(),
                hold.operator.clone(),
                when(hold.created_at),
                hold.note.clone(),
            ]
        })
        .collect();
    cx.out.table(
        &["ENTITY", "ID", "NAME", "OPERATOR", "SINCE", "NOTE"],
        &rows,
    )
}
