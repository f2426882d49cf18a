//! Certification counts, compared with Impartner and pushed back (docs/rules.md, "Certifications"). The rules of
//! counting, with worked examples, are at the query (`store/certs.rs`); those of comparing in `rules`.

mod push;
pub mod rules;
mod zeros;

use super::Desk;
use crate::error::{Error, Kind, Result};
use crate::plan::{Entity, Field, FieldKind, Schema, ValueSources};
use crate::progress::{Phase, Progress, RunEvent};
use crate::store::{CertPush, PushStatus};
use crate::values::{CertFigures, CertRow};
use rules::{Local, Remote};

/// Partners up to which the accounts are asked for by id instead of being read in pages.
const BY_ID: usize = 20;

impl Desk {
    /// What our tables say about each active partner (or those given, by row id) beside what Impartner holds. What an
    /// interrupted push left open is read again and reported: on the row, and as a notice. Takes no lease.
    pub async fn certs_preview(
        &self,
        partners: &[i64],
        progress: &Progress,
    ) -> Result<Vec<CertRow>> {
        let mut rows = self.compare(partners, progress).await?;
        // While somebody pushes, `sent` is the truth and not a leftover.
        if self.store().holder().await?.is_none() {
            self.settle_leftovers(&mut rows, progress).await?;
        }
        self.note_faults(&mut rows).await?;
        Ok(rows)
    }

    async fn compare(&self, partners: &[i64], progress: &Progress) -> Result<Vec<CertRow>> {
        let locals = self.locals(partners).await?;
        if let Some(missing) = partners
            .iter()
            .find(|id| !locals.iter().any(|local| local.row_id == **id))
        {
            return Err(Error::new(
                Kind::Usage,
                "unknown_partner",
                format!("There is no active partner with row id {missing}."),
            )
            .help("`prmdesk certs preview --json` shows the row ids."));
        }
        self.compared(partners, &locals, progress).await
    }

    /// What our tables say about the active partners among `partners`, or about all.
    async fn locals(&self, partners: &[i64]) -> Result<Vec<Local>> {
        let now = self.clock().now();
        let counts = self.store().cert_counts(partners, now).await?;
        let locals = counts.into_iter().map(|count| Local {
            row_id: count.row_id,
            impartner_id: count.impartner_id,
            salesforce_id: count.salesforce_id,
            name: count.name,
            figures: CertFigures {
                certification_count: count.count as f64,
                total_npcu: count.npcu as f64,
            },
        });
        Ok(locals.collect())
    }

    /// `locals` beside what Impartner holds.
    async fn compared(
        &self,
        partners: &[i64],
        locals: &[Local],
        progress: &Progress,
    ) -> Result<Vec<CertRow>> {
        progress.phase(Phase::Reading);
        if locals.is_empty() {
            return Ok(Vec::new());
        }
        let (remotes, doubt) = self.remotes(partners, locals, progress).await?;
        let mut rows = rules::compare(locals, &remotes);
        if let Some(doubt) = doubt {
            let lost = rows.iter_mut().filter(|row| row.remote.is_none());
            for row in lost {
                row.note = Some(format!(
                    "Not in Impartner's listing, which was not proved complete: {doubt}"
                ));
            }
        }
        Ok(rows)
    }

    /// Impartner's accounts: by id for a few partners that all have one, else in pages. With why the listing may lack
    /// some.
    async fn remotes(
        &self,
        partners: &[i64],
        locals: &[Local],
        progress: &Progress,
    ) -> Result<(Vec<Remote>, Option<String>)> {
        let ids: Vec<i64> = locals.iter().filter_map(|l| l.impartner_id).collect();
        if !partners.is_empty() && locals.len() <= BY_ID && ids.len() == locals.len() {
            let found = self.remotes_by_id(&ids, progress).await?;
            // One that is not there under its id may be there under its Salesforce id: that needs the listing.
            if found.len() == ids.len() {
                return Ok((found, None));
            }
        }
        let mapping = &self.config().mapping;
        let fields = ["CrmId", &mapping.certification_count, &mapping.total_npcu];
        let values = self
            .impartner()?
            .values(Entity::Partners.object(), &fields, progress)
            .await?;
        let text = |cell: Option<&str>| cell.map_or(serde_json::Value::Null, Into::into);
        let remotes = values
            .rows
            .iter()
            .map(|row| Remote {
                id: row.id,
                crm_id: row.text(0).map(str::to_owned),
                count: text(row.text(1)),
                npcu: text(row.text(2)),
            })
            .collect();
        let doubt = (!values.facts.proved).then(|| {
            values
                .facts
                .reason
                .unwrap_or_else(|| "no reason given".to_owned())
        });
        Ok((remotes, doubt))
    }

