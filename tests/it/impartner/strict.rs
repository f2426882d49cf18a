//! The Impartner client against servers that answer 400 to every field they do not have.

use prmdesk::impartner::ImpartnerError;
use prmdesk::plan::{Entity, Schema};
use prmdesk::progress::Progress;
use serde_json::{Value, json};

use super::wire::{Seen, client, config, record, reply, serve};

/// Whether the field `name` is asked for, ignoring case.
fn asks(seen: &Seen, name: &str) -> bool {
    seen.text("fields")
        .unwrap_or_default()
        .split(',')
        .any(|field| field.eq_ignore_ascii_case(name))
}

fn refusal(name: &str) -> String {
    json!({"success": false, "message": format!("Unknown field {name}")}).to_string()
}

fn page(count: usize, results: &[Value]) -> String {
    json!({"data": {"count": count, "results": results}, "success": true}).to_string()
}

#[tokio::test]
async fn a_tenant_that_has_the_region_by_id_alone_and_refuses_its_name_is_read() {
    let (url, _) = serve(|seen| {
        let skip = seen.number("skip").unwrap_or(0);
        let take = seen.number("take").unwrap_or(50);
        if seen.path.ends_with("/Region") {
            return reply(200, page(1, &[json!({"id": 7, "name": "EMEA"})][skip..]));
        }
        if asks(seen, "Region") {
            return reply(400, refusal("Region"));
        }
        let records: Vec<Value> = (1..=3)
            .map(|id| {
                let mut one = record(id);
                if asks(seen, "RegionId") {
                    one["regionId"] = json!(7);
                }
                one
            })
            .skip(skip)
            .take(take)
            .collect();
        if let Some(id) = seen.path.rsplit('/').next().and_then(|id| id.parse().ok()) {
            let mut one = record(id);
            one["regionId"] = json!(7);
            return reply(200, json!({"data": one, "success": true}).to_string());
        }
        reply(200, page(3, &records))
    })
    .await;
    let schema = Schema::of(Entity::Partners);
    let region = schema.index("account_region").unwrap();
    let progress = Progress::silent();
    let listing = client(&config(&url))
        .listing(&schema, None, &progress)
        .await
        .unwrap();
    assert!(listing.facts.proved, "{:?}", listing.facts.reason);
    for at in 0..3 {
        assert_eq!(listing.records.field(at, region), Some("EMEA"));
    }
    // A fresh client learns it by id as well.
    let found = client(&config(&url))
        .by_ids(&schema, &[2], &[], &progress)
        .await
        .unwrap();
    assert_eq!(found.records.len(), 1, "{:?}", found.unverified);
    assert_eq!(found.records.field(0, region), Some("EMEA"));
}

#[tokio::test]
async fn ignored_paging_is_named_also_where_the_other_dialect_is_refused() {
    let (url, _) = serve(|seen| {
        if asks(seen, "ModifiedDate") {
            return reply(400, refusal("ModifiedDate"));
        }
        let take = seen.number("take").unwrap_or(50);
        let records: Vec<Value> = (1..=take.min(300)).map(record).collect();
        reply(200, page(300, &records))
    })
    .await;
    let error = client(&config(&url))
        .listing(&Schema::of(Entity::Partners), None, &Progress::silent())
        .await
        .unwrap_err();
    assert!(
        matches!(error, ImpartnerError::IgnoresPaging { .. }),
        "{error:?}"
    );
}
