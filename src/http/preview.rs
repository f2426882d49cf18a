//! `/api/impartner/sync/preview`.

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::App;
use super::call::Call;
use super::reply::{Outcome, Problem, json_body};
use crate::plan::Plan;
use crate::plan::file::Page;
use crate::plan::filter::Filter;
use crate::progress::Progress;
use crate::text::JsonLayout;
use crate::values::PreviewRequest;

/// Bytes that go out at a time.
const CHUNK: usize = 64 * 1024;
/// Chunks that may wait for a slow caller.
const CHUNKS: usize = 4;

/// Makes a plan, or takes one that is kept, and gives a page of it.
pub(super) async fn preview(app: App, call: Call) -> Outcome {
    let request = PreviewRequest {
        scope: call.word("scope")?,
        mode: call.word("mode")?,
    };
    let window = Window {
        filter: call.text("filter").map(filter).transpose()?,
        offset: call.number("offset").unwrap_or_default(),
        limit: call.number("limit"),
    };
    let turn = turn(&app).await?;
    let plan = if let Some(id) = call.text("plan") {
        app.inner.plans.find(id).ok_or_else(|| not_kept(id))?
    } else {
        let plan = Arc::new(make(&app, request).await?);
        app.inner.plans.keep(&plan);
        plan
    };
    answer(plan, window, turn).await
}

fn filter(expression: &str) -> Result<Filter, Problem> {
    Filter::parse(expression).map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, "filter", format!("filter: {error}."))
            .help("Terms are words, field:value or field=value, with - in front to negate; see the README.")
    })
}

fn not_kept(id: &str) -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "unknown_plan",
        format!("Plan {id} is not kept: plans are, for ten minutes, and only the last ones."),
    )
    .help("Preview again without the parameter `plan`.")
}

/// Waits for a turn: previews read everything twice, so few are made at once.
async fn turn(app: &App) -> Result<OwnedSemaphorePermit, Problem> {
    let busy = || Problem::busy("Too many previews are being made.");
    let _waits = app.inner.waiting.try_acquire().map_err(|_| busy())?;
    tokio::select! {
        biased;
        () = app.shutdown().cancelled() => Err(Problem::stopping()),
        turn = app.inner.previews.clone().acquire_owned() => turn.map_err(|_| busy()),
    }
}

/// Makes a plan. A caller that hangs up drops this, and with it the reading.
async fn make(app: &App, request: PreviewRequest) -> Result<Plan, Problem> {
    let progress = Progress::silent();
    tokio::select! {
        biased;
        () = app.shutdown().cancelled() => Err(Problem::stopping()),
        plan = app.desk().preview(request, &progress) => Ok(plan?),
    }
}

/// Which items are given.
struct Window {
    filter: Option<Filter>,
    offset: usize,
    limit: Option<usize>,
}

/// Writes the page as it is taken: a million items are never in memory as text. The turn is held until the end.
async fn answer(plan: Arc<Plan>, window: Window, turn: OwnedSemaphorePermit) -> Outcome {
    let (sender, receiver) = mpsc::channel(CHUNKS);
    let (count_at, count) = tokio::sync::oneshot::channel();
    tokio::task::spawn_blocking(move || {
        let all = Page {
            filter: window.filter.as_ref(),
            ..Page::default()
        };
        let _caller_gone = count_at.send(all.items(&plan).count());
        let page = Page {
            offset: window.offset,
            limit: window.limit,
            ..all
        };
        let mut chunks = Chunks {
            buffer: Vec::with_capacity(CHUNK),
            sender,
        };
        let written = plan
            .write_json(&mut chunks, page, JsonLayout::Compact)
            .map_err(io::Error::from)
            .and_then(|()| chunks.finish());
        if let Err(error) = written {
            tracing::debug!(%error, "the caller did not take the whole plan");
        }
        drop(turn);
    });
    let count = count.await.map_err(|_| Problem::internal())?;
    let body = Body::from_stream(futures_util::stream::unfold(
        receiver,
        async |mut receiver| {
            let chunk: Bytes = receiver.recv().await?;
            Some((Ok::<_, io::Error>(chunk), receiver))
        },
    ));
    let mut response: Response = json_body(StatusCode::OK, body);
    response
        .headers_mut()
        .insert("x-total-count", HeaderValue::from(count));
    Ok(response)
}

/// Collects what is written into chunks and passes them on; waits while the caller is behind.
struct Chunks {
    buffer: Vec<u8>,
    sender: mpsc::Sender<Bytes>,
}

impl Chunks {
    fn pass_on(&mut self) -> io::Result<()> {
        let chunk = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK));
        self.sender
            .blocking_send(chunk.into())
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn finish(mut self) -> io::Result<()> {
        self.buffer.push(b'\n');
        self.pass_on()
    }
}

impl io::Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.pass_on()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
