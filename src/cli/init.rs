//! `prmdesk init`.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::Exit;
use super::output::Out;
use super::progress::Signals;
use super::{ask, context};
use crate::config::{TEMPLATE, process_env, user_file};
use crate::error::{Error, Kind, Result};
use crate::files;

/// Write a commented configuration file with every key and its default
///
/// It is readable for its owner only, because it may hold keys. A file that is there is never overwritten. On a
/// terminal it asks for the URLs and keys; an empty answer leaves the default.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// Where to write it; else $PRMDESK_CONFIG, or $XDG_CONFIG_HOME/prmdesk/config.toml
    #[arg(long, value_name = "FILE")]
    path: Option<PathBuf>,
}

/// What is asked for: table, key, question, whether the answer is hidden.
const QUESTIONS: [(&str, &str, &str, ask::Echo); 5] = [
    (
        "database",
        "url",
        "Database (mysql://user:password@host:3306/db or sqlite:///path)",
        ask::Echo::Hidden,
    ),
    ("impartner", "url", "Impartner URL", ask::Echo::Shown),
    ("impartner", "api_key", "Impartner key", ask::Echo::Hidden),
    ("lms", "url", "LMS URL", ask::Echo::Shown),
    ("lms", "api_key", "LMS key", ask::Echo::Hidden),
];

impl Init {
    pub(super) fn run(self, out: &mut Out) -> Result<Exit> {
        let path = self
            .path
            .or_else(|| process_env("PRMDESK_CONFIG").map(PathBuf::from))
            .or_else(|| user_file(&process_env))
            .ok_or_else(|| {
                Error::new(
                    Kind::Usage,
                    "init_path",
                    "There is no home directory to write to.",
                )
                .help("Name a file with --path.")
            })?;
        if path.exists() {
            return Err(exists(&path));
        }
        let mut text = TEMPLATE.to_owned();
        if ask::somebody() {
            context::block_on(async {
                let mut signals = Signals::listen()?;
                for (table, key, question, echo) in QUESTIONS {
                    if let Some(answer) = ask::interruptible(&mut signals, question, echo).await? {
                        text = answered(&text, table, key, &answer);
                    }
                }
                Ok(())
            })?;
        }
        write_new(&path, &text)?;
        out.line(format!("Wrote {}.", path.display()))?;
        out.line("Next: put in what is missing, then run `prmdesk doctor`.")?;
        Ok(Exit::Done)
    }
}

/// The template with one of its commented keys set.
fn answered(text: &str, table: &str, key: &str, answer: &str) -> String {
    let value = toml_edit::value(answer).to_string();
    let mut inside = false;
    let mut out = String::with_capacity(text.len() + answer.len());
    for line in text.lines() {
        if line.starts_with('[') {
            inside = line.trim_matches(['[', ']']) == table;
        }
        let here = inside
            && line
                .strip_prefix('#')
                .and_then(|line| line.strip_prefix(key))
                .is_some_and(|rest| rest.starts_with(" ="));
        if here {
            out.extend([key, " = ", value.trim(), "\n"]);
            inside = false;
        } else {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// Makes the file for its owner only; one that is there is left alone, also one that came up just now.
fn write_new(path: &Path, text: &str) -> Result<()> {
    let failed = |error: std::io::Error| {
        Error::new(
            Kind::Internal,
            "init_write",
            format!("{} could not be written: {error}.", path.display()),
        )
        .help("Name another file with --path.")
    };
    if let Some(dir) = path.parent() {
        files::create_folder(dir).map_err(failed)?;
    }
    let mut file = files::create_new(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => exists(path),
        _ => failed(error),
    })?;
    file.write_all(text.as_bytes()).map_err(failed)
}

fn exists(path: &Path) -> Error {
    Error::new(
        Kind::Usage,
        "init_exists",
        format!("{} is there already; it was left as it is.", path.display()),
    )
    .help("Name another file with --path.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_go_to_their_own_table_and_stay_what_they_are() {
        let text = answered(TEMPLATE, "lms", "api_key", "a\"b\\c");
        let text = answered(&text, "lms", "url", "https://l.example");
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table["lms"]["api_key"].as_str(), Some("a\"b\\c"));
        assert_eq!(table["lms"]["url"].as_str(), Some("https://l.example"));
        assert!(table["impartner"].as_table().unwrap().is_empty());
        assert_eq!(text.lines().count(), TEMPLATE.lines().count());
    }
}
