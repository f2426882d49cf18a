//! The box after `/`, and the filter in force.

use std::sync::Arc;

use tui_input::Input;

use crate::plan::filter::{Filter, FilterError};

/// The box after `/`.
#[derive(Debug, Default)]
pub(in crate::tui) struct FilterBox {
    pub(in crate::tui) input: Input,
    pub(in crate::tui) focused: bool,
    pub(in crate::tui) error: Option<FilterError>,
    /// Expressions that were left with Enter, oldest first.
    pub(in crate::tui) history: Vec<String>,
    /// Where Up and Down are in the history.
    pub(in crate::tui) recall: Option<usize>,
    /// The last expression that parsed; what the list shows.
    pub(in crate::tui) filter: Arc<Filter>,
    pub(in crate::tui) words: String,
}

impl FilterBox {
    /// Expressions that are kept.
    pub(in crate::tui) const HISTORY: usize = 50;

    /// Takes what stands in the box; an expression that does not parse leaves the last one in force.
    pub(in crate::tui) fn read(&mut self) -> bool {
        match Filter::parse(self.input.value()) {
            Ok(filter) => {
                self.error = None;
                self.filter = Arc::new(filter);
                self.words = self.input.value().to_owned();
                true
            }
            Err(error) => {
                self.error = Some(error);
                false
            }
        }
    }

    /// Keeps the expression for Up and Down, and for the next start.
    pub(in crate::tui) fn remember(&mut self) {
        let words = self.input.value().trim().to_owned();
        if words.is_empty() || self.error.is_some() {
            return;
        }
        self.history.retain(|old| *old != words);
        self.history.push(words);
        if self.history.len() > Self::HISTORY {
            self.history.remove(0);
        }
    }

    /// Whether the list is narrowed.
    pub(in crate::tui) fn active(&self) -> bool {
        !self.words.trim().is_empty()
    }
}
