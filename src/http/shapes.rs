//! The shapes of answers, for the document. Most are the serialised values themselves; the plan, which is written item
//! by item, is described here, and a test holds real answers against it.

use chrono::{DateTime, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::{Map, Value};

use super::reply::ErrorBody;
use crate::plan::guards::Guard;
use crate::plan::{
    Entity, Evidence, Mode, Op, PerEntity, PlanOrigin, Scope, SourceFacts, Totals, Warning,
};
use crate::values::{CertReport, CertRow, RunReport, RunStatus, RunSummary, Status};

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
            Self::Plan => schemas.subschema_for::<PlanDocument>(),
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

/// A plan as [`crate::plan::Plan::write_json`] writes it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Plan")]
struct PlanDocument {
    /// A hash of its content.
    plan_id: String,
    /// Version of this format.
    format: u32,
    scope: Scope,
    mode: Mode,
    created_at: DateTime<Utc>,
    /// Where it comes from: a sync, or the undo of a run.
    origin: PlanOrigin,
    /// What was read, and whether it was proved complete.
    sources: Sources,
    /// Records by what happens to them.
    totals: PerEntity<Totals>,
    /// Every limit, tripped or not.
    guards: Vec<Guard>,
    /// Soft-deletes that were not proposed because a listing was not proved.
    kept_back: PerEntity<u64>,
    /// The watermarks that an apply sets.
    watermarks: PerEntity<Option<DateTime<Utc>>>,
    /// Ids of records that were carried over and are settled.
    settled: PerEntity<Vec<i64>>,
    warnings: Vec<Warning>,
    /// A page of the items.
    items: Vec<ItemDocument>,
}

/// What was read, by entity; one that was not read is missing.
#[derive(Serialize, JsonSchema)]
struct Sources {
    #[serde(skip_serializing_if = "Option::is_none")]
    partners: Option<SourceFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contacts: Option<SourceFacts>,
}

/// One record of a plan.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Item")]
struct ItemDocument {
    entity: Entity,
    op: Op,
    /// Impartner's id.
    impartner_id: Option<i64>,
    /// Our row.
    row_id: Option<i64>,
    /// The account's name, the contact's e-mail.
    name: String,
    /// The contact's partner.
    #[serde(skip_serializing_if = "Option::is_none")]
    partner: Option<String>,
    /// Why.
    reason: String,
    /// What a soft-delete rests on.
    evidence: Option<Evidence>,
    /// Whether it is ticked at first.
    selected: bool,
    /// Whether an administrator holds the row.
    held: bool,
    /// An exclusion whose pattern sits inside a longer word.
    #[serde(skip_serializing_if = "Option::is_none")]
    suspicious: Option<bool>,
    /// Fields that change.
    changes: Vec<ChangeDocument>,
    /// Fields that stay as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    unchanged: Option<Map<String, Value>>,
    /// Whether the row was active.
    #[serde(skip_serializing_if = "Option::is_none")]
    was_active: Option<bool>,
    /// The id that the row had before.
    #[serde(skip_serializing_if = "Option::is_none")]
    impartner_before: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partner_before: Option<PartnerDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partner_after: Option<PartnerDocument>,
    /// The status, as the source gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
}

/// One field that changes.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Change")]
struct ChangeDocument {
    /// The column.
    field: String,
    /// As the database has it.
    before: Cell,
    /// As it will be.
    after: Cell,
}

/// A value of a field: text, a number, nothing, or `"#1042"` for a partner that the plan adds.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes what the plan writes by itself")]
enum Cell {
    Text(String),
    Number(i64),
    Nothing(()),
}

/// A contact's partner.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PartnerRef")]
struct PartnerDocument {
    #[serde(skip_serializing_if = "Option::is_none")]
    row_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    impartner_id: Option<i64>,
    name: String,
}
