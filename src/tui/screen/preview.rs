//! Screen 2: a plan under review.

pub(in crate::tui) mod export;
