//! `prmdesk runs`.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::args::{self, Json};
use super::context::Context;
use super::exit::Exit;
use super::render::run::{self, Journal};
use crate::config::process_env;
use crate::error::Result;
use crate::logging::{self, lines::RunLines};
use crate::plan::Entity;
use crate::values::RunDetail;

/// List the runs; show one with its changes; show who changed a record
#[derive(Debug, Args)]
pub(super) struct Runs {
    #[command(subcommand)]
    command: Option<Command>,
    /// Most runs listed, newest first
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    #[command(flatten)]
    pub(super) json: Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the runs, newest first
    List,
    /// Show one run with its changes and its lines in the log
    Show {
        /// The run
        #[arg(value_parser = args::id())]
        run: i64,
        /// Most lines of the log, the newest
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(..=10_000))]
        log_lines: u16,
    },
    /// Show who changed a record, when, from what to what, by which plan
    History {
        /// Whose record
        #[arg(value_parser = args::entity())]
        entity: Entity,
        /// Its id as Impartner knows it
        #[arg(value_name = "ID", value_parser = args::id())]
        impartner_id: i64,
    },
}

/// A run with what is beside the database about it.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    detail: RunDetail,
    log: RunLines,
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
            Command::Show { run: id, log_lines } => {
                let detail = cx.reading(desk.run(id)).await?;
                let log = logging::lines::of_run(
                    &logging::dir(&cx.config.log, &process_env),
                    id,
                    detail.run.started_at.date_naive(),
                    log_lines.into(),
                );
                if cx.json() {
                    cx.out.json(&Shown { detail, log })?;
                } else {
                    run::head(&detail.run, cx.out)?;
                    for entry in &detail.changes {
                        run::entry(entry, Journal::OfRun, cx.out)?;
                    }
                    run::log(&log, cx.out)?;
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
