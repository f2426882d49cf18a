//! What stands around the records: `{"data": {"count", "results"}, "success"}`, a bare array, `{"value": […]}`, or a
//! failure (docs/apis.md, "Impartner").

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::decode::{Decoded, Listed, RecordSeed, RecordsSeed, Regions, Sink};
use super::mend::mended;
use super::shape::Shape;
use super::value::SourceValue;
use crate::plan::{Schema, SourceSet};

/// What the body should hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expect {
    /// A page of a listing.
    Page,
    /// One record.
    One,
}

/// What `data` (or `value`, or the body itself) turned out to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Data {
    /// Not there.
    #[default]
    Missing,
    /// `null`.
    Null,
    /// A list of records.
    Records,
    /// One record.
    Record,
    /// Something else.
    Other,
}

/// A decoded body without its records, which went to the sink.
#[derive(Clone, Debug, Default)]
pub(super) struct Envelope {
    /// `success`, where it stands.
    pub(super) success: Option<bool>,
    /// The control total.
    pub(super) count: Option<u64>,
    /// What the data was.
    pub(super) data: Data,
    /// Codes of the errors, as they came.
    pub(super) codes: Vec<String>,
    /// Messages, the general one first.
    pub(super) messages: Vec<String>,
    /// Something stands under `errors`, in whatever shape.
    pub(super) errors: bool,
    /// `results` came as `null`.
    no_results: bool,
}

impl Envelope {
    /// Reads `body`; its records go to `sink`.
    pub(super) fn read<'de>(
        body: &'de [u8],
        expect: Expect,
        sink: &mut Sink<'de, '_>,
    ) -> Result<Self, serde_json::Error> {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let mut envelope = Self::default();
        let mut json = serde_json::Deserializer::from_slice(body);
        TopSeed {
            envelope: &mut envelope,
            expect,
            sink,
        }
        .deserialize(&mut json)?;
        json.end()?;
        if envelope.no_results && envelope.count == Some(0) {
            // Nothing found, said without a list.
            envelope.data = Data::Records;
        }
        let bare = envelope.data == Data::Missing
            && envelope.success.is_none()
            && envelope.codes.is_empty()
            && envelope.messages.is_empty();
        if bare && expect == Expect::One {
            // A single record may come without an envelope, as a bare array of them may.
            let mut json = serde_json::Deserializer::from_slice(body);
            RecordSeed { sink }.deserialize(&mut json)?;
            envelope.data = Data::Record;
        }
        Ok(envelope)
    }

    /// Reads a body without looking at records: what a refusal says.
    pub(super) fn of_failure(body: &[u8]) -> Option<Self> {
        let Value::Object(map) = value(body)? else {
            return None;
        };
        Some(Self::of_object(map))
    }

    /// What an object says that may be an envelope.
    pub(super) fn of_object(map: serde_json::Map<String, Value>) -> Self {
        let mut envelope = Self::default();
        for (key, value) in map {
            if key.eq_ignore_ascii_case("success") {
                envelope.success = boolean(&value);
            } else if key.eq_ignore_ascii_case("data") {
                envelope.data = match value {
                    Value::Null => Data::Null,
                    Value::Array(_) => Data::Records,
                    Value::Object(_) => Data::Record,
                    _ => Data::Other,
                };
            } else {
                envelope.note(&key, value);
            }
        }
        envelope
    }

    /// What the vendor said, in one line; empty when it said nothing.
    pub(super) fn said(&self) -> String {
        let mut said = self.messages.join("; ");
        for code in &self.codes {
            if !said.contains(code.as_str()) {
                said = if said.is_empty() {
                    code.clone()
                } else {
                    format!("{said} [{code}]")
                };
            }
        }
        said
    }

    /// Whether anything is said beside the data: an error in whatever shape, a code, a message.
    pub(super) fn says_anything(&self) -> bool {
        self.errors || !self.codes.is_empty() || !self.messages.is_empty()
    }

    /// Whether the codes mean that the record does not exist, and nothing said means anything else.
    pub(super) fn says_not_found(&self, object: &str) -> bool {
        !self.codes.is_empty() && self.says_nothing_but_not_found(object)
    }

    /// Whether every code means that the record does not exist, and no message speaks of a refusal.
    pub(super) fn says_nothing_but_not_found(&self, object: &str) -> bool {
        let explained = !self.errors || !self.codes.is_empty() || !self.messages.is_empty();
        let refused = self.messages.iter().any(|message| {
            let message = message.to_lowercase();
            REFUSALS.iter().any(|word| message.contains(word))
        });
        explained
            && !refused
            && self.codes.iter().all(|code| {
                let word = bare_word(code);
                matches!(
                    word.as_str(),
                    "404"
                        | "notfound"
                        | "enotfound"
                        | "objectnotfound"
                        | "recordnotfound"
                        | "entitynotfound"
                        | "itemnotfound"
                        | "resourcenotfound"
                        | "idnotfound"
                        | "doesnotexist"
                        | "recorddoesnotexist"
                        | "nosuchrecord"
                ) || word == format!("{}notfound", bare_word(object))
            })
    }

    /// Whether one of the codes means that the key is not accepted.
    pub(super) fn says_unauthorized(&self) -> bool {
        self.codes.iter().any(|code| {
            matches!(
                bare_word(code).as_str(),
                "401" | "unauthorized" | "invalidapikey" | "invalidkey" | "authenticationfailed"
            )
        })
    }

    /// Keeps what `message`, `errors`, `error` and their like say.
    fn note(&mut self, key: &str, value: Value) {
        match key.to_ascii_lowercase().as_str() {
            "message" | "title" | "detail" | "error_description" => self.say(value),
            "code" | "errorcode" => self.code(&value),
            "errors" | "error" => {
                self.errors |= is_something(&value);
                match value {
                    Value::Array(list) => list.into_iter().for_each(|error| self.fault(error)),
                    one => self.fault(one),
                }
            }
            _ => {}
        }
    }

    fn fault(&mut self, error: Value) {
        match error {
            Value::Object(map) => {
                for (key, value) in map {
                    match key.to_ascii_lowercase().as_str() {
                        "code" | "errorcode" | "status" => self.code(&value),
                        "message" | "title" | "detail" | "description" => self.say(value),
                        _ => {}
                    }
                }
            }
            other => self.say(other),
        }
    }

    fn code(&mut self, value: &Value) {
        if self.codes.len() >= MOST_SAID {
            return;
        }
        match value {
            Value::String(code) if !code.trim().is_empty() => self.codes.push(code.trim().into()),
            Value::Number(code) => self.codes.push(code.to_string()),
            _ => {}
        }
    }

    fn say(&mut self, value: Value) {
        if self.messages.len() >= MOST_SAID {
            return;
        }
        if let Value::String(text) = value {
            let text = text.trim();
            if !text.is_empty() && !self.messages.iter().any(|said| said == text) {
                self.messages.push(text.to_owned());
            }
        }
    }
}

