//! Finding out which query dialect the server honours (docs/apis.md, "Impartner"), and whether it answers at all.

use std::time::{Duration, Instant};

use reqwest::Method;

use super::ImpartnerError;
use super::client::{Answer, Client, Patience};
use super::decode::Sink;
use super::dialect::{Dialect, Slice};
use super::envelope::{Data, Envelope, Expect};
use super::retry::{Failure, Tally, Verdict};
use super::shape::{Shape, schema_of};
use crate::config::DialectChoice;

/// What a reachability check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ping {
    /// From the request to the whole answer.
    pub latency: Duration,
    /// The dialect that is configured or was found; `None`: nothing tells them apart yet.
    pub dialect: Option<Dialect>,
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
    /// Asks for one record, once, to see whether Impartner answers and how fast; finds out the dialect beside it.
    pub async fn ping(&self) -> Result<Ping, ImpartnerError> {
        let started = Instant::now();
        let found = self
            .find_dialect("Account", Patience::Once, &Tally::default())
            .await?;
        if let Some((dialect, latency)) = found {
            return Ok(Ping { latency, dialect });
        }
        let dialect = self.settled_dialect().await;
        let slice = Slice { start: 0, take: 1 };
        let url = self.url(
            &["Account"],
            &dialect.unwrap_or(Dialect::Objects).page("Id", slice, None),
        );
        let what = "the reachability check";
        self.fetch(
            Method::GET,
            &url,
            what,
            Patience::Once,
            &Tally::default(),
            |answer| match self.page_trouble(answer, what) {
                Some(trouble) => trouble,
                None => Verdict::Done(()),
            },
        )
        .await
        .map_err(|failure| failure.into_error(what))?;
        Ok(Ping {
            latency: started.elapsed(),
            dialect,
        })
    }

    /// The dialect to use for `object`: as configured, as found, or found now. Where nothing tells them apart it is
    /// objects (docs/apis.md, "Impartner"), and the next call tries again.
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
        let shape = Shape::named(object, &schema_of(&[]));
        let judge = |answer: &Answer| match answer.status.as_u16() {
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
}
