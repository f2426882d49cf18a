//! The real binary against the sandbox and a real database.

use std::path::PathBuf;

use prmdesk::clock::Clock;
use prmdesk::config::Secret;
use prmdesk::sandbox::{Sandbox, SandboxOptions, World};
use prmdesk::store::{Engine, Store};
use serde_json::Value;

use super::{Place, Ran};
use crate::mariadb::TestDb;

/// A sandbox with a world, a database with the schema, and a place to run the binary in.
pub(crate) struct Rig {
    pub(crate) place: Place,
    pub(crate) sandbox: Sandbox,
    pub(crate) db: TestDb,
}

impl Rig {
    /// 80 accounts and 500 people; nothing is in the database yet.
    pub(crate) async fn start(db: TestDb) -> Self {
        let rig = Self::bare(db).await;
        let migrated = rig.run("migrate");
        assert_eq!(migrated.code, 0, "{migrated:?}");
        rig
    }

    /// The same without the schema.
    pub(crate) async fn bare(db: TestDb) -> Self {
        let sandbox = Sandbox::start(World::generate(11, 80, 500), SandboxOptions::default())
            .await
            .unwrap();
        Self {
            place: Place::new(),
            sandbox,
            db,
        }
    }

    /// The same with everything applied that a full sync applies.
    pub(crate) async fn synced(db: TestDb) -> Self {
        let rig = Self::start(db).await;
        let synced = rig.run("sync --mode full --yes");
        assert_eq!(synced.code, 0, "{synced:?}");
        rig
    }

    pub(crate) fn env(&self) -> Vec<(&'static str, String)> {
        vec![
            ("PRMDESK_DATABASE_URL", self.db.url.clone()),
            ("PRMDESK_IMPARTNER_URL", self.sandbox.impartner_url()),
            (
                "PRMDESK_IMPARTNER_API_KEY",
                self.sandbox.impartner_key().to_owned(),
            ),
            ("PRMDESK_LMS_URL", self.sandbox.lms_url()),
            ("PRMDESK_LMS_API_KEY", self.sandbox.lms_key().to_owned()),
            ("PRMDESK_OPERATOR", "alice".to_owned()),
        ]
    }

    pub(crate) fn run(&self, args: &str) -> Ran {
        self.args(&args.split_whitespace().collect::<Vec<_>>())
    }

    pub(crate) fn args(&self, args: &[&str]) -> Ran {
        let env = self.env();
        let env: Vec<(&str, &str)> = env
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        self.place.run_args(args, &env)
    }

    /// Runs `args` with `--json`, which must end with `code`.
    #[track_caller]
    pub(crate) fn json(&self, code: i32, args: &str) -> Value {
        let ran = self.run(&format!("{args} --json"));
        assert_eq!(ran.code, code, "{args}: {ran:?}");
        ran.json()
    }

    pub(crate) async fn store(&self) -> Store {
        Store::connect(&Secret::new(&self.db.url), Clock::system())
            .await
            .unwrap()
    }

    /// Active partners and contacts.
    #[track_caller]
    pub(crate) fn active(&self) -> (u64, u64) {
        let status = self.json(0, "status");
        let of = |entity: &str| status[entity]["active"].as_u64().unwrap();
        (of("partners"), of("contacts"))
    }

    /// All that the binary logged.
    pub(crate) fn log(&self) -> String {
        log_below(&self.path("state"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    pub(crate) fn is_mariadb(&self) -> bool {
        self.db.engine == Engine::MariaDb
    }

    /// Ids of accounts that a sync keeps, in order.
    #[track_caller]
    pub(crate) fn kept_accounts(&self, count: usize) -> Vec<i64> {
        let plan = self.json(0, "runs show 1");
        let ids: Vec<i64> = plan["changes"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|change| change["entity"] == "partners" && change["op"] == "add")
            .map(|change| change["impartner_id"].as_i64().unwrap())
            .take(count)
            .collect();
        assert_eq!(ids.len(), count);
        ids
    }
}

/// The text of all log files below a state directory.
pub(crate) fn log_below(state: &std::path::Path) -> String {
    let Ok(files) = std::fs::read_dir(state.join("prmdesk/log")) else {
        return String::new();
    };
    files
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect()
}
