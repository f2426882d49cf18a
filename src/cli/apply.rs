//! `prmdesk apply`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::args::{Json, Picks, Releases};
use super::confirm::Consent;
use super::context::Context;
use super::exit::Exit;
use super::render;
use crate::desk::Choice;
use crate::error::{Error, Kind, Result};
use crate::plan::{Entity, PerEntity, Plan, Selection};
use crate::values::RunReport;

/// Apply a saved plan, once
///
/// Each row is read again first: one that changed since the plan was made is stale, skipped, reported and carried over.
#[derive(Debug, Args)]
pub(super) struct Apply {
    /// The plan that `prmdesk preview --out` saved
    plan: PathBuf,
    #[command(flatten)]
    picks: Picks,
    #[command(flatten)]
    releases: Releases,
    /// Go ahead without asking; never releases a guard
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    pub(super) json: Json,
}

impl Apply {
    pub(super) async fn run(self, cx: &mut Context<'_>) -> Result<Exit> {
        let picked = self.picks.parse()?;
        let plan = read(&self.plan, cx)?;
        let consent = Consent::from_yes(self.yes, "apply the plan")?;
        let desk = cx.desk().await?;
        let mut selection = Selection::of(&plan);
        picked.tick(&plan, &mut selection)?;
        let mut choice = Choice {
            release: self.releases.release(),
            ..Choice::default()
        };
        // The file knows what the guards counted when it was saved; the question is about what they count now.
        let guards = desk.guards_now(&plan, &selection).await?;
        if consent == Consent::Asked && !cx.json() {
            render::plan::summary(&plan, &guards, cx.out)?;
            cx.out.finish()?;
        }
        choice.shown = consent
            .plan(cx, &plan, &selection, &guards, &choice.release)
            .await?;
        let report = desk.apply(&plan, selection, &choice, &cx.progress).await?;
        finish(cx, &report)
    }
}

/// Prints what was done and says how the process ends.
pub(super) fn finish(cx: &mut Context<'_>, report: &RunReport) -> Result<Exit> {
    cx.quiet();
    if cx.json() {
        cx.out.json(report)?;
    } else {
        render::run::report(report, cx.out)?;
    }
    Ok(Exit::of_report(report))
}

/// Reads a plan file; one that was edited is wrong usage.
fn read(path: &Path, cx: &Context<'_>) -> Result<Plan> {
    let file = std::fs::File::open(path).map_err(|error| {
        Error::new(
            Kind::Usage,
            "plan_file",
            format!("The plan {} could not be read: {error}.", path.display()),
        )
        .help("Save one with `prmdesk preview --out PLAN`.")
    })?;
    let schemas = PerEntity::from_fn(|entity: Entity| cx.config.schema(entity));
    Plan::read_json(file, &schemas).map_err(|error| {
        Error::new(
            Kind::Usage,
            "plan_file",
            format!(
                "{} cannot be applied: {error}. Nothing was applied.",
                path.display()
            ),
        )
        .help("Make a new plan with `prmdesk preview --out PLAN`.")
    })
}
