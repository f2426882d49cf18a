//! The stand-in LMS.

use std::collections::BTreeSet;

use prmdesk::sandbox::{Act, Fault, Group, SandboxOptions, World};
use serde_json::{Value, json};

use super::{Rig, answer};

async fn rig() -> Rig {
    Rig::objects(World::generate(11, 120, 900)).await
}

fn group_of(rig: &Rig, members: usize) -> Group {
    let world = rig.sandbox.world();
    let found = world
        .lms()
        .groups
        .values()
        .find(|group| group.members.len() >= members && group.name != "All Partners");
    found.unwrap().clone()
}

fn people(ids: &[&str]) -> Value {
    let data: Vec<Value> = ids
        .iter()
        .map(|id| json!({"type": "people", "id": id}))
        .collect();
    json!({"data": data})
}

#[tokio::test]
async fn people_are_paged_by_links_next() {
    let rig = rig().await;
    let total = rig.sandbox.world().lms().people.len();
    for start in ["people?limit=100", "people?page[size]=100&page[number]=1"] {
        let mut url = Some(format!("{}/v2/{start}", rig.sandbox.lms_url()));
        let mut seen = BTreeSet::new();
        while let Some(next) = url {
            let (status, body) = answer(
                rig.http
                    .get(next)
                    .header("X-Api-Key", rig.sandbox.lms_key()),
            )
            .await;
            assert_eq!(status, 200);
            for person in body["data"].as_array().unwrap() {
                assert_eq!(person["type"], "people");
                assert!(person["attributes"]["email"].is_string());
                seen.insert(person["id"].as_str().unwrap().to_owned());
            }
            url = body["links"]["next"].as_str().map(str::to_owned);
        }
        assert_eq!(seen.len(), total);
    }
}

#[tokio::test]
async fn filters_contain_or_equal() {
    let rig = rig().await;
    let group = group_of(&rig, 1);
    let (_, body) = rig
        .lms_get("groups", &[("filter[name][eq]", &group.name)])
        .await;
    assert_eq!(body["data"].as_array().unwrap().len(), 1);
    assert_eq!(
        body["data"][0]["attributes"]["user_count"],
        group.members.len()
    );
    let (_, body) = rig
        .lms_get("groups", &[("filter[name]", "PTR_"), ("limit", "100")])
        .await;
    assert!(body["data"].as_array().unwrap().len() > 5);
    let email = rig
        .sandbox
        .world()
        .lms()
        .people
        .values()
        .next()
        .unwrap()
        .email
        .clone();
    let (_, body) = rig
        .lms_get("people", &[("filter[email][eq]", &email.to_uppercase())])
        .await;
    assert_eq!(body["data"][0]["attributes"]["email"], json!(email));
    let (_, body) = rig
        .lms_get("people", &[("filter[email][eq]", &email[1..])])
        .await;
    assert_eq!(body["data"], json!([]));
}

#[tokio::test]
async fn members_come_and_go() {
    let rig = rig().await;
    let group = group_of(&rig, 3);
    let path = format!("groups/{}/relationships/people", group.id);
    let ids: Vec<&str> = group.members.iter().map(String::as_str).collect();

    let (_, body) = rig
        .lms_get(
            &format!("groups/{}/memberships", group.id),
            &[("limit", "100")],
        )
        .await;
    let listed: BTreeSet<&str> = body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            one["relationships"]["person"]["data"]["id"]
                .as_str()
                .unwrap()
        })
        .collect();
    assert_eq!(listed, ids.iter().copied().collect());
    let (_, body) = rig
        .lms_get(&format!("groups/{}/people", group.id), &[("limit", "100")])
        .await;
    assert_eq!(body["data"].as_array().unwrap().len(), ids.len());

    assert_eq!(
        answer(rig.lms("DELETE", &path, &[]).json(&people(&ids[..2])))
            .await
            .0,
        204
    );
    assert!(!rig.sandbox.world().lms().is_member(&group.id, ids[0]));
    let (status, body) = answer(
        rig.lms("DELETE", &path, &[])
            .json(&people(&[ids[2], ids[0]])),
    )
    .await;
    assert_eq!(status, 422);
    assert!(
        body["errors"][0]["detail"]
            .as_str()
            .unwrap()
            .contains("not a member")
    );
    assert!(
        rig.sandbox.world().lms().is_member(&group.id, ids[2]),
        "nothing was done"
    );
    assert_eq!(
        answer(rig.lms("POST", &path, &[]).json(&people(&ids[..2])))
            .await
            .0,
        200
    );
    assert!(rig.sandbox.world().lms().is_member(&group.id, ids[0]));
    assert_eq!(
        answer(rig.lms("POST", &path, &[]).json(&people(&["nobody"])))
            .await
            .0,
        422
    );
    assert_eq!(
        answer(
            rig.lms("DELETE", "groups/none/relationships/people", &[])
                .json(&people(&ids[..1]))
        )
        .await
        .0,
        404
    );
}

