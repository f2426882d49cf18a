//! Listings, single records, writes.

use std::collections::BTreeSet;

use prmdesk::sandbox::{
    Account, Dialect, Missing, Object, OdataNames, Pages, Paging, SandboxOptions, User, World,
};
use serde_json::{Value, json};

use super::{Rig, answer, ids};

fn odata() -> SandboxOptions {
    SandboxOptions {
        dialect: Dialect::Odata,
        ..SandboxOptions::default()
    }
}

#[tokio::test]
async fn objects_pages_in_order_and_counts_all_matches() {
    let rig = Rig::objects(World::generate(3, 250, 0)).await;
    let mut seen = BTreeSet::new();
    for skip in ["0", "100", "200"] {
        let query = [
            ("fields", "Id,Account_Status__cf,CrmId"),
            ("orderby", "Id"),
            ("skip", skip),
            ("take", "100"),
        ];
        let (status, body) = rig.get("Account", &query).await;
        assert_eq!((status, &body["success"]), (200, &json!(true)));
        assert_eq!(body["data"]["count"], 250);
        assert_eq!(body["data"]["entity"], "Account");
        let page = ids(&body);
        assert!(page.is_sorted());
        seen.extend(page);
        let first = body["data"]["results"][0].as_object().unwrap();
        let keys: Vec<&String> = first.keys().collect();
        assert_eq!(keys, ["id", "account_Status__cf", "crmId"]);
    }
    assert_eq!(seen.len(), 250);
    // The other dialect's parameters are ignored.
    let query = [("page", "2"), ("pageSize", "7"), ("orderby", "Id")];
    let (_, other) = rig.get("Account", &query).await;
    assert_eq!(ids(&other).len(), 100);
    assert_eq!(ids(&other).first(), seen.first());
}

#[tokio::test]
async fn without_an_order_pages_overlap_and_are_the_same_each_time() {
    let rig = Rig::objects(World::generate(3, 300, 0)).await;
    let page = |skip| rig.get("Account", if skip { &[("skip", "100")] } else { &[] });
    let (first, again, second) = (page(false).await.1, page(false).await.1, page(true).await.1);
    assert_eq!(ids(&first), ids(&again));
    assert!(!ids(&first).is_sorted());
    let both: BTreeSet<i64> = ids(&first).into_iter().chain(ids(&second)).collect();
    assert!(
        both.len() < 200,
        "a record is on both pages, so another is on none"
    );
}

#[tokio::test]
async fn a_server_caps_the_page() {
    let options = SandboxOptions {
        page_cap: 40,
        ..SandboxOptions::default()
    };
    let rig = Rig::start(World::generate(3, 100, 0), options).await;
    let (_, body) = rig
        .get("Account", &[("take", "500"), ("orderby", "Id")])
        .await;
    assert_eq!(
        (ids(&body).len(), &body["data"]["count"]),
        (40, &json!(100))
    );
    let (_, tail) = rig
        .get(
            "Account",
            &[("take", "500"), ("orderby", "Id"), ("skip", "80")],
        )
        .await;
    assert_eq!(ids(&tail).len(), 20);
}

