//! From fates to items: diff, evidence, ticks, totals, warnings.

mod adopt;
mod gone;
mod rows;

use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::document::counted;
use super::input::{EntityInput, Read};
use super::latest::Latest;
use super::matching::{Fate, Matcher, fates};
use super::partners::Resolved;
use super::rules::{Rules, Verdict};
use super::{
    Changed, Entity, Evidence, FieldKind, Item, LmsLinks, Op, PartnerAt, Plan, Schema, Waiting,
    Waits, Warning, sfid,
};
use crate::config::{FilterConfig, PartnerRule};

pub(super) use super::partners::Directory;

/// `account_status` of a soft-deleted partner (docs/rules.md, "Applying").
pub(super) const INACTIVE: &str = "Inactive";

/// `account_status` of a reactivated partner of whose status the source says nothing.
const ACTIVE: &str = "Active";

/// Interns reasons: a million adds share one.
#[derive(Default)]
pub(super) struct Reasons(FxHashMap<String, u32>);

impl Reasons {
    pub(super) fn of(&mut self, list: &mut Vec<String>, reason: impl Into<String>) -> u32 {
        let reason = reason.into();
        *self.0.entry(reason).or_insert_with_key(|reason| {
            list.push(reason.clone());
            u32::try_from(list.len() - 1).unwrap_or(u32::MAX)
        })
    }
}

/// The verdict on each record; a million records share a handful of them.
#[derive(Default)]
struct Verdicts {
    of: Vec<u32>,
    distinct: IndexSet<Verdict, FxBuildHasher>,
}

impl Verdicts {
    fn push(&mut self, verdict: Verdict) {
        let (at, _) = self.distinct.insert_full(verdict);
        self.of.push(u32::try_from(at).unwrap_or(u32::MAX));
    }

    fn of(&self, at: u32) -> &Verdict {
        &self.distinct[self.of[at as usize] as usize]
    }
}

/// Everything the items of one entity are made from.
struct Builder<'a> {
    plan: &'a mut Plan,
    reasons: Reasons,
    schema: &'a Schema,
    known: &'a EntityInput,
    read: &'a Read,
    lms_links: &'a LmsLinks,
    matcher: Matcher<'a>,
    verdicts: Verdicts,
    directory: &'a mut Directory,
    /// Who has a Salesforce id, by its key.
    salesforce_ids: FxHashMap<String, i64>,
    /// Rows that go into the plan's `before` arena, in the order in which items name them.
    kept_rows: Vec<u32>,
}

/// What is the same for both entities of a plan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Common<'a> {
    pub(super) rules: &'a Rules,
    pub(super) filters: &'a FilterConfig,
    pub(super) lms_links: &'a LmsLinks,
    /// Contacts that waited for a partner before.
    pub(super) waiting: &'a [Waiting],
}

/// Adds the items of an entity to `plan`. Partners must come first: contacts look their partners up in `directory`.
pub(super) fn entity(
    plan: &mut Plan,
    schema: &Schema,
    known: &mut EntityInput,
    common: Common<'_>,
    directory: &mut Directory,
) {
    let entity = schema.entity;
    let Some(read) = &known.read else {
        if entity == Entity::Partners {
            directory.add_rows(schema, &known.rows, plan);
        }
        return;
    };
    warn_of_kept(plan, schema, known, read);
    let (verdicts, waiting) = verdicts(schema, read, common, directory);
    let builder = Builder {
        plan,
        reasons: Reasons::default(),
        schema,
        known,
        read,
        lms_links: common.lms_links,
        matcher: Matcher::new(schema, &known.rows),
        verdicts,
        directory,
        salesforce_ids: FxHashMap::default(),
        kept_rows: Vec::new(),
    };
    builder.run(&waiting, common.waiting);
    // Nobody looks at the reading any more.
    if let Some(read) = known.read.take() {
        adopt::adopt(plan, entity, read.records.cells);
    }
    if entity == Entity::Partners {
        directory.add_plan(schema, &known.rows, plan);
    }
}

