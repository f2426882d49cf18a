//! The stand-in against APIS.md, over real HTTP.

mod preview;

use std::collections::BTreeSet;

use prmdesk::sandbox::{Act, Dialect, Fault, Sandbox, SandboxOptions, World};
use serde_json::Value;

/// A sandbox and a client with the right headers.
pub(crate) struct Rig {
    pub(crate) sandbox: Sandbox,
    http: reqwest::Client,
}

impl Rig {
    async fn start(world: World, options: SandboxOptions) -> Self {
        let sandbox = Sandbox::start(world, options).await.unwrap();
        Self {
            sandbox,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    async fn objects(world: World) -> Self {
        Self::start(world, SandboxOptions::default()).await
    }

    fn prm(&self, method: &str, path: &str, query: &[(&str, &str)]) -> reqwest::RequestBuilder {
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

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> (u16, Value) {
        let answer = self.prm("GET", path, query).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

fn ids(body: &Value) -> Vec<i64> {
    let results = body["data"]["results"].as_array().unwrap();
    results
        .iter()
        .map(|row| row["id"].as_i64().unwrap())
        .collect()
}

#[tokio::test]
async fn objects_pages_in_order_and_counts_all_matches() {
    let rig = Rig::objects(World::generate(3, 250, 0)).await;
    let mut seen = BTreeSet::new();
    for skip in ["0", "100", "200"] {
        let (status, body) = rig
            .get(
                "Account",
                &[
                    ("fields", "Id,Account_Status__cf,CrmId"),
                    ("orderby", "Id"),
                    ("skip", skip),
                    ("take", "100"),
                ],
            )
            .await;
        assert_eq!(status, 200);
        assert_eq!(body["success"], true);
        assert_eq!(body["data"]["count"], 250);
        assert_eq!(body["data"]["entity"], "Account");
        let page = ids(&body);
        assert!(page.is_sorted());
        seen.extend(page);
        let keys: Vec<&String> = body["data"]["results"][0]
            .as_object()
            .unwrap()
            .keys()
            .collect();
        assert_eq!(keys, ["id", "account_Status__cf", "crmId"]);
    }
    assert_eq!(seen.len(), 250);
    // Whatever follows skip and take in the other dialect is ignored.
    let (_, other) = rig
        .get(
            "Account",
            &[("page", "2"), ("pageSize", "7"), ("orderby", "Id")],
        )
        .await;
    assert_eq!(ids(&other).len(), 100);
}

#[tokio::test]
async fn odata_ignores_the_parameters_of_objects() {
    let options = SandboxOptions {
        dialect: Dialect::Odata,
        ..SandboxOptions::default()
    };
    let rig = Rig::start(World::generate(3, 250, 0), options).await;
    let order = ("$orderby", "Id");
    let (_, one) = rig
        .get("Account", &[order, ("page", "1"), ("pageSize", "50")])
        .await;
    let (_, two) = rig
        .get("Account", &[order, ("page", "2"), ("pageSize", "50")])
        .await;
    assert!(ids(&one).last() < ids(&two).first());
    let (_, a) = rig
        .get(
            "Account",
            &[("orderby", "Id"), ("skip", "0"), ("take", "10")],
        )
        .await;
    let (_, b) = rig
        .get(
            "Account",
            &[("orderby", "Id"), ("skip", "100"), ("take", "10")],
        )
        .await;
    assert_eq!(ids(&a), ids(&b), "the first page again");
    assert!(!ids(&a).is_sorted(), "and no order");
}

#[tokio::test]
async fn a_bad_key_and_a_missing_tenant_are_401() {
    let rig = Rig::objects(World::generate(1, 3, 3)).await;
    let url = format!("{}/api/objects/v1/Account", rig.sandbox.impartner_url());
    for (key, tenant) in [
        ("prm-key nonsense", "1"),
        ("prm-key sandbox-impartner-key", "9"),
    ] {
        let answer = rig
            .http
            .get(&url)
            .header("Authorization", key)
            .header("X-PRM-TenantId", tenant)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 401);
    }
    let who: Vec<&str> = rig
        .sandbox
        .log()
        .entries()
        .iter()
        .map(|entry| entry.who)
        .collect();
    assert_eq!(who, ["wrong key", "wrong tenant"]);
}

#[tokio::test]
async fn a_reset_is_a_reset_and_strikes_once() {
    let rig = Rig::objects(World::generate(1, 3, 3)).await;
    rig.sandbox
        .faults()
        .impartner(Fault::new(Act::Reset).object("Account"));
    assert!(rig.prm("GET", "Account", &[]).send().await.is_err());
    assert_eq!(rig.get("Account", &[]).await.0, 200);
}
