//! What can go wrong with the database, told apart by what to do about it.

mod code;
mod help;

use crate::error::Error;
use crate::values::LeaseHolder;
use code::{Code, code};

/// An error of the database floor.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// `database.url` does not parse; it is not shown, because it may hold a password.
    #[error("The database URL cannot be used: {0}.")]
    BadUrl(String),
    /// No host answered.
    #[error("The database at {target} cannot be reached: {reason}.")]
    Unreachable {
        /// Host, port and database, or the file.
        target: String,
        /// Why, as the system says it.
        reason: String,
    },
    /// The server refused the user.
    #[error("The database at {target} refused the login: {reason}.")]
    AccessDenied {
        /// Host, port and database.
        target: String,
        /// The server's words.
        reason: String,
    },
    /// The server beyond this machine takes no encrypted connections.
    #[error(
        "The database server at {target} does not encrypt: whoever is on the way would read the password and every record. Nothing was sent."
    )]
    Unencrypted {
        /// Host, port and database.
        target: String,
    },
    /// The server's certificate is not one to believe.
    #[error("The database server at {target} cannot be trusted: {reason}. Nothing was sent.")]
    Certificate {
        /// Host, port and database.
        target: String,
        /// What is wrong with the certificate.
        reason: String,
    },
    /// The server has no such database.
    #[error("The database server has no database for {target}: {reason}.")]
    UnknownDatabase {
        /// Host, port and database.
        target: String,
        /// The server's words.
        reason: String,
    },
    /// The server is none that can serve prmdesk.
    #[error("The database server of {target} is {found}, and prmdesk needs MariaDB 10.6 or newer.")]
    Unsuitable {
        /// Host, port and database.
        target: String,
        /// What it says it is.
        found: String,
    },
    /// The file is no SQLite database.
    #[error("{target} is not a SQLite database.")]
    NotADatabase {
        /// The file.
        target: String,
    },
    /// The file, or the server, takes no writes.
    #[error("The database takes no writes: {0}. Nothing was written.")]
    ReadOnly(String),
    /// No room.
    #[error("The database has no room left: {0}. Nothing was written.")]
    DiskFull(String),
    /// The disk under a SQLite file failed: a quota, a limit on file sizes, bad hardware.
    #[error("The disk of the database failed: {0}. Nothing was written.")]
    Disk(String),
    /// The SQLite file cannot be opened.
    #[error("The database file {target} cannot be opened: {reason}.")]
    File {
        /// The file.
        target: String,
        /// Why, as the system says it.
        reason: String,
    },
    /// There is no SQLite file, and nothing may be made.
    #[error("There is no database file {target}, and none is made in read-only mode.")]
    NoFile {
        /// The file.
        target: String,
    },
    /// The tables are not there, or not all of them.
    #[error("The database {target} lacks {} of prmdesk's schema: {}.", missing.len(), listed(missing))]
    NoSchema {
        /// Host, port and database.
        target: String,
        /// What is missing, in words.
        missing: Vec<String>,
    },
    /// A newer prmdesk migrated it.
    #[error("The database schema is of version {found}; this prmdesk knows version {known}.")]
    Newer {
        /// The version in the database.
        found: i64,
        /// The version of this program.
        known: i64,
    },
    /// A unique index cannot be made. Nothing was changed.
    #[error(
        "{table}.{column} must be unique, but has duplicates: {}. Nothing was changed.",
        listed(examples)
    )]
    Duplicates {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Some of the values, with the ids of their rows.
        examples: Vec<String>,
    },
    /// Columns of adopted tables that do not hold what is meant.
    #[error("{}. Nothing was written.", listed_by(columns, "; "))]
    UnfitColumns {
        /// Each with its table, its type and what it must be.
        columns: Vec<String>,
    },
    /// Tables under our names that are of a kind that cannot take part in a run.
    #[error(
        "{}; prmdesk needs plain InnoDB tables, because a run is one transaction. Nothing was written.",
        listed_by(tables, "; ")
    )]
    UnfitTables {
        /// Each with what it is.
        tables: Vec<String>,
    },
    /// Tables of somebody else's under our names.
    #[error(
        "These tables have names of prmdesk's and are not prmdesk's: {}. Nothing was made.",
        listed_by(tables, "; ")
    )]
    ForeignTables {
        /// Each with what it lacks.
        tables: Vec<String>,
    },
    /// A table was not to be had for a change of the schema.
    #[error("`{what}` waited {seconds} s for its table. {holders} What was made before stays.")]
    TableLocked {
        /// The statement.
        what: String,
        /// How long it waited.
        seconds: u64,
        /// Who has transactions open, in a sentence.
        holders: String,
    },
    /// Another process migrates.
    #[error("Another prmdesk is migrating this database.")]
    Migrating,
    /// Another run holds the lease.
    #[error("Another run holds the lease: {} ({}) by {} on {} since {}.", .0.purpose, .0.pid, .0.operator, .0.host, .0.since.format("%Y-%m-%d %H:%M:%S UTC"))]
    Leased(Box<LeaseHolder>),
    /// The lease went to somebody else while work went on; nothing was committed.
    #[error(
        "The lease was lost while the run was at work, so the run was rolled back. Nothing was written."
    )]
    LeaseLost,
    /// Somebody cancelled; rolled back.
    #[error("Cancelled. Nothing was written.")]
    Cancelled,
    /// The connection broke during commit, and the outcome could not be read afterwards.
    #[error(
        "The connection broke during the commit of run {run_id}, and its outcome could not be read: {reason}."
    )]
    CommitUnknown {
        /// The run.
        run_id: i64,
        /// What went wrong.
        reason: String,
    },
    /// No such run, case, hold or row.
    #[error("There is no {0}.")]
    NotFound(String),
    /// A value in the database that cannot be read.
    #[error("The database holds {what} that cannot be read: `{value}`.")]
    BadValue {
        /// What it should be.
        what: String,
        /// What it is. Text from outside.
        value: String,
    },
    /// Anything else that the database said.
    #[error("The database failed: {}", words(.0))]
    Database(#[source] sqlx::Error),
}

