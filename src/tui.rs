//! The console: the main face. docs/console.md says how it looks and feels.
//!
//! Elm shape: `console` takes messages in and draws, and is pure; `runtime` alone spawns. One task owns the terminal
//! and the console ([`run`]). Each screen has a `room` of its own; `kit` is what is drawn with. ARCHITECTURE.md, "The
//! console", has the floors.

mod console;
mod dialog;
mod environment;
mod job;
mod keymap;
mod kit;
mod model;
mod msg;
mod request;
mod room;
mod runtime;
mod screen;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

use crate::clock::Clock;
use crate::config::Config;
use crate::error::Error;
use runtime::{service, setup, turn};

pub use kit::theme::ThemeName;
pub use runtime::options::{Colour, Options};

/// Runs the console until it is left. The desk is opened behind the first frame: a database that is slow to answer does
/// not keep the console from being there, and one that refuses ends it with the error. Must be awaited where the program
/// waits for it (`block_on` in `main`): the thread that polls it owns the terminal.
pub async fn run(config: Config, options: Options) -> Result<(), Error> {
    let clock = Clock::system();
    let console = setup::console(&config, &options, clock.now(), &setup::variable);
    // crossterm leaves colours out by itself under NO_COLOR; what is asked for on purpose goes before that.
    crossterm::style::force_color_output(console.model.depth != kit::theme::Depth::None);
    let (service, opening) = service::service(config, clock.clone());
    turn::turn(console, service, opening, clock, options.state_dir).await
}

/// The list of keys for the docs, in Markdown, made from the binding table.
pub fn key_list() -> String {
    keymap::docs()
}
