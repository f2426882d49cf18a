//! What is wrong with a configuration, where, and what would be right.

use std::fmt;
use std::path::PathBuf;

use super::variables::VARIABLES;
use crate::error::{Error, Kind};

/// Where a value was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A line of the configuration file; lines count from 1.
    Line(PathBuf, usize),
    /// An environment variable.
    Variable(&'static str),
    /// A flag of the command line.
    Flag(&'static str),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(path, line) => write!(f, "{}, line {line}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// One thing that is wrong. Never holds a value of a key that is a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What, and what would be right: one sentence without its full stop.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// A value that would go to another address than it was given for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Astray {
    /// The key of the value.
    pub what: &'static str,
    /// Where it stands.
    pub place: Place,
    /// The address it was given for.
    pub meant: String,
    /// The address in force.
    pub now: String,
    /// Where that one was given.
    pub by: Place,
}

impl fmt::Display for Astray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            place,
            meant,
            now,
            by,
        } = self;
        write!(
            f,
            "{place}: {what} was given for {meant}, and {by} changes that to {now}; it is not used there."
        )
    }
}

/// Why a configuration could not be used. All of them are exit 2.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("The configuration file {} could not be read: {source}.", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file could not be written.
    #[error("The configuration file {} could not be written: {source}. It stays as it was.", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{}, line {line}: {message}.", path.display())]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What the parser says. Holds nothing of the file: the line may be a secret.
        message: String,
    },
    /// Keys or values are wrong.
    #[error("{}", list(faults))]
    Faults {
        /// All of them, in the order of the file.
        faults: Vec<Fault>,
    },
    /// The profile is not there.
    #[error("There is no profile {name:?}; {}.", profiles(known))]
    Profile {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A key or a database would be used with another address than it was given for.
    #[error("{0}")]
    Address(Box<Astray>),
    /// The file names secrets, commands or addresses, and somebody else may have written them.
    #[error(
        "The configuration file {} {why}, so it may not name a secret, a command or the address of an API, but it names {key} (line {line}).",
        path.display()
    )]
    Untrusted {
        /// Which file.
        path: PathBuf,
        /// Who may have written it.
        why: String,
        /// The first such key.
        key: String,
        /// Its line, counted from 1.
        line: usize,
    },
    /// A variable is no UTF-8.
    #[error("The environment variable {name} is no UTF-8 text, so it cannot be used.")]
    Environment {
        /// Its name.
        name: &'static str,
    },
    /// A secret could not be read from its file or command.
    #[error("{place}: {key}: {message}.")]
    Secret {
        /// Where the key stands.
        place: Place,
        /// The key.
        key: String,
        /// What went wrong. Never holds the secret.
        message: String,
    },
}

impl ConfigError {
    /// The fixed word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "config_unreadable",
            Self::Write { .. } => "config_unwritable",
            Self::Syntax { .. } => "config_syntax",
            Self::Faults { .. } => "config_invalid",
            Self::Profile { .. } => "config_profile",
            Self::Address(_) => "config_address",
            Self::Untrusted { .. } => "config_untrusted",
            Self::Environment { .. } => "config_environment",
            Self::Secret { .. } => "config_secret",
        }
    }

    fn help(&self) -> String {
        let fixed = match self {
            Self::Address(astray) => return beside(astray.what, &astray.by),
            Self::Untrusted { path, .. } => {
                return format!(
                    "Take it over and close it: `chown $(id -un) {0}` and `chmod 600 {0}`, after a look at what it says.",
                    path.display()
                );
            }
            Self::Environment { .. } => {
                "Write it in UTF-8, or unset it; nothing was read or written."
            }
            Self::Read { .. } => {
                "Check the path and its permissions, or write a new file with `prmdesk init`."
            }
            Self::Write { .. } => {
                "Write the change there yourself, as somebody who may, or give yourself the right to."
            }
            Self::Syntax { .. } => "Mend the line; the file is TOML (https://toml.io).",
            Self::Faults { .. } => {
                "Mend what is named; `prmdesk init --path FILE` writes a file with every key and its default."
            }
            Self::Profile { .. } => "Name one that exists, or add the table [profiles.NAME].",
            Self::Secret { .. } => {
                "Check that the file can be read, or that the command prints the secret on its standard output."
            }
        };
        fixed.to_owned()
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::new(Kind::Config, error.code(), error.to_string()).help(error.help())
    }
}

/// What to write so that `what` stands beside the address that was given `by` a stronger place.
fn beside(what: &str, by: &Place) -> String {
    let variable = VARIABLES
        .iter()
        .find(|(_, key)| *key == what)
        .map_or("", |(variable, _)| variable);
    match by {
        Place::Line(..) => format!(
            "Write `{what}` (or {what}_file, {what}_command) in the same profile, or set {variable}."
        ),
        Place::Variable(_) | Place::Flag(_) => {
            format!("Set {variable} too, or leave both to the file.")
        }
    }
}

fn list(faults: &[Fault]) -> String {
    match faults {
        [one] => format!("{one}."),
        many => many.iter().fold(
            format!("The configuration has {} faults:", many.len()),
            |text, fault| format!("{text}\n  {fault}."),
        ),
    }
}

fn profiles(known: &[String]) -> String {
    if known.is_empty() {
        "the configuration has none".to_owned()
    } else {
        format!("the configuration has {}", known.join(", "))
    }
}

/// The one of `known` that is most like `word`. Names that only lack their table count as near.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let last = |name: &'a str| name.rsplit('.').next().unwrap_or(name);
    let word_last = word.rsplit('.').next().unwrap_or(word);
    known.min_by_key(|name| {
        let whole = strsim::osa_distance(word, name);
        let end = strsim::osa_distance(word_last, last(name)) + 2;
        whole.min(end)
    })
}
