//! Asking for records by id: the check that decides whether an absent record is gone (docs/rules.md, "The plan").
//!
//! "Gone" is positive evidence and needs a positive answer that is the API's own and whole: a 404, `success: false` with
//! nothing but not-found codes, or `data: null` with `success: true` and not a word beside it. And it counts only while a
//! canary, a record that must be there, is found by id in the same call: an address, a tenant or a right that answers
//! "not found" to everything deletes nobody. Everything else that is not the record (401 apart, which ends the run) is
//! `unverified`.

use std::borrow::Cow;
use std::sync::Arc;

use reqwest::Method;
use tokio::task::JoinSet;
use tracing::Instrument;

use super::ImpartnerError;
use super::client::{Answer, Client, Patience, until_cancelled};
use super::decode::{Decoded, Oddity};
use super::dialect::Dialect;
use super::envelope::{Data, Envelope, Expect, read};
use super::retry::{Failure, Tally, Verdict};
use super::shape::Shape;
use super::tidy;
use crate::plan::{Schema, SourceSet, Warning};
use crate::progress::{Progress, RunEvent};

/// After so many checks in a row that brought nothing, the rest is not asked for: an upstream that is down would hold a
/// run for hours, and every one of the answers would read "unverified" anyway.
const HOPELESS: usize = 25;

/// So many records are tried as canaries: one of them may have been deleted upstream itself.
pub const CANARIES: usize = 3;

/// What became of the records that were asked for. Every id asked for is in exactly one of the three.
#[derive(Debug)]
pub struct ByIds {
    /// Those that exist.
    pub records: SourceSet,
    /// Those that Impartner says do not exist, ascending.
    pub gone: Vec<i64>,
    /// Those about which nothing is known, and why (a clause), ascending.
    pub unverified: Vec<(i64, String)>,
    /// What looked odd in the records.
    pub warnings: Vec<Warning>,
}

/// What one id's answer says.
enum Found {
    Record(Box<Decoded>),
    Gone,
    Unverified(String),
    /// The request was refused because of a field that can be left out.
    Blames(String),
}

impl Client {
    /// Asks for each of `ids`. 401 ends the run.
    ///
    /// `canaries` are records that must be there: one that the listing has just shown, or a few active rows. When one of
    /// `ids` is not found, they are asked for after it until one answers; unless one does, nothing counts as gone. Without
    /// any, a record that this call did find is asked for once more.
    pub async fn by_ids(
        &self,
        schema: &Schema,
        ids: &[i64],
        canaries: &[i64],
        progress: &Progress,
    ) -> Result<ByIds, ImpartnerError> {
        until_cancelled(progress, self.ask_all(schema, ids, canaries, progress)).await
    }

