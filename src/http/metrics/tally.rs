//! Counters over runs, taken from the run records: they agree with the journal, survive a restart, and count what the
//! command line, the console and other servers did as well.

use std::collections::{BTreeMap, BTreeSet};

use super::text::{Histogram, MetricKind, RUN_SECONDS, Text, count};
use crate::desk::Desk;
use crate::error::Result;
use crate::plan::{Entity, Op};
use crate::values::{Applied, Cause, FinishedRun, RunStatus};

/// Records read at a time.
const BATCH: u32 = 500;

/// Kinds of runs by which is counted; another one, from a newer version, counts as `other`, so that labels stay few.
const KINDS: [&str; 7] = [
    "sync",
    "apply",
    "undo",
    "offboard",
    "restore",
    "certs",
    "lms_refresh",
];

type Row = (Entity, &'static str);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Every run up to this one has been counted.
    counted_to: i64,
    /// Runs beyond that have been counted: those between were at work when we looked.
    counted: BTreeSet<i64>,
    runs: BTreeMap<(&'static str, &'static str), u64>,
    seconds: BTreeMap<&'static str, Histogram>,
    rows: BTreeMap<Row, u64>,
    withheld: BTreeMap<(Entity, &'static str, &'static str), u64>,
    trips: BTreeMap<(Entity, &'static str), u64>,
    unproved: BTreeMap<Entity, u64>,
    faults: u64,
    cases: u64,
    last_success: BTreeMap<(&'static str, &'static str), i64>,
}

impl Tally {
    /// Counts what ended since the last time.
    pub(super) async fn catch_up(&mut self, desk: &Desk) -> Result<()> {
        let mut after = self.counted_to;
        // The mark moves over runs that have ended, so that they are neither read nor remembered again; it stops
        // before the first that is at work.
        let mut all_ended = true;
        loop {
            let runs = desk.runs_after(after, BATCH).await?;
            let Some(last) = runs.last() else { break };
            after = last.run.run_id;
            for run in &runs {
                let run_id = run.run.run_id;
                let ended = run.run.status != RunStatus::Running;
                if ended && self.counted.insert(run_id) {
                    self.count(run);
                }
                all_ended &= ended;
                if all_ended {
                    self.counted.remove(&run_id);
                    self.counted_to = run_id;
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, finished: &FinishedRun) {
        let run = &finished.run;
        let kind = KINDS
            .into_iter()
            .find(|kind| *kind == run.kind)
            .unwrap_or("other");
        *self.runs.entry((kind, run.status.word())).or_default() += 1;
        if let Some(finished_at) = run.finished_at {
            let took = (finished_at - run.started_at).to_std().unwrap_or_default();
            self.seconds
                .entry(kind)
                .or_insert_with(|| Histogram::new(RUN_SECONDS))
                .observe(took);
            if matches!(
                run.status,
                RunStatus::Applied | RunStatus::Nothing | RunStatus::Partial | RunStatus::Blocked
            ) {
                let mode = run.mode.map_or("", crate::plan::Mode::word);
                self.last_success
                    .insert((kind, mode), finished_at.timestamp());
            }
        }
        for (entity, applied) in run.applied.iter() {
            for (op, rows) in by_op(applied) {
                *self.rows.entry((entity, op.word())).or_default() += rows;
            }
        }
        self.faults += run.faults;
        let Some(report) = &finished.report else {
            return;
        };
        self.cases += report.cases_opened;
        for withheld in &report.withheld {
            let key = (withheld.entity, withheld.op.word(), withheld.cause.word());
            *self.withheld.entry(key).or_default() += withheld.count;
            if withheld.cause.is_guard() {
                *self
                    .trips
                    .entry((withheld.entity, withheld.cause.word()))
                    .or_default() += 1;
            }
        }
        for &entity in &report.unproved {
            *self.unproved.entry(entity).or_default() += 1;
        }
    }

    /// Writes the families.
    pub(super) fn write(&self, text: &mut Text) {
        text.family(
            "prmdesk_runs_total",
            MetricKind::Counter,
            "Runs that ended, by kind and status; from the run records.",
        );
        // An alert on an increase sees nothing where a series begins with 1: those of the timer's runs begin with 0.
        let mut runs = self.runs.clone();
        for status in RunStatus::ENDED {
            runs.entry(("sync", status.word())).or_default();
        }
        for ((kind, status), runs) in &runs {
            text.sample(
                "prmdesk_runs_total",
                &[("kind", kind), ("status", status)],
                count(*runs),
            );
        }
        text.family(
            "prmdesk_run_duration_seconds",
            MetricKind::Histogram,
            "How long runs took.",
        );
        for (kind, histogram) in &self.seconds {
            text.histogram("prmdesk_run_duration_seconds", &[("kind", kind)], histogram);
        }
        text.family(
            "prmdesk_rows_total",
            MetricKind::Counter,
            "Rows written, by entity and operation; undo runs count what they wrote.",
        );
        for entity in Entity::ALL {
            for op in Op::ALL.into_iter().filter(|op| op.writes()) {
                let rows = self
                    .rows
                    .get(&(entity, op.word()))
                    .copied()
                    .unwrap_or_default();
                text.sample(
                    "prmdesk_rows_total",
                    &[("entity", entity.word()), ("op", op.word())],
                    count(rows),
                );
            }
        }
        text.family(
            "prmdesk_withheld_rows_total",
            MetricKind::Counter,
            "Rows that runs kept back, by what kept them.",
        );
        for ((entity, op, cause), rows) in &self.withheld {
            let labels = [("entity", entity.word()), ("op", op), ("cause", cause)];
            text.sample("prmdesk_withheld_rows_total", &labels, count(*rows));
        }
        text.family(
            "prmdesk_guard_trips_total",
            MetricKind::Counter,
            "Runs in which a guard withheld something, by rule.",
        );
        for entity in Entity::ALL {
            for cause in Cause::ALL.into_iter().filter(|cause| cause.is_guard()) {
                let trips = self
                    .trips
                    .get(&(entity, cause.word()))
                    .copied()
                    .unwrap_or_default();
                text.sample(
                    "prmdesk_guard_trips_total",
                    &[("entity", entity.word()), ("rule", cause.word())],
                    count(trips),
                );
            }
        }
        text.family(
            "prmdesk_listings_unproved_total",
            MetricKind::Counter,
            "Runs whose listing was not proved complete.",
        );
        for entity in Entity::ALL {
            let listings = self.unproved.get(&entity).copied().unwrap_or_default();
            text.sample(
                "prmdesk_listings_unproved_total",
                &[("entity", entity.word())],
                count(listings),
            );
        }
        text.family(
            "prmdesk_row_faults_total",
            MetricKind::Counter,
            "Rows that failed or were stale.",
        );
        text.sample("prmdesk_row_faults_total", &[], count(self.faults));
        text.family(
            "prmdesk_cases_opened_total",
            MetricKind::Counter,
            "Off-boarding cases that runs opened.",
        );
        text.sample("prmdesk_cases_opened_total", &[], count(self.cases));
        text.family(
            "prmdesk_last_success_timestamp_seconds",
            MetricKind::Gauge,
            "When a run last ended without failing, by kind and mode.",
        );
        for ((kind, mode), at) in &self.last_success {
            #[expect(
                clippy::cast_precision_loss,
                reason = "seconds since 1970 fit a double"
            )]
            text.sample(
                "prmdesk_last_success_timestamp_seconds",
                &[("kind", kind), ("mode", mode)],
                *at as f64,
            );
        }
    }
}

fn by_op(applied: &Applied) -> [(Op, u64); 4] {
    [
        (Op::Add, applied.add),
        (Op::Update, applied.update),
        (Op::Reactivate, applied.reactivate),
        (Op::SoftDelete, applied.soft_delete),
    ]
}
