//! The console's one task: it owns terminal and model and turns messages into frames.

use std::path::PathBuf;
use std::task::Poll;
use std::time::Duration;

use crossterm::event::{Event, EventStream, MouseEventKind};
use futures_util::StreamExt;
use ratatui::buffer::Buffer;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::{Instant, sleep_until};

use super::effects::{Effects, Opening, Service};
use super::signals::{Heard, Signals};
use super::terminal::{self, Display};
use crate::clock::Clock;
use crate::error::{Error, Kind};
use crate::tui::console::Console;
use crate::tui::model::Life;
use crate::tui::msg::{Effect, Msg};

/// Time between two frames at least: 60 a second.
const FRAME: Duration = Duration::from_micros(16_667);

/// How long work is waited for when the console ends: what has begun to commit, and a call to the LMS with its record.
const PATIENCE: Duration = Duration::from_mins(5);

/// Runs the console until it is left.
pub(in crate::tui) async fn turn(
    mut console: Console,
    service: Service,
    opening: Opening,
    clock: Clock,
    state_dir: Option<PathBuf>,
) -> Result<(), Error> {
    let (sender, mut messages) = mpsc::unbounded_channel();
    let mut effects = Effects::new(service, sender, state_dir);
    let mut display = Display::new(console.model.mouse).map_err(|error| trouble(error, "start"))?;
    let mut input = EventStream::new();
    let mut signals = Signals::new().map_err(|error| trouble(error, "listen to signals"))?;
    let mut next_frame = Instant::now();
    let mut give_up: Option<Instant> = None;
    let mut here = Terminal::Here;
    let mut stops = 0;
    let mut dirty = true;
    console.model.now = clock.now();
    let mut due = console.start();
    let mut opening = Some(opening);
    loop {
        terminal::claim();
        for effect in due.drain(..) {
            match carry_out(effect, &mut effects, &mut display) {
                Ok(draws) => dirty |= draws,
                Err(error) => here.refused(error, "go on"),
            }
        }
        if console.model.life == Life::Over {
            return here.end(console.model.failed.take());
        }
        if dirty && here.shows() && Instant::now() >= next_frame {
            next_frame = Instant::now() + FRAME;
            if let Err(error) = draw(&mut console, &mut display) {
                here.refused(error, "draw");
            }
            dirty = false;
            // The first frame stands before anything is waited for.
            if let Some(opening) = opening.take() {
                effects.open(opening);
            }
        }
        // A terminal that is gone ends the console once more where a failed decision would have kept it open.
        if !here.shows() && console.model.life == Life::Runs {
            due.extend(console.update(Msg::Shutdown));
            continue;
        }
        if console.model.life == Life::Ending && give_up.is_none() {
            give_up = Some(Instant::now() + PATIENCE);
        }
        let wake = console.wake_at().map(|at| {
            let wait = (at - console.model.now).to_std().unwrap_or_default();
            Instant::now() + wait.max(Duration::from_millis(1))
        });
        let far = Instant::now() + Duration::from_hours(24);
        let msg = tokio::select! {
            biased;
            heard = signals.recv() => {
                stops += u32::from(heard == Heard::Stop);
                // A closing terminal says so more than once, and a session's end sends SIGTERM behind SIGHUP: only who
                // asks a second time to stop does not want to wait.
                if stops > 1 && console.model.life == Life::Ending {
                    return here.end(console.model.unanswered());
                }
                (console.model.life == Life::Runs).then_some(Msg::Shutdown)
            }
            event = input.next(), if here.shows() => here.read(event),
            Some(msg) = messages.recv() => Some(msg),
            () = sleep_until(next_frame), if dirty && here.shows() => None,
            () = sleep_until(wake.unwrap_or(far)), if wake.is_some() && here.shows() => Some(Msg::Tick),
            () = sleep_until(give_up.unwrap_or(far)), if give_up.is_some() => {
                return here.end(console.model.unanswered());
            }
        };
        terminal::claim();
        #[cfg(debug_assertions)]
        panic_on_request(msg.as_ref());
        console.model.now = clock.now();
        if let Some(msg) = msg {
            due.extend(console.update(msg));
            dirty = true;
            drain(&mut console, &mut here, &mut input, &mut messages, &mut due).await;
        }
    }
}

/// Paints the console and shows it.
fn draw(console: &mut Console, display: &mut Display) -> std::io::Result<()> {
    let area = display.area()?;
    let mut buffer = Buffer::empty(area);
    let (hits, cursor) = console.paint(&mut buffer);
    display.show(buffer, cursor)?;
    console.model.hits = hits;
    Ok(())
}

