//! The push: each call written down before and after, every outcome settled or named.

use std::fmt::Write as _;

use futures_util::{StreamExt, stream};

use super::super::Desk;
use super::super::running::Running;
use super::rules;
use crate::error::{Error, Kind, Result};
use crate::impartner::{Client, PatchOutcome};
use crate::plan::Entity;
use crate::progress::{Phase, Progress, RunEvent};
use crate::store::{NewPush, PushStatus};
use crate::values::{CertFault, CertReport, CertRow, RunStatus, ZeroRelease};

/// Pushes that are written down together before their calls: what a crash leaves open is at most that many.
const CHUNK: usize = 24;

/// Which partners are to be pushed.
#[derive(Clone, Copy)]
enum Wanted<'a> {
    /// Whatever differs now: of these by row id, or of all.
    Differing(&'a [i64]),
    /// These, with the figures that were on screen.
    Shown(&'a [CertRow]),
}

/// How one call ended, settled as far as it could be.
struct Settled {
    status: PushStatus,
    message: Option<String>,
    /// The key was refused or the lease lost: nothing more is sent.
    stop: Option<Error>,
}

impl Desk {
    /// Pushes the figures of every active partner that differs, or of the given ones (by row id). Takes the lease, so
    /// it compares and settles leftovers anew. Failed rows are in the report; a refused key, a lost lease or a
    /// cancellation is an error, and what was pushed before it is in the journal and in Impartner.
    pub async fn certs_push(&self, partners: &[i64], progress: &Progress) -> Result<CertReport> {
        self.push_wanted(Wanted::Differing(partners), None, progress)
            .await
    }

    /// Like [`Desk::certs_push`], or like [`Desk::certs_push_shown`] where rows were `shown`, with the figures that fall
    /// to 0 released; a number that does not fit is an error and nothing is pushed.
    pub async fn certs_push_releasing(
        &self,
        partners: &[i64],
        shown: Option<&[CertRow]>,
        release: Option<&ZeroRelease>,
        progress: &Progress,
    ) -> Result<CertReport> {
        let wanted = shown.map_or(Wanted::Differing(partners), Wanted::Shown);
        self.push_wanted(wanted, release, progress).await
    }

    /// Like [`Desk::certs_push`] for rows as the caller has just shown them. Each of them ends in the report: one whose
    /// figures here or in Impartner are others by now is not pushed but `changed`, to be confirmed anew; one that is gone
    /// from Impartner or from our active partners is `failed`.
    pub async fn certs_push_shown(
        &self,
        shown: &[CertRow],
        progress: &Progress,
    ) -> Result<CertReport> {
        self.push_wanted(Wanted::Shown(shown), None, progress).await
    }

    async fn push_wanted(
        &self,
        wanted: Wanted<'_>,
        release: Option<&ZeroRelease>,
        progress: &Progress,
    ) -> Result<CertReport> {
        self.allow_write("push certification counts")?;
        let impartner = self.impartner()?.clone();
        progress.phase(Phase::Starting);
        let running = self
            .begin(self.new_run("certs", "certs", None), progress)
            .await?;
        match self
            .push_under(&running, &impartner, wanted, release, progress)
            .await
        {
            Ok(report) => {
                let faults = report.failed.len() as u64;
                let withheld = report.withheld.len();
                let status = match (report.pushed, faults, withheld) {
                    (0, 0, 0) => RunStatus::Nothing,
                    (_, 0, 0) => RunStatus::Applied,
                    (0, 0, _) => RunStatus::Blocked,
                    (0, _, 0) => RunStatus::Failed,
                    _ => RunStatus::Partial,
                };
                let mut message = format!(
                    "{} pushed, {faults} failed, {withheld} withheld, {} unchanged",
                    report.pushed, report.unchanged
                );
                if let Some(release) = release {
                    let _infallible = write!(
                        message,
                        "; {} zeros released: {}",
                        release.zeros, release.reason
                    );
                }
                self.end_work(running, status, faults, Some(&message))
                    .await?;
                Ok(report)
            }
            Err(error) => Err(self.fail(running, error).await),
        }
    }

    async fn push_under(
        &self,
        running: &Running,
        impartner: &Client,
        wanted: Wanted<'_>,
        release: Option<&ZeroRelease>,
        progress: &Progress,
    ) -> Result<CertReport> {
        let asked: Vec<i64> = match wanted {
            Wanted::Differing(partners) => partners.to_vec(),
            Wanted::Shown(shown) => shown.iter().map(|row| row.row_id).collect(),
        };
        if let Some(never) = self.never_read(&asked).await? {
            return Err(never);
        }
        let mut rows = match wanted {
            Wanted::Differing(partners) => self.compare(partners, progress).await?,
            Wanted::Shown(_) => {
                let locals = self.locals(&asked).await?;
                self.compared(&asked, &locals, progress).await?
            }
        };
        running.confirm("Nothing was pushed.").await?;
        self.settle_leftovers(&mut rows, progress).await?;
        progress.phase(Phase::Pushing);
        let mut report = CertReport {
            run_id: Some(running.run_id),
            ..CertReport::default()
        };
        match wanted {
            Wanted::Shown(shown) => rows = rules::as_shown(shown, rows, &mut report.failed),
            // Asked for by name and not to be had: that is no success. Among all partners it is a note of the comparison.
            Wanted::Differing(partners) if !partners.is_empty() => {
                rows = rules::found(rows, &mut report.failed);
            }
            Wanted::Differing(_) => {}
        }
        let (mut differing, same): (Vec<CertRow>, Vec<CertRow>) =
            rows.into_iter().partition(|row| row.differs);
        differing.retain(|row| row.impartner_id.is_some());
        report.unchanged = same.iter().filter(|row| row.remote.is_some()).count() as u64;
        report.withheld = self.zeros_withheld(&differing, release).await?;
        differing.retain(|row| !report.withheld.iter().any(|kept| kept.row_id == row.row_id));
        let total = differing.len() as u64;
        for chunk in differing.chunks(CHUNK) {
            may_push(running, progress, &report).await?;
            let stop = self
                .push_chunk(running, impartner, chunk, &mut report, progress)
                .await?;
            progress.report(RunEvent::Working {
                what: "partners".to_owned(),
                done: report.pushed + report.failed.len() as u64,
                total: Some(total),
            });
            if let Some(stop) = stop {
                if stop.kind == Kind::Leased {
                    may_push(running, progress, &report).await?;
                }
                return Err(stop);
            }
        }
        Ok(report)
    }

    /// Writes a chunk down, sends it with bounded concurrency, writes down how each ended.
    async fn push_chunk(
        &self,
        running: &Running,
        impartner: &Client,
        chunk: &[CertRow],
        report: &mut CertReport,
        progress: &Progress,
    ) -> Result<Option<Error>> {
        let mut pushes = Vec::new();
        for row in chunk {
            let Some(impartner_id) = row.impartner_id else {
                continue;
            };
            pushes.push(NewPush {
                row_id: row.row_id,
                impartner_id,
                name: row.name.clone(),
                before: rules::journal(row.remote).to_string(),
                after: rules::journal(Some(row.local)).to_string(),
            });
        }
        let config = self.config();
        let at = self.clock().now();
        let ids = self
            .store()
            .open_pushes(running.run_id, &config.operator, at, &pushes)
            .await?;
        // Owned, so that the future can be sent to another thread: the console spawns it.
        let calls: Vec<(CertRow, i64)> = chunk.iter().cloned().zip(ids).collect();
        let mut outcomes = stream::iter(calls)
            .map(|(row, push_id)| async move {
                let settled = self.push_one(running, impartner, &row, progress).await;
                (row, push_id, settled)
            })
            .buffer_unordered(config.impartner.concurrency.max(1));
        let mut stop = None;
        while let Some((row, push_id, settled)) = outcomes.next().await {
            let at = self.clock().now();
            self.store()
                .settle_push(push_id, settled.status, settled.message.as_deref(), at)
                .await?;
            if settled.status == PushStatus::Ok {
                report.pushed += 1;
                report.rows.push(row.row_id);
            } else {
                report.failed.push(CertFault {
                    row_id: row.row_id,
                    impartner_id: row.impartner_id,
                    name: row.name,
                    status: settled.status.word().to_owned(),
                    message: settled.message.unwrap_or_default(),
                });
            }
            stop = stop.or(settled.stop);
        }
        Ok(stop)
    }

    async fn push_one(
        &self,
        running: &Running,
        impartner: &Client,
        row: &CertRow,
        progress: &Progress,
    ) -> Settled {
        if let Err(lost) = running.confirm("").await {
            return Settled {
                status: PushStatus::Failed,
                message: Some(format!("{} It was not sent.", lost.message.trim_end())),
                stop: Some(lost),
            };
        }
        let mapping = &self.config().mapping;
        let body = rules::body(row.local, &mapping.certification_count, &mapping.total_npcu);
        let id = row.impartner_id.unwrap_or_default();
        let settled = |status, message| Settled {
            status,
            message,
            stop: None,
        };
        match impartner.patch(Entity::Partners, id, &body).await {
            Ok(PatchOutcome::Ok) => settled(PushStatus::Ok, None),
            Ok(PatchOutcome::Failed(why)) => settled(PushStatus::Failed, Some(why)),
            // No clear answer: what Impartner holds now decides.
            Ok(PatchOutcome::Unknown(why)) => match self.held(id, progress).await {
                Ok(Some(held)) if rules::same_figures(held, row.local) => settled(
                    PushStatus::Ok,
                    Some(format!("{why}; read again: it had arrived")),
                ),
                Ok(Some(_)) => settled(
                    PushStatus::Failed,
                    Some(format!("{why}; read again: it had not arrived")),
                ),
                Ok(None) => settled(
                    PushStatus::Unknown,
                    Some(format!("{why}; it could not be read again")),
                ),
                Err(error) => settled(
                    PushStatus::Unknown,
                    Some(format!("{why}; it could not be read again ({error})")),
                ),
            },
            Err(error) => Settled {
                status: PushStatus::Failed,
                message: Some(error.to_string()),
                stop: Some(error.into()),
            },
        }
    }
}

/// Before every chunk: the lease is still ours, and nobody cancelled.
async fn may_push(running: &Running, progress: &Progress, report: &CertReport) -> Result<()> {
    let so_far = format!(
        "{} partners were pushed before that and stay so.",
        report.pushed
    );
    running.confirm(&so_far).await?;
    if progress.is_cancelled() {
        return Err(
            Error::new(Kind::Cancelled, "cancelled", format!("Cancelled. {so_far}"))
                .help("Push again: only what still differs is sent."),
        );
    }
    Ok(())
}
