//! What was read: source records and database rows, packed (ARCHITECTURE.md, "Speed").

use chrono::{DateTime, Utc};
use rustc_hash::FxHashMap;

use super::{Entity, FieldKind, Packed, SameKeys, Schema, sfid};
use crate::text;

/// One record as a listing or a by-id read gave it, before normalising. Text is raw.
#[derive(Clone, Debug, Default)]
pub struct SourceRecord<'a> {
    /// Impartner's id.
    pub id: i64,
    /// Modification time as the source reported it.
    pub modified: Option<DateTime<Utc>>,
    /// IsActive, where the source gives it.
    pub active: Option<bool>,
    /// The status (see [`crate::entity::ValueSources::status`]).
    pub status: Option<&'a str>,
    /// The contact's account, by id.
    pub account_id: Option<i64>,
    /// The contact's account, by name.
    pub account_name: Option<&'a str>,
    /// One cell for each field of the schema; `None` where the source has none.
    pub fields: &'a [Option<&'a str>],
    /// What did not come at all, not even as null: a bit for each field of the schema, [`Self::STATUS`], [`Self::ACTIVE`].
    pub absent: u64,
    /// Fields that came with a value which could not be understood, a bit each: their columns stay as they are.
    pub unread: u32,
}

impl SourceRecord<'_> {
    /// The bit of the status in [`Self::absent`].
    pub const STATUS: u32 = 32;
    /// The bit of IsActive in [`Self::absent`].
    pub const ACTIVE: u32 = 33;
}

/// The records of one entity that this run saw, normalised and packed.
#[derive(Clone, Debug)]
pub struct SourceSet {
    entity: Entity,
    width: usize,
    ids: Vec<i64>,
    modified: Vec<i64>,
    active: Vec<Option<bool>>,
    account_ids: Vec<i64>,
    /// The fields, then status, then account name.
    pub(super) cells: Packed,
    latest: Option<DateTime<Utc>>,
    /// What came in no record (see [`SourceRecord::absent`]).
    absent: u64,
    /// The few records with [`SourceRecord::unread`] fields.
    unread: FxHashMap<u32, u32>,
}

const NONE: i64 = i64::MIN;

impl SourceSet {
    /// An empty set.
    pub fn new(schema: &Schema) -> Self {
        let width = schema.fields.len();
        Self {
            entity: schema.entity,
            width,
            ids: Vec::new(),
            modified: Vec::new(),
            active: Vec::new(),
            account_ids: Vec::new(),
            cells: Packed::new(width + 2),
            latest: None,
            absent: u64::MAX,
            unread: FxHashMap::default(),
        }
    }

    /// Whose records these are.
    pub fn entity(&self) -> Entity {
        self.entity
    }

    /// Adds a record: values are trimmed, empty is `None`, Salesforce ids become 18 characters long where they are
    /// well-formed. A NUL in a text becomes U+FFFD: SQLite ends a text there, and what it stored would differ from
    /// what was read at every run. Returns its index.
    pub fn push(&mut self, schema: &Schema, record: &SourceRecord<'_>) -> u32 {
        let has_nul = |cell: &&str| cell.contains('\0');
        if record.fields.iter().flatten().any(has_nul) {
            let cells = record.fields.iter().copied();
            let cells: Vec<Option<String>> = cells
                .map(|cell| cell.map(|text| text.replace('\0', "\u{fffd}")))
                .collect();
            let cells: Vec<Option<&str>> = cells.iter().map(Option::as_deref).collect();
            let fields = &cells;
            return self.push(schema, &SourceRecord { fields, ..*record });
        }
        let full_ids: Vec<Option<String>> = schema
            .fields
            .iter()
            .zip(record.fields)
            .map(|(field, cell)| match (field.kind, cell) {
                (FieldKind::SalesforceId, Some(id)) => sfid::normalise(id.trim()),
                _ => None,
            })
            .collect();
        let status = schema.status_field();
        let fields = record
            .fields
            .iter()
            .zip(&full_ids)
            .enumerate()
            .map(|(at, (cell, full))| {
                let cell = if Some(at) == status {
                    record.status
                } else {
                    *cell
                };
                full.as_deref().or_else(|| cell.and_then(text::clean))
            });
        let extra = [
            record.status.and_then(text::clean),
            record.account_name.and_then(text::clean),
        ];
        let row = self.cells.push(fields.chain(extra));
        self.ids.push(record.id);
        self.modified
            .push(record.modified.map_or(NONE, |at| at.timestamp_micros()));
        self.active.push(record.active);
        self.account_ids.push(record.account_id.unwrap_or(NONE));
        self.latest = self.latest.max(record.modified);
        self.absent &= record.absent;
        if record.unread != 0 {
            self.unread.insert(row, record.unread);
        }
        row
    }

