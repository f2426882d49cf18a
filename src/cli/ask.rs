//! Questions on the terminal. They are asked on standard error, so that standard output holds results alone.

use std::io::{BufRead, IsTerminal, Write};

use super::progress::Signals;
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

/// Asks outside of a command that has signals in its hands: SIGINT, SIGTERM and SIGHUP end the wait, and the terminal's
/// echo is back before the error is told.
pub(super) async fn interruptible(
    signals: &mut Signals,
    question: &'static str,
    echo: Echo,
) -> Result<Option<String>> {
    let hidden = (echo == Echo::Hidden)
        .then(Hidden::start)
        .transpose()
        .map_err(unreadable)?;
    let answer = tokio::select! {
        biased;
        _ = signals.next() => Err(Error::cancelled()),
        asked = tokio::task::spawn_blocking(move || line(question)) => {
            asked.map_err(|error| unreadable(error.into())).flatten()
        }
    };
    if hidden.is_some() {
        let _nobody_listens = writeln!(std::io::stderr());
    }
    answer
}

fn unreadable(error: std::io::Error) -> Error {
    Error::new(
        Kind::Internal,
        "terminal",
        "The terminal could not be read.",
    )
    .source(error)
}

/// Asks one question; `None` for an empty answer or the end of the input.
pub(super) fn line(question: &str) -> Result<Option<String>> {
    let mut stderr = std::io::stderr();
    write!(stderr, "{}: ", safe(question))
        .and_then(|()| stderr.flush())
        .map_err(unreadable)?;
    let mut answer = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(unreadable)?;
    let answer = answer.trim();
    Ok((!answer.is_empty()).then(|| answer.to_owned()))
}

/// Turns the terminal's echo off, and on again when it is dropped.
struct Hidden(nix::sys::termios::Termios);

impl Hidden {
    fn start() -> std::io::Result<Self> {
        use nix::sys::termios::{
            _POSIX_VDISABLE, LocalFlags, SetArg, SpecialCharacterIndices, tcgetattr, tcsetattr,
        };
        let before = tcgetattr(std::io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_flags.remove(LocalFlags::ECHO);
        // Stopped by Ctrl-Z, the echo would stay off for whoever types next.
        quiet.control_chars[SpecialCharacterIndices::VSUSP as usize] = _POSIX_VDISABLE;
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
