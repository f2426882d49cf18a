//! From fates to items: diff, evidence, ticks, totals, warnings.

use rustc_hash::{FxHashMap, FxHashSet};

use super::matching::{Fate, Matcher, fates, latest_readings};
use super::partners::Resolved;
use super::planner::{EntityInput, PlanInput, Read, counted};
use super::rules::{Rules, Verdict};
use super::{
    Changed, Entity, Evidence, FieldKind, Item, LmsLinks, Mode, Op, PartnerAt, Plan, RowSet,
    Schema, SourceSet, Warning, sfid,
};
use crate::config::{FilterConfig, PartnerRule};
use crate::text::{clean, email_key};

pub(super) use super::partners::Directory;

/// `account_status` of a soft-deleted partner (PRODUCT.md section 6).
pub(super) const INACTIVE: &str = "Inactive";

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

/// Everything the items of one entity are made from.
struct Builder<'a> {
    plan: &'a mut Plan,
    reasons: Reasons,
    schema: &'a Schema,
    known: &'a EntityInput,
    read: &'a Read,
    lms_links: &'a LmsLinks,
    matcher: Matcher<'a>,
    verdicts: Vec<Verdict>,
    directory: &'a mut Directory,
    /// Rows that go into the plan's `before` arena, in the order in which items name them.
    kept_rows: Vec<u32>,
}

/// Adds the items of `entity` to `plan`. Partners must come first: contacts look their partners up in `directory`.
pub(super) fn entity(
    plan: &mut Plan,
    input: &mut PlanInput,
    entity: Entity,
    rules: &Rules,
    filters: &FilterConfig,
    directory: &mut Directory,
) {
    let schema = &input.schemas[entity];
    let known = &input.entities[entity];
    let Some(read) = &known.read else {
        if entity == Entity::Partners {
            directory.add_rows(schema, &known.rows, plan);
        }
        return;
    };
    let verdicts = verdicts(schema, read, rules, filters, directory);
    let builder = Builder {
        plan,
        reasons: Reasons::default(),
        schema,
        known,
        read,
        lms_links: &input.lms_links,
        matcher: Matcher::new(schema, &known.rows),
        verdicts,
        directory,
        kept_rows: Vec::new(),
    };
    builder.run();
}

/// The filters' verdicts; with `filters.contacts.partner = "active"` a contact needs an active partner too.
fn verdicts(
    schema: &Schema,
    read: &Read,
    rules: &Rules,
    filters: &FilterConfig,
    directory: &mut Directory,
) -> Vec<Verdict> {
    let source = &read.records;
    let needs_partner =
        schema.entity == Entity::Contacts && filters.contacts.partner == PartnerRule::Active;
    (0u32..)
        .zip(source.ids())
        .map(|(at, _)| match rules.verdict(schema, source, at) {
            Verdict::Keep
                if needs_partner
                    && !matches!(directory.resolve(source, at), Resolved::Partner(_)) =>
            {
                Verdict::OutOfScope {
                    reason: "its partner is not active".into(),
                    suspicious: false,
                }
            }
            verdict => verdict,
        })
        .collect()
}

