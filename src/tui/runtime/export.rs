//! Export of what is shown, as CSV or JSON, with the names of docs/contract.md, "JSON".

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use crate::plan::export::write_csv;
use crate::plan::file::ItemDocument;
use crate::plan::{ItemView, Plan, Selection};
use crate::text::{JsonLayout, csv_cell, write_json};
use crate::tui::query::Tab;
use crate::values::{Case, CertRow, RunDetail, RunSummary};

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Format {
    Csv,
    Json,
}

/// What is exported.
#[derive(Clone, Debug)]
pub(in crate::tui) enum Data {
    /// Lines of one tab of a plan.
    Plan {
        plan: Arc<Plan>,
        selection: Arc<Selection>,
        tab: Tab,
        lines: Vec<u32>,
    },
    Cases(Vec<Case>),
    Certs(Vec<CertRow>),
    Runs(Vec<RunSummary>),
    Run(Box<RunDetail>),
}

/// An export to be written.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Export {
    pub(in crate::tui) format: Format,
    pub(in crate::tui) data: Data,
    pub(in crate::tui) at: DateTime<Utc>,
}

impl Export {
    /// Writes the file into `folder`; never over another one.
    pub(in crate::tui) fn write(&self, folder: &Path) -> io::Result<PathBuf> {
        let ending = match self.format {
            Format::Csv => "csv",
            Format::Json => "json",
        };
        let stem = format!(
            "prmdesk-{}-{}",
            self.data.word(),
            self.at.format("%Y%m%d-%H%M%S")
        );
        for attempt in 0..100 {
            let name = if attempt == 0 {
                format!("{stem}.{ending}")
            } else {
                format!("{stem}-{attempt}.{ending}")
            };
            let path = folder.join(name);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => {
                    let mut out = BufWriter::new(file);
                    self.write_to(&mut out)?;
                    out.flush()?;
                    return Ok(path);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other(
            "a hundred exports of this second are there already",
        ))
    }

    /// Writes the content.
    pub(in crate::tui) fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        match self.format {
            Format::Csv => self.data.csv(out),
            Format::Json => {
                write_json(&mut *out, &self.data.json(), JsonLayout::Pretty)?;
                out.write_all(b"\n")
            }
        }
    }
}

