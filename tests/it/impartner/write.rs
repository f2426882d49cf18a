//! Writes, the deleted-ids feed, the description and the reachability check.

use std::time::Duration;

use prmdesk::config::DialectChoice;
use prmdesk::impartner::{ImpartnerError, PatchOutcome};
use prmdesk::plan::Entity;
use prmdesk::progress::{Progress, RunEvent};
use prmdesk::sandbox::{Act, Fault, Object};
use serde_json::{Map, Value, json};

use super::Rig;

#[tokio::test]
async fn the_feed_of_deleted_ids_or_none() {
    let rig = Rig::of(20, 60).await;
    let ids: Vec<i64> = rig.sandbox.world().users().map(|u| u.id).collect();
    let from = rig.sandbox.world().now();
    rig.sandbox.world().delete(Object::User, ids[5]);
    rig.sandbox.world().delete(Object::User, ids[3]);
    let to = rig.sandbox.world().now();
    let client = rig.client();
    let (progress, mut events) = Progress::channel();
    let feed = client
        .deleted(Entity::Contacts, from, to, &progress)
        .await
        .unwrap();
    assert_eq!(feed, Some(vec![ids[3], ids[5]]));
    let feed = client
        .deleted(Entity::Partners, from, to, &progress)
        .await
        .unwrap();
    assert_eq!(feed, Some(vec![]));
    assert!(events.try_recv().is_err(), "nothing to notice");
    for status in [400, 403, 404, 500] {
        rig.sandbox.faults().clear();
        let act = Act::Status {
            status,
            retry_after: None,
            message: None,
        };
        rig.sandbox
            .faults()
            .impartner(Fault::new(act).path("_deleted").always());
        let feed = client
            .deleted(Entity::Contacts, from, to, &progress)
            .await
            .unwrap();
        assert_eq!(feed, None);
        assert!(
            matches!(events.try_recv(), Ok(RunEvent::Notice { .. })),
            "{status}"
        );
    }
    rig.sandbox.faults().clear();
    let act = Act::Status {
        status: 401,
        retry_after: None,
        message: None,
    };
    rig.sandbox
        .faults()
        .impartner(Fault::new(act).path("_deleted"));
    let error = client
        .deleted(Entity::Contacts, from, to, &progress)
        .await
        .unwrap_err();
    assert!(matches!(error, ImpartnerError::Unauthorized { .. }));
}

#[tokio::test]
async fn the_description_names_the_fields() {
    let rig = Rig::of(2, 2).await;
    let fields = rig
        .client()
        .describe(Entity::Partners)
        .await
        .unwrap()
        .unwrap();
    for name in ["Id", "Name", "Partner_Tier__cf", "Updated"] {
        assert!(
            fields.iter().any(|field| field == name),
            "{name} in {fields:?}"
        );
    }
    let act = Act::Status {
        status: 403,
        retry_after: None,
        message: None,
    };
    rig.sandbox
        .faults()
        .impartner(Fault::new(act).path("_describe"));
    assert_eq!(rig.client().describe(Entity::Partners).await.unwrap(), None);
}

fn counts(count: f64) -> Map<String, Value> {
    let Value::Object(map) = json!({"Certification_Count__cf": count}) else {
        unreachable!()
    };
    map
}

/// What a write should come to.
enum Want {
    Ok,
    Failed,
    Unknown,
}

