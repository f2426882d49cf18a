//! `prmdesk` without a command.

use std::io::IsTerminal;

use super::args::Global;
use super::context;
use super::exit::Exit;
use super::faces::{Console, Faces};
use crate::config::{Config, process_env, state_dir};
use crate::error::{Error, Kind, Result};

/// Opens the console on the configured database.
pub(super) fn open(global: &Global, faces: Faces) -> Result<Exit> {
    terminal()?;
    let config = context::configuration(global)?;
    context::block_on(async { run(config, global, faces, None).await })
}

/// Runs the console until somebody leaves it. It hears signals and the keyboard by itself.
pub(super) async fn run(
    config: Config,
    global: &Global,
    faces: Faces,
    banner: Option<String>,
) -> Result<Exit> {
    let _log = context::start_log(&config);
    (faces.console)(Console {
        config,
        ascii: global.ascii,
        color: global.color,
        state_dir: state_dir(&process_env),
        banner,
    })
    .await?;
    Ok(Exit::Done)
}

/// The console needs a terminal on both sides.
pub(super) fn terminal() -> Result<()> {
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        return Ok(());
    }
    Err(Error::new(
        Kind::Usage,
        "no_terminal",
        "The console needs a terminal, and there is none.",
    )
    .help("Use a command instead, such as `prmdesk status` or `prmdesk preview`; `prmdesk --help` lists them."))
}
