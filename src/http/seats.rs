//! Seats for connections: how many there are at once, and who gives theirs up when all are taken. Connections on which
//! nobody asks anything must not keep those who do waiting (docs/operations.md, "The HTTP adapter").

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// So long a connection may say nothing before others may have its seat.
const PATIENCE: Duration = Duration::from_millis(250);

/// All seats.
pub(super) struct Seats {
    free: Arc<Semaphore>,
    /// The connections, the oldest first.
    taken: Arc<Mutex<VecDeque<Arc<Seat>>>>,
}

/// One connection's seat.
pub(super) struct Seat {
    since: Instant,
    /// Whether a request came whole on this connection.
    asked: AtomicBool,
    /// Cancelled when somebody else needs the seat.
    wanted: CancellationToken,
}

/// A seat that is taken, and given back when this is dropped.
pub(super) struct Taken {
    seat: Arc<Seat>,
    all: Arc<Mutex<VecDeque<Arc<Seat>>>>,
    _permit: OwnedSemaphorePermit,
}

impl Seats {
    pub(super) fn new(seats: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(seats)),
            taken: Arc::default(),
        }
    }

    /// A seat: a free one, else that of the oldest connection on which no request has come for a while, else the next
    /// that becomes free. `None` is never given: the seats are not closed while the server lives.
    pub(super) async fn take(&self) -> Option<Taken> {
        loop {
            let oldest = self.oldest_silent();
            let due = oldest.as_ref().map(|seat| seat.since + PATIENCE);
            let permit = tokio::select! {
                biased;
                permit = self.free.clone().acquire_owned() => permit.ok()?,
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    // It may have asked meanwhile, and keeps its seat then.
                    if let Some(seat) = oldest.filter(|seat| !seat.asked.load(Ordering::Relaxed)) {
                        seat.wanted.cancel();
                    }
                    continue;
                }
            };
            let seat = Arc::new(Seat {
                since: Instant::now(),
                asked: AtomicBool::new(false),
                wanted: CancellationToken::new(),
            });
            lock(&self.taken).push_back(seat.clone());
            return Some(Taken {
                seat,
                all: self.taken.clone(),
                _permit: permit,
            });
        }
    }

    fn oldest_silent(&self) -> Option<Arc<Seat>> {
        let silent =
            |seat: &&Arc<Seat>| !seat.asked.load(Ordering::Relaxed) && !seat.wanted.is_cancelled();
        lock(&self.taken).iter().find(silent).cloned()
    }
}

impl Taken {
    /// The seat, for who serves the connection.
    pub(super) fn seat(&self) -> Arc<Seat> {
        self.seat.clone()
    }
}

impl Seat {
    /// A request came whole.
    pub(super) fn asks(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    /// Waits until somebody else needs the seat.
    pub(super) async fn wanted(&self) {
        self.wanted.cancelled().await;
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        lock(&self.all).retain(|seat| !Arc::ptr_eq(seat, &self.seat));
    }
}

fn lock(taken: &Mutex<VecDeque<Arc<Seat>>>) -> std::sync::MutexGuard<'_, VecDeque<Arc<Seat>>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}
