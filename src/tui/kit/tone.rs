//! How a line of words is meant; the theme gives it its look.

/// How a line is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::tui) enum Tone {
    #[default]
    Plain,
    Strong,
    Dim,
    Good,
    Bad,
    Warn,
}

/// A line with its tone; safe to show.
pub(in crate::tui) type ToneLine = (Tone, String);
