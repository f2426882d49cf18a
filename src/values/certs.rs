//! Certification figures, their comparison and the result of a push (docs/rules.md, "Certifications").

use serde::{Deserialize, Serialize};

/// Certification figures of one partner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CertFigures {
    /// Completed, unexpired enrolments in courses with a value.
    #[serde(serialize_with = "plain")]
    pub certification_count: f64,
    /// The sum of their values.
    #[serde(serialize_with = "plain")]
    pub total_npcu: f64,
}

/// A whole number without a decimal point, as docs/contract.md, "JSON" shows it.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn plain<S: serde::Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked to be whole and small"
    )]
    if number.fract() == 0.0 && number.abs() < 1e15 {
        serializer.serialize_i64(*number as i64)
    } else {
        serializer.serialize_f64(*number)
    }
}

/// One partner in the certification comparison (docs/contract.md, "JSON").
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CertRow {
    /// Our row.
    pub row_id: i64,
    /// Impartner's id; `None` when the account was not found there.
    pub impartner_id: Option<i64>,
    /// The partner's name.
    pub name: String,
    /// What our tables say.
    pub local: CertFigures,
    /// What Impartner holds; `None` when the account was not found there.
    pub remote: Option<CertFigures>,
    /// Whether a push would change something.
    pub differs: bool,
    /// Anything to know: not found, ambiguous, the result of the last push.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One row that a push could not settle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CertFault {
    /// Our row.
    pub row_id: i64,
    /// Impartner's id.
    pub impartner_id: Option<i64>,
    /// The partner's name.
    pub name: String,
    /// `failed`, `unknown`; `changed`: not pushed, because its figures are not those that were confirmed; `withheld`: not
    /// pushed, because too many would fall to 0 at once.
    pub status: String,
    /// What the API said.
    pub message: String,
}

/// The result of a push (docs/contract.md, "JSON").
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CertReport {
    /// The run.
    pub run_id: Option<i64>,
    /// Partners whose values were changed.
    pub pushed: u64,
    /// Partners whose values were not.
    pub failed: Vec<CertFault>,
    /// Partners that had them already.
    pub unchanged: u64,
    /// Partners that were kept back, because the figures of too many would fall to 0 at once.
    pub withheld: Vec<CertFault>,
    /// The row ids of those that were pushed; for who shows them line by line.
    #[serde(skip)]
    pub rows: Vec<i64>,
}

/// A one-shot release of figures that fall to 0 (docs/rules.md, "Certifications").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZeroRelease {
    /// The number of partners whose figures this very push would set to 0.
    pub zeros: u64,
    /// Why; recorded with the operator in the run.
    pub reason: String,
}
