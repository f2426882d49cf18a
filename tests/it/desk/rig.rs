//! A sandbox, a database and a desk between them.

use std::collections::BTreeMap;
use std::time::Duration;

use prmdesk::clock::Clock;
use prmdesk::config::{Config, Secret};
use prmdesk::desk::{Choice, Desk};
use prmdesk::error::Result;
use prmdesk::plan::{Entity, Mode, PerEntity, Plan, Release, Scope, Selection};
use prmdesk::progress::Progress;
use prmdesk::sandbox::{Account, Sandbox, SandboxOptions, User, World};
use prmdesk::values::{PreviewRequest, RunReport};

use prmdesk::store::Engine;

use crate::mariadb::{TestDb, mariadb, sqlite};

/// Stories that run on both engines.
macro_rules! both {
    ($(async fn $name:ident($engine:ident: Engine) $body:block)*) => {$(
        mod $name {
            use super::*;

            async fn story($engine: Engine) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn mariadb() {
                story(Engine::MariaDb).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                story(Engine::Sqlite).await;
            }
        }
    )*};
}

pub(crate) use both;

/// A row as a test looks at it: name or e-mail, whether it is active, tier or first name.
pub type Seen = BTreeMap<String, (bool, String)>;

pub struct Rig {
    pub sandbox: Sandbox,
    pub desk: Desk,
    pub config: Config,
    /// The source's clock; it stands still until a test advances it.
    pub upstream: Clock,
    pub db: TestDb,
}

impl Rig {
    /// `partners` accounts "P01"… and `contacts` users "u01@p.example"…, upstream only.
    pub async fn new(engine: Engine, partners: usize, contacts: usize) -> Self {
        Self::with(
            engine,
            partners,
            contacts,
            SandboxOptions::default(),
            |_| {},
        )
        .await
    }

    pub async fn with(
        engine: Engine,
        partners: usize,
        contacts: usize,
        options: SandboxOptions,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let db = match engine {
            Engine::MariaDb => mariadb().await,
            Engine::Sqlite => sqlite(),
        };
        Self::on(db, partners, contacts, options, change).await
    }

    /// The same on a database that is there.
    pub async fn on(
        db: TestDb,
        partners: usize,
        contacts: usize,
        options: SandboxOptions,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let epoch = chrono::DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let upstream = Clock::fixed(epoch);
        let mut world = World::empty(7, epoch, upstream.clone());
        let accounts: Vec<i64> = (1..=partners)
            .map(|n| world.add_account(account(n)))
            .collect();
        for n in 1..=contacts {
            let mut user = user(n);
            user.account_id = accounts.get(n % partners.max(1)).copied();
            world.add_user(user);
        }
        let sandbox = Sandbox::start(world, options).await.unwrap();
        let mut config = Config {
            operator: "ann".into(),
            operator_named: true,
            ..Config::default()
        };
        config.database.url = Some(Secret::new(&db.url));
        config.impartner.url = sandbox.impartner_url();
        config.impartner.api_key = Some(Secret::new(sandbox.impartner_key()));
        config.impartner.page_size = 10;
        config.impartner.timeout = Duration::from_secs(2);
        config.impartner.retries = 2;
        config.impartner.backoff = Duration::from_millis(5);
        config.lms.url = sandbox.lms_url();
        config.lms.api_key = Some(Secret::new(sandbox.lms_key()));
        change(&mut config);
        let writing = Config {
            read_only: false,
            ..config.clone()
        };
        Desk::connect(&writing, &Clock::system())
            .await
            .unwrap()
            .migrate()
            .await
            .unwrap();
        let desk = Desk::open(config.clone(), Clock::system()).await.unwrap();
        Self {
            sandbox,
            desk,
            config,
            upstream,
            db,
        }
    }

    pub async fn preview(&self, mode: Mode) -> Result<Plan> {
        self.desk
            .preview(
                PreviewRequest {
                    scope: Scope::All,
                    mode,
                },
                &Progress::silent(),
            )
            .await
    }

    /// Previews and applies the ticks as first set.
    pub async fn sync(&self, mode: Mode) -> Result<RunReport> {
        let prepared = self
            .desk
            .begin_sync(
                PreviewRequest {
                    scope: Scope::All,
                    mode,
                },
                &Progress::silent(),
            )
            .await?;
        let selection = Selection::of(&prepared.plan);
        prepared
            .apply(selection, &Choice::default(), &Progress::silent())
            .await
    }

    pub async fn apply(&self, plan: &Plan) -> Result<RunReport> {
        self.desk
            .apply(
                plan,
                Selection::of(plan),
                &Choice::default(),
                &Progress::silent(),
            )
            .await
    }

    /// What the database holds.
    pub async fn rows(&self) -> PerEntity<Seen> {
        let store = Desk::connect(&self.config, &Clock::system()).await.unwrap();
        let mut seen = PerEntity::<Seen>::default();
        for entity in Entity::ALL {
            let rows = store.rows(&self.config.schema(entity)).await.unwrap();
            seen[entity] = rows
                .indices()
                .map(|at| {
                    (
                        rows.field(at, 0).unwrap_or_default().to_owned(),
                        (
                            rows.active(at),
                            rows.field(at, 1).unwrap_or_default().to_owned(),
                        ),
                    )
                })
                .collect();
        }
        store.close().await;
        seen
    }

    /// Names of inactive rows.
    pub async fn inactive(&self, entity: Entity) -> Vec<String> {
        self.rows().await[entity]
            .iter()
            .filter(|(_, (active, _))| !active)
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Upstream id of an account or user by name or e-mail.
    pub fn id(&self, name: &str) -> i64 {
        let world = self.sandbox.world();
        world
            .accounts()
            .find(|account| account.name == name)
            .map(|account| account.id)
            .or_else(|| {
                world
                    .users()
                    .find(|user| user.email.as_deref() == Some(name))
                    .map(|user| user.id)
            })
            .unwrap_or_else(|| panic!("{name} is not upstream"))
    }

    pub fn set_tier(&self, name: &str, tier: &str) {
        let id = self.id(name);
        assert!(
            self.sandbox
                .world()
                .edit_account(id, |account| account.tier = Some(tier.to_owned()))
        );
    }

    pub fn delete(&self, name: &str) {
        let (id, object) = (
            self.id(name),
            if name.contains('@') {
                prmdesk::sandbox::Object::User
            } else {
                prmdesk::sandbox::Object::Account
            },
        );
        assert!(self.sandbox.world().delete(object, id));
    }
}

/// A release of `deletes` soft-deletes.
pub fn release(deletes: u64) -> Choice {
    Choice {
        release: Release {
            deletes: Some(deletes),
            updates: None,
            reason: Some("checked".into()),
        },
        ..Choice::default()
    }
}

pub fn account(n: usize) -> Account {
    Account {
        name: format!("P{n:02}"),
        tier: Some("Premier".into()),
        status: Some("Active".into()),
        is_active: true,
        country: Some("DE".into()),
        ..Account::default()
    }
}

pub fn user(n: usize) -> User {
    User {
        email: Some(format!("u{n:02}@p.example")),
        first_name: Some("Ann".into()),
        is_active: true,
        ..User::default()
    }
}
