//! `prmdesk man`.

use std::path::PathBuf;

use clap::{Args, Command, CommandFactory};

use super::exit::Exit;
use super::output::Out;
use crate::error::{Error, Kind, Result};

/// Print the manual page, or write one page per command into a directory
#[derive(Debug, Args)]
pub(super) struct Man {
    /// Write prmdesk.1 and one page for each command into this directory
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// The command without the `help` that clap adds to every command with commands: a page for each of them, and for
/// each of theirs, would be more pages than the real ones and say nothing.
fn without_help(command: Command) -> Command {
    command
        .disable_help_subcommand(true)
        .mut_subcommands(without_help)
}

impl Man {
    pub(super) fn run(self, out: &mut Out) -> Result<Exit> {
        let mut command = without_help(super::Cli::command());
        command.build();
        let failed = |error: std::io::Error| {
            Error::new(
                Kind::Internal,
                "man",
                format!("The manual pages could not be written: {error}."),
            )
        };
        if let Some(dir) = self.dir {
            std::fs::create_dir_all(&dir).map_err(failed)?;
            clap_mangen::generate_to(command, &dir).map_err(failed)?;
            out.line(format!("Wrote the manual pages to {}.", dir.display()))?;
        } else {
            let mut page = Vec::new();
            clap_mangen::Man::new(command)
                .render(&mut page)
                .map_err(failed)?;
            out.raw(&String::from_utf8_lossy(&page))?;
        }
        Ok(Exit::Done)
    }
}
