//! Screen 2: a plan under review.

pub(in crate::tui) mod columns;
pub(in crate::tui) mod export;
pub(in crate::tui) mod haystack;
pub(in crate::tui) mod query;
pub(in crate::tui) mod sort;
pub(in crate::tui) mod tab;
pub(in crate::tui) mod tally;
