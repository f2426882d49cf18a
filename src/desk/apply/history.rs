//! Whether a plan belongs to this database, and what of it newer runs have overtaken (docs/rules.md, "The plan").

use crate::desk::Desk;
use crate::error::{Error, Kind, Result};
use crate::plan::{PerEntity, Plan, PlanOrigin};
use crate::store::Belonging;

impl Desk {
    /// Refuses a plan of another database, or of a later point than this one holds: it would move the watermarks past
    /// what was never read here, and its row ids mean other rows.
    pub(in crate::desk) async fn refuse_elsewhere(&self, plan: &Plan) -> Result<()> {
        let target = self.store().target();
        let why = match self.store().belonging(&plan.database).await? {
            Belonging::Here => return Ok(()),
            Belonging::Elsewhere => {
                format!(
                    "Plan {} was made on another database, not on {target}",
                    plan.id
                )
            }
            Belonging::Earlier => format!(
                "Plan {} knows of run {}, and {target} does not: it was restored to an earlier point than the plan was made at",
                plan.id,
                plan.database.run_id()
            ),
        };
        Err(Error::new(
            Kind::Usage,
            "plan_elsewhere",
            format!("{why}. Nothing was written."),
        )
        .help("A plan belongs to the database it was made on. Preview again on this one."))
    }

    /// Of which entities a run that ended after `plan` was read has been applied. An undo is made from our own journal,
    /// which nothing overtakes: rows that changed since are stale.
    pub(super) async fn overtaken(&self, plan: &Plan, own: i64) -> Result<PerEntity<bool>> {
        if matches!(plan.origin, PlanOrigin::Undo { .. }) {
            return Ok(PerEntity::default());
        }
        let overtaken = self.store().overtaken(plan.database.run_id(), own).await?;
        for (entity, _) in overtaken.iter().filter(|&(_, &overtaken)| overtaken) {
            tracing::info!(%entity, since = plan.database.run_id(), "a newer run has overtaken the plan");
        }
        Ok(overtaken)
    }
}
