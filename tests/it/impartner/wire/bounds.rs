//! The Impartner client against answers without measure: deep, endless, huge, slow (docs/apis.md, "Bounds"). Each of these
//! ends; none of them is waited for with a clock.

use std::fmt::Write as _;
use std::time::Duration;

use prmdesk::clock::Clock;
use prmdesk::impartner::{Bounds, Client, ImpartnerError};
use prmdesk::plan::{Entity, Schema};
use prmdesk::progress::Progress;
use serde_json::{Value, json};

use super::{client, config, record, reply, serve};

/// A client that takes in little, so that the end is soon reached.
fn small(url: &str) -> Client {
    let bounds = Bounds {
        records: 2_000,
        pages: 300,
        bytes: 1 << 20,
    };
    Client::with_bounds(&config(url), Clock::system(), bounds).unwrap()
}

fn page(count: Option<usize>, results: &[Value]) -> String {
    match count {
        Some(count) => {
            json!({"data": {"count": count, "results": results}, "success": true}).to_string()
        }
        None => Value::from(results.to_vec()).to_string(),
    }
}

async fn listing(client: &Client) -> Result<prmdesk::impartner::Listing, ImpartnerError> {
    client
        .listing(&Schema::of(Entity::Partners), None, &Progress::silent())
        .await
}

#[tokio::test]
async fn a_listing_without_an_end_ends() {
    for count in [None, Some(usize::MAX >> 1)] {
        let (url, _) = serve(move |seen| {
            let (skip, take) = (
                seen.number("skip").unwrap_or(0),
                seen.number("take").unwrap_or(50),
            );
            let records: Vec<Value> = (skip + 1..=skip + take).map(record).collect();
            reply(200, page(count, &records))
        })
        .await;
        let error = listing(&small(&url)).await.unwrap_err();
        assert!(
            matches!(&error, ImpartnerError::TooMuch { most, .. } if most.ends_with("records")),
            "{count:?}: {error}"
        );
    }
}

#[tokio::test]
async fn texts_without_measure_are_not_collected() {
    let (url, _) = serve(|seen| {
        let (skip, take) = (
            seen.number("skip").unwrap_or(0),
            seen.number("take").unwrap_or(50),
        );
        let records: Vec<Value> = (skip + 1..=(skip + take).min(60))
            .map(|id| {
                let mut one = record(id);
                one["website"] = json!("w".repeat(60_000));
                one
            })
            .collect();
        reply(200, page(Some(60), &records))
    })
    .await;
    let error = listing(&small(&url)).await.unwrap_err();
    assert!(
        matches!(&error, ImpartnerError::TooMuch { most, .. } if most.ends_with("text")),
        "{error}"
    );
    let read = listing(&client(&config(&url))).await.unwrap();
    assert_eq!(read.records.len(), 60);
    let by_id = small(&url)
        .by_ids(
            &Schema::of(Entity::Partners),
            &(1..=60).collect::<Vec<_>>(),
            &[],
            &Progress::silent(),
        )
        .await;
    // One by one a page is no record, so nothing is known and nothing is kept.
    assert_eq!(by_id.unwrap().unverified.len(), 60);
}

#[tokio::test]
async fn one_text_longer_than_any_column_is_cut() {
    let (url, _) = serve(|_| {
        let mut one = record(1);
        one["name"] = json!("é".repeat(4 << 20));
        reply(200, page(Some(1), &[one]))
    })
    .await;
    let read = listing(&client(&config(&url))).await.unwrap();
    let name = read.records.field(0, Schema::KEY).unwrap();
    assert_eq!(name.len(), 128 << 10);
    assert!(
        read.warnings
            .iter()
            .any(|warning| warning.code == "overlong_value"),
        "{:?}",
        read.warnings
    );
}

#[tokio::test]
async fn depth_is_no_danger() {
    let deep = "[".repeat(2_000_000);
    let closed = format!("{deep}{}", "]".repeat(2_000_000));
    for body in [
        deep.clone(),
        format!("{{\"data\": {deep}"),
        closed.clone(),
        format!(
            "{{\"data\": {{\"count\": 1, \"results\": [{{\"id\": 1, \"name\": {closed}}}]}}, \"success\": true}}"
        ),
        format!("{{\"errors\": {closed}, \"success\": false}}"),
        "{\"a\":".repeat(1_000_000),
    ] {
        for status in [200, 400] {
            let body = body.clone();
            let (url, _) = serve(move |_| reply(status, body.clone())).await;
            listing(&client(&config(&url))).await.unwrap_err();
            let schema = Schema::of(Entity::Partners);
            let found = client(&config(&url))
                .by_ids(&schema, &[1], &[], &Progress::silent())
                .await;
            assert_eq!(found.unwrap().records.len(), 0);
            let _any = client(&config(&url)).describe(Entity::Partners).await;
        }
    }
    // What nobody asked for is stepped over, however deep.
    let (url, _) = serve(move |_| {
        reply(200, format!("{{\"data\": {{\"count\": 1, \"results\": [{{\"id\": 1, \"more\": {closed}}}]}}, \"success\": true}}"))
    })
    .await;
    assert_eq!(
        listing(&client(&config(&url))).await.unwrap().records.len(),
        1
    );
}

#[tokio::test]
async fn a_refusal_with_a_million_reasons_is_one_with_some() {
    let mut body = String::from("{\"success\": false, \"errors\": [");
    for n in 0..300_000 {
        let comma = if n > 0 { "," } else { "" };
        write!(body, "{comma}{{\"code\":\"c{n}\",\"message\":\"m{n}\"}}").unwrap();
    }
    body.push_str("]}");
    for status in [200, 400] {
        let body = body.clone();
        let (url, _) = serve(move |_| reply(status, body.clone())).await;
        let error = listing(&client(&config(&url)))
            .await
            .unwrap_err()
            .to_string();
        assert!(error.len() < 4_000, "{}", error.len());
    }
}

#[tokio::test]
async fn an_answer_that_drips_is_given_up() {
    use axum::body::{Body, Bytes};
    let (url, seen) = serve(|_| {
        let drops = futures_util::stream::unfold((), async |()| {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
        });
        axum::http::Response::new(Body::from_stream(drops))
    })
    .await;
    let mut config = config(&url);
    config.timeout = Duration::from_millis(200);
    config.retries = 1;
    let error = listing(&client(&config)).await.unwrap_err();
    assert!(!matches!(error, ImpartnerError::Cancelled), "{error}");
    assert!(
        seen.lock().unwrap().len() >= 2,
        "it was asked again, and then given up"
    );
}
