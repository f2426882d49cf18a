//! Accepting the configured filters: one act, under the lease, after a full reading, with the number of soft-deletes that
//! come from it. It applies nothing.

use super::RulesEffect;
use crate::config::{FilterConfig, RuleChange};
use crate::desk::Desk;
use crate::desk::running::Running;
use crate::error::{Error, Kind, Result};
use crate::plan::{Entity, Mode, Op};
use crate::progress::{Phase, Progress};
use crate::store::{ApplyTx, Finish, NewAcceptance, StoreError};
use crate::values::RunStatus;

/// What a person was shown of a change of the rules before they accepted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesShown {
    changed: Vec<RuleChange>,
    decision: Vec<(Entity, Op, Option<i64>, Option<i64>)>,
    soft_deletes: u64,
    acceptance: Option<i64>,
}

impl RulesShown {
    /// What `effect` says.
    pub fn of(effect: &RulesEffect) -> Self {
        Self {
            changed: effect.rules().changed.clone(),
            decision: effect.effect.decision(),
            soft_deletes: effect.effect.soft_deletes(),
            acceptance: effect.acceptance,
        }
    }

    /// The number that was shown: soft-deletes that come from the change.
    pub fn soft_deletes(&self) -> u64 {
        self.soft_deletes
    }
}

/// A change of the rules that was read under the lease, and waits for somebody to accept it. Dropping it without
/// [`Accepting::accept`] or [`Accepting::abandon`] leaves the lease to expire.
#[derive(Debug)]
pub struct Accepting {
    /// What the configured filters would do.
    pub effect: RulesEffect,
    pub(super) desk: Desk,
    pub(super) running: Running,
}

impl Desk {
    /// Reads everything under the lease, and says what the configured filters would do. An error where a listing was not
    /// proved: then nobody knows.
    pub async fn begin_acceptance(&self, progress: &Progress) -> Result<Accepting> {
        let filters = self.config().filters.clone();
        self.begin_rules("accept the rules", progress, move |_| filters)
            .await
    }

    /// Accepts the configured filters as `shown` to a person earlier, with the number they typed. Everything is read
    /// again, and where more or something else would follow than was shown, nothing is accepted.
    pub async fn accept_rules(
        &self,
        shown: &RulesShown,
        number: Option<u64>,
        reason: &str,
        progress: &Progress,
    ) -> Result<RulesEffect> {
        let accepting = self.begin_acceptance(progress).await?;
        accepting
            .accept(Some(shown), number, reason, progress)
            .await
    }

    /// The lease and a full reading, and what the filters would do that `choose` makes of those in force.
    pub(super) async fn begin_rules(
        &self,
        what: &str,
        progress: &Progress,
        choose: impl FnOnce(&FilterConfig) -> FilterConfig,
    ) -> Result<Accepting> {
        self.allow_write(what)?;
        progress.phase(Phase::Starting);
        let run = self.new_run("rules", "rules", Some(Mode::Full));
        let running = self.begin(run, progress).await?;
        let read = async {
            let reading = self.rules_reading(progress).await?;
            let effect = reading.effect_beside(choose(reading.in_force())).await?;
            match effect.unproved.first() {
                None => Ok(effect),
                Some(why) => Err(Error::new(
                    Kind::Blocked,
                    "listing_not_proved",
                    format!("The listing was not proved complete ({why}), so nobody knows whom the rules are about. Nothing was accepted."),
                )
                .help("Run it again when the source answers properly.")),
            }
        };
        let read = tokio::select! {
            read = Box::pin(read) => read,
            () = running.lease.lost().cancelled() => Err(StoreError::LeaseLost.into()),
        };
        match read {
            Ok(effect) => Ok(Accepting {
                effect,
                desk: self.clone(),
                running,
            }),
            Err(error) => Err(self.fail(running, error).await),
        }
    }
}

