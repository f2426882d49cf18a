//! The Prometheus text format, version 0.0.4.

use std::fmt::Write as _;
use std::time::Duration;

/// Upper bounds of histograms over requests, in seconds.
pub(super) const REQUEST_SECONDS: &[f64] = &[0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0];
/// Upper bounds of histograms over runs, in seconds.
pub(super) const RUN_SECONDS: &[f64] = &[1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0];

/// Kinds of families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MetricKind {
    Counter,
    Gauge,
    Histogram,
}

/// Text under construction.
#[derive(Debug, Default)]
pub(super) struct Text(String);

/// Labels of one sample.
pub(super) type Labels<'a> = &'a [(&'a str, &'a str)];

impl Text {
    /// Begins a family.
    pub(super) fn family(&mut self, name: &str, kind: MetricKind, help: &str) {
        let kind = match kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        };
        let _infallible = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// One sample.
    pub(super) fn sample(&mut self, name: &str, labels: Labels<'_>, value: impl Into<f64>) {
        self.0.push_str(name);
        self.labels(labels, None);
        let _infallible = writeln!(self.0, " {}", value.into());
    }

    /// The samples of one histogram.
    pub(super) fn histogram(&mut self, name: &str, labels: Labels<'_>, histogram: &Histogram) {
        for (bound, count) in histogram.bounds.iter().zip(&histogram.counts) {
            self.0.push_str(name);
            self.0.push_str("_bucket");
            self.labels(labels, Some(&bound.to_string()));
            let _infallible = writeln!(self.0, " {count}");
        }
        self.0.push_str(name);
        self.0.push_str("_bucket");
        self.labels(labels, Some("+Inf"));
        let _infallible = writeln!(self.0, " {}", histogram.count);
        self.sample(&format!("{name}_sum"), labels, histogram.sum);
        self.sample(&format!("{name}_count"), labels, count(histogram.count));
    }

    fn labels(&mut self, labels: Labels<'_>, le: Option<&str>) {
        if labels.is_empty() && le.is_none() {
            return;
        }
        self.0.push('{');
        let le = le.map(|le| ("le", le));
        for (at, (name, value)) in labels.iter().copied().chain(le).enumerate() {
            if at > 0 {
                self.0.push(',');
            }
            let value = value
                .replace('\\', r"\\")
                .replace('"', "\\\"")
                .replace('\n', r"\n");
            let _infallible = write!(self.0, "{name}=\"{value}\"");
        }
        self.0.push('}');
    }

    /// The text.
    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// A number of things as a sample.
pub(super) fn count(number: u64) -> f64 {
    number as f64
}

/// A histogram of durations.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    bounds: &'static [f64],
    /// By bound: how many were at most that long.
    counts: Vec<u64>,
    count: u64,
    sum: f64,
}

impl Histogram {
    /// An empty one.
    pub(super) fn new(bounds: &'static [f64]) -> Self {
        Self {
            bounds,
            counts: vec![0; bounds.len()],
            count: 0,
            sum: 0.0,
        }
    }

    /// Counts one duration.
    pub(super) fn observe(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        for (bound, count) in self.bounds.iter().zip(&mut self.counts) {
            *count += u64::from(seconds <= *bound);
        }
        self.count += 1;
        self.sum += seconds;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_that_of_prometheus() {
        let mut text = Text::default();
        text.family("a_total", MetricKind::Counter, "Things.");
        text.sample("a_total", &[("x", "q\"\\\n")], 3.0);
        let mut histogram = Histogram::new(&[1.0, 5.0]);
        for seconds in [0.5, 3.0, 9.0] {
            histogram.observe(Duration::from_secs_f64(seconds));
        }
        text.histogram("h_seconds", &[], &histogram);
        assert_eq!(
            text.finish(),
            "# HELP a_total Things.\n# TYPE a_total counter\na_total{x=\"q\\\"\\\\\\n\"} 3\n\
             h_seconds_bucket{le=\"1\"} 1\nh_seconds_bucket{le=\"5\"} 2\nh_seconds_bucket{le=\"+Inf\"} 3\n\
             h_seconds_sum 12.5\nh_seconds_count 3\n"
        );
    }
}
