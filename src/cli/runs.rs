//! `prmdesk runs`.

use clap::{Args, Subcommand};

use super::args::{self, Json};
use super::context::Context;
use super::exit::Exit;
use super::render::run::{self, Journal};
use crate::error::Result;
use crate::plan::Entity;

/// List the runs; show one with its changes; show who changed a record
#[derive(Debug, Args)]
pub(super) struct Runs {
    #[command(subcommand)]
    command: Option<Command>,
    /// Most runs listed, newest first
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
    #[command(flatten)]
    pub(super) json: Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the runs, newest first
    List,
    /// Show one run with its changes
    Show {
        /// The run
        run: i64,
    },
    /// Show who changed a record, when, from what to what, by which plan
    History {
        /// Whose record
        #[arg(value_parser = args::entity())]
        entity: Entity,
        /// Its id as Impartner knows it
        #[arg(value_name = "ID")]
        impartner_id: i64,
    },
}

impl Runs {
    pub(super) async fn run(self, cx: &mut Context<'_>) -> Result<Exit> {
        let desk = cx.desk().await?;
        match self.command.unwrap_or(Command::List) {
            Command::List => {
                let runs = cx.reading(desk.runs(self.limit)).await?;
                if cx.json() {
                    cx.out.json(&runs)?;
                } else if runs.is_empty() {
                    cx.out.line("No run yet.")?;
                } else {
                    run::list(&runs, cx.out)?;
                }
            }
            Command::Show { run: id } => {
                let detail = cx.reading(desk.run(id)).await?;
                if cx.json() {
                    cx.out.json(&detail)?;
                } else {
                    run::head(&detail.run, cx.out)?;
                    for entry in &detail.changes {
                        run::entry(entry, Journal::OfRun, cx.out)?;
                    }
                }
            }
            Command::History {
                entity,
                impartner_id,
            } => {
                let entries = cx.reading(desk.history(entity, impartner_id)).await?;
                if cx.json() {
                    cx.out.json(&entries)?;
                } else if entries.is_empty() {
                    cx.out.line(format!(
                        "The journal has no change of {} #{impartner_id}",
                        entity.singular()
                    ))?;
                }
                if !cx.json() {
                    for entry in &entries {
                        run::entry(entry, Journal::OfRecord, cx.out)?;
                    }
                }
            }
        }
        Ok(Exit::Done)
    }
}
