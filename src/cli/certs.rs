//! `prmdesk certs`.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::args::Json;
use super::confirm::Consent;
use super::context::Context;
use super::exit::Exit;
use super::output::Style;
use super::render::count;
use crate::error::Result;
use crate::values::{CertFigures, CertReport, CertRow};

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
    Preview(Partners),
    /// Push what differs
    Push {
        #[command(flatten)]
        partners: Partners,
        /// Go ahead without asking
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
struct Partners {
    /// Only this partner, by its row id; can be given several times
    #[arg(long = "partner", value_name = "ID")]
    ids: Vec<i64>,
}

/// The JSON of a comparison (docs/contract.md, "JSON").
#[derive(Serialize)]
struct Document<'a> {
    partners: &'a [CertRow],
}

impl Certs {
    pub(super) async fn run(self, cx: &mut Context<'_>) -> Result<Exit> {
        match self.command {
            Command::Preview(partners) => {
                let desk = cx.desk().await?;
                let rows = cx
                    .reading(Box::pin(desk.certs_preview(&partners.ids, &cx.progress)))
                    .await?;
                cx.quiet();
                if cx.json() {
                    cx.out.json(&Document { partners: &rows })?;
                } else {
                    compare(&rows, cx)?;
                }
                let differs = rows.iter().any(|row| row.differs);
                Ok(if differs { Exit::Changes } else { Exit::Done })
            }
            Command::Push { partners, yes } => {
                let consent = Consent::from_yes(yes, "push anything")?;
                let desk = cx.desk().await?;
                let mut shown = None;
                if consent == Consent::Asked {
                    let mut rows = cx
                        .reading(Box::pin(desk.certs_preview(&partners.ids, &cx.progress)))
                        .await?;
                    cx.quiet();
                    let differing = rows.iter().filter(|row| row.differs).count() as u64;
                    if !cx.json() {
                        compare(&rows, cx)?;
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
                let report = match &shown {
                    Some(shown) => desk.certs_push_shown(shown, &cx.progress).await?,
                    None => desk.certs_push(&partners.ids, &cx.progress).await?,
                };
                cx.quiet();
                if cx.json() {
                    cx.out.json(&report)?;
                } else {
                    pushed(&report, cx)?;
                }
                Ok(if report.failed.is_empty() {
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
    cx.out.line(format!(
        "{} pushed, {} not settled, {} had the values already.",
        report.pushed,
        report.failed.len(),
        report.unchanged
    ))
}
