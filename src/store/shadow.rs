//! An adopted database that was never migrated, looked at only: the old script goes on while its results and ours are
//! compared (docs/moving-over.md, "Side by side").
//!
//! Where prmdesk has no tables of its own there are no holds, no carried-over records, no window and no watermark; where
//! the tables of others lack a column of ours, it reads as if nobody had written into it.

use std::sync::atomic::Ordering;

use super::catalog::{self, Catalog};
use super::target::Target;
use super::{Access, Engine, Store, StoreError, schema};
use crate::clock::Clock;
use crate::config::Secret;
use crate::plan::Entity;

/// A table that every migration made; without it there was none.
const OURS: &str = "sync_state";

impl Store {
    /// Takes a database that was never migrated as it is, if this store may only look and both tables of the business
    /// are there. Gives whether it is such a one; a migrated one is left to [`Store::require_schema`].
    pub async fn take_as_it_is(&self) -> Result<bool, StoreError> {
        if self.inner.access != Access::Read {
            return Ok(false);
        }
        let mut conn = self.conn().await?;
        let catalog = catalog::read(&mut conn).await?;
        let bare = !catalog.contains_key(OURS)
            && Entity::ALL
                .iter()
                .all(|entity| catalog.contains_key(entity.word()));
        drop(conn);
        // What no migration could adopt, a preview would read wrongly.
        if bare && let Some(refusal) = self.refusals().await?.into_iter().next() {
            return Err(refusal);
        }
        self.inner.bare.store(bare, Ordering::Relaxed);
        Ok(bare)
    }

    /// Whether the database was taken as it is: it has no table of prmdesk's own.
    pub fn never_migrated(&self) -> bool {
        self.inner.bare.load(Ordering::Relaxed)
    }
}

/// The statements that a migration would run now, without making anything: not even the SQLite file.
pub async fn planned_sql(url: &Secret, clock: Clock) -> Result<Vec<String>, StoreError> {
    if let Target::Sqlite { path } = Target::parse(url)?
        && !path.exists()
    {
        return Ok(schema::statements(Engine::Sqlite, &Catalog::new()));
    }
    let store = Store::connect_for(url, clock, Access::Read).await?;
    let statements = store.migrate_sql().await;
    store.close().await;
    statements
}