/// Letters and digits only, in lower case: `Not_Found` and `notFound` are one word.
fn bare_word(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// Words by which a message speaks of a refusal, not of a record that does not exist.
const REFUSALS: [&str; 8] = [
    "denied",
    "forbidden",
    "authoriz",
    "authoris",
    "permission",
    "not allowed",
    "timeout",
    "timed out",
];

/// Whether something stands there: neither `null` nor `false` nor empty.
fn is_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        Value::Bool(true) | Value::Number(_) => true,
    }
}

/// Messages and codes of one answer that are kept: a refusal with a million reasons is one with some.
const MOST_SAID: usize = 20;

/// The longest body of which a tree is made, in bytes: it takes some dozen times as much memory as the text.
const LONGEST_TREE: usize = 8 << 20;

/// A body as JSON, mended where a character is broken. Listings are not read by way of this, and nothing else is as long
/// as `LONGEST_TREE`: what is, is not understood.
pub(super) fn value(body: &[u8]) -> Option<Value> {
    if body.len() > LONGEST_TREE {
        return None;
    }
    serde_json::from_slice(body)
        .or_else(|_| serde_json::from_slice(&mended(body)))
        .ok()
}

/// Keys beside the data under which a failure explains itself.
const SAYS: [&str; 6] = ["message", "errors", "error", "code", "errorCode", "title"];

fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A control total: a whole number that is not negative, also as text.
fn total(cell: &SourceValue<'_>) -> Option<u64> {
    match cell {
        SourceValue::Int(0) => Some(0),
        SourceValue::Text(text) => text.trim().parse().ok(),
        other => other.id().and_then(|id| u64::try_from(id).ok()),
    }
}

