//! The two query dialects (APIS.md section 1), and finding out which one the server honours.

use std::fmt::{self, Write};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use reqwest::Method;

use super::client::{Answer, Client, Patience};
use super::decode::Sink;
use super::envelope::{Data, Envelope, Expect};
use super::retry::{Failure, Tally, Verdict};
use super::shape::Shape;
use super::{ImpartnerError, listing};
use crate::config::DialectChoice;

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

/// What a probe for the second record alone brought.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Probe {
    /// The dialect was refused: 4xx or `success: false`.
    Refused,
    /// Records came: their ids, and the control total.
    Came(Vec<i64>, Option<u64>),
}

/// What a probe says of its dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    /// It was honoured: exactly the second record came, or none of a single one.
    Honoured,
    /// It was not: more came than was asked for, or the first record.
    Ignored,
    /// Nothing can be told.
    Nothing,
}

impl Probe {
    fn says(&self) -> Says {
        match self {
            Self::Refused => Says::Ignored,
            Self::Came(ids, count) => match (ids.len(), count) {
                (1, Some(2..)) | (0, Some(1)) => Says::Honoured,
                (1, Some(1)) | (2.., _) => Says::Ignored,
                _ => Says::Nothing,
            },
        }
    }

    fn ids(&self) -> &[i64] {
        match self {
            Self::Refused => &[],
            Self::Came(ids, _) => ids,
        }
    }
}

/// Decides from two probes, both for the second record alone. `None`: nothing tells the dialects apart.
fn decide(objects: &Probe, odata: &Probe) -> Option<Dialect> {
    match (objects.says(), odata.says()) {
        (Says::Honoured, _) | (Says::Nothing, Says::Ignored) => Some(Dialect::Objects),
        (_, Says::Honoured) | (Says::Ignored, Says::Nothing) => Some(Dialect::Odata),
        (Says::Nothing, Says::Nothing) => match (objects.ids().len(), odata.ids().len()) {
            // Without a control total: one record, which one of them skipped.
            (1, 0) => Some(Dialect::Odata),
            (0, 1) => Some(Dialect::Objects),
            _ => None,
        },
        // Neither keeps to one record: a server with pages of its own size. Who moved on from the first record?
        (Says::Ignored, Says::Ignored) => match (objects.ids().first(), odata.ids().first()) {
            (Some(a), Some(b)) if a > b => Some(Dialect::Objects),
            (Some(a), Some(b)) if a < b => Some(Dialect::Odata),
            (Some(_), None) => Some(Dialect::Objects),
            (None, Some(_)) => Some(Dialect::Odata),
            _ => None,
        },
    }
}

impl Client {
    /// The dialect to use for `object`: as configured, as found, or found now. Where nothing tells them apart it is
    /// objects (APIS.md section 1), and the next call tries again.
    pub(super) async fn dialect(
        &self,
        object: &str,
        tally: &Tally,
    ) -> Result<Dialect, ImpartnerError> {
        self.find_dialect(object, Patience::Configured, tally)
            .await?;
        Ok(self.settled_dialect().await.unwrap_or(Dialect::Objects))
    }

    /// The dialect that is configured or was found.
    pub(super) async fn settled_dialect(&self) -> Option<Dialect> {
        match self.inner.config.dialect {
            DialectChoice::Objects => Some(Dialect::Objects),
            DialectChoice::Odata => Some(Dialect::Odata),
            DialectChoice::Auto => *self.inner.found.lock().await,
        }
    }

    /// Whether the dialect is ours to find out.
    pub(super) fn may_switch(&self) -> bool {
        self.inner.config.dialect == DialectChoice::Auto
    }

    /// Remembers a finding.
    pub(super) async fn settle(&self, dialect: Dialect) {
        *self.inner.found.lock().await = Some(dialect);
    }

    /// Asks for the second record alone in each dialect, unless it is known already (`None`). Gives what was found and
    /// how long the first answer took.
    pub(super) async fn find_dialect(
        &self,
        object: &str,
        patience: Patience,
        tally: &Tally,
    ) -> Result<Option<(Option<Dialect>, Duration)>, ImpartnerError> {
        if !self.may_switch() {
            return Ok(None);
        }
        let mut found = self.inner.found.lock().await;
        if found.is_some() {
            return Ok(None);
        }
        let started = Instant::now();
        let objects = self
            .probe(object, Dialect::Objects, patience, tally)
            .await?;
        let latency = started.elapsed();
        let dialect = match objects.says() {
            Says::Honoured => Some(Dialect::Objects),
            // An empty object: the other dialect could say no more.
            Says::Nothing if matches!(&objects, Probe::Came(ids, Some(0)) if ids.is_empty()) => {
                None
            }
            _ => {
                let odata = self.probe(object, Dialect::Odata, patience, tally).await?;
                decide(&objects, &odata)
            }
        };
        tracing::debug!(object, ?dialect, "looked for the query dialect");
        *found = dialect;
        Ok(Some((dialect, latency)))
    }

