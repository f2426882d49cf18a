//! Screen 3: the off-boarding cases.

pub(in crate::tui) mod export;