fn is_total(key: &str) -> bool {
    key.eq_ignore_ascii_case("count") || key.eq_ignore_ascii_case("@odata.count")
}

struct TopSeed<'a, 's, 'de> {
    envelope: &'a mut Envelope,
    expect: Expect,
    sink: &'a mut Sink<'de, 's>,
}

impl<'de> DeserializeSeed<'de> for TopSeed<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TopSeed<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list of records")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key.eq_ignore_ascii_case("data") {
                map.next_value_seed(DataSeed {
                    envelope: &mut *self.envelope,
                    expect: self.expect,
                    sink: &mut *self.sink,
                })?;
            } else if key.eq_ignore_ascii_case("value") && self.expect == Expect::Page {
                let listed = map.next_value_seed(RecordsSeed {
                    sink: &mut *self.sink,
                })?;
                self.envelope.data = match listed {
                    Listed::Records => Data::Records,
                    Listed::Null | Listed::Other => Data::Other,
                };
            } else if key.eq_ignore_ascii_case("success") {
                self.envelope.success = map.next_value::<SourceValue<'_>>()?.boolean();
            } else if is_total(&key) {
                self.envelope.count = total(&map.next_value::<SourceValue<'_>>()?);
            } else if SAYS.iter().any(|name| key.eq_ignore_ascii_case(name)) {
                let value = map.next_value::<Value>()?;
                self.envelope.note(&key, value);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        self.envelope.data = Data::Records;
        RecordsSeed { sink: self.sink }.visit_seq(seq).map(|_| ())
    }
}

/// What stands under `data`.
struct DataSeed<'a, 's, 'de> {
    envelope: &'a mut Envelope,
    expect: Expect,
    sink: &'a mut Sink<'de, 's>,
}

impl<'de> DeserializeSeed<'de> for DataSeed<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for DataSeed<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the data of an answer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.expect == Expect::One {
            self.envelope.data = Data::Record;
            return RecordSeed { sink: self.sink }.visit_map(map);
        }
        self.envelope.data = Data::Other;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key.eq_ignore_ascii_case("results") {
                match map.next_value_seed(RecordsSeed {
                    sink: &mut *self.sink,
                })? {
                    Listed::Records => self.envelope.data = Data::Records,
                    Listed::Null => self.envelope.no_results = true,
                    Listed::Other => {}
                }
            } else if is_total(&key) {
                self.envelope.count = total(&map.next_value::<SourceValue<'_>>()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        self.envelope.data = Data::Records;
        RecordsSeed { sink: self.sink }.visit_seq(seq).map(|_| ())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.envelope.data = Data::Null;
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.envelope.data = Data::Other;
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.envelope.data = Data::Other;
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.envelope.data = Data::Other;
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.envelope.data = Data::Other;
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        self.envelope.data = Data::Other;
        Ok(())
    }
}

/// Reads a body: what stands around the records, and the records. Where a character is broken (a byte that is no UTF-8,
/// half a surrogate pair), the body is mended and read again, and the records that hold a U+FFFD for it are told.
pub(super) fn read(
    body: &[u8],
    expect: Expect,
    shape: &Shape,
    regions: Option<&Regions>,
) -> (Result<Envelope, serde_json::Error>, Decoded) {
    let mut sink = Sink::new(shape, regions);
    let first = match Envelope::read(body, expect, &mut sink) {
        Ok(envelope) => return (Ok(envelope), sink.finish()),
        Err(error) => error,
    };
    let body = mended(body);
    let mut sink = Sink::new(shape, regions);
    sink.mended();
    match Envelope::read(&body, expect, &mut sink) {
        Ok(envelope) => (Ok(envelope), sink.finish()),
        // What is wrong is told of the body as it came.
        Err(_) => (Err(first), sink.finish()),
    }
}

/// Decodes the body of one page, as a listing does; for measuring and for tests of the decoder. `None`: no page.
pub fn decode_page(schema: &Schema, body: &[u8]) -> Option<SourceSet> {
    let shape = Shape::of(schema);
    let regions = Regions::default();
    let mut sink = Sink::new(&shape, Some(&regions));
    let envelope = Envelope::read(body, Expect::Page, &mut sink).ok()?;
    (envelope.data == Data::Records).then(|| sink.finish().set)
}
