//! A server on the sandbox and a database of its own.

use std::time::Duration;

use prmdesk::clock::Clock;
use prmdesk::config::{Config, Secret};
use prmdesk::desk::Desk;
use prmdesk::http::{Limits, Server};
use prmdesk::sandbox::{Sandbox, SandboxOptions, World};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::mariadb::{self, TestDb};

pub const TOKEN: &str = "a-token-for-tests";

/// See the module.
pub struct Rig {
    pub sandbox: Sandbox,
    pub db: TestDb,
    pub server: Running,
}

/// One server at work.
pub struct Running {
    pub desk: Desk,
    pub base: String,
    pub stop: CancellationToken,
    pub task: JoinHandle<()>,
    http: reqwest::Client,
}

/// An answer, taken whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
    pub json: Value,
}

impl Rig {
    /// A server with a token on an empty SQLite file.
    pub async fn start(world: World) -> Self {
        Self::with(world, mariadb::sqlite(), |_| {}).await
    }

    /// A server on `db`, with a configuration of one's own.
    pub async fn with(world: World, db: TestDb, tweak: impl FnOnce(&mut Config)) -> Self {
        Self::bounded(world, db, tweak, Limits::default()).await
    }

    /// The same with bounds of one's own.
    pub async fn bounded(
        world: World,
        db: TestDb,
        tweak: impl FnOnce(&mut Config),
        limits: Limits,
    ) -> Self {
        let sandbox = Sandbox::start(world, SandboxOptions::default())
            .await
            .unwrap();
        db.store().await;
        let mut config = config(&sandbox, &db);
        tweak(&mut config);
        let server = Running::start(config, limits).await;
        Self {
            sandbox,
            db,
            server,
        }
    }

    /// Another server on the same database and sandbox.
    pub async fn another(&self) -> Running {
        Running::start(config(&self.sandbox, &self.db), Limits::default()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.server.call(Method::GET, path).await
    }

    pub async fn post(&self, path: &str) -> Answer {
        self.server.call(Method::POST, path).await
    }
}

/// A configuration for both.
pub fn config(sandbox: &Sandbox, db: &TestDb) -> Config {
    let mut config = Config {
        operator: "http-test".into(),
        ..Config::default()
    };
    config.database.url = Some(Secret::new(&db.url));
    config.impartner.url = sandbox.impartner_url();
    config.impartner.api_key = Some(Secret::new(sandbox.impartner_key()));
    config.impartner.retries = 1;
    config.lms.url = sandbox.lms_url();
    config.lms.api_key = Some(Secret::new(sandbox.lms_key()));
    config.lms.max_rps = 1_000;
    config.serve.token = Some(Secret::new(TOKEN));
    config
}

impl Running {
    pub async fn start(config: Config, limits: Limits) -> Self {
        let desk = Desk::open(config, Clock::system()).await.unwrap();
        let listen = "127.0.0.1:0".parse().unwrap();
        let server = Server::bind(desk.clone(), listen, limits).await.unwrap();
        let base = format!("http://{}", server.address());
        let stop = CancellationToken::new();
        let task = tokio::spawn({
            let stop = stop.clone();
            server.run(stop)
        });
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            desk,
            base,
            stop,
            task,
            http,
        }
    }

    /// The address without `http://`.
    pub fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// A request with the token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path).bearer_auth(TOKEN)
    }

    /// A request without it.
    pub fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    pub async fn call(&self, method: Method, path: &str) -> Answer {
        Answer::of(self.request(method, path).send().await.unwrap()).await
    }

    /// Begins a sync without waiting and gives the address of its run.
    pub async fn sync_later(&self, path: &str) -> String {
        let begun = self
            .request(Method::POST, path)
            .header("Prefer", "respond-async")
            .send()
            .await
            .unwrap();
        assert_eq!(begun.status(), StatusCode::ACCEPTED);
        begun.headers()["location"].to_str().unwrap().to_owned()
    }

    /// Asks for a run until it is over.
    pub async fn finished(&self, location: &str) -> Value {
        loop {
            let answer = self.call(Method::GET, location).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            if answer.json["state"] == "finished" {
                return answer.json;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The value of a sample of /metrics.
    pub async fn metric(&self, sample: &str) -> Option<f64> {
        let text = self.call(Method::GET, "/metrics").await.text;
        text.lines()
            .find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '))
            .map(|value| value.parse().unwrap())
    }
}

impl Answer {
    pub async fn of(response: Response) -> Self {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text().await.unwrap();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self {
            status,
            headers,
            text,
            json,
        }
    }

    /// The code of an error.
    pub fn code(&self) -> &str {
        self.json["error"]["code"].as_str().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// Waits until `holds` does; a test that waits for ever is stopped by its harness.
pub async fn until<F: Future<Output = bool>>(mut holds: impl FnMut() -> F) {
    while !holds().await {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
