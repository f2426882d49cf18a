//! Listings: every record of an object, with the proof that they are all there (docs/rules.md, "Reading").

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::ImpartnerError;
use super::client::{Client, until_cancelled};
use super::decode::Regions;
use super::dialect::Dialect;
use super::page::Job;
use super::proof::Paging;
use super::retry::Tally;
use super::shape::{Shape, Unknown, schema_of};
use super::sweep::sweep;
use super::tidy::{distinct, warnings};
use crate::plan::{Schema, SourceFacts, SourceSet, Warning};
use crate::progress::{Progress, RunEvent};

/// How often a listing is read before it counts as not proved (docs/rules.md, "Reading": two more times).
const ATTEMPTS: u32 = 3;

/// A listing that was read.
#[derive(Debug)]
pub struct Listing {
    /// The records, by id; each id once.
    pub records: SourceSet,
    /// How it was read and whether it is proved.
    pub facts: SourceFacts,
    /// The latest moment by the source's own clock while it was read, to the second; `None`: its answers carry no time.
    pub clock: Option<DateTime<Utc>>,
    /// What looked odd.
    pub warnings: Vec<Warning>,
}

/// Some values of every record of an object.
#[derive(Debug)]
pub struct Values {
    /// By id; each id once.
    pub rows: Vec<ValueRow>,
    /// How they were read and whether they are proved complete.
    pub facts: SourceFacts,
}

/// The values of one record, in the order in which the fields were named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueRow {
    /// Impartner's id.
    pub id: i64,
    /// As text; `None` where the source has none.
    pub cells: Vec<Option<String>>,
}

impl ValueRow {
    /// The text of field `at`.
    pub fn text(&self, at: usize) -> Option<&str> {
        self.cells.get(at)?.as_deref()
    }

    /// The number of field `at`; numbers may come as strings (docs/apis.md, "Impartner").
    pub fn number(&self, at: usize) -> Option<f64> {
        let number: f64 = self.text(at)?.trim().parse().ok()?;
        number.is_finite().then_some(number)
    }
}

impl Client {
    /// Reads every record of `schema`'s entity, or those modified at or after `since` (the caller takes the overlap off).
    ///
    /// A listing that is not proved is read again, twice at most; then the facts say why, and the records are the
    /// distinct ones of the last reading. Fails where the run must end: 401 and other 4xx, a page that never comes, a
    /// server that ignores paging, or when cancelled.
    pub async fn listing(
        &self,
        schema: &Schema,
        since: Option<DateTime<Utc>>,
        progress: &Progress,
    ) -> Result<Listing, ImpartnerError> {
        let shape = Shape::of(schema);
        if shape.region_id.is_some() {
            // Names may have been added or changed since the last listing.
            self.keep_regions(None);
        }
        let read = self.read(shape, since, progress);
        until_cancelled(progress, read).await
    }

    /// Reads some fields of every record of `object`, with the same paging and proof.
    pub async fn values(
        &self,
        object: &str,
        fields: &[&str],
        progress: &Progress,
    ) -> Result<Values, ImpartnerError> {
        let shape = Shape::named(object, &schema_of(fields));
        let read = self.read(shape, None, progress);
        let listing = until_cancelled(progress, read).await?;
        Ok(Values {
            rows: rows(&listing.records, fields.len()),
            facts: listing.facts,
        })
    }