#[tokio::test]
async fn groups_come_and_go_and_people_stay() {
    let rig = rig().await;
    let body = json!({"data": {"type": "groups", "attributes": {"name": "ptr_New"}}});
    let (status, made) = answer(rig.lms("POST", "groups", &[]).json(&body)).await;
    assert_eq!(status, 201);
    assert_eq!(
        answer(rig.lms("POST", "groups", &[]).json(&body)).await.0,
        422,
        "the name is taken"
    );
    let path = format!("groups/{}", made["data"]["id"].as_str().unwrap());
    assert_eq!(rig.lms_get(&path, &[]).await.0, 200);
    assert_eq!(answer(rig.lms("DELETE", &path, &[])).await.0, 204);
    assert_eq!(answer(rig.lms("DELETE", &path, &[])).await.0, 404);
    assert_eq!(rig.lms_get(&path, &[]).await.0, 404);
    let (_, again) = answer(rig.lms("POST", "groups", &[]).json(&body)).await;
    assert_ne!(again["data"]["id"], made["data"]["id"], "a new id");
    let person = rig
        .sandbox
        .world()
        .lms()
        .people
        .keys()
        .next()
        .unwrap()
        .clone();
    for method in ["DELETE", "PATCH", "PUT"] {
        assert_eq!(
            answer(rig.lms(method, &format!("people/{person}"), &[]))
                .await
                .0,
            405
        );
    }
}

#[tokio::test]
async fn courses_their_values_and_transcripts() {
    let rig = rig().await;
    let (_, courses) = rig.lms_get("courses", &[("limit", "100")]).await;
    let (_, values) = rig
        .lms_get("properties/courses", &[("limit", "100"), ("page", "1")])
        .await;
    assert_eq!(courses["data"].as_array().unwrap().len(), 20);
    assert_eq!(
        values["data"].as_array().unwrap().len(),
        19,
        "one is not ours to read"
    );
    for value in values["data"].as_array().unwrap() {
        let npcu = value["attributes"]["properties"]["npcu"].as_str().unwrap();
        assert!(["0", "1", "2"].contains(&npcu));
    }
    let secret = rig
        .sandbox
        .world()
        .lms()
        .courses
        .values()
        .find(|course| course.npcu.is_none())
        .unwrap()
        .id
        .clone();
    assert_eq!(
        rig.lms_get(&format!("properties/courses/{secret}"), &[])
            .await
            .0,
        403
    );
    let (person, lines) = {
        let world = rig.sandbox.world();
        let (person, lines) = world
            .lms()
            .transcripts
            .iter()
            .find(|(_, lines)| lines.len() > 1)
            .unwrap();
        (person.clone(), lines.len())
    };
    let (_, body) = rig
        .lms_get(
            &format!("transcripts/{person}"),
            &[("limit", "1"), ("page", "1")],
        )
        .await;
    assert!(body["data"][0]["attributes"]["resource_id"].is_string());
    assert!(body["links"]["next"].as_str().unwrap().contains("page=2"));
    let (_, body) = rig
        .lms_get(&format!("transcripts/{person}"), &[("limit", "100")])
        .await;
    assert_eq!(body["data"].as_array().unwrap().len(), lines);
    assert!(body["links"].get("next").is_none());
    assert_eq!(rig.lms_get("transcripts/nobody", &[]).await.0, 404);
}

#[tokio::test]
async fn a_bad_key_is_401_on_everything() {
    let rig = rig().await;
    let group = group_of(&rig, 1);
    for path in [
        "people".to_owned(),
        format!("groups/{}", group.id),
        "groups/none".to_owned(),
        "nothing".to_owned(),
    ] {
        let url = format!("{}/v2/{path}", rig.sandbox.lms_url());
        let (status, body) = answer(rig.http.get(url).header("X-Api-Key", "wrong")).await;
        assert_eq!(status, 401);
        assert_eq!(body["errors"][0]["status"], "401");
    }
}

#[tokio::test]
async fn half_a_batch_and_a_lost_answer() {
    let rig = rig().await;
    let group = group_of(&rig, 4);
    let path = format!("groups/{}/relationships/people", group.id);
    let ids: Vec<&str> = group.members.iter().map(String::as_str).take(4).collect();
    rig.sandbox
        .faults()
        .lms(Fault::new(Act::HalfBatch { status: 500 }).method("DELETE"));
    assert_eq!(
        answer(rig.lms("DELETE", &path, &[]).json(&people(&ids)))
            .await
            .0,
        500
    );
    let left: Vec<bool> = ids
        .iter()
        .map(|id| rig.sandbox.world().lms().is_member(&group.id, id))
        .collect();
    assert_eq!(left, [false, false, true, true]);

    rig.sandbox
        .faults()
        .lms(Fault::new(Act::ApplyThenReset).method("DELETE"));
    let request = rig.lms("DELETE", &path, &[]).json(&people(&ids[2..]));
    assert!(request.send().await.is_err());
    assert!(!rig.sandbox.world().lms().is_member(&group.id, ids[3]));

    rig.sandbox.faults().lms(Fault::new(Act::Status {
        status: 422,
        retry_after: None,
        message: Some("person is not a member".to_owned()),
    }));
    assert_eq!(rig.lms_get("people", &[]).await.0, 422);
    rig.sandbox.faults().lms(
        Fault::new(Act::NextLink {
            url: "http://203.0.113.7/v2/people?page=2".to_owned(),
        })
        .object("people"),
    );
    assert_eq!(
        rig.lms_get("people", &[]).await.1["links"]["next"],
        "http://203.0.113.7/v2/people?page=2"
    );
}

#[tokio::test]
async fn pages_are_capped() {
    let options = SandboxOptions {
        lms_page_cap: 10,
        ..SandboxOptions::default()
    };
    let rig = Rig::start(World::generate(11, 120, 900), options).await;
    let (_, body) = rig.lms_get("people", &[("limit", "500")]).await;
    assert_eq!(body["data"].as_array().unwrap().len(), 10);
}
