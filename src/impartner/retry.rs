//! One request with its repetitions: exponential backoff with jitter, Retry-After shared by all workers, and a limit
//! on requests under way that shrinks when the server says it is too much (docs/rules.md, "Reading").

use std::error::Error as StdError;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::ImpartnerError;

/// The longest pause that a Retry-After may impose.
const LONGEST_PAUSE: Duration = Duration::from_mins(2);

/// How long to wait before a repetition: `base`, doubled each time, at most `cap`, with jitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first wait.
    pub base: Duration,
    /// The longest.
    pub cap: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            base: Duration::from_millis(500),
            cap: Duration::from_secs(30),
        }
    }
}

impl Backoff {
    /// The wait before repetition `number` (from 1): between half and the whole of the doubled base.
    pub(super) fn wait(self, number: u32) -> Duration {
        let doubled = self.base.saturating_mul(
            1u32.checked_shl(number.saturating_sub(1))
                .unwrap_or(u32::MAX),
        );
        doubled.min(self.cap).mul_f64(rand::random_range(0.5..=1.0))
    }
}

/// What an answer means to the one who asked.
pub(super) enum Verdict<T> {
    /// It is good.
    Done(T),
    /// It may be better next time; why, as a sentence.
    Again(String),
    /// Asking again is pointless.
    Stop(ImpartnerError),
}

/// Why a request gave nothing.
pub(super) enum Failure {
    /// It ends the run.
    Stop(ImpartnerError),
    /// All repetitions were used up.
    GaveUp(GaveUp),
}

/// How the repetitions ended.
#[derive(Clone, Debug)]
pub(super) struct GaveUp {
    /// Requests made.
    pub(super) attempts: u32,
    /// What happened to the last of them, a sentence.
    pub(super) last: String,
}

impl Failure {
    /// As the error of a request that has no better words: `what` was asked for.
    pub(super) fn into_error(self, what: &str) -> ImpartnerError {
        match self {
            Self::Stop(error) => error,
            Self::GaveUp(gave_up) => ImpartnerError::NoAnswer {
                what: what.to_owned(),
                attempts: gave_up.attempts,
                last: gave_up.last,
            },
        }
    }
}

/// Requests that had to be repeated, and the source's clock, for the facts of a listing.
#[derive(Debug, Default)]
pub(super) struct Tally {
    repeated: AtomicU64,
    /// The latest moment by the source's clock, in seconds since 1970; 0 where no answer told.
    clock: AtomicI64,
}

impl Tally {
    /// One more.
    pub(super) fn add(&self) {
        self.repeated.fetch_add(1, Ordering::Relaxed);
    }

    /// So far.
    pub(super) fn get(&self) -> u64 {
        self.repeated.load(Ordering::Relaxed)
    }

    /// Takes note of what an answer's `Date` says.
    pub(super) fn told(&self, date: Option<DateTime<Utc>>) {
        if let Some(date) = date {
            self.clock.fetch_max(date.timestamp(), Ordering::Relaxed);
        }
    }

    /// The latest moment that an answer's `Date` told, to the second.
    pub(super) fn clock(&self) -> Option<DateTime<Utc>> {
        match self.clock.load(Ordering::Relaxed) {
            0 => None,
            seconds => DateTime::from_timestamp(seconds, 0),
        }
    }
}

/// The limit on requests under way, and the pause the server asked for; one for all clones of a client.
#[derive(Debug)]
pub(super) struct Gate {
    permits: Semaphore,
    most: usize,
    /// How many permits there are now: fewer than `most` after the server said it was too much.
    now: AtomicUsize,
    /// Good answers since the limit last moved.
    good: AtomicUsize,
    not_before: Mutex<Option<Instant>>,
}

impl Gate {
    /// At most `most` requests at once.
    pub(super) fn new(most: usize) -> Self {
        let most = most.clamp(1, 256);
        Self {
            permits: Semaphore::new(most),
            most,
            now: AtomicUsize::new(most),
            good: AtomicUsize::new(0),
            not_before: Mutex::new(None),
        }
    }

