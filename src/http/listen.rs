//! Connections: how many, how slow they may be, and how they end.

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::seats::{Seat, Seats, Taken};
use super::stream::Bounded;
use super::{App, dispatch};

/// Most bytes of a request's head.
const HEAD_BYTES: usize = 32 * 1024;
/// Wait after the system refused a connection (no file handles left), so that the loop does not spin.
const AFTER_REFUSAL: Duration = Duration::from_millis(100);

/// Serves connections until `shutdown`; then takes no more, lets those at work answer and syncs that are being applied
/// finish, and returns when all is done or the grace is over.
pub(super) async fn serve(listener: TcpListener, app: App, shutdown: CancellationToken) {
    let router = dispatch::router(&app);
    let seats = Seats::new(app.limits().connections);
    let connections = TaskTracker::new();
    loop {
        // One connection at most is held here without a seat; the others wait in the system's queue.
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = accept(&listener, &seats) => accepted,
        };
        let Some((stream, taken)) = accepted else {
            continue;
        };
        let (app, router) = (app.clone(), router.clone());
        connections.spawn(async move {
            connection(stream, &app, router, &taken.seat()).await;
            drop(taken);
        });
    }
    drop(listener);
    tracing::info!("stopping: no new connections are taken");
    app.shutdown().cancel();
    connections.close();
    let all_done = async {
        app.inner.jobs.settle().await;
        connections.wait().await;
    };
    if tokio::time::timeout(app.limits().grace, all_done)
        .await
        .is_err()
    {
        tracing::warn!("the grace is over; what is left is cancelled");
        app.inner.jobs.cancel_all();
    }
    tracing::info!("stopped");
}

async fn accept(listener: &TcpListener, seats: &Seats) -> Option<(TcpStream, Taken)> {
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, seats.take().await?)),
        Err(error) => {
            tracing::warn!(%error, "a connection could not be taken");
            tokio::time::sleep(AFTER_REFUSAL).await;
            None
        }
    }
}

/// One connection, from its first request to its last.
async fn connection(stream: TcpStream, app: &App, router: axum::Router, seat: &Arc<Seat>) {
    let _without_it_answers_are_a_little_later = stream.set_nodelay(true);
    let io = TokioIo::new(Bounded::new(stream, app.limits().write));
    let asks = seat.clone();
    let router = router.layer(axum::middleware::from_fn(
        move |request: axum::extract::Request, next: axum::middleware::Next| {
            asks.asks();
            next.run(request)
        },
    ));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(app.limits().head)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(io, TowerToHyperService::new(router));
    tokio::pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = seat.wanted() => {
            tracing::debug!("a connection on which nothing was asked made room for another");
            return;
        }
        () = app.shutdown().cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
