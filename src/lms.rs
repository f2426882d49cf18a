//! The LMS (Northpass v2, JSON:API) as a client: docs/apis.md, "Northpass".
//!
//! What is absent on purpose: no call deletes, disables or changes a person, and the key never leaves the configured
//! host, whatever a link or a redirect says.
//!
//! Reads repeat what may pass by itself (408, 425, 429, 5xx, timeouts, broken connections, cut-off bodies); writes
//! repeat only what certainly did not happen (429, no connection), everything else comes back as
//! [`WriteOutcome::Unknown`] for the caller to re-read. All clones share one [`RateLimiter`].

mod courses;
mod error;
mod jsonapi;
mod limiter;
mod paging;
mod reads;
mod transport;
mod writes;

use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::time::{Duration, Instant};

use url::Url;

pub use courses::{Course, CourseValue, Enrolment};
pub use error::LmsError;
pub use limiter::RateLimiter;
pub use reads::{Group, Person};
pub use writes::{BATCH, WriteOutcome};

use crate::config::{LmsConfig, Secret, is_loopback};

/// How patient the client is. The defaults suit the real service; tests shorten them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Longest wait for one answer.
    pub timeout: Duration,
    /// Repetitions of a request that failed in a way that may pass.
    pub retries: u32,
    /// The first wait before a repetition; doubled each time, half of it random.
    pub backoff: Duration,
    /// The longest wait before a repetition, a `Retry-After` included.
    pub longest_wait: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            retries: 5,
            backoff: Duration::from_millis(400),
            longest_wait: Duration::from_secs(30),
        }
    }
}

/// A client of the LMS. Cheap to clone; clones share connections and the rate limit.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    /// `https://host/v2/`.
    base: Url,
    key: Secret,
    limiter: RateLimiter,
    patience: Patience,
    /// Which shape of the membership listing the server has; see `reads.rs`.
    membership_shape: AtomicU8,
}

impl Client {
    /// A client for `config`. Plain http is refused but to loopback; a missing key is an error of its own.
    pub fn new(config: &LmsConfig) -> Result<Self, LmsError> {
        Self::with_patience(config, Patience::default())
    }

    /// Like [`Client::new`], with another patience.
    pub fn with_patience(config: &LmsConfig, patience: Patience) -> Result<Self, LmsError> {
        let base = base_url(&config.url)?;
        let key = config.api_key.clone().ok_or(LmsError::MissingKey)?;
        if key.expose().is_empty() {
            return Err(LmsError::MissingKey);
        }
        let http = reqwest::Client::builder()
            // A redirect would carry the key to wherever it points.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(patience.timeout)
            .connect_timeout(patience.timeout.min(Duration::from_secs(10)))
            .user_agent(concat!("prmdesk/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(LmsError::Setup)?;
        Ok(Self(Arc::new(Inner {
            http,
            base,
            key,
            limiter: RateLimiter::per_second(config.max_rps),
            patience,
            membership_shape: AtomicU8::new(reads::SHAPE_UNKNOWN),
        })))
    }

    /// The host, for people.
    pub fn target(&self) -> String {
        let host = self.0.base.host_str().unwrap_or_default();
        match self.0.base.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Asks for one group, to see whether the LMS answers and takes the key; gives how long that took.
    pub async fn ping(&self) -> Result<Duration, LmsError> {
        let begun = Instant::now();
        let url = self.url(&["groups"], &[("page", "1"), ("limit", "1")]);
        self.get(&url).await?;
        Ok(begun.elapsed())
    }
}

/// The base with a `/v2/` at its end; refuses plain http but to loopback.
fn base_url(text: &str) -> Result<Url, LmsError> {
    let wrong = |reason: &str| LmsError::Url {
        url: text.to_owned(),
        reason: reason.to_owned(),
    };
    let trimmed = text.trim().trim_end_matches('/');
    let trimmed = trimmed.strip_suffix("/v2").unwrap_or(trimmed);
    let url = Url::parse(&format!("{trimmed}/v2/")).map_err(|e| wrong(&e.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(LmsError::Url {
            url: "(with a user name)".to_owned(),
            reason: "it must not hold a user name or a password".to_owned(),
        });
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if url.host().is_some_and(|host| is_loopback(&host)) => Ok(url),
        "http" => Err(LmsError::PlainHttp {
            host: url.host_str().unwrap_or_default().to_owned(),
        }),
        _ => Err(wrong("it must begin with https://")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_only_to_loopback() {
        assert!(matches!(
            base_url("http://api.northpass.com"),
            Err(LmsError::PlainHttp { .. })
        ));
        for good in [
            "http://127.0.0.1:9",
            "http://localhost:1",
            "http://[::1]:2",
            "https://x.example/",
        ] {
            assert!(base_url(good).is_ok(), "{good}");
        }
        assert_eq!(
            base_url("https://api.northpass.com/v2/").unwrap().as_str(),
            "https://api.northpass.com/v2/"
        );
        assert!(base_url("ftp://x").is_err());
        assert!(base_url("https://me:pw@x").is_err());
    }

    #[test]
    fn a_missing_key_is_named() {
        let config = LmsConfig::default();
        assert!(matches!(Client::new(&config), Err(LmsError::MissingKey)));
    }
}
