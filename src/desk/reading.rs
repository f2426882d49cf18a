//! Reading: listings, by-id checks, the deleted-ids feed and our own tables, side by side (docs/rules.md, "Reading").
//! What comes out is a [`PlanInput`]; no rule of the business is here but the order of the questions.

mod wanted;

use chrono::{DateTime, TimeDelta, Utc};
use rustc_hash::FxHashSet;

use super::Desk;
use crate::error::{Error, Result};
use crate::impartner::{ByIds, CANARIES, Client};
use crate::plan::dates;
use crate::plan::planner::{Answers, EntityInput, PlanInput, Read, met, new_keys, questions};
use crate::plan::{Entity, Holds, Mode, PerEntity, RowSet, SameKeys, Schema, Warning};
use crate::progress::{Phase, Progress};
use crate::values::PreviewRequest;
pub(in crate::desk) use wanted::Wanted;
use wanted::nothing_listed;

/// An empty listing is read again this often before it is called not proved (docs/rules.md, "Reading").
const REREADS: usize = 2;

/// So many contacts that waited for their partner are asked for one by one; more are read with the listing.
const ONE_BY_ONE: usize = 200;

/// Rounds of by-id questions: an answer can raise another question (an owner of a row), seldom a third.
const ROUNDS: usize = 4;

/// Until when an entity's changes and deletions are known.
#[derive(Clone, Copy, Debug, Default)]
struct Marks {
    watermark: Option<DateTime<Utc>>,
    deletions: Option<DateTime<Utc>>,
}

/// Under which name the store keeps until when deletions are known.
pub(super) fn deletions_key(entity: Entity) -> String {
    format!("deletions.{entity}")
}

/// Under which name the store keeps that the status of an entity's records came with one of them: from then on a filter
/// by it counts on it (docs/rules.md, "Filters").
pub(super) fn status_key(entity: Entity) -> String {
    format!("status.{entity}")
}

impl Desk {
    /// Everything a plan of `request` is made from. Without a watermark an incremental run becomes full, and says so.
    pub(super) async fn read_all(
        &self,
        wanted: Wanted<'_>,
        progress: &Progress,
    ) -> Result<PlanInput> {
        let Wanted { request, only } = wanted;
        progress.phase(Phase::Reading);
        let schemas = PerEntity::from_fn(|entity| self.config().schema(entity));
        // First of all: a run that commits while this one reads is then a newer one.
        let database = self.store().point().await?;
        let marks = self.marks().await?;
        let mut warnings = Vec::new();
        if self.store().never_migrated() {
            warnings.push(Warning {
                code: "never_migrated".into(),
                entity: Entity::Partners,
                impartner_id: None,
                message: "The database was never migrated and is only looked at: this preview knows no holds, no carried-over records and no earlier soft-deletes that would count in a guard's window, and its plan cannot be applied.".into(),
            });
        }
        let accepted = self.accepted().await?;
        let mode = if only.is_some() {
            // Asked for by id, records need no mark to go on from.
            Mode::Incremental
        } else {
            let waited = self.rules_waited(accepted.as_ref()).await?;
            effective_mode(request, &marks, waited, &mut warnings)
        };
        let (partners, contacts, lms_links, waiting) = tokio::try_join!(
            self.read_entity(&schemas.partners, wanted, mode, &marks, progress),
            self.read_entity(&schemas.contacts, wanted, mode, &marks, progress),
            async { Ok(self.store().lms_links().await?) },
            async { Ok(self.store().waiting().await?) },
        )?;
        for more in [partners.1, contacts.1] {
            warnings.extend(more);
        }
        let mut input = PlanInput {
            scope: request.scope,
            mode,
            created_at: self.clock().now(),
            database,
            schemas,
            entities: PerEntity {
                partners: partners.0,
                contacts: contacts.0,
            },
            accepted,
            lms_links,
            waiting,
            warnings,
        };
        progress.phase(Phase::Checking);
        for entity in request.scope.entities() {
            if entity == Entity::Contacts && only.is_none() {
                self.call_waiting(&mut input, progress).await?;
            }
            self.ask(&mut input, entity, progress).await?;
            input.entities[entity].limits.same = self.same_keys(&input, entity).await?;
        }
        if progress.is_cancelled() {
            Err(Error::cancelled())
        } else {
            Ok(input)
        }
    }