#[tokio::test]
async fn odata_ignores_the_parameters_of_objects() {
    let rig = Rig::start(World::generate(3, 250, 0), odata()).await;
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
    let (_, body) = rig
        .get(
            "Account",
            &[("$select", "Id,ModifiedDate"), ("pageSize", "1")],
        )
        .await;
    let at = body["data"]["results"][0]["modifiedDate"].as_str().unwrap();
    assert!(at.ends_with('Z'), "{at}");

    let plain = SandboxOptions {
        odata_names: OdataNames::Plain,
        ..odata()
    };
    let rig = Rig::start(World::generate(3, 250, 0), plain).await;
    let query = [
        ("orderby", "Id desc"),
        ("fields", "Id"),
        ("page", "1"),
        ("pageSize", "9"),
    ];
    let (_, body) = rig.get("Account", &query).await;
    assert!(ids(&body).is_sorted_by(|a, b| a > b));
    assert_eq!(body["data"]["results"][0].as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn paging_can_be_ignored_altogether() {
    let options = SandboxOptions {
        paging: Paging::Ignored,
        ..SandboxOptions::default()
    };
    let rig = Rig::start(World::generate(3, 250, 0), options).await;
    let (_, a) = rig
        .get("Account", &[("orderby", "Id"), ("take", "10")])
        .await;
    let (_, b) = rig
        .get(
            "Account",
            &[("orderby", "Id"), ("skip", "100"), ("take", "10")],
        )
        .await;
    assert_eq!(ids(&a), ids(&b));
    assert_eq!(ids(&a).len(), 100);
}

/// Three accounts with known values.
fn three() -> World {
    let mut world = World::generate(1, 0, 0);
    for (id, name, tier, status) in [
        (11, "O'Neill & Söhne", Some("Premier"), "Active"),
        (12, "Plain Ltd", Some("Pending"), "Inactive"),
        (13, "Back\\slash", None, "Active"),
    ] {
        world.add_account(Account {
            id,
            name: name.to_owned(),
            tier: tier.map(str::to_owned),
            status: Some(status.to_owned()),
            is_active: id != 12,
            ..Account::default()
        });
    }
    world
}

#[tokio::test]
async fn the_filter_language_of_objects() {
    let rig = Rig::objects(three()).await;
    let second = rig.sandbox.world().account(12).unwrap().updated;
    let since = format!("Updated >= '{}'", second.format("%Y-%m-%dT%H:%M:%S%.3f"));
    for (filter, expected) in [
        ("Id > 11", &[12, 13][..]),
        ("Id in (11, 13, 99)", &[11, 13]),
        ("Partner_Tier__cf != 'Pending'", &[11]),
        ("Partner_Tier__cf != null", &[11, 12]),
        (
            "Partner_Tier__cf = null or Account_Status__cf = 'inactive'",
            &[12, 13],
        ),
        ("(Id = 11 or Id = 12) and IsActive = true", &[11]),
        ("Id = 11 or Id = 12 and IsActive = true", &[11]),
        ("Name = 'O\\'Neill & Söhne'", &[11]),
        ("Name = 'Back\\\\slash'", &[13]),
        ("account_status__CF = 'Active' and Id <= 12", &[11]),
        (&since, &[12, 13]),
        ("Updated > '2999-01-01T00:00:00'", &[]),
        ("", &[11, 12, 13]),
    ] {
        let (status, body) = rig
            .get("Account", &[("filter", filter), ("orderby", "Id")])
            .await;
        assert_eq!(status, 200, "{filter}: {body}");
        assert_eq!(ids(&body), expected, "{filter}");
        assert_eq!(body["data"]["count"], expected.len(), "{filter}");
    }
    for wrong in [
        "Id >",
        "Nonsense = 1",
        "Id eq 11",
        "Name = 'open",
        "(Id = 1",
        "Id = 1 2",
        "ModifiedDate > '2026-01-01'",
    ] {
        let (status, body) = rig.get("Account", &[("filter", wrong)]).await;
        assert_eq!((status, &body["success"]), (400, &json!(false)), "{wrong}");
    }
}

#[tokio::test]
async fn the_filter_language_of_odata() {
    let rig = Rig::start(three(), odata()).await;
    let second = rig.sandbox.world().account(12).unwrap().updated;
    let since = format!(
        "ModifiedDate gt {}",
        second.format("%Y-%m-%dT%H:%M:%S%.3fZ")
    );
    for (filter, expected) in [
        ("Partner_Tier__cf ne 'Pending' and Id ge 11", &[11][..]),
        ("Id eq 11 or Id eq 13", &[11, 13]),
        ("Name eq 'O''Neill & Söhne'", &[11]),
        (&since, &[13]),
        ("Id lt 13 and (Id gt 11)", &[12]),
    ] {
        let (status, body) = rig
            .get("Account", &[("$filter", filter), ("$orderby", "Id")])
            .await;
        assert_eq!(status, 200, "{filter}: {body}");
        assert_eq!(ids(&body), expected, "{filter}");
    }
    assert_eq!(rig.get("Account", &[("$filter", "Id = 11")]).await.0, 400);
    // Not its own language: no filter at all.
    assert_eq!(
        ids(&rig.get("Account", &[("filter", "Id = 11")]).await.1).len(),
        3
    );
}

#[tokio::test]
async fn one_record_and_three_ways_to_have_none() {
    let rig = Rig::objects(three()).await;
    let (status, body) = rig.get("account/11", &[("fields", "Name,Nonsense")]).await;
    assert_eq!(
        (status, body),
        (
            200,
            json!({"data": {"name": "O'Neill & Söhne"}, "success": true})
        )
    );
    let (status, body) = rig.get("Account/99", &[]).await;
    assert_eq!(
        (status, &body["errors"][0]["code"]),
        (404, &json!("NotFound"))
    );
    for (missing, expected) in [
        (Missing::SuccessFalse, json!(false)),
        (Missing::NullData, json!(true)),
    ] {
        let options = SandboxOptions {
            missing,
            ..SandboxOptions::default()
        };
        let rig = Rig::start(three(), options).await;
        let (status, body) = rig.get("Account/99", &[]).await;
        assert_eq!((status, &body["success"]), (200, &expected));
        assert!(body.get("data").is_none_or(Value::is_null));
    }
}

#[tokio::test]
async fn a_bad_key_and_a_missing_tenant_are_401_everywhere() {
    let rig = Rig::objects(three()).await;
    for path in ["Account", "Account/11", "Account/_deleted", "User/1"] {
        let url = format!("{}/api/objects/v1/{path}", rig.sandbox.impartner_url());
        for (key, tenant) in [
            ("prm-key nonsense", "1"),
            ("prm-key sandbox-impartner-key", "9"),
        ] {
            let request = rig
                .http
                .get(&url)
                .header("Authorization", key)
                .header("X-PRM-TenantId", tenant);
            let (status, body) = answer(request).await;
            assert_eq!((status, &body["success"]), (401, &json!(false)));
        }
    }
    let who: BTreeSet<&str> = rig
        .sandbox
        .log()
        .entries()
        .iter()
        .map(|entry| entry.who)
        .collect();
    assert_eq!(who, BTreeSet::from(["wrong key", "wrong tenant"]));
}

#[tokio::test]
async fn writes_stamp_and_refuse_field_by_field() {
    let rig = Rig::objects(three()).await;
    let before = rig.sandbox.world().account(11).unwrap().clone();
    let patch = json!({"Certification_Count__cf": 5, "Total_NPCU__cf": 7.5});
    let (status, body) = answer(rig.prm("PATCH", "Account/11", &[]).json(&patch)).await;
    assert_eq!(
        (status, &body["data"]["total_NPCU__cf"]),
        (200, &json!(7.5))
    );
    let after = rig.sandbox.world().account(11).unwrap().clone();
    assert_eq!(after.certification_count, Some(5.0));
    assert_eq!(after.name, before.name, "only the keys sent");
    assert!(after.updated > before.updated);

    let wrong = json!({"Total_NPCU__cf": 1, "Certification_Count__cf": "many"});
    let (status, body) = answer(rig.prm("PATCH", "Account/11", &[]).json(&wrong)).await;
    assert_eq!((status, &body["success"]), (400, &json!(false)));
    assert_eq!(
        *rig.sandbox.world().account(11).unwrap(),
        after,
        "all or nothing"
    );
    assert_eq!(
        answer(rig.prm("PATCH", "Account/99", &[]).json(&patch))
            .await
            .0,
        404
    );

    let many = json!([{"Id": 12, "Name": "Renamed"}, {"Id": 99, "Name": "Nobody"}]);
    let (status, body) = answer(rig.prm("PATCH", "Account", &[]).json(&many)).await;
    assert_eq!((status, &body["success"]), (200, &json!(false)));
    assert_eq!(body["results"][0]["success"], true);
    assert_eq!(body["results"][1]["success"], false);
    assert_eq!(rig.sandbox.world().account(12).unwrap().name, "Renamed");

    let (status, body) = answer(rig.prm("PUT", "Account", &[]).json(&json!({"Name": "New"}))).await;
    let id = body["data"]["id"].as_i64().unwrap();
    assert_eq!(
        (
            status,
            rig.sandbox.world().account(id).unwrap().name.as_str()
        ),
        (201, "New")
    );

    let search = json!({"filter": "Name = 'New'", "fields": "Id", "take": 5});
    let (status, body) = answer(rig.prm("POST", "Account", &[]).json(&search)).await;
    assert_eq!((status, ids(&body)), (200, vec![id]));
}

#[tokio::test]
async fn the_feed_the_description_and_the_regions() {
    let rig = Rig::objects(three()).await;
    let start = rig.sandbox.world().stamp();
    assert!(rig.sandbox.world().delete(Object::Account, 12));
    let day = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%dT%H:%M:%S%.3f").to_string();
    let end = rig.sandbox.world().stamp();
    let span = [("fromUtc", day(start)), ("toUtc", day(end))];
    let span: Vec<(&str, &str)> = span.iter().map(|(key, at)| (*key, at.as_str())).collect();
    assert_eq!(
        rig.get("Account/_deleted", &span).await.1,
        json!({"data": [12], "success": true})
    );
    assert_eq!(rig.get("User/_deleted", &span).await.1["data"], json!([]));
    assert_eq!(
        rig.get("Account/_deleted", &span[..1]).await.0,
        400,
        "both ends are required"
    );
    assert_eq!(rig.get("Account/12", &[]).await.0, 404);

    let (_, body) = rig.get("Account/_describe", &[]).await;
    let names: Vec<&str> = body["data"]["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| field["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"Partner_Tier__cf") && names.contains(&"Updated"));
    assert!(!names.contains(&"ModifiedDate"));

    let (_, body) = rig
        .get("Region", &[("fields", "Id,Name"), ("orderby", "Id")])
        .await;
    assert_eq!(body["data"]["results"][0], json!({"id": 1, "name": "EMEA"}));
    assert_eq!(rig.get("Opportunity", &[]).await.0, 404);
}

#[tokio::test]
async fn live_edits_are_seen_at_once() {
    let rig = Rig::objects(three()).await;
    let query = [("filter", "Partner_Tier__cf = 'Elite'"), ("orderby", "Id")];
    assert_eq!(rig.get("Account", &query).await.1["data"]["count"], 0);
    rig.sandbox
        .world()
        .edit_account(13, |account| account.tier = Some("Elite".to_owned()));
    assert_eq!(ids(&rig.get("Account", &query).await.1), [13]);
    let id = rig.sandbox.world().add_user(User {
        email: Some("a@b.example".to_owned()),
        account_id: Some(13),
        is_active: true,
        ..User::default()
    });
    let (_, body) = rig
        .get(
            &format!("User/{id}"),
            &[("fields", "AccountId,AccountName,Account")],
        )
        .await;
    assert_eq!(
        body["data"],
        json!({"accountId": 13, "accountName": "Back\\slash", "account": "Back\\slash"})
    );
}

#[tokio::test]
async fn kept_pages_follow_the_world() {
    let options = SandboxOptions {
        pages: Pages::Kept,
        ..SandboxOptions::default()
    };
    let rig = Rig::start(three(), options).await;
    let query = [("orderby", "Id"), ("fields", "Id,Name")];
    let first = rig.get("Account", &query).await;
    assert_eq!(rig.get("Account", &query).await, first);
    let edit = |account: &mut Account| account.name = "Other".to_owned();
    rig.sandbox.world().edit_account(12, edit);
    let (_, body) = rig.get("Account", &query).await;
    assert_eq!(body["data"]["results"][1]["name"], "Other");
}

#[tokio::test]
async fn it_stops() {
    let rig = Rig::objects(three()).await;
    assert_eq!(rig.get("Account", &[]).await.0, 200);
    let request = rig.prm("GET", "Account", &[]);
    rig.sandbox.stop().await;
    assert!(request.send().await.is_err());
}
