//! The decoder against arbitrary JSON and bytes, and how fast it is.

use prmdesk::impartner::decode_page;
use prmdesk::plan::{Entity, Schema};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::wire::record;

/// JSON of any shape, with names the decoder knows among its keys.
fn any_json() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[0-9T:. Z+-]{0,30}".prop_map(Value::from),
    ];
    let key = prop_oneof![
        prop::sample::select(vec![
            "data",
            "Data",
            "results",
            "value",
            "count",
            "success",
            "errors",
            "message",
            "id",
            "Id",
            "ID",
            "name",
            "region",
            "regionId",
            "account",
            "accountId",
            "accountName",
            "isActive",
            "updated",
            "modifiedDate",
            "crmId",
            "account_Status__cf",
            "email",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    scalar.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..8)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn the_decoder_survives_any_json(value in any_json(), wrap in any::<bool>()) {
        let value = if wrap { json!({"data": {"count": 1, "results": [value]}}) } else { value };
        for entity in Entity::ALL {
            let schema = Schema::of(entity);
            if let Some(set) = decode_page(&schema, value.to_string().as_bytes()) {
                prop_assert!(set.ids().iter().all(|id| *id > 0));
            }
        }
    }

    #[test]
    fn the_decoder_survives_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200), keep in 0usize..400) {
        let schema = Schema::of(Entity::Contacts);
        let _ = decode_page(&schema, &bytes);
        let whole = json!({"data": {"count": 2, "results": [record(1), record(2)]}, "success": true}).to_string();
        let cut = &whole.as_bytes()[..keep.min(whole.len())];
        prop_assert_eq!(decode_page(&schema, cut).is_some(), cut.len() == whole.len());
    }
}

/// `cargo test --release --test it decode_speed -- --ignored --nocapture`
#[test]
#[ignore = "it measures, it does not test"]
fn decode_speed() {
    let pages: Vec<String> = (0..1100)
        .map(|page| {
            let results: Vec<Value> = (1..=100)
                .map(|n| {
                    let id = page * 100 + n;
                    json!({"id": id, "email": format!("someone.{id}@example.com"), "firstName": "Zoë", "lastName": "Someone",
                           "title": "Channel manager", "phone": "+49 30 1234567", "isActive": true,
                           "contact_Status__cf": "Active", "accountId": id / 10, "accountName": "A Company GmbH & Co. KG",
                           "updated": "2026-01-31T10:00:00.123"})
                })
                .collect();
            json!({"data": {"count": 110_000, "entity": "User", "results": results}, "success": true}).to_string()
        })
        .collect();
    let schema = Schema::of(Entity::Contacts);
    let started = std::time::Instant::now();
    let records: usize = pages
        .iter()
        .map(|page| decode_page(&schema, page.as_bytes()).unwrap().len())
        .sum();
    println!("{records} records decoded in {:?}", started.elapsed());
    assert_eq!(records, 110_000);
}
