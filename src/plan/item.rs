//! One record of a plan and how to look at it.

use std::borrow::Cow;

use super::document::Arenas;
use super::{Entity, Evidence, Op, Plan, Schema, fingerprint};
use crate::config::FilterKey;

/// A value of one field, before or after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// No value.
    Null,
    /// Text.
    Text(&'a str),
    /// A number: an id.
    Int(i64),
    /// The partner that this plan adds, by its Impartner id; it has no row yet.
    PlannedPartner(i64),
}

impl<'a> Value<'a> {
    /// The value as text, `None` for null.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        match self {
            Self::Null => None,
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Int(number) => Some(Cow::Owned(number.to_string())),
            Self::PlannedPartner(id) => Some(Cow::Owned(format!("#{id}"))),
        }
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Int)
    }
}

/// One changed field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// Column.
    pub field: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// As the database has it.
    pub before: Value<'a>,
    /// As it will be.
    pub after: Value<'a>,
}

/// Which fields of an item change, as bits: bit i is field i of the schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Changed(pub u32);

impl Changed {
    /// The bit of `contacts.partner_id`.
    pub const PARTNER: u32 = 31;
    /// The bit of `impartner_id`.
    pub const IMPARTNER_ID: u32 = 30;

    /// Marks field `bit`.
    pub fn set(&mut self, bit: u32) {
        self.0 |= 1 << bit;
    }

    /// Whether field `bit` is marked.
    pub fn has(self, bit: u32) -> bool {
        self.0 >> bit & 1 == 1
    }

    /// Whether nothing is marked.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Number of marked fields.
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }
}

/// Index into [`Plan::partners`]; `NONE` for no partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PartnerAt(pub u32);

impl PartnerAt {
    /// No partner.
    pub const NONE: Self = Self(u32::MAX);
}

/// A partner that contacts of the plan refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerRef {
    /// Its row; `None` when this plan adds it.
    pub row_id: Option<i64>,
    /// Its Impartner id.
    pub impartner_id: Option<i64>,
    /// Its name.
    pub name: String,
}

/// One record of a plan. Texts are in the plan's arenas: look at it through [`Plan::view`].
#[derive(Clone, Debug)]
pub struct Item {
    /// Whose record.
    pub entity: Entity,
    /// What happens.
    pub op: Op,
    /// What a soft-delete rests on.
    pub evidence: Option<Evidence>,
    /// Whether it is ticked at first.
    pub selected: bool,
    /// Whether only a change of the filters does it, which nobody has accepted yet.
    pub by_rule: bool,
    /// The filter that leaves the record out, or left it out before.
    pub rule: Option<FilterKey>,
    /// Whether an administrator holds the row.
    pub held: bool,
    /// An exclusion whose pattern sits inside a longer word.
    pub suspicious: bool,
    /// Whether the row was active when the plan was made; `false` for adds.
    pub was_active: bool,
    /// Impartner's id.
    pub impartner_id: Option<i64>,
    /// Impartner's id that the row had before.
    pub impartner_before: Option<i64>,
    /// Our row.
    pub row_id: Option<i64>,
    /// The row as it was: index into the entity's `before` arena.
    pub before: Option<u32>,
    /// The row as it will be: index into the entity's `after` arena.
    pub after: Option<u32>,
    /// Which fields change.
    pub changed: Changed,
    /// The contact's partner as it was.
    pub partner_before: PartnerAt,
    /// The contact's partner as it will be.
    pub partner_after: PartnerAt,
    /// Index into [`Plan::reasons`].
    pub reason: u32,
}

/// An item together with its texts.
#[derive(Clone, Copy, Debug)]
pub struct ItemView<'a> {
    pub(super) plan: &'a Plan,
    /// The item.
    pub item: &'a Item,
}

