//! The plan as a value: its items, what was read for it, its totals, guards and warnings.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::accepted::{ByRule, RulesFacts};
use super::guards::{Guard, WindowCounts};
use super::{
    DatabasePoint, Entity, Item, ItemView, Mode, Op, Packed, PartnerRef, PerEntity, Schema, Scope,
    Waits,
};

/// How one listing was read (docs/contract.md, "JSON", `sources`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SourceFacts {
    /// Distinct records read.
    pub read: u64,
    /// The control total, where the source gives one.
    pub count: Option<u64>,
    /// Whether the listing is proved (docs/rules.md, "Reading").
    pub proved: bool,
    /// Pages read.
    pub pages: u64,
    /// Requests that had to be repeated.
    pub retries: u64,
    /// Why it is not proved.
    pub reason: Option<String>,
}

/// How many records ended in which operation.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Totals {
    /// New rows.
    pub add: u64,
    /// Rows whose fields change.
    pub update: u64,
    /// Rows that are back.
    pub reactivate: u64,
    /// Rows that become inactive, ticked or not.
    pub soft_delete: u64,
    /// Records with nothing to do.
    pub unchanged: u64,
    /// Records left out.
    pub excluded: u64,
    /// Records that cannot be applied.
    pub conflict: u64,
}

impl Totals {
    /// Counts one record.
    pub fn count(&mut self, op: Op) {
        *self.of_mut(op) += 1;
    }

    /// Counts one record as `now` instead of `before`.
    pub(super) fn recount(&mut self, before: Op, now: Op) {
        *self.of_mut(before) -= 1;
        self.count(now);
    }

    /// The number for `op`.
    pub fn of(&self, op: Op) -> u64 {
        match op {
            Op::Add => self.add,
            Op::Update => self.update,
            Op::Reactivate => self.reactivate,
            Op::SoftDelete => self.soft_delete,
            Op::Unchanged => self.unchanged,
            Op::Excluded => self.excluded,
            Op::Conflict => self.conflict,
        }
    }

    fn of_mut(&mut self, op: Op) -> &mut u64 {
        match op {
            Op::Add => &mut self.add,
            Op::Update => &mut self.update,
            Op::Reactivate => &mut self.reactivate,
            Op::SoftDelete => &mut self.soft_delete,
            Op::Unchanged => &mut self.unchanged,
            Op::Excluded => &mut self.excluded,
            Op::Conflict => &mut self.conflict,
        }
    }
}

/// Something a person should know about a record or a listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Warning {
    /// A fixed word in snake_case.
    pub code: Cow<'static, str>,
    /// Whose record or listing.
    pub entity: Entity,
    /// The record, where it is about one.
    pub impartner_id: Option<i64>,
    /// One sentence. May hold text from outside.
    pub message: String,
}

/// What a plan was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PlanOrigin {
    /// A reading of the source.
    Sync,
    /// The journal of a run, reversed.
    Undo {
        /// The run that is undone.
        run_id: i64,
    },
}

/// The texts of one entity's items.
#[derive(Clone, Debug)]
pub struct Arenas {
    /// What the arenas' columns are.
    pub schema: Schema,
    /// Rows as they were; one column for each field.
    pub before: Packed,
    /// Rows as they will be; one column for each field, then the status and the account name that the source gave.
    pub after: Packed,
}

impl Arenas {
    /// Empty arenas for `schema`.
    pub fn new(schema: Schema) -> Self {
        let width = schema.fields.len();
        Self {
            schema,
            before: Packed::new(width),
            after: Packed::new(width + 2),
        }
    }
}

