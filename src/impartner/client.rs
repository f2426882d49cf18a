//! The client: address, headers, and what every request has in common.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, redirect};
use rustc_hash::FxHashMap;
use tokio::sync::{Mutex, OnceCell};
use url::{Host, Url};

use super::decode::Regions;
use super::envelope::{Data, Envelope};
use super::retry::{
    Backoff, Failure, Gate, GaveUp, Tally, Verdict, may_pass, retry_after, transport,
};
use super::shape::{Learnt, Shape};
use super::{Dialect, ImpartnerError};
use crate::clock::Clock;
use crate::config::{ImpartnerConfig, Secret};
use crate::progress::Progress;

/// The longest body that is read, in bytes; a page of a thousand records is far below a megabyte.
const LONGEST_BODY: usize = 256 << 20;
/// The longest vendor text in a message, in characters.
const LONGEST_TEXT: usize = 500;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A client of one Impartner tenant. Cheap to clone; clones share connections, the limit on requests under way, and
/// the dialect that was found.
#[derive(Clone)]
pub struct Client {
    pub(super) inner: Arc<Inner>,
    pub(super) backoff: Backoff,
}

pub(super) struct Inner {
    http: reqwest::Client,
    base: Url,
    key: Secret,
    pub(super) config: ImpartnerConfig,
    clock: Clock,
    pub(super) gate: Gate,
    /// The dialect that `auto` found; held locked while it is being found, so that two listings ask once.
    pub(super) found: Mutex<Option<Dialect>>,
    pub(super) regions: OnceCell<Arc<Regions>>,
    /// What answers taught about each object.
    learnt: std::sync::Mutex<FxHashMap<String, Learnt>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "impartner::Client({})", self.inner.base)
    }
}

/// What a reachability check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ping {
    /// From the request to the whole answer.
    pub latency: Duration,
    /// The dialect that is configured or was found; `None`: nothing tells them apart yet.
    pub dialect: Option<Dialect>,
}

/// An answer as it came.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// How often a request is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// As configured.
    Configured,
    /// Not at all: for checks that a person waits for.
    Once,
}

