//! Records from JSON straight into a [`SourceSet`], without a tree in between (ARCHITECTURE.md, "Speed": fetch and
//! decode near the floor). Keys are matched case-insensitively and remembered in the order in which they come.

use std::borrow::Cow;
use std::fmt;

use rustc_hash::FxHashMap;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::shape::{MAX_FIELDS, Shape};
use super::value::SourceValue;
use crate::plan::{FieldKind, SourceRecord, SourceSet};

/// Region names by id.
pub(super) type Regions = FxHashMap<i64, String>;

/// A value that could not be used, counted so that a million of them make one warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Oddity {
    /// Fixed word: what is odd.
    pub(super) code: &'static str,
    /// The source's field.
    pub(super) name: String,
    /// How many records.
    pub(super) count: u64,
    /// The first of them.
    pub(super) first: i64,
}

/// What a body's records became.
#[derive(Debug)]
pub(super) struct Decoded {
    /// The records with a usable id.
    pub(super) set: SourceSet,
    /// Records without one.
    pub(super) unusable: u64,
    /// Which of the shape's names came at least once (a bit each; only the first 64).
    pub(super) seen: u64,
    /// Which of them came with a value, likewise.
    pub(super) given: u64,
    /// Values that could not be used.
    pub(super) odd: Vec<Oddity>,
    /// A region came as an id, and no names were given to look it up: decode again with them.
    pub(super) needs_regions: bool,
}

/// Where records go while a body is read.
pub(super) struct Sink<'de, 's> {
    shape: &'s Shape,
    regions: Option<&'s Regions>,
    cells: Vec<SourceValue<'de>>,
    /// The keys of the record before, in their order: a listing's records look alike.
    keys: Vec<(Box<str>, Option<usize>)>,
    /// The body was mended: a U+FFFD may stand for a broken character.
    mended: bool,
    out: Decoded,
}

