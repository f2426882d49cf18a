//! `update`: what a message does to the console, and what it asks of the world. Synchronous and pure: no I/O, no clock,
//! nothing spawned. The console knows what all screens have in common; what is a screen's own, its room does.

mod act;
mod ahead;
mod answers;
mod chrome;
mod frame;
mod hand;
mod journal;
mod keys;
mod mouse;
mod moves;
mod questions;

use chrono::{DateTime, Utc};

use crate::tui::dialog::places;
use crate::tui::keymap::{Action, Screen};
use crate::tui::kit::theme::{Theme, ThemeName};
use crate::tui::model::{Life, Model};
use crate::tui::msg::{Effect, Msg, Saved};
use crate::tui::request::{Reach, Request};
use crate::tui::room::{Happened, Reason, Room};
use crate::tui::screen::Screens;

#[cfg(test)]
pub(super) use frame::view;

/// The console: what all screens share, and what each of them alone knows.
#[derive(Debug)]
pub(super) struct Console {
    pub(super) model: Model,
    pub(super) screens: Screens,
}

impl Console {
    /// A console that has just started.
    pub(super) fn new(model: Model) -> Self {
        Self {
            model,
            screens: Screens::default(),
        }
    }

    /// What it asks for at its start.
    pub(super) fn start(&mut self) -> Vec<Effect> {
        let mut effects = vec![
            self.model.ask(Request::Status(Reach::Stored)),
            self.model.ask(Request::Runs),
        ];
        self.model.facts.live_next = true;
        effects.extend(self.tell(self.model.screen, Happened::Entered));
        effects
    }

    /// Takes a message in.
    pub(super) fn update(&mut self, msg: Msg) -> Vec<Effect> {
        if !matches!(
            msg,
            Msg::Mouse(_) | Msg::Tick | Msg::Resize | Msg::Event(..)
        ) {
            self.model.revision += 1;
        }
        let before = self.model.screen;
        let mut effects = self.take(msg);
        if self.model.screen != before {
            effects.extend(self.tell(self.model.screen, Happened::Entered));
        }
        self.gather();
        questions::settle(self);
        effects
    }

    fn take(&mut self, msg: Msg) -> Vec<Effect> {
        let model = &mut self.model;
        let now = model.now;
        model.toasts.pass(now);
        match msg {
            Msg::Key(event) => return keys::event(self, event),
            Msg::Mouse(event) => return mouse::mouse(self, event),
            Msg::Paste(text) => return keys::paste(self, &text),
            Msg::Resize | Msg::Tick => {}
            Msg::Opened(Ok(())) => model.opened = true,
            Msg::Opened(Err(error)) => {
                // Nothing can be done here: the console ends, and the error is told where the command was typed.
                model.failed = Some(error);
                model.life = Life::Over;
            }
            Msg::Event(ticket, event) => {
                if let Some(job) = model.job.as_mut().filter(|job| job.ticket == ticket) {
                    job.take(event, now);
                }
            }
            Msg::Answer(ticket, result) => return answers::answer(self, ticket, *result),
            Msg::Computed(worked) => {
                let mut effects = self.tell(worked.screen, Happened::Computed(worked.what));
                effects.extend(ahead::replay(self));
                return effects;
            }
            Msg::Exported(Ok(path)) => model.toast(format!("Exported to {}.", path.display())),
            Msg::Exported(Err(why)) => model.complain(format!("Not exported: {why}.")),
            Msg::Fault(what) => {
                // What was computed never comes: nothing may go on waiting for it.
                model.typed_ahead.clear();
                while let Some(what) = places::counting(&model.dialogs) {
                    places::leave(&mut model.dialogs, what);
                }
                model.complain(what);
                return self.tell_all(|| Happened::Fault);
            }
            Msg::Shutdown => return act::leave(self),
        }
        Vec::new()
    }

    /// The room that is shown, and what it is handed.
    fn here(&mut self) -> (&mut dyn Room, &mut Model) {
        let room = self.screens.room_mut(self.model.screen);
        (room, &mut self.model)
    }

    /// Tells a screen what happened.
    fn tell(&mut self, screen: Screen, happened: Happened<'_>) -> Vec<Effect> {
        let room = self.screens.room_mut(screen);
        room.take(&mut self.model, happened)
    }

    /// Tells every screen what happened.
    fn tell_all<'h>(&mut self, happened: impl Fn() -> Happened<'h>) -> Vec<Effect> {
        let each = Screen::ALL.into_iter();
        each.flat_map(|screen| self.tell(screen, happened()))
            .collect()
    }

    /// Asks every screen what waits for a person.
    pub(super) fn gather(&mut self) {
        let mut waiting = Vec::new();
        for screen in Screen::ALL {
            waiting.extend(self.screens.room(screen).waiting(&self.model));
        }
        waiting.sort_by_key(|line| line.rank);
        self.model.waiting = waiting;
    }

    /// Whether what a key is about is still being computed, so that the key must wait.
    fn must_wait(&self) -> bool {
        self.model.dialogs.is_empty() && self.screens.room(self.model.screen).must_wait()
    }

    /// Whether keys go to a text box of the screen.
    fn typing(&self) -> bool {
        self.screens.room(self.model.screen).typing()
    }

    /// Why an action is not possible now.
    pub(super) fn why_not(&self, action: Action) -> Reason {
        act::why_not(self, action)
    }

    /// When something on screen changes by itself.
    pub(super) fn wake_at(&self) -> Option<DateTime<Utc>> {
        let room = self.screens.room(self.model.screen);
        let both = [self.model.wake_at(), room.wakes_at(&self.model)];
        both.into_iter().flatten().min()
    }

    /// What is kept for the next start.
    fn saved(&self) -> Saved {
        let model = &self.model;
        let mut saved = Saved {
            screen: Some(model.screen.title().to_owned()),
            theme: Some(model.theme.name.word().to_owned()),
            split: Some(model.split),
            mouse: Some(model.mouse),
            ..Saved::default()
        };
        for screen in Screen::ALL {
            self.screens.room(screen).keep(&mut saved);
        }
        saved
    }

    /// Puts a new console where the last one was. `theme`: asked for on purpose, goes before the kept one.
    pub(super) fn restore(&mut self, saved: &Saved, theme: Option<ThemeName>) {
        let model = &mut self.model;
        if let Some(screen) = saved.screen.as_deref().and_then(Screen::from_title) {
            model.show(screen);
        }
        let kept = saved.theme.as_deref().and_then(ThemeName::from_word);
        if let Some(name) = theme.or(kept) {
            model.theme = Theme::new(name, model.depth);
        }
        if let Some(split) = saved.split {
            model.split = split.clamp(25, 80);
        }
        if let Some(mouse) = saved.mouse {
            model.mouse = mouse;
        }
        for screen in Screen::ALL {
            self.screens.room_mut(screen).restore(saved);
        }
    }
}