/// Tells of columns that keep their values because their field came in no record (docs/rules.md, "Filters").
fn warn_of_kept(plan: &mut Plan, schema: &Schema, known: &EntityInput, read: &Read) {
    let absent = |index: &usize| u32::try_from(*index).is_ok_and(|bit| read.records.is_absent(bit));
    let fields: Vec<usize> = (0..schema.fields.len()).filter(absent).collect();
    if fields.is_empty() {
        return;
    }
    let came: FxHashSet<i64> = read.records.ids().iter().copied().collect();
    for index in fields {
        let Some(source) = &schema.fields[index].source else {
            continue;
        };
        let rows = known.rows.indices();
        let kept = rows.filter(|&row| {
            known.rows.field(row, index).is_some()
                && known
                    .rows
                    .impartner_id(row)
                    .is_some_and(|id| came.contains(&id))
        });
        let kept = kept.count();
        if kept > 0 {
            plan.warnings.push(Warning {
                code: "column_kept".into(),
                entity: schema.entity,
                impartner_id: None,
                message: format!(
                    "The field {source} came in no record of {}; the column {} keeps its value in {}.",
                    schema.entity,
                    schema.fields[index].column,
                    counted(kept as u64, "row")
                ),
            });
        }
    }
}

/// The filters' verdicts; with `filters.contacts.partner = "active"` a contact needs an active partner too. And the
/// contacts that pass the filters and name an account that is no active partner: they wait for it.
fn verdicts(
    schema: &Schema,
    read: &Read,
    common: Common<'_>,
    directory: &mut Directory,
) -> (Verdicts, Vec<u32>) {
    let source = &read.records;
    let needs_partner = common.filters.contacts.partner == PartnerRule::Active;
    let mut verdicts = Verdicts::default();
    let mut waiting = Vec::new();
    for (at, _) in (0u32..).zip(source.ids()) {
        let verdict = common.rules.verdict(schema, source, at);
        let alone = schema.entity == Entity::Contacts
            && verdict == Verdict::Keep
            && !matches!(directory.resolve(source, at), Resolved::Partner(_));
        if alone && (source.account_id(at).is_some() || source.account_name(at).is_some()) {
            waiting.push(at);
        }
        verdicts.push(if alone && needs_partner {
            Verdict::OutOfScope {
                reason: "its partner is not active".into(),
                suspicious: false,
            }
        } else {
            verdict
        });
    }
    (verdicts, waiting)
}