impl<'s> Sink<'_, 's> {
    /// An empty sink.
    pub(super) fn new(shape: &'s Shape, regions: Option<&'s Regions>) -> Self {
        Self {
            shape,
            regions,
            cells: vec![SourceValue::Absent; shape.names.len()],
            keys: Vec::new(),
            mended: false,
            out: Decoded {
                set: SourceSet::new(&shape.schema),
                unusable: 0,
                seen: 0,
                given: 0,
                odd: Vec::new(),
                needs_regions: false,
            },
        }
    }

    /// Takes note that the body was mended: a U+FFFD may stand for a broken character.
    pub(super) fn mended(&mut self) {
        self.mended = true;
    }

    /// What was decoded.
    pub(super) fn finish(self) -> Decoded {
        self.out
    }

    fn odd(&mut self, code: &'static str, name: usize, id: i64) {
        let name = &self.shape.names[name];
        match self
            .out
            .odd
            .iter_mut()
            .find(|odd| odd.code == code && odd.name == *name)
        {
            Some(odd) => odd.count += 1,
            None => self.out.odd.push(Oddity {
                code,
                name: name.clone(),
                count: 1,
                first: id,
            }),
        }
    }

    /// The record whose cells were just read goes to the set.
    fn push(&mut self) {
        let shape = self.shape;
        let Some(id) = self.cells[shape.id].id() else {
            self.out.unusable += 1;
            return;
        };
        let modified_at = shape
            .modified
            .into_iter()
            .find(|&name| self.cells[name].is_given());
        let modified = modified_at.and_then(|name| self.cells[name].time());
        if let (Some(name), None) = (modified_at, modified) {
            self.odd("unreadable_time", name, id);
        }
        let active = shape.active.and_then(|name| self.cells[name].boolean());
        if let Some(name) = shape.active
            && active.is_none()
            && self.cells[name].is_given()
        {
            self.odd("unreadable_boolean", name, id);
        }
        let account_id = [shape.account_id, shape.account]
            .into_iter()
            .flatten()
            .find_map(|name| match &self.cells[name] {
                // `Account` as text is a name, even one of digits only: a wrong link is worse than none.
                SourceValue::Text(_) if Some(name) != shape.account_id => None,
                cell => cell.id(),
            });
        let absent = self.absent();
        let mut unread = self.regions(id);
        let status = shape
            .status
            .iter()
            .copied()
            .find(|&name| self.cells[name].is_given());
        for (field, name) in (0u32..).zip(shape.fields.iter().copied().chain([status])) {
            let Some(name) = name else { continue };
            if !self.cells[name].make_text() {
                self.odd("unreadable_value", name, id);
                unread |= 1u32.checked_shl(field).unwrap_or(0);
            }
        }
        if self.mended {
            self.tell_broken(id);
        }
        let account_name = self.account_name();
        for name in 0..self.cells.len() {
            if self.cells[name].cut() {
                self.odd("overlong_value", name, id);
            }
        }
        let mut fields = [None; MAX_FIELDS];
        for (slot, name) in fields.iter_mut().zip(&shape.fields) {
            *slot = name.and_then(|name| self.cells[name].text());
        }
        self.out.set.push(
            &shape.schema,
            &SourceRecord {
                id,
                modified,
                active,
                status: status.and_then(|name| self.cells[name].text()),
                account_id,
                account_name: account_name.and_then(|name| self.cells[name].text()),
                fields: &fields[..shape.fields.len()],
                absent,
                unread,
            },
        );
    }

    /// Tells of values in which a broken character was replaced.
    fn tell_broken(&mut self, id: i64) {
        for name in 0..self.cells.len() {
            let broken = match &self.cells[name] {
                SourceValue::Text(text)
                | SourceValue::Reference {
                    name: Some(text), ..
                } => text.contains(char::REPLACEMENT_CHARACTER),
                _ => false,
            };
            if broken {
                self.odd("broken_character", name, id);
            }
        }
    }

    /// The place of the account's name, made text: `AccountName`, else the name within `Account`, or `Account` itself.
    fn account_name(&mut self) -> Option<usize> {
        let shape = self.shape;
        [shape.account_name, shape.account, shape.account_id]
            .into_iter()
            .flatten()
            .find(|&name| match &mut self.cells[name] {
                SourceValue::Text(text) => {
                    Some(name) != shape.account_id && !text.trim().is_empty()
                }
                cell @ SourceValue::Reference { name: Some(_), .. } => cell.make_text(),
                // A number under `Account` is its id, not its name.
                _ => false,
            })
    }

    /// What did not come with the record (see [`SourceRecord::absent`]).
    fn absent(&self) -> u64 {
        let shape = self.shape;
        let came = |name: usize| self.cells[name] != SourceValue::Absent;
        let mut absent = 0;
        for (bit, (field, name)) in (0u32..).zip(shape.schema.fields.iter().zip(&shape.fields)) {
            let region_id = shape.region_id.filter(|_| field.kind == FieldKind::Region);
            let there = name.is_none_or(came) || region_id.is_some_and(came);
            absent |= u64::from(!there) << bit;
        }
        let status = shape.status.is_empty() || shape.status.iter().copied().any(came);
        absent |= u64::from(!status) << SourceRecord::STATUS;
        absent | u64::from(!shape.active.is_none_or(came)) << SourceRecord::ACTIVE
    }

    /// Puts the name of the region in the place of its id (docs/apis.md: a string, an object, or `RegionId`). Gives the
    /// fields whose id the list of regions does not have: such a list is not complete.
    fn regions(&mut self, id: i64) -> u32 {
        let shape = self.shape;
        let mut unread = 0;
        for (bit, (field, name)) in (0u32..).zip(shape.schema.fields.iter().zip(&shape.fields)) {
            let (FieldKind::Region, Some(name)) = (field.kind, *name) else {
                continue;
            };
            let region = match &self.cells[name] {
                SourceValue::Reference { name: Some(_), .. } => None,
                // Ids may come as text, and no region is called by a number alone.
                SourceValue::Text(text)
                    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) =>
                {
                    self.cells[name].id()
                }
                cell @ (SourceValue::Int(_)
                | SourceValue::Float(_)
                | SourceValue::Reference { .. }) => cell.id(),
                cell if cell.is_given() => None,
                _ => shape.region_id.and_then(|name| self.cells[name].id()),
            };
            let Some(region) = region else { continue };
            let Some(regions) = self.regions else {
                self.out.needs_regions = true;
                continue;
            };
            self.cells[name] = if let Some(text) = regions.get(&region) {
                SourceValue::Text(Cow::Owned(text.clone()))
            } else {
                self.odd("unknown_region", name, id);
                unread |= 1u32.checked_shl(bit).unwrap_or(0);
                SourceValue::Null
            };
        }
        unread
    }
}

