//! What Off-boarding exports: the cases that are shown.

use std::io::{self, Write};

use serde_json::{Value as Json, json};

use crate::tui::kit::csv::{self, id};
use crate::tui::msg::Sheet;
use crate::values::Case;

/// The cases that are shown.
#[derive(Debug)]
pub(super) struct Cases(pub(super) Vec<Case>);

impl Sheet for Cases {
    fn word(&self) -> &'static str {
        "cases"
    }

    fn json(&self) -> Json {
        json!(self.0)
    }

    fn csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let heads = [
            "case_id", "entity", "row_id", "name", "state", "reason", "run_id", "people",
        ];
        let row = |case: &Case| {
            [
                case.case_id.to_string(),
                case.entity.word().to_owned(),
                case.row_id.to_string(),
                case.name.clone(),
                case.state.word().to_owned(),
                case.reason.clone(),
                id(case.run_id),
                case.people.to_string(),
            ]
        };
        csv::write(out, heads, self.0.iter().map(row))
    }
}
