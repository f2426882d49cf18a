//! Which database this is and what its history holds: what a plan made earlier is held against.

use super::db::{Conn, args};
use super::{Store, StoreError};
use crate::plan::{DatabasePoint, Entity, PerEntity, RunMark};

/// The name in `sync_state` of the identity that a migration makes.
pub(super) const NAME: &str = "database_id";

/// Runs that ended by themselves. One that is under way, or was when a backup was taken, may still become anything.
const ENDED: &str = "status NOT IN ('running', 'interrupted')";

/// Whether a plan of some [`DatabasePoint`] belongs to this database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belonging {
    /// It does.
    Here,
    /// It is another database's.
    Elsewhere,
    /// This database does not hold the run that the plan's database held, or another one under its number: it was
    /// restored to an earlier point.
    Earlier,
}

impl Store {
    /// Which database this is, and the newest run that has ended in it. To be asked before anything else is read: a
    /// run that commits while one reads is then a newer one.
    ///
    /// [`StoreError::NoSchema`] when the database has no identity yet.
    pub async fn point(&self) -> Result<DatabasePoint, StoreError> {
        if self.never_migrated() {
            // No database has an empty identity, so a plan of this one is applied nowhere.
            return Ok(DatabasePoint {
                id: String::new(),
                run: None,
            });
        }
        let mut conn = self.conn().await?;
        let Some(id) = identity(&mut conn).await? else {
            return Err(StoreError::NoSchema {
                target: self.target(),
                missing: vec!["the database's identity".to_owned()],
            });
        };
        let run = conn
            .first(
                format!("SELECT run_id, lease_token FROM sync_runs WHERE {ENDED} ORDER BY run_id DESC LIMIT 1"),
                vec![],
                |row| {
                    Ok(RunMark {
                        run_id: row.int(0)?,
                        token: row.opt_string(1)?.unwrap_or_default(),
                    })
                },
            )
            .await?;
        Ok(DatabasePoint { id, run })
    }

    /// Holds `point` against this database.
    pub async fn belonging(&self, point: &DatabasePoint) -> Result<Belonging, StoreError> {
        let mut conn = self.conn().await?;
        if identity(&mut conn).await?.as_ref() != Some(&point.id) {
            return Ok(Belonging::Elsewhere);
        }
        let Some(run) = &point.run else {
            return Ok(Belonging::Here);
        };
        let token = conn
            .first(
                format!("SELECT lease_token FROM sync_runs WHERE run_id = ? AND {ENDED}"),
                args![run.run_id],
                |row| row.opt_string(0),
            )
            .await?;
        Ok(match token {
            Some(token) if token.as_deref().unwrap_or_default() == run.token => Belonging::Here,
            _ => Belonging::Earlier,
        })
    }

    /// The entities for which a run after run `since`, other than `own`, has committed an apply: with changes or
    /// without, it knew more than what was read before it.
    pub async fn overtaken(&self, since: i64, own: i64) -> Result<PerEntity<bool>, StoreError> {
        let mut conn = self.conn().await?;
        let mut overtaken = PerEntity::default();
        for entity in Entity::ALL {
            // Only an apply has a time at which it was applied.
            overtaken[entity] = conn
                .first(
                    "SELECT 1 FROM sync_runs WHERE run_id > ? AND run_id <> ? AND applied_at IS NOT NULL AND scope IN ('all', ?) LIMIT 1",
                    args![since, own, entity.word()],
                    |row| row.int(0),
                )
                .await?
                .is_some();
        }
        Ok(overtaken)
    }
}

/// The identity, if it was made.
pub(super) async fn identity(conn: &mut Conn) -> Result<Option<String>, StoreError> {
    Ok(conn
        .first(
            "SELECT value FROM sync_state WHERE name = ?",
            args![NAME],
            |row| row.opt_string(0),
        )
        .await?
        .flatten())
}