    async fn ask_all(
        &self,
        schema: &Schema,
        ids: &[i64],
        canaries: &[i64],
        progress: &Progress,
    ) -> Result<ByIds, ImpartnerError> {
        let shape = Arc::new(self.adjusted(Shape::of(schema)));
        let dialect = self.settled_dialect().await.unwrap_or(Dialect::Objects);
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        let total = ids.len() as u64;
        let mut out = Collected::new(schema);
        let mut waiting = ids.iter().copied();
        let mut under_way = JoinSet::new();
        let most = self.inner.config.concurrency.clamp(1, 256) + 2;
        loop {
            while under_way.len() < most && !out.hopeless() {
                let Some(id) = waiting.next() else { break };
                let (client, shape) = (self.clone(), Arc::clone(&shape));
                let ask = async move { (id, client.ask(&shape, id, dialect).await) };
                under_way.spawn(ask.in_current_span());
            }
            let Some(done) = under_way.join_next().await else {
                break;
            };
            match done {
                Ok((id, found)) => {
                    out.take(id, found?);
                    let (records, bytes) = (out.records.len() as u64, out.records.bytes());
                    if let Some(most) = self.inner.bounds.exceeded(records, 0, bytes) {
                        let object = shape.object.clone();
                        return Err(ImpartnerError::TooMuch { object, most });
                    }
                }
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    Err(_) => return Err(ImpartnerError::Cancelled),
                },
            }
            progress.report(RunEvent::Checking {
                entity: schema.entity,
                done: out.done,
                total,
            });
        }
        for id in waiting {
            let why = format!(
                "not asked for: the {HOPELESS} checks before it all failed, the last with: {}",
                out.last_failure
            );
            out.unverified.push((id, why));
        }
        if !out.gone.is_empty() {
            let found = out.records.ids().first().copied();
            let canaries = match canaries {
                [] => found.as_slice(),
                some => some,
            };
            if let Some(doubt) = self.ask_canaries(&shape, canaries, dialect).await? {
                out.doubt_gone(&doubt);
            }
        }
        Ok(out.finish(&shape, dialect))
    }

    /// Why an answer of "gone" cannot be trusted, judged by records that must be there. `None`: one of them was found.
    async fn ask_canaries(
        &self,
        shape: &Shape,
        canaries: &[i64],
        dialect: Dialect,
    ) -> Result<Option<String>, ImpartnerError> {
        let mut doubt =
            "no record that must be there could be asked for by id beside it.".to_owned();
        for &canary in canaries.iter().take(CANARIES) {
            doubt = match self.ask(shape, canary, dialect).await? {
                Found::Record(_) => return Ok(None),
                Found::Gone => {
                    format!("Impartner says the same of record {canary}, which should be there.")
                }
                Found::Unverified(why) | Found::Blames(why) => format!(
                    "record {canary}, which should be there, could not be read by id either: {why}"
                ),
            };
        }
        Ok(Some(doubt))
    }

    /// Asks for one record, again without a field that the tenant does not have, or in other forms where
    /// it comes without a region or an account.
    async fn ask(&self, shape: &Shape, id: i64, dialect: Dialect) -> Result<Found, ImpartnerError> {
        let mut shape = Cow::Borrowed(shape);
        loop {
            let plain = match self.ask_once(&shape, id, dialect).await? {
                Found::Blames(name) => {
                    self.learn(&shape.object, |learnt| shape.learns(learnt, &name));
                    shape = Cow::Owned(self.adjusted(shape.into_owned()));
                    continue;
                }
                Found::Record(plain) => plain,
                found => return Ok(found),
            };
            let others = shape.other_forms(plain.given);
            if others.is_empty() || self.knows_no_other_form(&shape.object) {
                return Ok(Found::Record(plain));
            }
            let wider = shape.into_owned().asking(&others);
            let Found::Record(full) = self.ask_once(&wider, id, dialect).await? else {
                return Ok(Found::Record(plain));
            };
            let held = wider.held(&others, full.given);
            if held.is_empty() {
                return Ok(Found::Record(plain));
            }
            self.learn(&wider.object, |learnt| learnt.also.extend(held));
            return Ok(Found::Record(full));
        }
    }

    async fn ask_once(
        &self,
        shape: &Shape,
        id: i64,
        dialect: Dialect,
    ) -> Result<Found, ImpartnerError> {
        if id <= 0 {
            return Ok(Found::Unverified(
                "no record of Impartner's can have this id.".into(),
            ));
        }
        let number = id.to_string();
        let url = self.url(
            &[&shape.object, &number],
            &dialect.one(&shape.asked(dialect)),
        );
        let what = format!("{} {id}", shape.object);
        let tally = Arc::new(Tally::default());
        let fetched = self
            .fetch(
                Method::GET,
                &url,
                &what,
                Patience::Configured,
                &tally,
                |answer| match self.judge(answer, shape, id, &what) {
                    Verdict::Done(found) => {
                        let again = matches!(&found, Found::Record(d) if d.needs_regions);
                        Verdict::Done((found, again.then(|| answer.body.clone())))
                    }
                    Verdict::Again(why) => Verdict::Again(why),
                    Verdict::Stop(error) => Verdict::Stop(error),
                },
            )
            .await;
        match fetched {
            Ok((found, None)) => Ok(found),
            Ok((_, Some(body))) => {
                let regions = self.regions(dialect, &tally).await?;
                let (_, decoded) = read(&body, Expect::One, shape, Some(&regions));
                Ok(Found::Record(Box::new(decoded)))
            }
            Err(Failure::Stop(error)) => Err(error),
            Err(Failure::GaveUp(gave_up)) => Ok(Found::Unverified(format!(
                "{} attempts failed; the last one: {}",
                gave_up.attempts, gave_up.last
            ))),
        }
    }

    /// What an answer says of record `id`.
    fn judge(&self, answer: &Answer, shape: &Shape, id: i64, what: &str) -> Verdict<Found> {
        match answer.status.as_u16() {
            200..=299 => {}
            404 if !answer.whole => {
                let why = "status 404, but the answer broke off.";
                return Verdict::Done(Found::Unverified(why.into()));
            }
            404 => return Verdict::Done(self.judge_404(&shape.object, &answer.body)),
            400 if let Some(name) = shape.blamed(&self.said(&answer.body)) => {
                return Verdict::Done(Found::Blames(name));
            }
            _ => return Verdict::Done(Found::Unverified(self.status_text(answer))),
        }
        let regions = self.known_regions();
        let (envelope, decoded) = read(&answer.body, Expect::One, shape, regions.as_deref());
        if let Ok(envelope) = &envelope {
            let none = match envelope.success {
                Some(true) => envelope.data == Data::Null && !envelope.says_anything(),
                Some(false) => {
                    matches!(envelope.data, Data::Missing | Data::Null)
                        && envelope.says_not_found(&shape.object)
                }
                None => false,
            };
            if none {
                return Verdict::Done(Found::Gone);
            }
            if envelope.success != Some(false) && envelope.errors {
                return Verdict::Done(Found::Unverified(format!(
                    "the answer came with errors: {}",
                    match self.bound(&envelope.said()) {
                        said if said.is_empty() => "unreadable ones.".to_owned(),
                        said => said,
                    }
                )));
            }
        }
        let records = [Data::Record, Data::Records];
        if let Some(trouble) = self.body_trouble(envelope.as_ref(), what, &records) {
            return trouble;
        }
        Verdict::Done(match (decoded.set.ids(), decoded.unusable) {
            ([only], 0) if *only == id => Found::Record(Box::new(decoded)),
            ([other], 0) => {
                Found::Unverified(format!("Impartner answered with record {other} instead."))
            }
            ([], _) => Found::Unverified("Impartner answered with a record without an id.".into()),
            _ => Found::Unverified("Impartner answered with several records.".into()),
        })
    }

    /// A 404 means that the record is gone only when the API itself sent it. A gateway between us and the API sends 404s
    /// too, as a page of HTML or plain text: those are `unverified`.
    fn judge_404(&self, object: &str, body: &[u8]) -> Found {
        if body.trim_ascii().is_empty() {
            return Found::Gone;
        }
        match Envelope::of_failure(body) {
            Some(envelope)
                if envelope.success != Some(true)
                    && envelope.says_nothing_but_not_found(object)
                    && matches!(envelope.data, Data::Missing | Data::Null) =>
            {
                Found::Gone
            }
            _ => Found::Unverified(format!(
                "status 404, but not in the words of the API: {}",
                match self.said(body) {
                    said if said.is_empty() => "nothing readable.".to_owned(),
                    said => said,
                }
            )),
        }
    }
}

