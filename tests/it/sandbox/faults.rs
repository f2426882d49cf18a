//! Every fault really happens, as often as it is told to.

use std::time::{Duration, Instant};

use prmdesk::sandbox::{
    Act, BoolAs, Cut, Dialect, Envelope, Fault, NullAs, NumberAs, ReferenceAs, SandboxOptions,
    Shape, World,
};
use serde_json::{Value, json};

use super::{Rig, answer, ids};

const PAGE: [(&str, &str); 2] = [("orderby", "Id"), ("take", "10")];

async fn rig() -> Rig {
    Rig::objects(World::generate(9, 35, 40)).await
}

/// The page with that number, ten records long.
async fn page(rig: &Rig, number: u64) -> Value {
    let skip = (number * 10).to_string();
    let (status, body) = rig
        .get("Account", &[("skip", &skip), PAGE[0], PAGE[1]])
        .await;
    assert_eq!(status, 200);
    body
}

fn install(rig: &Rig, act: Act) -> u64 {
    rig.sandbox
        .faults()
        .impartner(Fault::new(act).object("Account").page(1))
}

#[tokio::test]
async fn pages_lie() {
    let rig = rig().await;
    let (whole, other) = (ids(&page(&rig, 1).await), ids(&page(&rig, 0).await));

    install(&rig, Act::ShortPage { drop: 3 });
    let short = page(&rig, 1).await;
    assert_eq!(
        (ids(&short), &short["data"]["count"]),
        (whole[..7].to_vec(), &json!(35))
    );
    assert_eq!(ids(&page(&rig, 1).await), whole, "once only");

    install(&rig, Act::EmptyPage { count: Some(0) });
    let empty = page(&rig, 1).await;
    assert_eq!(
        (
            ids(&empty).len(),
            &empty["data"]["count"],
            &empty["success"]
        ),
        (0, &json!(0), &json!(true))
    );

    install(&rig, Act::Count { by: -2 });
    assert_eq!(
        page(&rig, 0).await["data"]["count"],
        35,
        "the count moves between pages"
    );
    assert_eq!(page(&rig, 1).await["data"]["count"], 33);

    install(&rig, Act::RepeatPage { page: 0 });
    assert_eq!(ids(&page(&rig, 1).await), other);

    install(&rig, Act::CapTake { cap: 4 });
    assert_eq!(ids(&page(&rig, 1).await), whole[..4]);

    install(
        &rig,
        Act::HideIds {
            ids: vec![whole[2]],
        },
    );
    let hidden = page(&rig, 1).await;
    assert_eq!(
        (ids(&hidden).len(), &hidden["data"]["count"]),
        (9, &json!(34))
    );
    assert_eq!(
        rig.get(&format!("Account/{}", whole[2]), &[]).await.0,
        200,
        "by id it is there"
    );
}

#[tokio::test]
async fn records_shift_while_somebody_reads() {
    let rig = rig().await;
    let (zero, one) = (ids(&page(&rig, 0).await), ids(&page(&rig, 1).await));
    install(&rig, Act::DeleteFirst { records: 1 });
    let shifted = page(&rig, 1).await;
    assert_eq!(
        ids(&shifted)[..9],
        one[1..],
        "one record slipped to the page read before"
    );
    assert_eq!(shifted["data"]["count"], 34);
    assert_eq!(rig.get(&format!("Account/{}", zero[0]), &[]).await.0, 404);
    install(&rig, Act::InsertFirst { records: 2 });
    let shifted = page(&rig, 1).await;
    assert_eq!(shifted["data"]["count"], 36);
    assert_eq!(ids(&shifted)[1..], one[..9], "records come twice");
}

#[tokio::test]
async fn answers_come_in_other_shapes() {
    let rig = rig().await;
    let shape = Shape {
        ids: Some(NumberAs::Text),
        numbers: Some(NumberAs::Text),
        bools: Some(BoolAs::Number),
        references: Some(ReferenceAs::Object),
        nulls: Some(NullAs::Omitted),
        envelope: Some(Envelope::Array),
        ..Shape::default()
    };
    install(&rig, Act::Shape { shape });
    let (usual, other, usual_again) = (
        page(&rig, 0).await,
        page(&rig, 1).await,
        page(&rig, 1).await,
    );
    assert!(usual["data"]["results"][0]["id"].is_i64());
    let row = &other[0];
    assert_eq!(
        row["id"],
        usual_again["data"]["results"][0]["id"].to_string()
    );
    assert!(
        row["memberCount"].is_string() && row["isActive"].is_i64(),
        "{row}"
    );
    assert!(
        row["region"]["name"].is_string() && row["region"]["id"].is_string(),
        "{row}"
    );
    assert!(
        row.as_object()
            .unwrap()
            .values()
            .all(|value| !value.is_null())
    );
}

