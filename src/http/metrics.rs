//! `/metrics`: Prometheus text. Runs are counted from their records (`tally`), the state of things is asked of the
//! desk, and only requests are counted by this process. Label sets are bounded: paths are those of the table.

mod tally;
mod text;

use std::collections::BTreeMap;
use std::sync::{Mutex as SyncMutex, PoisonError};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::desk::{Desk, Probe};
use crate::plan::Entity;
use crate::values::{CaseState, Reachability, Status};
use tally::Tally;
use text::{Histogram, MetricKind, REQUEST_SECONDS, Text, count};

/// How long counts of the tables are used again: a scraper must not cost a table scan each time.
const COUNTS: Duration = Duration::from_secs(10);
/// How long an answer of Impartner and the LMS is used again.
const PROBES: Duration = Duration::from_mins(1);
/// Longest wait for both.
const PROBE: Duration = Duration::from_secs(5);

/// Requests by path, method and status.
type Requests = BTreeMap<(&'static str, &'static str, u16), u64>;

/// See the module.
#[derive(Default)]
pub(super) struct Metrics {
    requests: SyncMutex<(Requests, BTreeMap<&'static str, Histogram>)>,
    gathered: Mutex<Gathered>,
}

/// What scrapes share.
#[derive(Default)]
struct Gathered {
    tally: Tally,
    status: Option<(Instant, Status)>,
    probes: Option<(Instant, [Reachability; 2])>,
    database: bool,
}

impl Metrics {
    /// Counts an answered request. `path` is one of the table's, or `other`.
    pub(super) fn request(
        &self,
        path: &'static str,
        method: &Method,
        status: StatusCode,
        took: Duration,
    ) {
        let method = match *method {
            Method::GET => "GET",
            Method::HEAD => "HEAD",
            Method::POST => "POST",
            _ => "other",
        };
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests
            .0
            .entry((path, method, status.as_u16()))
            .or_default() += 1;
        requests
            .1
            .entry(path)
            .or_insert_with(|| Histogram::new(REQUEST_SECONDS))
            .observe(took);
    }

    /// The text. While the database does not answer, `prmdesk_database_up` is 0 and what it knows is as it was last.
    pub(super) async fn render(&self, desk: &Desk) -> String {
        let mut text = Text::default();
        text.family(
            "prmdesk_build_info",
            MetricKind::Gauge,
            "The version, as a label.",
        );
        text.sample(
            "prmdesk_build_info",
            &[("version", env!("CARGO_PKG_VERSION"))],
            1.0,
        );
        {
            let mut gathered = self.gathered.lock().await;
            gathered.refresh(desk).await;
            gathered.write(&mut text);
        }
        self.write_requests(&mut text);
        text.finish()
    }

    fn write_requests(&self, text: &mut Text) {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        text.family(
            "prmdesk_http_requests_total",
            MetricKind::Counter,
            "Requests answered by this server.",
        );
        for ((path, method, status), number) in &requests.0 {
            let labels = [
                ("path", *path),
                ("method", *method),
                ("status", &status.to_string()),
            ];
            text.sample("prmdesk_http_requests_total", &labels, count(*number));
        }
        text.family(
            "prmdesk_http_request_duration_seconds",
            MetricKind::Histogram,
            "How long requests took until their answer began.",
        );
        for (path, histogram) in &requests.1 {
            text.histogram(
                "prmdesk_http_request_duration_seconds",
                &[("path", path)],
                histogram,
            );
        }
    }
}

impl Gathered {
    async fn refresh(&mut self, desk: &Desk) {
        let tallied = self.tally.catch_up(desk).await;
        let fresh = |since: &Instant, longest| since.elapsed() < longest;
        let counted = match &self.status {
            Some((since, _)) if fresh(since, COUNTS) => Ok(()),
            _ => desk
                .status(Probe::Stored)
                .await
                .map(|status| self.status = Some((Instant::now(), status))),
        };
        self.database = tallied.is_ok() && counted.is_ok();
        if let Err(error) = tallied.and(counted) {
            tracing::warn!(code = error.code, "metrics: {error}");
        }
        if !self
            .probes
            .as_ref()
            .is_some_and(|(since, _)| fresh(since, PROBES))
        {
            let probes = match tokio::time::timeout(PROBE, desk.probe()).await {
                Ok(probes) => probes,
                Err(_) => [(); 2].map(|()| Reachability {
                    reachable: Some(false),
                    latency_ms: None,
                    target: String::new(),
                    detail: None,
                }),
            };
            self.probes = Some((Instant::now(), probes));
        }
    }

