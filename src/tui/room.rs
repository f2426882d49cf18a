//! What a screen is to the console: a room. Everything but [`Room::draw`] has a body that does nothing; a screen that is
//! only a list needs `draw`, `list`, `take`, `act` and `subject`.

use std::any::Any;
use std::borrow::Cow;

use chrono::{DateTime, Utc};
use ratatui::layout::Rect;

use crate::error::Error;
use crate::plan::Entity;
use crate::tui::keymap::Action;
use crate::tui::kit::canvas::Canvas;
use crate::tui::kit::hits::Spot;
use crate::tui::kit::key::Key;
use crate::tui::kit::list::{Cursor, Move};
use crate::tui::kit::panes::Pane;
use crate::tui::model::{Model, Waiting};
use crate::tui::msg::{Effect, Saved, Sheet};
use crate::tui::request::{Answer, Filled, Lane, Request, Ticket};

/// Why something is not possible; `None`: it is.
pub(super) type Reason = Option<Cow<'static, str>>;

/// One screen. `model` is what all screens share; a room sees no other one.
pub(super) trait Room {
    /// Draws the screen.
    fn draw(&self, model: &Model, canvas: &mut Canvas<'_>, area: Rect);

    /// The list that keys, wheel and clicks move in.
    fn list(&mut self, _model: &Model) -> Option<List<'_>> {
        None
    }

    /// Takes in what happened.
    fn take(&mut self, _model: &mut Model, _happened: Happened<'_>) -> Vec<Effect> {
        Vec::new()
    }

    /// Does an action that is not the console's own, see `console/act.rs`.
    fn act(&mut self, _model: &mut Model, _action: Action) -> Vec<Effect> {
        Vec::new()
    }

    /// Why an action is not possible now.
    fn why_not(&self, _model: &Model, _action: Action) -> Reason {
        None
    }

    /// The words of an action in the footer where they count something.
    fn label(&self, _action: Action) -> Option<String> {
        None
    }

    /// Peels off one layer, when the list has the keyboard; `None`: there was none.
    fn peel(&mut self, _model: &mut Model) -> Option<Vec<Effect>> {
        None
    }

    /// What stands under the cursor.
    fn subject(&self, _model: &Model) -> Subject {
        Subject::default()
    }

    /// What is shown, as data for a file; `None`: nothing.
    fn sheet(&self, _model: &Model) -> Option<Box<dyn Sheet>> {
        None
    }

    /// Why a question of this screen is out of date: what it is about has changed, `about` is what it showed. `None`: it is
    /// as it was. Asked after every message.
    fn outdated(&self, _about: &dyn Any) -> Option<String> {
        None
    }

    /// Whether keys go to a text box of its own.
    fn typing(&self) -> bool {
        false
    }

    /// Whether its lines are being computed, so that what is about them must wait.
    fn must_wait(&self) -> bool {
        false
    }

    /// When something on it changes by itself.
    fn wakes_at(&self, _model: &Model) -> Option<DateTime<Utc>> {
        None
    }

    /// What waits here for a person.
    fn waiting(&self, _model: &Model) -> Vec<Waiting> {
        Vec::new()
    }

    /// Keeps what people expect to find again at the next start.
    fn keep(&self, _saved: &mut Saved) {}

    /// Puts it where it was at the end of the last start.
    fn restore(&mut self, _saved: &Saved) {}
}

/// What happens to a screen.
#[derive(Debug)]
pub(super) enum Happened<'h> {
    /// It came up.
    Entered,
    /// The cursor stands on another line.
    Moved,
    /// A key for its text box.
    Typed(Key),
    /// A paste into its text box.
    Pasted(&'h str),
    /// A click: on the tick of the chosen line, a head, an inner tab, the box.
    Clicked(Spot),
    /// The core answered, and the answer is at home here. For work, what was asked comes along.
    Answered(Answer, Ticket, Option<&'h Request>),
    /// One of its computations ended.
    Computed(Box<dyn Any + Send>),
    /// A computation failed, nobody knows whose: nothing waits for one any more. Told to every screen.
    Fault,
    /// One of its questions was answered with Yes, and it goes on: what the question was about, what was filled in.
    Confirmed(Box<dyn Any + Send>, Filled),
    /// Work or a decision ended, of whatever screen. Told to every screen.
    Ended(Ended<'h>),
}

/// How work or a decision ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended<'h> {
    pub(super) lane: Lane,
    /// What was asked; of decisions it is not kept.
    pub(super) request: Option<&'h Request>,
    /// `None`: well.
    pub(super) error: Option<&'h Error>,
}

impl Ended<'_> {
    /// Whether it failed and may have written something before: what is known of the rows may not be so any more.
    pub(super) fn may_have_written(&self) -> bool {
        let writes = self.request.is_some_and(Request::writes) || self.lane == Lane::Act;
        self.error.is_some() && writes
    }
}

/// The list of a screen.
pub(super) struct List<'r> {
    pub(super) cursor: &'r mut Cursor,
    /// Number of its lines.
    pub(super) len: usize,
    /// The pane beside it.
    pub(super) beside: Option<Beside<'r>>,
}

/// A detail pane beside a list.
pub(super) struct Beside<'r> {
    /// Which of the two has the keyboard.
    pub(super) pane: &'r mut Pane,
    /// The first line of the detail pane on screen.
    pub(super) offset: &'r mut usize,
}

/// What stands under the cursor of a screen.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    /// The name or id that is copied.
    pub(super) name: Option<String>,
    /// The record whose journal is asked for: by its Impartner id, the journal is kept by that.
    pub(super) record: Option<(Entity, i64)>,
    /// The row of the partner whose figures could be pushed; else why there is none.
    pub(super) partner: Result<i64, &'static str>,
}

impl Default for Subject {
    fn default() -> Self {
        Self {
            name: None,
            record: None,
            partner: Err("No partner is chosen here; go to one on another screen."),
        }
    }
}

/// Moves in the list or the detail pane of a screen, whichever has the keyboard.
pub(super) fn go(room: &mut dyn Room, model: &mut Model, movement: Move) -> Vec<Effect> {
    let Some(list) = room.list(model) else {
        return Vec::new();
    };
    let before = list.cursor.at;
    match list.beside {
        Some(beside) if *beside.pane == Pane::Detail => {
            scroll(beside.offset, model, movement);
            return Vec::new();
        }
        beside => {
            list.cursor.go(movement, list.len, model.hits.list_height);
            if list.cursor.at == before {
                return Vec::new();
            }
            if let Some(beside) = beside {
                *beside.offset = 0;
            }
        }
    }
    room.take(model, Happened::Moved)
}

/// Moves the first line of the detail pane.
fn scroll(offset: &mut usize, model: &Model, movement: Move) {
    let height = model.hits.detail_height;
    let mut cursor = Cursor {
        at: *offset,
        offset: 0,
    };
    let last = (model.hits.detail_len + 1).saturating_sub(height.max(1));
    cursor.go(movement, last, height);
    *offset = cursor.at;
}
