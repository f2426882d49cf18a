//! Where the time comes from. Nothing below `main` reads the machine's clock by itself, so that tests and
//! snapshots are exact (ARCHITECTURE.md, "Shapes").

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Duration, Utc};

/// A source of the present moment, in UTC. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Milliseconds since the epoch, moved only by [`Clock::advance`].
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still at `at` until it is advanced; for tests.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self(Source::Fixed(Arc::new(AtomicI64::new(
            at.timestamp_millis(),
        ))))
    }

    /// The present moment.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            #[expect(
                clippy::disallowed_methods,
                reason = "this is the one place that may ask the machine"
            )]
            Source::System => Utc::now(),
            Source::Fixed(ms) => {
                DateTime::from_timestamp_millis(ms.load(Ordering::Relaxed)).unwrap_or_default()
            }
        }
    }

    /// Moves a fixed clock; the system clock is left alone.
    pub fn advance(&self, by: Duration) {
        if let Source::Fixed(ms) = &self.0 {
            ms.fetch_add(by.num_milliseconds(), Ordering::Relaxed);
        }
    }
}
