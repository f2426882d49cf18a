//! The database: MariaDB and SQLite behind one [`Store`]. The only floor that names sqlx.
//!
//! Rooms: `db` (connections, rows), `dialect` (what the engines spell differently), `target` (the URL), `catalog` and
//! `schema` (what is there, what is missing), `read` (tables into packed sets), `lease`, `runs`, `journal`, `window`,
//! `standing` (holds, carry-over, watermarks, notes), `lms` (the `lms_` tables), `offboard` (cases), `certs`, and
//! `apply` (the one transaction of a run).

mod apply;
mod catalog;
mod certs;
mod db;
mod dialect;
mod error;
mod journal;
mod lease;
mod lms;
mod offboard;
mod privileges;
mod process;
mod read;
mod runs;
mod schema;
mod seed;
mod standing;
mod target;
mod window;

use std::path::Path;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use sqlx::mysql::MySqlPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};

use crate::clock::Clock;
use crate::config::Secret;
use db::{Conn, Pool};
use target::Target;

pub use apply::{ApplyTx, Finish, SoftDeletes};
pub use certs::{CertCount, CertPush, NewPush, PushStatus};
pub use db::Engine;
pub use error::StoreError;
pub use lease::{Lease, LeaseClaim};
pub use lms::{
    LinkRules, LmsSnapshot, LmsWritten, StoredEnrolment, StoredGroup, StoredPerson, Transcript,
};
pub use offboard::{
    CaseEvent, CaseMove, CaseRecord, CaseRow, Claim, Claims, Decision, Departure, NewOutline,
    Opening, StepMark, StepPhase,
};
pub use privileges::MissingPrivileges;
pub use read::{Counts, RowFacts};
pub use runs::NewRun;
pub use schema::SchemaState;
pub use seed::{Seed, SeedTable, SeedValue};
pub use standing::Carried;

/// Longest wait for one host at connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for a connection out of the pool.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait for another writer of the SQLite file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    target: Target,
    engine: Engine,
    /// Replaced when the host behind it is lost and another one of the URL answers.
    pool: RwLock<Pool>,
    clock: Clock,
}

/// How the database answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ping {
    /// How long it took.
    pub latency: Duration,
    /// What it is, e.g. "mariadb 10.11.6".
    pub version: String,
}

impl Store {
    /// Connects. A SQLite file is made and migrated on first use; MariaDB is left as it is (see
    /// [`Store::schema_state`]). Hosts of the URL are tried in turn.
    pub async fn connect(url: &Secret, clock: Clock) -> Result<Self, StoreError> {
        let target = Target::parse(url)?;
        let (engine, pool) = match &target {
            Target::MySql { .. } => (Engine::MariaDb, connect_mysql(&target).await?),
            Target::Sqlite { path } => (Engine::Sqlite, connect_sqlite(path).await?),
        };
        let store = Self {
            inner: Arc::new(Inner {
                target,
                engine,
                pool: RwLock::new(pool),
                clock,
            }),
        };
        if engine == Engine::Sqlite {
            match store.schema_state().await? {
                SchemaState::Current => {}
                SchemaState::Missing(_) => {
                    store.migrate().await?;
                }
                SchemaState::Newer { found, known } => {
                    return Err(StoreError::Newer { found, known });
                }
            }
        }
        Ok(store)
    }

    /// Which engine it is.
    pub fn engine(&self) -> Engine {
        self.inner.engine
    }

    /// Hosts and database, or the file; never a password.
    pub fn target(&self) -> String {
        self.inner.target.shown()
    }

    /// Asks the database for its version and takes the time.
    pub async fn ping(&self) -> Result<Ping, StoreError> {
        let mut conn = self.conn().await?;
        let began = std::time::Instant::now();
        let version = conn
            .first(dialect::version(self.engine()), vec![], |row| row.string(0))
            .await?
            .unwrap_or_default();
        Ok(Ping {
            latency: began.elapsed(),
            version: format!(
                "{} {}",
                self.engine().word(),
                version.split('-').next().unwrap_or_default()
            ),
        })
    }

    /// Closes every connection. For tests and the end of a process; a dropped store closes them too.
    pub async fn close(&self) {
        self.pool().close().await;
    }

    fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    fn pool(&self) -> Pool {
        // A panic while the lock is held cannot leave a half-written pool: it is replaced in one assignment.
        self.inner
            .pool
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    /// A connection; when the host is gone, one of the next host that answers.
    async fn conn(&self) -> Result<Conn, StoreError> {
        let error = match self.pool().acquire().await {
            Ok(conn) => return Ok(conn),
            Err(error) => StoreError::connecting(&error, &self.target()),
        };
        if self.engine() == Engine::Sqlite {
            return Err(error);
        }
        let fresh = connect_mysql(&self.inner.target).await?;
        let conn = fresh
            .acquire()
            .await
            .map_err(|error| StoreError::connecting(&error, &self.target()));
        *self
            .inner
            .pool
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = fresh;
        conn
    }
}

/// What every MariaDB session is set to: UTC, so that times are what they say; strict, so that what does not fit is an
/// error and never cut; waits shorter than a person's patience.
const SESSION: &str = "SET SESSION time_zone = '+00:00', \
    sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION', \
    innodb_lock_wait_timeout = 20; \
    SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ";

async fn connect_mysql(target: &Target) -> Result<Pool, StoreError> {
    let Target::MySql {
        hosts,
        options,
        database,
    } = target
    else {
        return Err(StoreError::BadUrl("it is no MariaDB URL".to_owned()));
    };
    let mut failures = Vec::new();
    for (host, port) in hosts {
        let shown = format!("{host}:{port}/{database}");
        let options = options
            .as_ref()
            .clone()
            .host(host)
            .port(*port)
            .charset("utf8mb4")
            // Ours is set below, strict; these two would add to whatever the server has.
            .pipes_as_concat(false)
            .no_engine_substitution(false)
            .statement_cache_capacity(200)
            .disable_statement_logging();
        match tokio::time::timeout(CONNECT_TIMEOUT, probe(&options)).await {
            Ok(Ok(())) => {
                let pool = MySqlPoolOptions::new()
                    .max_connections(8)
                    .acquire_timeout(ACQUIRE_TIMEOUT)
                    .after_connect(|conn, _| {
                        Box::pin(async move { conn.execute(SESSION).await.map(|_| ()) })
                    })
                    .connect_lazy_with(options);
                return Ok(Pool::MySql(pool));
            }
            Ok(Err(error)) => failures.push(StoreError::connecting(&error, &shown)),
            Err(_elapsed) => failures.push(StoreError::Unreachable {
                target: shown,
                reason: format!("no answer within {} seconds", CONNECT_TIMEOUT.as_secs()),
            }),
        }
    }
    // A wrong password on one node is more telling than a node that is down.
    let telling = failures
        .iter()
        .position(|failure| !matches!(failure, StoreError::Unreachable { .. }))
        .unwrap_or(0);
    if failures.len() > 1 && matches!(failures[telling], StoreError::Unreachable { .. }) {
        let reasons: Vec<String> = failures.iter().map(ToString::to_string).collect();
        return Err(StoreError::Unreachable {
            target: target.shown(),
            reason: format!(
                "no host answers ({})",
                reasons.join(" ").trim_end_matches('.')
            ),
        });
    }
    Err(failures.swap_remove(telling))
}

/// Connects once, by itself, so that the error is the server's own and comes at once. A Galera node that is not part
/// of the primary component counts as not reachable.
async fn probe(options: &sqlx::mysql::MySqlConnectOptions) -> Result<(), sqlx::Error> {
    let mut conn = options.connect().await?;
    // Both names are there without Galera too, where the node is "not ready" and it means nothing.
    let mut galera = Vec::new();
    for sql in [
        "SHOW VARIABLES LIKE 'wsrep_on'",
        "SHOW STATUS LIKE 'wsrep_ready'",
    ] {
        let found: Option<(String, String)> = sqlx::query_as(sql).fetch_optional(&mut conn).await?;
        galera.push(found.is_some_and(|(_, value)| value.eq_ignore_ascii_case("on")));
    }
    if galera == [true, false] {
        return Err(sqlx::Error::Protocol(
            "the Galera node is not ready".to_owned(),
        ));
    }
    conn.close().await
}

async fn connect_sqlite(path: &Path) -> Result<Pool, StoreError> {
    let shown = path.display().to_string();
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder).map_err(|error| StoreError::Unreachable {
            target: shown.clone(),
            reason: error.to_string(),
        })?;
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(200)
        .row_buffer_size(1000)
        .disable_statement_logging();
    let probe = options
        .connect()
        .await
        .map_err(|error| StoreError::connecting(&error, &shown))?;
    probe
        .close()
        .await
        .map_err(|error| StoreError::connecting(&error, &shown))?;
    let pool = SqlitePoolOptions::new()
        .max_connections(6)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy_with(options);
    Ok(Pool::Sqlite(pool))
}
