//! `prmdesk doctor`.

use std::io::IsTerminal;

use clap::Args;
use serde::Serialize;

use super::args::{Global, Json};
use super::context;
use super::exit::Exit;
use super::output::{Out, Style};
use crate::clock::Clock;
use crate::config::{self, process_env};
use crate::desk;
use crate::error::Result;
use crate::logging;
use crate::values::{Check, CheckStatus};

/// Check configuration, database, Impartner, LMS and terminal, and say what to mend
///
/// Works with a broken configuration too. Exit code 1 with a failure, 0 with warnings. Nothing is written.
#[derive(Debug, Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    pub(super) json: Json,
}

/// The JSON of docs/contract.md, "JSON".
#[derive(Serialize)]
struct Examination<'a> {
    checks: &'a [Check],
}

impl Doctor {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit> {
        let clock = Clock::system();
        let loaded = config::load(&global.overrides(), &process_env);
        let log_dir = loaded
            .as_ref()
            .ok()
            .map(|loaded| logging::dir(&loaded.config.log, &process_env));
        let mut checks = context::block_on(async { Ok(desk::doctor(loaded, &clock).await) })?;
        if let Some(dir) = log_dir {
            checks.push(log(&dir));
        }
        checks.push(terminal());
        if self.json.json {
            out.json(&Examination { checks: &checks })?;
        } else {
            for check in &checks {
                print(check, out)?;
            }
        }
        Ok(Exit::of_checks(&checks))
    }
}

fn print(check: &Check, out: &mut Out) -> Result<()> {
    let (word, style) = match check.status {
        CheckStatus::Ok => ("ok     ", Style::Plain),
        CheckStatus::Warning => ("warning", Style::Warn),
        CheckStatus::Failure => ("FAILURE", Style::Warn),
    };
    for (at, line) in check.message.lines().enumerate() {
        let head = if at == 0 {
            format!("{word}  {}: ", check.name)
        } else {
            "         ".to_owned()
        };
        out.styled(style, format!("{head}{line}"))?;
    }
    if let Some(help) = &check.help {
        out.line(format!("         {help}"))?;
    }
    Ok(())
}

/// Whether the log can be written.
fn log(dir: &std::path::Path) -> Check {
    let tried =
        crate::files::create_folder(dir).and_then(|()| tempfile::tempfile_in(dir).map(drop));
    match tried {
        Ok(()) => check(
            "log",
            CheckStatus::Ok,
            format!("Log files go to {}.", dir.display()),
            None,
        ),
        Err(error) => check(
            "log",
            CheckStatus::Warning,
            format!(
                "There is no log: {} cannot be written: {error}.",
                dir.display()
            ),
            Some("Make the directory writable, or set log.dir."),
        ),
    }
}

/// What the terminal can do, as far as the environment tells.
fn terminal() -> Check {
    let env = |name| process_env(name).unwrap_or_default();
    if !std::io::stdout().is_terminal() {
        return check(
            "terminal",
            CheckStatus::Ok,
            "No terminal here: the console cannot be opened, every command can be run.",
            None,
        );
    }
    let term = env("TERM");
    let locale = [env("LC_ALL"), env("LC_CTYPE"), env("LANG")]
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_default();
    let upper = locale.to_ascii_uppercase();
    if term.is_empty() || term == "dumb" {
        return check(
            "terminal",
            CheckStatus::Warning,
            format!("TERM is {term:?}: the console cannot draw."),
            Some("Set TERM to what your terminal is, such as xterm-256color."),
        );
    }
    if !upper.contains("UTF-8") && !upper.contains("UTF8") {
        return check(
            "terminal",
            CheckStatus::Warning,
            format!(
                "The locale is {locale:?}, not UTF-8: the console draws in ASCII, and names may look broken."
            ),
            Some("Set LANG to a UTF-8 locale, such as C.UTF-8."),
        );
    }
    if let Ok((columns, rows)) = crossterm::terminal::size()
        && (columns < 60 || rows < 16)
    {
        return check(
            "terminal",
            CheckStatus::Warning,
            format!("The terminal is {columns} by {rows}; the console needs 60 by 16."),
            Some("Make the window larger."),
        );
    }
    let colours = match env("COLORTERM").as_str() {
        "truecolor" | "24bit" => "true colour",
        _ if term.contains("256") => "256 colours",
        _ => "16 colours",
    };
    check(
        "terminal",
        CheckStatus::Ok,
        format!("{term}, {colours}, {locale}."),
        None,
    )
}

fn check(name: &str, status: CheckStatus, message: impl Into<String>, help: Option<&str>) -> Check {
    Check {
        name: name.to_owned(),
        status,
        message: message.into(),
        help: help.map(str::to_owned),
    }
}
