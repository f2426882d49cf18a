//! What guards count beside the plan itself: the rolling window over the journal (docs/rules.md, "The plan").

use chrono::{DateTime, Utc};

use super::db::args;
use super::{Store, StoreError};
use crate::plan::Entity;
use crate::plan::guards::WindowCounts;

impl Store {
    /// Counts of the window that began at `since`.
    pub async fn window_counts(
        &self,
        entity: Entity,
        since: DateTime<Utc>,
    ) -> Result<WindowCounts, StoreError> {
        if self.never_migrated() {
            return Ok(WindowCounts {
                active: self.active_rows(entity).await?,
                ..WindowCounts::default()
            });
        }
        let mut conn = self.conn().await?;
        let active = conn
            .first(
                format!("SELECT COUNT(*) FROM {entity} WHERE is_active <> 0 OR is_active IS NULL"),
                vec![],
                |row| row.count(0),
            )
            .await?
            .unwrap_or_default();
        // Runs are asked first for whether they soft-deleted at all, so that a first load of a million rows in the
        // window is never walked through.
        let journal = "FROM sync_runs r JOIN sync_changes c ON c.run_id = r.run_id \
             WHERE r.applied_at >= ? AND r.soft_deletes > 0 AND c.entity = ? AND c.op = 'soft_delete' AND c.status = 'applied'";
        let counted = conn
            .first(
                format!("SELECT COUNT(*) {journal} AND c.released = 0 AND c.undone_by IS NULL"),
                args![since, entity.word()],
                |row| row.count(0),
            )
            .await?
            .unwrap_or_default();
        let deleted = conn
            .first(
                format!(
                    "SELECT COUNT(*) FROM {entity} t JOIN (SELECT DISTINCT c.row_id {journal}) d ON d.row_id = t.id \
                     WHERE t.is_active = 0"
                ),
                args![since, entity.word()],
                |row| row.count(0),
            )
            .await?
            .unwrap_or_default();
        Ok(WindowCounts {
            active,
            deleted,
            counted,
        })
    }
}
