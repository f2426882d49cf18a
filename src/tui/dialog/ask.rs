//! The one shape of every confirmation: words and numbers, the environment, what goes, fields to fill, No and Yes.
//!
//! A question holds everything that it is about. On Yes that is done, whatever the screens show by then.
//! Focus begins on *No* or in a text field, never on *Yes*; a number is typed, a paste into it is ignored; and the key
//! that confirms is never the one that was just used (docs/console.md, "Confirming").

use std::any::Any;

use chrono::{DateTime, Duration, Utc};
use crossterm::event::KeyCode;
use tui_input::{Input, InputRequest};

use super::listing::Listing;
use super::outcome::{About, Outcome, Then, scroll};
use crate::text::safe;
use crate::tui::keymap::Screen;
use crate::tui::kit::edit::edit_input;
use crate::tui::kit::hits::Hits;
use crate::tui::kit::key::Key;
use crate::tui::kit::tone::ToneLine;
use crate::tui::request::Filled;
use crate::values::Terms;

/// A question before something is done.
#[derive(Debug)]
pub(in crate::tui) struct Ask {
    pub(in crate::tui) title: String,
    /// What will happen, in words and numbers.
    pub(in crate::tui) intro: Vec<ToneLine>,
    /// What goes.
    pub(in crate::tui) listing: Listing,
    /// The first line of the listing on screen.
    pub(in crate::tui) offset: usize,
    pub(in crate::tui) fields: Vec<Field>,
    pub(in crate::tui) focus: Focus,
    /// Whether it takes something away: drawn as such.
    pub(in crate::tui) danger: bool,
    /// The words on the button: "Apply 20 changes".
    pub(in crate::tui) yes: String,
    /// Why the last try to confirm did nothing.
    pub(in crate::tui) hint: Option<String>,
    /// When it begins to take keys.
    pub(in crate::tui) ears: Ears,
    pub(in crate::tui) then: Then,
    /// What it is about; `None`: nothing that could change under it.
    pub(in crate::tui) about: Option<About>,
}

/// When a question begins to take keys. A question that appears because an answer arrived may appear while somebody is
/// typing: keys pressed before it could be seen must not answer it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Ears {
    /// At once: a key opened it.
    Open,
    /// It is not on screen yet; it takes keys [`Ears::WHILE`] after it is.
    Unseen,
    /// From this moment on.
    From(DateTime<Utc>),
}

impl Ears {
    /// How long a question stands there before it takes keys (docs/console.md, "Confirming").
    pub(in crate::tui) const WHILE: Duration = Duration::milliseconds(300);

    /// Whether a key pressed `now` is for the question.
    pub(in crate::tui) fn hear(self, now: DateTime<Utc>) -> bool {
        match self {
            Self::Open => true,
            Self::Unseen => false,
            Self::From(at) => now >= at,
        }
    }
}

/// Something to fill in.
#[derive(Debug)]
pub(in crate::tui) struct Field {
    pub(in crate::tui) label: String,
    pub(in crate::tui) kind: Fill,
    pub(in crate::tui) input: Input,
}

/// How a field has to be filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Fill {
    /// Text that must not be empty.
    Note,
    /// A number that must be this one, typed.
    Number(u64),
    /// Must be on.
    Acknowledge(bool),
    /// How long it is to wait, "7d"; may be empty.
    Delay,
}

impl Field {
    /// An empty field.
    pub(in crate::tui) fn new(label: impl Into<String>, kind: Fill) -> Self {
        Self {
            label: label.into(),
            kind,
            input: Input::default(),
        }
    }

    /// Why it is not filled as it must be; `None` when it is.
    pub(in crate::tui) fn missing(&self) -> Option<String> {
        let text = self.input.value().trim();
        match self.kind {
            Fill::Note if text.is_empty() => Some(format!("{} is needed.", self.label)),
            Fill::Number(wanted) if text.parse() != Ok(wanted) => {
                Some(format!("Type the number {wanted} to confirm."))
            }
            Fill::Delay if Terms::delay(text).is_none() => Some(
                "A delay is a span such as 7d or 36h, at most 366 days; or nothing.".to_owned(),
            ),
            Fill::Acknowledge(false) => Some(format!("Not acknowledged: {}.", self.label)),
            _ => None,
        }
    }
}

/// Where the keyboard is in a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Focus {
    Field(usize),
    No,
    Yes,
}

