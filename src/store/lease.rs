//! The writer's lease: one row of `sync_lease`, committed on its own (docs/rules.md, "Applying").
//!
//! Its time is the database's clock, so that hosts whose clocks differ agree. A run that was paused and lost its lease
//! cannot commit: the apply transaction touches the row under its token last of all (`apply.rs`).

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::db::{Conn, Row, args};
use super::{Engine, Store, StoreError, dialect, process};
use crate::values::LeaseHolder;

/// What a lease is asked for with.
#[derive(Clone, Debug)]
pub struct LeaseClaim {
    /// Who.
    pub operator: String,
    /// For what: "sync", "apply", "undo", …
    pub purpose: String,
    /// How long it lasts unless it is renewed; it is renewed every quarter of that.
    pub ttl: Duration,
}

/// The lease, held. Renewed by a task of its own until it is released or dropped.
#[derive(Debug)]
pub struct Lease {
    store: Store,
    token: String,
    ttl: Duration,
    lost: CancellationToken,
    renewal: JoinHandle<()>,
    released: bool,
}

/// The row as it stands.
struct Present {
    holder: LeaseHolder,
    identity: String,
    live: bool,
}

/// The expiry of a lease that nobody holds.
const NEVER: &str = "'1970-01-02 00:00:00.000000'";

const COLUMNS: &str = "operator, host, pid, purpose, since, expires_at, process";

impl Store {
    /// Takes the lease, or says who has it.
    pub async fn lease(&self, claim: LeaseClaim) -> Result<Lease, StoreError> {
        let token = format!("{:032x}", rand::random::<u128>());
        let mut tries = 0;
        loop {
            match self.take(&claim, &token).await {
                Ok(()) => break,
                // SQLite busy, or two very first claims at once.
                Err(error) if error.is_retryable() && tries < 20 => tries += 1,
                Err(error) => return Err(error),
            }
        }
        tracing::info!(purpose = claim.purpose, "lease taken");
        let lost = CancellationToken::new();
        let renewal = renew(self.clone(), token.clone(), claim.ttl, lost.clone());
        let renewal = tokio::spawn(renewal.in_current_span());
        Ok(Lease {
            store: self.clone(),
            token,
            ttl: claim.ttl,
            lost,
            renewal,
            released: false,
        })
    }

    async fn take(&self, claim: &LeaseClaim, token: &str) -> Result<(), StoreError> {
        let engine = self.engine();
        let mut conn = self.conn().await?;
        if present(&mut conn, "").await?.is_none() {
            // The row stays for ever after, free or taken: two claims meet at its lock, and never at a gap, which
            // MariaDB would call a deadlock.
            let sql = format!(
                "INSERT INTO sync_lease (id, token, operator, host, pid, process, purpose, since, expires_at) \
                 VALUES (1, '', '', '', 0, '', '', {NEVER}, {NEVER}){}",
                dialect::upsert(engine, "id", &["id"])
            );
            conn.execute(sql, vec![]).await?;
        }
        conn.begin().await?;
        if let Some(present) = present(&mut conn, dialect::for_update(engine)).await? {
            let Present {
                holder,
                identity,
                live,
            } = present;
            if live && !process::is_gone(&holder.host, holder.pid, &identity) {
                conn.rollback().await?;
                return Err(StoreError::Leased(Box::new(holder)));
            }
            if !holder.operator.is_empty() {
                tracing::warn!(
                    ?holder,
                    live,
                    "replacing a lease whose process is gone or that expired"
                );
            }
        }
        let sql = format!(
            "UPDATE sync_lease SET token = ?, operator = ?, host = ?, pid = ?, process = ?, purpose = ?, since = {}, \
             expires_at = {} WHERE id = 1",
            dialect::now(engine),
            dialect::now_plus(engine)
        );
        let pid = i64::from(std::process::id());
        let mut values = args![
            token,
            claim.operator.as_str(),
            process::host(),
            pid,
            process::identity(),
            claim.purpose.as_str()
        ];
        values.push(dialect::span(engine, claim.ttl));
        if conn.execute(sql, values).await? == 0 {
            // Somebody removed the row by hand between the two statements.
            conn.rollback().await?;
            return Err(StoreError::LeaseLost);
        }
        conn.commit().await
    }

    /// Who holds the lease now; `None` when nobody does, it expired, or its process is gone.
    pub async fn holder(&self) -> Result<Option<LeaseHolder>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(present(&mut conn, "")
            .await?
            .filter(|present| {
                let holder = &present.holder;
                present.live && !process::is_gone(&holder.host, holder.pid, &present.identity)
            })
            .map(|present| present.holder))
    }
}