    /// Waits for a place, and until the pause is over.
    pub(super) async fn enter(&self) -> Option<SemaphorePermit<'_>> {
        let permit = self.permits.acquire().await.ok();
        while let Some(at) = self.paused_until() {
            tokio::time::sleep_until(at).await;
        }
        permit
    }

    /// A good answer: after enough of them the limit grows again.
    pub(super) fn went_well(&self) {
        let now = self.now.load(Ordering::Relaxed);
        if now < self.most && self.good.fetch_add(1, Ordering::Relaxed) >= now * 4 {
            self.good.store(0, Ordering::Relaxed);
            self.now.fetch_add(1, Ordering::Relaxed);
            self.permits.add_permits(1);
        }
    }

    /// The server said it was too much: one place fewer, but never none.
    pub(super) fn too_much(&self, permit: Option<SemaphorePermit<'_>>) {
        self.good.store(0, Ordering::Relaxed);
        let shrunk = self
            .now
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |now| {
                (now > 1).then(|| now - 1)
            });
        if let (Ok(_), Some(permit)) = (shrunk, permit) {
            permit.forget();
        }
    }

    /// Nobody asks for the next `pause`.
    pub(super) fn pause(&self, pause: Duration) {
        let until = Instant::now() + pause.min(LONGEST_PAUSE);
        let mut not_before = self.lock();
        if not_before.is_none_or(|at| at < until) {
            *not_before = Some(until);
        }
    }

    fn paused_until(&self) -> Option<Instant> {
        let mut not_before = self.lock();
        if not_before.is_some_and(|at| at <= Instant::now()) {
            *not_before = None;
        }
        *not_before
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        // A moment is never half written, so a poisoned lock is as good as any.
        self.not_before
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long Retry-After asks to wait: seconds, or a date.
pub(super) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok()?,
        Err(_) => (DateTime::parse_from_rfc2822(text).ok()?.to_utc() - now)
            .to_std()
            .unwrap_or_default(),
    };
    Some(wait.min(LONGEST_PAUSE))
}

/// The server's clock as the `Date` header tells it, to the second.
pub(super) fn date(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let text = headers.get(DATE)?.to_str().ok()?;
    Some(DateTime::parse_from_rfc2822(text).ok()?.to_utc())
}

/// Statuses after which asking again may help (docs/rules.md, "Reading").
pub(super) fn may_pass(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

/// A transport error as a sentence, without the address (it may be long) and with the root cause.
pub(super) fn transport(error: reqwest::Error, timeout: Duration) -> String {
    let error = error.without_url();
    if error.is_timeout() {
        return format!(
            "no whole answer came within {}.",
            humantime::format_duration(timeout)
        );
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
    format!("{what} ({root}).")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().unwrap());
        headers
    }

    #[test]
    fn retry_after_in_seconds_and_as_a_date_bounded() {
        let now = DateTime::parse_from_rfc3339("2015-10-21T07:27:30Z")
            .unwrap()
            .to_utc();
        let wait = |value| retry_after(&header(value), now);
        assert_eq!(wait("3"), Some(Duration::from_secs(3)));
        assert_eq!(
            wait("Wed, 21 Oct 2015 07:28:00 GMT"),
            Some(Duration::from_secs(30))
        );
        assert_eq!(wait("Wed, 21 Oct 2015 07:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("86400"), Some(LONGEST_PAUSE));
        for nonsense in ["-1", "soon", "NaN", "inf", ""] {
            assert_eq!(wait(nonsense), None, "{nonsense}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn backoff_doubles_up_to_its_cap() {
        let backoff = Backoff {
            base: Duration::from_millis(100),
            cap: Duration::from_secs(1),
        };
        for (number, most) in [
            (1, 100),
            (2, 200),
            (3, 400),
            (4, 800),
            (5, 1000),
            (60, 1000),
        ] {
            let wait = backoff.wait(number);
            assert!(wait <= Duration::from_millis(most), "{number}: {wait:?}");
            assert!(
                wait >= Duration::from_millis(most / 2),
                "{number}: {wait:?}"
            );
        }
    }

    #[tokio::test]
    async fn the_limit_shrinks_and_grows_again() {
        let gate = Gate::new(3);
        for _ in 0..5 {
            let permit = gate.enter().await;
            gate.too_much(permit);
        }
        assert_eq!(gate.permits.available_permits(), 1, "never none");
        for _ in 0..100 {
            gate.went_well();
        }
        assert_eq!(gate.permits.available_permits(), 3);
    }
}
