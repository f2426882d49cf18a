//! `prmdesk sync`.

use std::sync::Arc;

use clap::Args;

use super::apply::finish;
use super::args::{Json, Picked, Picks, Releases, What};
use super::confirm::Consent;
use super::context::Context;
use super::exit::Exit;
use super::preview;
use crate::desk::{Attendance, Choice, Desk, Prepared};
use crate::error::Result;
use crate::notify;
use crate::plan::Selection;
use crate::values::{PreviewRequest, RunReport};

/// Preview and apply in one go, asking on a terminal
#[derive(Debug, Args)]
pub(super) struct Sync {
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    picks: Picks,
    #[command(flatten)]
    releases: Releases,
    /// Go ahead without asking; never releases a guard
    #[arg(long)]
    yes: bool,
    /// Nobody is there: apply what is certain, withhold what needs a person, and say so in the exit code
    #[arg(long)]
    unattended: bool,
    #[command(flatten)]
    pub(super) json: Json,
}

impl Sync {
    pub(super) async fn run(self, cx: &mut Context<'_>) -> Result<Exit> {
        let picked = self.picks.parse()?;
        let consent = Consent::from_yes(self.yes || self.unattended, "begin the sync")?;
        let desk = cx.desk().await?;
        let request = PreviewRequest {
            scope: self.what.scope,
            mode: self.what.mode,
        };
        let prepared = match desk.begin_sync(request, &cx.progress).await {
            Err(error) if self.unattended => {
                return tell(&desk, Err(error)).await.map(|_| Exit::Failed);
            }
            prepared => prepared?,
        };
        let choice = Choice {
            release: self.releases.release(),
            attendance: if self.unattended {
                Attendance::Unattended
            } else {
                Attendance::Attended
            },
        };
        apply(cx, &desk, prepared, consent, &picked, &choice).await
    }
}

/// Shows a plan that holds the lease, asks, and applies it, or gives the lease back.
pub(super) async fn apply(
    cx: &mut Context<'_>,
    desk: &Desk,
    prepared: Prepared,
    consent: Consent,
    picked: &Picked,
    choice: &Choice,
) -> Result<Exit> {
    cx.quiet();
    let plan = &prepared.plan;
    let mut selection = Selection::of(plan);
    let agreed = match picked.tick(plan, &mut selection) {
        Ok(()) => {
            let guards = desk.guards(plan, &selection);
            if consent == Consent::Asked && !cx.json() {
                preview::human(plan, None, cx.out)?;
                cx.out.finish()?;
            }
            consent
                .plan(cx, plan, &selection, &guards, &choice.release)
                .await
        }
        Err(held) => Err(held),
    };
    if let Err(declined) = agreed {
        prepared.abandon().await?;
        return Err(declined);
    }
    let plan = Arc::clone(plan);
    let mut ended = prepared.apply(selection, choice, &cx.progress).await;
    if choice.attendance == Attendance::Unattended {
        ended = tell(desk, ended).await;
    }
    finish(cx, &plan, &ended?)
}

/// Tells the webhook how an unattended run ended, and gives the end back.
async fn tell(desk: &Desk, ended: Result<RunReport>) -> Result<RunReport> {
    let notes = desk.notes(&ended).await;
    notify::send(desk.config(), &notes).await;
    ended
}
