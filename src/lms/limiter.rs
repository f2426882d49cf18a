//! The rate limit that all clones of a client share.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

/// Spreads requests evenly: each waits for its own slot, `1 / rate` after the one before it. The vendor allows ten a
/// second; with eight, evenly spread, no window of one second ever holds more than nine.
#[derive(Debug)]
pub struct RateLimiter(Mutex<Slots>);

/// The slots as a value: no clock in here.
#[derive(Debug)]
struct Slots {
    gap: Duration,
    next: Option<Instant>,
}

impl Slots {
    fn take(&mut self, now: Instant) -> Instant {
        let at = self.next.map_or(now, |next| next.max(now));
        self.next = Some(at + self.gap);
        at
    }

    fn hold_until(&mut self, until: Instant) {
        self.next = Some(self.next.map_or(until, |next| next.max(until)));
    }
}

impl RateLimiter {
    /// At most `rate` requests a second; 0 counts as 1.
    pub fn per_second(rate: u32) -> Self {
        Self(Mutex::new(Slots {
            gap: Duration::from_secs(1) / rate.max(1),
            next: None,
        }))
    }

    /// Waits for the next slot.
    pub async fn slot(&self) {
        let at = self.0.lock().await.take(Instant::now());
        tokio::time::sleep_until(at).await;
    }

    /// Nobody gets a slot for `wait`: the server said that it is too much. Slots given out already are not taken back.
    pub async fn pause(&self, wait: Duration) {
        self.0.lock().await.hold_until(Instant::now() + wait);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_evenly_spread_and_a_pause_holds_everybody() {
        let begun = Instant::now();
        let mut slots = Slots {
            gap: Duration::from_millis(125),
            next: None,
        };
        let last = (0..17).map(|_| slots.take(begun)).last().unwrap();
        assert_eq!((last - begun).as_millis(), 2000);
        slots.hold_until(begun + Duration::from_secs(5));
        assert_eq!((slots.take(begun) - begun).as_secs(), 5);
        let late = begun + Duration::from_mins(1);
        assert_eq!(slots.take(late), late, "unused slots are not saved up");
    }
}