impl Accepting {
    /// Accepts the filters. `number` must be that of the soft-deletes which come from it (none may stand for 0), and
    /// `shown`, where somebody was asked, what comes from it now. Gives what was accepted.
    pub async fn accept(
        self,
        shown: Option<&RulesShown>,
        number: Option<u64>,
        reason: &str,
        progress: &Progress,
    ) -> Result<RulesEffect> {
        let filters = self.effect.filters.clone();
        let fits = check(&self.effect, shown, number);
        self.keep(fits, &filters, reason, &[], progress).await
    }

    /// Ends the run without accepting: somebody said no.
    pub async fn abandon(self) -> Result<()> {
        let said_no = Error::new(
            Kind::Cancelled,
            "declined",
            "Not confirmed. Nothing was accepted.",
        );
        let _the_same = self.desk.fail(self.running, said_no).await;
        Ok(())
    }

    /// Keeps `filters` as accepted and has the next run read all, `read_next` at least; one transaction.
    pub(super) async fn keep(
        self,
        fits: Result<()>,
        filters: &FilterConfig,
        reason: &str,
        read_next: &[i64],
        progress: &Progress,
    ) -> Result<RulesEffect> {
        let Self {
            effect,
            desk,
            running,
        } = self;
        let done = match fits {
            Ok(()) => {
                desk.write_rules(&running, filters, reason, read_next, progress)
                    .await
            }
            Err(error) => Err(error),
        };
        desk.finish_with(running, done).await?;
        Ok(effect)
    }
}

impl Desk {
    async fn write_rules(
        &self,
        running: &Running,
        filters: &FilterConfig,
        reason: &str,
        read_next: &[i64],
        progress: &Progress,
    ) -> Result<()> {
        if progress.is_cancelled() {
            return Err(Error::cancelled());
        }
        progress.phase(Phase::Applying);
        let mut tx: ApplyTx = self
            .store()
            .begin_apply(&running.lease, running.run_id)
            .await?;
        let acceptance = NewAcceptance {
            filters,
            operator: &self.config().operator,
            reason,
        };
        tx.accept_rules(&acceptance).await?;
        if read_next.is_empty() {
            self.read_all_next(&mut tx).await?;
        } else {
            let records: Vec<(i64, &str)> = read_next.iter().map(|&id| (id, "allowed")).collect();
            tx.upsert_carryover(Entity::Contacts, &records).await?;
        }
        let finish = Finish {
            status: Some(RunStatus::Applied),
            message: Some(format!("Rules accepted: {reason}")),
            ..Finish::default()
        };
        tx.commit(&finish, progress).await?;
        tracing::info!(run = running.run_id, "rules accepted");
        Ok(())
    }
}

fn check(effect: &RulesEffect, shown: Option<&RulesShown>, number: Option<u64>) -> Result<()> {
    if let Some(shown) = shown
        && *shown != RulesShown::of(effect)
    {
        return Err(Error::new(
            Kind::Blocked,
            "changed_since_shown",
            format!(
                "Something else would follow from the rules now than was shown: {} soft-deletes instead of {}, or other records. Nothing was accepted.",
                effect.effect.soft_deletes(),
                shown.soft_deletes
            ),
        )
        .help("Impartner, the database or the filters changed meanwhile. Look at the effect again and accept what it says then."));
    }
    let wanted = effect.effect.soft_deletes();
    let fits = match number {
        Some(number) => number == wanted,
        None => wanted == 0,
    };
    if fits {
        return Ok(());
    }
    let said = number.map_or_else(
        || "No number was given".to_owned(),
        |number| format!("{number} does not fit"),
    );
    Err(Error::new(
        Kind::Blocked,
        "rules_mismatch",
        format!("{said}: {wanted} soft-deletes come from these rules. Nothing was accepted."),
    )
    .help(format!("Look at them (`prmdesk rules try`, `prmdesk preview --mode full`); then say --allow-deletes {wanted} --reason TEXT, if that is what you want.")))
}
