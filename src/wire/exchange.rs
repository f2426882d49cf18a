//! One request and its whole answer.

use std::error::Error as StdError;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{DATE, HeaderMap};
use reqwest::{Method, RequestBuilder, StatusCode, redirect};
use url::Url;

use super::pace::retry_after;
use crate::clock::Clock;
use crate::config::Secret;

/// The longest text of the other side in a message, in characters.
const LONGEST_QUOTE: usize = 500;
/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: StatusCode,
    /// How long the server asks to be left alone (Retry-After), bounded.
    pub(crate) pause: Option<Duration>,
    /// The server's own clock (the `Date` header), to the second.
    pub(crate) date: Option<DateTime<Utc>>,
    /// The body; empty where it broke off under a refusal.
    pub(crate) body: Vec<u8>,
    /// Whether the body came whole. A refusal is one without it, but no evidence of anything.
    pub(crate) whole: bool,
}

/// Why there is no whole answer; each with a clause for people, without the address, which may hold a secret.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The request never left: nothing happened on their side.
    NotSent(String),
    /// The request may have arrived: what it asked for may have happened.
    Lost(String),
}

impl Fault {
    /// The clause.
    pub(crate) fn into_words(self) -> String {
        let (Self::NotSent(why) | Self::Lost(why)) = self;
        why
    }
}

/// One address of somebody else's, with the key that belongs to it.
#[derive(Debug)]
pub(crate) struct Wire {
    http: reqwest::Client,
    timeout: Duration,
    longest: usize,
    clock: Clock,
    secrets: Vec<Secret>,
}

impl Wire {
    /// A wire to `address`, sending `headers` with every request; one whole answer may take `timeout`
    /// and have `longest` bytes, unpacked. A redirect is an
    /// answer like any other, and a wrong one: the key goes to the configured host only. `secrets` are taken out of
    /// whatever is quoted from the other side.
    pub(crate) fn new(
        address: &Url,
        headers: HeaderMap,
        timeout: Duration,
        longest: usize,
        clock: Clock,
        secrets: impl IntoIterator<Item = Secret>,
    ) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .default_headers(headers)
            .user_agent(concat!("prmdesk/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT.min(timeout))
            .timeout(timeout)
            .gzip(true);
        // Plain http is for this machine: through a proxy the key would leave it.
        let http = match address.scheme() {
            "http" => http.no_proxy(),
            _ => http,
        };
        Ok(Self {
            http: http.build()?,
            timeout,
            longest,
            clock,
            secrets: secrets.into_iter().collect(),
        })
    }

    /// A request to be filled and given to [`Wire::exchange`].
    pub(crate) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// Text of the other side for a message: bounded, and without the key, should it be quoted back at us.
    pub(crate) fn quote(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in self.secrets.iter().map(Secret::expose) {
            if !secret.is_empty() {
                text = text.replace(secret, "…");
            }
        }
        match text.char_indices().nth(LONGEST_QUOTE) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }

    /// Sends `request` and reads the whole answer.
    pub(crate) async fn exchange(&self, request: RequestBuilder) -> Result<Answer, Fault> {
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() || error.is_builder() => {
                return Err(Fault::NotSent(self.words(error)));
            }
            Err(error) => return Err(Fault::Lost(self.words(error))),
        };
        let status = response.status();
        let headers = response.headers();
        let pause = retry_after(headers, self.clock.now());
        let date = headers
            .get(DATE)
            .and_then(|date| DateTime::parse_from_rfc2822(date.to_str().ok()?).ok())
            .map(|at| at.to_utc());
        let mut body = Vec::new();
        let mut whole = true;
        loop {
            match response.chunk().await {
                Ok(None) => break,
                Ok(Some(chunk)) if body.len() + chunk.len() <= self.longest => {
                    body.extend_from_slice(&chunk);
                }
                Ok(Some(_)) => {
                    let most = self.longest >> 20;
                    return Err(Fault::Lost(format!("the answer is longer than {most} MiB")));
                }
                // A refusal is a refusal even if its explanation was cut off.
                Err(_) if status.is_client_error() => {
                    body.clear();
                    whole = false;
                    break;
                }
                Err(error) => return Err(Fault::Lost(self.words(error))),
            }
        }
        Ok(Answer {
            status,
            pause,
            date,
            body,
            whole,
        })
    }

    /// What went wrong, as a clause with the root cause.
    fn words(&self, error: reqwest::Error) -> String {
        let error = error.without_url();
        if error.is_timeout() {
            let timeout = humantime::format_duration(self.timeout);
            return format!("no whole answer came within {timeout}");
        }
        let mut root: &dyn StdError = &error;
        while let Some(source) = root.source() {
            root = source;
        }
        let what = if error.is_connect() {
            "no connection"
        } else if error.is_body() || error.is_decode() {
            "the answer broke off"
        } else {
            "the connection broke"
        };
        format!("{what} ({root})")
    }
}
