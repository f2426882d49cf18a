//! Cases that are taken up again, and the log in which nothing is forgotten.

use super::super::Desk;
use super::rules::Move;
use crate::error::{Error, Kind, Result};
use crate::values::{Case, CaseEntry};

impl Desk {
    /// Takes rejected and held cases up again, all or none: they are pending, and nothing of what was decided before is
    /// forgotten. One whose row has a newer case that still stands is refused.
    pub async fn reopen_cases(&self, ids: &[i64], note: &str) -> Result<Vec<Case>> {
        self.allow_write("reopen anything")?;
        self.decide(ids, Move::Reopen, note).await
    }

    /// The log of a case: every decision, step, failure and restoration, oldest first.
    pub async fn case_log(&self, case_id: i64) -> Result<Vec<CaseEntry>> {
        self.find_case(case_id).await?;
        Ok(self.store().case_log(case_id).await?)
    }

    /// A row has one case that stands: an older one of a row that left again is not taken up beside it.
    pub(super) async fn stands_alone(&self, case: &Case) -> Result<()> {
        let Some(other) = self.store().other_standing(case.case_id).await? else {
            return Ok(());
        };
        Err(Error::new(
            Kind::Blocked,
            "case_superseded",
            format!(
                "Case {} was not reopened: case {other} of the same {} stands. No case was decided.",
                case.case_id,
                case.entity.singular()
            ),
        )
        .help(format!("Decide on case {other} instead.")))
    }
}
