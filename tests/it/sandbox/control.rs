//! The control path, rate limits, several sandboxes at once.

use prmdesk::sandbox::{Sandbox, SandboxOptions, World};
use serde_json::json;

use super::{Rig, answer};

#[tokio::test]
async fn the_control_path_does_the_same_from_outside() {
    let rig = Rig::objects(World::generate(9, 35, 40)).await;
    let control = |method: &str, path: &str| {
        rig.http.request(
            method.parse().unwrap(),
            format!("{}/_sandbox/{path}", rig.sandbox.lms_url()),
        )
    };
    let fault = json!({"when": {"side": "impartner", "object": "User"}, "times": {"count": 2},
                       "act": {"kind": "status", "status": 503, "retry_after": 1}});
    let (status, numbers) = answer(control("POST", "faults").json(&fault)).await;
    assert_eq!((status, &numbers), (200, &json!([1])));
    assert_eq!(rig.get("User", &[]).await.0, 503);
    assert_eq!(answer(control("GET", "faults")).await.1[0]["struck"], 1);
    assert_eq!(
        answer(control("POST", "faults").json(&json!({"act": {"kind": "nonsense"}})))
            .await
            .0,
        400
    );
    assert_eq!(answer(control("DELETE", "faults")).await.0, 204);
    assert_eq!(rig.get("User", &[]).await.0, 200);

    let (_, log) = answer(control("GET", "log?since=2")).await;
    assert_eq!(log[0]["number"], 2);
    assert_eq!(
        (&log[0]["path"], &log[0]["status"], &log[0]["who"]),
        (&json!("/api/objects/v1/User"), &json!(200), &json!("key"))
    );

    let new = json!({"Id": 777, "Name": "From outside", "Partner_Tier__cf": "Elite"});
    assert_eq!(
        answer(control("POST", "world/Account").json(&new)).await.1,
        json!({"id": 777})
    );
    let edit = json!({"Partner_Tier__cf": "Pending"});
    assert_eq!(
        answer(control("POST", "world/Account/777").json(&edit))
            .await
            .0,
        200
    );
    assert_eq!(
        rig.get("Account/777", &[("fields", "Partner_Tier__cf")])
            .await
            .1["data"]["partner_Tier__cf"],
        "Pending"
    );
    assert_eq!(answer(control("DELETE", "world/Account/777")).await.0, 204);
    assert_eq!(rig.get("Account/777", &[]).await.0, 404);
    assert_eq!(
        answer(control("POST", "world/User/5").json(&json!({})))
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn rate_limits_answer_429() {
    let options = SandboxOptions {
        impartner_rps: Some(3),
        lms_rps: Some(2),
        ..SandboxOptions::default()
    };
    let rig = Rig::start(World::generate(9, 35, 40), options).await;
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(rig.get("Region", &[]).await.0);
    }
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(rig.lms_get("courses", &[]).await.0);
    }
    assert_eq!(statuses, [200, 200, 429]);
}

#[tokio::test]
async fn two_sandboxes_live_side_by_side() {
    let one = Sandbox::start(World::generate(1, 1, 0), SandboxOptions::default())
        .await
        .unwrap();
    let two = Sandbox::start(World::generate(1, 1, 0), SandboxOptions::default())
        .await
        .unwrap();
    assert_ne!(one.impartner_url(), two.impartner_url());
    assert_ne!(one.impartner_url(), one.lms_url());
}
