//! `prmdesk completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::exit::Exit;
use super::output::Out;
use crate::error::Result;

/// Print shell completions
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// For which shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self, out: &mut Out) -> Result<Exit> {
        // Into memory first: the generator panics where its writer fails.
        let mut script = Vec::new();
        clap_complete::generate(
            self.shell,
            &mut super::Cli::command(),
            "prmdesk",
            &mut script,
        );
        out.raw(&String::from_utf8_lossy(&script))?;
        Ok(Exit::Done)
    }
}