    /// The names of the regions, read once for each listing that needs them.
    pub(super) fn regions<'a>(
        &'a self,
        dialect: Dialect,
        tally: &'a Arc<Tally>,
    ) -> BoxFuture<'a, Result<Arc<Regions>, ImpartnerError>> {
        async move {
            let _alone = self.inner.reading_regions.lock().await;
            if let Some(regions) = self.known_regions() {
                return Ok(regions);
            }
            let job = Job {
                client: self.clone(),
                shape: Arc::new(Shape::named("Region", &schema_of(&["Name"]))),
                dialect,
                since: None,
                tally: Arc::clone(tally),
                attempt: 1,
                came: AtomicBool::new(false),
            };
            let swept = sweep(Arc::new(job), &Progress::silent()).await?;
            let regions: Arc<Regions> = Arc::new(
                rows(&swept.set, 1)
                    .into_iter()
                    .filter_map(|row| Some((row.id, row.cells.into_iter().next()??)))
                    .collect(),
            );
            self.keep_regions(Some(Arc::clone(&regions)));
            Ok(regions)
        }
        .boxed()
    }

    async fn read(
        &self,
        shape: Shape,
        since: Option<DateTime<Utc>>,
        progress: &Progress,
    ) -> Result<Listing, ImpartnerError> {
        let mut shape = Arc::new(self.adjusted(shape));
        let tally = Arc::new(Tally::default());
        let mut dialect = self.dialect(&shape.object, &tally).await?;
        let mut switched = false;
        let mut attempt = 1;
        loop {
            let job = Arc::new(Job {
                client: self.clone(),
                shape: Arc::clone(&shape),
                dialect,
                since,
                tally: Arc::clone(&tally),
                attempt,
                came: AtomicBool::new(false),
            });
            let asked = job.page_size();
            let swept = match sweep(Arc::clone(&job), progress).await {
                Ok(swept) if swept.ledger.paging() == Paging::Doubtful && attempt == ATTEMPTS => {
                    Err(ignores_paging(&shape, dialect))
                }
                other => other,
            };
            let swept = match swept {
                Err(ImpartnerError::IgnoresPaging { .. }) if self.may_switch() && !switched => {
                    // What `auto` took for honoured was not; the other dialect gets its chance.
                    tracing::info!(object = shape.object, %dialect, "paging is ignored; trying the other dialect");
                    (switched, attempt, dialect) = (true, 1, dialect.other());
                    continue;
                }
                Err(ImpartnerError::IgnoresPaging { object, .. }) if switched => {
                    return Err(ImpartnerError::IgnoresPaging {
                        object,
                        dialects: "objects dialect and of the odata dialect".into(),
                    });
                }
                // The other dialect is not this server's at all: what it refuses there is nothing to mend.
                Err(ImpartnerError::Client { status: 400, .. }) if switched => {
                    return Err(ignores_paging(&shape, dialect.other()));
                }
                Err(ImpartnerError::Client {
                    what,
                    status: 400,
                    message,
                }) if !job.came.load(Ordering::Relaxed) => {
                    shape = Arc::new(self.without_unknown(&shape, what, message).await?);
                    continue;
                }
                other => other?,
            };
            let (records, doubled) = distinct(&shape, swept.set);
            let doubt = swept.ledger.doubt(asked, records.len() as u64, doubled);
            if let Some(doubt) = &doubt {
                tracing::info!(object = shape.object, attempt, doubt, "listing not proved");
                // Without a total no reading is ever proved: reading again would change nothing.
                if attempt < ATTEMPTS && swept.ledger.count().is_some() {
                    progress.report(RunEvent::Notice {
                        message: format!(
                            "The listing of {} is not proved: {doubt}. It is read again.",
                            shape.object
                        ),
                    });
                    attempt += 1;
                    tokio::time::sleep(self.backoff.wait(1)).await;
                    continue;
                }
            } else if switched {
                self.settle(dialect).await;
            }
            return Ok(Listing {
                facts: SourceFacts {
                    read: records.len() as u64,
                    count: swept.ledger.count(),
                    proved: doubt.is_none(),
                    pages: swept.ledger.pages,
                    retries: tally.get(),
                    reason: doubt,
                },
                clock: tally.clock(),
                warnings: warnings(
                    &shape,
                    dialect,
                    &swept.odd,
                    swept.ledger.unusable,
                    swept.seen,
                    records.len(),
                ),
                records,
            });
        }
    }
}

impl Client {
    /// After a 400: the shape without a field that the tenant does not have and that another can stand for. Where there
    /// is none, the refusal, with the fields that are to blame where the tenant's description tells.
    async fn without_unknown(
        &self,
        shape: &Shape,
        what: String,
        mut message: String,
    ) -> Result<Shape, ImpartnerError> {
        let said = message.to_lowercase();
        let about_fields = ["field", "column", "property", "select"]
            .iter()
            .any(|word| said.contains(word));
        let left_out = match shape.blamed(&message) {
            Some(name) => Some(name),
            // Any other refusal ends the run as it is.
            None if !about_fields => None,
            None => match self.describe_object(&shape.object).await? {
                Some(known) => match shape.unknown(&known) {
                    Unknown::Optional(name) => Some(name),
                    Unknown::Needed(names) => {
                        if !names.is_empty() {
                            message = format!("{message} (the tenant has no {})", names.join(", "));
                        }
                        None
                    }
                },
                None => None,
            },
        };
        let Some(name) = left_out else {
            return Err(ImpartnerError::Client {
                what,
                status: 400,
                message,
            });
        };
        tracing::info!(
            object = shape.object,
            name,
            "the tenant has no such field; going on without it"
        );
        self.learn(&shape.object, |learnt| shape.learns(learnt, &name));
        Ok(self.adjusted(shape.clone()))
    }
}

fn ignores_paging(shape: &Shape, dialect: Dialect) -> ImpartnerError {
    ImpartnerError::IgnoresPaging {
        object: shape.object.clone(),
        dialects: format!("{dialect} dialect"),
    }
}

fn rows(set: &SourceSet, width: usize) -> Vec<ValueRow> {
    (0u32..)
        .zip(set.ids())
        .map(|(at, &id)| ValueRow {
            id,
            cells: (0..width)
                .map(|field| set.field(at, field).map(str::to_owned))
                .collect(),
        })
        .collect()
}
