//! What is wrong with a configuration, where, and what would be right.

use std::fmt;
use std::path::PathBuf;

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
            Self::Syntax { .. } => "config_syntax",
            Self::Faults { .. } => "config_invalid",
            Self::Profile { .. } => "config_profile",
            Self::Secret { .. } => "config_secret",
        }
    }

    fn help(&self) -> &'static str {
        match self {
            Self::Read { .. } => {
                "Check the path and its permissions, or write a new file with `prmdesk init`."
            }
            Self::Syntax { .. } => "Mend the line; the file is TOML (https://toml.io).",
            Self::Faults { .. } => {
                "Mend what is named; `prmdesk init --path FILE` writes a file with every key and its default."
            }
            Self::Profile { .. } => "Name one that exists, or add the table [profiles.NAME].",
            Self::Secret { .. } => {
                "Check that the file can be read, or that the command prints the secret on its standard output."
            }
        }
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::new(Kind::Config, error.code(), error.to_string()).help(error.help())
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
