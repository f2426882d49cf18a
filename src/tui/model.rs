//! What all screens share. [`crate::tui::console`] changes it and draws it; what one screen alone knows lies in its room.

mod facts;

use std::collections::VecDeque;

use chrono::{DateTime, Duration, Utc};

use crate::config::GuardConfig;
use crate::error::{Error, Kind};
use crate::tui::dialog::{Ask, Dialog, Ears};
use crate::tui::environment::Environment;
use crate::tui::job::Job;
use crate::tui::keymap::{Action, Keymap, Screen};
use crate::tui::kit::glyphs::Glyphs;
use crate::tui::kit::hits::{Hits, Spot};
use crate::tui::kit::key::Key;
use crate::tui::kit::theme::{Depth, Theme, ThemeName};
use crate::tui::kit::toasts::Toasts;
use crate::tui::msg::Effect;
use crate::tui::request::{Lane, Request, Ticket};

pub(super) use facts::Facts;

/// Something that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    /// Its place among the others, the lowest first. Neighbours lie apart, so that something fits between them.
    pub(super) rank: u16,
    /// What it is.
    pub(super) text: String,
    /// The screen that it leads to.
    pub(super) screen: Screen,
    /// Whether it is bad news.
    pub(super) urgent: bool,
    /// A number that stands behind the name of the screen.
    pub(super) badge: Option<u64>,
}

impl Waiting {
    /// Something that waits on `screen`, and is no bad news.
    pub(super) fn new(rank: u16, screen: Screen, text: String) -> Self {
        Self {
            rank,
            text,
            screen,
            urgent: false,
            badge: None,
        }
    }

    /// As bad news.
    pub(super) fn urgent(mut self) -> Self {
        self.urgent = true;
        self
    }

    /// With a number behind the name of the screen.
    pub(super) fn badge(mut self, number: u64) -> Self {
        self.badge = Some(number);
        self
    }
}

/// How the console ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Life {
    #[default]
    Runs,
    /// Work that writes is asked to stop; the console ends when it has answered.
    Ending,
    Over,
}

/// A key, an action or a click that waits, because the lines that it is about are still being computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ahead {
    /// A key.
    Key(Key),
    /// An action of the palette or of a click on the footer.
    Act(Action),
    /// A click on something that does not move with the lines.
    Click(Spot),
}

/// The whole state of the console.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) now: DateTime<Utc>,
    pub(super) environment: Environment,
    pub(super) guards: GuardConfig,
    pub(super) screen: Screen,
    pub(super) facts: Facts,
    /// What waits for a person, most urgent first.
    pub(super) waiting: Vec<Waiting>,
    /// The topmost is last; it has the keyboard.
    pub(super) dialogs: Vec<Dialog>,
    pub(super) job: Option<Job>,
    pub(super) toasts: Toasts,
    pub(super) keymap: Keymap,
    pub(super) depth: Depth,
    pub(super) theme: Theme,
    pub(super) glyphs: &'static Glyphs,
    pub(super) mouse: bool,
    /// Share of the list in a list-and-detail screen, in percent.
    pub(super) split: u16,
    /// Generations by lane; see [`Ticket`].
    pub(super) generations: [u64; Lane::COUNT],
    /// Where things were drawn last.
    pub(super) hits: Hits,
    /// Grows with everything that may change what is on screen: a click on an older frame hits nothing.
    pub(super) revision: u64,
    /// Small writes that were not answered yet.
    pub(super) acting: Vec<(Ticket, &'static str)>,
    /// What waits for lines that are still being computed; replayed in order.
    pub(super) typed_ahead: VecDeque<Ahead>,
    /// The key before this one: a confirmation never listens to it.
    pub(super) last_key: Option<Key>,
    pub(super) dragging: bool,
    /// Whether the core is there; before that nothing is known.
    pub(super) opened: bool,
    /// Why the core cannot be had; the console ends with it.
    pub(super) failed: Option<Error>,
    pub(super) life: Life,
}

impl Model {
    /// A console that has just started.
    pub(super) fn new(
        environment: Environment,
        guards: GuardConfig,
        now: DateTime<Utc>,
        glyphs: &'static Glyphs,
        theme: ThemeName,
        depth: Depth,
    ) -> Self {
        Self {
            now,
            environment,
            guards,
            screen: Screen::default(),
            facts: Facts::default(),
            waiting: Vec::new(),
            dialogs: Vec::new(),
            job: None,
            toasts: Toasts::default(),
            keymap: Keymap::default(),
            depth,
            theme: Theme::new(theme, depth),
            glyphs,
            mouse: true,
            split: 60,
            generations: [0; Lane::COUNT],
            hits: Hits::default(),
            revision: 0,
            acting: Vec::new(),
            typed_ahead: VecDeque::new(),
            last_key: None,
            dragging: false,
            opened: false,
            failed: None,
            life: Life::default(),
        }
    }

