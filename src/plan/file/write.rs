//! Writing a plan.

use std::io;

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::{Header, PartnerJson};
use crate::plan::filter::Filter;
use crate::plan::{Entity, ItemView, Op, PartnerRef, Plan, Value};
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
        text::write_json(writer, &Document { plan: self, page }, layout)
    }
}

/// The plan with a page of its items.
struct Document<'a> {
    plan: &'a Plan,
    page: Page<'a>,
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Whole<'a> {
            #[serde(flatten)]
            header: Header,
            items: Items<'a>,
        }
        Whole {
            header: Header::of(self.plan),
            items: Items(self),
        }
        .serialize(serializer)
    }
}

struct Items<'a>(&'a Document<'a>);

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for view in self.0.page.items(self.0.plan) {
            list.serialize_element(&JsonItem(view))?;
        }
        list.end()
    }
}

/// One item as docs/contract.md, "JSON" has it, and a little more, so that a saved plan filters like a fresh one.
pub(super) struct JsonItem<'a>(pub(super) ItemView<'a>);

#[derive(Serialize)]
struct JsonChange<'a> {
    field: &'static str,
    before: Value<'a>,
    after: Value<'a>,
}

impl Serialize for JsonItem<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let view = self.0;
        let item = view.item;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("entity", &item.entity)?;
        map.serialize_entry("op", &item.op)?;
        map.serialize_entry("impartner_id", &item.impartner_id)?;
        map.serialize_entry("row_id", &item.row_id)?;
        map.serialize_entry("name", view.name())?;
        if item.entity == Entity::Contacts && item.op != Op::Excluded {
            map.serialize_entry("partner", &view.partner_name())?;
        }
        map.serialize_entry("reason", view.reason())?;
        map.serialize_entry("evidence", &item.evidence)?;
        map.serialize_entry("selected", &item.selected)?;
        map.serialize_entry("held", &item.held)?;
        if item.suspicious {
            map.serialize_entry("suspicious", &true)?;
        }
        map.serialize_entry("changes", &Changes(view))?;
        if item.op != Op::Excluded {
            map.serialize_entry("unchanged", &Unchanged(view))?;
            map.serialize_entry("was_active", &item.was_active)?;
            if item.impartner_before.is_some() {
                map.serialize_entry("impartner_before", &item.impartner_before)?;
            }
            for (key, partner) in [
                ("partner_before", view.partner_before()),
                ("partner_after", view.partner_after()),
            ] {
                if let Some(PartnerRef {
                    row_id,
                    impartner_id,
                    name,
                }) = partner
                {
                    map.serialize_entry(
                        key,
                        &PartnerJson {
                            row_id: *row_id,
                            impartner_id: *impartner_id,
                            name: name.clone(),
                        },
                    )?;
                }
            }
        }
        if let Some(status) = view.source_status() {
            map.serialize_entry("status", status)?;
        }
        map.end()
    }
}

struct Changes<'a>(ItemView<'a>);

impl Serialize for Changes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.changes().map(|change| JsonChange {
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
