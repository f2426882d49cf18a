//! A sync that nobody watches, the same for a timer's command line and for the HTTP adapter: what is certain is applied,
//! what needs a person is withheld and carried over, and the webhook is told (docs/rules.md, "The plan").

use super::{Attendance, Choice, Desk};
use crate::error::Result;
use crate::notify::{self, Notification};
use crate::plan::{Plan, Selection};
use crate::progress::Progress;
use crate::values::{PreviewRequest, RunReport};

/// How an unattended sync ended, and what the webhook is to be told of it.
#[derive(Debug)]
pub struct Unattended {
    /// What was applied, or why nothing was.
    pub ended: Result<RunReport>,
    /// For [`Desk::tell`].
    pub notes: Vec<Notification>,
}

impl Desk {
    /// Previews and applies under one lease, without a person. `pick` changes the ticks that the plan sets first; what
    /// no unattended run may do is withheld whatever it ticks.
    pub async fn sync_unattended(
        &self,
        request: PreviewRequest,
        pick: impl FnOnce(&Plan, &mut Selection) -> Result<()>,
        progress: &Progress,
    ) -> Unattended {
        let ended = self.unattended(request, pick, progress).await;
        let notes = self.notes(&ended).await;
        Unattended { ended, notes }
    }

    async fn unattended(
        &self,
        request: PreviewRequest,
        pick: impl FnOnce(&Plan, &mut Selection) -> Result<()>,
        progress: &Progress,
    ) -> Result<RunReport> {
        let prepared = self.begin_sync(request, progress).await?;
        let mut selection = Selection::of(&prepared.plan);
        if let Err(refused) = pick(&prepared.plan, &mut selection) {
            prepared.abandon().await?;
            return Err(refused);
        }
        let choice = Choice {
            attendance: Attendance::Unattended,
            ..Choice::default()
        };
        prepared.apply(selection, &choice, progress).await
    }

    /// Tells the webhook. One that fails fails no run, and it may take ten seconds: whoever waits for the end of the sync
    /// is answered first.
    pub async fn tell(&self, notes: &[Notification]) {
        notify::send(self.config(), self.clock(), notes).await;
    }
}
