//! Databases that cannot be worked with as they are, found before anything is made: by `migrate`, by its dry run, by `doctor`
//! and by every command that writes.

use std::time::Duration;

use prmdesk::clock::Clock;
use prmdesk::config::{Config, Loaded, Secret};
use prmdesk::desk::doctor;
use prmdesk::error::Kind;
use prmdesk::plan::{Entity, Outcome, Schema};
use prmdesk::store::{Engine, Store, StoreError};
use prmdesk::values::{Check, CheckStatus};
use sqlx::Connection as _;

use super::kit::{account, apply, apply_under, claim, outcome_of, person, plan_of};
use crate::adopted;
use crate::mariadb::{TestDb, both, mariadb};

/// The error of each way in, or a panic where one of them lets through.
async fn refused(db: &TestDb) -> StoreError {
    let tables = count(db).await;
    let store = match Store::connect(&Secret::new(&db.url), Clock::system()).await {
        Ok(store) => store,
        // SQLite is migrated by connecting.
        Err(error) => return error,
    };
    let error = store.migrate().await.unwrap_err();
    let dry = store.migrate_sql().await.unwrap_err();
    assert_eq!(dry.to_string(), error.to_string());
    let command = store.require_schema().await.unwrap_err();
    assert!(
        matches!(error, StoreError::Duplicates { .. }) || command.to_string() == error.to_string(),
        "{command}"
    );
    assert_eq!((error.kind(), command.kind()), (Kind::Config, Kind::Config));
    assert!(error.help().is_some());
    assert_eq!(count(db).await, tables, "nothing was made");
    let told: Vec<Check> = checks(db).await;
    let said = told
        .iter()
        .find(|check| check.status == CheckStatus::Failure && check.message == error.to_string());
    assert!(said.is_some(), "{error}: {told:?}");
    error
}

async fn count(db: &TestDb) -> String {
    db.one(match db.engine {
        Engine::MariaDb => {
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()"
        }
        Engine::Sqlite => "SELECT COUNT(*) FROM sqlite_schema",
    })
    .await
}

