//! The signals that end the console.

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// SIGTERM or SIGINT: somebody wants the end.
    Stop,
    /// SIGHUP: the terminal is closing. It may come several times, and asks for no hurry.
    HangUp,
}

/// SIGTERM, SIGHUP and SIGINT.
#[cfg(unix)]
pub(super) struct Signals([tokio::signal::unix::Signal; 3]);

#[cfg(unix)]
impl Signals {
    pub(super) fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self([
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
            signal(SignalKind::interrupt())?,
        ]))
    }

    pub(super) async fn recv(&mut self) -> Heard {
        let [term, hangup, interrupt] = &mut self.0;
        tokio::select! {
            _ = term.recv() => Heard::Stop,
            _ = hangup.recv() => Heard::HangUp,
            _ = interrupt.recv() => Heard::Stop,
        }
    }
}

/// Ctrl-C from outside.
#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    pub(super) async fn recv(&mut self) -> Heard {
        let _ = tokio::signal::ctrl_c().await;
        Heard::Stop
    }
}
