//! The shapes of answers, for the document: the serialised values themselves.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::reply::ErrorBody;
use crate::plan::file::PlanDocument;
use crate::values::{CertFault, CertReport, CertRow, RunReport, RunStatus, RunSummary, Status};

/// What an answer looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A plan with a page of its items.
    Plan,
    /// The facts of `status --json`.
    Status,
    /// The result of a sync.
    RunReport,
    /// A run that may be under way.
    RunState,
    /// The result of a sync of which nothing was applied, or an error.
    ReportOrError,
    /// A comparison or the result of a push.
    Certs,
    /// The result of a push of which nothing went through because it was kept back, or an error.
    PushOrError,
    /// Alive or ready.
    Health,
    /// Any error.
    Error,
    /// Prometheus text.
    Text,
    /// An OpenAPI document.
    Document,
}

impl Shape {
    /// The media type.
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            _ => "application/json",
        }
    }

    /// The schema; named parts go to the generator.
    pub(super) fn schema(self, schemas: &mut SchemaGenerator) -> Schema {
        match self {
            Self::Plan => schemas.subschema_for::<PlanDocument<'static>>(),
            Self::Status => schemas.subschema_for::<Status>(),
            Self::RunReport => schemas.subschema_for::<RunReport>(),
            Self::RunState => schemas.subschema_for::<RunState>(),
            Self::ReportOrError => {
                let (report, error) = (
                    schemas.subschema_for::<RunReport>(),
                    schemas.subschema_for::<ErrorBody>(),
                );
                json_schema!({"anyOf": [report, error]})
            }
            Self::PushOrError => {
                let (report, error) = (
                    schemas.subschema_for::<CertReport>(),
                    schemas.subschema_for::<ErrorBody>(),
                );
                json_schema!({"anyOf": [report, error]})
            }
            Self::Certs => {
                let (rows, report) = (
                    schemas.subschema_for::<CertRows>(),
                    schemas.subschema_for::<CertReport>(),
                );
                json_schema!({"anyOf": [rows, report]})
            }
            Self::Health => schemas.subschema_for::<Health>(),
            Self::Error => schemas.subschema_for::<ErrorBody>(),
            Self::Text => json_schema!({"type": "string"}),
            Self::Document => json_schema!({"type": "object", "required": ["openapi", "paths"]}),
        }
    }
}

/// `/healthz` and `/readyz`.
#[derive(Serialize, JsonSchema)]
pub(super) struct Health {
    /// `ok`; anything else comes with another status.
    pub(super) status: &'static str,
    /// The version of prmdesk.
    pub(super) version: &'static str,
}

/// A comparison of certification figures (docs/contract.md, "JSON").
#[derive(Serialize, JsonSchema)]
pub(super) struct CertRows {
    /// Every active partner.
    pub(super) partners: Vec<CertRow>,
    /// Those that a push would keep back, and why.
    pub(super) withheld: Vec<CertFault>,
}

/// Whether a run is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// At work.
    Running,
    /// Over; `status` says how it ended.
    Finished,
}

/// A run, under way or over.
#[derive(Serialize, JsonSchema)]
pub(super) struct RunState {
    /// The run.
    pub(super) run_id: i64,
    /// Whether it is over.
    pub(super) state: State,
    /// How it ended, or `running`.
    pub(super) status: RunStatus,
    /// What it is at, where this server runs it: starting, reading, checking, planning, applying.
    pub(super) phase: Option<String>,
    /// What the database has of it.
    pub(super) run: Option<RunSummary>,
    /// What was applied and what was not; `null` until it is over, and for runs that have no report.
    pub(super) report: Option<RunReport>,
    /// Why it failed.
    pub(super) error: Option<RunFault>,
}

/// Why a run failed.
#[derive(Serialize, JsonSchema)]
pub(super) struct RunFault {
    /// A fixed word in snake_case.
    pub(super) code: String,
    /// What happened.
    pub(super) message: String,
    /// What to do about it.
    pub(super) help: Option<String>,
}
