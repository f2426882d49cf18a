//! JSON:API documents as the LMS sends them: ids may be text or numbers, `data` one item, many, or null.

use serde::Deserialize;
use serde_json::Value;

/// One answer.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Document {
    #[serde(default)]
    data: Value,
    #[serde(default)]
    links: Value,
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

    /// An attribute as text: trimmed, empty reads as missing, numbers as they are written.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.attribute(name)? {
            Value::String(text) => crate::text::clean(text).map(str::to_owned),
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

/// What an error body says: title and detail of each error, else the first characters of the body.
pub(super) fn error_detail(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<Fault>,
    }
    #[derive(Deserialize)]
    struct Fault {
        #[serde(default)]
        title: Option<String>,
        #[serde(default)]
        detail: Option<String>,
    }
    if let Ok(body) = serde_json::from_slice::<Errors>(body) {
        let parts: Vec<String> = body
            .errors
            .into_iter()
            .filter_map(|fault| match (fault.title, fault.detail) {
                (Some(title), Some(detail)) => Some(format!("{title}: {detail}")),
                (one, other) => one.or(other),
            })
            .collect();
        if !parts.is_empty() {
            return parts.join("; ");
        }
    }
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
        assert_eq!(error_detail(body), "Invalid: is not a member");
        assert_eq!(error_detail(b"<html>oops"), "<html>oops");
        assert_eq!(error_detail(b""), "no explanation was given");
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