    /// The mode that a request comes to as things stand.
    pub(super) async fn mode_of(&self, wanted: Wanted<'_>) -> Result<Mode> {
        let Wanted { request, only } = wanted;
        if only.is_some() {
            return Ok(request.mode);
        }
        let marks = self.marks().await?;
        let waited = self.rules_waited(self.accepted().await?.as_ref()).await?;
        Ok(effective_mode(request, &marks, waited, &mut Vec::new()))
    }

    /// What is known of one entity before anything is asked by id. Listing and tables are read at the same time.
    async fn read_entity(
        &self,
        schema: &Schema,
        wanted: Wanted<'_>,
        mode: Mode,
        marks: &PerEntity<Marks>,
        progress: &Progress,
    ) -> Result<(EntityInput, Vec<Warning>)> {
        let scope = wanted.scope();
        let entity = schema.entity;
        let listing = async {
            if !scope.has(entity) {
                return Ok(None);
            }
            if wanted.only.is_some() {
                return Ok(Some((
                    nothing_listed(schema, self.clock().now()),
                    Vec::new(),
                )));
            }
            self.read_source(schema, mode, &marks[entity], progress)
                .await
                .map(Some)
        };
        let tables = async {
            let store = self.store();
            let since = self.window_start().await?;
            // A run that leaves contacts alone needs none of their rows; partners are needed to link contacts to.
            let rows = match entity {
                Entity::Contacts if !scope.has(entity) => RowSet::new(schema),
                _ => store.rows(schema).await?,
            };
            let limits = store.limits(schema).await?;
            let holds = self.held_rows(entity).await?;
            let carried = store.carryover().await?;
            let window = store.window_counts(entity, since).await?;
            let had_status = store.meta(&status_key(entity)).await?.is_some();
            Ok::<_, Error>(EntityInput {
                read: None,
                rows,
                limits,
                holds,
                carried: match wanted.only {
                    // Asked for like carried-over ones; the others stay what they are.
                    Some(only) => only.iter().copied().collect(),
                    None => carried
                        .into_iter()
                        .filter(|carried| carried.entity == entity)
                        .map(|carried| carried.impartner_id)
                        .collect(),
                },
                had_status,
                window,
            })
        };
        let (listing, mut input) = tokio::try_join!(listing, tables)?;
        let Some((mut read, mut warnings)) = listing else {
            return Ok((input, Vec::new()));
        };
        let active = input.rows.active_count();
        let suspicious =
            |read: &Read| mode == Mode::Full && read.listed == 0 && active > 0 && read.facts.proved;
        for _ in 0..REREADS {
            if suspicious(&read) {
                (read, warnings) = self
                    .read_source(schema, mode, &marks[entity], progress)
                    .await?;
            }
        }
        if suspicious(&read) {
            // docs/rules.md, "Reading": an empty listing while the database has active rows is never proved.
            read.facts.proved = false;
            read.facts.reason = Some(format!(
                "it is empty, while the database has {active} active {entity}"
            ));
        }
        input.read = Some(read);
        Ok((input, warnings))
    }

    async fn read_source(
        &self,
        schema: &Schema,
        mode: Mode,
        marks: &Marks,
        progress: &Progress,
    ) -> Result<(Read, Vec<Warning>)> {
        let client = self.impartner()?;
        let since = match mode {
            Mode::Full => None,
            Mode::Incremental => marks.watermark.map(|at| at - self.overlap()),
        };
        let started = tokio::time::Instant::now();
        let listing = client.listing(schema, since, progress).await?;
        let took = TimeDelta::from_std(started.elapsed()).unwrap_or_default();
        let facts = &listing.facts;
        tracing::info!(
            entity = %schema.entity,
            read = facts.read,
            count = facts.count,
            proved = facts.proved,
            pages = facts.pages,
            retries = facts.retries,
            "listing read"
        );
        let mut warnings = listing.warnings;
        // Without its clock, ours and a day stand for it: late enough for every time zone, and far before a wrong year.
        let horizon = listing
            .clock
            .unwrap_or_else(|| self.clock().now() + TimeDelta::days(1));
        if let Some(mark) = marks.watermark.filter(|_| mode == Mode::Incremental)
            && dates::is_ahead(mark, horizon)
        {
            warnings.push(Warning {
                code: "watermark_ahead".into(),
                entity: schema.entity,
                impartner_id: None,
                message: format!(
                    "The watermark of {} ({}) lies ahead of Impartner's clock, so nothing that changed is found; a full run (--full) sets it anew.",
                    schema.entity,
                    mark.format("%Y-%m-%d %H:%M UTC")
                ),
            });
        }
        let mut read = Read {
            listed: listing.records.len(),
            latest: next_watermark(
                marks.watermark.filter(|_| mode == Mode::Incremental),
                dates::latest(&listing.records, Some(horizon)),
                took,
                self.overlap(),
            ),
            horizon: Some(horizon),
            records: listing.records,
            facts: listing.facts,
            answers: Answers::default(),
            feed: Vec::new(),
            deletions_known: true,
        };
        if mode == Mode::Incremental {
            let from = marks.deletions.or(marks.watermark).unwrap_or_default() - self.overlap();
            // The end of the span lies ahead of every clock, ours or the source's: ours decides nothing.
            let to = self.clock().now() + TimeDelta::days(1);
            if let Some(ids) = client.deleted(schema.entity, from, to, progress).await? {
                read.feed = ids;
            } else {
                read.deletions_known = false;
                warnings.push(Warning {
                    code: "deleted_feed_refused".into(),
                    entity: schema.entity,
                    impartner_id: None,
                    message: format!("Impartner does not tell which {} were deleted; only a full run finds them.", schema.entity),
                });
            }
        }
        Ok((read, warnings))
    }