    fn write(&self, text: &mut Text) {
        self.tally.write(text);
        text.family(
            "prmdesk_database_up",
            MetricKind::Gauge,
            "1 while the database answers.",
        );
        text.sample(
            "prmdesk_database_up",
            &[],
            f64::from(u8::from(self.database)),
        );
        if let Some((_, status)) = &self.status {
            write_status(status, text);
        }
        let Some((_, probes)) = &self.probes else {
            return;
        };
        let named = || ["impartner", "lms"].into_iter().zip(probes);
        text.family(
            "prmdesk_upstream_up",
            MetricKind::Gauge,
            "1 when the last question was answered.",
        );
        for (name, probe) in named() {
            let up = f64::from(u8::from(probe.reachable == Some(true)));
            text.sample("prmdesk_upstream_up", &[("upstream", name)], up);
        }
        text.family(
            "prmdesk_upstream_latency_seconds",
            MetricKind::Gauge,
            "How long the last answer took.",
        );
        for (name, probe) in named() {
            if let Some(latency) = probe.latency_ms {
                let seconds = count(latency) / 1000.0;
                text.sample(
                    "prmdesk_upstream_latency_seconds",
                    &[("upstream", name)],
                    seconds,
                );
            }
        }
    }
}

/// The facts of docs/rules.md, "Status" as gauges.
fn write_status(status: &Status, text: &mut Text) {
    let gauge = |text: &mut Text, name: &str, help: &str, number: f64| {
        text.family(name, MetricKind::Gauge, help);
        text.sample(name, &[], number);
    };
    text.family("prmdesk_rows", MetricKind::Gauge, "Rows of the two tables.");
    for (entity, rows) in [
        (Entity::Partners, &status.partners),
        (Entity::Contacts, &status.contacts),
    ] {
        for (state, number) in [
            ("active", rows.active),
            ("inactive", rows.inactive),
            ("lms_linked", rows.lms_linked),
        ] {
            let labels = [("entity", entity.word()), ("state", state)];
            text.sample("prmdesk_rows", &labels, count(number));
        }
    }
    text.family(
        "prmdesk_cases",
        MetricKind::Gauge,
        "Off-boarding cases by state.",
    );
    for state in CaseState::ALL {
        let number = status.cases.of(state);
        text.sample("prmdesk_cases", &[("state", state.word())], count(number));
    }
    gauge(text, "prmdesk_holds", "Rows on hold.", count(status.holds));
    gauge(
        text,
        "prmdesk_carried_over",
        "Records that wait to be settled.",
        count(status.carried_over),
    );
    gauge(
        text,
        "prmdesk_withheld",
        "Of these, what a guard withheld.",
        count(status.withheld),
    );
    gauge(
        text,
        "prmdesk_rules_differ",
        "1 while the configured filters differ from the accepted ones.",
        f64::from(u8::from(status.rules.differs)),
    );
    text.family(
        "prmdesk_by_rule",
        MetricKind::Gauge,
        "Records that only the configured filters would add, bring back or soft-delete.",
    );
    for (entity, by_rule) in status.by_rule.iter() {
        for (op, number) in [
            ("add", by_rule.add),
            ("reactivate", by_rule.reactivate),
            ("soft_delete", by_rule.soft_delete),
        ] {
            let labels = [("entity", entity.word()), ("op", op)];
            text.sample("prmdesk_by_rule", &labels, count(number));
        }
    }
    gauge(
        text,
        "prmdesk_lease_held",
        "1 while a run holds the lease.",
        f64::from(u8::from(status.lease.is_some())),
    );
    gauge(
        text,
        "prmdesk_run_interrupted",
        "1 while a run whose process went away waits for somebody.",
        f64::from(u8::from(status.interrupted.is_some())),
    );
    text.family(
        "prmdesk_watermark_timestamp_seconds",
        MetricKind::Gauge,
        "The watermark, as the source reported it.",
    );
    for (entity, at) in status.watermarks.iter() {
        if let Some(at) = at {
            let seconds = at.timestamp() as f64;
            text.sample(
                "prmdesk_watermark_timestamp_seconds",
                &[("entity", entity.word())],
                seconds,
            );
        }
    }
    text.family(
        "prmdesk_watermark_age_seconds",
        MetricKind::Gauge,
        "How old the watermark is.",
    );
    for (entity, at) in status.watermarks.iter() {
        if let Some(at) = at {
            let age = (status.at - *at).num_seconds() as f64;
            text.sample(
                "prmdesk_watermark_age_seconds",
                &[("entity", entity.word())],
                age,
            );
        }
    }
}