#[tokio::test]
async fn a_tenant_has_its_own_shape() {
    let options = SandboxOptions {
        dialect: Dialect::Odata,
        shape: Shape {
            ids: Some(NumberAs::Text),
            bools: Some(BoolAs::Text),
            references: Some(ReferenceAs::Object),
            nulls: Some(NullAs::Omitted),
            envelope: Some(Envelope::Value),
            ..Shape::default()
        },
        ..SandboxOptions::default()
    };
    let rig = Rig::start(World::generate(9, 35, 40), options).await;
    let id = rig.sandbox.world().accounts().next().unwrap().id;
    rig.sandbox.world().edit_account(id, |account| {
        account.region_id = Some(1);
        account.website = None;
        account.is_active = true;
    });
    let query = [
        ("$select", "Id,IsActive,Region,Website"),
        ("$orderby", "Id"),
        ("pageSize", "1"),
    ];
    let (_, body) = rig.get("Account", &query).await;
    let row =
        json!({"id": id.to_string(), "isActive": "true", "region": {"id": "1", "name": "EMEA"}});
    assert_eq!(body, json!({"value": [row]}));
}

#[tokio::test]
async fn bodies_that_are_none() {
    let rig = rig().await;
    install(
        &rig,
        Act::CutBody {
            keep: 50,
            cut: Cut::Broken,
        },
    );
    let answer = rig
        .prm("GET", "Account", &[("skip", "10"), PAGE[0], PAGE[1]])
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes().await.is_err(), "the body breaks off");

    install(
        &rig,
        Act::CutBody {
            keep: 50,
            cut: Cut::Clean,
        },
    );
    let answer = rig
        .prm("GET", "Account", &[("skip", "10"), PAGE[0], PAGE[1]])
        .send()
        .await
        .unwrap();
    let body = answer.bytes().await.unwrap();
    assert!(serde_json::from_slice::<Value>(&body).is_err());

    install(&rig, Act::Html);
    let answer = rig
        .prm("GET", "Account", &[("skip", "10"), PAGE[0], PAGE[1]])
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().starts_with("<!DOCTYPE html>"));

    install(
        &rig,
        Act::SuccessFalse {
            message: "Try later.".to_owned(),
            code: None,
        },
    );
    let body = page(&rig, 1).await;
    assert_eq!(
        (&body["success"], &body["message"]),
        (&json!(false), &json!("Try later."))
    );

    install(&rig, Act::NullData);
    assert_eq!(page(&rig, 1).await, json!({"data": null, "success": true}));
}

#[tokio::test]
async fn statuses_with_and_without_retry_after() {
    let rig = rig().await;
    for status in [401, 403, 408, 425, 429, 500, 503] {
        rig.sandbox.faults().impartner(
            Fault::new(Act::Status {
                status,
                retry_after: Some(7),
                message: None,
            })
            .listings(),
        );
        let answer = rig.prm("GET", "User", &[]).send().await.unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers()["retry-after"], "7");
    }
    rig.sandbox.faults().impartner(
        Fault::new(Act::Status {
            status: 429,
            retry_after: None,
            message: None,
        })
        .times(2),
    );
    for expected in [429, 429, 200] {
        let answer = rig.prm("GET", "User", &[]).send().await.unwrap();
        assert_eq!(answer.status(), expected);
        assert!(!answer.headers().contains_key("retry-after"));
    }
}

#[tokio::test]
async fn connections_reset_late_and_never() {
    let rig = rig().await;
    rig.sandbox
        .faults()
        .impartner(Fault::new(Act::Reset).object("Account"));
    assert!(rig.prm("GET", "Account", &[]).send().await.is_err());
    assert_eq!(rig.get("Account", &[]).await.0, 200);

    rig.sandbox
        .faults()
        .impartner(Fault::new(Act::Delay { ms: 80 }).object("User"));
    let start = Instant::now();
    assert_eq!(rig.get("User", &[]).await.0, 200);
    assert!(start.elapsed() >= Duration::from_millis(80));

    rig.sandbox
        .faults()
        .impartner(Fault::new(Act::Hang).object("User"));
    let request = rig
        .prm("GET", "User", &[])
        .timeout(Duration::from_millis(100));
    assert!(request.send().await.unwrap_err().is_timeout());
    let entries = rig.sandbox.log().entries();
    let struck: Vec<(&str, u16)> = entries
        .iter()
        .filter_map(|entry| Some((*entry.faults.first()?, entry.status)))
        .collect();
    assert_eq!(struck, [("reset", 0), ("delay", 200), ("hang", 0)]);
}