impl Client {
    /// A client for `config`. Nothing is sent yet. Fails without a key and for plain http to another machine.
    pub fn new(config: &ImpartnerConfig, clock: Clock) -> Result<Self, ImpartnerError> {
        let base = base_url(&config.url)?;
        let key = config
            .api_key
            .clone()
            .filter(|key| !key.expose().is_empty())
            .ok_or(ImpartnerError::NoKey)?;
        let mut authorization = HeaderValue::try_from(format!("prm-key {}", key.expose()))
            .map_err(|_| ImpartnerError::BadHeader { what: "API key" })?;
        authorization.set_sensitive(true);
        let tenant = HeaderValue::try_from(config.tenant_id.trim())
            .map_err(|_| ImpartnerError::BadHeader { what: "tenant id" })?;
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, authorization);
        headers.insert("x-prm-tenantid", tenant);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let mut http = reqwest::Client::builder()
            .default_headers(headers)
            .user_agent(concat!("prmdesk/", env!("CARGO_PKG_VERSION")))
            // The key goes to the configured host only: a redirect is an answer like any other, and a wrong one.
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT.min(config.timeout))
            .timeout(config.timeout)
            .gzip(true);
        if base.scheme() == "http" {
            // Plain http is for this machine: through a proxy the key would leave it.
            http = http.no_proxy();
        }
        Ok(Self {
            inner: Arc::new(Inner {
                http: http.build().map_err(ImpartnerError::Setup)?,
                base,
                key,
                config: config.clone(),
                clock,
                gate: Gate::new(config.concurrency),
                found: Mutex::new(None),
                regions: OnceCell::new(),
                learnt: std::sync::Mutex::default(),
            }),
            backoff: Backoff {
                base: config.backoff,
                ..Backoff::default()
            },
        })
    }

    /// The same client with another backoff; for tests, which do not wait.
    #[must_use]
    pub fn with_backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Asks for one record, once, to see whether Impartner answers and how fast; finds out the dialect beside it.
    pub async fn ping(&self) -> Result<Ping, ImpartnerError> {
        let started = Instant::now();
        let found = self
            .find_dialect("Account", Patience::Once, &Tally::default())
            .await?;
        if let Some((dialect, latency)) = found {
            return Ok(Ping { latency, dialect });
        }
        let dialect = self.settled_dialect().await;
        let slice = super::dialect::Slice { start: 0, take: 1 };
        let url = self.url(
            &["Account"],
            &dialect.unwrap_or(Dialect::Objects).page("Id", slice, None),
        );
        let what = "the reachability check";
        self.fetch(
            Method::GET,
            &url,
            what,
            Patience::Once,
            &Tally::default(),
            |answer| match self.page_trouble(answer, what) {
                Some(trouble) => trouble,
                None => Verdict::Done(()),
            },
        )
        .await
        .map_err(|failure| failure.into_error(what))?;
        Ok(Ping {
            latency: started.elapsed(),
            dialect,
        })
    }

    /// The address of an object or of one record, with a query that is encoded already.
    pub(super) fn url(&self, path: &[&str], query: &str) -> Url {
        let mut url = self.inner.base.clone();
        // A base that cannot hold a path was refused by `base_url`.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url.set_query((!query.is_empty()).then_some(query));
        url
    }

    /// The shape as far as the tenant is known.
    pub(super) fn adjusted(&self, shape: Shape) -> Shape {
        let learnt = self.learnt().get(&shape.object).cloned();
        shape.adjusted(&learnt.unwrap_or_default())
    }

    /// Remembers something about an object.
    pub(super) fn learn(&self, object: &str, note: impl FnOnce(&mut Learnt)) {
        note(self.learnt().entry(object.to_owned()).or_default());
    }

    fn learnt(&self) -> std::sync::MutexGuard<'_, FxHashMap<String, Learnt>> {
        // Notes are added whole, so a poisoned lock guards nothing broken.
        self.inner
            .learnt
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// One request with its repetitions. `judge` sees every answer that is not 401 and not of a status that may pass.
    pub(super) async fn fetch<T>(
        &self,
        method: Method,
        url: &Url,
        what: &str,
        patience: Patience,
        tally: &Tally,
        mut judge: impl FnMut(&Answer) -> Verdict<T>,
    ) -> Result<T, Failure> {
        let retries = match patience {
            Patience::Configured => self.inner.config.retries,
            Patience::Once => 0,
        };
        let mut attempts = 0;
        loop {
            attempts += 1;
            let (last, pause) = match self.send(method.clone(), url, None).await {
                Ok((answer, pause)) if may_pass(answer.status) => {
                    (self.status_text(&answer), pause)
                }
                Ok((answer, _)) if answer.status == 401 => {
                    return Err(Failure::Stop(self.unauthorized(&answer, what)));
                }
                Ok((answer, _)) => match judge(&answer) {
                    Verdict::Done(value) => return Ok(value),
                    Verdict::Stop(error) => return Err(Failure::Stop(error)),
                    Verdict::Again(last) => (last, None),
                },
                Err(error) => (transport(error, self.inner.config.timeout), None),
            };
            tracing::debug!(what, attempts, last, "a request to Impartner failed");
            if attempts > retries {
                return Err(Failure::GaveUp(GaveUp { attempts, last }));
            }
            tally.add();
            // A Retry-After holds every worker (the gate knows it); the backoff is this request's own.
            tokio::time::sleep(match pause {
                Some(pause) => pause.min(self.backoff.wait(1)),
                None => self.backoff.wait(attempts),
            })
            .await;
        }
    }

    /// Sends one request and reads the whole answer, and how long it asks to wait.
    pub(super) async fn send(
        &self,
        method: Method,
        url: &Url,
        body: Option<&serde_json::Map<String, serde_json::Value>>,
    ) -> Result<(Answer, Option<Duration>), reqwest::Error> {
        let permit = self.inner.gate.enter().await;
        let mut request = self.inner.http.request(method, url.clone());
        if let Some(body) = body {
            request = request.json(body);
        }
        let mut response = request.send().await?;
        let status = response.status().as_u16();
        let pause = retry_after(response.headers(), self.inner.clock.now());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST_BODY {
                // Cut off here, it is no JSON, and is told and repeated as such.
                break;
            }
        }
        let pause = pause.filter(|_| may_pass(status));
        if let Some(pause) = pause {
            self.inner.gate.pause(pause);
        }
        match status {
            429 | 503 => self.inner.gate.too_much(permit),
            _ => self.inner.gate.went_well(),
        }
        Ok((Answer { status, body }, pause))
    }

    /// What is wrong with an answer that should be a page: a refusal ends the run, the rest may pass.
    pub(super) fn page_trouble<T>(&self, answer: &Answer, what: &str) -> Option<Verdict<T>> {
        match answer.status {
            200..=299 => None,
            status => Some(Verdict::Stop(ImpartnerError::Client {
                what: what.to_owned(),
                status,
                message: self.said(&answer.body),
            })),
        }
    }

    /// Trouble in a body that was read: `success: false`, or not what was expected.
    pub(super) fn body_trouble<T>(
        &self,
        envelope: Result<&Envelope, &serde_json::Error>,
        what: &str,
        wanted: &[Data],
    ) -> Option<Verdict<T>> {
        match envelope {
            Err(error) => Some(Verdict::Again(format!(
                "the answer is not JSON as described ({error})."
            ))),
            Ok(envelope) if envelope.says_unauthorized() && envelope.success == Some(false) => {
                Some(Verdict::Stop(ImpartnerError::Unauthorized {
                    what: what.to_owned(),
                    message: self.bound(&envelope.said()),
                }))
            }
            Ok(envelope) if envelope.success == Some(false) => Some(Verdict::Again(format!(
                "the answer says success: false{}",
                tail(&self.bound(&envelope.said()))
            ))),
            Ok(envelope) if !wanted.contains(&envelope.data) => Some(Verdict::Again(
                "the answer holds no records where they should be.".into(),
            )),
            Ok(_) => None,
        }
    }

    /// A 401 as an error.
    pub(super) fn unauthorized(&self, answer: &Answer, what: &str) -> ImpartnerError {
        ImpartnerError::Unauthorized {
            what: what.to_owned(),
            message: self.said(&answer.body),
        }
    }

    /// "status 503: what it said".
    pub(super) fn status_text(&self, answer: &Answer) -> String {
        format!("status {}{}", answer.status, tail(&self.said(&answer.body)))
    }

    /// What a refusal's body says, bounded and without the key.
    pub(super) fn said(&self, body: &[u8]) -> String {
        if let Some(envelope) = Envelope::of_failure(body) {
            return self.bound(&envelope.said());
        }
        let start = &body[..body.len().min(4096)];
        self.bound(&plain(&String::from_utf8_lossy(start)))
    }

    /// Vendor text as data: bounded, and should it repeat the key, without it.
    pub(super) fn bound(&self, text: &str) -> String {
        let text = text.replace(self.inner.key.expose(), "…");
        match text.char_indices().nth(LONGEST_TEXT) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }
}

