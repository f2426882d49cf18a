//! The command palette: fuzzy find over every action of the binding table. Fuzzy is right here, where nothing is
//! deleted by a near hit; the filter of a list is never fuzzy (docs/console.md, "Conventions").

use crossterm::event::KeyCode;
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use tui_input::Input;

use super::outcome::Outcome;
use crate::tui::keymap::{Action, BINDINGS, Screen};
use crate::tui::kit::edit::edit_input;
use crate::tui::kit::hits::Hits;
use crate::tui::kit::key::Key;
use crate::tui::kit::list::{Cursor, Move};

/// The palette.
#[derive(Debug)]
pub(in crate::tui) struct Palette {
    pub(in crate::tui) input: Input,
    pub(in crate::tui) cursor: Cursor,
    /// Indices into [`BINDINGS`], best first.
    pub(in crate::tui) found: Vec<usize>,
    screen: Screen,
}

impl Palette {
    /// The palette as it opens on `screen`: the screen's own actions first.
    pub(in crate::tui) fn new(screen: Screen) -> Self {
        let mut palette = Self {
            input: Input::default(),
            cursor: Cursor::default(),
            found: Vec::new(),
            screen,
        };
        palette.find();
        palette
    }

    fn find(&mut self) {
        let words = self.input.value();
        // Movements have keys everybody knows; in a list of commands they are noise.
        let useful = |&at: &usize| {
            !matches!(
                BINDINGS[at].action,
                Action::Up
                    | Action::Down
                    | Action::PageUp
                    | Action::PageDown
                    | Action::Home
                    | Action::End
                    | Action::Escape
                    | Action::Palette
            )
        };
        let away = |at: usize| !BINDINGS[at].on.has(self.screen);
        let all = (0..BINDINGS.len()).filter(useful);
        if words.trim().is_empty() {
            self.found = all.collect();
            self.found.sort_by_key(|&at| away(at));
        } else {
            let pattern = Pattern::parse(words, CaseMatching::Ignore, Normalization::Smart);
            let mut matcher = Matcher::new(Config::DEFAULT);
            let mut buffer = Vec::new();
            let mut scored: Vec<(u32, usize)> = all
                .filter_map(|at| {
                    let binding = &BINDINGS[at];
                    let text = format!(
                        "{} {} {}",
                        binding.short,
                        binding.long,
                        binding.action.name()
                    );
                    let score = pattern.score(Utf32Str::new(&text, &mut buffer), &mut matcher)?;
                    Some((score, at))
                })
                .collect();
            scored.sort_by_key(|&(score, at)| (std::cmp::Reverse(score), away(at), at));
            self.found = scored.into_iter().map(|(_, at)| at).collect();
        }
        self.cursor = Cursor::default();
    }

    /// Moves in the list.
    pub(in crate::tui) fn go(&mut self, movement: Move, hits: &Hits) {
        self.cursor
            .go(movement, self.found.len(), hits.dialog_height);
    }

    /// Takes a key.
    pub(in crate::tui) fn key(&mut self, key: Key, hits: &Hits) -> Outcome {
        match key.code {
            KeyCode::Up => self.go(Move::Up(1), hits),
            KeyCode::Down => self.go(Move::Down(1), hits),
            KeyCode::PageUp => self.go(Move::PageUp, hits),
            KeyCode::PageDown => self.go(Move::PageDown, hits),
            KeyCode::Enter => {
                return match self.found.get(self.cursor.at) {
                    Some(&at) => Outcome::Act(BINDINGS[at].action),
                    None => Outcome::Stay,
                };
            }
            KeyCode::Backspace if self.input.value().is_empty() => return Outcome::Close,
            _ => {
                if edit_input(&mut self.input, key) {
                    self.find();
                }
            }
        }
        Outcome::Stay
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_letters_find_an_action() {
        let mut palette = Palette::new(Screen::Preview);
        for c in "tick sh".chars() {
            palette.key(Key::char(c), &Hits::default());
        }
        assert!(matches!(
            palette.key(Key::plain(KeyCode::Enter), &Hits::default()),
            Outcome::Act(Action::TickShown)
        ));
        for c in "zzzz".chars() {
            palette.key(Key::char(c), &Hits::default());
        }
        assert!(palette.found.is_empty());
        assert!(matches!(
            palette.key(Key::plain(KeyCode::Enter), &Hits::default()),
            Outcome::Stay
        ));
    }
}