    /// Asks for the second record alone. A 4xx means that the dialect is refused, but for 401 and 403.
    async fn probe(
        &self,
        object: &str,
        dialect: Dialect,
        patience: Patience,
        tally: &Tally,
    ) -> Result<Probe, ImpartnerError> {
        let slice = Slice { start: 1, take: 1 };
        let url = self.url(&[object], &dialect.page("Id", slice, None));
        let what = format!("a listing of {object}");
        let shape = Shape::named(object, &listing::schema_of(&[]));
        let judge = |answer: &Answer| match answer.status {
            200..=299 => {
                let mut sink = Sink::new(&shape, None);
                let envelope = Envelope::read(&answer.body, Expect::Page, &mut sink);
                if matches!(&envelope, Ok(e) if e.success == Some(false) && !e.says_unauthorized())
                {
                    return Verdict::Done(Probe::Refused);
                }
                if let Some(trouble) = self.body_trouble(envelope.as_ref(), &what, &[Data::Records])
                {
                    return trouble;
                }
                let count = envelope.ok().and_then(|envelope| envelope.count);
                Verdict::Done(Probe::Came(sink.finish().set.ids().to_vec(), count))
            }
            400 | 404..=499 => Verdict::Done(Probe::Refused),
            _ => self
                .page_trouble(answer, &what)
                .unwrap_or(Verdict::Done(Probe::Refused)),
        };
        self.fetch(Method::GET, &url, &what, patience, tally, judge)
            .await
            .map_err(|failure| match failure {
                Failure::GaveUp(gave_up) if patience == Patience::Configured => {
                    ImpartnerError::PageNeverCame {
                        object: object.to_owned(),
                        page: 1,
                        attempts: gave_up.attempts,
                        last: gave_up.last,
                    }
                }
                other => other.into_error(&what),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn came(ids: &[i64], count: Option<u64>) -> Probe {
        Probe::Came(ids.to_vec(), count)
    }

    #[test]
    fn probes_tell_the_dialects_apart() {
        let many: Vec<i64> = (1..=100).collect();
        let objects = Some(Dialect::Objects);
        let odata = Some(Dialect::Odata);
        for (a, b, want, why) in [
            (
                came(&[2], Some(9)),
                came(&many, Some(9)),
                objects,
                "take is honoured",
            ),
            (
                came(&many, Some(900)),
                came(&[2], Some(900)),
                odata,
                "pageSize is honoured",
            ),
            (
                came(&[1, 2], Some(2)),
                came(&[2], Some(2)),
                odata,
                "two records",
            ),
            (
                came(&[], Some(1)),
                came(&[1], Some(1)),
                objects,
                "one record, skipped",
            ),
            (
                came(&[1], Some(1)),
                came(&[], Some(1)),
                odata,
                "one record, skipped by page",
            ),
            (
                came(&[1], Some(1)),
                came(&[1], Some(1)),
                None,
                "one record, nothing honoured",
            ),
            (came(&[], Some(0)), came(&[], Some(0)), None, "no records"),
            (
                came(&[2], None),
                came(&many, None),
                objects,
                "no total, take is honoured",
            ),
            (
                came(&many, None),
                came(&[2], None),
                odata,
                "no total, pageSize is honoured",
            ),
            (
                came(&[1], None),
                came(&[], None),
                odata,
                "no total, one record",
            ),
            (
                Probe::Refused,
                came(&[2], Some(9)),
                odata,
                "objects refused",
            ),
            (
                came(&[2], Some(9)),
                Probe::Refused,
                objects,
                "odata refused",
            ),
            (Probe::Refused, Probe::Refused, None, "both refused"),
            (
                came(&many[1..], Some(900)),
                came(&many, Some(900)),
                objects,
                "fixed pages, skip honoured",
            ),
            (
                came(&many[..50], Some(900)),
                came(&many[50..], Some(900)),
                odata,
                "fixed pages, page honoured",
            ),
            (
                came(&many[..50], Some(50)),
                came(&[], Some(50)),
                odata,
                "all on the first page",
            ),
        ] {
            assert_eq!(decide(&a, &b), want, "{why}");
        }
    }

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
