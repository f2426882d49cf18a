//! Holds from a script's list of exclusions, and back into a file (docs/moving-over.md, "What the script decides today").

use serde_json::Value;

use super::rig::Rig;
use crate::mariadb::both;

/// A partner of its own without an Impartner id, and two contacts, beside what a sync brought.
const THEIRS: [&str; 2] = [
    "INSERT INTO partners (id, account_name, is_active) VALUES (9001, 'Société  Générale', TRUE), (9002, '=cmd', TRUE)",
    "INSERT INTO contacts (id, email, is_active) VALUES (9001, 'Kept@Own.example', TRUE)",
];

async fn rig(db: crate::mariadb::TestDb) -> (Rig, i64) {
    let rig = Rig::synced(db).await;
    for sql in THEIRS {
        rig.db.run(sql).await;
    }
    let known = rig.kept_accounts(1)[0];
    (rig, known)
}

fn held(rig: &Rig) -> Vec<Value> {
    rig.json(0, "holds list").as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_exclusions_is_taken_over_and_written_again() {
    for db in both().await {
        let (rig, known) = rig(db).await;
        let file = format!(
            "\u{feff}entity;id;row;email;name;note;until\r\n\
             partners;{known};;;;under contract;2999-12-31\r\n\
             partners;;9002;;;asked for by legal;\r\n\
             partners;;;;SOCIÉTÉ générale;by name;\r\n\
             contacts;;;kept@own.example;;by address;\r\n"
        );
        rig.place.write("holds.csv", &file);
        let done = rig.run("holds import holds.csv");
        assert_eq!(done.code, 0, "{done:?}");
        assert!(done.stdout.contains("4 rows"), "{done:?}");
        let holds = held(&rig);
        let seen: Vec<_> = holds
            .iter()
            .map(|hold| {
                (
                    hold["entity"].as_str().unwrap(),
                    hold["impartner_id"].as_i64(),
                    hold["row_id"].as_i64().filter(|&row| row > 9000),
                    hold["note"].as_str().unwrap(),
                    hold["until"].as_str(),
                )
            })
            .collect();
        for expected in [
            (
                "partners",
                Some(known),
                None,
                "under contract",
                Some("2999-12-31"),
            ),
            ("partners", None, Some(9002), "asked for by legal", None),
            ("partners", None, Some(9001), "by name", None),
            ("contacts", None, Some(9001), "by address", None),
        ] {
            assert!(seen.contains(&expected), "{expected:?} in {seen:?}");
        }
        assert_eq!(holds.len(), 4);
        assert!(holds.iter().all(|hold| hold["operator"] == "alice"));

        // What is exported is taken again, formulas and all, and changes nothing.
        let exported = rig.run("holds export");
        assert_eq!(exported.code, 0, "{exported:?}");
        assert!(
            exported
                .stdout
                .starts_with("entity,id,row,email,name,note,until\n"),
            "{}",
            exported.stdout
        );
        assert!(exported.stdout.contains("'=cmd"), "{}", exported.stdout);
        rig.place.write("again.csv", &exported.stdout);
        let again = rig.run("holds import again.csv");
        assert_eq!(again.code, 0, "{again:?}");
        assert_eq!(rig.run("holds export").stdout, exported.stdout);

        // A row without an Impartner id is lifted by its row.
        assert_eq!(rig.run("holds lift partners --row 9001").code, 0);
        rig.run("holds lift partners --row 9001 --json")
            .fails_json(2, "not_found");
        assert_eq!(held(&rig).len(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_a_fault_in_it_holds_nobody() {
    for db in both().await {
        let (rig, known) = rig(db).await;
        rig.db
            .run("INSERT INTO partners (id, account_name, is_active) VALUES (9003, 'société générale ', TRUE)")
            .await;
        let head = "entity,id,row,email,name,note,until";
        let good = format!("partners,{known},,,,fine,");
        for (line, why) in [
            (
                "partners,,,,Nobody at all,x,",
                "no partner has `Nobody at all`",
            ),
            ("partners,,,,Société Générale,x,", "several rows"),
            ("partners,99999999,,,,x,", "Impartner id 99999999"),
            ("contacts,,77777,,,x,", "row id 77777"),
            ("partners,,,,,x,", "one of id, row, email and name"),
            ("partners,,9001,,,,", "note is missing"),
            ("people,1,,,,x,", "neither partners nor contacts"),
            ("partners,,,a@b.example,,x,", "no e-mail"),
            ("partners,,9001,,,x,soon", "no day"),
            ("partners,,9001,,,x,2020-01-01", "is over"),
            ("partners,one,,,,x,", "is no id"),
        ] {
            rig.place
                .write("holds.csv", &format!("{head}\n{good}\n{line}\n"));
            let error = rig
                .run("holds import holds.csv --json")
                .fails_json(2, "holds_file");
            let said = error["message"].as_str().unwrap();
            assert!(
                said.contains("line 3") && said.contains(why),
                "{line}: {said}"
            );
            assert!(held(&rig).is_empty(), "{line}");
        }
        let contradicting = format!("{head}\npartners,{known},9001,,,x,\n");
        rig.place.write("holds.csv", &contradicting);
        rig.run("holds import holds.csv --json")
            .fails_json(2, "holds_file");
        rig.place.write("holds.csv", "entity,who\npartners,1\n");
        rig.run("holds import holds.csv --json")
            .fails_json(2, "holds_file");
        rig.run("holds import nowhere.csv --json")
            .fails_json(2, "holds_file");
        rig.run("holds import holds.csv --read-only --json")
            .fails_json(3, "read_only");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_through_a_day_ends_by_itself() {
    for db in both().await {
        let (rig, known) = rig(db).await;
        let add = format!("holds add partners {known} --until 2999-12-31 --note");
        let mut args: Vec<&str> = add.split(' ').collect();
        args.push("until the audit");
        assert_eq!(rig.args(&args).code, 0);
        assert_eq!(held(&rig)[0]["until"], "2999-12-31");
        assert_eq!(rig.json(0, "status")["holds"], 1);
        rig.run(&format!(
            "holds add partners {known} --until 2020-01-01 --note x --json"
        ))
        .fails_json(2, "until_past");
        assert_eq!(held(&rig).len(), 1, "the one that is there stays");
        rig.db
            .run("UPDATE sync_holds SET until_day = '2020-01-01'")
            .await;
        assert!(held(&rig).is_empty());
        assert_eq!(rig.json(0, "status")["holds"], 0);
        rig.sandbox
            .world()
            .edit_account(known, |account| account.tier = Some("Pending".into()));
        let plan = rig.json(
            5,
            &format!("preview partners --mode full --filter id={known}"),
        );
        assert_eq!(plan["items"][0]["op"], "soft_delete");
        assert_eq!(plan["items"][0]["held"], false, "{plan}");
        assert_eq!(rig.run("holds add partners --row 424242 --note x").code, 2);
    }
}
