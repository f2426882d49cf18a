//! The one printer of errors: what, where, what to do, and the chain of causes.

use std::io::{IsTerminal, Write};

use serde::Serialize;

use super::output::{Color, Out};
use crate::error::Error;
use crate::text::{safe, safe_lines};

/// The JSON of an error (docs/contract.md, "JSON").
#[derive(Serialize)]
struct ErrorReport<'a> {
    error: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    code: &'a str,
    message: &'a str,
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    causes: Vec<String>,
}

/// How results and errors are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Lines for people.
    Human,
    /// One JSON document on standard output.
    Json,
}

/// Prints `error`: as JSON on standard output, else on standard error.
pub(super) fn print(error: &Error, format: Format, color: Color, out: &mut Out) {
    tracing::error!(code = error.code, kind = ?error.kind, "the command ends with an error");
    if format == Format::Json {
        let document = ErrorReport {
            error: Body {
                code: error.code,
                message: &error.message,
                help: error.help.as_deref(),
                causes: error.causes(),
            },
        };
        // Where even that cannot be written, nobody listens; the exit code still tells.
        let _nobody_listens = out.json(&document);
        return;
    }
    let _nobody_listens = out.finish();
    let mut stderr = std::io::stderr().lock();
    let color = color.on(stderr.is_terminal());
    let _nobody_listens = stderr.write_all(human(error, color).as_bytes());
}

/// Says something on standard error that stops nothing.
pub(super) fn warn(message: &str) {
    let _nobody_listens = writeln!(std::io::stderr(), "warning: {}.", safe(message));
}

/// The error for people, with its line ends.
fn human(error: &Error, color: bool) -> String {
    let (red, bold, off) = if color {
        ("\x1b[1;31m", "\x1b[1m", "\x1b[0m")
    } else {
        ("", "", "")
    };
    let mut text = format!("{red}error:{off} {}\n", safe_lines(&error.message));
    // A message often ends with its cause; saying it twice helps nobody.
    for cause in error.causes() {
        if !error.message.contains(&cause) {
            text.extend(["  caused by: ", &safe(&cause), "\n"]);
        }
    }
    if let Some(help) = &error.help {
        text.extend([bold, "help:", off, " ", &safe_lines(help), "\n"]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn people_see_what_why_and_what_to_do() {
        let error = Error::new(Kind::Upstream, "x", "It failed for A\u{202e}.")
            .help("Try again.")
            .source(std::io::Error::other("no\x1b[2J route"));
        assert_eq!(
            human(&error, false),
            "error: It failed for A\\u{202e}.\n  caused by: no\\x1b[2J route\nhelp: Try again.\n"
        );
    }

    #[test]
    fn a_cause_that_the_message_names_is_not_said_twice() {
        let error = Error::new(Kind::Upstream, "x", "It failed: no route.")
            .source(std::io::Error::other("no route"));
        assert_eq!(human(&error, false), "error: It failed: no route.\n");
    }
}
