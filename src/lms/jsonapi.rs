//! JSON:API documents as the LMS sends them: ids may be text or numbers, `data` one item, many, or null.

use serde::Deserialize;
use serde_json::Value;

/// The longest text that is kept of an attribute, in bytes.
const LONGEST_TEXT: usize = 128 << 10;

/// One answer.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Document {
    #[serde(default)]
    data: Value,
    #[serde(default)]
    links: Value,
    /// The length of its text, in bytes.
    #[serde(skip)]
    pub(super) bytes: usize,
}

/// One item of `data`.
#[derive(Debug)]
pub(super) struct Resource<'a> {
    /// Its id, as text.
    pub(super) id: String,
    /// Its type, as sent.
    pub(super) kind: &'a str,
    item: &'a Value,
}

impl Document {
    /// The items; one item counts as a list of one, null as none. `None`: not a JSON:API document.
    pub(super) fn items(&self) -> Option<Vec<Resource<'_>>> {
        match &self.data {
            Value::Array(items) => items.iter().map(Resource::of).collect(),
            Value::Null => Some(Vec::new()),
            one => Some(vec![Resource::of(one)?]),
        }
    }

    /// The next page: a string, or an object with `href`; missing, null or empty means the end.
    pub(super) fn next(&self) -> Option<&str> {
        let next = self.links.get("next")?;
        next.as_str()
            .or_else(|| next.get("href").and_then(Value::as_str))
            .filter(|link| !link.is_empty())
    }

    /// Whether there was a `data` at all.
    pub(super) fn has_data(&self) -> bool {
        !self.data.is_null()
    }
}

impl<'a> Resource<'a> {
    fn of(item: &'a Value) -> Option<Self> {
        Some(Self {
            id: id_text(item.get("id")?)?,
            kind: item.get("type").and_then(Value::as_str).unwrap_or_default(),
            item,
        })
    }

    /// An attribute; null reads as missing.
    pub(super) fn attribute(&self, name: &str) -> Option<&'a Value> {
        self.item
            .get("attributes")?
            .get(name)
            .filter(|value| !value.is_null())
    }

    /// An attribute as it was sent, null included; `None`: it was not sent at all.
    pub(super) fn sent(&self, name: &str) -> Option<&'a Value> {
        self.item.get("attributes")?.get(name)
    }

    /// An attribute as text: trimmed, empty reads as missing, numbers as they are written.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.attribute(name)? {
            Value::String(text) => {
                // Longer than any column: the rest would only be carried around.
                let end = text.floor_char_boundary(LONGEST_TEXT);
                crate::text::clean(text.get(..end)?).map(str::to_owned)
            }
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// The id that a to-one relationship points to.
    pub(super) fn related(&self, name: &str) -> Option<String> {
        id_text(
            self.item
                .get("relationships")?
                .get(name)?
                .get("data")?
                .get("id")?,
        )
    }
}

fn id_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Who speaks in a body, and what is said. A sign-in page, a gateway's own error or nothing at all is not the API, and
/// says nothing about what was done or what exists (docs/rules.md, "Off-boarding").
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// The API, and no error: a JSON:API document.
    Document,
    /// The API: title and detail of each of its errors.
    Errors(String),
    /// Something else: the first characters of it.
    Foreign(String),
}

impl Said {
    /// Reads a body.
    pub(super) fn of(body: &[u8]) -> Self {
        let Ok(Value::Object(top)) = serde_json::from_slice(body) else {
            return Self::Foreign(start_of(body));
        };
        match top.get("errors").and_then(Value::as_array) {
            Some(faults) if !faults.is_empty() => {
                let parts: Vec<String> = faults.iter().filter_map(fault).collect();
                Self::Errors(if parts.is_empty() {
                    start_of(body)
                } else {
                    parts.join("; ")
                })
            }
            // What JSON:API calls a document has one of these at its top; `{"message": "ok"}` is somebody else's.
            _ if ["data", "meta", "links", "jsonapi"]
                .iter()
                .any(|key| top.contains_key(*key)) =>
            {
                Self::Document
            }
            _ => Self::Foreign(start_of(body)),
        }
    }

    /// The same with what is said changed.
    pub(super) fn map(self, change: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Document => Self::Document,
            Self::Errors(text) => Self::Errors(change(text)),
            Self::Foreign(text) => Self::Foreign(change(text)),
        }
    }

    /// What is said, for people.
    pub(super) fn words(self) -> String {
        match self {
            Self::Document => "no explanation was given".to_owned(),
            Self::Errors(text) | Self::Foreign(text) => text,
        }
    }
}

/// Title and detail of one error, whichever it has.
fn fault(fault: &Value) -> Option<String> {
    let text = |key: &str| fault.get(key).and_then(Value::as_str);
    match (text("title"), text("detail")) {
        (Some(title), Some(detail)) => Some(format!("{title}: {detail}")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

/// The first characters of a body that is no JSON:API document.
fn start_of(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let start: String = text.trim().chars().take(120).collect();
    if start.is_empty() {
        "no explanation was given".to_owned()
    } else {
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_carry_title_and_detail() {
        let body = br#"{"errors":[{"status":"422","title":"Invalid","detail":"is not a member","source":{}}]}"#;
        assert_eq!(
            Said::of(body),
            Said::Errors("Invalid: is not a member".into())
        );
    }

    #[test]
    fn only_a_json_api_document_is_the_apis_own() {
        for foreign in [
            "<html>oops",
            "",
            "{}",
            "[]",
            "null",
            r#"{"message":"Not Found"}"#,
            r#"{"errors":"no route"}"#,
        ] {
            assert!(
                matches!(Said::of(foreign.as_bytes()), Said::Foreign(_)),
                "{foreign}"
            );
        }
        for own in [
            r#"{"data":null}"#,
            r#"{"data":[],"errors":[]}"#,
            r#"{"meta":{}}"#,
        ] {
            assert_eq!(Said::of(own.as_bytes()), Said::Document, "{own}");
        }
        assert_eq!(Said::of(b"<html>oops").words(), "<html>oops");
        assert_eq!(Said::of(b" ").words(), "no explanation was given");
    }

    #[test]
    fn ids_may_be_numbers_and_next_an_object() {
        let doc: Document = serde_json::from_str(
            r#"{"data":[{"id":7,"type":"memberships","relationships":{"person":{"data":{"id":9}}}}],
                "links":{"next":{"href":"/v2/x?page=2"}}}"#,
        )
        .unwrap();
        let items = doc.items().unwrap();
        assert_eq!(items[0].id, "7");
        assert_eq!(items[0].related("person").as_deref(), Some("9"));
        assert_eq!(doc.next(), Some("/v2/x?page=2"));
    }
}
