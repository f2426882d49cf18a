//! The plan as a value: its items and how to look at them.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::guards::{Guard, WindowCounts};
use super::{Entity, Mode, Packed, PerEntity, Schema, Scope, fingerprint};

/// What happens to a record. Every record ends in exactly one (PRODUCT.md section 5).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// The row becomes inactive.
    SoftDelete,
    /// A row that was soft-deleted is back.
    Reactivate,
    /// Fields change.
    Update,
    /// A new row.
    Add,
    /// Two things claim one row, name or e-mail, or a value does not fit: shown, not applied, carried over.
    Conflict,
    /// Left out by a filter; never was in the database, or is inactive there.
    Excluded,
    /// Nothing to do.
    Unchanged,
}

impl Op {
    /// All, in the order in which a plan lists them.
    pub const ALL: [Self; 7] = [
        Self::SoftDelete,
        Self::Reactivate,
        Self::Update,
        Self::Add,
        Self::Conflict,
        Self::Excluded,
        Self::Unchanged,
    ];

    /// The word in JSON, CSV and filter expressions.
    pub fn word(self) -> &'static str {
        match self {
            Self::SoftDelete => "soft_delete",
            Self::Reactivate => "reactivate",
            Self::Update => "update",
            Self::Add => "add",
            Self::Conflict => "conflict",
            Self::Excluded => "excluded",
            Self::Unchanged => "unchanged",
        }
    }

    /// What people call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::SoftDelete => "soft-delete",
            other => other.word(),
        }
    }

    /// Whether an apply writes it when it is ticked.
    pub fn writes(self) -> bool {
        matches!(
            self,
            Self::SoftDelete | Self::Reactivate | Self::Update | Self::Add
        )
    }
}

/// What a soft-delete rests on (PRODUCT.md section 5).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Seen in this run with an excluded tier or status, or IsActive false.
    Inactive,
    /// In the deleted-ids feed, or GET by id says it does not exist.
    Deleted,
    /// Seen, healthy, but one of our rules now excludes it.
    OutOfScope,
    /// Absent, and the by-id check failed or was not made.
    Unverified,
    /// The reverse of an add, in an undo plan.
    Undo,
}

impl Evidence {
    /// The word in JSON, CSV and filter expressions.
    pub fn word(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Deleted => "deleted",
            Self::OutOfScope => "out_of_scope",
            Self::Unverified => "unverified",
            Self::Undo => "undo",
        }
    }

    /// Whether a plan ticks such a soft-delete at first.
    pub fn ticked_at_first(self) -> bool {
        matches!(self, Self::Inactive | Self::Deleted | Self::Undo)
    }

    /// Whether an unattended run may apply it when the policy allows soft-deletes at all.
    pub fn may_run_unattended(self) -> bool {
        matches!(self, Self::Inactive | Self::Deleted)
    }
}

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

/// How one listing was read (CONTRACT.md section 3, `sources`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SourceFacts {
    /// Distinct records read.
    pub read: u64,
    /// The control total, where the source gives one.
    pub count: Option<u64>,
    /// Whether the listing is proved (PRODUCT.md section 2).
    pub proved: bool,
    /// Pages read.
    pub pages: u64,
    /// Requests that had to be repeated.
    pub retries: u64,
    /// Why it is not proved.
    pub reason: Option<String>,
}

/// How many records ended in which operation.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Totals {
    /// New rows.
    pub add: u64,
    /// Rows whose fields change.
    pub update: u64,
    /// Rows that are back.
    pub reactivate: u64,
    /// Rows that become inactive, ticked or not.
    pub soft_delete: u64,
    /// Records with nothing to do.
    pub unchanged: u64,
    /// Records left out.
    pub excluded: u64,
    /// Records that cannot be applied.
    pub conflict: u64,
}

impl Totals {
    /// Counts one record.
    pub fn count(&mut self, op: Op) {
        *self.of_mut(op) += 1;
    }

    /// The number for `op`.
    pub fn of(&self, op: Op) -> u64 {
        match op {
            Op::Add => self.add,
            Op::Update => self.update,
            Op::Reactivate => self.reactivate,
            Op::SoftDelete => self.soft_delete,
            Op::Unchanged => self.unchanged,
            Op::Excluded => self.excluded,
            Op::Conflict => self.conflict,
        }
    }

