//! `prmdesk rules` with the real binary, on both engines: an edit of the filters waits until somebody accepts it
//! (docs/rules.md, "Accepted rules").

use super::rig::Rig;
use crate::mariadb::{both, sqlite};

/// A tier that a good number of kept accounts has, and how many.
fn common_tier(rig: &Rig) -> (String, u64) {
    let run = rig.json(0, "runs show 1");
    let changes = run["changes"].as_array().unwrap().iter();
    let kept: Vec<i64> = changes
        .filter(|change| change["entity"] == "partners" && change["op"] == "add")
        .map(|change| change["impartner_id"].as_i64().unwrap())
        .collect();
    let world = rig.sandbox.world();
    let mut tiers = std::collections::BTreeMap::<String, u64>::new();
    for account in world.accounts().filter(|it| kept.contains(&it.id)) {
        *tiers
            .entry(account.tier.clone().unwrap_or_default())
            .or_default() += 1;
    }
    tiers
        .into_iter()
        .filter(|(tier, _)| !tier.is_empty())
        .max_by_key(|&(_, count)| count)
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_tier_takes_nobody_away_until_it_is_accepted() {
    for db in both().await {
        let rig = Rig::synced(db).await;
        let (tier, count) = common_tier(&rig);
        let before = rig.json(0, "rules");
        assert_eq!(before["differs"], false);
        assert_eq!(before["accepted"]["operator"], "alice");
        assert!(before["excluded"].as_array().unwrap().iter().any(|hits| {
            hits["rule"] == "filters.partners.excluded_tiers" && hits["records"].as_u64() > Some(0)
        }));
        let tried = rig.json(5, &format!("rules try --set excluded_tiers=Pending,{tier}"));
        assert_eq!(tried["effect"]["partners"]["soft_delete"], count);
        assert_eq!(tried["accepted"], false);
        rig.json(0, "rules try");
        rig.run("rules try --set excluded_tier=a --json")
            .fails_json(2, "no_filter");

        rig.place.write(
            "prmdesk.toml",
            &format!("[filters.partners]\nexcluded_tiers = [\"Pending\", \"{tier}\"] # edited\n[policy]\nunattended_deletes = true\n"),
        );
        let rules = rig.json(0, "rules");
        assert_eq!(rules["changed"][0]["gained"][0], tier.as_str());
        let active = rig.active().0;

        // Nothing but a person touches them.
        let plan = rig.json(0, "preview --mode full");
        assert_eq!(plan["by_rule"]["partners"]["soft_delete"], count);
        assert_eq!(plan["totals"]["partners"]["soft_delete"], 0);
        assert_eq!(plan["rules"]["differs"], true);
        let items = plan["items"].as_array().unwrap();
        let by_rule: Vec<_> = items
            .iter()
            .filter(|item| item["by_rule"] == true)
            .collect();
        assert_eq!(by_rule.len() as u64, count);
        for item in by_rule {
            assert_eq!(
                (&item["evidence"], &item["selected"]),
                (&"rule".into(), &false.into())
            );
            assert!(
                item["reason"]
                    .as_str()
                    .unwrap()
                    .contains(&format!("excluded_tiers gained {tier}"))
            );
        }
        assert_eq!(rig.json(0, "sync --mode full --yes")["status"], "nothing");
        for args in [
            "sync --mode full --unattended",
            "sync --mode full --unattended --only op:soft_delete",
        ] {
            let report = rig.json(3, args);
            assert_eq!(report["withheld"][0]["count"], count, "{report}");
        }
        // What changed lately is read again, and waits like all others.
        let timer = rig.run("sync --unattended --json");
        assert!([0, 3].contains(&timer.code), "{timer:?}");
        assert_eq!(rig.active().0, active);
        assert_eq!(rig.json(0, "status")["rules"]["differs"], true);
        let doctor = rig.run("doctor --json").json();
        let checks = doctor["checks"].as_array().unwrap();
        assert!(
            checks
                .iter()
                .any(|check| check["name"] == "rules" && check["status"] == "warning"),
            "{doctor}"
        );
        let shown = rig.json(0, "preview --mode full --filter rule:excluded_tiers");
        assert!(shown["items"].as_array().unwrap().len() as u64 >= count);

        // A person's own tick.
        let id = plan["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|item| item["by_rule"] == true)
            .unwrap()["impartner_id"]
            .clone();
        let one = rig.json(0, &format!("sync --mode full --yes --only id:{id}"));
        assert_eq!(one["applied"]["partners"]["soft_delete"], 1);
        assert_eq!(rig.active().0, active - 1);

        // The acceptance: the number, or nothing.
        let left = count - 1;
        rig.run("rules accept --yes --json").fails_json(2, "usage");
        rig.run(&format!(
            "rules accept --yes --reason because --allow-deletes {} --json",
            left + 1
        ))
        .fails_json(3, "rules_mismatch");
        rig.run("rules accept --yes --reason because --json")
            .fails_json(3, "rules_mismatch");
        rig.run("rules accept --json").fails_json(2, "no_terminal");
        rig.run(&format!(
            "rules accept --yes --reason because --allow-deletes {left} --read-only --json"
        ))
        .fails_json(3, "read_only");
        let accepted = rig.json(
            0,
            &format!("rules accept --yes --reason because --allow-deletes {left}"),
        );
        assert_eq!(accepted["accepted"], true);
        assert_eq!(rig.json(0, "rules")["differs"], false);
        assert_eq!(rig.active().0, active - 1, "it applies nothing");

        // From now on they are like all others.
        let plan = rig.json(5, "preview");
        assert_eq!(plan["mode"], "full");
        assert_eq!(plan["totals"]["partners"]["soft_delete"], left);
        assert_eq!(plan["by_rule"]["partners"]["soft_delete"], 0);
        assert_eq!(
            plan["items"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|item| item["evidence"] == "inactive")
                .count() as u64,
            left
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_let_through_in_the_file_and_in_the_database() {
    let rig = Rig::synced(sqlite()).await;
    let excluded = rig.json(0, "preview contacts --mode full --filter suspicious:yes");
    let items = excluded["items"].as_array().unwrap();
    let email = items[0]["name"].as_str().unwrap().to_owned();
    rig.run(&format!("rules allow {email} --note ours --yes --json"))
        .fails_json(2, "no_file");
    let text = "# ours\n[guards]\nmax_count = 50 # as ever\n";
    rig.place.write("prmdesk.toml", text);
    let allowed = rig.json(0, &format!("rules allow {email} --note ours --yes"));
    assert_eq!(allowed["accepted"], true);
    assert_eq!(allowed["no_longer_suspicious"], 1);
    let now = std::fs::read_to_string(rig.path("prmdesk.toml")).unwrap();
    assert!(now.starts_with(text), "{now}");
    assert!(now.contains(&format!("allow = [\"{email}\"]")), "{now}");
    let rules = rig.json(0, "rules");
    assert_eq!(rules["differs"], false, "{rules}");
    assert_eq!(rules["accepted"]["reason"], "ours");
    let report = rig.json(0, "sync --yes");
    assert_eq!(report["applied"]["contacts"]["add"], 1, "{report}");
}
