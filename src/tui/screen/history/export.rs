//! What History exports: the runs, or the changes of one.

use std::io::{self, Write};

use serde_json::{Value as Json, json};

use crate::tui::kit::csv::{self, id};
use crate::tui::kit::words::{applied_in, changed_fields};
use crate::tui::msg::Sheet;
use crate::values::{JournalEntry, RunDetail, RunSummary};

/// The list of runs.
#[derive(Debug)]
pub(super) struct Runs(pub(super) Vec<RunSummary>);

impl Sheet for Runs {
    fn word(&self) -> &'static str {
        "runs"
    }

    fn json(&self) -> Json {
        json!(self.0)
    }

    fn csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let heads = [
            "run_id",
            "kind",
            "scope",
            "mode",
            "status",
            "operator",
            "started_at",
            "finished_at",
            "rows",
        ];
        let row = |run: &RunSummary| {
            [
                run.run_id.to_string(),
                run.kind.clone(),
                run.scope.clone(),
                run.mode.map_or("", crate::plan::Mode::word).to_owned(),
                run.status.word().to_owned(),
                run.operator.clone(),
                run.started_at.to_rfc3339(),
                run.finished_at
                    .map(|at| at.to_rfc3339())
                    .unwrap_or_default(),
                applied_in(run).total().to_string(),
            ]
        };
        csv::write(out, heads, self.0.iter().map(row))
    }
}

/// One run with its changes.
#[derive(Debug)]
pub(super) struct Run(pub(super) Box<RunDetail>);

impl Sheet for Run {
    fn word(&self) -> &'static str {
        "run"
    }

    fn json(&self) -> Json {
        json!(self.0)
    }

    fn csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let heads = [
            "entity",
            "op",
            "impartner_id",
            "row_id",
            "name",
            "field",
            "before",
            "after",
            "status",
            "message",
        ];
        csv::write(out, heads, self.0.changes.iter().flat_map(rows))
    }
}

/// A row for each field that changed; one without a field where none did.
fn rows(change: &JournalEntry) -> Vec<[String; 10]> {
    let mut fields = changed_fields(change);
    if fields.is_empty() {
        fields.push((String::new(), String::new(), String::new()));
    }
    fields
        .into_iter()
        .map(|(field, before, after)| {
            [
                change.entity.word().to_owned(),
                change.op.word().to_owned(),
                id(change.impartner_id),
                id(change.row_id),
                change.name.clone(),
                field,
                before,
                after,
                change.status.clone(),
                change.message.clone().unwrap_or_default(),
            ]
        })
        .collect()
}