/// At most eight of them, and how many more.
fn listed(names: &[String]) -> String {
    listed_by(names, ", ")
}

fn listed_by(names: &[String], between: &str) -> String {
    let shown = names
        .iter()
        .take(8)
        .cloned()
        .collect::<Vec<_>>()
        .join(between);
    match names.len().checked_sub(8) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}

/// The database's own words, without the driver's around them.
pub(super) fn words(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(said) => said.message().to_owned(),
        other => other.to_string(),
    }
}

/// What is wrong with a certificate, from the TLS library's words.
fn certificate_fault(words: &str) -> String {
    let fault = words
        .split_once("invalid peer certificate: ")
        .map_or(words, |(_, fault)| fault);
    let told = match fault {
        "UnknownIssuer" => "its certificate is signed by no authority that is known here",
        _ if fault.contains("NotValidForName") || fault.contains("not valid for name") => {
            "its certificate is for another host"
        }
        _ if fault.to_lowercase().contains("expired") => "its certificate has expired",
        other => return format!("its certificate is refused ({other})"),
    };
    told.to_owned()
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match code(&error) {
            Code::MySql(3 | 14 | 20 | 1021 | 1114, _) | Code::Sqlite(13) => {
                Self::DiskFull(words(&error))
            }
            Code::MySql(1290 | 1792 | 1836, _) | Code::Sqlite(8) => Self::ReadOnly(words(&error)),
            Code::Sqlite(10) => Self::Disk(words(&error)),
            _ => Self::Database(error),
        }
    }
}

impl StoreError {
    /// Names the file or server whose trouble it is, where only the database's own words are known.
    pub(super) fn of(self, target: &str) -> Self {
        match self {
            Self::ReadOnly(reason) => Self::ReadOnly(format!("{target}: {reason}")),
            Self::Disk(reason) => Self::Disk(format!("{target}: {reason}")),
            Self::DiskFull(reason) => Self::DiskFull(format!("{target}: {reason}")),
            other => other,
        }
    }

    /// What the database said, for the report of one row.
    pub(super) fn row_message(&self) -> String {
        match self {
            Self::Database(error) => words(error),
            other => other.to_string(),
        }
    }

    /// The error of a connection attempt, by what to do about it.
    pub(super) fn connecting(error: &sqlx::Error, target: &str) -> Self {
        let (target, reason) = (target.to_owned(), words(error));
        match code(error) {
            Code::Lost if reason.contains("server does not support TLS") => {
                Self::Unencrypted { target }
            }
            Code::Lost if reason.contains("invalid peer certificate") => Self::Certificate {
                target,
                reason: certificate_fault(&reason),
            },
            // 1044: the user exists and has no right to this database; 1049: there is none.
            Code::MySql(1044 | 1045 | 1698, _) => Self::AccessDenied { target, reason },
            Code::MySql(1049, _) => Self::UnknownDatabase { target, reason },
            Code::Sqlite(26) => Self::NotADatabase { target },
            Code::Sqlite(8) => Self::ReadOnly(format!("{target}: {reason}")),
            Code::Sqlite(10) => Self::Disk(format!("{target}: {reason}")),
            Code::Sqlite(13) => Self::DiskFull(format!("{target}: {reason}")),
            Code::Sqlite(14) => Self::File { target, reason },
            _ => Self::Unreachable { target, reason },
        }
    }

    /// A refusal by a server that served before is its trouble and no fault of the configuration: the account was locked
    /// or its password changed, the certificate ran out, the database is being restored.
    pub(super) fn since_it_served(self) -> Self {
        match self {
            Self::AccessDenied { ref target, .. }
            | Self::Unencrypted { ref target }
            | Self::Certificate { ref target, .. }
            | Self::UnknownDatabase { ref target, .. } => Self::Unreachable {
                target: target.clone(),
                reason: self.to_string().trim_end_matches('.').to_owned(),
            },
            other => other,
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let out = Self::new(error.kind(), error.code(), error.to_string())
            .retryable(error.is_retryable());
        let out = match error.help() {
            Some(help) => out.help(help),
            None => out,
        };
        match error {
            StoreError::Database(cause) => out.source(cause),
            _ => out,
        }
    }
}