async fn checks(db: &TestDb) -> Vec<Check> {
    let mut config = Config::default();
    config.database.url = Some(Secret::new(&db.url));
    // Neither API is there; what is said about them is no matter here.
    "http://127.0.0.1:9".clone_into(&mut config.impartner.url);
    "http://127.0.0.1:9".clone_into(&mut config.lms.url);
    config.impartner.retries = 0;
    let loaded = Loaded {
        config,
        path: None,
        profiles: Vec::new(),
        inline_secrets: Vec::new(),
        warnings: Vec::new(),
    };
    doctor(Ok(loaded), &Clock::system()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn types_that_do_not_hold_what_is_meant_are_refused_by_name() {
    for (change, named) in [
        (
            "ALTER TABLE partners MODIFY is_active ENUM('yes','no') NOT NULL DEFAULT 'yes'",
            "partners.is_active is ENUM('YES','NO') and must be a whole number or BIT(1)",
        ),
        (
            "ALTER TABLE contacts MODIFY is_active VARCHAR(5) NULL",
            "contacts.is_active is VARCHAR(5)",
        ),
        (
            "ALTER TABLE contacts MODIFY impartner_id VARCHAR(20) NULL",
            "contacts.impartner_id is VARCHAR(20) and must be a whole number",
        ),
        (
            "ALTER TABLE contacts MODIFY impartner_id DECIMAL(12,0) NULL",
            "contacts.impartner_id is DECIMAL(12,0)",
        ),
        (
            "ALTER TABLE partners ADD COLUMN impartner_id DOUBLE NULL",
            "partners.impartner_id is DOUBLE",
        ),
        (
            "ALTER TABLE contacts MODIFY lms_user_id INT NULL",
            "contacts.lms_user_id is INT(11) and must be text",
        ),
        (
            "ALTER TABLE lms_enrollments MODIFY expires_at INT NULL",
            "lms_enrollments.expires_at is INT(11) and must be a date with time",
        ),
    ] {
        let db = adopted::on_mariadb().await;
        db.run(change).await;
        let error = refused(&db).await;
        assert!(matches!(error, StoreError::UnfitColumns { .. }), "{error}");
        assert!(error.to_string().contains(named), "{error}");
    }
    let db = crate::mariadb::sqlite();
    db.run("CREATE TABLE partners (id INTEGER PRIMARY KEY, account_name VARCHAR(80) NOT NULL, is_active VARCHAR(3))")
        .await;
    let error = refused(&db).await.to_string();
    assert!(
        error.contains("partners.is_active is VARCHAR(3)"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_that_changes_later_stops_the_write_itself() {
    let db = adopted::on_mariadb().await;
    let store = db.store().await;
    let plan = plan_of(&store, &[account(1, "Acme")], &[]).await;
    db.run("ALTER TABLE partners MODIFY is_active ENUM('yes','no') NOT NULL DEFAULT 'yes'")
        .await;
    let lease = store.lease(claim()).await.unwrap();
    let deletes = prmdesk::store::SoftDeletes::Counted;
    let error = apply_under(&store, &lease, &plan, deletes)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::UnfitColumns { .. }), "{error}");
    assert_eq!(db.one("SELECT COUNT(*) FROM partners").await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn wide_ids_bits_and_no_value_are_read_as_they_are() {
    for db in adopted::on_both().await {
        db.run("ALTER TABLE partners ADD COLUMN impartner_id BIGINT NULL")
            .await;
        db.run(
            "INSERT INTO contacts (email, impartner_id, is_active) VALUES \
             ('a@x.example', 9000000001, 1), ('b@x.example', 9000000002, 0), ('c@x.example', 9000000003, NULL)",
        )
        .await;
        let store = db.store().await;
        let rows = store.rows(&Schema::of(Entity::Contacts)).await.unwrap();
        let seen: Vec<(Option<i64>, bool)> = rows
            .indices()
            .map(|at| (rows.impartner_id(at), rows.active(at)))
            .collect();
        assert_eq!(
            seen,
            [
                (Some(9_000_000_001), true),
                (Some(9_000_000_002), false),
                (Some(9_000_000_003), true)
            ]
        );
        let counts = store.counts().await.unwrap();
        assert_eq!((counts.contacts.active, counts.contacts.inactive), (2, 1));
        let (partners, contacts) = (
            [account(3_000_000_000, "Wide Co")],
            [person(9_000_000_002, "b@x.example", Some(3_000_000_000))],
        );
        let plan = plan_of(&store, &partners, &contacts).await;
        let (_, outcomes) = apply(&store, &plan).await;
        for (entity, id) in [
            (Entity::Partners, 3_000_000_000),
            (Entity::Contacts, 9_000_000_002),
        ] {
            let outcome = outcome_of(&plan, &outcomes, entity, id);
            let why: Vec<&str> = plan.views().map(|view| view.reason()).collect();
            assert!(
                matches!(outcome, Outcome::Applied { .. }),
                "{outcome:?} {why:?}"
            );
        }
        let again = plan_of(&store, &partners, &contacts).await;
        assert!(!again.has_changes(), "{:?}", again.items);
        assert_eq!(store.counts().await.unwrap().contacts.active, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_another_kind_are_refused_by_name() {
    const PARTNERS: &str = "CREATE TABLE partners (id INT AUTO_INCREMENT PRIMARY KEY, account_name VARCHAR(80) NOT NULL)";
    for (made, named) in [
        (
            format!("{PARTNERS} ENGINE=MyISAM"),
            "partners is of the engine MyISAM",
        ),
        (
            format!("{PARTNERS} ENGINE=Aria"),
            "partners is of the engine Aria",
        ),
        (
            format!("{PARTNERS} ENGINE=InnoDB WITH SYSTEM VERSIONING"),
            "partners is system-versioned",
        ),
        (
            format!(
                "{PARTNERS}; CREATE VIEW lms_users AS SELECT id, account_name AS email FROM partners"
            ),
            "lms_users is a view",
        ),
    ] {
        let db = mariadb().await;
        db.run(&made).await;
        let error = refused(&db).await;
        assert!(matches!(error, StoreError::UnfitTables { .. }), "{error}");
        assert!(error.to_string().contains(named), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_table_under_one_of_our_names_is_refused_before_anything_is_made() {
    for (made, named) in [
        (
            "CREATE TABLE sync_state (id INTEGER PRIMARY KEY, payload TEXT)",
            "sync_state (it has no name, value",
        ),
        (
            "CREATE TABLE cert_pushes (push_id INTEGER PRIMARY KEY, row_id BIGINT)",
            "cert_pushes (it has no run_id",
        ),
        (
            "CREATE TABLE contacts (contact_no INTEGER PRIMARY KEY, email VARCHAR(99))",
            "contacts (it has no id)",
        ),
    ] {
        for db in both().await {
            db.run(made).await;
            let error = refused(&db).await;
            assert!(matches!(error, StoreError::ForeignTables { .. }), "{error}");
            assert!(error.to_string().contains(named), "{error}");
            assert_eq!(count(&db).await, "1", "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_impartner_id_is_foretold_with_the_rows() {
    for db in both().await {
        let id = match db.engine {
            Engine::MariaDb => "INT AUTO_INCREMENT PRIMARY KEY",
            Engine::Sqlite => "INTEGER PRIMARY KEY",
        };
        db.run(&format!(
            "CREATE TABLE partners (id {id}, account_name VARCHAR(80) NOT NULL, impartner_id INT NULL)"
        ))
        .await;
        db.run("INSERT INTO partners (account_name, impartner_id) VALUES ('A', 7), ('B', NULL), ('C', 7), ('D', NULL), ('E', 8)")
            .await;
        let error = refused(&db).await;
        assert!(matches!(error, StoreError::Duplicates { .. }), "{error}");
        let said = error.to_string();
        assert!(
            said.contains("partners.impartner_id") && said.contains("`7` (2 rows, ids 1, 3)"),
            "{said}"
        );
        db.run("UPDATE partners SET impartner_id = NULL WHERE id = 3")
            .await;
        db.store().await.require_schema().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_that_are_none_stop_neither_a_migration_nor_an_add() {
    for db in adopted::on_both().await {
        let store = db.store().await;
        let plan = plan_of(&store, &[account(1, "Acme")], &[]).await;
        let (_, outcomes) = apply(&store, &plan).await;
        assert!(
            matches!(outcomes[0], Outcome::Applied { .. }),
            "{outcomes:?}"
        );
        let dates = "SELECT CONCAT(contract_until), portal_code FROM partners";
        let dates = match db.engine {
            Engine::MariaDb => dates,
            Engine::Sqlite => "SELECT contract_until, portal_code FROM partners",
        };
        assert_eq!(db.one(dates).await, "0000-00-00|NEW");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_says_who_keeps_a_table_from_it_and_does_not_wait_for_ever() {
    let db = adopted::on_mariadb().await;
    db.run("INSERT INTO partners (account_name) VALUES ('Acme')")
        .await;
    let mut reader = sqlx::MySqlConnection::connect(&db.url).await.unwrap();
    let ask = |sql: &'static str| sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
    ask("START TRANSACTION").execute(&mut reader).await.unwrap();
    ask("SELECT * FROM partners")
        .execute(&mut reader)
        .await
        .unwrap();

    let store = db.connect().await;
    let error = store
        .migrate_within(Duration::from_secs(1))
        .await
        .unwrap_err();
    let said = error.to_string();
    assert!(
        matches!(error, StoreError::TableLocked { seconds: 1, .. }),
        "{said}"
    );
    assert!(
        said.contains("partners")
            && said.contains("of root@")
            && said.contains("Open transactions: connection"),
        "{said}"
    );
    assert!(error.help().unwrap().contains("prmdesk migrate"));

    ask("ROLLBACK").execute(&mut reader).await.unwrap();
    store.migrate().await.unwrap();
    store.require_schema().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_foretells_what_adopted_tables_will_not_take() {
    let db = adopted::on_mariadb().await;
    db.store().await.close().await;
    let checks = checks(&db).await;
    let of = |name: &str| {
        let check = checks.iter().find(|check| check.name == name);
        check.unwrap_or_else(|| panic!("{name}: {checks:?}"))
    };
    let lms = of("lms_tables");
    assert_eq!(lms.status, CheckStatus::Warning);
    for part in [
        "a person without an e-mail (lms_users.email must have a value)",
        "the second of two people whose e-mails lms_users takes for one",
        "a member whom the LMS does not list (a key of lms_group_members)",
        "an enrolment in a course that the LMS does not list (a key of lms_enrollments)",
        "after 2038-01-19 in lms_enrollments.expires_at",
    ] {
        assert!(lms.message.contains(part), "{part}: {}", lms.message);
    }
    let columns = of("columns");
    assert_eq!(columns.status, CheckStatus::Warning);
    assert!(
        columns.message.contains("partners.account_name (latin1)"),
        "{}",
        columns.message
    );
    assert_eq!(of("schema").status, CheckStatus::Ok);
    db.run("ALTER TABLE lms_users MODIFY status ENUM('active','disabled') NULL")
        .await;
    let store = db.connect().await;
    let told = store.column_troubles().await.unwrap().lms;
    assert!(
        told.iter()
            .any(|said| said == "a status deleted (lms_users.status is ENUM('ACTIVE','DISABLED'))"),
        "{told:?}"
    );
}
