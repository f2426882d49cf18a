//! Answers that are half true: what they may not be taken for.

use prmdesk::config::{DialectChoice, ImpartnerConfig};
use prmdesk::impartner::{ImpartnerError, Listing, PatchOutcome};
use prmdesk::plan::{Entity, Schema};
use prmdesk::progress::Progress;
use serde_json::json;

use super::wire::{Seen, client, config, record, reply, serve};

/// Record 1 answers; `body` is what record 2 answers, with `status`. Whether 2 counts as gone.
async fn gone(status: u16, body: &str, canary: Option<i64>) -> bool {
    let text = body.to_owned();
    let (url, _) = serve(move |seen| {
        if seen.path.ends_with("/1") {
            reply(200, json!({"data": record(1), "success": true}).to_string())
        } else {
            reply(status, text.clone())
        }
    })
    .await;
    let schema = Schema::of(Entity::Partners);
    let found = client(&config(&url))
        .by_ids(&schema, &[2], canary.as_slice(), &Progress::silent())
        .await
        .unwrap();
    assert_eq!(found.gone.len() + found.unverified.len(), 1, "{body}");
    !found.gone.is_empty()
}

#[tokio::test]
async fn a_half_true_answer_is_no_deletion() {
    for (status, body) in [
        (
            200,
            r#"{"data": null, "errors": [{"message": "Timeout expired."}]}"#,
        ),
        (
            200,
            r#"{"data": null, "success": true, "errors": ["Timeout expired."]}"#,
        ),
        (
            200,
            r#"{"data": null, "success": true, "errors": {"sql": "timeout"}}"#,
        ),
        (
            200,
            r#"{"data": null, "success": true, "message": "Access denied."}"#,
        ),
        (200, r#"{"data": null}"#),
        (
            200,
            r#"{"success": false, "errors": [{"code": "NotFound"}, {"code": "Forbidden"}]}"#,
        ),
        (
            200,
            r#"{"success": false, "message": "Access denied.", "errors": [{"code": "NotFound"}]}"#,
        ),
        (
            200,
            r#"{"success": false, "data": {"id": 2}, "errors": [{"code": "NotFound"}]}"#,
        ),
        (404, r#"{"message": "Access denied."}"#),
        (
            404,
            r#"{"success": false, "errors": [{"code": "TenantNotFound"}]}"#,
        ),
        (
            404,
            r#"{"data": null, "success": false, "errors": {"sql": "timeout"}}"#,
        ),
    ] {
        assert!(!gone(status, body, Some(1)).await, "{status} {body}");
    }
    for (status, body) in [
        (
            200,
            r#"{"data": null, "success": true, "errors": [], "message": ""}"#,
        ),
        (200, r#"{"data": null, "success": true, "errors": null}"#),
        (
            200,
            r#"{"success": false, "message": "Account 2 was not found.", "errors": [{"code": "NotFound"}]}"#,
        ),
        (
            404,
            r#"{"success": false, "message": "Account 2 was not found.", "errors": [{"code": "NotFound", "status": 404}]}"#,
        ),
        (404, ""),
    ] {
        assert!(gone(status, body, Some(1)).await, "{status} {body}");
    }
}

#[tokio::test]
async fn without_a_canary_nobody_is_gone() {
    for (status, body) in [
        (404, ""),
        (
            404,
            r#"{"success": false, "errors": [{"code": "NotFound"}]}"#,
        ),
        (
            200,
            r#"{"success": false, "errors": [{"code": "NotFound"}]}"#,
        ),
        (200, r#"{"data": null, "success": true}"#),
    ] {
        assert!(gone(status, body, Some(1)).await, "{status} {body}");
        assert!(!gone(status, body, None).await, "{status} {body}");
    }
}

#[tokio::test]
async fn a_write_that_the_body_refuses_is_no_success() {
    let failed = |why: &str| PatchOutcome::Failed(why.into());
    for (status, body, want) in [
        (
            200,
            r#"{"data": {"id": 5}, "success": true}"#,
            Some(PatchOutcome::Ok),
        ),
        (
            200,
            r#"{"data": {"id": 5}, "success": true, "errors": []}"#,
            Some(PatchOutcome::Ok),
        ),
        (
            200,
            r#"{"results": [{"data": {"id": 5}, "success": true, "errors": []}], "success": true}"#,
            Some(PatchOutcome::Ok),
        ),
        (204, "", Some(PatchOutcome::Ok)),
        (
            200,
            r#"{"results": [{"data": null, "success": false, "errors": [{"message": "No."}]}], "success": true}"#,
            Some(failed("No.")),
        ),
        (
            200,
            r#"{"data": {"results": [{"success": "false", "message": "No."}]}, "success": true}"#,
            Some(failed("No.")),
        ),
        (
            200,
            r#"[{"data": null, "success": false, "errors": [{"message": "No."}]}]"#,
            Some(failed("No.")),
        ),
        (
            200,
            r#"{"data": {"success": false, "message": "No."}, "success": true}"#,
            Some(failed("No.")),
        ),
        (
            200,
            r#"{"data": null, "success": true, "errors": [{"message": "No."}]}"#,
            Some(failed("No.")),
        ),
        (
            200,
            r#"{"data": null, "errors": [{"message": "No."}]}"#,
            Some(failed("No.")),
        ),
        // What cannot be told is read again.
        (200, r#"{"data": null, "success": true}"#, None),
        (
            200,
            r#"{"data": {"id": 5}, "success": true, "errors": [{"message": "Partly."}]}"#,
            None,
        ),
        (200, r#"{"data": {"id": 6}, "success": true}"#, None),
        (200, r#"{"id": 5}"#, None),
        (200, "{}", None),
        (200, "", None),
        (200, "<html>Sign in</html>", None),
    ] {
        let (url, _) = serve(move |_| reply(status, body)).await;
        let values = json!({"Total_NPCU__cf": 3.0}).as_object().unwrap().clone();
        let outcome = client(&config(&url))
            .patch(Entity::Partners, 5, &values)
            .await
            .unwrap();
        match want {
            Some(want) => assert_eq!(outcome, want, "{body}"),
            None => assert!(
                matches!(outcome, PatchOutcome::Unknown(_)),
                "{body}: {outcome:?}"
            ),
        }
    }
}

/// A listing in the objects dialect, pages of 5.
async fn list<F>(page: F) -> (Result<Listing, ImpartnerError>, usize)
where
    F: Fn(&Seen) -> axum::http::Response<axum::body::Body> + Clone + Send + Sync + 'static,
{
    let (url, log) = serve(page).await;
    let config = ImpartnerConfig {
        page_size: 5,
        dialect: DialectChoice::Objects,
        ..config(&url)
    };
    let schema = Schema::of(Entity::Partners);
    let listing = client(&config)
        .listing(&schema, None, &Progress::silent())
        .await;
    let requests = log.lock().unwrap().len();
    (listing, requests)
}

fn page(count: usize, ids: impl Iterator<Item = usize>) -> String {
    let results: Vec<_> = ids.map(record).collect();
    json!({"data": {"count": count, "results": results}, "success": true}).to_string()
}

#[tokio::test]
async fn what_is_asked_past_the_end_may_answer_anything() {
    for (status, body) in [
        (200, r#"{"success": false, "message": "Past the end."}"#),
        (200, r#"{"data": null, "success": true}"#),
        (
            200,
            r#"{"data": {"count": 10, "results": null}, "success": true}"#,
        ),
        (500, ""),
        (404, "<html>nothing</html>"),
        (200, "<html>nothing</html>"),
    ] {
        let (listing, _) = list(move |seen| match seen.number("skip") {
            Some(skip @ (0 | 5)) => reply(200, page(10, skip + 1..=skip + 5)),
            _ => reply(status, body),
        })
        .await;
        let listing = listing.unwrap_or_else(|error| panic!("{status} {body}: {error}"));
        assert_eq!(
            (listing.records.len(), listing.facts.proved),
            (10, true),
            "{status} {body}"
        );
    }
    // Within the count it still ends the run.
    let (listing, _) = list(move |seen| match seen.number("skip") {
        Some(0) => reply(200, page(10, 1..=5)),
        _ => reply(200, r#"{"data": null, "success": true}"#),
    })
    .await;
    assert!(matches!(listing, Err(ImpartnerError::PageNeverCame { .. })));
}

#[tokio::test]
async fn an_empty_listing_may_have_no_list() {
    let null = |count: &str| {
        format!(
            r#"{{"data": {{"count": {count}, "entity": "Account", "results": null}}, "success": true}}"#
        )
    };
    let empty = null("0");
    let (listing, _) = list(move |_| reply(200, empty.clone())).await;
    let listing = listing.unwrap();
    assert_eq!((listing.records.len(), listing.facts.proved), (0, true));
    for count in ["3", "null"] {
        let broken = null(count);
        let (listing, _) = list(move |_| reply(200, broken.clone())).await;
        assert!(
            matches!(listing, Err(ImpartnerError::PageNeverCame { .. })),
            "{count}"
        );
    }
}

#[tokio::test]
async fn a_count_out_of_all_proportion_costs_few_requests() {
    let (listing, requests) = list(|seen| {
        let skip = seen.number("skip").unwrap_or(0);
        reply(200, page(20_000, (1..=30).skip(skip).take(5)))
    })
    .await;
    let listing = listing.unwrap();
    assert_eq!((listing.records.len(), listing.facts.proved), (30, false));
    assert!(
        listing
            .facts
            .reason
            .unwrap()
            .contains("the source counts 20000")
    );
    assert!(requests < 400, "{requests} requests");
}

#[tokio::test]
async fn one_bad_character_stops_nobody_else() {
    let good = |id: usize, name: &str| {
        format!(r#"{{"id": {id}, "name": "{name}", "updated": "2026-01-31T10:00:00"}}"#)
            .into_bytes()
    };
    for (bad, want) in [
        (&b"M\xfcller"[..], "M\u{fffd}ller"),
        (br"M\ud800ller", "M\u{fffd}ller"),
        (br"M\udc00ller", "M\u{fffd}ller"),
        (br"M\ud83d\u0041ller", "M\u{fffd}Aller"),
        (b"M\x01ller", "M\u{1}ller"),
    ] {
        let mut body = br#"{"data": {"count": 3, "results": ["#.to_vec();
        body.extend(good(1, r#"Quote \" \\ \u00fc \ud83d\ude00"#));
        body.extend_from_slice(br#", {"id": 2, "name": ""#);
        body.extend_from_slice(bad);
        body.extend_from_slice(br#"", "updated": "2026-01-31T10:00:00"}, "#);
        body.extend(good(3, "Drei"));
        body.extend_from_slice(br#"]}, "success": true}"#);
        let (listing, _) = list(move |seen| match seen.number("skip") {
            Some(0) => reply(200, body.clone()),
            _ => reply(200, page(3, 0..0)),
        })
        .await;
        let listing = listing.unwrap();
        assert!(listing.facts.proved, "{:?}", listing.facts);
        let names: Vec<_> = (0..3)
            .map(|at| listing.records.field(at, 0).unwrap())
            .collect();
        assert_eq!(names, ["Quote \" \\ ü 😀", want, "Drei"]);
        let told: Vec<_> = listing
            .warnings
            .iter()
            .filter(|w| w.code == "broken_character")
            .map(|w| w.impartner_id)
            .collect();
        let expected = if want.contains('\u{fffd}') {
            vec![Some(2)]
        } else {
            vec![]
        };
        assert_eq!(told, expected, "{:?}", listing.warnings);
    }
}

/// A feed that says errors, or nothing and why, tells of no deletions: its span is asked for again.
#[tokio::test]
async fn a_half_true_feed_is_a_refused_one() {
    for (body, ids) in [
        (r#"{"data": [3, 4], "success": true}"#, Some(vec![3, 4])),
        (r#"{"data": [], "success": true}"#, Some(vec![])),
        (
            r#"{"data": [], "success": true, "errors": ["Timeout expired."]}"#,
            None,
        ),
        (
            r#"{"data": [3], "success": true, "errors": ["Timeout expired."]}"#,
            None,
        ),
        (
            r#"{"data": [], "success": true, "message": "Access denied."}"#,
            None,
        ),
        (r#"{"data": null, "message": "Access denied."}"#, None),
    ] {
        let (url, _) = serve(move |_| reply(200, body)).await;
        let to = chrono::DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let from = to - chrono::TimeDelta::days(1);
        let fed = client(&config(&url))
            .deleted(Entity::Partners, from, to, &Progress::silent())
            .await
            .unwrap();
        assert_eq!(fed, ids, "{body}");
    }
}