impl Ask {
    /// A question without listing and fields, focus on *No*.
    pub(in crate::tui) fn new(
        title: impl Into<String>,
        yes: impl Into<String>,
        then: Then,
    ) -> Self {
        Self {
            title: title.into(),
            intro: Vec::new(),
            listing: Listing::Nothing,
            offset: 0,
            fields: Vec::new(),
            focus: Focus::No,
            danger: false,
            yes: yes.into(),
            hint: None,
            ears: Ears::Open,
            then,
            about: None,
        }
    }

    /// Says what it is about: `screen` asks, and closes it when that is not so any more.
    pub(in crate::tui) fn about(mut self, screen: Screen, what: impl Any + Send) -> Self {
        self.about = Some(About {
            screen,
            what: Box::new(what),
        });
        self
    }

    /// Adds a field; text fields take the focus, so that one can type at once. Nothing is done by typing.
    pub(in crate::tui) fn field(mut self, field: Field) -> Self {
        if self.fields.is_empty() && field.kind == Fill::Note {
            self.focus = Focus::Field(0);
        }
        self.fields.push(field);
        self
    }

    /// Takes a key.
    pub(in crate::tui) fn key(&mut self, key: Key, last: Option<Key>, hits: &Hits) -> Outcome {
        self.hint = None;
        match key.code {
            KeyCode::Tab => self.step(1),
            KeyCode::BackTab => self.step(-1),
            KeyCode::PageUp | KeyCode::PageDown | KeyCode::Up | KeyCode::Down => {
                scroll(&mut self.offset, key, hits);
            }
            KeyCode::Enter => return self.enter(key, last),
            _ => match self.focus {
                Focus::Field(at) => self.edit(at, key),
                Focus::No | Focus::Yes => return self.button_key(key, last),
            },
        }
        Outcome::Stay
    }

    fn enter(&mut self, key: Key, last: Option<Key>) -> Outcome {
        match self.focus {
            Focus::No => Outcome::Close,
            Focus::Field(at) if at + 1 < self.fields.len() => {
                self.focus = Focus::Field(at + 1);
                Outcome::Stay
            }
            Focus::Field(_) | Focus::Yes => self.confirm(key, last),
        }
    }

    fn button_key(&mut self, key: Key, last: Option<Key>) -> Outcome {
        match key.code {
            KeyCode::Left | KeyCode::Right | KeyCode::Char('l') => {
                self.focus = if self.focus == Focus::No {
                    Focus::Yes
                } else {
                    Focus::No
                };
            }
            KeyCode::Char('n' | 'q') => return Outcome::Close,
            KeyCode::Char('y') => return self.confirm(key, last),
            KeyCode::Char(' ') if self.focus == Focus::Yes => return self.confirm(key, last),
            KeyCode::Char(c) if c.is_ascii_digit() => {
                // The number is what the dialog asks for: typing it needs no Tab.
                let number = |field: &Field| matches!(field.kind, Fill::Number(_));
                if let Some(at) = self.fields.iter().position(number) {
                    self.focus = Focus::Field(at);
                    self.edit(at, key);
                }
            }
            _ => {}
        }
        Outcome::Stay
    }

    /// Tries to confirm with `key`.
    pub(in crate::tui) fn confirm(&mut self, key: Key, last: Option<Key>) -> Outcome {
        if let Some((at, missing)) = self
            .fields
            .iter()
            .enumerate()
            .find_map(|(at, field)| Some((at, field.missing()?)))
        {
            self.hint = Some(missing);
            self.focus = Focus::Field(at);
            return Outcome::Stay;
        }
        if last == Some(key) {
            // A key that is held down, or pressed once too often, must not confirm anything.
            self.hint = Some(format!("{key} was just used; press Tab first, then {key}."));
            self.focus = Focus::No;
            return Outcome::Stay;
        }
        Outcome::Yes
    }

    /// What was filled in.
    pub(in crate::tui) fn filled(&self) -> Filled {
        let note = self
            .fields
            .iter()
            .find(|field| field.kind == Fill::Note)
            .map(|field| field.input.value().trim().to_owned());
        let delay = self.fields.iter().find(|field| field.kind == Fill::Delay);
        let after = delay.and_then(|field| Terms::delay(field.input.value()));
        Filled {
            after: after.unwrap_or_default(),
            note: note.unwrap_or_default(),
        }
    }

