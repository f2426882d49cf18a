//! Questions on the terminal. They are asked on standard error, so that standard output holds results alone.

use std::io::{BufRead, IsTerminal, Write};

use crate::error::{Error, Kind, Result};
use crate::text::safe;

/// Whether an answer is seen while it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Echo {
    /// It is.
    Shown,
    /// It is not: a key.
    Hidden,
}

/// Whether somebody is there to answer.
pub(super) fn somebody() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks one question; `None` for an empty answer or the end of the input.
pub(super) fn line(question: &str, echo: Echo) -> Result<Option<String>> {
    let mut stderr = std::io::stderr();
    let failed = |error: std::io::Error| {
        Error::new(
            Kind::Internal,
            "terminal",
            "The terminal could not be read.",
        )
        .source(error)
    };
    write!(stderr, "{}: ", safe(question))
        .and_then(|()| stderr.flush())
        .map_err(failed)?;
    let hidden = (echo == Echo::Hidden)
        .then(Hidden::start)
        .transpose()
        .map_err(failed)?;
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    if hidden.is_some() {
        let _nobody_listens = writeln!(stderr);
    }
    drop(hidden);
    read.map_err(failed)?;
    let answer = answer.trim();
    Ok((!answer.is_empty()).then(|| answer.to_owned()))
}

/// Turns the terminal's echo off, and on again when it is dropped.
struct Hidden(nix::sys::termios::Termios);

impl Hidden {
    fn start() -> std::io::Result<Self> {
        use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
        let before = tcgetattr(std::io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(std::io::stdin(), SetArg::TCSAFLUSH, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        use nix::sys::termios::{SetArg, tcsetattr};
        let _terminal_is_gone = tcsetattr(std::io::stdin(), SetArg::TCSAFLUSH, &self.0);
    }
}
