//! `prmdesk preview`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::args::{self, Json, What};
use super::context::Context;
use super::exit::Exit;
use super::output::{Out, Style};
use super::render;
use crate::error::{Error, Kind, Result};
use crate::plan::Plan;
use crate::plan::file::Page;
use crate::plan::filter::Filter;
use crate::text::JsonLayout;
use crate::values::PreviewRequest;

/// Show what a sync would change; nothing is written
///
/// Exit code 5 says that there are changes, 0 that there are none. `--out` saves the plan: `prmdesk apply` applies
/// exactly what was reviewed, row by row, or says which rows changed since.
#[derive(Debug, Args)]
pub(super) struct Preview {
    #[command(flatten)]
    what: What,
    /// Save the plan to this file
    #[arg(long, value_name = "PLAN")]
    out: Option<PathBuf>,
    /// Show only what this filter expression names; op:excluded shows what was left out, and why
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true)]
    filter: Option<String>,
    /// Print CSV, one line for each changed field
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    #[command(flatten)]
    pub(super) json: Json,
}

impl Preview {
    pub(super) async fn run(self, cx: &mut Context<'_>) -> Result<Exit> {
        let filter = self
            .filter
            .as_deref()
            .map(|text| args::filter("--filter", text))
            .transpose()?;
        let records = self.what.records()?;
        let desk = cx.desk_to_preview().await?;
        let request = PreviewRequest {
            scope: self.what.scope,
            mode: self.what.mode,
        };
        let plan = match &records {
            Some(records) => {
                cx.reading(desk.preview_records(records, &cx.progress))
                    .await?
            }
            None => cx.reading(desk.preview(request, &cx.progress)).await?,
        };
        cx.quiet();
        if let Some(path) = &self.out {
            save(&plan, path)?;
        }
        if cx.json() {
            json(&plan, filter.as_ref(), cx.out)?;
        } else if self.csv {
            csv(&plan, filter.as_ref(), cx.out)?;
        } else {
            human(&plan, filter.as_ref(), cx.out)?;
            after(&plan, self.out.as_deref(), cx.out)?;
        }
        Ok(Exit::of_preview(&plan))
    }
}

/// Saves a whole plan, readable for its owner only: it holds names and addresses. A file that is there is replaced,
/// and a link to it stays; a device or a pipe is written into.
pub(super) fn save(plan: &Plan, path: &Path) -> Result<()> {
    let failed = |error: std::io::Error| {
        Error::new(
            Kind::Internal,
            "plan_write",
            format!(
                "The plan could not be saved to {}: {error}.",
                path.display()
            ),
        )
    };
    // Whole or not at all: a half plan would be read as an edited one.
    crate::files::replace(path, |out| {
        Ok(plan.write_json(out, Page::default(), JsonLayout::Pretty)?)
    })
    .map_err(failed)
}

/// The plan as the one JSON document.
pub(super) fn json(plan: &Plan, filter: Option<&Filter>, out: &mut Out) -> Result<()> {
    let page = Page {
        filter,
        ..Page::default()
    };
    plan.write_json(&mut *out, page, JsonLayout::Pretty)
        .map_err(|error| {
            Error::new(Kind::Internal, "stdout", "The plan could not be printed.").source(error)
        })?;
    out.raw("\n")
}

fn csv(plan: &Plan, filter: Option<&Filter>, out: &mut Out) -> Result<()> {
    let page = Page {
        filter,
        ..Page::default()
    };
    let items = page.items(plan).map(|view| (view, view.item.selected));
    crate::plan::export::write_csv(&mut *out, items).map_err(|error| {
        Error::new(Kind::Internal, "stdout", "The plan could not be printed.").source(error)
    })
}

/// The plan for people.
pub(super) fn human(plan: &Plan, filter: Option<&Filter>, out: &mut Out) -> Result<()> {
    render::plan::summary(plan, &plan.guards, out)?;
    let page = Page {
        filter,
        ..Page::default()
    };
    let mut first = true;
    for view in page.items(plan) {
        if std::mem::take(&mut first) {
            out.gap()?;
        }
        render::plan::item(&view, out)?;
    }
    Ok(())
}

/// What can be done with the plan.
fn after(plan: &Plan, saved: Option<&Path>, out: &mut Out) -> Result<()> {
    out.gap()?;
    let next = match (plan.has_changes(), saved) {
        (false, _) => "No changes.".to_owned(),
        (true, Some(path)) => format!(
            "Nothing was written. Apply this plan with `prmdesk apply {}`.",
            path.display()
        ),
        (true, None) => {
            "Nothing was written. Save the plan with --out to apply exactly this, or run `prmdesk sync`.".to_owned()
        }
    };
    out.styled(Style::Bold, next)
}
