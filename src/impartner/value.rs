//! One JSON value of a record, whatever its type: tenants differ (docs/apis.md, "Impartner").

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The longest text that is kept of a value, in bytes: longer than any column that is meant for it.
const LONGEST_TEXT: usize = 128 << 10;

/// A value as it came. Text borrows from the body where it holds no escapes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum SourceValue<'de> {
    /// The key was not in the record.
    #[default]
    Absent,
    /// `null`, or an empty list.
    Null,
    /// A string, or a list of scalars joined by "; ".
    Text(Cow<'de, str>),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// true or false.
    Bool(bool),
    /// An object with an id, a name, or both: a reference to another record.
    Reference {
        /// Its id.
        id: Option<i64>,
        /// Its name.
        name: Option<Cow<'de, str>>,
    },
    /// A shape nobody described.
    Odd,
}

impl SourceValue<'_> {
    /// Whether the source gave a value at all.
    pub(super) fn is_given(&self) -> bool {
        match self {
            Self::Absent | Self::Null => false,
            Self::Text(text) => !text.trim().is_empty(),
            _ => true,
        }
    }

    /// As an id: a positive whole number, also as text.
    pub(super) fn id(&self) -> Option<i64> {
        let id = match self {
            Self::Int(id) => Some(*id),
            Self::Float(number) => whole(*number),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Reference { id, .. } => *id,
            _ => None,
        }?;
        (id > 0).then_some(id)
    }

    /// As a boolean: true, "true", "True", 1, "1" (docs/apis.md, "Impartner").
    pub(super) fn boolean(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            Self::Int(1) => Some(true),
            Self::Int(0) => Some(false),
            Self::Float(number) => match whole(*number)? {
                1 => Some(true),
                0 => Some(false),
                _ => None,
            },
            Self::Text(text) => {
                let word = text.trim();
                let is = |words: &[&str]| words.iter().any(|w| word.eq_ignore_ascii_case(w));
                if is(&["true", "1", "yes", "y"]) {
                    Some(true)
                } else if is(&["false", "0", "no", "n"]) {
                    Some(false)
                } else {
                    None
                }
            }
            _ => None,
        }
    }

    /// As a moment; without a zone it is UTC.
    pub(super) fn time(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Text(text) => time(text.trim()),
            _ => None,
        }
    }

    /// Turns the cell into text where it can be text (a number, a boolean, the name of a reference), so that it can be
    /// borrowed from afterwards. `false`: it is of a shape that has no text.
    pub(super) fn make_text(&mut self) -> bool {
        let text = match self {
            Self::Absent | Self::Null | Self::Text(_) => return true,
            Self::Int(number) => number.to_string(),
            Self::Float(number) => float_text(*number),
            Self::Bool(value) => value.to_string(),
            Self::Reference { name, .. } => match name.take() {
                Some(name) => {
                    *self = Self::Text(name);
                    return true;
                }
                None => return false,
            },
            Self::Odd => return false,
        };
        *self = Self::Text(Cow::Owned(text));
        true
    }

    /// Cuts a text that is longer than any column; whether it was.
    pub(super) fn cut(&mut self) -> bool {
        let Self::Text(text) = self else { return false };
        if text.len() <= LONGEST_TEXT {
            return false;
        }
        let end = text.floor_char_boundary(LONGEST_TEXT);
        let kept = text.get(..end).unwrap_or_default().to_owned();
        *text = Cow::Owned(kept);
        true
    }

    /// The text, after [`SourceValue::make_text`].
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Whether `name` is set in a mask of names; only the first 64 have a place there.
pub(super) fn bit(mask: u64, name: usize) -> bool {
    u32::try_from(name)
        .ok()
        .and_then(|name| mask.checked_shr(name))
        .is_some_and(|mask| mask & 1 == 1)
}

/// A float that stands for a whole number.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the range is checked; whole floats below 2^53 are exact"
)]
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0).then_some(number as i64)
}

fn float_text(number: f64) -> String {
    whole(number).map_or_else(|| number.to_string(), |whole| whole.to_string())
}

impl<'de> Deserialize<'de> for SourceValue<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

struct CellVisitor;

