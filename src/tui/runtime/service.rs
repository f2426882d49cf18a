//! The core as the console asks it: one request, one answer.

use std::sync::Arc;

use tokio::sync::watch;
use tracing::Instrument;

use super::effects::{Opening, Service};
use crate::clock::Clock;
use crate::config::Config;
use crate::desk::Desk;
use crate::error::Error;
use crate::tui::request::answer;

/// The desk as the one who answers, and its opening. What is asked before it is open waits for that.
pub(in crate::tui) fn service(config: Config, clock: Clock) -> (Service, Opening) {
    let (sender, receiver) = watch::channel(None::<Desk>);
    let opening = Box::pin(async move {
        let desk = Desk::open(config, clock).await?;
        sender.send_replace(Some(desk));
        Ok(())
    });
    let service: Service = Arc::new(move |request, progress| {
        let mut receiver = receiver.clone();
        // The desk notes the id of a run here, so that every line of it in the log has it.
        let span = tracing::info_span!("console", run_id = tracing::field::Empty);
        let answered = async move {
            let desk = tokio::select! {
                opened = receiver.wait_for(Option::is_some) => opened.ok().and_then(|desk| desk.clone()),
                // What waits for a database that does not answer can be stopped too.
                () = progress.cancel_token().cancelled() => None,
            };
            // Stopped; or the opening failed, and the console ends with its error.
            let desk = desk.ok_or_else(Error::cancelled)?;
            answer(&desk, request, &progress).await
        };
        Box::pin(answered.instrument(span))
    });
    (service, opening)
}
