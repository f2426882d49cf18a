//! What a record holds: read as a cell, set as a PATCH does.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Access, FieldDef};

/// Why a value cannot be set; the text that the API answers.
pub(super) type Refused = String;

/// A value of one field of one record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::sandbox) enum FieldValue<'a> {
    Null,
    Int(i64),
    Number(f64),
    Text(&'a str),
    Bool(bool),
    Time(DateTime<Utc>),
    Reference(i64, &'a str),
}

/// The type of a record's member: how it is answered and how a PATCH sets it.
pub(super) trait Held {
    fn cell(&self) -> FieldValue<'_>;
    fn put(&mut self, field: &FieldDef, value: &Value) -> Result<(), Refused>;
}

impl Held for Option<String> {
    fn cell(&self) -> FieldValue<'_> {
        self.as_ref()
            .map_or(FieldValue::Null, |text| FieldValue::Text(text))
    }

    fn put(&mut self, field: &FieldDef, value: &Value) -> Result<(), Refused> {
        *self = to_text(field, value)?;
        Ok(())
    }
}

impl Held for String {
    fn cell(&self) -> FieldValue<'_> {
        FieldValue::Text(self)
    }

    fn put(&mut self, field: &FieldDef, value: &Value) -> Result<(), Refused> {
        *self = to_text(field, value)?
            .filter(|text| !text.trim().is_empty())
            .ok_or_else(|| format!("The field '{}' is required.", field.name))?;
        Ok(())
    }
}

impl Held for Option<f64> {
    fn cell(&self) -> FieldValue<'_> {
        self.map_or(FieldValue::Null, FieldValue::Number)
    }

    fn put(&mut self, field: &FieldDef, value: &Value) -> Result<(), Refused> {
        *self = to_number(field, value)?;
        Ok(())
    }
}

impl Held for Option<i64> {
    fn cell(&self) -> FieldValue<'_> {
        self.map_or(FieldValue::Null, FieldValue::Int)
    }

    fn put(&mut self, field: &FieldDef, value: &Value) -> Result<(), Refused> {
        *self = to_int(field, value)?;
        Ok(())
    }
}

impl Held for bool {
    fn cell(&self) -> FieldValue<'_> {
        FieldValue::Bool(*self)
    }

    fn put(&mut self, field: &FieldDef, value: &Value) -> Result<(), Refused> {
        *self = to_bool(field, value)?;
        Ok(())
    }
}

/// Ids and counters: the server sets them.
impl Held for i64 {
    fn cell(&self) -> FieldValue<'_> {
        FieldValue::Int(*self)
    }

    fn put(&mut self, field: &FieldDef, _: &Value) -> Result<(), Refused> {
        Err(read_only(field))
    }
}

impl Held for DateTime<Utc> {
    fn cell(&self) -> FieldValue<'_> {
        FieldValue::Time(*self)
    }

    fn put(&mut self, field: &FieldDef, _: &Value) -> Result<(), Refused> {
        Err(read_only(field))
    }
}

fn read_only(field: &FieldDef) -> Refused {
    format!("The field '{}' is read-only.", field.name)
}

fn to_text(field: &FieldDef, value: &Value) -> Result<Option<String>, Refused> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return Err(format!("The value for '{}' must be text.", field.name)),
    };
    match field.length {
        Some(most) if text.chars().count() > most as usize => Err(format!(
            "The value for '{}' is longer than {most} characters.",
            field.name
        )),
        _ => Ok(Some(text)),
    }
}

fn to_number(field: &FieldDef, value: &Value) -> Result<Option<f64>, Refused> {
    let bad = || format!("The value for '{}' must be a number.", field.name);
    match value {
        Value::Null => Ok(None),
        Value::Number(number) => number.as_f64().map(Some).ok_or_else(bad),
        // The vendor's server converts numbers in quotes, but nothing else.
        Value::String(text) => text.trim().parse().map(Some).map_err(|_| bad()),
        _ => Err(bad()),
    }
}

fn to_int(field: &FieldDef, value: &Value) -> Result<Option<i64>, Refused> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "ids of the sandbox are small"
    )]
    to_number(field, value).map(|number| number.map(|number| number as i64))
}

fn to_bool(field: &FieldDef, value: &Value) -> Result<bool, Refused> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(format!(
            "The value for '{}' must be true or false.",
            field.name
        )),
    }
}

/// The field of `table` named `name`, where a PATCH may set it.
pub(super) fn writable(
    table: &'static [FieldDef],
    object: &str,
    name: &str,
) -> Result<&'static FieldDef, Refused> {
    let field = table
        .iter()
        .find(|field| field.name.eq_ignore_ascii_case(name))
        .ok_or_else(|| format!("Unknown field '{name}' on {object}."))?;
    match field.access {
        Access::Write => Ok(field),
        Access::Read => Err(read_only(field)),
    }
}
