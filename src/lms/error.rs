//! What can go wrong with the LMS.

use crate::error::{Error, Kind};

/// Why a call to the LMS gave nothing. 401 is its own variant and never reads as "gone".
#[derive(Debug, thiserror::Error)]
pub enum LmsError {
    /// The configured URL cannot be used.
    #[error("The LMS address (lms.url) cannot be used: {reason}.")]
    Url {
        /// Why, without the address.
        reason: String,
    },
    /// Plain http to another machine would show the key to everybody on the way.
    #[error("The LMS address is plain http to {host}: the key would travel in the open.")]
    PlainHttp {
        /// The host.
        host: String,
    },
    /// No key is configured.
    #[error("No LMS key is configured.")]
    MissingKey,
    /// The key holds a character that no header can carry.
    #[error("The LMS key holds characters that cannot be sent, a line break for instance.")]
    UnusableKey,
    /// The HTTP client could not be made.
    #[error("The HTTP client for the LMS could not be set up.")]
    Setup(#[source] reqwest::Error),
    /// 401: the key is not taken. Says nothing about whether a record exists.
    #[error("The LMS refused the key (401): {detail}")]
    Unauthorized {
        /// What the LMS said.
        detail: String,
    },
    /// 404 where the thing asked for must exist.
    #[error("The LMS does not know {what} (404): {detail}")]
    NotFound {
        /// Path asked for.
        what: String,
        /// What the LMS said.
        detail: String,
    },
    /// A 404 that is not the API's own: a gateway's page says nothing about whether a record exists.
    #[error("{what} was answered with a 404 that is not the LMS's own: {detail}")]
    ForeignNotFound {
        /// Path asked for.
        what: String,
        /// What the answer says.
        detail: String,
    },
    /// Any other 4xx, or errors inside a 200.
    #[error("The LMS refused {what} ({status}): {detail}")]
    Refused {
        /// Path asked for.
        what: String,
        /// The status.
        status: u16,
        /// Title and detail as the LMS gave them.
        detail: String,
    },
    /// It did not work and went on not working: 429, 5xx, timeouts, broken connections.
    #[error("The LMS did not answer {what} after {tries} tries: {detail}")]
    Unreachable {
        /// Path asked for.
        what: String,
        /// How often it was asked.
        tries: u32,
        /// The last failure.
        detail: String,
    },
    /// An answer that is not what docs/apis.md, "Northpass" describes.
    #[error("The LMS answered {what} with something unreadable: {detail}")]
    Unreadable {
        /// Path asked for.
        what: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A link to another host: following it would send the key there.
    #[error(
        "The LMS gave a link to another host ({host}); it was not followed and the key was not sent there."
    )]
    ForeignLink {
        /// The other host.
        host: String,
    },
    /// A listing without an end, or with more in it than anybody has.
    #[error(
        "The LMS listing of {what} has more than {most}, which is more than is taken in; reading stopped."
    )]
    TooMuch {
        /// Path asked for.
        what: String,
        /// The bound: "4000000 records".
        most: String,
    },
    /// Pages that go in a circle.
    #[error("The LMS pages of {what} go in a circle; reading stopped after {pages} pages.")]
    Loop {
        /// Path asked for.
        what: String,
        /// Pages read until then.
        pages: u64,
    },
    /// Two groups carry a name that must be one group's.
    #[error("{count} LMS groups are named “{name}”; it cannot be told which one is meant.")]
    Ambiguous {
        /// The name.
        name: String,
        /// How many.
        count: usize,
    },
    /// Somebody cancelled.
    #[error("Cancelled.")]
    Cancelled,
}

impl LmsError {
    /// Whether the key was refused: work stops at once.
    pub fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Unauthorized { .. })
    }
}

impl From<LmsError> for Error {
    fn from(error: LmsError) -> Self {
        let (kind, code, help) = match &error {
            LmsError::Url { .. } => (
                Kind::Config,
                "lms_url",
                Some("Set lms.url or PRMDESK_LMS_URL, for example https://api.northpass.com."),
            ),
            LmsError::PlainHttp { .. } => (
                Kind::Config,
                "lms_plain_http",
                Some(
                    "Use https:// in lms.url or PRMDESK_LMS_URL; plain http works to this machine only.",
                ),
            ),
            LmsError::UnusableKey => (
                Kind::Config,
                "lms_key",
                Some(
                    "Check PRMDESK_LMS_API_KEY, or what lms.api_key_file or lms.api_key_command give.",
                ),
            ),
            LmsError::MissingKey => (
                Kind::Config,
                "lms_key_missing",
                Some(
                    "Set PRMDESK_LMS_API_KEY, or lms.api_key_file or lms.api_key_command in the configuration.",
                ),
            ),
            LmsError::Setup(_) => (
                Kind::Internal,
                "lms_setup",
                Some(
                    "Install the system's CA certificates (package ca-certificates), or name a file of them in SSL_CERT_FILE.",
                ),
            ),
            LmsError::Unauthorized { .. } => (
                Kind::Upstream,
                "lms_unauthorized",
                Some(
                    "Check the LMS key (PRMDESK_LMS_API_KEY or lms.api_key_file); a 401 never counts as “gone”.",
                ),
            ),
            LmsError::Unreachable { .. } => (
                Kind::Upstream,
                "lms_unreachable",
                Some("Check the network and lms.url, then try again."),
            ),
            LmsError::Ambiguous { .. } => (
                Kind::Upstream,
                "lms_ambiguous",
                Some("Rename one of the groups in the LMS, then run `prmdesk lms refresh`."),
            ),
            LmsError::Cancelled => (Kind::Cancelled, "cancelled", None),
            LmsError::NotFound { .. }
            | LmsError::ForeignNotFound { .. }
            | LmsError::Refused { .. }
            | LmsError::Unreadable { .. }
            | LmsError::ForeignLink { .. }
            | LmsError::TooMuch { .. }
            | LmsError::Loop { .. } => (
                Kind::Upstream,
                "lms",
                Some("`prmdesk doctor` checks the LMS address and the key."),
            ),
        };
        let made = Self::new(kind, code, error.to_string()).source(error);
        match help {
            Some(help) => made.help(help),
            None => made,
        }
    }
}