    /// What the database takes for one among the names or e-mails that are new to it.
    async fn same_keys(&self, input: &PlanInput, entity: Entity) -> Result<SameKeys> {
        let texts = new_keys(input, entity, &self.config().filters);
        let empty = input.entities[entity].rows.is_empty();
        let schema = &input.schemas[entity];
        Ok(self.store().same_keys(schema, &texts, empty).await?)
    }

    /// Sees to it that contacts whose partner is there by now are read again: a few are asked for by id like carried-over
    /// ones, many are picked from the whole listing, which takes fewer requests than one for each of them.
    async fn call_waiting(&self, input: &mut PlanInput, progress: &Progress) -> Result<()> {
        let met = met(input, &self.config().filters);
        let contacts = &mut input.entities.contacts;
        let page = self.config().impartner.page_size.max(1) as usize;
        let pages = contacts.rows.len() / page;
        if met.len() > ONE_BY_ONE.max(pages)
            && let Some(read) = &mut contacts.read
        {
            let schema = &input.schemas.contacts;
            let all = self.impartner()?.listing(schema, None, progress).await?;
            read.records
                .append_those(&all.records, |id| met.contains(&id));
        }
        contacts.carried.extend(met);
        Ok(())
    }

    /// Asks by id until nothing is open (see [`questions`]).
    async fn ask(&self, input: &mut PlanInput, entity: Entity, progress: &Progress) -> Result<()> {
        let client = self.impartner()?;
        for _ in 0..ROUNDS {
            let ids = questions(input, entity);
            if ids.is_empty() {
                return Ok(());
            }
            let answers = self.by_ids(client, input, entity, &ids, progress).await?;
            take_answers(input, entity, answers);
        }
        Ok(())
    }

    async fn by_ids(
        &self,
        client: &Client,
        input: &PlanInput,
        entity: Entity,
        ids: &[i64],
        progress: &Progress,
    ) -> Result<ByIds> {
        // A record that the listing has just shown proves that asking by id works at all.
        let shown = input.entities[entity]
            .read
            .as_ref()
            .and_then(|read| read.records.ids().get(..read.listed.min(CANARIES)))
            .unwrap_or_default();
        let mut canaries = shown.to_vec();
        if canaries.len() < CANARIES {
            // One listed record that cannot be read by id, or is gone by now, is not to put all the others in doubt.
            canaries.extend(self.canaries(entity, ids).await?);
        }
        Ok(client
            .by_ids(&input.schemas[entity], ids, &canaries, progress)
            .await?)
    }

    /// Active rows that `asked` does not name, to ask for beside it: one of them answering shows that a record which
    /// does not answer is gone, and not the tenant, the right or the address wrong (docs/rules.md, "Reading").
    pub(super) async fn canaries(&self, entity: Entity, asked: &[i64]) -> Result<Vec<i64>> {
        let mut ids = self
            .store()
            .active_ids(entity, asked.len() + CANARIES)
            .await?;
        let asked: FxHashSet<i64> = asked.iter().copied().collect();
        ids.retain(|id| !asked.contains(id));
        ids.truncate(CANARIES);
        Ok(ids)
    }

