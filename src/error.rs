//! The one error the faces see. Modules below keep their own `thiserror` enums; `Desk` turns them into this.

use std::error::Error as StdError;
use std::fmt;

/// What sort of trouble it is. It alone decides the exit code and the HTTP status (ARCHITECTURE.md, "Shapes").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The command was used wrongly: exit 2, HTTP 400.
    Usage,
    /// What was named is not there: an unknown run, hold or case: exit 2, HTTP 404.
    NotFound,
    /// The configuration is missing or wrong, the schema is not there: exit 2, HTTP 500.
    Config,
    /// Impartner or the LMS failed: exit 1, HTTP 502.
    Upstream,
    /// The database failed: exit 1, HTTP 503.
    Database,
    /// A guard, a hold, a missing approval: exit 3, HTTP 422.
    Blocked,
    /// Read-only mode refused a write: exit 3, HTTP 403.
    ReadOnly,
    /// Another run holds the lease: exit 6, HTTP 409.
    Leased,
    /// Somebody cancelled: exit 130.
    Cancelled,
    /// Files, the terminal, or a fault of ours: exit 1, HTTP 500.
    Internal,
}

impl Kind {
    /// The exit code (docs/contract.md, "Command line").
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage | Self::NotFound | Self::Config => 2,
            Self::Upstream | Self::Database | Self::Internal => 1,
            Self::Blocked | Self::ReadOnly => 3,
            Self::Leased => 6,
            Self::Cancelled => 130,
        }
    }
}

/// An error for people and programs: what happened (`message`), a fixed word for programs (`code`), what to do
/// (`help`), and the chain of causes (`source`).
#[derive(Debug)]
pub struct Error {
    /// What sort of trouble.
    pub kind: Kind,
    /// A fixed word in snake_case for programs.
    pub code: &'static str,
    /// What happened, to what, what was kept. Full sentences. May contain text from outside: printers make it safe.
    pub message: String,
    /// What to do about it, when there is something to say.
    pub help: Option<String>,
    retryable: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What the core and the faces return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error without a cause.
    pub fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            message: message.into(),
            help: None,
            retryable: false,
            source: None,
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says whether the same work, begun again at once, may succeed.
    #[must_use]
    pub fn retryable(mut self, retryable: bool) -> Self {
        self.retryable = retryable;
        self
    }

    /// Whether the same work, begun again at once, may succeed: a deadlock, a lost connection. Nothing of it was written.
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }

    /// Adds the cause.
    #[must_use]
    pub fn source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The messages of the causes, outermost first.
    pub fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut next = StdError::source(self);
        while let Some(cause) = next {
            causes.push(cause.to_string());
            next = cause.source();
        }
        causes
    }

    /// Work was cancelled; nothing was written.
    pub fn cancelled() -> Self {
        Self::new(
            Kind::Cancelled,
            "cancelled",
            "Cancelled. Nothing was written.",
        )
    }

    /// A write was refused because of `--read-only`. `what` is what was not done, e.g. "apply the plan".
    pub fn read_only(what: &str) -> Self {
        Self::new(
            Kind::ReadOnly,
            "read_only",
            format!("Read-only mode: prmdesk did not {what}."),
        )
        .help("Start without --read-only (and without `read_only = true`) to allow writes.")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}
