//! Connecting, migrating, adopting what is there.

use prmdesk::clock::Clock;
use prmdesk::config::Secret;
use prmdesk::error::Kind;
use prmdesk::plan::{Entity, SameKeys, Schema};
use prmdesk::store::{Engine, SchemaState, Store, StoreError};

use super::kit::{account, apply, person, plan_of};
use crate::mariadb::{TestDb, both, mariadb, sqlite};

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_database_is_migrated_once() {
    for db in both().await {
        let store = db.connect().await;
        if db.engine == Engine::MariaDb {
            let SchemaState::Missing(missing) = store.schema_state().await.unwrap() else {
                panic!("MariaDB is not migrated by connecting")
            };
            assert!(
                missing.contains(&"table sync_changes".to_owned()),
                "{missing:?}"
            );
            let error = store.require_schema().await.unwrap_err();
            assert_eq!(error.kind(), Kind::Config);
            assert!(error.help().unwrap().contains("prmdesk migrate"));
            assert!(!store.migrate_sql().await.unwrap().is_empty());
            assert!(!store.migrate().await.unwrap().is_empty());
        }
        assert_eq!(
            store.schema_state().await.unwrap(),
            SchemaState::Current,
            "{:?}",
            db.engine
        );
        assert_eq!(store.migrate_sql().await.unwrap(), Vec::<String>::new());
        assert_eq!(
            store.migrate().await.unwrap(),
            Vec::<String>::new(),
            "a second time does nothing"
        );
        let ping = store.ping().await.unwrap();
        assert!(
            ping.version.starts_with(db.engine.word()),
            "{}",
            ping.version
        );

        db.run("UPDATE sync_state SET value = '99' WHERE name = 'schema_version'")
            .await;
        assert!(matches!(
            store.schema_state().await.unwrap(),
            SchemaState::Newer { found: 99, .. }
        ));
        assert!(matches!(
            store.migrate().await,
            Err(StoreError::Newer { .. })
        ));
    }
}

