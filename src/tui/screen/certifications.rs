//! Screen 4: certification figures, ours beside those of Impartner.

pub(in crate::tui) mod export;
