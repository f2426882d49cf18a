//! What a plan tells beside its items: warnings about records and listings.

use rustc_hash::FxHashSet;

use super::{Builder, Resolved, title};
use crate::plan::document::counted;
use crate::plan::input::{EntityInput, Read};
use crate::plan::{Entity, FieldKind, PartnerAt, Plan, Schema, Warning, sfid};

/// Tells of columns that keep their values because their field came in no record (docs/rules.md, "Filters").
pub(super) fn warn_of_kept(plan: &mut Plan, schema: &Schema, known: &EntityInput, read: &Read) {
    let absent = |index: &usize| u32::try_from(*index).is_ok_and(|bit| read.records.is_absent(bit));
    let fields: Vec<usize> = (0..schema.fields.len()).filter(absent).collect();
    if fields.is_empty() {
        return;
    }
    let came: FxHashSet<i64> = read.records.ids().iter().copied().collect();
    for index in fields {
        let Some(source) = &schema.fields[index].source else {
            continue;
        };
        let rows = known.rows.indices();
        let kept = rows.filter(|&row| {
            known.rows.field(row, index).is_some()
                && known
                    .rows
                    .impartner_id(row)
                    .is_some_and(|id| came.contains(&id))
        });
        let kept = kept.count();
        if kept > 0 {
            plan.warnings.push(Warning {
                code: "column_kept".into(),
                entity: schema.entity,
                impartner_id: None,
                message: format!(
                    "The field {source} came in no record of {}; the column {} keeps its value in {}.",
                    schema.entity,
                    schema.fields[index].column,
                    counted(kept as u64, "row")
                ),
            });
        }
    }
}

impl Builder<'_> {
    /// The contact's partner, with the warnings of docs/rules.md, "Matching". A link is never lost.
    pub(super) fn partner_of(&mut self, at: u32, row: Option<u32>, before: PartnerAt) -> PartnerAt {
        if self.schema.entity == Entity::Partners {
            return PartnerAt::NONE;
        }
        let source = &self.read.records;
        let why = match self.directory.resolve(source, at) {
            Resolved::Partner(partner) => return partner,
            Resolved::None(why) => why,
        };
        let id = source.ids()[at as usize];
        let kept = if row.is_some() {
            "its link stays as it is"
        } else {
            "it is added without a partner"
        };
        self.warn(
            "contact_without_partner",
            id,
            format!("Contact #{id}: {why}; {kept}."),
        );
        before
    }

    /// Salesforce ids that are malformed, or that an earlier record of this reading has too. Both records keep their
    /// rows: they have Impartner ids of their own, and which of them Salesforce means nobody here can know.
    pub(super) fn warn_of_salesforce_id(&mut self, at: u32) {
        let id = self.read.records.ids()[at as usize];
        for (index, field) in self.schema.fields.iter().enumerate() {
            let text = self.read.records.field(at, index);
            let Some(text) = text.filter(|_| field.kind == FieldKind::SalesforceId) else {
                continue;
            };
            let who = title(self.schema.entity);
            if sfid::normalise(text).is_none() {
                let message = format!(
                    "{who} #{id}: `{text}` is no well-formed Salesforce id; it is kept as text and matched exactly."
                );
                self.warn("malformed_salesforce_id", id, message);
            }
            let first = *self.salesforce_ids.entry(sfid::key(text)).or_insert(id);
            if first != id {
                let message = format!(
                    "{who} #{id} has the Salesforce id `{text}` of #{first}; both stay, correct one of them in Impartner."
                );
                self.warn("shared_salesforce_id", id, message);
            }
        }
    }

    pub(super) fn warn_of_listing(&mut self) {
        let facts = &self.read.facts;
        if facts.proved {
            return;
        }
        let entity = self.schema.entity;
        let reason = facts
            .reason
            .as_deref()
            .unwrap_or("the source gave no control total");
        let kept_back = match self.plan.kept_back[entity] {
            0 => String::new(),
            count => format!(" ({count} kept back)"),
        };
        let message = format!(
            "The listing of {entity} was not proved: {reason}. No soft-delete is proposed{kept_back}, and the watermark stays."
        );
        self.plan.warnings.insert(
            0,
            Warning {
                code: "listing_not_proved".into(),
                entity,
                impartner_id: None,
                message,
            },
        );
    }
}
