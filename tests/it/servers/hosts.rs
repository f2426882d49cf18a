//! Several hosts in one URL: which of them is used, and what becomes of one that refuses by now.

use prmdesk::clock::Clock;
use prmdesk::config::Secret;
use prmdesk::store::{SchemaState, Store};

use super::Hostile;
use crate::http::rig::Rig as HttpRig;
use crate::mariadb::{TestDb, mariadb};

/// A database of the same name on the hostile server, and the URL that names that server first.
async fn two() -> (&'static Hostile, TestDb, TestDb, String) {
    let server = Hostile::server().await;
    let second = mariadb().await;
    let (rest, name) = second.url.rsplit_once('/').unwrap();
    let first = server.database(name).await;
    let place = rest.rsplit_once('@').unwrap().1;
    let url = format!("mysql://root@{},{place}/{name}", server.place());
    (server, first, second, url)
}

async fn connect(url: &str) -> Store {
    Store::connect(&Secret::new(url), Clock::system())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_takes_no_writes_is_passed_over() {
    let (server, first, second, url) = two().await;
    let _alone = server.alone().await;
    second.store().await;
    // The first host that takes writes; it has no tables yet.
    let store = connect(&url).await;
    assert!(matches!(
        store.schema_state().await.unwrap(),
        SchemaState::Missing(_)
    ));
    // It becomes a replica while it is used: the next one has the tables.
    first.run("SET GLOBAL read_only = ON").await;
    assert_eq!(store.schema_state().await.unwrap(), SchemaState::Current);
    store.close().await;
    let again = connect(&url).await;
    assert_eq!(again.schema_state().await.unwrap(), SchemaState::Current);
    // Alone it still serves readings, and says that it takes no writes.
    let alone = connect(&first.url).await;
    assert!(matches!(
        alone.schema_state().await.unwrap(),
        SchemaState::Missing(_)
    ));
    let troubles = alone.server_troubles().await.unwrap().unwrap();
    first.run("SET GLOBAL read_only = OFF").await;
    assert!(
        troubles
            .risky
            .iter()
            .any(|one| one.starts_with("read_only is ON")),
        "{troubles:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_refuses_the_login_is_passed_over() {
    let (_, _, second, url) = two().await;
    second.store().await;
    let user = format!("only_{}", std::process::id());
    second
        .run(&format!("CREATE USER {user} IDENTIFIED BY 'hush'"))
        .await;
    second.run(&format!("GRANT ALL ON *.* TO {user}")).await;
    let store = connect(&url.replace("root@", &format!("{user}:hush@"))).await;
    assert_eq!(store.schema_state().await.unwrap(), SchemaState::Current);
    store.close().await;
    second.run(&format!("DROP USER {user}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_is_refused_by_now_makes_the_server_not_ready() {
    let mut db = mariadb().await;
    let user = format!("gone_{}", std::process::id());
    db.run(&format!("CREATE USER {user} IDENTIFIED BY 'hush'"))
        .await;
    db.run(&format!("GRANT ALL ON *.* TO {user}")).await;
    let root = db.url.clone();
    db.url = root.replace("root@", &format!("{user}:hush@"));
    let world = prmdesk::sandbox::World::empty(
        7,
        chrono::DateTime::from_timestamp(1_790_000_000, 0).unwrap(),
        Clock::system(),
    );
    let rig = HttpRig::with(world, db, |_| {}).await;
    assert_eq!(rig.get("/readyz").await.status, 200);
    let admin = TestDb::at(&root);
    admin.run(&format!("DROP USER {user}")).await;
    for id in admin
        .rows(&format!(
            "SELECT id FROM information_schema.processlist WHERE user = '{user}'"
        ))
        .await
    {
        // One that ended by itself meanwhile is as good.
        let _already_gone = admin.try_run(&format!("KILL {id}")).await;
    }
    let answer = rig.get("/readyz").await;
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert!(answer.text.contains("refused the login"), "{}", answer.text);
    assert!(!answer.text.contains("hush"), "{}", answer.text);
    let answer = rig.get("/api/impartner/sync/status").await;
    assert_eq!(answer.status, 503, "{}", answer.text);
}