    /// Whether `bit` (a field of the schema, [`SourceRecord::STATUS`], [`SourceRecord::ACTIVE`]) came in no record at all.
    /// Of no records nothing is missing.
    pub fn is_absent(&self, bit: u32) -> bool {
        !self.is_empty() && self.absent >> bit & 1 == 1
    }

    /// What came in no record, as [`SourceRecord::absent`] has it.
    pub fn absent(&self) -> u64 {
        self.absent
    }

    /// The fields of record `at` whose values could not be understood, a bit each.
    pub fn unread(&self, at: u32) -> u32 {
        if self.unread.is_empty() {
            return 0;
        }
        self.unread.get(&at).copied().unwrap_or_default()
    }

    /// Whether the column of `field` stays as it is for record `at`: its field came in no record, or the value could not
    /// be understood (docs/rules.md, "Filters" and "Reading").
    pub fn keeps(&self, at: u32, field: usize) -> bool {
        u32::try_from(field)
            .is_ok_and(|bit| bit < 32 && (self.is_absent(bit) || self.unread(at) >> bit & 1 == 1))
    }

    /// Bytes of their texts, about.
    pub fn bytes(&self) -> usize {
        self.cells.bytes()
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Impartner's ids, record by record.
    pub fn ids(&self) -> &[i64] {
        &self.ids
    }

    /// The largest modification time that the source reported: the next watermark, before the overlap.
    pub fn latest(&self) -> Option<DateTime<Utc>> {
        self.latest
    }

    /// When record `at` was last modified, as the source reported it.
    pub fn modified(&self, at: u32) -> Option<DateTime<Utc>> {
        let micros = self.modified[at as usize];
        (micros != NONE)
            .then(|| DateTime::from_timestamp_micros(micros))
            .flatten()
    }

    /// IsActive of record `at`, where the source gave it.
    pub fn active(&self, at: u32) -> Option<bool> {
        self.active[at as usize]
    }

    /// A field of record `at`.
    pub fn field(&self, at: u32, field: usize) -> Option<&str> {
        (field < self.width)
            .then(|| self.cells.get(at, field))
            .flatten()
    }

    /// The status of record `at`.
    pub fn status(&self, at: u32) -> Option<&str> {
        self.cells.get(at, self.width)
    }

    /// The account of contact `at`, by id.
    pub fn account_id(&self, at: u32) -> Option<i64> {
        let id = self.account_ids[at as usize];
        (id != NONE).then_some(id)
    }

    /// The account of contact `at`, by name.
    pub fn account_name(&self, at: u32) -> Option<&str> {
        self.cells.get(at, self.width + 1)
    }

    /// Takes over the records of `other` after those that are here; for by-id answers beside a listing.
    pub fn append(&mut self, other: &Self) {
        self.append_those(other, |_| true);
    }

    /// Takes over those records of `other` whose id is `wanted`.
    pub fn append_those(&mut self, other: &Self, wanted: impl Fn(i64) -> bool) {
        for (row, (at, &id)) in (0..).zip(other.ids.iter().enumerate()) {
            if !wanted(id) {
                continue;
            }
            self.absent &= other.absent;
            let unread = other.unread(row);
            let here = self.cells.push(other.cells.row(row));
            if unread != 0 {
                self.unread.insert(here, unread);
            }
            self.ids.push(id);
            self.modified.push(other.modified[at]);
            self.active.push(other.active[at]);
            self.account_ids.push(other.account_ids[at]);
            self.latest = self.latest.max(other.modified(row));
        }
    }
}

/// One row as the database has it. Text as stored; an empty string reads as `None`.
#[derive(Clone, Debug, Default)]
pub struct RowRecord<'a> {
    /// Our id (`partners.id`, `contacts.id`).
    pub row_id: i64,
    /// Impartner's id, where the row has one.
    pub impartner_id: Option<i64>,
    /// `is_active`.
    pub active: bool,
    /// `contacts.partner_id`; always `None` for partners.
    pub partner_id: Option<i64>,
    /// One cell for each field of the schema.
    pub fields: &'a [Option<&'a str>],
}