#[tokio::test]
async fn a_write_is_ok_failed_or_unknown_and_never_repeated_blindly() {
    let mut rig = Rig::of(12, 0).await;
    rig.config.timeout = Duration::from_millis(500);
    let id = rig.sandbox.world().accounts().next().unwrap().id;
    let count = |rig: &Rig| rig.sandbox.world().account(id).unwrap().certification_count;
    let status = |status| Act::Status {
        status,
        retry_after: None,
        message: Some("Because.".into()),
    };
    let faults = [
        (None, Want::Ok, 1, true),
        (Some(Fault::new(status(429))), Want::Ok, 2, true),
        (Some(Fault::new(status(503))), Want::Ok, 2, true),
        (
            Some(Fault::new(status(503)).always()),
            Want::Failed,
            3,
            false,
        ),
        (Some(Fault::new(status(400))), Want::Failed, 1, false),
        (Some(Fault::new(status(403))), Want::Failed, 1, false),
        (Some(Fault::new(status(404))), Want::Failed, 1, false),
        (
            Some(Fault::new(Act::RefuseIds {
                ids: vec![id],
                message: "Because.".into(),
            })),
            Want::Failed,
            1,
            false,
        ),
        (
            Some(Fault::new(Act::SuccessFalse {
                message: "Because.".into(),
                code: Some("X".into()),
            })),
            Want::Failed,
            1,
            false,
        ),
        (Some(Fault::new(status(500))), Want::Unknown, 1, false),
        (
            Some(Fault::new(Act::ApplyThenReset)),
            Want::Unknown,
            1,
            true,
        ),
        (
            Some(Fault::new(Act::ApplyThenStatus { status: 502 })),
            Want::Unknown,
            1,
            true,
        ),
        (Some(Fault::new(Act::Hang)), Want::Unknown, 1, false),
        (Some(Fault::new(Act::Html)), Want::Unknown, 1, false),
    ];
    for (number, (fault, want, requests, written)) in (1..).zip(faults) {
        rig.sandbox.faults().clear();
        rig.sandbox.log().clear();
        let what = format!("{fault:?}");
        if let Some(fault) = fault {
            rig.sandbox.faults().impartner(fault.method("PATCH"));
        }
        let value = f64::from(number);
        let outcome = rig
            .client()
            .patch(Entity::Partners, id, &counts(value))
            .await
            .unwrap();
        match want {
            Want::Ok => assert_eq!(outcome, PatchOutcome::Ok, "{what}"),
            Want::Failed => assert!(
                matches!(&outcome, PatchOutcome::Failed(why) if why.contains("Because.")),
                "{what}: {outcome:?}"
            ),
            Want::Unknown => assert!(
                matches!(outcome, PatchOutcome::Unknown(_)),
                "{what}: {outcome:?}"
            ),
        }
        let sent = rig.sandbox.log().entries();
        assert_eq!(sent.len(), requests, "{what}");
        assert_eq!(
            sent[0].body,
            json!({"Certification_Count__cf": value}).to_string()
        );
        if !matches!(want, Want::Unknown) || written {
            assert_eq!(count(&rig) == Some(value), written, "{what}");
        }
    }
    rig.sandbox.faults().clear();
    let act = Act::Status {
        status: 401,
        retry_after: None,
        message: None,
    };
    rig.sandbox
        .faults()
        .impartner(Fault::new(act).method("PATCH"));
    let error = rig
        .client()
        .patch(Entity::Partners, id, &counts(1.0))
        .await
        .unwrap_err();
    assert!(matches!(error, ImpartnerError::Unauthorized { .. }));
}

#[tokio::test]
async fn ping_says_how_long_and_which_dialect() {
    for choice in [DialectChoice::Auto, DialectChoice::Objects] {
        let mut rig = Rig::of(5, 0).await;
        rig.config.dialect = choice;
        let ping = rig.client().ping().await.unwrap();
        assert!(ping.latency > Duration::ZERO);
        assert_eq!(ping.dialect, Some(prmdesk::impartner::Dialect::Objects));
        assert_eq!(rig.sandbox.log().len(), 1);
        let act = Act::Status {
            status: 503,
            retry_after: None,
            message: None,
        };
        rig.sandbox.faults().impartner(Fault::new(act).always());
        let asked = rig.sandbox.log().len();
        let error = rig.client().ping().await.unwrap_err();
        assert!(
            matches!(error, ImpartnerError::NoAnswer { attempts: 1, .. }),
            "{error:?}"
        );
        assert_eq!(
            rig.sandbox.log().len(),
            asked + 1,
            "a person waits: it is asked once"
        );
    }
}
