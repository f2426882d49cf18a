//! One page of a listing: asked for, decoded, and known for what it lacks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use reqwest::Method;

use super::ImpartnerError;
use super::client::{Client, Patience};
use super::decode::Decoded;
use super::dialect::{Dialect, Slice};
use super::envelope::{Data, Expect, read};
use super::retry::{Failure, Tally, Verdict};
use super::shape::Shape;

/// What is read.
pub(super) struct Job {
    pub(super) client: Client,
    pub(super) shape: Arc<Shape>,
    pub(super) dialect: Dialect,
    pub(super) since: Option<DateTime<Utc>>,
    pub(super) tally: Arc<Tally>,
    /// 1, or more when the listing is read again.
    pub(super) attempt: u32,
    /// Whether a page came: then a refusal has nothing to do with the fields asked for.
    pub(super) came: AtomicBool,
}

/// One page.
pub(super) struct Page {
    pub(super) decoded: Decoded,
    pub(super) count: Option<u64>,
}

impl Job {
    /// Records asked for per page.
    pub(super) fn page_size(&self) -> u64 {
        u64::from(self.client.inner.config.page_size.max(1))
    }

    /// The same job, asking for `names` too.
    fn asking(&self, names: &[String]) -> Self {
        Self {
            client: self.client.clone(),
            shape: Arc::new(Shape::clone(&self.shape).asking(names)),
            tally: Arc::clone(&self.tally),
            came: AtomicBool::new(true),
            ..*self
        }
    }

    /// Fetches the first page. Where what it is asked for in one form is missing or null in every record, the other forms
    /// are asked for once, and those that hold are kept (docs/rules.md, "Reading").
    pub(super) async fn first(self: &mut Arc<Self>, slice: Slice) -> Result<Page, ImpartnerError> {
        let page = self.page(slice).await?;
        self.came.store(true, Ordering::Relaxed);
        let others = self.shape.other_forms(page.decoded.given);
        if page.decoded.set.is_empty() || others.is_empty() {
            return Ok(page);
        }
        let object = &self.shape.object;
        let fuller = match self.asking(&others).page(slice).await {
            Ok(fuller) => fuller,
            // The tenant does not have it in that form, or not here: as it was, then.
            Err(ImpartnerError::Client { .. }) => return Ok(page),
            Err(error) => return Err(error),
        };
        let held = self.shape.held(&others, fuller.decoded.given);
        self.client.learn(object, |learnt| {
            learnt.no_other_form = held.is_empty();
            learnt.also.extend(held.iter().cloned());
        });
        if held.is_empty() {
            return Ok(page);
        }
        *self = Arc::new(self.asking(&held));
        Ok(fuller)
    }

    /// Fetches and decodes one page.
    pub(super) async fn page(&self, slice: Slice) -> Result<Page, ImpartnerError> {
        self.ask(slice, Patience::Configured).await
    }

    /// Fetches a page where nothing should come any more. `None`: what came is no page; past its end a server may answer
    /// anything, and only a page would say more about the listing.
    pub(super) async fn past_the_end(&self, slice: Slice) -> Result<Option<Page>, ImpartnerError> {
        match self.ask(slice, Patience::Brief).await {
            Ok(page) => Ok(Some(page)),
            Err(ImpartnerError::Client { .. } | ImpartnerError::PageNeverCame { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn ask(&self, slice: Slice, patience: Patience) -> Result<Page, ImpartnerError> {
        let client = &self.client;
        let object = &self.shape.object;
        let query = self
            .dialect
            .page(&self.shape.asked(self.dialect), slice, self.since);
        let url = client.url(&[object], &query);
        let what = format!("the listing of {object}");
        let fetched = client
            .fetch(Method::GET, &url, &what, patience, &self.tally, |answer| {
                if let Some(trouble) = client.page_trouble(answer, &what) {
                    return trouble;
                }
                let regions = client.known_regions();
                let (envelope, decoded) =
                    read(&answer.body, Expect::Page, &self.shape, regions.as_deref());
                if let Some(trouble) =
                    client.body_trouble(envelope.as_ref(), &what, &[Data::Records])
                {
                    return trouble;
                }
                let count = envelope.ok().and_then(|envelope| envelope.count);
                let body = decoded.needs_regions.then(|| answer.body.clone());
                Verdict::Done((Page { decoded, count }, body))
            })
            .await;
        match fetched {
            Ok((page, None)) => Ok(page),
            Ok((page, Some(body))) => {
                let regions = client.regions(self.dialect, &self.tally).await?;
                let (_, decoded) = read(&body, Expect::Page, &self.shape, Some(&regions));
                Ok(Page { decoded, ..page })
            }
            Err(Failure::Stop(error)) => Err(error),
            Err(Failure::GaveUp(gave_up)) => Err(ImpartnerError::PageNeverCame {
                object: object.clone(),
                page: slice.start / self.page_size() + 1,
                attempts: gave_up.attempts,
                last: gave_up.last,
            }),
        }
    }
}