/// The rows of one entity, active and inactive, packed.
#[derive(Clone, Debug)]
pub struct RowSet {
    entity: Entity,
    row_ids: Vec<i64>,
    impartner_ids: Vec<i64>,
    active: Vec<bool>,
    partner_ids: Vec<i64>,
    pub(super) cells: Packed,
}

impl RowSet {
    /// An empty set.
    pub fn new(schema: &Schema) -> Self {
        Self {
            entity: schema.entity,
            row_ids: Vec::new(),
            impartner_ids: Vec::new(),
            active: Vec::new(),
            partner_ids: Vec::new(),
            cells: Packed::new(schema.fields.len()),
        }
    }

    /// Whose rows these are.
    pub fn entity(&self) -> Entity {
        self.entity
    }

    /// Adds a row; returns its index. Rows must come in the order of their ids.
    pub fn push(&mut self, row: &RowRecord<'_>) -> u32 {
        self.row_ids.push(row.row_id);
        self.impartner_ids.push(row.impartner_id.unwrap_or(NONE));
        self.active.push(row.active);
        self.partner_ids.push(row.partner_id.unwrap_or(NONE));
        self.cells.push(row.fields.iter().copied())
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.row_ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.row_ids.is_empty()
    }

    /// The indices of the rows.
    pub fn indices(&self) -> std::ops::Range<u32> {
        0..u32::try_from(self.len()).unwrap_or(u32::MAX)
    }

    /// Our id of row `at`.
    pub fn row_id(&self, at: u32) -> i64 {
        self.row_ids[at as usize]
    }

    /// Impartner's id of row `at`.
    pub fn impartner_id(&self, at: u32) -> Option<i64> {
        let id = self.impartner_ids[at as usize];
        (id != NONE).then_some(id)
    }

    /// Whether row `at` is active.
    pub fn active(&self, at: u32) -> bool {
        self.active[at as usize]
    }

    /// Number of active rows.
    pub fn active_count(&self) -> u64 {
        self.active.iter().filter(|&&active| active).count() as u64
    }

    /// The partner row of contact `at`.
    pub fn partner_id(&self, at: u32) -> Option<i64> {
        let id = self.partner_ids[at as usize];
        (id != NONE).then_some(id)
    }

    /// A field of row `at`.
    pub fn field(&self, at: u32, field: usize) -> Option<&str> {
        self.cells.get(at, field)
    }

    /// The fingerprint of row `at`; see [`fingerprint`].
    pub fn fingerprint(&self, at: u32) -> u64 {
        fingerprint(
            self.impartner_id(at),
            self.active(at),
            self.partner_id(at),
            self.cells.row(at),
        )
    }
}

/// What a row looked like, as 64 bits: everything prmdesk keeps of it but the times. A row whose fingerprint is not
/// the plan's is stale (docs/rules.md, "The plan"). FNV-1a, so that it stays the same from release to release.
pub fn fingerprint<'a>(
    impartner_id: Option<i64>,
    active: bool,
    partner_id: Option<i64>,
    fields: impl Iterator<Item = Option<&'a str>>,
) -> u64 {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    hash.bytes(&impartner_id.unwrap_or(NONE).to_le_bytes());
    hash.bytes(&[u8::from(active)]);
    hash.bytes(&partner_id.unwrap_or(NONE).to_le_bytes());
    for field in fields {
        hash.bytes(field.unwrap_or_default().as_bytes());
        hash.bytes(&[0xff]);
    }
    hash.0
}

/// What the database really enforces on one table; the planner finds conflicts by it before the database does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For each field of the schema, the longest value in characters; `None`: no limit.
    pub lengths: Vec<Option<u32>>,
    /// The greatest Impartner id that the column holds.
    pub greatest_id: i64,
    /// Which names or e-mails the unique index takes for one.
    pub same: SameKeys,
}

/// LMS users by e-mail, for linking contacts: [`crate::text::email_key`] → LMS id. An address that two LMS users
/// share is left out.
pub type LmsLinks = rustc_hash::FxHashMap<String, String>;

struct Fnv(u64);

impl Fnv {
    fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
