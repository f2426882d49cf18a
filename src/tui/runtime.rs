//! What runs the console: the terminal, the tasks beside it, the desk, and the files it keeps. One task owns terminal and
//! model ([`turn`]), [`effects`] alone spawns.

pub(super) mod effects;
pub(super) mod export;
pub(super) mod options;
pub(super) mod service;
pub(super) mod setup;
mod signals;
pub(super) mod state;
pub(super) mod terminal;
pub(super) mod turn;
