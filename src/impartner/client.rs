//! The client: address, headers, and what every request has in common.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use rustc_hash::FxHashMap;
use tokio::sync::Mutex;
use url::Url;

use super::address::base_url;
use super::decode::Regions;
use super::retry::{Failure, Gate, GaveUp, Tally, Verdict};
use super::shape::{Learnt, Shape};
use super::{Dialect, ImpartnerError};
use crate::clock::Clock;
use crate::config::ImpartnerConfig;
use crate::progress::Progress;
pub(super) use crate::wire::Answer;
use crate::wire::{Backoff, Bounds, Fault, Wire, may_pass};

/// The longest answer that is read, in bytes; a page of a thousand records is far below a megabyte.
const LONGEST_BODY: usize = 64 << 20;

/// A client of one Impartner tenant. Cheap to clone; clones share connections, the limit on requests under way, and
/// the dialect that was found.
#[derive(Clone)]
pub struct Client {
    pub(super) inner: Arc<Peer>,
    pub(super) backoff: Backoff,
}

pub(super) struct Peer {
    pub(super) wire: Wire,
    base: Url,
    pub(super) config: ImpartnerConfig,
    pub(super) bounds: Bounds,
    pub(super) gate: Gate,
    /// The dialect that `auto` found; held locked while it is being found, so that two listings ask once.
    pub(super) found: Mutex<Option<Dialect>>,
    /// The names of the regions, as this run's listings need them; the lock is held while they are read.
    pub(super) reading_regions: Mutex<()>,
    regions: std::sync::Mutex<Option<Arc<Regions>>>,
    /// What answers taught about each object.
    learnt: std::sync::Mutex<FxHashMap<String, Learnt>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "impartner::Client({})", self.inner.base)
    }
}

/// How often a request is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// As configured.
    Configured,
    /// Once at most: for what may well never come.
    Brief,
    /// Not at all: for checks that a person waits for.
    Once,
}

impl Client {
    /// A client for `config`. Nothing is sent yet. Fails without a key and for plain http to another machine.
    pub fn new(config: &ImpartnerConfig, clock: Clock) -> Result<Self, ImpartnerError> {
        Self::with_bounds(config, clock, Bounds::default())
    }

    /// Like [`Client::new`], taking in no more than `bounds`.
    pub fn with_bounds(
        config: &ImpartnerConfig,
        clock: Clock,
        bounds: Bounds,
    ) -> Result<Self, ImpartnerError> {
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
        let wire = Wire::new(&base, headers, config.timeout, LONGEST_BODY, clock, [key])
            .map_err(ImpartnerError::Setup)?;
        Ok(Self {
            inner: Arc::new(Peer {
                wire,
                base,
                config: config.clone(),
                bounds,
                gate: Gate::new(config.concurrency),
                found: Mutex::new(None),
                reading_regions: Mutex::new(()),
                regions: std::sync::Mutex::default(),
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

    /// The time by the server's clock, from the `Date` header of an answer, to the second. `None`: it gives none, or
    /// does not answer.
    pub async fn server_time(&self) -> Option<DateTime<Utc>> {
        let slice = super::dialect::Slice { start: 0, take: 1 };
        let url = self.url(&["Account"], &Dialect::Objects.page("Id", slice, None));
        let _permit = self.inner.gate.enter().await;
        let request = self.inner.wire.request(Method::GET, url);
        self.inner.wire.exchange(request).await.ok()?.date
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

    /// Whether the last listing of an object found nothing in another form than the usual one.
    pub(super) fn knows_no_other_form(&self, object: &str) -> bool {
        self.learnt()
            .get(object)
            .is_some_and(|learnt| learnt.no_other_form)
    }

    /// The names of the regions, as far as they were read.
    pub(super) fn known_regions(&self) -> Option<Arc<Regions>> {
        self.lock_regions().clone()
    }

    /// Keeps the names of the regions; `None` has them read again when they are needed.
    pub(super) fn keep_regions(&self, regions: Option<Arc<Regions>>) {
        *self.lock_regions() = regions;
    }

    fn lock_regions(&self) -> std::sync::MutexGuard<'_, Option<Arc<Regions>>> {
        // The names are replaced whole, so a poisoned lock guards nothing broken.
        self.inner
            .regions
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
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
            Patience::Brief => self.inner.config.retries.min(1),
            Patience::Once => 0,
        };
        let mut attempts = 0;
        loop {
            attempts += 1;
            let sent = self.send(method.clone(), url, None).await;
            if let Ok(answer) = &sent {
                tally.told(answer.date);
            }
            let (last, pause) = match sent {
                Ok(answer) if may_pass(answer.status) => (self.status_text(&answer), answer.pause),
                Ok(answer) if answer.status == StatusCode::UNAUTHORIZED => {
                    return Err(Failure::Stop(self.unauthorized(&answer, what)));
                }
                Ok(answer) => match judge(&answer) {
                    Verdict::Done(value) => return Ok(value),
                    Verdict::Stop(error) => return Err(Failure::Stop(error)),
                    Verdict::Again(last) => (last, None),
                },
                Err(fault) => (format!("{}.", fault.into_words()), None),
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

    /// Sends one request and reads the whole answer. What it says of being too much counts for everybody.
    pub(super) async fn send(
        &self,
        method: Method,
        url: &Url,
        body: Option<&serde_json::Map<String, serde_json::Value>>,
    ) -> Result<Answer, Fault> {
        let permit = self.inner.gate.enter().await;
        let request = self.inner.wire.request(method, url.clone());
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let mut answer = self.inner.wire.exchange(request).await?;
        answer.pause = answer.pause.filter(|_| may_pass(answer.status));
        if let Some(pause) = answer.pause {
            self.inner.gate.pause(pause);
        }
        match answer.status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                self.inner.gate.too_much(permit);
            }
            _ => self.inner.gate.went_well(),
        }
        Ok(answer)
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
