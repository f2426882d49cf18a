//! The only place of the console that spawns: requests to the core, computations, files.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;

use super::{export, state};
use crate::error::{Error, Kind};
use crate::progress::Progress;
use crate::tui::msg::{Effect, Msg};
use crate::tui::request::{Answer, Lane, Request, Ticket};

/// Whoever answers requests: the core, or a fixture.
pub(in crate::tui) type Service =
    Arc<dyn Fn(Request, Progress) -> BoxFuture<'static, Result<Answer, Error>> + Send + Sync>;

/// The opening of whoever answers.
pub(in crate::tui) type Opening = BoxFuture<'static, Result<(), Error>>;

/// Carries effects out, and sends what comes of them as messages.
pub(in crate::tui) struct Effects {
    service: Service,
    sender: UnboundedSender<Msg>,
    state_dir: Option<PathBuf>,
    /// Work that can be asked to stop.
    work: HashMap<Ticket, Progress>,
    /// Readings that a newer one of the same lane makes useless.
    readings: HashMap<Lane, JoinHandle<()>>,
}

impl Effects {
    /// Carries out nothing yet.
    pub(in crate::tui) fn new(
        service: Service,
        sender: UnboundedSender<Msg>,
        state_dir: Option<PathBuf>,
    ) -> Self {
        Self {
            service,
            sender,
            state_dir,
            work: HashMap::new(),
            readings: HashMap::new(),
        }
    }

    /// Carries out one effect; those of the terminal are not for here.
    pub(in crate::tui) fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Ask(ticket, request) => self.ask(ticket, request),
            Effect::Cancel(ticket) => {
                if let Some(progress) = self.work.get(&ticket) {
                    progress.cancel();
                }
            }
            Effect::Compute(compute) => {
                self.beside(move || Msg::Computed(compute.run()));
            }
            Effect::Forget(what) => drop(tokio::task::spawn_blocking(move || drop(what))),
            Effect::Export(export) => self.beside(move || {
                let folder = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
                Msg::Exported(export::write(&export, &folder).map_err(|error| error.to_string()))
            }),
            Effect::Save(saved) => {
                // At the end of the console: small, and nobody is left to wait for a task.
                if let Some(folder) = &self.state_dir
                    && let Err(error) = state::write(&saved, folder)
                {
                    tracing::warn!(%error, "the console's state was not kept");
                }
            }
            Effect::Copy(_)
            | Effect::Mouse(_)
            | Effect::Redraw
            | Effect::Suspend
            | Effect::Quit => {}
        }
    }

    /// Lets whoever answers be opened, and tells how that ended.
    pub(in crate::tui) fn open(&self, opening: Opening) {
        let sender = self.sender.clone();
        let opening = tokio::spawn(opening);
        tokio::spawn(async move {
            let result = opening.await.unwrap_or_else(|error| {
                Err(Error::new(
                    Kind::Internal,
                    "panic",
                    "Opening the database failed because of a fault in prmdesk; nothing was written.",
                )
                .help("The log has the details; please report them.")
                .source(error))
            });
            let _console_gone = sender.send(Msg::Opened(result));
        });
    }

    /// Computes on a thread of its own; a panic there becomes a message.
    fn beside(&self, compute: impl FnOnce() -> Msg + Send + 'static) {
        let sender = self.sender.clone();
        let task = tokio::task::spawn_blocking(compute);
        tokio::spawn(async move {
            let msg = task.await.unwrap_or_else(|_| {
                Msg::Fault(
                    "A computation failed because of a fault in prmdesk; the log has more."
                        .to_owned(),
                )
            });
            let _console_gone = sender.send(msg);
        });
    }

    fn ask(&mut self, ticket: Ticket, request: Request) {
        let (progress, mut events) = Progress::channel();
        let superseded = !matches!(ticket.lane, Lane::Work | Lane::Act);
        if ticket.lane == Lane::Work {
            self.work.retain(|_, progress| !progress.is_cancelled());
            self.work.insert(ticket, progress.clone());
        }
        let pause = if ticket.lane == Lane::Case {
            // Live steps cost requests to the LMS: only for a case on which the cursor rests.
            std::time::Duration::from_millis(150)
        } else {
            std::time::Duration::ZERO
        };
        let (service, sender) = (Arc::clone(&self.service), self.sender.clone());
        let outer = tokio::spawn(async move {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            let mut answer = Abort(tokio::spawn(service(request, progress)));
            let result = loop {
                tokio::select! {
                    biased;
                    Some(event) = events.recv() => {
                        let _console_gone = sender.send(Msg::Event(ticket, event));
                    }
                    joined = &mut answer.0 => break joined,
                }
            };
            let result = result.unwrap_or_else(|error| {
                Err(Error::new(
                    Kind::Internal,
                    "panic",
                    "This failed because of a fault in prmdesk. What was not committed was rolled back.",
                )
                .help("The log has the details; please report them.")
                .source(error))
            });
            let _console_gone = sender.send(Msg::Answer(ticket, Box::new(result)));
        });
        if superseded && let Some(older) = self.readings.insert(ticket.lane, outer) {
            older.abort();
        }
    }
}

/// A task that ends when nobody waits for it any more.
struct Abort(JoinHandle<Result<Answer, Error>>);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}