    /// Moves the focus: fields, No, Yes, and round.
    fn step(&mut self, by: isize) {
        let count = self.fields.len() + 2;
        let at = match self.focus {
            Focus::Field(at) => at,
            Focus::No => self.fields.len(),
            Focus::Yes => self.fields.len() + 1,
        };
        let next = (at + count).saturating_add_signed(by) % count;
        self.focus = self.part(next);
    }

    /// Field, No or Yes by its place.
    pub(in crate::tui) fn part(&self, at: usize) -> Focus {
        match at.checked_sub(self.fields.len()) {
            None => Focus::Field(at),
            Some(0) => Focus::No,
            Some(_) => Focus::Yes,
        }
    }

    fn edit(&mut self, at: usize, key: Key) {
        let Some(field) = self.fields.get_mut(at) else {
            return;
        };
        match field.kind {
            Fill::Acknowledge(on) => {
                if key.typed() == Some(' ') {
                    field.kind = Fill::Acknowledge(!on);
                }
            }
            Fill::Number(_) => {
                let digit = key.typed().is_none_or(|c| c.is_ascii_digit());
                if digit && field.input.value().len() < 12 || key.code == KeyCode::Backspace {
                    edit_input(&mut field.input, key);
                }
            }
            Fill::Note | Fill::Delay => {
                edit_input(&mut field.input, key);
            }
        }
    }

    /// Takes a paste: into notes, never into numbers.
    pub(in crate::tui) fn paste(&mut self, text: &str) {
        let Focus::Field(at) = self.focus else {
            return;
        };
        match self.fields.get_mut(at) {
            Some(field) if field.kind == Fill::Note => {
                for c in safe(&text.replace(['\n', '\r', '\t'], " "))
                    .chars()
                    .take(500)
                {
                    field.input.handle(InputRequest::InsertChar(c));
                }
            }
            Some(field) if matches!(field.kind, Fill::Number(_)) => {
                self.hint = Some("The number must be typed; a paste is ignored.".to_owned());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(ask: &mut Ask, keys: &[Key]) -> Outcome {
        let hits = Hits::default();
        let mut last = Some(Key::char('A'));
        let mut outcome = Outcome::Stay;
        for &key in keys {
            outcome = ask.key(key, last, &hits);
            last = Some(key);
            if !matches!(outcome, Outcome::Stay) {
                break;
            }
        }
        outcome
    }

    fn digits(number: &str) -> Vec<Key> {
        number.chars().map(Key::char).collect()
    }

    const ENTER: Key = Key::plain(KeyCode::Enter);
    const TAB: Key = Key::plain(KeyCode::Tab);

    #[test]
    fn a_number_must_be_typed_and_be_the_one() {
        let ask = || {
            Ask::new("Apply", "Apply", Then::Quit).field(Field::new("number", Fill::Number(137)))
        };
        let mut right = digits("137");
        right.push(ENTER);
        assert!(matches!(press(&mut ask(), &right), Outcome::Yes));
        let mut wrong = digits("136");
        wrong.push(ENTER);
        assert!(matches!(press(&mut ask(), &wrong), Outcome::Stay));
        assert!(
            matches!(press(&mut ask(), &[ENTER]), Outcome::Close),
            "focus begins on No"
        );
        assert!(matches!(
            press(&mut ask(), &[Key::char('y')]),
            Outcome::Stay
        ));
        let mut pasted = ask();
        pasted.focus = Focus::Field(0);
        pasted.paste("137");
        assert_eq!(pasted.fields[0].input.value(), "");
        assert!(pasted.hint.is_some());
    }

    #[test]
    fn the_key_just_used_confirms_nothing() {
        let mut ask = Ask::new("Hold", "Hold", Then::Quit);
        ask.focus = Focus::Yes;
        let hits = Hits::default();
        assert!(matches!(ask.key(ENTER, Some(ENTER), &hits), Outcome::Stay));
        assert!(ask.hint.is_some());
        assert_eq!(ask.focus, Focus::No);
        assert!(matches!(press(&mut ask, &[TAB, ENTER]), Outcome::Yes));
    }

    #[test]
    fn notes_are_asked_for_and_handed_on() {
        let mut ask =
            Ask::new("Reject", "Reject", Then::Quit).field(Field::new("A note", Fill::Note));
        assert_eq!(press(&mut ask, &[ENTER]), Outcome::Stay);
        ask.paste("left\nlast week");
        assert_eq!(press(&mut ask, &[Key::char('!'), ENTER]), Outcome::Yes);
        assert_eq!(ask.filled().note, "left last week!");
    }
}
