//! `prmdesk lms`.

use clap::{Args, Subcommand};

use super::args::{self, Json};
use super::context::Context;
use super::exit::Exit;
use super::output::Style;
use super::render::count;
use crate::error::Result;
use crate::values::{LmsFault, LmsRefreshed, Transcripts};

/// Read the LMS into the lms_ tables
#[derive(Debug, Args)]
pub(super) struct Lms {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    pub(super) json: Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read people, groups and memberships; link contacts and partners to them
    ///
    /// A reading that breaks off never empties a table, and what is gone from the LMS stays as a row that is marked. Rows that the tables cannot store are named (exit 4). The LMS takes few requests a second, so this may take a while.
    Refresh {
        /// Courses and enrolments too: one request for each person concerned
        #[arg(long)]
        transcripts: bool,
        /// Only those of this partner, by its row id
        #[arg(long, value_name = "ID", requires = "transcripts", value_parser = args::id())]
        partner: Option<i64>,
    },
}

impl Lms {
    pub(super) async fn run(self, cx: &mut Context<'_>) -> Result<Exit> {
        let Command::Refresh {
            transcripts,
            partner,
        } = self.command;
        let transcripts = match (transcripts, partner) {
            (_, Some(partner)) => Transcripts::Partner(partner),
            (true, None) => Transcripts::All,
            (false, None) => Transcripts::No,
        };
        let desk = cx.desk().await?;
        let refreshed = desk.lms_refresh(transcripts, &cx.progress).await?;
        cx.quiet();
        if cx.json() {
            cx.out.json(&refreshed)?;
        } else {
            print(&refreshed, cx)?;
        }
        Ok(if refreshed.failed.is_empty() {
            Exit::Done
        } else {
            Exit::InPart
        })
    }
}

fn print(refreshed: &LmsRefreshed, cx: &mut Context<'_>) -> Result<()> {
    cx.out.line(format!(
        "Run {}: read {}, {} and {}; {}.",
        refreshed.run_id,
        count(refreshed.people, "person", "people"),
        count(refreshed.groups, "group", "groups"),
        count(refreshed.memberships, "membership", "memberships"),
        count(refreshed.changed, "row changed", "rows changed"),
    ))?;
    if refreshed.transcripts > 0 || refreshed.courses > 0 {
        cx.out.line(format!(
            "Transcripts of {}; {}.",
            count(refreshed.transcripts, "person", "people"),
            count(refreshed.courses, "course", "courses"),
        ))?;
    }
    cx.out.line(format!(
        "{} and {} were linked.",
        count(refreshed.contacts_linked, "contact", "contacts"),
        count(refreshed.groups_linked, "group", "groups"),
    ))?;
    let gone = refreshed.gone;
    if gone.people + gone.groups > 0 {
        cx.out.line(format!(
            "{} and {} are gone from the LMS; their rows stay and are marked.",
            count(gone.people, "person", "people"),
            count(gone.groups, "group", "groups"),
        ))?;
    }
    if !refreshed.failed.is_empty() {
        let rows = count(refreshed.failed.len() as u64, "row", "rows");
        cx.out.styled(
            Style::Warn,
            format!("{rows} could not be stored; the others were."),
        )?;
    }
    for LmsFault { table, id, message } in &refreshed.failed {
        cx.out
            .styled(Style::Warn, format!("{table} {id}: {message}"))?;
    }
    for warning in &refreshed.warnings {
        cx.out.styled(Style::Warn, warning)?;
    }
    Ok(())
}
