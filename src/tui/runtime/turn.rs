//! The console's one task: it owns terminal and model and turns messages into frames.

use std::path::PathBuf;
use std::task::Poll;
use std::time::Duration;

use crossterm::event::{Event, EventStream, MouseEventKind};
use futures_util::StreamExt;
use ratatui::buffer::Buffer;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::{Instant, sleep_until};

use crate::clock::Clock;
use crate::error::{Error, Kind};
use crate::tui::model::{Life, Model};
use crate::tui::msg::{Effect, Msg};
use crate::tui::runtime::effects::{Effects, Opening, Service};
use crate::tui::runtime::terminal::{self, Guard};
use crate::tui::update::{start, update};
use crate::tui::view::paint;

/// Time between two frames at least: 60 a second.
const FRAME: Duration = Duration::from_micros(16_667);

/// How long work is waited for after a signal to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the console until it is left.
pub(in crate::tui) async fn turn(
    mut model: Model,
    service: Service,
    opening: Opening,
    clock: Clock,
    state_dir: Option<PathBuf>,
) -> Result<(), Error> {
    let (sender, mut messages) = mpsc::unbounded_channel();
    let mut effects = Effects::new(service, sender, state_dir);
    let mut guard = Guard::new(model.mouse).map_err(|error| trouble(error, "start"))?;
    let mut input = EventStream::new();
    let mut signals = Signals::new().map_err(|error| trouble(error, "listen to signals"))?;
    let mut next_frame = Instant::now();
    let mut give_up: Option<Instant> = None;
    let mut dirty = true;
    model.now = clock.now();
    let mut due = start(&mut model);
    let mut opening = Some(opening);
    loop {
        terminal::claim();
        for effect in due.drain(..) {
            dirty |= carry_out(effect, &mut effects, &mut guard)
                .map_err(|error| trouble(error, "go on"))?;
        }
        if model.life == Life::Over {
            return model.failed.take().map_or(Ok(()), Err);
        }
        if dirty && Instant::now() >= next_frame {
            next_frame = Instant::now() + FRAME;
            let area = guard.area().map_err(|error| trouble(error, "draw"))?;
            let mut buffer = Buffer::empty(area);
            let (hits, cursor) = paint(&model, &mut buffer);
            guard
                .show(buffer, cursor)
                .map_err(|error| trouble(error, "draw"))?;
            model.hits = hits;
            dirty = false;
            // The first frame stands before anything is waited for.
            if let Some(opening) = opening.take() {
                effects.open(opening);
            }
        }
        if model.life == Life::Ending && give_up.is_none() {
            give_up = Some(Instant::now() + PATIENCE);
        }
        let wake = model.wake_at().map(|at| {
            let wait = (at - model.now).to_std().unwrap_or_default();
            Instant::now() + wait.max(Duration::from_millis(1))
        });
        let far = Instant::now() + Duration::from_hours(24);
        let msg = tokio::select! {
            biased;
            () = signals.recv() => Some(Msg::Shutdown),
            event = input.next() => read(event),
            Some(msg) = messages.recv() => Some(msg),
            () = sleep_until(next_frame), if dirty => None,
            () = sleep_until(wake.unwrap_or(far)), if wake.is_some() => Some(Msg::Tick),
            () = sleep_until(give_up.unwrap_or(far)), if give_up.is_some() => {
                return model.unanswered().map_or(Ok(()), Err);
            }
        };
        terminal::claim();
        #[cfg(debug_assertions)]
        panic_on_request(msg.as_ref());
        model.now = clock.now();
        if let Some(msg) = msg {
            // A second signal does not wait for anything.
            if matches!(msg, Msg::Shutdown) && model.life == Life::Ending {
                return model.unanswered().map_or(Ok(()), Err);
            }
            due.extend(update(&mut model, msg));
            dirty = true;
            drain(&mut model, &mut input, &mut messages, &mut due).await;
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
    model: &mut Model,
    input: &mut EventStream,
    messages: &mut UnboundedReceiver<Msg>,
    due: &mut Vec<Effect>,
) {
    for _ in 0..1_000 {
        // Polled with this task's own waker: `EventStream` keeps the first one it is given until it fires, so a poll with
        // another would lose the next key.
        let ready =
            std::future::poll_fn(|context| Poll::Ready(input.poll_next_unpin(context))).await;
        let msg = match ready {
            Poll::Ready(event) => read(event),
            Poll::Pending => match messages.try_recv() {
                Ok(msg) => Some(msg),
                Err(_) => return,
            },
        };
        if let Some(msg) = msg {
            due.extend(update(model, msg));
        }
        if model.life == Life::Over {
            return;
        }
    }
}

/// Carries out what is the terminal's; hands on the rest. Whether a frame must be drawn.
fn carry_out(effect: Effect, effects: &mut Effects, guard: &mut Guard) -> std::io::Result<bool> {
    match effect {
        Effect::Copy(text) => Guard::copy(&text)?,
        Effect::Mouse(on) => guard.set_mouse(on)?,
        Effect::Redraw => {
            guard.redraw()?;
            return Ok(true);
        }
        Effect::Suspend => {
            guard.suspend()?;
            return Ok(true);
        }
        Effect::Quit => {}
        other => effects.carry_out(other),
    }
    Ok(false)
}

/// What the terminal said; one that is gone ends the console.
fn read(event: Option<std::io::Result<Event>>) -> Option<Msg> {
    match event {
        Some(Ok(Event::Key(key))) => Some(Msg::Key(key)),
        Some(Ok(Event::Mouse(mouse))) => {
            (mouse.kind != MouseEventKind::Moved).then_some(Msg::Mouse(mouse))
        }
        Some(Ok(Event::Paste(text))) => Some(Msg::Paste(text)),
        Some(Ok(Event::Resize(..))) => Some(Msg::Resize),
        Some(Ok(Event::FocusGained | Event::FocusLost)) => None,
        Some(Err(_)) | None => Some(Msg::Shutdown),
    }
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

/// SIGTERM, SIGHUP and SIGINT.
#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 3]);

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self([
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
            signal(SignalKind::interrupt())?,
        ]))
    }

    async fn recv(&mut self) {
        let [term, hangup, interrupt] = &mut self.0;
        tokio::select! {
            _ = term.recv() => {}
            _ = hangup.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

/// Ctrl-C from outside.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn recv(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