/// One record.
pub(super) struct RecordSeed<'a, 's, 'de> {
    pub(super) sink: &'a mut Sink<'de, 's>,
}

impl<'de> DeserializeSeed<'de> for RecordSeed<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Anything that is no object is a record without an id.
macro_rules! unusable {
    ($($visit:ident: $type:ty),*) => {
        $(fn $visit<E>(self, _: $type) -> Result<(), E> {
            self.sink.out.unusable += 1;
            Ok(())
        })*
    };
}

impl<'de> Visitor<'de> for RecordSeed<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let sink = self.sink;
        sink.cells.fill(SourceValue::Absent);
        let mut at = 0;
        while let Some(name) = map.next_key_seed(KeySeed {
            shape: sink.shape,
            keys: &mut sink.keys,
            at,
        })? {
            at += 1;
            match name {
                Some(name) => {
                    sink.cells[name] = map.next_value()?;
                    let bit = 1u64
                        .checked_shl(u32::try_from(name).unwrap_or(64))
                        .unwrap_or(0);
                    sink.out.seen |= bit;
                    if sink.cells[name].is_given() {
                        sink.out.given |= bit;
                    }
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        sink.push();
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        self.sink.out.unusable += 1;
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.sink.out.unusable += 1;
        Ok(())
    }

    unusable!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
}

/// A key of a record: its place among the shape's names.
struct KeySeed<'a> {
    shape: &'a Shape,
    keys: &'a mut Vec<(Box<str>, Option<usize>)>,
    at: usize,
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        if let Some((known, name)) = self.keys.get(self.at)
            && &**known == key
        {
            return Ok(*name);
        }
        let name = self.shape.find(key);
        // A record with endless keys must not make this table endless.
        if self.at < 256 {
            self.keys.truncate(self.at);
            self.keys.push((key.into(), name));
        }
        Ok(name)
    }
}

/// What stood in the place of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listed {
    /// A list; its records went to the sink.
    Records,
    /// `null`.
    Null,
    /// Something else.
    Other,
}

/// A list of records.
pub(super) struct RecordsSeed<'a, 's, 'de> {
    pub(super) sink: &'a mut Sink<'de, 's>,
}

impl<'de> DeserializeSeed<'de> for RecordsSeed<'_, '_, 'de> {
    type Value = Listed;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Listed, D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! no_list {
    ($($visit:ident: $type:ty),*) => {
        $(fn $visit<E>(self, _: $type) -> Result<Listed, E> {
            Ok(Listed::Other)
        })*
    };
}

impl<'de> Visitor<'de> for RecordsSeed<'_, '_, 'de> {
    type Value = Listed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Listed, A::Error> {
        while seq
            .next_element_seed(RecordSeed {
                sink: &mut *self.sink,
            })?
            .is_some()
        {}
        Ok(Listed::Records)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Listed, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Listed::Other)
    }

    fn visit_unit<E>(self) -> Result<Listed, E> {
        Ok(Listed::Null)
    }

    no_list!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
}
