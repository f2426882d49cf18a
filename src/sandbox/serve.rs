//! Both stand-ins as servers: authorising, limiting, faults, the log; then the call itself.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Response, header};
use axum::serve::Listener as _;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::faults::{Act, Facts, Faults, Side};
use super::impartner::{Call, Impartner, refused};
use super::lms::Lms;
use super::log::{Entry, Log};
use super::net::{CuttableListener, Scissors};
use super::reply::Reply;
use super::world::World;
use super::{SandboxOptions, control};

/// The largest body that is read; the real APIs have limits too.
const MOST_BODY: usize = 64 << 20;

/// The running servers.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) impartner: SocketAddr,
    pub(super) lms: SocketAddr,
    stopped: CancellationToken,
    all: Scissors,
    tasks: Vec<JoinHandle<()>>,
    keeper: Option<JoinHandle<()>>,
}

impl Running {
    /// Cuts everything off and waits for the world to be written.
    pub(super) async fn stop(mut self) {
        self.halt();
        if let Some(keeper) = self.keeper.take() {
            // A keeper that panicked has said so; there is nothing left to wait for.
            let _ = keeper.await;
        }
    }

    fn halt(&self) {
        self.stopped.cancel();
        self.all.cut();
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.halt();
    }
}

/// What one server hands to every request.
struct Site {
    side: Side,
    impartner: Impartner,
    lms: Lms,
    control: control::Control,
    faults: Faults,
    log: Log,
    latency: Duration,
    limit: Option<u32>,
    recent: Mutex<VecDeque<Instant>>,
    stopped: CancellationToken,
}

pub(super) async fn start(
    world: &Arc<Mutex<World>>,
    faults: &Faults,
    log: &Log,
    options: &SandboxOptions,
) -> std::io::Result<Running> {
    let stopped = CancellationToken::new();
    let all = Scissors::default();
    let mut tasks = Vec::new();
    let mut addresses = Vec::new();
    for (side, port, limit) in [
        (Side::Impartner, options.ports.0, options.impartner_rps),
        (Side::Lms, options.ports.1, options.lms_rps),
    ] {
        let listener = CuttableListener::bind(port, all.clone()).await?;
        let address = listener.local_addr()?;
        let site = Arc::new(Site {
            side,
            impartner: Impartner::new(world.clone(), options.clone()),
            lms: Lms::new(world.clone(), options.clone(), address),
            control: control::Control::new(world.clone(), faults.clone(), log.clone()),
            faults: faults.clone(),
            log: log.clone(),
            latency: options.latency,
            limit,
            recent: Mutex::default(),
            stopped: stopped.clone(),
        });
        let app = Router::new().fallback(handle).with_state(site);
        addresses.push(address);
        tasks.push(tokio::spawn(async move {
            let service = app.into_make_service_with_connect_info::<Scissors>();
            // It ends only when it is aborted.
            let _ = axum::serve(listener, service).await;
        }));
    }
    let keeper = options
        .keep
        .clone()
        .map(|path| tokio::spawn(control::keep(world.clone(), path, stopped.clone())));
    Ok(Running {
        impartner: addresses[0],
        lms: addresses[1],
        stopped,
        all,
        tasks,
        keeper,
    })
}

async fn handle(
    State(site): State<Arc<Site>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(parts.uri.query().unwrap_or("").as_bytes())
            .into_owned()
            .collect();
    let Ok(body) = axum::body::to_bytes(body, MOST_BODY).await else {
        return refused(413, "The body is too large or broken.").into_response(None);
    };
    if let Some(rest) = path.strip_prefix("/_sandbox") {
        return site
            .control
            .answer(&parts.method, rest, &query, &body)
            .into_response(None);
    }
    let (who, denied) = match site.authorise(&parts.headers) {
        Ok(()) => ("key", None),
        Err((who, reply)) => (who, Some(reply)),
    };
    let target = PathParts::of(&site, &path, &query);
    let asked = query
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect::<Vec<_>>()
        .join("&");
    let acts = site.faults.strike(&Facts {
        side: site.side,
        method: parts.method.as_str(),
        path: &path,
        query: &asked,
        object: target.words.first().copied().unwrap_or(""),
        id: target.id,
        page: target.page,
    });
    let number = site.log.open(Entry {
        number: 0,
        side: site.side,
        method: parts.method.to_string(),
        path: path.clone(),
        query: query.clone(),
        body: String::from_utf8_lossy(&body).into_owned(),
        status: 0,
        who,
        agent: agent(&parts.headers),
        faults: acts.iter().map(Act::name).collect(),
    });
    let reply = match denied {
        Some(reply) => Some(reply),
        None => {
            site.perform(&target, &parts.method, &query, &body, &acts)
                .await
        }
    };
    let Some(reply) = reply else {
        scissors.cut();
        return Reply::empty(500).into_response(None);
    };
    site.log.close(number, reply.status);
    let cut = acts.iter().find_map(|act| match act {
        Act::CutBody { keep, cut } => Some((*keep, *cut)),
        _ => None,
    });
    let mut response = reply.into_response(cut);
    if let Some(date) = site.date(&acts) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

fn agent(headers: &HeaderMap) -> String {
    headers
        .get("user-agent")
        .and_then(|value| value.to_str().ok())
        .unwrap_or("")
        .to_owned()
}

/// A request's path below the API's base, and what faults want to know of it.
struct PathParts<'a> {
    words: Vec<&'a str>,
    found: bool,
    id: Option<&'a str>,
    page: u64,
}

