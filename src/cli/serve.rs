//! `prmdesk serve`.

use std::io::Write;
use std::net::SocketAddr;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::args::Global;
use super::context;
use super::exit::Exit;
use super::faces::{Faces, Serve as Start};
use super::progress::Signals;
use crate::clock::Clock;
use crate::desk::Desk;
use crate::error::Result;

/// Run the HTTP adapter until SIGTERM or Ctrl-C
///
/// Every call but /healthz needs `Authorization: Bearer` with serve.token; without a token it listens on loopback only.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8787")]
    listen: SocketAddr,
}

impl Serve {
    pub(super) fn run(self, global: &Global, faces: Faces) -> Result<Exit> {
        let config = context::configuration(global)?;
        // Before the log and the database are opened for nothing.
        config.serve.may_listen(self.listen)?;
        let open = config.serve.bearer().is_none();
        context::block_on(async {
            let _log = context::start_log(&config);
            let mut signals = Signals::listen()?;
            let desk = Desk::open(config, Clock::system()).await?;
            let shutdown = CancellationToken::new();
            let stop = shutdown.clone();
            tokio::spawn(async move {
                signals.next().await;
                stop.cancel();
            });
            let start = Start {
                desk,
                listen: self.listen,
                listening: Box::new(move |address| say(address, open)),
                shutdown,
            };
            (faces.serve)(start).await?;
            Ok(Exit::Done)
        })
    }
}

/// Says where it listens, and when nobody has to show a token.
fn say(address: SocketAddr, open: bool) {
    let token = if open {
        " (no serve.token is set: loopback only, and whoever is on this machine may call)"
    } else {
        ""
    };
    let mut stdout = std::io::stdout();
    let _nobody_listens =
        writeln!(stdout, "Listening on http://{address}{token}").and_then(|()| stdout.flush());
}
