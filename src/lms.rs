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

use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};
use url::Url;

pub use crate::wire::Bounds;
pub use courses::{Course, CourseValue, Enrolment};
pub use error::LmsError;
pub use limiter::RateLimiter;
pub use reads::{Group, Person};
pub use writes::{BATCH, WriteOutcome};

use crate::clock::Clock;
use crate::config::LmsConfig;
use crate::wire::{self, BadAddress, Wire};

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

/// The longest answer that is read, in bytes; a page of a hundred people is far below a megabyte, and a server that gives
/// everybody at once is read too.
const LONGEST_BODY: usize = 16 << 20;

/// A client of the LMS. Cheap to clone; clones share connections and the rate limit.
#[derive(Clone, Debug)]
pub struct Client(Arc<Peer>);

#[derive(Debug)]
struct Peer {
    wire: Wire,
    /// `https://host/v2`.
    base: Url,
    limiter: RateLimiter,
    patience: Patience,
    bounds: Bounds,
    /// Which shape of the membership listing the server has; see `reads.rs`.
    membership_shape: AtomicU8,
}

impl Client {
    /// A client for `config`. Plain http is refused but to loopback; a missing key is an error of its own.
    pub fn new(config: &LmsConfig, clock: Clock) -> Result<Self, LmsError> {
        Self::with_patience(config, clock, Patience::default())
    }

    /// Like [`Client::new`], with another patience.
    pub fn with_patience(
        config: &LmsConfig,
        clock: Clock,
        patience: Patience,
    ) -> Result<Self, LmsError> {
        Self::with_bounds(config, clock, patience, Bounds::default())
    }

    /// The same, taking in no more than `bounds`.
    pub fn with_bounds(
        config: &LmsConfig,
        clock: Clock,
        patience: Patience,
        bounds: Bounds,
    ) -> Result<Self, LmsError> {
        let base = base_url(&config.url)?;
        let key = config
            .api_key
            .clone()
            .filter(|key| !key.expose().is_empty())
            .ok_or(LmsError::MissingKey)?;
        let mut header = HeaderValue::try_from(key.expose()).map_err(|_| LmsError::UnusableKey)?;
        header.set_sensitive(true);
        let headers = HeaderMap::from_iter([
            (HeaderName::from_static("x-api-key"), header),
            (ACCEPT, HeaderValue::from_static("application/json")),
        ]);
        let wire = Wire::new(&base, headers, patience.timeout, LONGEST_BODY, clock, [key])
            .map_err(LmsError::Setup)?;
        Ok(Self(Arc::new(Peer {
            wire,
            base,
            limiter: RateLimiter::per_second(config.max_rps),
            patience,
            bounds,
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

/// The base with a `/v2` at its end.
fn base_url(text: &str) -> Result<Url, LmsError> {
    wire::base(text, "/v2").map_err(|error| match error {
        BadAddress::PlainHttp(url) => LmsError::PlainHttp {
            host: url.host_str().unwrap_or_default().to_owned(),
        },
        other => LmsError::Url {
            reason: other.to_string(),
        },
    })
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
        assert_eq!(
            base_url("https://api.northpass.com/v2/").unwrap().as_str(),
            "https://api.northpass.com/v2"
        );
        assert!(base_url("ftp://x").is_err());
        assert!(base_url("https://me:pw@x").is_err());
    }

    #[test]
    fn a_missing_key_is_named() {
        let config = LmsConfig::default();
        assert!(matches!(
            Client::new(&config, Clock::system()),
            Err(LmsError::MissingKey)
        ));
    }
}
