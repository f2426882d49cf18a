//! The stand-in against docs/apis.md, over real HTTP.

mod clients;
mod control;
mod faults;
mod impartner;
mod lms;
mod preview;
mod world;

use std::time::Duration;

use prmdesk::sandbox::{Sandbox, SandboxOptions, World};
use reqwest::RequestBuilder;
use serde_json::Value;

/// A sandbox and a client with the right headers.
pub struct Rig {
    pub sandbox: Sandbox,
    pub http: reqwest::Client,
}

impl Rig {
    pub async fn start(world: World, options: SandboxOptions) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        Self {
            sandbox: Sandbox::start(world, options).await.unwrap(),
            http,
        }
    }

    pub async fn objects(world: World) -> Self {
        Self::start(world, SandboxOptions::default()).await
    }

    /// A call of Impartner.
    pub fn prm(&self, method: &str, path: &str, query: &[(&str, &str)]) -> RequestBuilder {
        let url = format!("{}/api/objects/v1/{path}", self.sandbox.impartner_url());
        self.http
            .request(method.parse().unwrap(), url)
            .query(query)
            .header(
                "Authorization",
                format!("prm-key {}", self.sandbox.impartner_key()),
            )
            .header("X-PRM-TenantId", "1")
    }

    /// A call of the LMS.
    pub fn lms(&self, method: &str, path: &str, query: &[(&str, &str)]) -> RequestBuilder {
        let url = format!("{}/v2/{path}", self.sandbox.lms_url());
        self.http
            .request(method.parse().unwrap(), url)
            .query(query)
            .header("X-Api-Key", self.sandbox.lms_key())
    }

    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> (u16, Value) {
        answer(self.prm("GET", path, query)).await
    }

    pub async fn lms_get(&self, path: &str, query: &[(&str, &str)]) -> (u16, Value) {
        answer(self.lms("GET", path, query)).await
    }
}

/// Status and body of an answer; null for a body that is no JSON.
pub async fn answer(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// The ids of a listing.
pub fn ids(body: &Value) -> Vec<i64> {
    let results = body["data"]["results"].as_array().unwrap();
    results
        .iter()
        .map(|row| row["id"].as_i64().unwrap())
        .collect()
}