impl<'a> ItemView<'a> {
    fn arenas(&self) -> &'a Arenas {
        &self.plan.arenas[self.item.entity]
    }

    /// The fields of the record's entity.
    pub fn schema(&self) -> &'a Schema {
        &self.arenas().schema
    }

    /// A field as the database has it.
    pub fn before(&self, field: usize) -> Option<&'a str> {
        self.arenas().before.get(self.item.before?, field)
    }

    /// A field as it will be.
    pub fn after(&self, field: usize) -> Option<&'a str> {
        self.arenas().after.get(self.item.after?, field)
    }

    /// A field as it will be, else as it is.
    pub fn field(&self, field: usize) -> Option<&'a str> {
        if self.item.after.is_some() {
            self.after(field)
        } else {
            self.before(field)
        }
    }

    /// A field by its column; see [`ItemView::field`].
    pub fn column(&self, column: &str) -> Option<&'a str> {
        self.field(self.schema().index(column)?)
    }

    /// What people know the record by: the account's name, the contact's e-mail. Empty when it has none.
    pub fn name(&self) -> &'a str {
        self.after(Schema::KEY)
            .or_else(|| self.before(Schema::KEY))
            .unwrap_or_default()
    }

    /// The status that the source gave.
    pub fn source_status(&self) -> Option<&'a str> {
        self.arenas()
            .after
            .get(self.item.after?, self.schema().fields.len())
    }

    /// Why the record is in this class. May hold text from outside.
    pub fn reason(&self) -> &'a str {
        self.plan
            .reasons
            .get(self.item.reason as usize)
            .map_or("", String::as_str)
    }

    /// The contact's partner as it was.
    pub fn partner_before(&self) -> Option<&'a PartnerRef> {
        self.plan.partners.get(self.item.partner_before.0 as usize)
    }

    /// The contact's partner as it will be.
    pub fn partner_after(&self) -> Option<&'a PartnerRef> {
        self.plan.partners.get(self.item.partner_after.0 as usize)
    }

    /// Name of the contact's partner as it will be, else as it was.
    pub fn partner_name(&self) -> Option<&'a str> {
        self.partner_after()
            .or_else(|| self.partner_before())
            .map(|partner| partner.name.as_str())
    }

    /// The changed fields, in the order of the schema, then the partner link and the Impartner id.
    pub fn changes(&self) -> impl Iterator<Item = Change<'a>> + use<'a> {
        let view = *self;
        let changed = self.item.changed;
        let fields = view
            .schema()
            .fields
            .iter()
            .enumerate()
            .filter(move |&(index, _)| u32::try_from(index).is_ok_and(|bit| changed.has(bit)))
            .map(move |(index, field)| Change {
                field: field.column,
                label: field.label,
                before: view.before(index).into(),
                after: view.after(index).into(),
            });
        let link = changed.has(Changed::PARTNER).then(|| Change {
            field: "partner_id",
            label: "Partner",
            before: view.partner_before().map_or(Value::Null, PartnerRef::value),
            after: view.partner_after().map_or(Value::Null, PartnerRef::value),
        });
        let id = changed.has(Changed::IMPARTNER_ID).then(|| Change {
            field: "impartner_id",
            label: "Impartner id",
            before: view.item.impartner_before.into(),
            after: view.item.impartner_id.into(),
        });
        fields.chain(link).chain(id)
    }

    /// The fingerprint of the row as the plan saw it; `None` for adds.
    pub fn fingerprint(&self) -> Option<u64> {
        let before = self.item.before?;
        Some(fingerprint(
            self.item.impartner_before,
            self.item.was_active,
            self.partner_before().and_then(|partner| partner.row_id),
            self.arenas().before.row(before),
        ))
    }

    /// Whether it can be ticked at all, and if not, why (docs/rules.md, "The plan").
    pub fn tickable(&self) -> Result<(), &'static str> {
        match self.item.op {
            Op::Conflict => Err(
                "a conflict cannot be applied; it is carried over until it is settled upstream or in the database",
            ),
            Op::Excluded => Err("an excluded record has nothing to apply"),
            Op::Unchanged => Err("an unchanged record has nothing to apply"),
            Op::SoftDelete if self.item.held => Err("the row is on hold; lift the hold first"),
            Op::SoftDelete if self.item.evidence == Some(Evidence::Unverified) => Err(
                "the by-id check failed or was not made, so there is no evidence; preview again",
            ),
            _ => Ok(()),
        }
    }
}

impl PartnerRef {
    fn value<'a>(&self) -> Value<'a> {
        match (self.row_id, self.impartner_id) {
            (Some(row), _) => Value::Int(row),
            (None, Some(id)) => Value::PlannedPartner(id),
            (None, None) => Value::Null,
        }
    }
}