/// Runs `work` until it is done or somebody cancels; requests under way are dropped at once.
pub(super) async fn until_cancelled<T>(
    progress: &Progress,
    work: impl Future<Output = Result<T, ImpartnerError>>,
) -> Result<T, ImpartnerError> {
    tokio::select! {
        biased;
        () = progress.cancel_token().cancelled() => Err(ImpartnerError::Cancelled),
        done = work => done,
    }
}

fn tail(said: &str) -> String {
    if said.is_empty() {
        ".".to_owned()
    } else {
        format!(" ({said}).")
    }
}

/// The words of a page that is not JSON: tags dropped, white space collapsed.
fn plain(page: &str) -> String {
    let mut words = String::new();
    let mut in_tag = false;
    for c in page.chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => {
                in_tag = false;
                words.push(' ');
            }
            _ if in_tag => {}
            c => words.push(c),
        }
    }
    let words: Vec<&str> = words.split_whitespace().collect();
    words.join(" ").chars().take(200).collect()
}

/// The address requests start from: `https` (or loopback), without what must not be in it, ending in the API's path.
fn base_url(text: &str) -> Result<Url, ImpartnerError> {
    let bad = |why: &str| ImpartnerError::BadUrl { why: why.into() };
    let mut url =
        Url::parse(text.trim()).map_err(|error| bad(&format!("it is no address ({error})")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(bad("it must start with https:// and a host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("it must not hold a user name or password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad("it must not hold a query or a fragment"));
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(ImpartnerError::InsecureUrl { url: url.into() });
    }
    let path = url.path().trim_end_matches('/').to_owned();
    let full = if path.ends_with("/api/objects/v1") {
        path
    } else {
        format!("{path}/api/objects/v1")
    };
    url.set_path(&full);
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let base = |text| base_url(text).map(String::from);
        assert_eq!(
            base("https://prod.impartner.live").unwrap(),
            "https://prod.impartner.live/api/objects/v1"
        );
        assert_eq!(
            base("http://127.0.0.1:8080/x/").unwrap(),
            "http://127.0.0.1:8080/x/api/objects/v1"
        );
        assert_eq!(
            base("https://a.example/api/objects/v1/").unwrap(),
            "https://a.example/api/objects/v1"
        );
        for text in ["http://localhost:1", "http://[::1]:1"] {
            assert!(base(text).is_ok(), "{text}");
        }
        for text in [
            "http://prod.impartner.live",
            "http://127.0.0.1.example.com",
            "http://10.0.0.1",
            "http://localhost.example",
        ] {
            assert!(
                matches!(base(text), Err(ImpartnerError::InsecureUrl { .. })),
                "{text}"
            );
        }
        for text in [
            "",
            "prod.impartner.live",
            "ftp://a.example",
            "https://user:secret@a.example",
            "https://a.example/?x=1",
        ] {
            let error = base(text).unwrap_err();
            assert!(matches!(error, ImpartnerError::BadUrl { .. }), "{text}");
            assert!(!error.to_string().contains("secret"));
        }
    }

    #[test]
    fn a_page_that_is_no_json_is_told_in_its_words() {
        assert_eq!(
            plain("<html><head><title>502</title></head>\n<body>Bad <b>gateway</b></body>"),
            "502 Bad gateway"
        );
    }
}
