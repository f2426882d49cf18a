//! What Certifications exports: the figures that are shown, ours beside Impartner's.

use std::io::{self, Write};

use serde_json::{Value as Json, json};

use crate::tui::kit::csv::{self, id};
use crate::tui::msg::Sheet;
use crate::values::{CertFigures, CertRow};

/// The partners that are shown.
#[derive(Debug)]
pub(super) struct Figures(pub(super) Vec<CertRow>);

impl Sheet for Figures {
    fn word(&self) -> &'static str {
        "certifications"
    }

    fn json(&self) -> Json {
        json!({ "partners": self.0 })
    }

    fn csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let heads = [
            "row_id",
            "impartner_id",
            "name",
            "local_certification_count",
            "local_total_npcu",
            "remote_certification_count",
            "remote_total_npcu",
            "differs",
        ];
        let row = |cert: &CertRow| {
            let remote = |figure: fn(&CertFigures) -> f64| {
                let figure = cert.remote.as_ref().map(figure);
                figure.map(|n| n.to_string()).unwrap_or_default()
            };
            [
                cert.row_id.to_string(),
                id(cert.impartner_id),
                cert.name.clone(),
                cert.local.certification_count.to_string(),
                cert.local.total_npcu.to_string(),
                remote(|figures| figures.certification_count),
                remote(|figures| figures.total_npcu),
                cert.differs.to_string(),
            ]
        };
        csv::write(out, heads, self.0.iter().map(row))
    }
}
