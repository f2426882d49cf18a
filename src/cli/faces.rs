//! The other faces. No face imports another, so `main` hands them in.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;

use tokio_util::sync::CancellationToken;

use super::output::Color;
use crate::config::Config;
use crate::desk::Desk;
use crate::error::Result;

/// The work of a face, until it ends.
pub type Running = Pin<Box<dyn Future<Output = Result<()>>>>;

/// How to start the other faces.
#[derive(Clone, Copy, Debug)]
pub struct Faces {
    /// The console.
    pub console: fn(Console) -> Running,
    /// The HTTP adapter.
    pub serve: fn(Serve) -> Running,
}

/// What the console needs to know.
#[derive(Clone, Debug)]
pub struct Console {
    /// What it works with. It opens the desk itself, behind its first frame.
    pub config: Config,
    /// Whether to draw without box glyphs or braille.
    pub ascii: bool,
    /// When to colour.
    pub color: Color,
    /// Where last screen, filters and the like are kept.
    pub state_dir: PathBuf,
    /// A line that says that this is the sandbox.
    pub banner: Option<String>,
}

/// What the HTTP adapter needs to know.
pub struct Serve {
    /// The desk that it serves.
    pub desk: Desk,
    /// Where to listen; port 0 is any free one.
    pub listen: SocketAddr,
    /// Called with the address once it listens.
    pub listening: Box<dyn FnOnce(SocketAddr)>,
    /// Cancelled when it is to stop in good order.
    pub shutdown: CancellationToken,
}
