//! What can happen to the console ([`Msg`]) and what it asks of the world ([`Effect`]). Nothing here acts.

use std::any::Any;
use std::io::{self, Write};
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use crossterm::event::{KeyEvent, MouseEvent};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::progress::RunEvent;
use crate::tui::keymap::Screen;
use crate::tui::request::{Answer, Request, Ticket};

/// What happened.
#[derive(Debug)]
pub(super) enum Msg {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal has another size.
    Resize,
    /// A moment came that [`crate::tui::console::Console::wake_at`] asked for.
    Tick,
    /// The desk is open, or could not be opened.
    Opened(Result<(), Error>),
    /// The core reports how far work under way is.
    Event(Ticket, RunEvent),
    /// The core answered.
    Answer(Ticket, Box<Result<Answer, Error>>),
    /// A computation beside the UI task ended.
    Computed(Worked),
    /// A file was written, or could not be.
    Exported(Result<PathBuf, String>),
    /// A task beside the UI task panicked; a sentence about it.
    Fault(String),
    /// A signal asks to end.
    Shutdown,
}

/// What the console asks of the world.
#[derive(Debug)]
pub(super) enum Effect {
    /// Ask the core.
    Ask(Ticket, Request),
    /// Ask the work of this ticket to stop.
    Cancel(Ticket),
    /// Compute beside the UI task.
    Compute(Box<dyn Work>),
    /// Let go of something: giving back the memory of a large plan takes longer than a frame.
    Forget(Box<dyn Any + Send>),
    /// Write what is shown to a file.
    Export(Export),
    /// Put text on the clipboard (OSC 52).
    Copy(String),
    /// Capture the mouse, or let it go.
    Mouse(bool),
    /// Keep what people expect to find again.
    Save(Saved),
    /// Draw everything anew.
    Redraw,
    /// Give the terminal back and stop until SIGCONT.
    Suspend,
    /// End the console.
    Quit,
}

/// A computation that takes longer than a frame: made by a screen, carried out beside the UI task.
pub(super) trait Work: std::fmt::Debug + Send {
    /// Computes.
    fn run(self: Box<Self>) -> Worked;
}

/// What was computed.
#[derive(Debug)]
pub(super) struct Worked {
    /// The screen that wanted it.
    pub(super) screen: Screen,
    /// The result, in a type that only that screen knows.
    pub(super) what: Box<dyn Any + Send>,
}

/// What is shown, to be written to a file, with the names of docs/contract.md, "JSON".
#[derive(Debug)]
pub(super) struct Export {
    pub(super) format: Format,
    pub(super) sheet: Box<dyn Sheet>,
    pub(super) at: DateTime<Utc>,
}

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    Json,
}

/// What a screen shows, as data.
pub(super) trait Sheet: std::fmt::Debug + Send {
    /// What it holds, in the name of the file: "cases".
    fn word(&self) -> &'static str;

    /// All of it as JSON.
    fn json(&self) -> serde_json::Value;

    /// All of it as CSV, the heads first.
    fn csv(&self, out: &mut dyn Write) -> io::Result<()>;
}

/// What is kept. Unknown keys are left alone, missing ones take their defaults: older and newer releases read it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Saved {
    pub(super) screen: Option<String>,
    pub(super) filters: Vec<String>,
    pub(super) sort: Option<String>,
    pub(super) descending: bool,
    pub(super) theme: Option<String>,
    pub(super) split: Option<u16>,
    pub(super) mouse: Option<bool>,
}