    /// Asks the core. A newer request of the same lane supersedes an older one, whose answer is dropped when it comes.
    pub(super) fn ask(&mut self, request: Request) -> Effect {
        self.ask_for(request).1
    }

    /// Like [`Model::ask`], with the ticket that the answer will carry.
    pub(super) fn ask_for(&mut self, request: Request) -> (Ticket, Effect) {
        let lane = request.lane();
        let generation = &mut self.generations[lane as usize];
        *generation += 1;
        let ticket = Ticket {
            lane,
            generation: *generation,
        };
        if lane == Lane::Act {
            self.acting.push((ticket, request.title()));
        }
        if lane == Lane::Work {
            self.job = Some(Job::new(ticket, request.clone(), self.now));
        }
        (ticket, Effect::Ask(ticket, request))
    }

    /// Whether an answer to `ticket` is still wanted.
    pub(super) fn current(&self, ticket: Ticket) -> bool {
        self.generations[ticket.lane as usize] == ticket.generation
    }

    /// Says something for a few seconds.
    pub(super) fn toast(&mut self, text: impl Into<String>) {
        self.toasts.say(&text.into(), false, self.now);
    }

    /// Says something in place of the message that begins with the same words: a setting was changed again.
    pub(super) fn retoast(&mut self, begins: &str, text: String) {
        self.toasts.unsay(begins);
        self.toast(text);
    }

    /// Says something bad for a few seconds.
    pub(super) fn complain(&mut self, text: impl Into<String>) {
        self.toasts.say(&text.into(), true, self.now);
    }

    /// Puts a dialog on top.
    pub(super) fn push(&mut self, dialog: Dialog) -> Vec<Effect> {
        self.dialogs.push(dialog);
        Vec::new()
    }

    /// Puts a question on top.
    pub(super) fn ask_first(&mut self, ask: Ask) -> Vec<Effect> {
        self.push(Dialog::Ask(Box::new(ask)))
    }

    /// Goes to a screen; the console lets it enter.
    pub(super) fn show(&mut self, screen: Screen) {
        self.screen = screen;
    }

    /// The error that tells which decision is still unanswered, should the console end now; `None`: none is.
    pub(super) fn unanswered(&self) -> Option<Error> {
        let (_, what) = self.acting.first()?;
        Some(
            Error::new(
                Kind::Internal,
                "unanswered",
                format!("The console ended before this was answered: {what}. Whether it was done is not known."),
            )
            .help("`prmdesk offboard list` and `prmdesk holds list` show how it stands."),
        )
    }

    /// When something around the screen changes by itself: a toast goes, a gauge appears, a second passes.
    pub(super) fn wake_at(&self) -> Option<DateTime<Utc>> {
        let toast = self.toasts.next_goes();
        let job = self.job.as_ref().map(|job| {
            if job.visible(self.now) {
                self.now + Duration::seconds(1)
            } else {
                job.started + Job::QUIET
            }
        });
        // A question that listens from soon on says so.
        let ears = match self.dialogs.last() {
            Some(Dialog::Ask(ask)) => match ask.ears {
                Ears::From(at) => Some(at).filter(|&at| at > self.now),
                Ears::Open | Ears::Unseen => None,
            },
            _ => None,
        };
        [toast, job, ears].into_iter().flatten().min()
    }

    /// Whether a preview is under way.
    pub(super) fn plan_is_coming(&self) -> bool {
        self.job
            .as_ref()
            .is_some_and(|job| matches!(job.request, Request::Preview(_) | Request::PreviewUndo(_)))
    }

    /// Why nothing may be written now; `None` when it may.
    pub(super) fn no_writes(&self) -> Option<std::borrow::Cow<'static, str>> {
        if self.environment.read_only {
            return Some("Read-only mode: nothing is written. Start without --read-only.".into());
        }
        self.busy()
    }

    /// Why no other long work may begin now; `None` when it may.
    pub(super) fn busy(&self) -> Option<std::borrow::Cow<'static, str>> {
        let job = self.job.as_ref()?;
        Some(format!("{} is still at work; Ctrl-C stops it.", job.request.title()).into())
    }
}

impl Model {
    /// Lines are gone: drops the keys and actions that wait and are about them. The first that is not about lines stays,
    /// and so do all after it, which may be meant for a text box. Where one of those dropped would have opened a question,
    /// all after it were meant for that question and go too.
    pub(super) fn drop_about_lines(&mut self) {
        let mut waiting = std::mem::take(&mut self.typed_ahead);
        while let Some(next) = waiting.front() {
            let action = match next {
                Ahead::Key(key) => self.keymap.find(*key, self.screen).map(|b| b.action),
                Ahead::Act(action) => Some(*action),
                Ahead::Click(_) => None,
            };
            match action {
                Some(action) if action.asks() => waiting.clear(),
                Some(action) if action.about_lines() => {
                    waiting.pop_front();
                }
                _ => break,
            }
        }
        self.typed_ahead = waiting;
    }
}
