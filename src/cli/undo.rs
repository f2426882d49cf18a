//! `prmdesk undo`.

use std::path::PathBuf;

use clap::Args;

use super::args::{self, Json, Picked, Releases};
use super::confirm::Consent;
use super::context::Context;
use super::exit::Exit;
use super::{preview, sync};
use crate::desk::Choice;
use crate::error::Result;

/// Preview the reverse of a run and apply it
///
/// Rows that changed since the run are stale and left alone. Undo obeys the guards, and can itself be undone.
#[derive(Debug, Args)]
pub(super) struct Undo {
    /// The run; see `prmdesk runs`
    #[arg(value_parser = args::id())]
    run: i64,
    /// Save the plan to this file instead of applying it; exit codes are those of preview
    #[arg(long, value_name = "PLAN")]
    out: Option<PathBuf>,
    #[command(flatten)]
    releases: Releases,
    /// Go ahead without asking; never releases a guard
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    pub(super) json: Json,
}

impl Undo {
    pub(super) async fn run(self, cx: &mut Context<'_>) -> Result<Exit> {
        if let Some(path) = &self.out {
            let desk = cx.desk().await?;
            let plan = cx.reading(desk.preview_undo(self.run)).await?;
            preview::save(&plan, path)?;
            if cx.json() {
                preview::json(&plan, None, cx.out)?;
            } else {
                preview::human(&plan, None, cx.out)?;
            }
            return Ok(Exit::of_preview(&plan));
        }
        let consent = Consent::from_yes(self.yes, "undo the run")?;
        let desk = cx.desk().await?;
        let prepared = desk.begin_undo(self.run, &cx.progress).await?;
        let choice = Choice {
            release: self.releases.release(),
            ..Choice::default()
        };
        sync::apply(cx, &desk, prepared, consent, &Picked::default(), choice).await
    }
}