impl Builder<'_> {
    fn run(mut self) {
        let entity = self.schema.entity;
        // Plan-wide reasons of the other entity stay valid: indices only grow.
        for (at, reason) in (0u32..).zip(self.plan.reasons.iter()) {
            self.reasons.0.insert(reason.clone(), at);
        }
        let latest = latest_readings(&self.read.records);
        let verdicts = std::mem::take(&mut self.verdicts);
        let fates = fates(
            self.schema,
            self.known,
            self.read,
            &self.matcher,
            &latest,
            &|at| verdicts[at as usize] == Verdict::Keep,
        );
        self.verdicts = verdicts;
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
            if matches!(op, Some(Op::Unchanged | Op::Excluded)) {
                settled.insert(id);
            }
        }
        let touched = |row: u32| written.contains(&row) || left.contains(&row);
        self.absent(&latest, &touched, &mut settled);
        let mut settled: Vec<i64> = settled
            .into_iter()
            .filter(|id| self.known.carried.contains(id))
            .collect();
        settled.sort_unstable();
        self.plan.settled[entity] = settled;
        self.warn_of_listing();
        self.fill_before();
        if entity == Entity::Partners {
            self.directory
                .add_plan(self.schema, &self.known.rows, self.plan);
        }
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
            held: impartner_before
                .or(impartner_id)
                .is_some_and(|id| self.known.holds.contains(&id)),
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
        self.warn_of_malformed_id(at);
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

    /// The contact's partner, with the warnings of PRODUCT.md section 4. A link is never lost.
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

    fn warn_of_malformed_id(&mut self, at: u32) {
        let id = self.read.records.ids()[at as usize];
        for (index, field) in self.schema.fields.iter().enumerate() {
            if field.kind == FieldKind::SalesforceId
                && let Some(text) = self.read.records.field(at, index)
                && sfid::normalise(text).is_none()
            {
                let message = format!(
                    "{} #{id}: `{text}` is no well-formed Salesforce id; it is kept as text and matched exactly.",
                    title(self.schema.entity)
                );
                self.warn("malformed_salesforce_id", id, message);
            }
        }
    }

    /// Why a record cannot be written to its row: no name, an id beyond the column, a value longer than its column.
    fn does_not_fit(
        &self,
        at: u32,
        row: Option<u32>,
        changed: Changed,
        reactivates: bool,
    ) -> Option<String> {
        let (schema, source, rows) = (self.schema, &self.read.records, &self.known.rows);
        let value = |index| {
            after(
                schema,
                source,
                rows,
                self.lms_links,
                at,
                row,
                index,
                reactivates,
            )
        };
        if value(Schema::KEY).is_none() {
            return Some(format!(
                "it has no {}",
                schema.fields[Schema::KEY].label.to_lowercase()
            ));
        }
        let id = source.ids()[at as usize];
        if i32::try_from(id).is_err() {
            return Some(format!("its id {id} does not fit the column impartner_id"));
        }
        schema
            .fields
            .iter()
            .enumerate()
            .filter(|&(index, _)| u32::try_from(index).is_ok_and(|bit| changed.has(bit)))
            .find_map(|(index, field)| {
                let limit = self.known.limits.lengths.get(index).copied().flatten()? as usize;
                let text = value(index)?;
                // Bytes are an upper bound of characters, and cheaper to count.
                (text.len() > limit && text.chars().count() > limit).then(|| {
                    format!(
                        "{} is {} characters long; its column holds {limit}",
                        field.label,
                        text.chars().count()
                    )
                })
            })
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
        let (evidence, reason, suspicious) =
            match std::mem::replace(&mut self.verdicts[at as usize], Verdict::Keep) {
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

    /// A soft-delete. What it writes beside `is_active`: for partners the tier that speaks for it and the status.
    fn soft_delete(
        &mut self,
        id: Option<i64>,
        row: u32,
        evidence: Evidence,
        reason: String,
        seen: Option<u32>,
        suspicious: bool,
    ) {
        let entity = self.schema.entity;
        let mut item = self.item(Op::SoftDelete, id, Some(row), reason);
        item.evidence = Some(evidence);
        item.selected = evidence.ticked_at_first() && !item.held;
        item.suspicious = suspicious;
        let rows = &self.known.rows;
        let after = &mut self.plan.arenas[entity].after;
        let mut cells: Vec<Option<String>> = (0..self.schema.fields.len())
            .map(|field| rows.field(row, field).map(str::to_owned))
            .collect();
        if entity == Entity::Partners {
            for (column, value) in [
                (
                    "partner_tier",
                    seen.and_then(|seen| {
                        self.schema
                            .index("partner_tier")
                            .and_then(|field| after.get(seen, field))
                    })
                    .map(str::to_owned),
                ),
                ("account_status", Some(INACTIVE.to_owned())),
            ] {
                let Some(field) = self.schema.index(column) else {
                    continue;
                };
                if value.is_some() && value.as_deref() != cells[field].as_deref().and_then(clean) {
                    cells[field] = value;
                    item.changed.set(u32::try_from(field).unwrap_or(31));
                }
            }
        }
        let extra: Vec<Option<String>> = (0..2)
            .map(|at| {
                seen.and_then(|seen| after.get(seen, self.schema.fields.len() + at))
                    .map(str::to_owned)
            })
            .collect();
        item.after = Some(after.push(cells.iter().chain(&extra).map(Option::as_deref)));
        self.plan.items.push(item);
    }

    /// Rows that no record of this run means (PRODUCT.md section 5: absence is not evidence by itself).
    fn absent(
        &mut self,
        latest: &FxHashMap<i64, u32>,
        touched: &dyn Fn(u32) -> bool,
        settled: &mut FxHashSet<i64>,
    ) {
        let (known, read) = (self.known, self.read);
        let full = self.plan.mode == Mode::Full;
        for row in known
            .rows
            .indices()
            .filter(|&row| known.rows.active(row) && !touched(row))
        {
            let id = known.rows.impartner_id(row);
            if id.is_some_and(|id| latest.contains_key(&id)) {
                continue;
            }
            let gone = id.is_some_and(|id| read.answers.gone.contains(&id));
            if !full && !gone {
                continue;
            }
            if !read.facts.proved {
                self.plan.kept_back[self.schema.entity] += 1;
                continue;
            }
            let (evidence, reason) = match id {
                None => (
                    Evidence::Unverified,
                    "it has no Impartner id to ask for, and no record means it".to_owned(),
                ),
                Some(_) if gone => (
                    Evidence::Deleted,
                    "Impartner has no such record any more".to_owned(),
                ),
                Some(id) => {
                    let why = read
                        .answers
                        .unverified
                        .get(&id)
                        .map_or("it was not asked for by id", String::as_str);
                    (
                        Evidence::Unverified,
                        format!("absent from the listing, and not verified: {why}"),
                    )
                }
            };
            self.soft_delete(id, row, evidence, reason, None, false);
        }
        for &id in &known.carried {
            let row_active = self
                .matcher
                .row_of_id(id)
                .is_some_and(|row| known.rows.active(row));
            if read.answers.gone.contains(&id) && !row_active {
                settled.insert(id);
            } else if !full && let Some(why) = read.answers.unverified.get(&id) {
                self.warn("carried_over_unverified", id, format!("{} #{id} is carried over from an earlier run and could not be read: {why}; it stays carried over.", title(self.schema.entity)));
            }
        }
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
        let message = format!(
            "The listing of {entity} was not proved: {reason}. No soft-delete is proposed ({} kept back), and the watermark stays.",
            self.plan.kept_back[entity]
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

    /// The fields in which record `at` differs from its row; without a row, those that have a value.
    fn diff(&self, at: u32, row: Option<u32>, reactivates: bool) -> Changed {
        let (schema, source, rows) = (self.schema, &self.read.records, &self.known.rows);
        let mut changed = Changed::default();
        for (bit, field) in (0u32..).zip(&schema.fields) {
            let before = row
                .and_then(|row| rows.field(row, bit as usize))
                .and_then(clean);
            if !same(
                field.kind,
                before,
                after(
                    schema,
                    source,
                    rows,
                    self.lms_links,
                    at,
                    row,
                    bit as usize,
                    reactivates,
                ),
            ) {
                changed.set(bit);
            }
        }
        changed
    }

    /// Adds the row as it will be to the `after` arena: what does not change stays letter by letter as the row has it.
    fn push_after(
        &mut self,
        at: u32,
        row: Option<u32>,
        changed: Changed,
        reactivates: bool,
    ) -> u32 {
        let (schema, source, rows, links) = (
            self.schema,
            &self.read.records,
            &self.known.rows,
            self.lms_links,
        );
        let fields = (0u32..).zip(&schema.fields).map(|(bit, _)| {
            let index = bit as usize;
            match row {
                Some(row) if !changed.has(bit) => rows.field(row, index),
                _ => after(schema, source, rows, links, at, row, index, reactivates),
            }
        });
        let extra = [source.status(at), source.account_name(at)];
        self.plan.arenas[schema.entity]
            .after
            .push(fields.chain(extra))
    }

    fn fill_before(&mut self) {
        let rows = &self.known.rows;
        let before = &mut self.plan.arenas[self.schema.entity].before;
        for &row in &self.kept_rows {
            before.push(rows.cells.row(row));
        }
    }
}

/// A field as it will be. What is not read from the source stays as the row has it: unmapped fields, and an LMS link
/// that no LMS user has the e-mail for. Reactivating clears the status (PRODUCT.md section 6).
#[expect(
    clippy::too_many_arguments,
    reason = "one record, one row, one field; called in the innermost loop"
)]
fn after<'a>(
    schema: &Schema,
    source: &'a SourceSet,
    rows: &'a RowSet,
    links: &'a LmsLinks,
    at: u32,
    row: Option<u32>,
    index: usize,
    reactivates: bool,
) -> Option<&'a str> {
    let field = &schema.fields[index];
    let present = || row.and_then(|row| rows.field(row, index));
    if field.kind == FieldKind::LmsLink {
        let email = source.field(at, Schema::KEY);
        let linked = if links.is_empty() {
            None
        } else {
            email.and_then(|email| links.get(&email_key(email)))
        };
        return linked.map(String::as_str).or_else(present);
    }
    match &field.source {
        Some(_) => source.field(at, index),
        None if reactivates && field.column == "account_status" => None,
        None => present(),
    }
}

/// Whether two values are equal (PRODUCT.md section 5). Salesforce ids compare on their 15 characters.
fn same(kind: FieldKind, before: Option<&str>, after: Option<&str>) -> bool {
    match (kind, before, after) {
        (FieldKind::SalesforceId, Some(before), Some(after)) => {
            before == after || sfid::key(before) == sfid::key(after)
        }
        _ => before == after.and_then(clean),
    }
}

fn title(entity: Entity) -> &'static str {
    match entity {
        Entity::Partners => "Partner",
        Entity::Contacts => "Contact",
    }
}
