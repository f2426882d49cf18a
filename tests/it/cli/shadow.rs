//! Looking before anything is made: a preview beside the script that still does the work, and what a migration would do.

use std::collections::BTreeSet;
use std::path::Path;

use prmdesk::store::Engine;

use super::rig::Rig;
use crate::mariadb::{TestDb, both, mariadb, sqlite};

/// Tables as a company's own script fills them: columns of ours are missing, one of theirs is unknown to us.
const THEIRS: [&str; 4] = [
    "CREATE TABLE partners (id INTEGER PRIMARY KEY, account_name VARCHAR(255), partner_tier VARCHAR(50), erp_no VARCHAR(20))",
    "CREATE TABLE contacts (id INTEGER PRIMARY KEY, partner_id INTEGER, email VARCHAR(255), first_name VARCHAR(100))",
    "INSERT INTO partners VALUES (1, 'Nobody upstream', 'Premier', 'E-1')",
    "INSERT INTO contacts VALUES (1, 1, 'nobody@upstream.example', 'Ann')",
];

async fn tables(db: &TestDb) -> BTreeSet<String> {
    let sql = match db.engine {
        Engine::MariaDb => {
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
        }
        Engine::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table'",
    };
    db.rows(sql).await.into_iter().collect()
}

/// Every file below a folder.
fn files(dir: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        }
        found.insert(path.display().to_string());
    }
    found
}

fn folder(db: &TestDb) -> Option<&Path> {
    Path::new(db.url.strip_prefix("sqlite://")?).parent()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_of_tables_that_were_never_migrated_makes_nothing() {
    for db in both().await {
        for sql in THEIRS {
            db.run(sql).await;
        }
        let rig = Rig::bare(db).await;
        let before = (
            tables(&rig.db).await,
            files(rig.place.path()),
            folder(&rig.db).map(files),
        );
        let plan = rig.json(5, "preview --mode full --read-only");
        let told = plan["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .find(|warning| warning["code"] == "never_migrated")
            .unwrap_or_else(|| panic!("{}", plan["warnings"]));
        for word in ["no holds", "no carried-over records", "window"] {
            assert!(told["message"].as_str().unwrap().contains(word), "{told}");
        }
        assert!(plan["totals"]["partners"]["add"].as_u64().unwrap() > 0);
        let theirs = plan["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|item| item["row_id"] == 1);
        // Nobody upstream has their rows: without an Impartner id nobody can be asked, so nothing is proposed.
        assert!(
            theirs
                .clone()
                .all(|item| item["op"] != "soft_delete" || item["selected"] == false),
            "{:?}",
            theirs.collect::<Vec<_>>()
        );
        for said in ["preview contacts --read-only", "preview --read-only --csv"] {
            assert_eq!(rig.run(said).code, 5, "{said}");
        }
        let after = (
            tables(&rig.db).await,
            files(rig.place.path()),
            folder(&rig.db).map(files),
        );
        assert_eq!(after, before);

        // Anything else asks for a migration first, and a plan of before is applied nowhere.
        rig.run("status --read-only --json")
            .fails_json(2, "schema_missing");
        assert_eq!(
            rig.run("preview --mode full --read-only --out plan.json")
                .code,
            5
        );
        assert_eq!(rig.run("migrate").code, 0);
        assert_eq!(rig.run("apply plan.json --yes --json").code, 2);
        assert_eq!(
            rig.db.one("SELECT erp_no FROM partners WHERE id = 1").await,
            "E-1"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_of_a_migration_makes_nothing() {
    for db in [sqlite(), mariadb().await] {
        for sql in THEIRS {
            db.run(sql).await;
        }
        let rig = Rig::bare(db).await;
        let before = (tables(&rig.db).await, folder(&rig.db).map(files));
        let shown = rig.run("migrate --dry-run");
        assert_eq!(shown.code, 0, "{shown:?}");
        assert!(
            shown.stdout.contains("ALTER TABLE partners ADD COLUMN"),
            "{}",
            shown.stdout
        );
        assert!(shown.stdout.contains("CREATE TABLE"), "{}", shown.stdout);
        assert_eq!((tables(&rig.db).await, folder(&rig.db).map(files)), before);
    }
    let mut rig = Rig::bare(sqlite()).await;
    let nowhere = rig.place.path().join("not/there.db");
    rig.db.url = format!("sqlite://{}", nowhere.display());
    let shown = rig.run("migrate --dry-run");
    assert_eq!(shown.code, 0, "{shown:?}");
    assert!(shown.stdout.contains("CREATE TABLE IF NOT EXISTS partners"));
    assert!(!nowhere.parent().unwrap().exists());
    rig.run("preview --read-only --json")
        .fails_json(2, "database_missing");
    assert!(!nowhere.parent().unwrap().exists());
}

/// What the rights of the database's user are enough for is what `doctor` says.
#[tokio::test(flavor = "multi_thread")]
async fn rights_are_told_by_what_works_with_them() {
    let mut rig = Rig::start(mariadb().await).await;
    let root = rig.db.url.clone();
    let user = format!("few_{}", std::process::id());
    let database = root.rsplit_once('/').unwrap().1.to_owned();
    rig.db.run(&format!("CREATE USER {user}")).await;
    let admin = TestDb::at(&root);
    rig.db.url = root.replace("root@", &format!("{user}@"));
    let checked = async |rights: &str, args: &str| {
        admin
            .run(&format!("GRANT {rights} ON `{database}`.* TO {user}"))
            .await;
        let ran = rig.run(&format!("doctor --json {args}"));
        let checks = ran.json()["checks"].take();
        let check = checks
            .as_array()
            .unwrap()
            .iter()
            .find(|check| check["name"] == "privileges")
            .unwrap()
            .clone();
        (
            check["status"].as_str().unwrap().to_owned(),
            check["message"].as_str().unwrap().to_owned(),
        )
    };
    let (status, said) = checked("SELECT", "").await;
    assert_eq!(status, "failure", "{said}");
    assert!(said.contains("a preview with --read-only does"), "{said}");
    let (status, said) = checked("SELECT", "--read-only").await;
    assert_eq!(status, "ok", "{said}");
    let (status, said) = checked("INSERT, UPDATE", "").await;
    assert_eq!(status, "warning", "{said}");
    assert!(!said.contains("no run works"), "{said}");
    // And so it is.
    assert_eq!(rig.run("sync --mode full --yes").code, 0);
    admin.run(&format!("DROP USER {user}")).await;
}
