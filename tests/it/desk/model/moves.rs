//! What happens upstream, around the database and to plans between two runs.

use prmdesk::plan::Entity;
use prmdesk::sandbox::{Account, Act, Fault, Object};
use prmdesk::store::Engine;
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use crate::desk::rig::{Rig, account, user};

/// The first moment of a year.
pub fn year(year: i32) -> chrono::DateTime<chrono::Utc> {
    let first = chrono::NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
    first.and_time(chrono::NaiveTime::MIN).and_utc()
}

/// One random edit upstream.
pub fn edit(rig: &Rig, rng: &mut ChaCha8Rng, fresh: &mut usize) {
    let mut world = rig.sandbox.world();
    let accounts: Vec<i64> = world.accounts().map(|account| account.id).collect();
    let users: Vec<i64> = world.users().map(|user| user.id).collect();
    let any_account = accounts
        .get(rng.random_range(0..accounts.len().max(1)))
        .copied();
    let any_user = users.get(rng.random_range(0..users.len().max(1))).copied();
    *fresh += 1;
    match (rng.random_range(0..12), any_account, any_user) {
        (0, Some(id), _) => {
            let tier = ["Gold", "Premier", "Pending"][rng.random_range(0..3)];
            world.edit_account(id, |account| account.tier = Some(tier.into()));
        }
        (1, Some(id), _) => {
            let name = format!("P{:02}", rng.random_range(1..60));
            world.edit_account(id, |account| account.name = name);
        }
        (2, _, Some(id)) => {
            let active = rng.random_bool(0.5);
            world.edit_user(id, |user| user.is_active = active);
        }
        (3, _, Some(id)) => {
            let email = format!("u{:02}@p.example", rng.random_range(1..60));
            world.edit_user(id, |user| user.email = Some(email));
        }
        (4, Some(id), _) => {
            world.delete(Object::Account, id);
        }
        (5, _, Some(id)) => {
            world.delete(Object::User, id);
        }
        (6, ..) => {
            world.add_account(account(*fresh));
        }
        (7, account, _) => {
            let mut user = user(*fresh);
            user.account_id = account;
            world.add_user(user);
        }
        (8, ..) => {
            // A partner that is not let in yet, and its people.
            let partner = world.add_account(Account {
                tier: Some("Pending".into()),
                ..account(*fresh)
            });
            let mut user = user(*fresh);
            user.account_id = Some(partner);
            world.add_user(user);
        }
        (9, ..) => {
            let pending: Vec<i64> = world
                .accounts()
                .filter(|account| account.tier.as_deref() == Some("Pending"))
                .map(|account| account.id)
                .collect();
            for id in pending {
                world.edit_account(id, |account| account.tier = Some("Gold".into()));
            }
        }
        (10, _, Some(id)) => {
            // A day long ago would hide an edit from every incremental run; one to come must not hide others.
            world.redate(Object::User, id, year(2099));
        }
        (_, _, Some(id)) => {
            let name = format!("Ann{fresh}");
            world.edit_user(id, |user| user.first_name = Some(name));
        }
        _ => {}
    }
}

/// A fault of the source for a while.
pub fn fault(rng: &mut ChaCha8Rng) -> Fault {
    let object = ["Account", "User"][rng.random_range(0..2)];
    let act = match rng.random_range(0..7) {
        0 => Act::ShortPage { drop: 1 },
        1 => Act::Count { by: 1 },
        2 => Act::Status {
            status: 503,
            retry_after: None,
            message: None,
        },
        3 => Act::Reset,
        4 => Act::EmptyPage { count: Some(0) },
        5 => {
            return Fault::new(Act::Status {
                status: 500,
                retry_after: None,
                message: None,
            })
            .object(object)
            .by_id()
            .times(20);
        }
        _ => {
            return Fault::new(Act::Status {
                status: 403,
                retry_after: None,
                message: None,
            })
            .path("_deleted")
            .times(2);
        }
    };
    Fault::new(act)
        .object(object)
        .listings()
        .times(rng.random_range(1..6))
}

/// A person is deleted upstream and made anew under another id; sometimes an administrator holds them before.
pub async fn make_anew(rig: &Rig, rng: &mut ChaCha8Rng) {
    let users: Vec<i64> = rig.sandbox.world().users().map(|user| user.id).collect();
    let Some(&id) = users.get(rng.random_range(0..users.len().max(1))) else {
        return;
    };
    if rng.random_bool(0.5) {
        let _no_row = rig.desk.hold(Entity::Contacts, id, "model").await;
    }
    let mut world = rig.sandbox.world();
    let same = world.users().find(|user| user.id == id).cloned();
    world.delete(Object::User, id);
    if let Some(same) = same {
        world.add_user(same);
    }
}

/// A copy of every table, to be restored later.
pub async fn back_up(rig: &Rig) -> Vec<String> {
    let tables = tables(rig).await;
    for table in &tables {
        rig.db
            .run(&format!("DROP TABLE IF EXISTS kept_{table}"))
            .await;
        rig.db
            .run(&format!(
                "CREATE TABLE kept_{table} AS SELECT * FROM {table}"
            ))
            .await;
    }
    tables
}

/// The database as it was when [`back_up`] copied `tables`.
pub async fn restore(rig: &Rig, tables: &[String]) {
    let off = match rig.db.engine {
        Engine::MariaDb => "SET foreign_key_checks = 0",
        Engine::Sqlite => "PRAGMA foreign_keys = OFF",
    };
    let mut script = vec![off.to_owned()];
    for table in tables {
        script.push(format!("DELETE FROM {table}"));
        script.push(format!("INSERT INTO {table} SELECT * FROM kept_{table}"));
    }
    rig.db.run_all(&script).await;
}

async fn tables(rig: &Rig) -> Vec<String> {
    let sql = match rig.db.engine {
        Engine::MariaDb => {
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name NOT LIKE 'kept%'"
        }
        Engine::Sqlite => {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'kept%'"
        }
    };
    rig.db.rows(sql).await
}