/// Whether the terminal is still there. Without it nothing is drawn or read, work under way is ended in good order, and
/// then the console ends (docs/operations.md, "Endings").
enum Terminal {
    /// It is.
    Here,
    /// It was closed, or its connection was lost.
    Gone,
    /// It refused something for another reason, which is told at the end.
    Refused(Error),
}

impl Terminal {
    fn shows(&self) -> bool {
        matches!(self, Self::Here)
    }

    /// Takes note of an error of the terminal; `what` the console could not do.
    fn refused(&mut self, error: std::io::Error, what: &str) {
        if !self.shows() {
            return;
        }
        if terminal::is_gone(&error) {
            self.gone();
        } else {
            *self = Self::Refused(trouble(error, what));
        }
    }

    fn gone(&mut self) {
        tracing::warn!("the terminal is gone; what is under way is ended in good order");
        *self = Self::Gone;
    }

    /// What the terminal said; one that has nothing to say any more is gone.
    fn read(&mut self, event: Option<std::io::Result<Event>>) -> Option<Msg> {
        match event {
            Some(Ok(Event::Key(key))) => Some(Msg::Key(key)),
            Some(Ok(Event::Mouse(mouse))) => {
                (mouse.kind != MouseEventKind::Moved).then_some(Msg::Mouse(mouse))
            }
            Some(Ok(Event::Paste(text))) => Some(Msg::Paste(text)),
            Some(Ok(Event::Resize(..))) => Some(Msg::Resize),
            Some(Ok(Event::FocusGained | Event::FocusLost)) => None,
            Some(Err(_)) | None => {
                self.gone();
                None
            }
        }
    }

    /// How the console ends: with what was not done, else with what the terminal refused.
    fn end(self, undone: Option<Error>) -> Result<(), Error> {
        match (undone, self) {
            (Some(error), _) | (None, Self::Refused(error)) => Err(error),
            (None, Self::Here | Self::Gone) => Ok(()),
        }
    }
}

/// A way to see what a panic of the thread that draws does to the terminal: in debug builds only, by F12 where
/// `PRMDESK_TEST_PANIC` is set.
#[cfg(debug_assertions)]
fn panic_on_request(msg: Option<&Msg>) {
    let asked = matches!(msg, Some(Msg::Key(key)) if key.code == crossterm::event::KeyCode::F(12));
    assert!(
        !asked || std::env::var_os("PRMDESK_TEST_PANIC").is_none(),
        "asked for by F12 and PRMDESK_TEST_PANIC"
    );
}

/// Takes in what is there already, so that a burst costs one frame.
async fn drain(
    console: &mut Console,
    here: &mut Terminal,
    input: &mut EventStream,
    messages: &mut UnboundedReceiver<Msg>,
    due: &mut Vec<Effect>,
) {
    for _ in 0..1_000 {
        // Polled with this task's own waker: `EventStream` keeps the first one it is given until it fires, so a poll with
        // another would lose the next key.
        let ready = std::future::poll_fn(|context| {
            Poll::Ready(if here.shows() {
                input.poll_next_unpin(context)
            } else {
                Poll::Pending
            })
        });
        let msg = match ready.await {
            Poll::Ready(event) => here.read(event),
            Poll::Pending => match messages.try_recv() {
                Ok(msg) => Some(msg),
                Err(_) => return,
            },
        };
        if let Some(msg) = msg {
            due.extend(console.update(msg));
        }
        if console.model.life == Life::Over {
            return;
        }
    }
}

/// Carries out what is the terminal's; hands on the rest. Whether a frame must be drawn.
fn carry_out(
    effect: Effect,
    effects: &mut Effects,
    display: &mut Display,
) -> std::io::Result<bool> {
    match effect {
        Effect::Copy(text) => Display::copy(&text)?,
        Effect::Mouse(on) => display.set_mouse(on)?,
        Effect::Redraw => {
            display.redraw()?;
            return Ok(true);
        }
        Effect::Suspend => {
            display.suspend()?;
            return Ok(true);
        }
        Effect::Quit => {}
        other => effects.carry_out(other),
    }
    Ok(false)
}

fn trouble(error: std::io::Error, what: &str) -> Error {
    Error::new(
        Kind::Internal,
        "terminal",
        format!("The console could not {what}: the terminal refused."),
    )
    .help("Start it in a terminal; for scripts use the commands (`prmdesk --help`).")
    .source(error)
}