/// The row of the lease, whatever its state.
async fn present(conn: &mut Conn, lock: &str) -> Result<Option<Present>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS}, expires_at > {} FROM sync_lease WHERE id = 1{lock}",
        dialect::now(conn.engine())
    );
    conn.first(sql, vec![], |row: &Row| {
        Ok(Present {
            holder: LeaseHolder {
                operator: row.string(0)?,
                host: row.string(1)?,
                pid: u32::try_from(row.int(2)?).unwrap_or_default(),
                purpose: row.string(3)?,
                since: row.time(4)?,
                expires_at: row.time(5)?,
            },
            identity: row.string(6)?,
            live: row.flag(7)?,
        })
    })
    .await
}

/// Puts the expiry off; `false` when the lease is somebody else's by now.
pub(super) async fn extend(
    conn: &mut Conn,
    token: &str,
    ttl: Duration,
) -> Result<bool, StoreError> {
    let engine = conn.engine();
    let sql = format!(
        "UPDATE sync_lease SET expires_at = {} WHERE id = 1 AND token = ?",
        dialect::now_plus(engine)
    );
    let values = vec![dialect::span(engine, ttl), token.into()];
    Ok(conn.execute(sql, values).await? > 0)
}

async fn renew(store: Store, token: String, ttl: Duration, lost: CancellationToken) {
    let mut ticks = tokio::time::interval(ttl / 4);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks.tick().await;
    let mut renewed = tokio::time::Instant::now();
    loop {
        ticks.tick().await;
        let extending = async { extend(&mut store.conn().await?, &token, ttl).await };
        // A host that hangs never answers; the next try may find another one.
        let Ok(outcome) = tokio::time::timeout(ttl / 2, extending).await else {
            tracing::warn!("the lease could not be renewed: the database does not answer");
            // SQLite has no host to hang: our own transaction has the file.
            if renewed.elapsed() > ttl && store.engine() == Engine::MariaDb {
                lost.cancel();
                return;
            }
            continue;
        };
        match outcome {
            Ok(true) => renewed = tokio::time::Instant::now(),
            Ok(false) => {
                tracing::error!("the lease was taken over");
                lost.cancel();
                return;
            }
            // SQLite: our own transaction has the file, so nobody else can take the lease either.
            Err(error) if error.is_retryable() && !error.is_lost() => {
                tracing::debug!(%error, "the lease could not be renewed yet");
            }
            Err(error) => {
                tracing::warn!(%error, "the lease could not be renewed");
                if renewed.elapsed() > ttl {
                    lost.cancel();
                    return;
                }
            }
        }
    }
}

impl Lease {
    /// Cancelled when the lease went to somebody else, or could not be renewed for its whole time: stop working.
    pub fn lost(&self) -> &CancellationToken {
        &self.lost
    }

    /// Puts the expiry off here and now, and so learns whether the lease is still ours: before a write that no
    /// transaction of the run protects.
    pub async fn confirm(&self) -> Result<(), StoreError> {
        if !self.lost.is_cancelled() {
            let mut conn = self.store.conn().await?;
            if extend(&mut conn, &self.token, self.ttl).await? {
                return Ok(());
            }
            self.lost.cancel();
        }
        Err(StoreError::LeaseLost)
    }

    /// Gives the lease back.
    pub async fn release(mut self) -> Result<(), StoreError> {
        self.renewal.abort();
        self.released = true;
        give_back(&self.store, &self.token).await
    }

    /// What the apply transaction checks before it commits.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    pub(super) fn ttl(&self) -> Duration {
        self.ttl
    }
}

async fn give_back(store: &Store, token: &str) -> Result<(), StoreError> {
    let mut conn = store.conn().await?;
    let sql = format!(
        "UPDATE sync_lease SET token = '', operator = '', process = '', expires_at = {NEVER} WHERE id = 1 AND token = ?"
    );
    conn.execute(sql, args![token]).await?;
    Ok(())
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewal.abort();
        if self.released {
            return;
        }
        // Work that was dropped half-way (a cancelled task, an early return): nobody should have to wait for the
        // expiry. Where no runtime is left, it runs out by itself.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (store, token) = (self.store.clone(), std::mem::take(&mut self.token));
            runtime.spawn(async move {
                if let Err(error) = give_back(&store, &token).await {
                    tracing::warn!(%error, "the lease could not be given back; it runs out by itself");
                }
            });
        }
    }
}