/// Answers, as they come.
struct Collected {
    records: SourceSet,
    gone: Vec<i64>,
    unverified: Vec<(i64, String)>,
    odd: Vec<Oddity>,
    done: u64,
    failures_in_a_row: usize,
    last_failure: String,
}

impl Collected {
    fn new(schema: &Schema) -> Self {
        Self {
            records: SourceSet::new(schema),
            gone: Vec::new(),
            unverified: Vec::new(),
            odd: Vec::new(),
            done: 0,
            failures_in_a_row: 0,
            last_failure: String::new(),
        }
    }

    fn hopeless(&self) -> bool {
        self.failures_in_a_row >= HOPELESS
    }

    fn take(&mut self, id: i64, found: Found) {
        self.done += 1;
        if let Found::Unverified(why) = &found {
            self.failures_in_a_row += 1;
            self.last_failure.clone_from(why);
        } else {
            self.failures_in_a_row = 0;
        }
        match found {
            Found::Record(decoded) => {
                self.records.append(&decoded.set);
                self.odd.extend(decoded.odd);
            }
            Found::Gone => self.gone.push(id),
            Found::Unverified(why) | Found::Blames(why) => self.unverified.push((id, why)),
        }
    }

    /// Moves what cannot be trusted from gone to unverified.
    fn doubt_gone(&mut self, doubt: &str) {
        for id in self.gone.drain(..) {
            let why = format!("Impartner says it does not exist, but {doubt}");
            self.unverified.push((id, why));
        }
    }

    fn finish(mut self, shape: &Shape, dialect: Dialect) -> ByIds {
        self.gone.sort_unstable();
        self.unverified.sort_unstable();
        for (_, why) in &mut self.unverified {
            // Some of the reasons end as sentences; what they are put into goes on.
            why.truncate(why.trim_end_matches('.').len());
        }
        let warnings = tidy::warnings(shape, dialect, &self.odd, 0, 0, 0);
        ByIds {
            records: self.records,
            gone: self.gone,
            unverified: self.unverified,
            warnings,
        }
    }
}
