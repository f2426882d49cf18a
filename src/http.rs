//! The HTTP adapter (docs/contract.md, "HTTP"): a face like the console and the command line. It parses, calls the
//! [`Desk`], and gives back what comes, as JSON; no rule of the business is here.
//!
//! | file | what lives there |
//! |---|---|
//! | `table` | every endpoint, one row each: what it takes, what it answers, who serves it. Router and document read it |
//! | `dispatch` | from a request to the row of the table, 404 and 405 |
//! | `call`, `params` | a request with its parameters checked against the table |
//! | `reply` | answers and errors |
//! | `front` | what every request passes: id, log, host and token, bounds on bodies |
//! | `listen`, `seats`, `stream` | connections: how many, how slow, and how they end |
//! | `preview`, `sync`, `runs`, `certs`, `facts` | the endpoints |
//! | `jobs` | syncs under way: they live on when the caller hangs up |
//! | `plans` | plans kept for a while, so that they can be paged through |
//! | `openapi`, `shapes` | the document |
//! | `metrics` | Prometheus text |

mod call;
mod certs;
mod dispatch;
mod facts;
mod front;
mod jobs;
mod listen;
mod metrics;
mod openapi;
mod params;
mod plans;
mod preview;
mod reply;
mod runs;
mod seats;
mod shapes;
mod stream;
mod sync;
mod table;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::desk::Desk;
use crate::error::{Error, Kind, Result};

/// What bounds callers. The defaults are for production; tests make them small.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once. When all are taken, one that has not asked anything makes room; else the next waits.
    pub connections: usize,
    /// Longest wait for the head of a request, and so the longest a connection may idle.
    pub head: Duration,
    /// Longest wait for the body of a request.
    pub body: Duration,
    /// Most bytes of a body. No endpoint takes one, so this only bounds what is thrown away.
    pub body_bytes: usize,
    /// Longest wait for a caller to take the next piece of an answer.
    pub write: Duration,
    /// Previews at work at once.
    pub previews: usize,
    /// Previews that may wait for their turn; more are refused with 429.
    pub waiting_previews: usize,
    /// After the signal to stop: how long an apply may go on, and answers may be taken.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            head: Duration::from_secs(15),
            body: Duration::from_secs(15),
            body_bytes: 64 * 1024,
            write: Duration::from_secs(30),
            previews: 2,
            waiting_previews: 8,
            grace: Duration::from_mins(5),
        }
    }
}

/// What every endpoint works with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    inner: Arc<AppState>,
}

struct AppState {
    desk: Desk,
    /// SHA-256 of the token: two digests have one length, so comparing them tells nothing about the token.
    token: Option<[u8; 32]>,
    limits: Limits,
    shutdown: CancellationToken,
    previews: Arc<Semaphore>,
    waiting: Semaphore,
    jobs: jobs::Jobs,
    plans: plans::Plans,
    metrics: metrics::Metrics,
    ids: front::Ids,
    document: String,
}

impl App {
    fn new(desk: Desk, limits: Limits) -> Self {
        let token = desk.config().serve.bearer();
        let token = token.map(|token| Sha256::digest(token.as_bytes()).into());
        Self {
            inner: Arc::new(AppState {
                token,
                shutdown: CancellationToken::new(),
                previews: Arc::new(Semaphore::new(limits.previews)),
                waiting: Semaphore::new(limits.previews + limits.waiting_previews),
                jobs: jobs::Jobs::default(),
                plans: plans::Plans::default(),
                metrics: metrics::Metrics::default(),
                ids: front::Ids::new(desk.clock().now()),
                document: openapi::document(),
                limits,
                desk,
            }),
        }
    }

    fn desk(&self) -> &Desk {
        &self.inner.desk
    }

    fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// Cancelled when the server is to stop.
    fn shutdown(&self) -> &CancellationToken {
        &self.inner.shutdown
    }
}

/// A server that has its address and does not serve yet.
pub struct Server {
    app: App,
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Takes the address, where the configured token allows it.
    pub async fn bind(desk: Desk, listen: SocketAddr, limits: Limits) -> Result<Self> {
        desk.config().serve.may_listen(listen)?;
        let failed = |error: std::io::Error| {
            Error::new(
                Kind::Internal,
                "listen",
                format!("{listen} could not be listened on."),
            )
            .help("Another program may have the port: choose another with --listen ADDRESS:PORT.")
            .source(error)
        };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        tracing::info!(%address, "listening");
        Ok(Self {
            app: App::new(desk, limits),
            listener,
            address,
        })
    }

    /// Where it listens; the port is known even when 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether callers need the token.
    pub fn needs_token(&self) -> bool {
        self.app.inner.token.is_some()
    }

    /// Serves until `shutdown`, then lets what is being applied finish, at most [`Limits::grace`] long.
    pub async fn run(self, shutdown: CancellationToken) {
        listen::serve(self.listener, self.app, shutdown).await;
    }
}

/// Listens on `listen` and serves until `shutdown`; prints nothing. [`Server`] in one go, for who need not know the
/// address before.
pub async fn serve(desk: Desk, listen: SocketAddr, shutdown: CancellationToken) -> Result<()> {
    let server = Server::bind(desk, listen, Limits::default()).await?;
    server.run(shutdown).await;
    Ok(())
}