#[tokio::test]
async fn by_id_and_feed() {
    let rig = rig().await;
    let id = rig.sandbox.world().accounts().nth(3).unwrap().id;
    let path = format!("Account/{id}");
    rig.sandbox.faults().impartner(
        Fault::new(Act::Status {
            status: 403,
            retry_after: None,
            message: None,
        })
        .id(id)
        .always(),
    );
    assert_eq!(rig.get(&path, &[]).await.0, 403);
    assert_eq!(rig.get(&path, &[]).await.0, 403);
    assert_eq!(rig.get("Account", &[]).await.0, 200);
    rig.sandbox.faults().clear();
    assert_eq!(rig.get(&path, &[]).await.0, 200);

    let span = [
        ("fromUtc", "2020-01-01T00:00:00"),
        ("toUtc", "2030-01-01T00:00:00"),
    ];
    rig.sandbox.faults().impartner(
        Fault::new(Act::FeedLies {
            add: vec![id],
            drop: vec![],
        })
        .path("_deleted"),
    );
    assert_eq!(
        rig.get("Account/_deleted", &span).await.1["data"],
        json!([id])
    );
    rig.sandbox.faults().impartner(
        Fault::new(Act::Status {
            status: 403,
            retry_after: None,
            message: None,
        })
        .path("_deleted"),
    );
    assert_eq!(rig.get("Account/_deleted", &span).await.0, 403);
}

#[tokio::test]
async fn a_patch_fails_for_one_and_another_is_lost_on_the_way_back() {
    let rig = rig().await;
    let ids: Vec<i64> = rig
        .sandbox
        .world()
        .accounts()
        .take(2)
        .map(|account| account.id)
        .collect();
    let act = Act::RefuseIds {
        ids: vec![ids[0]],
        message: "Locked by a workflow.".to_owned(),
    };
    rig.sandbox
        .faults()
        .impartner(Fault::new(act).method("PATCH").times(2));
    let patch = json!({"Total_NPCU__cf": 3});
    let (status, body) = answer(
        rig.prm("PATCH", &format!("Account/{}", ids[0]), &[])
            .json(&patch),
    )
    .await;
    assert_eq!(
        (status, &body["message"]),
        (400, &json!("Locked by a workflow."))
    );
    let many = json!([{"Id": ids[0], "Total_NPCU__cf": 4}, {"Id": ids[1], "Total_NPCU__cf": 4}]);
    let (_, body) = answer(rig.prm("PATCH", "Account", &[]).json(&many)).await;
    assert_eq!(
        (
            &body["results"][0]["success"],
            &body["results"][1]["success"]
        ),
        (&json!(false), &json!(true))
    );

    rig.sandbox
        .faults()
        .impartner(Fault::new(Act::ApplyThenReset).method("PATCH"));
    let request = rig
        .prm("PATCH", &format!("Account/{}", ids[1]), &[])
        .json(&json!({"Total_NPCU__cf": 9}));
    assert!(request.send().await.is_err());
    assert_eq!(
        rig.sandbox.world().account(ids[1]).unwrap().total_npcu,
        Some(9.0),
        "it was carried out"
    );
}

#[tokio::test]
async fn nth_every_and_probability() {
    let statuses = async |fault: Fault| {
        let rig = rig().await;
        rig.sandbox.faults().impartner(fault);
        let mut statuses = Vec::new();
        for _ in 0..12 {
            statuses.push(rig.get("User", &[]).await.0 == 503);
        }
        statuses
    };
    let act = || {
        Fault::new(Act::Status {
            status: 503,
            retry_after: None,
            message: None,
        })
        .always()
    };
    let third = statuses(act().nth(3)).await;
    assert_eq!(third.iter().position(|hit| *hit), Some(2));
    assert_eq!(third.iter().filter(|hit| **hit).count(), 1);
    let mut every = act();
    every.when.every = Some(4);
    assert_eq!(statuses(every).await.iter().filter(|hit| **hit).count(), 3);
    let some = statuses(act().probability(0.5)).await;
    assert!(some.contains(&true) && some.contains(&false));
    assert_eq!(
        statuses(act().probability(0.5)).await,
        some,
        "drawn from the seed"
    );
}

#[test]
fn faults_are_json_both_ways() {
    let faults = [
        Fault::new(Act::ShortPage { drop: 7 })
            .object("User")
            .page(3),
        Fault::new(Act::Shape {
            shape: Shape {
                ids: Some(NumberAs::Text),
                ..Shape::default()
            },
        })
        .always(),
        Fault::new(Act::CutBody {
            keep: 10,
            cut: Cut::Clean,
        })
        .times(4)
        .probability(0.25),
        Fault::new(Act::Html)
            .id("abc")
            .method("GET")
            .path("x")
            .nth(2),
    ];
    for fault in faults {
        let text = serde_json::to_string(&fault).unwrap();
        assert_eq!(
            serde_json::from_str::<Fault>(&text).unwrap(),
            fault,
            "{text}"
        );
    }
}
