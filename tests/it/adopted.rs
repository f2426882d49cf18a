//! The database of a portal that synchronised by a script of its own before (tests/adopted/README.md).

use prmdesk::store::Engine;

use crate::mariadb::{TestDb, both, mariadb, sqlite};

const MARIADB: &str = include_str!("../adopted/schema.sql");
const SQLITE: &str = include_str!("../adopted/schema.sqlite.sql");

/// Builds it on a database that has nothing yet.
pub async fn build(db: TestDb) -> TestDb {
    db.run(match db.engine {
        Engine::MariaDb => MARIADB,
        Engine::Sqlite => SQLITE,
    })
    .await;
    db
}

/// One on each engine.
pub async fn on_both() -> Vec<TestDb> {
    let mut built = Vec::new();
    for db in both().await {
        built.push(build(db).await);
    }
    built
}

/// One on an engine.
pub async fn on(engine: Engine) -> TestDb {
    build(match engine {
        Engine::MariaDb => mariadb().await,
        Engine::Sqlite => sqlite(),
    })
    .await
}

/// One on MariaDB.
pub async fn on_mariadb() -> TestDb {
    build(mariadb().await).await
}