impl<'a> PathParts<'a> {
    fn of(site: &Site, path: &'a str, query: &[(String, String)]) -> Self {
        let base = match site.side {
            Side::Impartner => "/api/objects/v1",
            Side::Lms => "/v2",
        };
        let rest = path.strip_prefix(base);
        let words: Vec<&str> = rest
            .unwrap_or("")
            .split('/')
            .filter(|word| !word.is_empty())
            .collect();
        let id = words.get(1).copied().filter(|word| !word.starts_with('_'));
        let page = match site.side {
            Side::Impartner => site.impartner.page_of(query),
            Side::Lms => site.lms.page_of(query),
        };
        Self {
            words,
            found: rest.is_some(),
            id,
            page,
        }
    }
}

impl Site {
    fn authorise(&self, headers: &HeaderMap) -> Result<(), (&'static str, Reply)> {
        match self.side {
            Side::Impartner => self.impartner.authorise(headers),
            Side::Lms => self.lms.authorise(headers),
        }
    }

    /// Carries the request out as the faults let it; `None`: the connection is to be reset.
    async fn perform(
        &self,
        target: &PathParts<'_>,
        method: &Method,
        query: &[(String, String)],
        body: &[u8],
        acts: &[Act],
    ) -> Option<Reply> {
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        if self.over_the_limit() {
            return Some(self.status(429, "Too many requests."));
        }
        for act in acts {
            match act {
                Act::Delay { ms } => tokio::time::sleep(Duration::from_millis(*ms)).await,
                Act::Hang => {
                    self.stopped.cancelled().await;
                    return None;
                }
                Act::Gate => self.faults.gates_open().await,
                Act::Reset => return None,
                Act::Html => return Some(Reply::html(200)),
                Act::Page { status } => return Some(Reply::html(*status)),
                Act::Empty { status } => return Some(Reply::empty(*status)),
                Act::NullData => {
                    let body = serde_json::json!({"data": null, "success": true});
                    return Some(Reply::json(200, &body));
                }
                Act::Answer { status, body } => return Some(Reply::json(*status, body)),
                Act::SuccessFalse { message, code } => {
                    let code = code.as_deref().unwrap_or("Unspecified");
                    let body = super::impartner::failure(code, message);
                    return Some(Reply::json(200, &body));
                }
                Act::Status {
                    status,
                    retry_after,
                    message,
                } => {
                    let message = message
                        .as_deref()
                        .unwrap_or("The sandbox was told to fail.");
                    let mut reply = self.status(*status, message);
                    reply.retry_after = *retry_after;
                    return Some(reply);
                }
                Act::DeleteFirst { .. } | Act::InsertFirst { .. } => {
                    self.control.shift(target.words.first().copied(), act);
                }
                _ => {}
            }
        }
        if !target.found {
            return Some(self.status(404, "There is nothing at this address."));
        }
        let call = Call {
            method,
            parts: &target.words,
            query,
            body,
            acts,
        };
        let mut reply = match self.side {
            Side::Impartner => self.impartner.answer(&call),
            Side::Lms => self.lms.answer(&call),
        };
        for act in acts {
            match act {
                Act::BrokenCharacter { key } => reply.break_character(key),
                Act::ApplyThenReset => return None,
                Act::ApplyThenHang => {
                    self.stopped.cancelled().await;
                    return None;
                }
                Act::ApplyThenStatus { status } => {
                    return Some(self.status(*status, "The sandbox was told to fail afterwards."));
                }
                _ => {}
            }
        }
        Some(reply)
    }

    fn status(&self, status: u16, message: &str) -> Reply {
        match self.side {
            Side::Impartner => refused(status, message),
            Side::Lms => super::lms::errors(status, message),
        }
    }

    /// What the header `Date` says: the time of Impartner's world, or what a fault wants. `None`: the real time, which the
    /// server puts there itself.
    fn date(&self, acts: &[Act]) -> Option<HeaderValue> {
        let fault = acts.iter().find_map(|act| match act {
            Act::Date { value } => Some(value.clone()),
            _ => None,
        });
        let text = fault.or_else(|| {
            let world = (self.side == Side::Impartner).then(|| self.impartner.now());
            world.map(|at| at.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
        });
        HeaderValue::try_from(text?).ok()
    }

    /// Counts this request and tells whether it is one too many within a second. A refused one does not count.
    fn over_the_limit(&self) -> bool {
        let Some(limit) = self.limit else {
            return false;
        };
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        while recent
            .front()
            .is_some_and(|at| now.duration_since(*at) >= Duration::from_secs(1))
        {
            recent.pop_front();
        }
        if recent.len() >= limit as usize {
            return true;
        }
        recent.push_back(now);
        false
    }
}