    /// Accounts by id; those that do not exist are left out, one that cannot be read is an error.
    async fn remotes_by_id(&self, ids: &[i64], progress: &Progress) -> Result<Vec<Remote>> {
        let canaries = self.canaries(Entity::Partners, ids).await?;
        let found = self
            .impartner()?
            .by_ids(&self.figures_schema(), ids, &canaries, progress)
            .await?;
        if let Some((id, why)) = found.unverified.first() {
            return Err(Error::new(
                Kind::Upstream,
                "account_unreadable",
                format!("Account {id} could not be read from Impartner: {why}"),
            ));
        }
        let text = |cell: Option<&str>| cell.map_or(serde_json::Value::Null, Into::into);
        let set = &found.records;
        Ok(set
            .ids()
            .iter()
            .zip(0u32..)
            .map(|(&id, at)| Remote {
                id,
                crm_id: set.field(at, 0).map(str::to_owned),
                count: text(set.field(at, 1)),
                npcu: text(set.field(at, 2)),
            })
            .collect())
    }

    /// The three fields of an account that certifications are about, as a schema for by-id reads.
    fn figures_schema(&self) -> Schema {
        let mapping = &self.config().mapping;
        let field = |column, source: &str| Field {
            column,
            source: Some(source.to_owned()),
            label: column,
            kind: FieldKind::Text,
            length: 255,
        };
        Schema {
            entity: Entity::Partners,
            fields: vec![
                field("salesforce_id", "CrmId"),
                field("certification_count", &mapping.certification_count),
                field("total_npcu", &mapping.total_npcu),
            ],
            values: ValueSources {
                status: Vec::new(),
                active: None,
                account_id: None,
                account_name: None,
            },
        }
    }

    /// Reads again what an interrupted or unclear push left open, settles it in the journal (not in read-only mode),
    /// and reports it.
    async fn settle_leftovers(&self, rows: &mut [CertRow], progress: &Progress) -> Result<()> {
        for push in self.store().unsettled_pushes().await? {
            let Some((status, said)) = self.verdict(&push, rows, progress).await? else {
                continue;
            };
            if !self.config().read_only {
                let at = self.clock().now();
                self.store()
                    .settle_push(push.push_id, status, Some(&said), at)
                    .await?;
            }
            let run = push.run_id.unwrap_or_default();
            let message = format!("{}: a push of run {run} was left open; {said}.", push.name);
            progress.report(RunEvent::Notice {
                message: message.clone(),
            });
            if let Some(row) = rows.iter_mut().find(|row| row.row_id == push.row_id) {
                row.note = Some(message);
            }
        }
        Ok(())
    }

    /// What became of an open push, by what Impartner holds now; `None`: that cannot be read now, it stays open.
    async fn verdict(
        &self,
        push: &CertPush,
        rows: &[CertRow],
        progress: &Progress,
    ) -> Result<Option<(PushStatus, String)>> {
        let held = match rows.iter().find(|row| row.row_id == push.row_id) {
            Some(row) => row.remote,
            None => match push.impartner_id {
                Some(id) => self.held(id, progress).await?,
                None => None,
            },
        };
        let journal = |text: &Option<String>| {
            let value = serde_json::from_str(text.as_deref()?).ok()?;
            rules::from_journal(&value)
        };
        let (before, after) = (journal(&push.before), journal(&push.after));
        let is = |wanted: Option<CertFigures>| {
            held.zip(wanted)
                .is_some_and(|(held, wanted)| rules::same_figures(held, wanted))
        };
        Ok(if held.is_none() {
            None
        } else if is(after) {
            Some((PushStatus::Ok, "read again: it had arrived".to_owned()))
        } else if is(before) {
            Some((
                PushStatus::Failed,
                "read again: it had not arrived".to_owned(),
            ))
        } else {
            let said = "read again: Impartner holds neither the old nor the new figures";
            Some((PushStatus::Failed, said.to_owned()))
        })
    }

    /// What Impartner holds for one account now; `None`: there is no such account, or it cannot be told.
    async fn held(&self, id: i64, progress: &Progress) -> Result<Option<CertFigures>> {
        let found = self.remotes_by_id(&[id], progress).await?;
        Ok(found.first().and_then(|remote| {
            Some(CertFigures {
                certification_count: rules::figure(&remote.count)?,
                total_npcu: rules::figure(&remote.npcu)?,
            })
        }))
    }

    /// Says on a row how its last push failed.
    async fn note_faults(&self, rows: &mut [CertRow]) -> Result<()> {
        for push in self.store().last_faults().await? {
            let row = rows
                .iter_mut()
                .find(|row| row.row_id == push.row_id && row.differs && row.note.is_none());
            if let Some(row) = row {
                let message = push.message.as_deref().unwrap_or("no reason given");
                row.note = Some(format!("The last push {}: {message}", push.status.word()));
            }
        }
        Ok(())
    }
}
