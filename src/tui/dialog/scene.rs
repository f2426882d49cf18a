//! What the drawing of dialogs is handed.

use chrono::{DateTime, Utc};

use crate::tui::environment::Environment;
use crate::tui::keymap::{Action, Keymap, Screen};

/// What a dialog tells beside its own words.
pub(in crate::tui) struct Scene<'s> {
    pub(in crate::tui) environment: &'s Environment,
    pub(in crate::tui) keymap: &'s Keymap,
    pub(in crate::tui) screen: Screen,
    pub(in crate::tui) now: DateTime<Utc>,
    /// Whether an action is possible now.
    pub(in crate::tui) possible: &'s dyn Fn(Action) -> bool,
}
