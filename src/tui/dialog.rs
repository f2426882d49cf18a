//! Dialogs: a stack of them, the topmost has the keyboard. Each peels off with Esc.

mod ask;
mod listing;
mod outcome;
mod palette;
pub(super) mod places;
mod question;
pub(super) mod scene;
pub(super) mod view;

use crossterm::event::KeyCode;

use crate::error::Error;
use crate::text::safe_lines;
use crate::tui::kit::hits::Hits;
use crate::tui::kit::key::Key;
use crate::tui::kit::list::{Cursor, Move};
use crate::tui::kit::tone::ToneLine;

pub(super) use ask::{Ask, Ears, Field, Fill, Focus};
pub(super) use listing::Listing;
pub(super) use outcome::{Choice, Outcome, Then, Waits};
pub(super) use palette::Palette;

use outcome::scroll;

/// One dialog.
#[derive(Debug)]
pub(super) enum Dialog {
    /// The keys of this screen.
    Help(Cursor),
    /// The command palette: any action, found by its words.
    Palette(Palette),
    /// A question before something is done.
    Ask(Box<Ask>),
    /// The place of a question that waits for what it is about.
    Asking(Asking),
    /// Something went wrong.
    Failure(Failure),
    /// Lines to read: a result, a journal, messages.
    Text(TextDialog),
    /// A few lines of which one is chosen.
    Menu(Menu),
}

/// What went wrong, what was kept, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) title: String,
    pub(super) message: String,
    pub(super) help: Option<String>,
    pub(super) causes: Vec<String>,
    /// Whether the causes are shown: Enter.
    pub(super) opened: bool,
}

impl Failure {
    /// The failure of `what`.
    pub(super) fn new(what: &str, error: &Error) -> Self {
        Self {
            title: what.to_owned(),
            message: safe_lines(&error.message),
            help: error.help.as_deref().map(safe_lines),
            causes: error
                .causes()
                .iter()
                .map(|cause| safe_lines(cause))
                .collect(),
            opened: false,
        }
    }
}

/// Stands where a question will be, while the question waits for the answer or the count that it is about. It takes every
/// key: what is typed for the question must not do something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asking {
    pub(super) title: String,
    pub(super) what: Waits,
}

/// Lines to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TextDialog {
    pub(super) title: String,
    pub(super) lines: Vec<ToneLine>,
    pub(super) offset: usize,
}

impl TextDialog {
    /// A dialog at its first line.
    pub(super) fn new(title: impl Into<String>, lines: Vec<ToneLine>) -> Self {
        Self {
            title: title.into(),
            lines,
            offset: 0,
        }
    }
}

/// A few lines of which one is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Menu {
    pub(super) title: String,
    pub(super) items: Vec<(String, Choice)>,
    pub(super) at: usize,
}

impl Dialog {
    /// Takes a key. `last` is the key before this one: a confirmation never listens to the same key twice.
    pub(super) fn key(&mut self, key: Key, last: Option<Key>, hits: &Hits) -> Outcome {
        if key == Key::plain(KeyCode::Esc) {
            return Outcome::Close;
        }
        match self {
            Self::Ask(ask) => ask.key(key, last, hits),
            Self::Asking(_) => Outcome::Stay,
            Self::Palette(palette) => palette.key(key, hits),
            Self::Help(cursor) => {
                if matches!(key.typed(), Some('q' | '?')) || key.code == KeyCode::Enter {
                    return Outcome::Close;
                }
                scroll(&mut cursor.at, key, hits);
                Outcome::Stay
            }
            Self::Text(text) => {
                if key.typed() == Some('q') || key.code == KeyCode::Enter {
                    return Outcome::Close;
                }
                scroll(&mut text.offset, key, hits);
                Outcome::Stay
            }
            Self::Failure(failure) => match key.code {
                KeyCode::Enter if !failure.opened && !failure.causes.is_empty() => {
                    failure.opened = true;
                    Outcome::Stay
                }
                KeyCode::Enter | KeyCode::Char('q') => Outcome::Close,
                _ => Outcome::Stay,
            },
            Self::Menu(menu) => menu.key(key),
        }
    }

    /// Scrolls by the wheel.
    pub(super) fn wheel(&mut self, down: bool, hits: &Hits) {
        let key = Key::plain(if down { KeyCode::Down } else { KeyCode::Up });
        match self {
            Self::Help(cursor) => scroll(&mut cursor.at, key, hits),
            Self::Text(text) => scroll(&mut text.offset, key, hits),
            Self::Ask(ask) => scroll(&mut ask.offset, key, hits),
            Self::Palette(palette) => {
                let movement = if down { Move::Down(1) } else { Move::Up(1) };
                palette.go(movement, hits);
            }
            Self::Menu(menu) => {
                let last = menu.items.len().saturating_sub(1);
                menu.at = if down {
                    (menu.at + 1).min(last)
                } else {
                    menu.at.saturating_sub(1)
                };
            }
            Self::Failure(_) | Self::Asking(_) => {}
        }
    }

    /// Whether somebody may be typing into it.
    pub(super) fn typing(&self) -> bool {
        matches!(self, Self::Ask(_) | Self::Asking(_) | Self::Palette(_))
    }
}

impl Menu {
    fn key(&mut self, key: Key) -> Outcome {
        let last = self.items.len().saturating_sub(1);
        match key.code {
            KeyCode::Up | KeyCode::Char('k') => self.at = self.at.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.at = (self.at + 1).min(last),
            KeyCode::Char('q') => return Outcome::Close,
            KeyCode::Enter => {
                return match self.items.get(self.at) {
                    Some((_, choice)) => Outcome::Choose(*choice),
                    None => Outcome::Close,
                };
            }
            KeyCode::Char(c) => {
                // The first letter of a line chooses it.
                let wanted = c.to_ascii_lowercase();
                let found = self.items.iter().find(|(label, _)| {
                    label
                        .chars()
                        .next()
                        .is_some_and(|first| first.to_ascii_lowercase() == wanted)
                });
                if let Some((_, choice)) = found {
                    return Outcome::Choose(*choice);
                }
            }
            _ => {}
        }
        Outcome::Stay
    }
}
