//! By-id checks: what reads as gone, and what never does.

use std::collections::BTreeSet;
use std::time::Duration;

use prmdesk::impartner::{ByIds, ImpartnerError};
use prmdesk::plan::{Entity, Schema};
use prmdesk::progress::{Progress, RunEvent};
use prmdesk::sandbox::{Act, Cut, Fault, Missing, Object, SandboxOptions, World};
use serde_json::json;

use super::Rig;
use super::wire::{client, config, record, reply, serve};

/// Asks for three ids of which the second does not exist, with the third as a canary or without.
async fn ask(rig: &Rig, ids: &[i64], canary: Option<i64>) -> Result<ByIds, ImpartnerError> {
    let schema = Schema::of(Entity::Contacts);
    rig.client()
        .by_ids(&schema, ids, canary.as_slice(), &Progress::silent())
        .await
}

#[tokio::test]
async fn what_does_not_exist_is_gone_in_every_way_of_saying_it() {
    for missing in [Missing::Status404, Missing::SuccessFalse, Missing::NullData] {
        let options = SandboxOptions {
            missing,
            ..SandboxOptions::default()
        };
        let rig = Rig::start(World::generate(23, 20, 60), options).await;
        let ids: Vec<i64> = rig.sandbox.world().users().map(|u| u.id).collect();
        rig.sandbox.world().delete(Object::User, ids[5]);
        for canary in [Some(ids[0]), None] {
            let asked = [ids[7], ids[5], ids[6], ids[7], -4];
            let found = ask(&rig, &asked, canary).await.unwrap();
            let records: BTreeSet<i64> = found.records.ids().iter().copied().collect();
            assert_eq!(records, [ids[6], ids[7]].into());
            assert_eq!(found.gone, [ids[5]], "{missing:?}");
            assert_eq!(
                found
                    .unverified
                    .iter()
                    .map(|(id, _)| *id)
                    .collect::<Vec<_>>(),
                [-4]
            );
            // Nobody vouches for the API's own words either.
            let alone = ask(&rig, &[ids[5]], canary).await.unwrap();
            assert_eq!(alone.gone.len(), usize::from(canary.is_some()));
        }
    }
}