impl<'de> Visitor<'de> for CellVisitor {
    type Value = SourceValue<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(SourceValue::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(SourceValue::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).map_or_else(
            |_| SourceValue::Text(Cow::Owned(value.to_string())),
            SourceValue::Int,
        ))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(SourceValue::Float(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(SourceValue::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(SourceValue::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(SourceValue::Null)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(SourceValue::Null)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut id, mut name) = (None, None);
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            if key.eq_ignore_ascii_case("id") {
                id = map.next_value::<SourceValue<'de>>()?.id();
            } else if key.eq_ignore_ascii_case("name") {
                let mut cell = map.next_value::<SourceValue<'de>>()?;
                cell.make_text();
                if let SourceValue::Text(text) = cell {
                    name = Some(text);
                }
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(if id.is_none() && name.is_none() {
            SourceValue::Odd
        } else {
            SourceValue::Reference { id, name }
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let (mut joined, mut odd, mut any) = (String::new(), false, false);
        while let Some(mut cell) = seq.next_element::<SourceValue<'de>>()? {
            any = true;
            odd |= !cell.make_text();
            if let Some(text) = cell.text() {
                if !joined.is_empty() {
                    joined.push_str("; ");
                }
                joined.push_str(text);
            }
        }
        Ok(match (any, odd) {
            (false, _) => SourceValue::Null,
            (true, true) => SourceValue::Odd,
            (true, false) => SourceValue::Text(Cow::Owned(joined)),
        })
    }
}

/// Reads a moment: `2026-01-31T10:00:00`, a space for the `T`, with or without fraction and zone, or a date alone.
pub(super) fn time(text: &str) -> Option<DateTime<Utc>> {
    if text.len() > 40 || !text.is_ascii() {
        return None;
    }
    let bytes = text.as_bytes();
    let date = NaiveDate::from_ymd_opt(
        i32::try_from(digits(bytes, 0, 4)?).ok()?,
        digits(bytes, 5, 2)?,
        digits(bytes, 8, 2)?,
    )?;
    if bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    if bytes.len() == 10 {
        return Some(date.and_hms_opt(0, 0, 0)?.and_utc());
    }
    if !matches!(bytes[10], b'T' | b't' | b' ') || *bytes.get(13)? != b':' {
        return None;
    }
    let (hour, minute) = (digits(bytes, 11, 2)?, digits(bytes, 14, 2)?);
    let (second, mut at) = if bytes.get(16) == Some(&b':') {
        (digits(bytes, 17, 2)?, 19)
    } else {
        (0, 16)
    };
    let mut nanos = 0;
    if bytes.get(at) == Some(&b'.') {
        let end = bytes[at + 1..]
            .iter()
            .position(|b| !b.is_ascii_digit())
            .map_or(bytes.len(), |n| at + 1 + n);
        let mut scale = 100_000_000;
        for digit in &bytes[at + 1..end] {
            nanos += u32::from(digit - b'0') * scale;
            scale /= 10;
        }
        at = end;
    }
    let local: NaiveDateTime = date.and_hms_nano_opt(hour, minute, second, nanos)?;
    local
        .checked_sub_signed(zone(bytes.get(at..)?)?)
        .map(|utc| utc.and_utc())
}

/// The offset from UTC: nothing or `Z` is none, else `+hh:mm`, `+hhmm` or `+hh`.
fn zone(bytes: &[u8]) -> Option<chrono::TimeDelta> {
    match bytes.first() {
        None => Some(chrono::TimeDelta::zero()),
        Some(b'Z' | b'z') if bytes.len() == 1 => Some(chrono::TimeDelta::zero()),
        Some(sign @ (b'+' | b'-')) => {
            let hours = digits(bytes, 1, 2)?;
            let minutes = match bytes.len() {
                3 => 0,
                5 => digits(bytes, 3, 2)?,
                6 if bytes[3] == b':' => digits(bytes, 4, 2)?,
                _ => return None,
            };
            let minutes = i64::from(hours * 60 + minutes);
            let sign = if *sign == b'-' { -1 } else { 1 };
            chrono::TimeDelta::try_minutes(minutes * sign)
        }
        Some(_) => None,
    }
}

fn digits(bytes: &[u8], from: usize, count: usize) -> Option<u32> {
    bytes
        .get(from..from + count)?
        .iter()
        .try_fold(0u32, |number, b| {
            b.is_ascii_digit()
                .then(|| number * 10 + u32::from(b - b'0'))
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn moments_with_and_without_zone_and_fraction() {
        let at = |text: &str| time(text).map(|at| at.to_rfc3339());
        let want = Some("2026-01-31T10:00:00+00:00".to_owned());
        for text in [
            "2026-01-31T10:00:00",
            "2026-01-31T10:00:00Z",
            "2026-01-31 10:00:00",
            "2026-01-31T10:00",
            "2026-01-31T10:00:00.000000",
            "2026-01-31T11:00:00+01:00",
            "2026-01-31T05:30:00-0430",
            "2026-01-31T12:00:00+02",
        ] {
            assert_eq!(at(text), want, "{text}");
        }
        assert_eq!(
            at("2026-01-31T10:00:00.1234567Z").as_deref(),
            Some("2026-01-31T10:00:00.123456700+00:00")
        );
        assert_eq!(
            at("2026-01-31").as_deref(),
            Some("2026-01-31T00:00:00+00:00")
        );
        for text in [
            "",
            "soon",
            "2026-02-30T10:00:00",
            "2026-01-31T25:00:00",
            "2026-01-31T10:00:00+1",
            "2026/01/31",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn ids_and_booleans_in_every_dress() {
        let cell = |json: &'static str| serde_json::from_str::<SourceValue<'_>>(json).unwrap();
        for json in ["7", "\"7\"", "\" 7 \"", "7.0", "{\"Id\": \"7\", \"x\": []}"] {
            assert_eq!(cell(json).id(), Some(7), "{json}");
        }
        for json in ["0", "-7", "7.5", "\"seven\"", "null", "[7, {}]", "true"] {
            assert_eq!(cell(json).id(), None, "{json}");
        }
        for json in ["true", "\"true\"", "\"True\"", "1", "\"1\"", "1.0"] {
            assert_eq!(cell(json).boolean(), Some(true), "{json}");
        }
        for json in ["false", "\"FALSE\"", "0", "\"0\""] {
            assert_eq!(cell(json).boolean(), Some(false), "{json}");
        }
        assert_eq!(cell("\"maybe\"").boolean(), None);
    }

    proptest! {
        #[test]
        fn times_never_panic(text in any::<String>(), ascii in "[0-9TZ:.+ -]{0,42}") {
            let _ = time(&text);
            let _ = time(&ascii);
        }

        #[test]
        fn times_agree_with_chrono(seconds in 0i64..4_000_000_000, nanos in 0u32..1_000_000_000) {
            let at = DateTime::from_timestamp(seconds, nanos).unwrap();
            prop_assert_eq!(time(&at.to_rfc3339_opts(chrono::SecondsFormat::Nanos, true)), Some(at));
            prop_assert_eq!(time(&at.naive_utc().format("%Y-%m-%dT%H:%M:%S%.f").to_string()), Some(at));
        }
    }
}
