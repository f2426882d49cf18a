//! The command line: one file per command, whose doc comments are its help. It parses, calls the `Desk`, prints what
//! comes back and turns it into an exit code (docs/contract.md, "Command line"); no rule of the business is here.

mod apply;
mod args;
mod ask;
mod carried;
mod certs;
mod completions;
mod confirm;
mod console;
mod context;
mod demo;
mod doctor;
pub mod exit;
mod faces;
mod holds;
mod init;
mod lms;
mod man;
mod migrate;
mod offboard;
mod output;
mod preview;
mod progress;
mod render;
mod report;
mod rules;
mod runs;
mod serve;
mod status;
mod sync;
#[cfg(test)]
mod testing;
mod undo;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use tracing::Instrument;

use args::Global;
use context::Context;
use exit::Exit;
use output::Out;
use report::Format;

pub use faces::{Console, Faces, Running, Serve};
pub use output::Color;

use crate::config;
use crate::error::{Error, Kind, Result};
use crate::files;
use crate::text::safe_lines;

/// The review desk between Impartner PRM, the partner database and the LMS.
///
/// Without a command it opens the console. Previews change nothing; what is applied is what was previewed.
#[derive(Debug, Parser)]
#[command(
    name = "prmdesk",
    version,
    propagate_version = true,
    max_term_width = 100
)]
#[command(
    after_help = "Exit codes: 0 done (preview: no changes), 1 failed, 2 wrong usage or configuration, \
3 stopped by a guard, a hold or a missing approval, 4 applied in part, 5 preview: there are changes, \
6 another run holds the lease, 130 cancelled.\n\nStart with `prmdesk demo`, or with `prmdesk init` and `prmdesk doctor`."
)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Init(init::Init),
    Doctor(doctor::Doctor),
    #[command(flatten)]
    Desk(DeskCommand),
    Serve(serve::Serve),
    Completions(completions::Completions),
    Man(man::Man),
}

/// The commands that need the configuration and the log.
#[derive(Debug, Subcommand)]
enum DeskCommand {
    Migrate(migrate::Migrate),
    Status(status::Status),
    Preview(preview::Preview),
    Apply(apply::Apply),
    Sync(sync::Sync),
    Runs(runs::Runs),
    Undo(undo::Undo),
    Carried(carried::Carried),
    Holds(holds::Holds),
    Rules(rules::Rules),
    Offboard(offboard::Offboard),
    Lms(lms::Lms),
    Certs(certs::Certs),
}

impl Command {
    /// How results are told.
    fn format(&self) -> Format {
        let json = match self {
            Self::Doctor(command) => command.json,
            Self::Desk(command) => match command {
                DeskCommand::Status(command) => command.json,
                DeskCommand::Preview(command) => command.json,
                DeskCommand::Apply(command) => command.json,
                DeskCommand::Sync(command) => command.json,
                DeskCommand::Runs(command) => command.json,
                DeskCommand::Undo(command) => command.json,
                DeskCommand::Carried(command) => command.json,
                DeskCommand::Holds(command) => command.json,
                DeskCommand::Rules(command) => command.json,
                DeskCommand::Offboard(command) => command.json,
                DeskCommand::Lms(command) => command.json,
                DeskCommand::Certs(command) => command.json,
                DeskCommand::Migrate(_) => return Format::Human,
            },
            _ => return Format::Human,
        };
        if json.json {
            Format::Json
        } else {
            Format::Human
        }
    }
}

/// Runs the command line `args`, the name of the program first, and says how the process ends.
pub fn run(args: impl IntoIterator<Item = OsString>, faces: Faces) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let color = early_color(&args);
    let mut out = Out::stdout(color);
    let command = Cli::command().color(match color {
        Color::Auto => clap::ColorChoice::Auto,
        Color::Always => clap::ColorChoice::Always,
        Color::Never => clap::ColorChoice::Never,
    });
    let parsed = command
        .try_get_matches_from(&args)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return wrong_usage(&error, &args, color, &mut out).into(),
    };
    let format = cli.command.as_ref().map_or(Format::Human, Command::format);
    let exit = dispatch(cli, faces, format, &mut out).and_then(|exit| {
        out.finish()?;
        Ok(exit)
    });
    match exit {
        Ok(exit) => exit,
        Err(error) => {
            report::print(&error, format, color, &mut out);
            let _nobody_listens = out.finish();
            Exit::of_error(&error)
        }
    }
    .into()
}

