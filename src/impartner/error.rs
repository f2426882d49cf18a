//! What can go wrong with Impartner, in words for people.

/// Why a call to Impartner failed. Messages hold vendor text as data (bounded, never the key); faces make it safe.
#[derive(Debug, thiserror::Error)]
pub enum ImpartnerError {
    /// No key is configured.
    #[error("No API key for Impartner is configured.")]
    NoKey,
    /// Plain http to another machine would show the key to everybody on the way (docs/rules.md, "Safety and privacy").
    #[error(
        "The Impartner address {url} is plain http, which would send the API key unprotected. Nothing was sent."
    )]
    InsecureUrl {
        /// The configured address.
        url: String,
    },
    /// The address is no address.
    #[error("The Impartner address cannot be used: {why}.")]
    BadUrl {
        /// What is wrong with it.
        why: String,
    },
    /// The key or the tenant holds characters that no header can carry.
    #[error("The Impartner {what} holds characters that cannot be sent.")]
    BadHeader {
        /// "API key" or "tenant id".
        what: &'static str,
    },
    /// TLS or the runtime could not be set up.
    #[error("The HTTP client for Impartner could not be set up.")]
    Setup(#[source] reqwest::Error),
    /// 401: ends every run at once (docs/rules.md, "Reading").
    #[error("Impartner did not accept the API key (401, {what}){}", tail(.message))]
    Unauthorized {
        /// What was asked for.
        what: String,
        /// What the vendor said, or nothing.
        message: String,
    },
    /// Another 4xx (or a redirect) on a listing: ends the run at once.
    #[error("Impartner refused {what} with status {status}{}", tail(.message))]
    Client {
        /// What was asked for.
        what: String,
        /// The HTTP status.
        status: u16,
        /// What the vendor said, or nothing.
        message: String,
    },
    /// A page that never came, after its repetitions: the run ends, nothing is written.
    #[error(
        "Page {page} of Impartner's {object} listing never came ({attempts} attempts). The last one: {last}"
    )]
    PageNeverCame {
        /// The object that was listed.
        object: String,
        /// The page, counted from 1.
        page: u64,
        /// Requests made for it.
        attempts: u32,
        /// What happened to the last of them, a sentence.
        last: String,
    },
    /// Any other request that never succeeded.
    #[error(
        "Impartner gave no usable answer to {what} ({attempts} attempts). The last one: {last}"
    )]
    NoAnswer {
        /// What was asked for.
        what: String,
        /// Requests made.
        attempts: u32,
        /// What happened to the last of them, a sentence.
        last: String,
    },
    /// The server answers every page with the first one.
    #[error(
        "Impartner ignores the paging parameters of the {dialects}: every page of {object} is the first one again."
    )]
    IgnoresPaging {
        /// The object that was listed.
        object: String,
        /// The dialect that was used, or both: "objects dialect".
        dialects: String,
    },
    /// A listing without an end, or with more in it than anybody has.
    #[error(
        "The listing of {object} has more than {most}, which is more than is taken in. Nothing was written."
    )]
    TooMuch {
        /// The object that was listed.
        object: String,
        /// The bound: "4000000 records".
        most: String,
    },
    /// Somebody cancelled.
    #[error("Cancelled while reading from Impartner.")]
    Cancelled,
}

impl ImpartnerError {
    /// A fixed word in snake_case for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoKey => "impartner_no_key",
            Self::InsecureUrl { .. } => "impartner_insecure_url",
            Self::BadUrl { .. } => "impartner_bad_url",
            Self::BadHeader { .. } => "impartner_bad_header",
            Self::Setup(_) => "impartner_setup",
            Self::Unauthorized { .. } => "impartner_unauthorized",
            Self::Client { .. } => "impartner_refused",
            Self::PageNeverCame { .. } => "impartner_page_never_came",
            Self::NoAnswer { .. } => "impartner_no_answer",
            Self::IgnoresPaging { .. } => "impartner_ignores_paging",
            Self::TooMuch { .. } => "impartner_too_much",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether the configuration is at fault, not the server: exit 2 instead of 1.
    pub fn is_config(&self) -> bool {
        matches!(
            self,
            Self::NoKey | Self::InsecureUrl { .. } | Self::BadUrl { .. } | Self::BadHeader { .. }
        )
    }

    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoKey => {
                "Set PRMDESK_IMPARTNER_API_KEY, or impartner.api_key_file or impartner.api_key_command in the configuration."
            }
            Self::InsecureUrl { .. } => {
                "Use https in impartner.url (PRMDESK_IMPARTNER_URL); plain http is allowed to this machine itself only."
            }
            Self::BadUrl { .. } => {
                "Correct impartner.url (PRMDESK_IMPARTNER_URL); the usual one is https://prod.impartner.live."
            }
            Self::BadHeader { .. } => {
                "Check impartner.api_key and impartner.tenant_id for line breaks and stray characters."
            }
            Self::Unauthorized { .. } => {
                "Check the key (PRMDESK_IMPARTNER_API_KEY) and the tenant (impartner.tenant_id); it may have been revoked or belong to another tenant. `prmdesk doctor` tries it."
            }
            Self::Client { status: 403, .. } => {
                "The key may not read this object: ask the Impartner administrator to grant it, then run again."
            }
            Self::Client { status: 404, .. } => {
                "Check impartner.url: nothing answers to this object there. `prmdesk doctor` shows what is reachable."
            }
            Self::Client {
                status: 300..=399, ..
            } => {
                "Check impartner.url: the server points elsewhere, and the key is sent to the configured host only."
            }
            Self::Client { .. } => {
                "Check the mapping ([mapping.partners], [mapping.contacts]) and impartner.dialect; `prmdesk doctor` names fields the tenant does not have."
            }
            Self::PageNeverCame { .. } | Self::NoAnswer { .. } => {
                "Run again later. If it stays, check impartner.url and the network, or raise impartner.timeout and impartner.retries."
            }
            Self::IgnoresPaging { .. } => {
                "Set impartner.dialect to the other dialect (objects or odata), or raise impartner.page_size above the number of records."
            }
            Self::TooMuch { .. } => {
                "Check impartner.url: a tenant's own listing ends long before. `prmdesk doctor` shows what answers there."
            }
            Self::Setup(_) => {
                "Install the system's CA certificates (package ca-certificates), or name a file of them in SSL_CERT_FILE."
            }
            Self::Cancelled => return None,
        })
    }
}

/// ": what the vendor said", or a full stop.
fn tail(message: &str) -> String {
    if message.is_empty() {
        ".".to_owned()
    } else {
        format!(": {message}")
    }
}
