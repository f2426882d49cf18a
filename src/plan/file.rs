//! The plan as JSON (docs/contract.md, "JSON"): what `preview --json` prints and `--out` saves, and how a saved plan is
//! read again. Items are written and read one at a time, so that a million of them need no second copy.

mod read;
mod write;

use std::borrow::Cow;
use std::fmt::Write as _;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use read::PlanFileError;
pub use write::{ItemDocument, Page, PlanDocument};

use super::guards::Guard;
use super::{
    ByRule, DatabasePoint, Entity, ItemView, Mode, PartnerRef, PerEntity, Plan, PlanOrigin,
    RulesFacts, Scope, SourceFacts, Totals, Value, Waits, Warning,
};
use chrono::{DateTime, Utc};

/// Version of the file format. 2 names the database and the point of its history. A plan of format 1 belongs to nobody knows which, so it is not read.
const FORMAT: u32 = 2;

/// Everything but the items.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Header {
    /// A hash of its content.
    #[serde(default)]
    plan_id: String,
    /// Version of this format.
    format: u32,
    scope: Scope,
    mode: Mode,
    created_at: DateTime<Utc>,
    /// Where it comes from: a sync, or the undo of a run.
    origin: PlanOrigin,
    /// The database it belongs to, and the newest run that had ended there.
    #[serde(default)]
    database: DatabasePoint,
    /// What was read, and whether it was proved complete.
    sources: Sources,
    /// Records by what happens to them.
    totals: PerEntity<Totals>,
    /// Whether the configured filters differ from the accepted ones, and in what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rules: Option<RulesFacts>,
    /// Records that only the configured filters would add, bring back or soft-delete; not among the totals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by_rule: Option<PerEntity<ByRule>>,
    /// Every limit, tripped or not.
    guards: Vec<Guard>,
    /// Soft-deletes that were not proposed because a listing was not proved.
    kept_back: PerEntity<u64>,
    /// The watermarks that an apply sets.
    watermarks: PerEntity<Option<DateTime<Utc>>>,
    /// Until when deletions are known after an apply.
    feed_marks: PerEntity<Option<DateTime<Utc>>>,
    /// Ids of records that were carried over and are settled.
    settled: PerEntity<Vec<i64>>,
    /// Ids of records that stay carried over, because of a modification time that cannot be.
    #[serde(default)]
    misdated: PerEntity<Vec<i64>>,
    /// What an apply changes about the contacts that wait for a partner.
    #[serde(default)]
    waits: Waits,
    /// Fields that a filter needs and that came in no record: the guard `missing_field`.
    #[serde(default)]
    missing: PerEntity<Vec<String>>,
    /// Whether the status came with a record: once applied, a filter by it counts on it.
    #[serde(default)]
    status_came: PerEntity<bool>,
    warnings: Vec<Warning>,
}

/// What was read, by entity; one that was not read is missing.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Sources {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partners: Option<SourceFacts>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contacts: Option<SourceFacts>,
}

impl Header {
    fn of(plan: &Plan) -> Self {
        Self {
            plan_id: plan.id.clone(),
            format: FORMAT,
            scope: plan.scope,
            mode: plan.mode,
            created_at: plan.created_at,
            origin: plan.origin,
            database: plan.database.clone(),
            sources: Sources {
                partners: plan.sources.partners.clone(),
                contacts: plan.sources.contacts.clone(),
            },
            totals: plan.totals,
            rules: Some(plan.rules.clone()),
            by_rule: Some(plan.by_rule),
            guards: plan.guards.clone(),
            kept_back: plan.kept_back,
            watermarks: plan.watermarks,
            feed_marks: plan.feed_marks,
            settled: plan.settled.clone(),
            misdated: plan.misdated.clone(),
            waits: plan.waits.clone(),
            missing: plan.missing.clone(),
            status_came: plan.status_came,
            warnings: plan.warnings.clone(),
        }
    }
}

impl Plan {
    /// The plan's id: a hash of its content, 32 hexadecimal digits. Two plans with one id are the same plan; a file
    /// whose content does not give its id was edited.
    pub fn content_id(&self) -> String {
        let mut hash = Sha256::new();
        let mut header = Header::of(self);
        header.plan_id.clear();
        if !self.rules.differs {
            // A plan that an earlier version saved says nothing of rules, and keeps its id.
            (header.rules, header.by_rule) = (None, None);
        }
        // A header is plain data; should it ever fail to serialise, the id of an empty one fits no file.
        hash.update(serde_json::to_vec(&header).unwrap_or_default());
        for view in self.views() {
            hash_item(&mut hash, view);
        }
        let digest = hash.finalize();
        digest
            .iter()
            .take(16)
            .fold(String::with_capacity(32), |mut id, byte| {
                let _infallible = write!(id, "{byte:02x}");
                id
            })
    }
}

fn hash_item(hash: &mut Sha256, view: ItemView<'_>) {
    let item = view.item;
    let number = |number: Option<i64>| number.unwrap_or(i64::MIN).to_le_bytes();
    hash.update([
        item.entity as u8,
        item.op as u8,
        item.evidence.map_or(255, |evidence| evidence as u8),
        u8::from(item.selected)
            | u8::from(item.held) << 1
            | u8::from(item.suspicious) << 2
            | u8::from(item.was_active) << 3
            | u8::from(item.by_rule) << 4,
    ]);
    hash.update(number(item.impartner_id));
    hash.update(number(item.impartner_before));
    hash.update(number(item.row_id));
    hash.update(item.changed.0.to_le_bytes());
    let mut text = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    text(view.reason());
    for field in 0..view.schema().fields.len() {
        text(view.before(field).unwrap_or_default());
        text(view.after(field).unwrap_or_default());
    }
    for partner in [view.partner_before(), view.partner_after()] {
        let id = |id: Option<i64>| id.map_or_else(String::new, |id| id.to_string());
        text(&partner.map_or_else(String::new, |partner| id(partner.row_id)));
        text(&partner.map_or_else(String::new, |partner| id(partner.impartner_id)));
        text(partner.map_or("", |partner| partner.name.as_str()));
    }
}

/// How a value stands in JSON: text, a number, null, or `"#1042"` for a partner that the plan adds.
impl Serialize for Value<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Int(number) => serializer.serialize_i64(*number),
            Self::PlannedPartner(id) => serializer.collect_str(&format_args!("#{id}")),
        }
    }
}

impl JsonSchema for Value<'_> {
    fn schema_name() -> Cow<'static, str> {
        "Value".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A value of a field: text, a number, nothing, or `\"#1042\"` for a partner that the plan adds.",
            "type": ["string", "integer", "null"]
        })
    }
}

/// A contact's partner in JSON.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PartnerRef")]
struct PartnerJson {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    row_id: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    impartner_id: Option<i64>,
    name: String,
}

impl PartnerJson {
    fn of(partner: &PartnerRef) -> Self {
        Self {
            row_id: partner.row_id,
            impartner_id: partner.impartner_id,
            name: partner.name.clone(),
        }
    }
}

/// The fields of an entity that a plan file may name beside the schema's.
fn is_link(entity: Entity, field: &str) -> bool {
    field == "impartner_id" || entity == Entity::Contacts && field == "partner_id"
}