    async fn marks(&self) -> Result<PerEntity<Marks>> {
        let watermarks = self.store().watermarks().await?;
        let mut marks = PerEntity::<Marks>::default();
        for entity in Entity::ALL {
            let deletions = self.store().meta(&deletions_key(entity)).await?;
            marks[entity] = Marks {
                watermark: watermarks[entity],
                deletions: deletions
                    .and_then(|at| DateTime::parse_from_rfc3339(&at).ok())
                    .map(|at| at.to_utc()),
            };
        }
        Ok(marks)
    }

    /// The holds of an entity.
    pub(super) async fn held_rows(&self, entity: Entity) -> Result<Holds> {
        let mut held = Holds::default();
        for hold in self.store().holds().await? {
            if hold.entity == entity {
                // Neither: its row was taken away by hand.
                if hold.row_id.or(hold.impartner_id).is_some() {
                    let id = hold.impartner_id.unwrap_or_default();
                    held.add(hold.row_id, id, hold.in_words());
                }
            }
        }
        Ok(held)
    }

    fn overlap(&self) -> TimeDelta {
        TimeDelta::from_std(self.config().impartner.overlap).unwrap_or_default()
    }
}

/// The mode a request comes to: without a watermark there is nothing to go on from.
fn effective_mode(
    request: PreviewRequest,
    marks: &PerEntity<Marks>,
    waited: PerEntity<bool>,
    warnings: &mut Vec<Warning>,
) -> Mode {
    let mut scope = request.scope.entities();
    if let Some(entity) = scope.find(|&entity| waited[entity])
        && request.mode == Mode::Incremental
    {
        warnings.push(Warning {
            code: "rules_settled".into(),
            entity,
            impartner_id: None,
            message: format!("The filters waited for acceptance, and do no longer: what they left aside of {entity} is looked at again, so this run is full."),
        });
        return Mode::Full;
    }
    let Some(entity) = request
        .scope
        .entities()
        .find(|&entity| marks[entity].watermark.is_none())
    else {
        return request.mode;
    };
    if request.mode == Mode::Incremental {
        warnings.push(Warning {
            code: "no_watermark".into(),
            entity,
            impartner_id: None,
            message: format!(
                "No earlier run has left a watermark for {entity}, so this run is full."
            ),
        });
    }
    Mode::Full
}

/// Sorts by-id answers into what is there, what is gone, and what nobody knows.
fn take_answers(input: &mut PlanInput, entity: Entity, answers: ByIds) {
    let Some(read) = &mut input.entities[entity].read else {
        return;
    };
    let feed: FxHashSet<i64> = read.feed.iter().copied().collect();
    for &id in answers.records.ids() {
        if feed.contains(&id) {
            input.warnings.push(Warning {
                code: "deleted_feed_contradicted".into(),
                entity,
                impartner_id: Some(id),
                message: format!("Impartner lists {} #{id} as deleted, and answers for it when asked by id; it counts as there.", entity.singular()),
            });
        }
    }
    input.warnings.extend(answers.warnings);
    read.records.append(&answers.records);
    read.answers.gone.extend(answers.gone);
    for (id, why) in answers.unverified {
        let fed = feed.contains(&id);
        if fed && read.deletions_known {
            // The record may have been restored since it was deleted: only its own answer tells. The next run asks the feed
            // for the same span again.
            read.deletions_known = false;
            input.warnings.push(Warning {
                code: "deleted_feed_unverified".into(),
                entity,
                impartner_id: Some(id),
                message: format!("Impartner lists {} #{id} as deleted, but {why}; what it lists is asked for again by the next run.", entity.singular()),
            });
        }
        read.answers.unverified.insert(id, why);
    }
}

/// The watermark that a reading gives: the largest credible modification time the source reported. An incremental one is
/// never before the last; a full one sets it anew, lower too, so that a mark which a wrong date moved too far is mended.
///
/// A record may change behind a reading's back on a page that was read already, while a later page reports a later
/// time. The overlap covers readings shorter than itself; for a longer one the watermark steps back by what is missing.
fn next_watermark(
    last: Option<DateTime<Utc>>,
    reported: Option<DateTime<Utc>>,
    took: TimeDelta,
    overlap: TimeDelta,
) -> Option<DateTime<Utc>> {
    let uncovered = if overlap.is_zero() {
        TimeDelta::zero()
    } else {
        (took - overlap).max(TimeDelta::zero())
    };
    last.max(reported.map(|at| at - uncovered))
}
