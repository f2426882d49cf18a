//! Looking without changing: status, runs, history (docs/rules.md, "Status").

use std::time::Instant;

use super::Desk;
use crate::error::{Error, Result};
use crate::plan::Entity;
use crate::values::{CarriedRecord, JournalEntry, Reachability, RunDetail, RunSummary, Status};

/// Whether a status asks the two APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Asks both, side by side.
    Live,
    /// Only what the database knows; for the first frame of the console.
    Stored,
}

impl Desk {
    /// The facts of docs/rules.md, "Status". An API that does not answer is a fact, no error.
    pub async fn status(&self, probe: Probe) -> Result<Status> {
        let (impartner, lms) = match probe {
            Probe::Live => tokio::join!(self.reach_impartner(), self.reach_lms()),
            Probe::Stored => (
                unasked(&self.config().impartner.url),
                unasked(&self.config().lms.url),
            ),
        };
        let store = self.store();
        let ping = store.ping().await?;
        let counts = store.counts().await?;
        let lease = store.holder().await?;
        let rules = self.rules_facts().await?;
        Ok(Status {
            profile: self.config().profile.clone(),
            read_only: self.config().read_only,
            database: Reachability {
                reachable: Some(true),
                latency_ms: Some(u64::try_from(ping.latency.as_millis()).unwrap_or(u64::MAX)),
                target: store.target(),
                detail: Some(ping.version),
            },
            impartner,
            lms,
            partners: counts.partners,
            contacts: counts.contacts,
            last_runs: store.last_runs().await?,
            watermarks: store.watermarks().await?,
            cases: counts.cases,
            holds: counts.holds,
            carried_over: counts.carried_over,
            withheld: counts.withheld,
            interrupted: store.interrupted().await?,
            by_rule: self.waiting_by_rule(&rules).await?,
            rules,
            lease,
            at: self.clock().now(),
        })
    }

    pub(super) async fn reach_impartner(&self) -> Reachability {
        let target = self.config().impartner.url.clone();
        let client = match self.impartner() {
            Ok(client) => client,
            Err(error) => return unreachable(target, &error),
        };
        match client.ping().await {
            Ok(ping) => Reachability {
                reachable: Some(true),
                latency_ms: Some(u64::try_from(ping.latency.as_millis()).unwrap_or(u64::MAX)),
                target,
                detail: ping.dialect.map(|dialect| format!("{dialect} dialect")),
            },
            Err(error) => unreachable(target, &error.into()),
        }
    }

    pub(super) async fn reach_lms(&self) -> Reachability {
        let target = self.config().lms.url.clone();
        let client = match self.lms() {
            Ok(client) => client,
            Err(error) => return unreachable(target, &error),
        };
        let began = Instant::now();
        match client.ping().await {
            Ok(_) => Reachability {
                reachable: Some(true),
                latency_ms: Some(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)),
                target,
                detail: None,
            },
            Err(error) => unreachable(target, &error.into()),
        }
    }

    /// The records that are carried over to the next runs, by entity and id.
    pub async fn carried(&self) -> Result<Vec<CarriedRecord>> {
        Ok(self.store().carried_records().await?)
    }

    /// Runs, newest first.
    pub async fn runs(&self, limit: u32) -> Result<Vec<RunSummary>> {
        Ok(self.store().runs(limit).await?)
    }

    /// A run with its journal.
    pub async fn run(&self, run_id: i64) -> Result<RunDetail> {
        let run = self.store().run(run_id).await?;
        Ok(RunDetail {
            run,
            changes: self.store().changes(run_id).await?,
        })
    }

    /// Who changed this record, when, from what to what, by which plan; newest first.
    pub async fn history(&self, entity: Entity, impartner_id: i64) -> Result<Vec<JournalEntry>> {
        Ok(self.store().history(entity, impartner_id).await?)
    }
}

fn unasked(target: &str) -> Reachability {
    Reachability {
        reachable: None,
        latency_ms: None,
        target: target.to_owned(),
        detail: None,
    }
}

fn unreachable(target: String, error: &Error) -> Reachability {
    Reachability {
        reachable: Some(false),
        latency_ms: None,
        target,
        detail: Some(error.message.clone()),
    }
}
