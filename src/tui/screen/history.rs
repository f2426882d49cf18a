//! Screen 5: the runs, and what each changed.

pub(in crate::tui) mod export;
