//! Progress on standard error, only on a terminal, and the signals that cancel (docs/operations.md, "Endings").

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::error::{Error, Kind, Result};
use crate::progress::{Phase, Progress, RunEvent};
use crate::text::safe;

/// Listens to the events of the core and to the signals that cancel, as long as the process lives.
pub(super) struct Watch {
    line: Arc<Line>,
}

/// The one line of progress.
struct Line {
    terminal: bool,
    /// Whether something stands on the line now.
    shown: Mutex<bool>,
    /// Set when the results are to be printed: nothing is drawn any more until the next event.
    commit: AtomicBool,
}

impl Watch {
    /// Starts listening. Needs a runtime.
    pub(super) fn start() -> Result<(Progress, Self)> {
        let (progress, events) = Progress::channel();
        let line = Arc::new(Line {
            terminal: std::io::stderr().is_terminal(),
            shown: Mutex::new(false),
            commit: AtomicBool::new(false),
        });
        tokio::spawn(follow(events, line.clone()));
        tokio::spawn(cancel(Signals::listen()?, progress.clone(), line.clone()));
        Ok((progress, Self { line }))
    }

    /// Takes the line off the terminal.
    pub(super) fn quiet(&self) {
        self.line.clear();
    }
}

/// SIGINT, SIGTERM and SIGHUP: all mean "stop in good order".
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// SIGINT or SIGTERM: somebody wants the end.
    Stop,
    /// SIGHUP: the terminal is closing. It may come several times, and asks for no hurry.
    HangUp,
}

impl Signals {
    /// Starts listening; from now on none of them ends the process by itself. Needs a runtime.
    pub(super) fn listen() -> Result<Self> {
        let listen = |kind| {
            signal(kind).map_err(|error| {
                Error::new(
                    Kind::Internal,
                    "signals",
                    "Signals could not be listened for.",
                )
                .source(error)
            })
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    /// Waits for one of them.
    pub(super) async fn next(&mut self) -> Heard {
        tokio::select! {
            _ = self.interrupt.recv() => Heard::Stop,
            _ = self.terminate.recv() => Heard::Stop,
            _ = self.hangup.recv() => Heard::HangUp,
        }
    }
}

/// The first signal cancels, while that is possible; who asks a second time to stop ends the process. The database is
/// safe either way: a transaction that was not committed is none.
async fn cancel(mut signals: Signals, progress: Progress, line: Arc<Line>) {
    let mut asked = false;
    loop {
        let heard = signals.next().await;
        line.clear();
        if heard == Heard::HangUp {
            if !progress.is_cancelled() {
                tracing::warn!("the terminal is gone; what is under way is ended in good order");
            }
            progress.cancel();
            continue;
        }
        if asked {
            std::process::exit(130);
        }
        asked = true;
        progress.cancel();
        let late = line.commit.load(Ordering::Relaxed);
        line.say(if late {
            "Too late to cancel: the commit has begun. Waiting for it to end."
        } else {
            "Cancelling; once more to stop at once."
        });
    }
}

async fn follow(mut events: UnboundedReceiver<RunEvent>, line: Arc<Line>) {
    while let Some(event) = events.recv().await {
        if event == RunEvent::CommitStarted {
            line.commit.store(true, Ordering::Relaxed);
        }
        if let RunEvent::Notice { message } = &event {
            line.say(message);
        } else {
            line.show(&words(&event));
        }
    }
}

impl Line {
    /// Puts `text` in the place of what stands there.
    fn show(&self, text: &str) {
        if self.terminal {
            let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
            *shown = true;
            let _nobody_listens = write!(std::io::stderr(), "\r\x1b[2K{}", safe(text));
        }
    }

    fn clear(&self) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut *shown) {
            let _nobody_listens = write!(std::io::stderr(), "\r\x1b[2K");
        }
    }

    /// A line that stays.
    fn say(&self, text: &str) {
        if self.terminal {
            self.clear();
            let _nobody_listens = writeln!(std::io::stderr(), "{}", safe(text));
        }
    }
}

/// An event in a few words.
fn words(event: &RunEvent) -> String {
    let of = |done: u64, total: Option<u64>| match total {
        Some(total) => format!("{done} of {total}"),
        None => done.to_string(),
    };
    match event {
        RunEvent::Phase { phase } => match phase {
            Phase::Starting => "starting".to_owned(),
            Phase::Reading => "reading".to_owned(),
            Phase::Checking => "asking for absent records by id".to_owned(),
            Phase::Planning => "making the plan".to_owned(),
            Phase::Applying => "applying".to_owned(),
            Phase::Offboarding => "off-boarding".to_owned(),
            Phase::Pushing => "pushing".to_owned(),
            Phase::Refreshing => "reading the LMS".to_owned(),
        },
        RunEvent::Reading {
            entity,
            pages,
            read,
            count,
            retries,
            attempt,
        } => {
            let mut text = format!("reading {entity}: {} in {pages} pages", of(*read, *count));
            if *retries > 0 {
                text.extend([", ", &retries.to_string(), " repeated"]);
            }
            if *attempt > 1 {
                text.extend([", attempt ", &attempt.to_string()]);
            }
            text
        }
        RunEvent::Checking {
            entity,
            done,
            total,
        } => {
            format!("asking for {entity} by id: {}", of(*done, Some(*total)))
        }
        RunEvent::Writing {
            entity,
            done,
            total,
        } => {
            format!("writing {entity}: {}", of(*done, Some(*total)))
        }
        RunEvent::Working { what, done, total } => format!("{what}: {}", of(*done, *total)),
        RunEvent::CommitStarted => "committing".to_owned(),
        RunEvent::Notice { message } => message.clone(),
    }
}