#[tokio::test]
async fn nothing_but_a_clear_no_reads_as_gone() {
    let rig = Rig::of(20, 60).await;
    let ids: Vec<i64> = rig.sandbox.world().users().map(|u| u.id).collect();
    let status = |status| Act::Status {
        status,
        retry_after: None,
        message: None,
    };
    let faults = [
        status(403),
        status(408),
        status(429),
        status(500),
        status(503),
        status(400),
        status(409),
        Act::Html,
        Act::Reset,
        Act::Hang,
        Act::CutBody {
            keep: 50,
            cut: Cut::Clean,
        },
        Act::SuccessFalse {
            message: "User was not found.".into(),
            code: None,
        },
        Act::SuccessFalse {
            message: "No.".into(),
            code: Some("TenantNotFound".into()),
        },
    ];
    let mut rig = rig;
    rig.config.timeout = Duration::from_millis(300);
    for act in faults {
        rig.sandbox.faults().clear();
        rig.sandbox
            .faults()
            .impartner(Fault::new(act.clone()).id(ids[5]).always());
        let found = ask(&rig, &[ids[4], ids[5], ids[6]], Some(ids[0]))
            .await
            .unwrap();
        assert_eq!(found.gone, [] as [i64; 0], "{act:?}");
        assert_eq!(found.records.len(), 2, "{act:?}");
        assert_eq!(found.unverified[0].0, ids[5], "{act:?}");
        assert!(
            !found.unverified[0].1.is_empty() && !found.unverified[0].1.ends_with('.'),
            "{:?}",
            found.unverified
        );
    }
    rig.sandbox.faults().clear();
    rig.sandbox
        .faults()
        .impartner(Fault::new(status(401)).id(ids[5]));
    let error = ask(&rig, &ids[..9], None).await.unwrap_err();
    assert!(
        matches!(error, ImpartnerError::Unauthorized { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_passing_fault_is_asked_again() {
    let rig = Rig::of(20, 60).await;
    let ids: Vec<i64> = rig.sandbox.world().users().map(|u| u.id).collect();
    rig.sandbox
        .faults()
        .impartner(Fault::new(Act::Reset).by_id().times(2));
    let found = ask(&rig, &ids, Some(ids[0])).await.unwrap();
    assert_eq!(found.records.len(), ids.len());
}

#[tokio::test]
async fn when_the_canary_is_gone_too_nobody_is() {
    let rig = Rig::of(20, 60).await;
    let ids: Vec<i64> = rig.sandbox.world().users().map(|u| u.id).collect();
    let lies = Act::Status {
        status: 404,
        retry_after: None,
        message: None,
    };
    rig.sandbox
        .faults()
        .impartner(Fault::new(lies).by_id().always());
    let found = ask(&rig, &ids[10..], Some(ids[0])).await.unwrap();
    assert_eq!(found.gone, [] as [i64; 0]);
    assert_eq!(found.unverified.len(), 50);
    assert!(
        found.unverified[0].1.contains(&ids[0].to_string()),
        "{:?}",
        found.unverified[0]
    );
}

#[tokio::test]
async fn an_upstream_that_is_down_is_not_asked_for_ever() {
    let rig = Rig::of(20, 300).await;
    let ids: Vec<i64> = rig.sandbox.world().users().map(|u| u.id).collect();
    let down = Act::Status {
        status: 503,
        retry_after: None,
        message: None,
    };
    rig.sandbox
        .faults()
        .impartner(Fault::new(down).by_id().always());
    let found = ask(&rig, &ids, Some(ids[0])).await.unwrap();
    assert_eq!(found.unverified.len(), ids.len(), "each has its reason");
    assert!(
        rig.sandbox.log().len() < 150,
        "{} requests",
        rig.sandbox.log().len()
    );
}

#[tokio::test]
async fn checks_report_their_progress_and_stop_when_cancelled() {
    let rig = Rig::of(20, 60).await;
    let ids: Vec<i64> = rig.sandbox.world().users().map(|u| u.id).collect();
    let schema = Schema::of(Entity::Contacts);
    let (progress, mut events) = Progress::channel();
    rig.client()
        .by_ids(&schema, &ids, &[], &progress)
        .await
        .unwrap();
    let mut last = None;
    while let Ok(event) = events.try_recv() {
        last = Some(event);
    }
    let total = ids.len() as u64;
    assert_eq!(
        last,
        Some(RunEvent::Checking {
            entity: Entity::Contacts,
            done: total,
            total
        })
    );

    rig.sandbox
        .faults()
        .impartner(Fault::new(Act::Hang).by_id().always());
    let task = {
        let (client, progress) = (rig.client(), progress.clone());
        tokio::spawn(async move { client.by_ids(&schema, &ids, &[], &progress).await })
    };
    let asked = rig.sandbox.log().len();
    while rig.sandbox.log().len() == asked {
        tokio::task::yield_now().await;
    }
    progress.cancel();
    let error = task.await.unwrap().unwrap_err();
    assert!(matches!(error, ImpartnerError::Cancelled));
}

#[tokio::test]
async fn a_404_counts_only_in_the_words_of_the_api() {
    let schema = Schema::of(Entity::Partners);
    let progress = Progress::silent();
    let found = json!({"data": record(1), "success": true}).to_string();
    // body of the 404, gone beside a record that answers
    for (body, beside) in [
        ("", true),
        ("{\"message\": \"No HTTP resource was found.\"}", true),
        (
            "{\"success\": false, \"errors\": [{\"code\": \"NotFound\"}]}",
            true,
        ),
        ("{\"data\": null, \"success\": false}", true),
        ("<html><body>404 page not found</body></html>", false),
        ("404 page not found", false),
        ("\"gone\"", false),
        ("[]", false),
        ("{\"success\": true, \"data\": {\"id\": 2}}", false),
        (
            "{\"success\": false, \"errors\": [{\"code\": \"Unauthorized\"}]}",
            false,
        ),
    ] {
        let found = found.clone();
        let (url, _) = serve(move |seen| {
            if seen.path.ends_with("/1") {
                reply(200, found.clone())
            } else {
                reply(404, body)
            }
        })
        .await;
        let client = client(&config(&url));
        let gone = |ids: &'static [i64], canary: Option<i64>| {
            let (client, schema, progress) = (client.clone(), schema.clone(), progress.clone());
            async move {
                client
                    .by_ids(&schema, ids, canary.as_slice(), &progress)
                    .await
                    .unwrap()
                    .gone
                    == [2]
            }
        };
        assert_eq!(gone(&[1, 2], None).await, beside, "{body}");
        assert_eq!(gone(&[2], Some(1)).await, beside, "{body}");
        assert!(!gone(&[2], None).await, "nobody vouches: {body}");
        assert!(!gone(&[2], Some(3)).await, "the canary is gone too: {body}");
    }
}

#[tokio::test]
async fn a_record_must_be_the_one_that_was_asked_for() {
    for (body, what) in [
        (
            json!({"data": record(9), "success": true}),
            "another record",
        ),
        (json!({"data": {}, "success": true}), "no id"),
        (json!({"data": [], "success": true}), "no record"),
        (
            json!({"data": [record(5), record(6)], "success": true}),
            "two records",
        ),
        (json!({"data": "5", "success": true}), "a text"),
        (json!({"success": true}), "no data"),
        (json!({}), "nothing"),
        (
            json!({"data": null, "success": false}),
            "a failure without a reason",
        ),
    ] {
        let text = body.to_string();
        let (url, _) = serve(move |_| reply(200, text.clone())).await;
        let schema = Schema::of(Entity::Partners);
        let found = client(&config(&url))
            .by_ids(&schema, &[5], &[], &Progress::silent())
            .await
            .unwrap();
        assert_eq!(
            (
                found.records.len(),
                found.gone.len(),
                found.unverified.len()
            ),
            (0, 0, 1),
            "{what}"
        );
    }
    for body in [
        json!({"data": [record(5)], "success": true}),
        record(5),
        json!({"Data": record(5)}),
    ] {
        let text = body.to_string();
        let (url, _) = serve(move |_| reply(200, text.clone())).await;
        let schema = Schema::of(Entity::Partners);
        let found = client(&config(&url))
            .by_ids(&schema, &[5], &[], &Progress::silent())
            .await
            .unwrap();
        assert_eq!(found.records.ids(), [5], "{body}");
    }
}

/// A 404 whose body broke off is a refusal, and no evidence that anybody is gone.
#[tokio::test]
async fn half_a_404_deletes_nobody() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                if stream.read(&mut byte).await.unwrap() == 0 {
                    break;
                }
                head.push(byte[0]);
            }
            let healthy = String::from_utf8_lossy(&head).contains("/Account/1?");
            let answer: &[u8] = if healthy {
                b"HTTP/1.1 200 OK\r\ncontent-length: 32\r\nconnection: close\r\n\r\n{\"data\":{\"id\":1},\"success\":true}"
            } else {
                b"HTTP/1.1 404 Not Found\r\ncontent-length: 500\r\nconnection: close\r\n\r\n{\"success\": fal"
            };
            stream.write_all(answer).await.unwrap();
        }
    });
    let client = super::wire::client(&super::wire::config(&url));
    let schema = Schema::of(Entity::Partners);
    let found = client
        .by_ids(&schema, &[7], &[1], &Progress::silent())
        .await
        .unwrap();
    assert!(found.gone.is_empty(), "{found:?}");
    assert!(found.unverified[0].1.contains("broke off"), "{found:?}");
}