    fn of_mut(&mut self, op: Op) -> &mut u64 {
        match op {
            Op::Add => &mut self.add,
            Op::Update => &mut self.update,
            Op::Reactivate => &mut self.reactivate,
            Op::SoftDelete => &mut self.soft_delete,
            Op::Unchanged => &mut self.unchanged,
            Op::Excluded => &mut self.excluded,
            Op::Conflict => &mut self.conflict,
        }
    }
}

/// Something a person should know about a record or a listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Warning {
    /// A fixed word in snake_case.
    pub code: Cow<'static, str>,
    /// Whose record or listing.
    pub entity: Entity,
    /// The record, where it is about one.
    pub impartner_id: Option<i64>,
    /// One sentence. May hold text from outside.
    pub message: String,
}

/// What a plan was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PlanOrigin {
    /// A reading of the source.
    Sync,
    /// The journal of a run, reversed.
    Undo {
        /// The run that is undone.
        run_id: i64,
    },
}

/// The texts of one entity's items.
#[derive(Clone, Debug)]
pub struct Arenas {
    /// What the arenas' columns are.
    pub schema: Schema,
    /// Rows as they were; one column for each field.
    pub before: Packed,
    /// Rows as they will be; one column for each field, then the status and the account name that the source gave.
    pub after: Packed,
}

impl Arenas {
    /// Empty arenas for `schema`.
    pub fn new(schema: Schema) -> Self {
        let width = schema.fields.len();
        Self {
            schema,
            before: Packed::new(width),
            after: Packed::new(width + 2),
        }
    }
}

/// What would change, why, and on what evidence: the artefact that is reviewed, saved, applied once.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Hash of the content (see `plan/file.rs`).
    pub id: String,
    /// What it is about.
    pub scope: Scope,
    /// How much was read.
    pub mode: Mode,
    /// When it was made (UTC).
    pub created_at: DateTime<Utc>,
    /// What it was made from.
    pub origin: PlanOrigin,
    /// How the listings were read; `None` for an entity that was not.
    pub sources: PerEntity<Option<SourceFacts>>,
    /// Records by operation.
    pub totals: PerEntity<Totals>,
    /// The guards as they stand with the ticks as first set.
    pub guards: Vec<Guard>,
    /// What guards count beside this plan.
    pub windows: PerEntity<WindowCounts>,
    /// Warnings.
    pub warnings: Vec<Warning>,
    /// Every record but the unchanged and the excluded: by entity, then [`Op`], then Impartner id.
    pub items: Vec<Item>,
    /// The excluded records, suspicious ones first.
    pub excluded: Vec<Item>,
    /// The soft-deletes not even proposed because a listing was not proved.
    pub kept_back: PerEntity<u64>,
    /// The watermark that applying this plan sets; `None`: it stays.
    pub watermarks: PerEntity<Option<DateTime<Utc>>>,
    /// Until when the deletions are known once this plan is applied: a full listing, or the deleted-ids feed, told of
    /// all before. `None`: the mark stays, because the feed was refused.
    pub feed_marks: PerEntity<Option<DateTime<Utc>>>,
    /// Carried-over records that this plan found settled without a change (unchanged, excluded or gone), by Impartner id.
    pub settled: PerEntity<Vec<i64>>,
    /// Partners that contacts refer to.
    pub partners: Vec<PartnerRef>,
    /// Reasons, each once.
    pub reasons: Vec<String>,
    /// Texts.
    pub arenas: PerEntity<Arenas>,
}

impl Plan {
    /// Looks at item `at` of [`Plan::items`].
    pub fn view(&self, at: usize) -> ItemView<'_> {
        ItemView {
            plan: self,
            item: &self.items[at],
        }
    }

    /// Looks at any item of this plan, excluded ones too.
    pub fn view_of<'a>(&'a self, item: &'a Item) -> ItemView<'a> {
        ItemView { plan: self, item }
    }

    /// All items, in order.
    pub fn views(&self) -> impl ExactSizeIterator<Item = ItemView<'_>> {
        self.items.iter().map(|item| ItemView { plan: self, item })
    }

    /// Whether an apply with the ticks as first set would do anything (PRODUCT.md section 5, "Changes").
    pub fn has_changes(&self) -> bool {
        self.items
            .iter()
            .any(|item| item.op.writes() && item.selected)
    }
}

/// An item together with its texts.
#[derive(Clone, Copy, Debug)]
pub struct ItemView<'a> {
    plan: &'a Plan,
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

    /// Whether it can be ticked at all, and if not, why (PRODUCT.md section 5).
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
