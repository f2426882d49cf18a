//! When to ask again: backoff with jitter, Retry-After, and which answers may pass by themselves.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// The longest pause that a Retry-After may impose.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_mins(2);

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
    pub(crate) fn wait(self, number: u32) -> Duration {
        let doubled = self.base.saturating_mul(
            1u32.checked_shl(number.saturating_sub(1))
                .unwrap_or(u32::MAX),
        );
        doubled.min(self.cap).mul_f64(rand::random_range(0.5..=1.0))
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

/// Statuses after which asking again may help (docs/rules.md, "Reading").
pub(crate) fn may_pass(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500..=599)
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
}