impl Builder<'_> {
    fn run(mut self, waiting: &[u32], waited: &[Waiting]) {
        let entity = self.schema.entity;
        // Plan-wide reasons of the other entity stay valid: indices only grow.
        for (at, reason) in (0u32..).zip(self.plan.reasons.iter()) {
            self.reasons.0.insert(reason.clone(), at);
        }
        let latest = Latest::of(&self.read.records);
        let fates = fates(
            self.schema,
            self.known,
            self.read,
            &self.matcher,
            &latest,
            &|at| *self.verdicts.of(at) == Verdict::Keep,
        );
        let mut written: FxHashSet<u32> = FxHashSet::default();
        for fate in &fates {
            if let Fate::Write(Some(row)) | Fate::Conflict(Some(row), _) = fate {
                written.insert(*row);
            }
        }
        let mut left: FxHashSet<u32> = FxHashSet::default();
        let mut settled: FxHashSet<i64> = FxHashSet::default();
        for (at, fate) in (0u32..).zip(fates) {
            let id = self.read.records.ids()[at as usize];
            let op = match fate {
                Fate::Superseded => continue,
                Fate::Write(row) => Some(self.write(at, row)),
                Fate::Conflict(row, reason) => Some(self.conflict(at, row, &reason)),
                Fate::Leave(row) => {
                    let row = row.filter(|row| {
                        self.known.rows.active(*row) && !written.contains(row) && left.insert(*row)
                    });
                    self.leave(at, row)
                }
            };
            if matches!(op, Some(Op::Unchanged | Op::Excluded)) && self.known.carried.contains(&id)
            {
                settled.insert(id);
            }
        }
        let touched = |row: u32| written.contains(&row) || left.contains(&row);
        self.absent(&latest, &touched, &mut settled);
        let mut settled: Vec<i64> = settled.into_iter().collect();
        settled.sort_unstable();
        self.plan.settled[entity] = settled;
        if entity == Entity::Contacts {
            let source = &self.read.records;
            let latest_of = |at: u32| latest.get(source.ids()[at as usize]) == Some(at);
            let now = waiting.iter().copied().filter(|&at| latest_of(at));
            let now = now.map(|at| Waiting {
                impartner_id: source.ids()[at as usize],
                account_id: source.account_id(at),
                account_name: source.account_name(at).map(str::to_owned),
            });
            self.plan.waits =
                Waits::between(waited, now.collect(), self.read, &latest, self.plan.mode);
        }
        self.warn_of_listing();
        self.fill_before();
    }

    /// An item for record `at`, without arena rows.
    fn item(
        &mut self,
        op: Op,
        impartner_id: Option<i64>,
        row: Option<u32>,
        reason: impl Into<String>,
    ) -> Item {
        let partner = self.partner_now(row);
        let rows = &self.known.rows;
        self.plan.totals[self.schema.entity].count(op);
        let before = row.map(|row| {
            self.kept_rows.push(row);
            u32::try_from(self.kept_rows.len() - 1).unwrap_or(u32::MAX)
        });
        let impartner_before = row.and_then(|row| rows.impartner_id(row));
        Item {
            entity: self.schema.entity,
            op,
            evidence: None,
            selected: op.writes(),
            held: self.known.holds.has(
                row.map(|row| rows.row_id(row)),
                impartner_before.or(impartner_id),
            ),
            suspicious: false,
            was_active: row.is_some_and(|row| rows.active(row)),
            impartner_id,
            impartner_before,
            row_id: row.map(|row| rows.row_id(row)),
            before,
            after: None,
            changed: Changed::default(),
            partner_before: partner,
            partner_after: partner,
            reason: self.reasons.of(&mut self.plan.reasons, reason),
        }
    }

    fn warn(&mut self, code: &'static str, id: i64, message: String) {
        let entity = self.schema.entity;
        self.plan.warnings.push(Warning {
            code: code.into(),
            entity,
            impartner_id: Some(id),
            message,
        });
    }

    /// A record that belongs in the database: add, update, reactivate, unchanged, or a conflict that shows only now.
    fn write(&mut self, at: u32, row: Option<u32>) -> Op {
        let (schema, rows) = (self.schema, &self.known.rows);
        let id = self.read.records.ids()[at as usize];
        let partner_before = self.partner_now(row);
        let partner_after = self.partner_of(at, row, partner_before);
        self.warn_of_salesforce_id(at);
        let reactivates = row.is_some_and(|row| !rows.active(row));
        let mut changed = self.diff(at, row, reactivates);
        if partner_before != partner_after {
            changed.set(Changed::PARTNER);
        }
        if row.is_some_and(|row| rows.impartner_id(row) != Some(id)) {
            changed.set(Changed::IMPARTNER_ID);
        }
        if row.is_some() && !reactivates && changed.is_empty() {
            self.plan.totals[schema.entity].count(Op::Unchanged);
            return Op::Unchanged;
        }
        if let Some(reason) = self.does_not_fit(at, row, changed, reactivates) {
            return self.conflict(at, row, &reason);
        }
        let (op, reason) = match row {
            None => (Op::Add, "new in Impartner".to_owned()),
            Some(_) if reactivates => (Op::Reactivate, "active again in Impartner".to_owned()),
            Some(_) => (
                Op::Update,
                format!("{} changed", counted(u64::from(changed.count()), "field")),
            ),
        };
        let mut item = self.item(op, Some(id), row, reason);
        item.changed = changed;
        item.partner_after = partner_after;
        item.after = Some(self.push_after(at, row, changed, reactivates));
        self.plan.items.push(item);
        op
    }

    /// The contact's partner as the row has it.
    fn partner_now(&mut self, row: Option<u32>) -> PartnerAt {
        let partner = row.and_then(|row| self.known.rows.partner_id(row));
        partner.map_or(PartnerAt::NONE, |partner| {
            self.directory.at_row(self.plan, partner)
        })
    }

    /// The contact's partner, with the warnings of docs/rules.md, "Matching". A link is never lost.
    fn partner_of(&mut self, at: u32, row: Option<u32>, before: PartnerAt) -> PartnerAt {
        if self.schema.entity == Entity::Partners {
            return PartnerAt::NONE;
        }
        let source = &self.read.records;
        let why = match self.directory.resolve(source, at) {
            Resolved::Partner(partner) => return partner,
            Resolved::None(why) => why,
        };
        let id = source.ids()[at as usize];
        let kept = if row.is_some() {
            "its link stays as it is"
        } else {
            "it is added without a partner"
        };
        self.warn(
            "contact_without_partner",
            id,
            format!("Contact #{id}: {why}; {kept}."),
        );
        before
    }

    /// Salesforce ids that are malformed, or that an earlier record of this reading has too. Both records keep their
    /// rows: they have Impartner ids of their own, and which of them Salesforce means nobody here can know.
    fn warn_of_salesforce_id(&mut self, at: u32) {
        let id = self.read.records.ids()[at as usize];
        for (index, field) in self.schema.fields.iter().enumerate() {
            let text = self.read.records.field(at, index);
            let Some(text) = text.filter(|_| field.kind == FieldKind::SalesforceId) else {
                continue;
            };
            let who = title(self.schema.entity);
            if sfid::normalise(text).is_none() {
                let message = format!(
                    "{who} #{id}: `{text}` is no well-formed Salesforce id; it is kept as text and matched exactly."
                );
                self.warn("malformed_salesforce_id", id, message);
            }
            let first = *self.salesforce_ids.entry(sfid::key(text)).or_insert(id);
            if first != id {
                let message = format!(
                    "{who} #{id} has the Salesforce id `{text}` of #{first}; both stay, correct one of them in Impartner."
                );
                self.warn("shared_salesforce_id", id, message);
            }
        }
    }

    fn conflict(&mut self, at: u32, row: Option<u32>, reason: &str) -> Op {
        let id = self.read.records.ids()[at as usize];
        let changed = self.diff(at, row, false);
        let mut item = self.item(Op::Conflict, Some(id), row, reason);
        item.changed = changed;
        item.after = Some(self.push_after(at, row, changed, false));
        self.plan.items.push(item);
        Op::Conflict
    }

    /// A record that a filter leaves out: a soft-delete where it owns an active row, else excluded.
    /// `None` for a soft-delete that is kept back: the record is not settled.
    fn leave(&mut self, at: u32, row: Option<u32>) -> Option<Op> {
        let id = self.read.records.ids()[at as usize];
        let (evidence, reason, suspicious) = match self.verdicts.of(at).clone() {
            Verdict::Inactive(reason) => (Evidence::Inactive, reason, false),
            Verdict::OutOfScope { reason, suspicious } => {
                (Evidence::OutOfScope, reason, suspicious)
            }
            Verdict::Keep => return None,
        };
        let everything = Changed(u32::MAX);
        let after = self.push_after(at, row, everything, false);
        let kept_back = row.is_some() && !self.read.facts.proved;
        if let Some(row) = row.filter(|_| !kept_back) {
            self.soft_delete(Some(id), row, evidence, reason, Some(after), suspicious);
            return Some(Op::SoftDelete);
        }
        let reason = if kept_back {
            self.plan.kept_back[self.schema.entity] += 1;
            format!("{reason}; its soft-delete is kept back because the listing was not proved")
        } else {
            reason
        };
        let mut item = self.item(Op::Excluded, Some(id), None, reason);
        item.suspicious = suspicious;
        item.after = Some(after);
        self.plan.excluded.push(item);
        (!kept_back).then_some(Op::Excluded)
    }

    fn warn_of_listing(&mut self) {
        let facts = &self.read.facts;
        if facts.proved {
            return;
        }
        let entity = self.schema.entity;
        let reason = facts
            .reason
            .as_deref()
            .unwrap_or("the source gave no control total");
        let kept_back = match self.plan.kept_back[entity] {
            0 => String::new(),
            count => format!(" ({count} kept back)"),
        };
        let message = format!(
            "The listing of {entity} was not proved: {reason}. No soft-delete is proposed{kept_back}, and the watermark stays."
        );
        self.plan.warnings.insert(
            0,
            Warning {
                code: "listing_not_proved".into(),
                entity,
                impartner_id: None,
                message,
            },
        );
    }

    fn fill_before(&mut self) {
        let rows = &self.known.rows;
        let before = &mut self.plan.arenas[self.schema.entity].before;
        for &row in &self.kept_rows {
            before.push(rows.cells.row(row));
        }
    }
}

fn title(entity: Entity) -> &'static str {
    match entity {
        Entity::Partners => "Partner",
        Entity::Contacts => "Contact",
    }
}
