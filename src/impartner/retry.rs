//! One request with its repetitions: a Retry-After that all workers share, and a limit on requests under way that
//! shrinks when the server says it is too much (docs/rules.md, "Reading").

use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::ImpartnerError;
use crate::wire::LONGEST_PAUSE;

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

#[cfg(test)]
mod tests {
    use super::*;

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
