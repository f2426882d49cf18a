//! The database: MariaDB and SQLite behind one [`Store`]. The only floor that names sqlx.
//!
//! Rooms: `connect` (hosts, failover), `session` (what every session is set to), `tls` (whether it is encrypted), `db` (arguments, rows), `dialect` (what the engines spell differently), `target` (the URL), `catalog` and
//! `schema` (what is there, what is missing), `collation` (text columns of any kind compared), `read` (tables into packed sets), `lease`, `runs`, `journal`, `window`, `shadow` (a database that was never migrated),
//! `identity` (which database it is), `holds`, `rules` (accepted filters), `standing` (carry-over, watermarks, notes), `lms` (the `lms_` tables), `offboard` (cases), `certs`,
//! `split` (a batch of which a row is refused),
//! and `apply` (the one transaction of a run).

mod apply;
mod catalog;
mod certs;
mod collation;
mod connect;
mod db;
mod dialect;
mod error;
mod holds;
mod identity;
mod journal;
mod lease;
mod lists;
mod lms;
mod offboard;
mod privileges;
mod process;
mod read;
mod rules;
mod runs;
mod schema;
mod seed;
mod session;
mod shadow;
mod split;
mod standing;
mod target;
mod tls;
mod unique;
mod waiting;
mod window;

use std::sync::{Arc, RwLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::OnceCell;

use crate::clock::Clock;
use crate::config::Secret;
use connect::Serving;
use target::Target;

pub use apply::{ApplyTx, Departed, Finish, SoftDeletes};
pub use certs::{CertCount, CertPush, NewPush, PushStatus};
pub use db::Engine;
pub use error::StoreError;
pub use identity::Belonging;
pub use lease::{Lease, LeaseClaim};
pub use lms::{
    LinkRules, LmsSnapshot, LmsWritten, Refused, StoredEnrolment, StoredGroup, StoredPerson,
    Transcript,
};
pub use offboard::{
    CaseEvent, CaseMove, CaseRecord, CaseRow, Claim, Claims, Decision, Departure, NewOutline,
    Opening, StepMark, StepPhase,
};
pub use privileges::MissingPrivileges;
pub use read::{Counts, RowFacts};
pub use rules::NewAcceptance;
pub use runs::NewRun;
pub use schema::{ColumnTroubles, SchemaState};
pub use seed::{Seed, SeedTable, SeedValue};
pub use session::ServerTroubles;
pub use shadow::planned_sql;
pub use standing::Carried;

/// What a store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anything; a SQLite file is made and migrated.
    Write,
    /// Looking: nothing is made, and the database itself refuses every write.
    Read,
}

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Opened>,
}

#[derive(Debug)]
struct Opened {
    target: Target,
    engine: Engine,
    /// Replaced when the host behind it is lost and another one of the URL answers.
    serving: RwLock<Serving>,
    clock: Clock,
    access: Access,
    /// Whether prmdesk's own tables are not looked for; see [`Store::never_migrated`].
    bare: std::sync::atomic::AtomicBool,
    collations: OnceCell<collation::Collations>,
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
        Self::connect_for(url, clock, Access::Write).await
    }

    /// Like [`Store::connect`], or for looking only: then nothing is made or migrated.
    pub async fn connect_for(
        url: &Secret,
        clock: Clock,
        access: Access,
    ) -> Result<Self, StoreError> {
        let target = Target::parse(url)?;
        let engine = match &target {
            Target::MySql { .. } => Engine::MariaDb,
            Target::Sqlite { .. } => Engine::Sqlite,
        };
        let serving = Box::pin(connect::connect(&target, access)).await?;
        let store = Self {
            inner: Arc::new(Opened {
                target,
                engine,
                serving: RwLock::new(serving),
                clock,
                access,
                bare: std::sync::atomic::AtomicBool::new(false),
                collations: OnceCell::new(),
            }),
        };
        if engine == Engine::Sqlite && access == Access::Write {
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

    /// The database's own clock, on which hosts whose clocks differ agree.
    pub async fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        let mut conn = self.conn().await?;
        let sql = format!("SELECT {}", dialect::now(self.engine()));
        let now = conn.first(sql, vec![], |row| row.time(0)).await?;
        Ok(now.unwrap_or_default())
    }

    /// Closes every connection. For tests and the end of a process; a dropped store closes them too.
    pub async fn close(&self) {
        self.serving().pool.close().await;
    }

    fn clock(&self) -> &Clock {
        &self.inner.clock
    }
}
