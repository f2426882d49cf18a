//! The two query dialects (docs/apis.md, "Impartner"): how each asks for a page and for a record.

use std::fmt::{self, Write};

use chrono::{DateTime, Utc};

/// How a listing is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// The vendor's published API: `skip`, `take`, `filter`, `orderby`.
    Objects,
    /// The mission's documents: `page`, `pageSize`, `$filter`.
    Odata,
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Objects => "objects",
            Self::Odata => "odata",
        })
    }
}

/// A piece of a listing: `take` records from the one at `start`. In the odata dialect `start` is a multiple of `take`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) start: u64,
    pub(super) take: u64,
}

impl Dialect {
    /// The other one.
    pub(super) fn other(self) -> Self {
        match self {
            Self::Objects => Self::Odata,
            Self::Odata => Self::Objects,
        }
    }

    /// The field that says when a record was last modified.
    pub(super) fn modified_field(self) -> &'static str {
        match self {
            Self::Objects => "Updated",
            Self::Odata => "ModifiedDate",
        }
    }

    /// The query for a page of `fields`, ordered by Id, of the records modified at or after `since`.
    pub(super) fn page(self, fields: &str, slice: Slice, since: Option<DateTime<Utc>>) -> String {
        let mut query = Query::default();
        query.add("fields", fields);
        match self {
            Self::Objects => {
                if let Some(since) = since {
                    let since = since.format("%Y-%m-%dT%H:%M:%S");
                    query.add("filter", &format!("Updated >= '{since}'"));
                }
                query.add("orderby", "Id");
                query.add("skip", &slice.start.to_string());
                query.add("take", &slice.take.to_string());
            }
            Self::Odata => {
                query.add("$select", fields);
                if let Some(since) = since {
                    let since = since.format("%Y-%m-%dT%H:%M:%SZ");
                    query.add("$filter", &format!("ModifiedDate ge {since}"));
                }
                query.add("orderby", "Id");
                query.add("$orderby", "Id");
                query.add("page", &(slice.start / slice.take.max(1) + 1).to_string());
                query.add("pageSize", &slice.take.to_string());
            }
        }
        query.0
    }

    /// The query for one record.
    pub(super) fn one(self, fields: &str) -> String {
        let mut query = Query::default();
        query.add("fields", fields);
        if self == Self::Odata {
            query.add("$select", fields);
        }
        query.0
    }
}

/// A query string. Spaces are `%20`, which every server understands (`+` is for forms).
#[derive(Default)]
pub(super) struct Query(pub(super) String);

impl Query {
    /// Adds a parameter.
    pub(super) fn add(&mut self, key: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(key);
        self.0.push('=');
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b',' => {
                    self.0.push(char::from(byte));
                }
                _ => {
                    // Writing to a String cannot fail.
                    let _ = write!(self.0, "%{byte:02X}");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries() {
        let since = DateTime::parse_from_rfc3339("2026-01-31T10:00:00.9Z")
            .unwrap()
            .to_utc();
        let slice = Slice {
            start: 200,
            take: 100,
        };
        assert_eq!(
            Dialect::Objects.page("Id,Name", slice, Some(since)),
            "fields=Id,Name&filter=Updated%20%3E%3D%20%272026-01-31T10%3A00%3A00%27&orderby=Id&skip=200&take=100"
        );
        assert_eq!(
            Dialect::Odata.page("Id,Name", slice, Some(since)),
            "fields=Id,Name&$select=Id,Name&$filter=ModifiedDate%20ge%202026-01-31T10%3A00%3A00Z&orderby=Id&$orderby=Id&page=3&pageSize=100"
        );
    }
}