fn dispatch(cli: Cli, faces: Faces, format: Format, out: &mut Out) -> Result<Exit> {
    let global = &cli.global;
    // Manuals and completions are for everybody who uses the machine; all else is not.
    if !matches!(cli.command, Some(Command::Man(_) | Command::Completions(_))) {
        files::keep_private();
        config::check_environment()?;
    }
    match cli.command {
        None => console::open(global, faces),
        Some(Command::Demo(command)) => command.run(global, faces, out),
        Some(Command::Init(command)) => command.run(out),
        Some(Command::Doctor(command)) => command.run(global, out),
        Some(Command::Serve(command)) => command.run(global, faces),
        Some(Command::Completions(command)) => command.run(out),
        Some(Command::Man(command)) => command.run(out),
        Some(Command::Desk(command)) => context::block_on(async {
            let cx = &mut Context::start(global, format, out)?;
            // The desk notes the id of its run here, so that every line of the log has it.
            let span = tracing::info_span!("command", run_id = tracing::field::Empty);
            let work = async {
                match command {
                    DeskCommand::Migrate(command) => command.run(cx).await,
                    DeskCommand::Status(command) => command.run(cx).await,
                    DeskCommand::Preview(command) => command.run(cx).await,
                    DeskCommand::Apply(command) => command.run(cx).await,
                    DeskCommand::Sync(command) => command.run(cx).await,
                    DeskCommand::Runs(command) => command.run(cx).await,
                    DeskCommand::Undo(command) => command.run(cx).await,
                    DeskCommand::Carried(command) => command.run(cx).await,
                    DeskCommand::Holds(command) => command.run(cx).await,
                    DeskCommand::Rules(command) => Box::pin(command.run(cx)).await,
                    DeskCommand::Offboard(command) => command.run(cx).await,
                    DeskCommand::Lms(command) => command.run(cx).await,
                    DeskCommand::Certs(command) => Box::pin(command.run(cx)).await,
                }
            };
            Box::pin(work.instrument(span)).await
        }),
    }
}

/// Help and version are no errors; everything else is exit 2, as JSON where `--json` was among the arguments.
fn wrong_usage(error: &clap::Error, args: &[OsString], color: Color, out: &mut Out) -> Exit {
    if !error.use_stderr() || !args.iter().any(|arg| arg == "--json") {
        // An argument is quoted as it came, and may have come from elsewhere.
        let plain = error.render().to_string();
        let shown = safe_lines(&plain);
        let _nobody_listens = if error.use_stderr() && shown != plain {
            std::io::stderr().write_all(shown.as_bytes())
        } else {
            error.print()
        };
        return if error.use_stderr() {
            Exit::Usage
        } else {
            Exit::Done
        };
    }
    let text = error.render().to_string();
    let (message, help) = text.split_once("\n\n").unwrap_or((&text, ""));
    let message = message.trim_start_matches("error: ").trim();
    let error = Error::new(Kind::Usage, "usage", message).help(help.trim());
    report::print(&error, Format::Json, color, out);
    let _nobody_listens = out.finish();
    Exit::Usage
}

/// The value of `--color` before the command line is parsed, for the help and the errors of parsing itself.
fn early_color(args: &[OsString]) -> Color {
    let texts = args.iter().map(|arg| arg.to_string_lossy());
    let mut after = false;
    for text in texts {
        let value = if after {
            Some(text.as_ref())
        } else {
            text.strip_prefix("--color=")
        };
        match value {
            Some("always") => return Color::Always,
            Some("never") => return Color::Never,
            _ => after = text == "--color",
        }
    }
    Color::Auto
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn colour_is_known_before_parsing() {
        let early =
            |args: &[&str]| early_color(&args.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(early(&["prmdesk", "status"]), Color::Auto);
        assert_eq!(early(&["prmdesk", "--color=never"]), Color::Never);
        assert_eq!(early(&["prmdesk", "--color", "always", "x"]), Color::Always);
    }
}