impl Data {
    fn word(&self) -> &'static str {
        match self {
            Self::Plan { tab, .. } => match tab {
                Tab::Changes => "changes",
                Tab::Excluded => "excluded",
                Tab::Warnings => "warnings",
            },
            Self::Cases(_) => "cases",
            Self::Certs(_) => "certifications",
            Self::Runs(_) => "runs",
            Self::Run(_) => "run",
        }
    }

    fn json(&self) -> Json {
        if let Some(items) = self.items() {
            let documents = items.map(|(view, ticked)| json!(ItemDocument::of(view, ticked)));
            return documents.collect();
        }
        match self {
            Self::Plan { plan, lines, .. } => lines
                .iter()
                .filter_map(|&at| plan.warnings.get(at as usize))
                .map(|warning| json!(warning))
                .collect(),
            Self::Cases(cases) => json!(cases),
            Self::Certs(rows) => json!({ "partners": rows }),
            Self::Runs(runs) => json!(runs),
            Self::Run(detail) => json!(detail),
        }
    }

    /// The lines of a plan's items, each with whether it is ticked now.
    fn items(&self) -> Option<impl Iterator<Item = (ItemView<'_>, bool)>> {
        let Self::Plan {
            plan,
            selection,
            tab,
            lines,
        } = self
        else {
            return None;
        };
        (*tab != Tab::Warnings).then(|| {
            lines.iter().filter_map(|&at| {
                let ticked = *tab == Tab::Changes && selection.is_ticked(at as usize);
                Some((plan.view_of(tab.item(plan, at)?), ticked))
            })
        })
    }

    fn csv(&self, out: &mut impl Write) -> io::Result<()> {
        if let Some(items) = self.items() {
            return Ok(write_csv(out, items)?);
        }
        let mut csv = csv::Writer::from_writer(out);
        let mut row = |cells: &[&str]| csv.write_record(cells.iter().map(|cell| csv_cell(cell)));
        match self {
            Self::Plan { plan, lines, .. } => {
                row(&["code", "entity", "impartner_id", "message"])?;
                for warning in lines
                    .iter()
                    .filter_map(|&at| plan.warnings.get(at as usize))
                {
                    let id = id(warning.impartner_id);
                    row(&[&warning.code, warning.entity.word(), &id, &warning.message])?;
                }
            }
            Self::Cases(cases) => {
                row(&[
                    "case_id", "entity", "row_id", "name", "state", "reason", "run_id", "people",
                ])?;
                for case in cases {
                    row(&[
                        &case.case_id.to_string(),
                        case.entity.word(),
                        &case.row_id.to_string(),
                        &case.name,
                        case.state.word(),
                        &case.reason,
                        &id(case.run_id),
                        &case.people.to_string(),
                    ])?;
                }
            }
            Self::Certs(rows) => {
                row(&[
                    "row_id",
                    "impartner_id",
                    "name",
                    "local_certification_count",
                    "local_total_npcu",
                    "remote_certification_count",
                    "remote_total_npcu",
                    "differs",
                ])?;
                for cert in rows {
                    let remote = |figure: fn(&crate::values::CertFigures) -> f64| {
                        cert.remote
                            .as_ref()
                            .map(figure)
                            .map(|n| n.to_string())
                            .unwrap_or_default()
                    };
                    row(&[
                        &cert.row_id.to_string(),
                        &id(cert.impartner_id),
                        &cert.name,
                        &cert.local.certification_count.to_string(),
                        &cert.local.total_npcu.to_string(),
                        &remote(|f| f.certification_count),
                        &remote(|f| f.total_npcu),
                        &cert.differs.to_string(),
                    ])?;
                }
            }
            Self::Runs(runs) => {
                row(&[
                    "run_id",
                    "kind",
                    "scope",
                    "mode",
                    "status",
                    "operator",
                    "started_at",
                    "finished_at",
                    "rows",
                ])?;
                for run in runs {
                    row(&[
                        &run.run_id.to_string(),
                        &run.kind,
                        &run.scope,
                        run.mode.map_or("", crate::plan::Mode::word),
                        run.status.word(),
                        &run.operator,
                        &run.started_at.to_rfc3339(),
                        &run.finished_at
                            .map(|at| at.to_rfc3339())
                            .unwrap_or_default(),
                        &crate::tui::kit::words::applied_in(run).total().to_string(),
                    ])?;
                }
            }
            Self::Run(detail) => {
                row(&[
                    "entity",
                    "op",
                    "impartner_id",
                    "row_id",
                    "name",
                    "field",
                    "before",
                    "after",
                    "status",
                    "message",
                ])?;
                for change in &detail.changes {
                    let mut fields = crate::tui::kit::words::changed_fields(change);
                    if fields.is_empty() {
                        fields.push((String::new(), String::new(), String::new()));
                    }
                    for (field, before, after) in fields {
                        row(&[
                            change.entity.word(),
                            change.op.word(),
                            &id(change.impartner_id),
                            &id(change.row_id),
                            &change.name,
                            &field,
                            &before,
                            &after,
                            &change.status,
                            change.message.as_deref().unwrap_or_default(),
                        ])?;
                    }
                }
            }
        }
        csv.flush()
    }
}

fn id(id: Option<i64>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::file::Page;
    use crate::tui::fixtures::small_plan;

    /// The console's export of all lines with the ticks as first set is what the command line prints.
    #[test]
    fn the_export_of_a_plan_is_what_the_command_line_prints() {
        let plan = Arc::new(small_plan());
        let export = |format| {
            let export = Export {
                format,
                at: plan.created_at,
                data: Data::Plan {
                    selection: Arc::new(Selection::of(&plan)),
                    tab: Tab::Changes,
                    lines: (0u32..).take(plan.items.len()).collect(),
                    plan: Arc::clone(&plan),
                },
            };
            let mut out = Vec::new();
            export.write_to(&mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let mut json = Vec::new();
        plan.write_json(&mut json, Page::default(), JsonLayout::Pretty)
            .unwrap();
        let whole: Json = serde_json::from_slice(&json).unwrap();
        let items: Json = serde_json::from_str(&export(Format::Json)).unwrap();
        assert_eq!(items, whole["items"]);
        let mut csv = Vec::new();
        let items = plan.views().map(|view| (view, view.item.selected));
        write_csv(&mut csv, items).unwrap();
        assert_eq!(export(Format::Csv), String::from_utf8(csv).unwrap());
        assert!(!export(Format::Csv).contains('\u{202e}'));
    }
}
