//! Whole stories through the real binary, on both engines.

use super::rig::Rig;
use crate::mariadb::{both, mariadb, sqlite};
use prmdesk::sandbox::Object;

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_without_the_schema_says_migrate() {
    let rig = Rig::bare(mariadb().await).await;
    let error = rig.run("status --json").fails_json(2, "schema_missing");
    assert!(
        error["help"].as_str().unwrap().contains("prmdesk migrate"),
        "{error}"
    );
    let sql = rig.run("migrate --dry-run");
    assert_eq!(sql.code, 0);
    assert!(sql.stdout.contains("CREATE TABLE") && sql.stdout.contains("sync_carryover"));
    // The dry run ran nothing.
    rig.run("preview --json").fails_json(2, "schema_missing");
    rig.run("migrate --read-only").fails(3, "Read-only mode");
    assert_eq!(rig.run("migrate").code, 0);
    assert!(rig.run("migrate").stdout.contains("Nothing to do"));
    assert!(
        rig.run("migrate --dry-run")
            .stdout
            .contains("Nothing to do")
    );
    assert_eq!(rig.run("status").code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn preview_then_sync_then_nothing_left() {
    for db in both().await {
        let rig = Rig::start(db).await;
        let plan = rig.json(5, "preview --mode full");
        for key in [
            "plan_id",
            "scope",
            "mode",
            "created_at",
            "sources",
            "totals",
            "guards",
            "warnings",
            "items",
        ] {
            assert!(plan.get(key).is_some(), "{key}");
        }
        assert_eq!(plan["sources"]["partners"]["proved"], true);
        assert_eq!(plan["sources"]["partners"]["read"], 80);
        let adds = plan["totals"]["partners"]["add"].as_u64().unwrap();
        assert!(adds > 20, "{adds}");
        assert_eq!(rig.active(), (0, 0), "a preview writes nothing");

        let report = rig.json(0, "sync --mode full --yes");
        assert_eq!(report["status"], "applied");
        assert_eq!(report["applied"]["partners"]["add"], adds);
        assert_eq!(report["run_id"], 1);
        for key in ["withheld", "failed", "stale", "cases_opened", "plan_id"] {
            assert!(report.get(key).is_some(), "{key}");
        }
        assert_eq!(rig.active().0, adds);

        let empty = rig.json(0, "preview --mode full");
        assert_eq!(empty["totals"]["partners"]["unchanged"], adds);
        let again = rig.json(0, "sync --mode full --yes");
        assert_eq!(again["status"], "nothing");
        // A run that changed nothing is a run, and the increment after it is empty too.
        assert_eq!(rig.json(0, "preview")["mode"], "incremental");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_plan_is_applied_once_and_never_edited() {
    for db in both().await {
        let rig = Rig::start(db).await;
        assert_eq!(rig.run("preview --mode full --out plan.json").code, 5);
        let text = std::fs::read_to_string(rig.path("plan.json")).unwrap();
        std::fs::write(
            rig.path("edited.json"),
            text.replacen("\"selected\": true", "\"selected\": false", 1),
        )
        .unwrap();
        let error = rig
            .run("apply edited.json --yes --json")
            .fails_json(2, "plan_file");
        assert!(
            error["message"]
                .as_str()
                .unwrap()
                .contains("Nothing was applied"),
            "{error}"
        );
        assert_eq!(rig.active(), (0, 0));

        let only = rig.json(0, "apply plan.json --yes --only entity:partners");
        assert_eq!(only["applied"]["contacts"]["add"], 0);
        assert!(rig.active().0 > 20);
        rig.run("apply plan.json --yes --json")
            .fails_json(3, "plan_applied");
        // What was left out is carried over: an increment brings it.
        assert!(
            rig.json(5, "preview")["totals"]["contacts"]["add"]
                .as_u64()
                .unwrap()
                > 100
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_stops_and_is_released_by_the_exact_number() {
    for db in both().await {
        let rig = Rig::synced(db).await;
        let gone = rig.kept_accounts(12);
        for id in &gone {
            assert!(rig.sandbox.world().delete(Object::Account, *id));
        }
        rig.sandbox
            .world()
            .edit_account(rig.kept_accounts(13)[12], |account| {
                account.website = Some("https://new.example".into());
            });
        let before = rig.active();

        let preview = rig.json(5, "preview partners --mode full");
        assert!(
            preview["guards"]
                .as_array()
                .unwrap()
                .iter()
                .any(|guard| guard["tripped"] == true),
            "{}",
            preview["guards"]
        );
        let wrong =
            rig.run("sync partners --mode full --yes --allow-deletes 11 --reason gone --json");
        wrong.fails_json(3, "release_mismatch");
        assert_eq!(rig.active(), before);
        assert_eq!(
            rig.json(5, "preview partners --mode full")["totals"]["partners"]["update"],
            1,
            "nothing at all was applied"
        );

        let partly = rig.json(3, "sync partners --mode full --yes");
        assert_eq!(partly["status"], "partial");
        assert_eq!(partly["withheld"][0]["count"], 12);
        assert_eq!(partly["applied"]["partners"]["update"], 1);
        assert_eq!(rig.active(), before, "soft-deletes only are withheld");

        let released = rig.args(&[
            "sync",
            "partners",
            "--mode",
            "full",
            "--yes",
            "--json",
            "--allow-deletes",
            "12",
            "--reason",
            "left the programme",
        ]);
        assert_eq!(released.code, 0, "{released:?}");
        assert_eq!(released.json()["applied"]["partners"]["soft_delete"], 12);
        assert_eq!(rig.active().0, before.0 - 12);
        let runs = rig.json(0, "runs");
        assert!(
            runs[0]["message"]
                .as_str()
                .unwrap()
                .contains("left the programme"),
            "{}",
            runs[0]
        );

        let run = runs[0]["run_id"].as_i64().unwrap();
        let undone = rig.json(0, &format!("undo {run} --yes"));
        assert_eq!(undone["applied"]["partners"]["reactivate"], 12);
        assert_eq!(rig.active(), before);
        rig.run("undo 999 --yes").fails(2, "999");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unattended_run_withholds_what_needs_a_person() {
    for db in both().await {
        let rig = Rig::synced(db).await;
        let ids = rig.kept_accounts(2);
        assert!(rig.sandbox.world().delete(Object::Account, ids[0]));
        rig.sandbox.world().edit_account(ids[1], |account| {
            account.website = Some("https://new.example".into());
        });
        let before = rig.active();
        let report = rig.json(3, "sync --unattended");
        assert_eq!(report["applied"]["partners"]["update"], 1, "{report}");
        assert_eq!(report["withheld"][0]["op"], "soft_delete", "{report}");
        assert_eq!(rig.active(), before);
        std::fs::write(rig.path("prmdesk.toml"), "policy.unattended_deletes = true").unwrap();
        let report = rig.json(0, "sync --unattended");
        assert_eq!(
            report["applied"]["partners"]["soft_delete"], 1,
            "carried over until it is settled"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_keep_rows_until_they_are_lifted() {
    for db in both().await {
        let rig = Rig::synced(db).await;
        let id = rig.kept_accounts(1)[0];
        let held = rig.args(&[
            "holds",
            "add",
            "partners",
            &id.to_string(),
            "--note",
            "renewal \u{202e}under way",
        ]);
        assert_eq!(held.code, 0, "{held:?}");
        assert!(rig.sandbox.world().delete(Object::Account, id));
        let before = rig.active();
        assert_eq!(
            rig.run("sync partners --mode full --yes").code,
            0,
            "a hold alone is 0"
        );
        assert_eq!(rig.active(), before);
        rig.run(&format!(
            "sync partners --mode full --yes --only id={id} --json"
        ))
        .fails_json(3, "held");
        assert_eq!(rig.active(), before);

        let list = rig.json(0, "holds list");
        assert_eq!(list[0]["impartner_id"], id);
        assert_eq!(list[0]["operator"], "alice");
        let text = rig.run("holds");
        assert!(
            text.stdout.contains("renewal \\u{202e}under way"),
            "{}",
            text.stdout
        );
        assert_eq!(rig.run(&format!("holds lift partners {id}")).code, 0);
        rig.run(&format!("holds lift partners {id}"))
            .fails(2, "hold");
        assert_eq!(
            rig.json(0, "sync partners --mode full --yes")["applied"]["partners"]["soft_delete"],
            1
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_says_who_changed_what() {
    for db in both().await {
        let rig = Rig::synced(db).await;
        let id = rig.kept_accounts(1)[0];
        rig.sandbox.world().edit_account(id, |account| {
            account.website = Some("https://new.example".into());
        });
        assert_eq!(rig.run("sync --yes --operator bob").code, 0);
        let history = rig.json(0, &format!("runs history partners {id}"));
        let entries = history.as_array().unwrap();
        assert_eq!(entries.len(), 2, "{history}");
        let who: Vec<&str> = entries
            .iter()
            .map(|entry| entry["operator"].as_str().unwrap())
            .collect();
        assert!(who.contains(&"alice") && who.contains(&"bob"), "{history}");
        assert!(
            entries
                .iter()
                .any(|entry| entry["after"]["website"] == "https://new.example"),
            "{history}"
        );
        let text = rig.run(&format!("runs history partners {id}")).stdout;
        assert!(
            text.contains("run 2 by bob, plan ") && text.contains("-> https://new.example"),
            "{text}"
        );
        assert!(
            rig.run("runs history partners 999999")
                .stdout
                .contains("no change of partner #999999")
        );

        let show = rig.json(0, "runs show 2");
        assert_eq!(show["run"]["operator"], "bob");
        for key in [
            "entity",
            "row_id",
            "impartner_id",
            "op",
            "before",
            "after",
            "status",
            "message",
        ] {
            assert!(show["changes"][0].get(key).is_some(), "{key}");
        }
        rig.run("runs show 77").fails(2, "77");
        rig.run("runs show 77 --json").fails_json(2, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_run_is_found_as_text_and_as_json() {
    for form in ["false", "true"] {
        let rig = Rig::start(sqlite()).await;
        rig.place
            .write("prmdesk.toml", &format!("[log]\njson = {form}\n"));
        assert_eq!(rig.run("sync --mode full --yes").code, 0);
        assert_eq!(rig.run("sync --mode full --yes").code, 0);
        let shown = rig.json(0, "runs show 1");
        let log = &shown["log"];
        let files = log["files"].as_array().unwrap();
        assert!(!files.is_empty(), "{log}");
        let lines: Vec<&str> = log["lines"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| line.as_str().unwrap())
            .collect();
        let says = |what: &str| lines.iter().any(|line| line.contains(what));
        assert!(says("run started") && says("run finished"), "{lines:?}");
        assert!(says("listing read") && says("written"), "{lines:?}");
        let other = |line: &&str| line.contains("run_id=2") || line.contains("\"run_id\":2");
        assert!(!lines.iter().any(other), "{lines:?}");
        assert!(shown["run"].is_object() && shown["changes"].is_array());

        // What stands in a log file may come from outside: it is shown, not obeyed; and the newest lines only.
        let file = files[0].as_str().unwrap();
        let mut text = std::fs::read_to_string(file).unwrap();
        text.push_str(" WARN c{run_id=1}: \u{1b}[2J\u{202e}x\n");
        std::fs::write(file, text).unwrap();
        let human = rig.run("runs show 1 --log-lines 1");
        assert_eq!(human.code, 0, "{human:?}");
        let (_, log) = human.stdout.split_once("\nLog: ").unwrap();
        assert!(log.starts_with(file), "{log}");
        assert!(log.ends_with("c{run_id=1}: \\x1b[2J\\u{202e}x\n"), "{log}");
        assert!(log.contains("older lines"), "{log}");
        assert!(!log.contains("run started"), "{log}");

        std::fs::remove_dir_all(rig.path("state")).unwrap();
        let gone = rig.run("runs show 2");
        assert!(gone.stdout.contains("Log: no line of this run"), "{gone:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn read_only_refuses_every_write() {
    for db in both().await {
        let rig = Rig::synced(db).await;
        assert_eq!(
            rig.run("preview --mode full --out plan.json --read-only")
                .code,
            0
        );
        for args in [
            "sync --yes",
            "sync --unattended",
            "apply plan.json --yes",
            "undo 1 --yes",
            "holds lift partners 1",
        ] {
            rig.run(&format!("{args} --read-only --json"))
                .fails_json(3, "read_only");
        }
        rig.run("holds add partners 1 --note x --read-only")
            .fails(3, "Read-only mode");
        assert_eq!(rig.json(0, "status --read-only")["read_only"], true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_warnings_of_one_kind_do_not_hide_the_plan() {
    let rig = Rig::synced(sqlite()).await;
    {
        let mut world = rig.sandbox.world();
        for id in world.ids(Object::Account).into_iter().take(30) {
            world.edit_account(id, |account| account.crm_id = Some(format!("SF-{id}")));
        }
    }
    let said = rig.run("preview --mode full").stdout;
    let of_one = said.lines().filter(|line| line.contains("well-formed"));
    assert_eq!(of_one.count(), 3, "{said}");
    let more = said
        .lines()
        .find(|line| line.contains("more of malformed_salesforce_id; --json has all"));
    assert!(more.is_some(), "{said}");
}
