//! A run's report as it is kept with the run record: whole while it is short; of a long one the rows that failed or were
//! stale are left to the journal, which has each of them, and put back when the report is asked for.
//!
//! A report grows with the trouble of a run, and one argument of a statement must fit into the server's
//! `max_allowed_packet`: thousands of stale rows would otherwise cost the whole run.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::store::Store;
use crate::values::{RowFault, RunReport};

/// Bytes of a report that is kept whole: a quarter of the smallest `max_allowed_packet` in use (1 MiB).
const WHOLE: usize = 256 * 1024;

/// What is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    report: RunReport,
    /// Whether `failed` and `stale` are empty only because the journal has them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    rows_in_journal: bool,
}

/// The text that is kept.
pub(super) fn to_keep(report: &RunReport) -> Option<String> {
    let whole = serde_json::to_string(report).ok()?;
    if whole.len() <= WHOLE {
        return Some(whole);
    }
    let kept = Kept {
        report: RunReport {
            failed: Vec::new(),
            stale: Vec::new(),
            ..report.clone()
        },
        rows_in_journal: true,
    };
    serde_json::to_string(&kept).ok()
}

/// The report of `run_id` from the text that is kept. One that a newer version wrote in another shape reads as none: the
/// run record itself has the counts.
pub(in crate::desk) async fn read(
    store: &Store,
    run_id: i64,
    json: &str,
) -> Result<Option<RunReport>> {
    let Some(mut kept) = parse(json) else {
        return Ok(None);
    };
    if kept.rows_in_journal {
        for entry in store.faults(run_id).await? {
            let list = match entry.status.as_str() {
                "stale" => &mut kept.report.stale,
                _ => &mut kept.report.failed,
            };
            list.push(RowFault {
                entity: entry.entity,
                op: entry.op,
                impartner_id: entry.impartner_id,
                row_id: entry.row_id,
                name: entry.name,
                message: entry.message.unwrap_or_default(),
            });
        }
    }
    Ok(Some(kept.report))
}

/// The report without the rows that only the journal has: for who counts.
pub(in crate::desk) fn counts(json: &str) -> Option<RunReport> {
    parse(json).map(|kept| kept.report)
}

fn parse(json: &str) -> Option<Kept> {
    serde_json::from_str(json)
        .map_err(|error| tracing::debug!(%error, "a stored report could not be read"))
        .ok()
}
