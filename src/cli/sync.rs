//! `prmdesk sync`.

use clap::Args;

use super::apply::finish;
use super::args::{Json, Picked, Picks, Releases, What};
use super::confirm::Consent;
use super::context::Context;
use super::exit::Exit;
use super::preview;
use crate::desk::{Choice, Desk, Prepared};
use crate::error::Result;
use crate::plan::{Plan, Selection};
use crate::values::PreviewRequest;

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
    #[arg(long, conflicts_with_all = ["allow_deletes", "allow_updates", "ids"])]
    unattended: bool,
    #[command(flatten)]
    pub(super) json: Json,
}

impl Sync {
    pub(super) async fn run(self, cx: &mut Context<'_>) -> Result<Exit> {
        let picked = self.picks.parse()?;
        let records = self.what.records()?;
        let consent = Consent::from_yes(self.yes || self.unattended, "begin the sync")?;
        let desk = cx.desk().await?;
        let request = PreviewRequest {
            scope: self.what.scope,
            mode: self.what.mode,
        };
        if self.unattended {
            return unattended(cx, &desk, request, &picked).await;
        }
        let prepared = match &records {
            Some(records) => desk.begin_records(records, &cx.progress).await?,
            None => desk.begin_sync(request, &cx.progress).await?,
        };
        let choice = Choice {
            release: self.releases.release(),
            ..Choice::default()
        };
        apply(cx, &desk, prepared, consent, &picked, choice).await
    }
}

/// A sync without a person, told to the webhook before the process ends.
async fn unattended(
    cx: &mut Context<'_>,
    desk: &Desk,
    request: PreviewRequest,
    picked: &Picked,
) -> Result<Exit> {
    let pick = |plan: &Plan, selection: &mut Selection| picked.tick(plan, selection);
    let sync = desk.sync_unattended(request, pick, &cx.progress).await;
    desk.tell(&sync.notes).await;
    finish(cx, &sync.ended?)
}

/// Shows a plan that holds the lease, asks, and applies it, or gives the lease back.
pub(super) async fn apply(
    cx: &mut Context<'_>,
    desk: &Desk,
    prepared: Prepared,
    consent: Consent,
    picked: &Picked,
    mut choice: Choice,
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
    choice.shown = match agreed {
        Ok(shown) => shown,
        Err(declined) => {
            prepared.abandon().await?;
            return Err(declined);
        }
    };
    let report = prepared.apply(selection, &choice, &cx.progress).await?;
    finish(cx, &report)
}