/// What would change, why, and on what evidence: the artefact that is reviewed, saved, applied once.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Hash of the content (see `plan/file.rs`).
    pub id: String,
    /// What it is about.
    pub scope: Scope,
    /// How much was read.
    pub mode: Mode,
    /// When it was made (UTC).
    pub created_at: DateTime<Utc>,
    /// What it was made from.
    pub origin: PlanOrigin,
    /// The database it belongs to, as it was when its reading began.
    pub database: DatabasePoint,
    /// How the listings were read; `None` for an entity that was not.
    pub sources: PerEntity<Option<SourceFacts>>,
    /// Records by operation.
    pub totals: PerEntity<Totals>,
    /// Whether the configured filters differ from the accepted ones.
    pub rules: RulesFacts,
    /// Records that only the configured filters would add, bring back or soft-delete; not among the totals.
    pub by_rule: PerEntity<ByRule>,
    /// The guards as they stand with the ticks as first set.
    pub guards: Vec<Guard>,
    /// What guards count beside this plan.
    pub windows: PerEntity<WindowCounts>,
    /// Warnings.
    pub warnings: Vec<Warning>,
    /// Every record but the unchanged and the excluded: by entity, then [`Op`], then Impartner id.
    pub items: Vec<Item>,
    /// The excluded records, suspicious ones first.
    pub excluded: Vec<Item>,
    /// The soft-deletes not even proposed because a listing was not proved.
    pub kept_back: PerEntity<u64>,
    /// The watermark that applying this plan sets; `None`: it stays.
    pub watermarks: PerEntity<Option<DateTime<Utc>>>,
    /// Until when the deletions are known once this plan is applied: a full listing, or the deleted-ids feed, told of
    /// all before. `None`: the mark stays, because the feed was refused.
    pub feed_marks: PerEntity<Option<DateTime<Utc>>>,
    /// Carried-over records that this plan found settled without a change (unchanged, excluded or gone), by Impartner id.
    pub settled: PerEntity<Vec<i64>>,
    /// Records that stay carried over whatever becomes of them, by Impartner id: their modification time is none that an
    /// incremental run could go by.
    pub misdated: PerEntity<Vec<i64>>,
    /// What changes about the contacts that wait for a partner.
    pub waits: Waits,
    /// The source's fields that a filter needs and that came in no record of the listing: the guard `missing_field`.
    pub missing: PerEntity<Vec<String>>,
    /// Whether the status came with a record: once applied, a filter by it counts on it.
    pub status_came: PerEntity<bool>,
    /// Partners that contacts refer to.
    pub partners: Vec<PartnerRef>,
    /// Reasons, each once.
    pub reasons: Vec<String>,
    /// Texts.
    pub arenas: PerEntity<Arenas>,
}

impl Plan {
    /// About how many bytes of memory it holds.
    pub fn bytes(&self) -> usize {
        let items = (self.items.len() + self.excluded.len()) * size_of::<Item>();
        let arenas = self
            .arenas
            .iter()
            .map(|(_, arenas)| arenas.before.bytes() + arenas.after.bytes());
        let words = self
            .warnings
            .iter()
            .map(|warning| size_of::<Warning>() + warning.message.len());
        let texts = self
            .reasons
            .iter()
            .map(|reason| size_of::<String>() + reason.len());
        let partners = self.partners.len() * size_of::<PartnerRef>();
        let partners = partners
            + self
                .partners
                .iter()
                .map(|partner| partner.name.len())
                .sum::<usize>();
        items + partners + arenas.chain(words).chain(texts).sum::<usize>()
    }

    /// Looks at item `at` of [`Plan::items`].
    pub fn view(&self, at: usize) -> ItemView<'_> {
        ItemView {
            plan: self,
            item: &self.items[at],
        }
    }

    /// Looks at any item of this plan, excluded ones too.
    pub fn view_of<'a>(&'a self, item: &'a Item) -> ItemView<'a> {
        ItemView { plan: self, item }
    }

    /// All items, in order.
    pub fn views(&self) -> impl ExactSizeIterator<Item = ItemView<'_>> {
        self.items.iter().map(|item| ItemView { plan: self, item })
    }

    /// Whether an apply with the ticks as first set would do anything (docs/rules.md, "The plan").
    pub fn has_changes(&self) -> bool {
        self.items
            .iter()
            .any(|item| item.op.writes() && item.selected)
    }
}

/// "1 record", "3 records".
pub(super) fn counted(number: u64, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}
