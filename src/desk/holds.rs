//! Holds: rows that no run soft-deletes until they are lifted (docs/rules.md, "The plan"); one by one, or many from a file.

mod import;

use chrono::NaiveDate;

use super::Desk;
use crate::error::{Error, Kind, Result};
use crate::plan::Entity;
use crate::values::{HeldOn, Hold, NewHold};

impl Desk {
    /// All holds.
    pub async fn holds(&self) -> Result<Vec<Hold>> {
        Ok(self.store().holds().await?)
    }

    /// Holds a row: never soft-deleted until lifted. A second hold replaces the note of the first.
    pub async fn hold(&self, entity: Entity, impartner_id: i64, note: &str) -> Result<()> {
        self.hold_on(NewHold {
            entity,
            on: HeldOn::Record(impartner_id),
            note: note.to_owned(),
            until: None,
        })
        .await
    }

    /// Like [`Desk::hold`], by our row's id too, and until a day.
    pub async fn hold_on(&self, hold: NewHold) -> Result<()> {
        self.allow_write("add the hold")?;
        let hold = NewHold {
            note: hold.note.trim().to_owned(),
            ..hold
        };
        if hold.note.is_empty() {
            return Err(Error::new(
                Kind::Usage,
                "note_missing",
                "A hold needs a note that says why.",
            )
            .help("Say it with --note TEXT."));
        }
        if let Some(day) = hold.until
            && self.is_over(day)
        {
            return Err(Error::new(
                Kind::Usage,
                "until_past",
                format!(
                    "A hold until {day} would not hold at all: that day is over. Nothing was held."
                ),
            )
            .help("Give the last day on which it is to hold, as YYYY-MM-DD."));
        }
        let known = match hold.on {
            HeldOn::Record(id) => self.store().row_of(hold.entity, id).await?.is_some(),
            HeldOn::Row(row) => self.store().row(hold.entity, row).await?.is_some(),
        };
        if !known {
            let named = match hold.on {
                HeldOn::Record(id) => format!("Impartner id {id}"),
                HeldOn::Row(row) => format!("row id {row}"),
            };
            return Err(Error::new(
                Kind::Usage,
                "unknown_record",
                format!(
                    "No {} in the database has the {named}, so there is nothing to hold.",
                    hold.entity.singular()
                ),
            )
            .help("An id is Impartner's, as previews and `prmdesk runs show` print it; --row is ours (row_id)."));
        }
        Ok(self
            .store()
            .set_holds(&[hold], &self.config().operator)
            .await?)
    }

    /// Lifts a hold; one that is not there is a usage error.
    pub async fn lift(&self, entity: Entity, impartner_id: i64) -> Result<()> {
        self.lift_on(entity, HeldOn::Record(impartner_id)).await
    }

    /// Like [`Desk::lift`], by our row's id too.
    pub async fn lift_on(&self, entity: Entity, on: HeldOn) -> Result<()> {
        self.allow_write("lift the hold")?;
        match on {
            HeldOn::Record(id) => self.store().lift(entity, id).await?,
            HeldOn::Row(row) => self.store().lift_row(entity, row).await?,
        }
        Ok(())
    }

    fn is_over(&self, day: NaiveDate) -> bool {
        day < self.clock().now().date_naive()
    }
}
