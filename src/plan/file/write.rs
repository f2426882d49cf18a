//! Writing a plan.

use std::collections::BTreeMap;
use std::io;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::{Header, PartnerJson};
use crate::config::FilterKey;
use crate::plan::filter::Filter;
use crate::plan::{Entity, Evidence, ItemView, Op, PartnerRef, Plan, Value};
use crate::text::{self, JsonLayout};

/// Which items are written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Page<'a> {
    /// Only what it names; one that asks for `op:excluded` brings the excluded records in.
    pub filter: Option<&'a Filter>,
    /// Items left out at the front.
    pub offset: usize,
    /// Most items written.
    pub limit: Option<usize>,
}

impl Page<'_> {
    /// The items of `plan` that this page shows, in the plan's order, excluded ones last.
    pub fn items<'p>(&'p self, plan: &'p Plan) -> impl Iterator<Item = ItemView<'p>> {
        let excluded = if self.filter.is_some_and(Filter::wants_excluded) {
            plan.excluded.as_slice()
        } else {
            &[]
        };
        plan.items
            .iter()
            .chain(excluded)
            .map(|item| plan.view_of(item))
            .filter(|view| self.filter.is_none_or(|filter| filter.matches(view)))
            .skip(self.offset)
            .take(self.limit.unwrap_or(usize::MAX))
    }
}

impl Plan {
    /// Writes the plan as one JSON document, safe on a terminal. The whole plan (`Page::default()`) can be read
    /// again by [`Plan::read_json`].
    pub fn write_json(
        &self,
        writer: impl io::Write,
        page: Page<'_>,
        layout: JsonLayout,
    ) -> serde_json::Result<()> {
        let document = PlanDocument {
            header: Header::of(self),
            items: Items { plan: self, page },
        };
        text::write_json(writer, &document, layout)
    }
}

/// A plan with a page of its items: what is written, and, as a schema, the description of it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Plan")]
pub struct PlanDocument<'a> {
    #[serde(flatten)]
    header: Header,
    /// A page of the items.
    #[schemars(with = "Vec<ItemDocument<'static>>")]
    items: Items<'a>,
}

struct Items<'a> {
    plan: &'a Plan,
    page: Page<'a>,
}

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let items = self.page.items(self.plan);
        serializer.collect_seq(items.map(|view| ItemDocument::of(view, view.item.selected)))
    }
}

/// One record of a plan (docs/contract.md, "JSON"), and a little more, so that a saved plan filters like a fresh one.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Item")]
pub struct ItemDocument<'a> {
    entity: Entity,
    op: Op,
    /// Impartner's id.
    impartner_id: Option<i64>,
    /// Our row.
    row_id: Option<i64>,
    /// The account's name, the contact's e-mail.
    name: &'a str,
    /// The contact's partner; `null` for one without.
    #[serde(skip_serializing_if = "Option::is_none")]
    partner: Option<Value<'a>>,
    /// Why.
    reason: &'a str,
    /// What a soft-delete rests on.
    evidence: Option<Evidence>,
    /// Whether it is ticked.
    selected: bool,
    /// Whether only a change of the filters does it, which nobody has accepted yet.
    by_rule: bool,
    /// The filter that leaves the record out, or left it out before.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<FilterKey>,
    /// Whether an administrator holds the row.
    held: bool,
    /// An exclusion whose pattern sits inside a longer word.
    #[serde(skip_serializing_if = "Option::is_none")]
    suspicious: Option<bool>,
    /// Fields that change.
    #[schemars(with = "Vec<ChangeDocument<'static>>")]
    changes: Changes<'a>,
    /// Fields that stay as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<BTreeMap<String, String>>")]
    unchanged: Option<Unchanged<'a>>,
    /// Whether the row was active.
    #[serde(skip_serializing_if = "Option::is_none")]
    was_active: Option<bool>,
    /// The id that the row had before.
    #[serde(skip_serializing_if = "Option::is_none")]
    impartner_before: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partner_before: Option<PartnerJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partner_after: Option<PartnerJson>,
    /// The status, as the source gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
}

impl<'a> ItemDocument<'a> {
    /// What is written of `view`; `ticked` says whether it is ticked now.
    pub fn of(view: ItemView<'a>, ticked: bool) -> Self {
        let item = view.item;
        // Nothing would be written to an excluded record, so it has no before.
        let planned = item.op != Op::Excluded;
        let partner =
            |partner: Option<&PartnerRef>| partner.filter(|_| planned).map(PartnerJson::of);
        Self {
            entity: item.entity,
            op: item.op,
            impartner_id: item.impartner_id,
            row_id: item.row_id,
            name: view.name(),
            partner: (planned && item.entity == Entity::Contacts)
                .then(|| view.partner_name().map_or(Value::Null, Value::Text)),
            reason: view.reason(),
            evidence: item.evidence,
            selected: ticked,
            by_rule: item.by_rule,
            rule: item.rule,
            held: item.held,
            suspicious: item.suspicious.then_some(true),
            changes: Changes(view),
            unchanged: planned.then_some(Unchanged(view)),
            was_active: planned.then_some(item.was_active),
            impartner_before: item.impartner_before.filter(|_| planned),
            partner_before: partner(view.partner_before()),
            partner_after: partner(view.partner_after()),
            status: view.source_status(),
        }
    }
}

/// One field that changes.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Change")]
struct ChangeDocument<'a> {
    /// The column.
    field: &'static str,
    /// As the database has it.
    before: Value<'a>,
    /// As it will be.
    after: Value<'a>,
}

struct Changes<'a>(ItemView<'a>);

impl Serialize for Changes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.changes().map(|change| ChangeDocument {
            field: change.field,
            before: change.before,
            after: change.after,
        }))
    }
}

/// Fields that stay as they are.
struct Unchanged<'a>(ItemView<'a>);

impl Serialize for Unchanged<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let view = self.0;
        let same = (0u32..)
            .zip(&view.schema().fields)
            .filter(|&(bit, _)| !view.item.changed.has(bit));
        serializer.collect_map(
            same.filter_map(|(bit, field)| Some((field.column, view.field(bit as usize)?))),
        )
    }
}
