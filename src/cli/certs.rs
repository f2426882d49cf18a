//! `prmdesk certs`.

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::args::{self, Json};
use super::confirm::Consent;
use super::context::Context;
use super::exit::Exit;
use super::output::Style;
use super::render::count;
use crate::error::Result;
use crate::values::{CertFault, CertFigures, CertReport, CertRow, ZeroRelease};

/// Compare certification counts with Impartner's, and push what differs
#[derive(Debug, Args)]
pub(super) struct Certs {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    pub(super) json: Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compare; exit code 5 says that there are differences
    Preview {
        #[command(flatten)]
        partners: Partners,
        #[command(flatten)]
        zeros: Zeros,
    },
    /// Push what differs
    Push {
        #[command(flatten)]
        partners: Partners,
        #[command(flatten)]
        zeros: Zeros,
        /// Go ahead without asking
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
struct Partners {
    /// Only this partner, by its row id; can be given several times
    #[arg(long = "partner", value_name = "ID", value_parser = args::id())]
    ids: Vec<i64>,
}

/// The release of figures that fall to 0.
#[derive(Debug, Args)]
struct Zeros {
    /// Release figures that fall to 0, once: N must be the number of partners that this push would set to 0
    #[arg(long, value_name = "N", requires = "reason")]
    allow_zeros: Option<u64>,
    /// Why they are released; recorded with the operator
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    reason: Option<String>,
}

impl Zeros {
    fn release(self) -> Option<ZeroRelease> {
        Some(ZeroRelease {
            zeros: self.allow_zeros?,
            reason: self.reason?,
        })
    }
}

/// The JSON of a comparison (docs/contract.md, "JSON").
#[derive(Serialize)]
struct Comparison<'a> {
    partners: &'a [CertRow],
    withheld: &'a [CertFault],
}

impl Certs {
    pub(super) async fn run(self, cx: &mut Context<'_>) -> Result<Exit> {
        match self.command {
            Command::Preview { partners, zeros } => {
                let desk = cx.desk().await?;
                let release = zeros.release();
                let rows = cx
                    .reading(Box::pin(desk.certs_preview(&partners.ids, &cx.progress)))
                    .await?;
                let withheld = desk
                    .certs_withheld(&partners.ids, &rows, release.as_ref())
                    .await?;
                cx.quiet();
                if cx.json() {
                    cx.out.json(&Comparison {
                        partners: &rows,
                        withheld: &withheld,
                    })?;
                } else {
                    compare(&rows, cx)?;
                    kept_back(&withheld, "would be withheld", cx)?;
                }
                let differs = rows.iter().any(|row| row.differs);
                Ok(if differs { Exit::Changes } else { Exit::Done })
            }
            Command::Push {
                partners,
                zeros,
                yes,
            } => {
                let consent = Consent::from_yes(yes, "push anything")?;
                let desk = cx.desk().await?;
                let release = zeros.release();
                let mut shown = None;
                if consent == Consent::Asked {
                    let mut rows = cx
                        .reading(Box::pin(desk.certs_preview(&partners.ids, &cx.progress)))
                        .await?;
                    let withheld = desk
                        .certs_withheld(&partners.ids, &rows, release.as_ref())
                        .await?;
                    cx.quiet();
                    let differing = rows.iter().filter(|row| row.differs).count() as u64;
                    let differing = differing.saturating_sub(withheld.len() as u64);
                    if !cx.json() {
                        compare(&rows, cx)?;
                        kept_back(&withheld, "would be withheld", cx)?;
                        cx.out.finish()?;
                    }
                    if differing > 0 {
                        let partners = count(differing, "partner", "partners");
                        consent
                            .question(cx, &format!("Push the counts of {partners} to Impartner?"))
                            .await?;
                    }
                    rows.retain(|row| row.differs);
                    shown = Some(rows);
                }
                let report = desk
                    .certs_push_releasing(
                        &partners.ids,
                        shown.as_deref(),
                        release.as_ref(),
                        &cx.progress,
                    )
                    .await?;
                cx.quiet();
                if cx.json() {
                    cx.out.json(&report)?;
                } else {
                    pushed(&report, cx)?;
                }
                Ok(if !report.withheld.is_empty() {
                    Exit::Stopped
                } else if report.failed.is_empty() {
                    Exit::Done
                } else {
                    Exit::InPart
                })
            }
        }
    }
}

fn compare(rows: &[CertRow], cx: &mut Context<'_>) -> Result<()> {
    let cells =
        |figures: &CertFigures| format!("{} / {}", figures.certification_count, figures.total_npcu);
    let lines: Vec<Vec<String>> = rows
        .iter()
        .filter(|row| row.differs || row.note.is_some())
        .map(|row| {
            vec![
                row.row_id.to_string(),
                row.name.clone(),
                cells(&row.local),
                row.remote
                    .as_ref()
                    .map_or_else(|| "not found".to_owned(), cells),
                row.note.clone().unwrap_or_default(),
            ]
        })
        .collect();
    if lines.is_empty() {
        let all = rows.len() as u64;
        return cx.out.line(format!(
            "No differences in {}.",
            count(all, "partner", "partners")
        ));
    }
    cx.out.table(
        &["ROW", "PARTNER", "HERE (COUNT / NPCU)", "IMPARTNER", "NOTE"],
        &lines,
    )
}

/// What was or would be kept back, and why: one reason for all of them.
fn kept_back(withheld: &[CertFault], how: &str, cx: &mut Context<'_>) -> Result<()> {
    let Some(first) = withheld.first() else {
        return Ok(());
    };
    let partners = count(withheld.len() as u64, "partner", "partners");
    cx.out
        .styled(Style::Warn, format!("{partners} {how}: {}", first.message))
}

fn pushed(report: &CertReport, cx: &mut Context<'_>) -> Result<()> {
    for fault in &report.failed {
        cx.out.styled(
            Style::Warn,
            format!(
                "{}: {} (row {}): {}",
                fault.status, fault.name, fault.row_id, fault.message
            ),
        )?;
    }
    kept_back(&report.withheld, "withheld", cx)?;
    cx.out.line(format!(
        "{} pushed, {} not settled, {} had the values already.",
        report.pushed,
        report.failed.len(),
        report.unchanged
    ))
}