/// An old schema: other types, other widths, unknown columns, missing columns, rows.
fn old_schema(engine: Engine) -> Vec<&'static str> {
    match engine {
        Engine::MariaDb => vec![
            "CREATE TABLE partners (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, account_name VARCHAR(80) NOT NULL UNIQUE, \
             partner_tier VARCHAR(50) NOT NULL DEFAULT 'Registered', account_status VARCHAR(20) DEFAULT 'Active', \
             website TEXT, legacy_code VARCHAR(10) NOT NULL DEFAULT 'X', \
             created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP) DEFAULT CHARSET=latin1",
            "CREATE TABLE contacts (id BIGINT AUTO_INCREMENT PRIMARY KEY, partner_id INT UNSIGNED NULL, email VARCHAR(120) NOT NULL, \
             first_name VARCHAR(40), phone BIGINT NULL, vip TINYINT NOT NULL DEFAULT 0, \
             FOREIGN KEY (partner_id) REFERENCES partners (id)) DEFAULT CHARSET=utf8mb4",
        ],
        Engine::Sqlite => vec![
            "CREATE TABLE partners (id INTEGER PRIMARY KEY, account_name VARCHAR(80) NOT NULL UNIQUE, \
             partner_tier VARCHAR(50) NOT NULL DEFAULT 'Registered', account_status VARCHAR(20) DEFAULT 'Active', \
             website TEXT, legacy_code VARCHAR(10) NOT NULL DEFAULT 'X', created_at TEXT DEFAULT CURRENT_TIMESTAMP)",
            "CREATE TABLE contacts (id INTEGER PRIMARY KEY, partner_id INTEGER NULL, email VARCHAR(120) NOT NULL, \
             first_name VARCHAR(40), phone BIGINT NULL, vip TINYINT NOT NULL DEFAULT 0, \
             FOREIGN KEY (partner_id) REFERENCES partners (id))",
        ],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_schema_is_adopted_with_its_rows() {
    for db in both().await {
        for sql in old_schema(db.engine) {
            db.run(sql).await;
        }
        db.run("INSERT INTO partners (account_name, partner_tier, legacy_code) VALUES ('Old Co', 'Gold', 'Q7')").await;
        db.run("INSERT INTO contacts (partner_id, email, first_name, phone, vip) VALUES (1, 'old@x.example', 'Olga', 4420, 1)").await;
        let store = db.store().await;
        store.require_schema().await.unwrap();

        let limits = store.limits(&Schema::of(Entity::Partners)).await.unwrap();
        assert_eq!(
            limits.lengths[..2],
            [Some(80), Some(50)],
            "the lengths that the database really has"
        );
        let rows = store.rows(&Schema::of(Entity::Contacts)).await.unwrap();
        let phone = Schema::of(Entity::Contacts).index("phone").unwrap();
        assert_eq!(
            (rows.len(), rows.field(0, 0), rows.field(0, phone)),
            (1, Some("old@x.example"), Some("4420"))
        );
        assert!(rows.active(0), "a row that has no is_active yet is active");

        let plan = plan_of(
            &store,
            &[
                account(1, "Old Co")
                    .with("partner_tier", "Gold")
                    .with("country", "France"),
                account(2, "New Co").with("partner_tier", ""),
            ],
            &[
                person(11, "old@x.example", Some(1)),
                person(12, "new@x.example", Some(2)),
            ],
        )
        .await;
        let (_, outcomes) = apply(&store, &plan).await;
        assert!(
            outcomes.iter().all(|outcome| matches!(
                outcome,
                prmdesk::plan::Outcome::Applied { linked: true, .. }
            )),
            "{outcomes:?}"
        );
        assert_eq!(
            db.rows("SELECT id, account_name, partner_tier, account_status, country, legacy_code, impartner_id FROM partners ORDER BY id").await,
            ["1|Old Co|Gold|Active|France|Q7|1", "2|New Co||Active|-|X|2"],
            "{:?}: unknown columns keep their values and defaults; what the source leaves empty in a NOT NULL column is empty",
            db.engine
        );
        assert_eq!(
            db.rows("SELECT email, partner_id, vip, impartner_id FROM contacts ORDER BY id")
                .await,
            ["old@x.example|1|1|11", "new@x.example|2|0|12"]
        );
        let again = plan_of(
            &store,
            &[
                account(1, "Old Co")
                    .with("partner_tier", "Gold")
                    .with("country", "France"),
                account(2, "New Co").with("partner_tier", ""),
            ],
            &[
                person(11, "old@x.example", Some(1)),
                person(12, "new@x.example", Some(2)),
            ],
        )
        .await;
        assert!(
            !again.has_changes(),
            "a second run has nothing to do: {:?}",
            again.items
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_stop_a_migration_before_it_begins() {
    for db in both().await {
        for sql in old_schema(db.engine) {
            db.run(sql).await;
        }
        db.run("INSERT INTO contacts (email) VALUES ('twice@x.example'), ('twice@x.example'), ('once@x.example')").await;
        let connected = Store::connect(&Secret::new(&db.url), Clock::system()).await;
        let error = match connected {
            Ok(store) => store.migrate().await.unwrap_err(),
            Err(error) => error,
        };
        let said = error.to_string();
        assert!(
            said.contains("contacts.email")
                && said.contains("twice@x.example")
                && !said.contains("once@"),
            "{said}"
        );
        let tables = match db.engine {
            Engine::MariaDb => {
                "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()"
            }
            Engine::Sqlite => {
                "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            }
        };
        assert_eq!(db.one(tables).await, "2", "nothing was made");
        db.run("DELETE FROM contacts WHERE id = 2").await;
        db.store().await.require_schema().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_migration_is_finished_by_the_next() {
    for db in both().await {
        let store = db.connect().await;
        if db.engine == Engine::MariaDb {
            // Every statement is a place where it may have stopped: try a third of them.
            for sql in store.migrate_sql().await.unwrap().into_iter().take(12) {
                db.run(&sql).await;
            }
        } else {
            db.run("DROP TABLE cert_pushes").await;
            db.run("DROP INDEX contacts_email").await;
        }
        assert!(matches!(
            store.schema_state().await.unwrap(),
            SchemaState::Missing(_)
        ));
        store.migrate().await.unwrap();
        assert_eq!(store.schema_state().await.unwrap(), SchemaState::Current);
    }
}

/// What the database of `db` takes for one among `texts` and its rows.
async fn same(db: &TestDb, texts: &[&str]) -> SameKeys {
    let schema = Schema::of(Entity::Partners);
    let texts = texts.iter().copied().collect();
    let store = db.store().await;
    store.same_keys(&schema, &texts, false).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_is_asked_which_names_are_one_whatever_its_collation() {
    let one = |lists: &[&[&str]]| {
        let lists = lists
            .iter()
            .map(|list| list.iter().map(|text| (*text).to_owned()).collect());
        SameKeys::of(Entity::Partners, lists.collect::<Vec<Vec<String>>>())
    };
    for (collation, expected) in [
        (
            "utf8mb4 COLLATE utf8mb4_unicode_ci",
            one(&[&["Bêta", "Beta"], &["x😀", "x😁"]]),
        ),
        ("utf8mb4 COLLATE utf8mb4_bin", one(&[])),
        (
            "utf8mb4 COLLATE utf8mb4_danish_ci",
            one(&[&["Bêta", "Beta"], &["x😀", "x😁"], &["Aarhus", "Århus"]]),
        ),
        // What the column cannot hold is compared with nothing.
        (
            "latin1 COLLATE latin1_swedish_ci",
            one(&[&["Bêta", "Beta"]]),
        ),
        (
            "latin1 COLLATE latin1_german2_ci",
            one(&[&["Bêta", "Beta"], &["Müller", "Mueller"]]),
        ),
        // Here two ASCII letters are one.
        (
            "utf8mb4 COLLATE utf8mb4_lithuanian_ci",
            one(&[&["Bêta", "Beta"], &["x😀", "x😁"], &["Yla", "Ila"]]),
        ),
    ] {
        let db = mariadb().await;
        db.run(&format!(
            "CREATE TABLE partners (id INT AUTO_INCREMENT PRIMARY KEY, account_name VARCHAR(255) CHARACTER SET {collation} NOT NULL)"
        ))
        .await;
        db.store().await.migrate().await.unwrap();
        let names = [
            "Bêta", "Beta", "x😀", "x😁", "Aarhus", "Århus", "Müller", "Mueller", "Yla", "Ila",
        ];
        assert_eq!(same(&db, &names).await, expected, "{collation}");
        // The same, with one of each pair in the table.
        for name in ["Bêta", "Aarhus", "Müller", "Yla"] {
            db.run(&format!(
                "INSERT INTO partners (account_name) VALUES ('{name}')"
            ))
            .await;
        }
        let names = ["Beta", "x😀", "x😁", "Århus", "Mueller", "Ila"];
        assert_eq!(same(&db, &names).await, expected, "{collation}, rows");
    }
}

async fn refused(url: &str) -> StoreError {
    Store::connect(&Secret::new(url), Clock::system())
        .await
        .unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_fails_says_what_to_do_and_no_password() {
    let db = mariadb().await;
    let (server, _) = db.url.rsplit_once('/').unwrap();
    let place = server.rsplit_once('@').unwrap().1;
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();

    let error = refused(&format!("mysql://root:s3cret@127.0.0.1:{port}/x")).await;
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
    assert_eq!(error.kind(), Kind::Database);
    assert!(
        error.to_string().contains(&format!("127.0.0.1:{port}/x"))
            && !error.to_string().contains("s3cret"),
        "{error}"
    );

    let error = refused(&format!("mysql://nobody:s3cret@{place}/x")).await;
    assert!(
        matches!(error, StoreError::AccessDenied { .. }) && !error.to_string().contains("s3cret"),
        "{error}"
    );

    let error = refused(&format!("{server}/no_such_database")).await;
    assert!(
        matches!(error, StoreError::UnknownDatabase { .. }),
        "{error}"
    );
    assert_eq!(error.kind(), Kind::Config);

    let user = db.url.rsplit_once('/').unwrap().1.to_owned();
    db.run(&format!("CREATE USER {user}@'%' IDENTIFIED BY 's3cret'; GRANT SELECT, INSERT ON {user}.* TO {user}@'%'")).await;
    let store = Store::connect(
        &Secret::new(format!("mysql://{user}:s3cret@{place}/{user}")),
        Clock::system(),
    )
    .await
    .unwrap();
    assert_eq!(
        store.missing_privileges().await.unwrap().unwrap().run,
        ["UPDATE", "DELETE"]
    );
    db.run(&format!("DROP USER {user}@'%'")).await;

    let several = db.url.replace(place, &format!("127.0.0.1:{port},{place}"));
    let store = Store::connect(&Secret::new(&several), Clock::system())
        .await
        .unwrap();
    store.ping().await.unwrap();

    let lite = sqlite();
    let path = lite.url.strip_prefix("sqlite://").unwrap();
    std::fs::write(
        path,
        "this is no database, but it is long enough to be taken for one, surely",
    )
    .unwrap();
    let error = refused(&lite.url).await;
    assert!(matches!(error, StoreError::NotADatabase { .. }), "{error}");
}
