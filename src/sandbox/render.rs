//! Records as JSON text, in the shapes that tenants are known to answer in (docs/apis.md, "Impartner").

use std::io::Write as _;

use serde::{Deserialize, Serialize};

use super::Dialect;
use super::records::FieldValue;
use super::records::Object;
use super::world::World;

/// The shape of an answer; what is not given is the vendor's usual one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shape {
    /// `Id` and other whole numbers.
    pub ids: Option<NumberAs>,
    /// Doubles.
    pub numbers: Option<NumberAs>,
    /// Booleans.
    pub bools: Option<BoolAs>,
    /// Region and Account.
    pub references: Option<ReferenceAs>,
    /// Fields without a value.
    pub nulls: Option<NullAs>,
    /// What is around the list of a listing.
    pub envelope: Option<Envelope>,
    /// Fields that come as null in every record, whatever they hold.
    pub null_fields: Vec<String>,
}

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberAs {
    /// `7`.
    Number,
    /// `"7"`.
    Text,
}

/// How a boolean is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BoolAs {
    /// `true`.
    Bool,
    /// `"true"`.
    Text,
    /// `1`.
    Number,
}

/// How a reference to another object is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceAs {
    /// Its name.
    Name,
    /// `{"id": 3, "name": "EMEA"}`.
    Object,
    /// Its id.
    Id,
    /// Not at all: only the field `…Id` tells.
    Nothing,
}

/// How a field without a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NullAs {
    /// `null`.
    Null,
    /// `""`.
    Empty,
    /// Left out.
    Omitted,
}

/// What is around the records of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Envelope {
    /// `{"data": {"count", "entity", "results"}, "success": true}`.
    Counted,
    /// A bare array, without a control total.
    Array,
    /// `{"value": […]}`, without a control total.
    Value,
}

impl Shape {
    /// This shape where it says something, else `under`.
    #[must_use]
    pub fn over(&self, under: &Self) -> Self {
        Self {
            ids: self.ids.or(under.ids),
            numbers: self.numbers.or(under.numbers),
            bools: self.bools.or(under.bools),
            references: self.references.or(under.references),
            nulls: self.nulls.or(under.nulls),
            envelope: self.envelope.or(under.envelope),
            null_fields: [&self.null_fields, &under.null_fields]
                .into_iter()
                .find(|fields| !fields.is_empty())
                .cloned()
                .unwrap_or_default(),
        }
    }
}

/// Writes one record. Returns `false`, and nothing is written, when it is gone.
pub(super) fn record(
    out: &mut Vec<u8>,
    world: &World,
    object: Object,
    id: i64,
    fields: &[usize],
    shape: &Shape,
    dialect: Dialect,
) -> bool {
    let Some(row) = world.row(object, id) else {
        return false;
    };
    out.push(b'{');
    let mut first = true;
    for &field in fields {
        let name = object.fields()[field].name;
        let hidden = shape.null_fields.iter();
        let cell = if hidden.into_iter().any(|one| one.eq_ignore_ascii_case(name)) {
            FieldValue::Null
        } else {
            world.cell(row, field)
        };
        let omitted = matches!(cell, FieldValue::Null) && shape.nulls == Some(NullAs::Omitted)
            || matches!(cell, FieldValue::Reference(..))
                && shape.references == Some(ReferenceAs::Nothing);
        if omitted {
            continue;
        }
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        out.push(b'"');
        out.extend(name.bytes().enumerate().map(|(at, byte)| {
            if at == 0 {
                byte.to_ascii_lowercase()
            } else {
                byte
            }
        }));
        out.extend_from_slice(b"\":");
        value(out, cell, shape, dialect);
    }
    out.push(b'}');
    true
}

fn value(out: &mut Vec<u8>, cell: FieldValue<'_>, shape: &Shape, dialect: Dialect) {
    match cell {
        FieldValue::Null if shape.nulls == Some(NullAs::Empty) => out.extend_from_slice(b"\"\""),
        FieldValue::Null => out.extend_from_slice(b"null"),
        FieldValue::Int(number) => put_number(out, shape.ids, &number),
        FieldValue::Number(number) => put_number(out, shape.numbers, &format!("{number:?}")),
        FieldValue::Text(text) => put_text(out, text),
        FieldValue::Bool(flag) => put(
            out,
            match (shape.bools.unwrap_or(BoolAs::Bool), flag) {
                (BoolAs::Bool, true) => "true",
                (BoolAs::Bool, false) => "false",
                (BoolAs::Text, true) => "\"true\"",
                (BoolAs::Text, false) => "\"false\"",
                (BoolAs::Number, true) => "1",
                (BoolAs::Number, false) => "0",
            },
        ),
        FieldValue::Time(at) => {
            let zone = match dialect {
                Dialect::Objects => "",
                Dialect::Odata => "Z",
            };
            put(
                out,
                format_args!("\"{}{zone}\"", at.format("%Y-%m-%dT%H:%M:%S%.3f")),
            );
        }
        FieldValue::Reference(id, name) => match shape.references.unwrap_or(ReferenceAs::Name) {
            ReferenceAs::Name | ReferenceAs::Nothing => put_text(out, name),
            ReferenceAs::Id => put_number(out, shape.ids, &id),
            ReferenceAs::Object => {
                out.extend_from_slice(b"{\"id\":");
                put_number(out, shape.ids, &id);
                out.extend_from_slice(b",\"name\":");
                put_text(out, name);
                out.push(b'}');
            }
        },
    }
}

fn put_number(out: &mut Vec<u8>, shape: Option<NumberAs>, number: &dyn std::fmt::Display) {
    match shape {
        Some(NumberAs::Text) => put(out, format_args!("\"{number}\"")),
        _ => put(out, number),
    }
}

fn put(out: &mut Vec<u8>, text: impl std::fmt::Display) {
    // Writing to memory does not fail.
    let _ = write!(out, "{text}");
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    let _ = serde_json::to_writer(out, text);
}
