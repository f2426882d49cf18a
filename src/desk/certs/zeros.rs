//! Figures that fall to 0: nothing is pushed while the LMS was never read, and many zeros at once wait for a person
//! (docs/rules.md, "Certifications").

use super::super::Desk;
use super::rules;
use crate::error::{Error, Kind, Result};
use crate::values::{CertFault, CertRow, Transcripts, ZeroRelease};

/// The note (see `Store::meta`) that says whose transcripts were read into the tables: `all`, or row ids of partners.
const READ: &str = "lms_transcripts";

/// All of them.
const ALL: &str = "all";

impl Desk {
    /// What a push of `rows`, compared for `partners` (row ids; empty: all), would keep back, with the reason. An error
    /// where `release` does not name the number of partners that would fall to 0.
    pub async fn certs_withheld(
        &self,
        partners: &[i64],
        rows: &[CertRow],
        release: Option<&ZeroRelease>,
    ) -> Result<Vec<CertFault>> {
        if let Some(why) = self.never_read(partners).await? {
            let differing = rows.iter().filter(|row| row.differs);
            return Ok(differing
                .map(|row| rules::fault(row, "withheld", &why.message))
                .collect());
        }
        self.zeros_withheld(rows, release).await
    }

    /// Of `rows`, those that fall to 0 together with too many others.
    pub(super) async fn zeros_withheld(
        &self,
        rows: &[CertRow],
        release: Option<&ZeroRelease>,
    ) -> Result<Vec<CertFault>> {
        let falling: Vec<&CertRow> = rows
            .iter()
            .filter(|row| rules::falls_to_zero(row))
            .collect();
        let number = falling.len() as u64;
        if let Some(release) = release {
            if release.zeros == number {
                return Ok(Vec::new());
            }
            return Err(Error::new(
                Kind::Blocked,
                "release_mismatch",
                format!(
                    "--allow-zeros {} does not fit: this push would set the figures of {number} partners to 0. Nothing was pushed.",
                    release.zeros
                ),
            )
            .help(format!(
                "Look at `prmdesk certs preview`; if that is what you want, say --allow-zeros {number} --reason TEXT."
            )));
        }
        let partners = self.store().active_partners().await?;
        if !rules::too_many_zeros(number, partners) {
            return Ok(Vec::new());
        }
        let why = format!(
            "{number} of {partners} partners would fall to 0 at once. If that is so, `prmdesk certs push --allow-zeros {number} --reason TEXT` releases them; else `prmdesk lms refresh --transcripts` reads the LMS again."
        );
        Ok(falling
            .into_iter()
            .map(|row| rules::fault(row, "withheld", &why))
            .collect())
    }

    /// Why nothing may be pushed for `partners` (empty: all): what our tables say of them is not what anybody read.
    /// Where we never read transcripts ourselves, the tables are a portal's, and hold people and enrolments if it fills
    /// them.
    pub(super) async fn never_read(&self, partners: &[i64]) -> Result<Option<Error>> {
        let read = match self.store().meta(READ).await?.as_deref() {
            Some(ALL) => true,
            Some(some) => {
                let some = row_ids(some);
                !partners.is_empty() && partners.iter().all(|id| some.contains(id))
            }
            None => self.store().holds_enrolments().await?,
        };
        Ok((!read).then(|| {
            Error::new(
                Kind::Blocked,
                "lms_never_read",
                "The LMS tables were never read, so every count in them is 0. Nothing was pushed.",
            )
            .help("Run `prmdesk lms refresh --transcripts`, then compare and push.")
        }))
    }

    /// Notes whose transcripts a refresh read. `portal`: the tables held somebody's before it, so a part of them read by
    /// us makes them no less known.
    pub(in crate::desk) async fn note_transcripts(
        &self,
        which: Transcripts,
        portal: bool,
    ) -> Result<()> {
        let before = self.store().meta(READ).await?;
        let text = match (which, before.as_deref()) {
            (Transcripts::No, _) | (_, Some(ALL)) => return Ok(()),
            (Transcripts::Partner(_), None) if portal => return Ok(()),
            (Transcripts::All, _) => ALL.to_owned(),
            (Transcripts::Partner(id), before) => {
                let mut ids = row_ids(before.unwrap_or_default());
                if !ids.contains(&id) {
                    ids.push(id);
                }
                let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
                ids.join(" ")
            }
        };
        self.store().set_meta(READ, &text).await?;
        Ok(())
    }
}

fn row_ids(text: &str) -> Vec<i64> {
    text.split_whitespace()
        .filter_map(|id| id.parse().ok())
        .collect()
}
