//! From source records to the rows they mean, and to the conflicts between them (docs/rules.md, "Matching").

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use super::index::{KeyIndex, match_key};
use super::input::{Answers, EntityInput, Read};
use super::latest::Latest;
use super::{Entity, FieldKind, RowSet, Schema, SourceSet, sfid};
use crate::text::clean;

/// What becomes of one source record, before it is compared with its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Another reading of the same record is newer.
    Superseded,
    /// It belongs in the database: in that row, or in a new one.
    Write(Option<u32>),
    /// It cannot be applied; the row it aims at, where there is one.
    Conflict(Option<u32>, String),
    /// A filter leaves it out; the row that it owns, where there is one.
    Leave(Option<u32>),
}

/// Rows by Impartner id, Salesforce id and key.
pub(super) struct Matcher<'a> {
    schema: &'a Schema,
    rows: &'a RowSet,
    by_id: FxHashMap<i64, u32>,
    by_key: KeyIndex,
    by_crm: Option<(usize, KeyIndex)>,
}

/// The row that a record without a row of its own aims at.
enum Aim {
    Nothing,
    Row(u32),
    Several(&'static str),
}

impl<'a> Matcher<'a> {
    pub(super) fn new(schema: &'a Schema, rows: &'a RowSet) -> Self {
        let by_id = rows
            .indices()
            .filter_map(|row| Some((rows.impartner_id(row)?, row)))
            .collect();
        let by_key = KeyIndex::over(rows.indices(), |row| row_key(schema.entity, rows, row));
        let by_crm = schema
            .fields
            .iter()
            .position(|field| field.kind == FieldKind::SalesforceId)
            .map(|field| {
                let index = KeyIndex::over(rows.indices(), |row| {
                    rows.field(row, field).map(|id| sfid::key(id.trim()))
                });
                (field, index)
            });
        Self {
            schema,
            rows,
            by_id,
            by_key,
            by_crm,
        }
    }

    /// The row that carries Impartner id `id`.
    pub(super) fn row_of_id(&self, id: i64) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    /// The row a record aims at by Salesforce id, else by name or e-mail.
    fn aim(&self, source: &SourceSet, at: u32) -> Aim {
        if let Some((field, index)) = &self.by_crm
            && let Some(id) = source.field(at, *field)
        {
            let key = sfid::key(id);
            let mut found = index.get(&key, |row| {
                self.rows.field(row, *field).map(|id| sfid::key(id.trim()))
            });
            match (found.next(), found.next()) {
                (Some(row), None) => return Aim::Row(row),
                (Some(_), Some(_)) => return Aim::Several("Salesforce id"),
                (None, _) => {}
            }
        }
        let Some(text) = source.field(at, Schema::KEY) else {
            return Aim::Nothing;
        };
        let key = match_key(self.schema.entity, text);
        let mut found = self
            .by_key
            .get(&key, |row| row_key(self.schema.entity, self.rows, row));
        match (found.next(), found.next()) {
            (Some(row), None) => Aim::Row(row),
            (Some(_), Some(_)) => Aim::Several(key_word(self.schema.entity)),
            (None, _) => Aim::Nothing,
        }
    }

    /// The Salesforce ids of record `at` and of `row` where both have one and they are two: the name that they share
    /// does not make them one account. Compared on their 15 characters, in which case counts.
    fn contradicts<'s>(
        &'s self,
        source: &'s SourceSet,
        at: u32,
        row: u32,
    ) -> Option<(&'s str, &'s str)> {
        let (field, _) = self.by_crm.as_ref()?;
        let theirs = source.field(at, *field)?;
        let ours = self.rows.field(row, *field).and_then(clean)?;
        (sfid::key(theirs) != sfid::key(ours)).then_some((theirs, ours))
    }

    /// Whether two records of the source share neither name (or e-mail) nor Salesforce id any more.
    fn differ(&self, source: &SourceSet, one: u32, other: u32) -> bool {
        let key = |at| {
            source
                .field(at, Schema::KEY)
                .map(|text| match_key(self.schema.entity, text))
        };
        let crm = |at| {
            let (field, _) = self.by_crm.as_ref()?;
            source.field(at, *field).map(sfid::key)
        };
        key(one) != key(other) && (crm(one).is_none() || crm(one) != crm(other))
    }

    /// The Impartner id that owns the row which record `at` aims at, when it is another record's.
    pub(super) fn foreign_owner(&self, source: &SourceSet, at: u32) -> Option<i64> {
        let id = source.ids()[at as usize];
        if self.by_id.contains_key(&id) {
            return None;
        }
        match self.aim(source, at) {
            Aim::Row(row) => self.rows.impartner_id(row),
            Aim::Nothing | Aim::Several(_) => None,
        }
    }
}

fn row_key(entity: Entity, rows: &RowSet, row: u32) -> Option<String> {
    rows.field(row, Schema::KEY)
        .map(|text| match_key(entity, text))
}

/// The fate of every record, in the order of `read.records`. `kept` says which pass the filters.
pub(super) fn fates(
    schema: &Schema,
    input: &EntityInput,
    read: &Read,
    matcher: &Matcher<'_>,
    latest: &Latest<'_>,
    kept: &dyn Fn(u32) -> bool,
) -> Vec<Fate> {
    let source = &read.records;
    let mut fates: Vec<Fate> = (0u32..)
        .zip(source.ids())
        .map(|(at, id)| {
            if latest.get(*id) != Some(at) {
                return Fate::Superseded;
            }
            let place = place(matcher, input, source, at, latest, &read.answers);
            match (kept(at), place) {
                (true, Ok(row)) => Fate::Write(row),
                (true, Err((row, reason))) => {
                    Fate::Conflict(Some(row).filter(|&row| row != u32::MAX), reason)
                }
                // Only its own row, or one that nobody owns, may be soft-deleted for an excluded record.
                (false, Ok(row)) => Fate::Leave(row.filter(|&row| {
                    input
                        .rows
                        .impartner_id(row)
                        .is_none_or(|owner| owner == *id)
                })),
                (false, Err(_)) => Fate::Leave(None),
            }
        })
        .collect();
    one_record_a_row(&mut fates, source, input);
    one_record_a_key(&mut fates, schema, source, input);
    free_keys_only(&mut fates, schema, source, input);
    fates
}

/// The row a record may use, or the row it aims at and why it may not.
fn place(
    matcher: &Matcher<'_>,
    input: &EntityInput,
    source: &SourceSet,
    at: u32,
    latest: &Latest<'_>,
    answers: &Answers,
) -> Result<Option<u32>, (u32, String)> {
    let id = source.ids()[at as usize];
    if let Some(row) = matcher.row_of_id(id) {
        return Ok(Some(row));
    }
    let row = match matcher.aim(source, at) {
        Aim::Nothing => return Ok(None),
        Aim::Several(what) => {
            return Err((
                u32::MAX,
                format!("several rows of the database have this {what}"),
            ));
        }
        Aim::Row(row) => row,
    };
    let row_id = input.rows.row_id(row);
    let fits = || match matcher.contradicts(source, at, row) {
        None => Ok(Some(row)),
        Some((theirs, ours)) => Err((
            row,
            format!(
                "row {row_id} has this name, but its Salesforce id `{ours}` is another than the record's `{theirs}`"
            ),
        )),
    };
    match input.rows.impartner_id(row) {
        None => fits(),
        // Its owner gives the name or e-mail up in this very run: the record means a row of its own.
        Some(owner)
            if latest
                .get(owner)
                .is_some_and(|owner| matcher.differ(source, at, owner)) =>
        {
            Ok(None)
        }
        Some(owner) if latest.has(owner) => Err((
            row,
            format!("row {row_id} belongs to #{owner}, which is still there"),
        )),
        Some(owner) if answers.gone.contains(&owner) => fits(),
        Some(owner) => Err((
            row,
            format!("row {row_id} belongs to #{owner}, which could not be verified to be gone"),
        )),
    }
}

/// Of several records for one row only its owner goes through; if none owns it, all are conflicts.
fn one_record_a_row(fates: &mut [Fate], source: &SourceSet, input: &EntityInput) {
    let mut claims: Vec<u32> = vec![u32::MAX; input.rows.len()];
    let mut crowded: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    for (at, fate) in (0u32..).zip(fates.iter()) {
        if let Fate::Write(Some(row)) = fate {
            match &mut claims[*row as usize] {
                free if *free == u32::MAX => *free = at,
                first => crowded.entry(*row).or_insert_with(|| vec![*first]).push(at),
            }
        }
    }
    for (row, members) in crowded {
        let owner = input.rows.impartner_id(row);
        refuse_all_but(
            fates,
            source,
            &members,
            members
                .iter()
                .copied()
                .find(|&at| owner == Some(source.ids()[at as usize])),
            "row",
        );
    }
}

/// Of several records with one name or e-mail only the one that owns the row goes through.
fn one_record_a_key(fates: &mut [Fate], schema: &Schema, source: &SourceSet, input: &EntityInput) {
    let entity = schema.entity;
    let key_of = |at: u32| {
        source
            .field(at, Schema::KEY)
            .map(|text| input.limits.same.unique_key(entity, text))
    };
    let wants = |fate: &Fate| matches!(fate, Fate::Write(_) | Fate::Conflict(..));
    let index = KeyIndex::over(
        (0u32..)
            .zip(fates.iter())
            .filter(|(_, fate)| wants(fate))
            .map(|(at, _)| at),
        key_of,
    );
    let what = key_word(entity);
    for bucket in index.crowded() {
        let mut groups: FxHashMap<String, Vec<u32>> = FxHashMap::default();
        for at in bucket {
            if let Some(key) = key_of(at) {
                groups.entry(key).or_default().push(at);
            }
        }
        for (key, members) in groups.into_iter().filter(|(_, members)| members.len() > 1) {
            let owned_row = |at: u32| match fates[at as usize] {
                Fate::Write(Some(row))
                    if input.rows.impartner_id(row) == Some(source.ids()[at as usize]) =>
                {
                    Some(row)
                }
                _ => None,
            };
            let has_key = |row: u32| {
                input
                    .rows
                    .field(row, Schema::KEY)
                    .map(|text| input.limits.same.unique_key(entity, text))
                    .as_ref()
                    == Some(&key)
            };
            let mut owners = members
                .iter()
                .copied()
                .filter(|&at| owned_row(at).is_some());
            let holder = members
                .iter()
                .copied()
                .find(|&at| owned_row(at).is_some_and(has_key));
            let winner = holder.or_else(|| owners.next().filter(|_| owners.next().is_none()));
            refuse_all_but(fates, source, &members, winner, what);
        }
    }
}

fn refuse_all_but(
    fates: &mut [Fate],
    source: &SourceSet,
    members: &[u32],
    winner: Option<u32>,
    what: &str,
) {
    for &at in members {
        if Some(at) == winner {
            continue;
        }
        let fate = &mut fates[at as usize];
        let Fate::Write(row) = fate else { continue };
        let other = winner.or_else(|| members.iter().copied().find(|&other| other != at));
        let other = other.map_or_else(String::new, |other| {
            format!("#{}", source.ids()[other as usize])
        });
        let reason = match winner {
            Some(_) => format!("{other} has the same {what} and owns the row"),
            None => format!("{other} has the same {what}, and neither owns the row"),
        };
        *fate = Fate::Conflict(*row, reason);
    }
}

/// A new or changed name or e-mail must not be one that another row keeps. A record that turns out to be a conflict
/// does not give its old name up, so whoever wanted that is looked at again.
fn free_keys_only(fates: &mut [Fate], schema: &Schema, source: &SourceSet, input: &EntityInput) {
    let (rows, same, entity) = (&input.rows, &input.limits.same, schema.entity);
    let row_key = |row: u32| {
        rows.field(row, Schema::KEY)
            .map(|text| same.unique_key(entity, text))
    };
    let new_key = |at: u32| {
        source
            .field(at, Schema::KEY)
            .map(|text| same.unique_key(entity, text))
    };
    let mut movers: Vec<(u32, Option<u32>, String)> = Vec::new();
    let mut leaving: FxHashSet<u32> = FxHashSet::default();
    for (at, fate) in (0u32..).zip(fates.iter()) {
        let Fate::Write(row) = *fate else { continue };
        // Most records keep their name letter by letter: no key needs to be made for them.
        if row.is_some_and(|row| rows.field(row, Schema::KEY) == source.field(at, Schema::KEY)) {
            continue;
        }
        let Some(key) = new_key(at) else { continue };
        if let Some(row) = row {
            if row_key(row).as_ref() == Some(&key) {
                continue;
            }
            leaving.insert(row);
        }
        movers.push((at, row, key));
    }
    if movers.is_empty() || rows.is_empty() {
        return;
    }
    let index = KeyIndex::over(rows.indices(), row_key);
    let mut wanted: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (number, (.., key)) in movers.iter().enumerate() {
        wanted.entry(key).or_default().push(number);
    }
    let mut open: VecDeque<usize> = (0..movers.len()).collect();
    while let Some(number) = open.pop_front() {
        let (at, own, key) = &movers[number];
        if matches!(fates[*at as usize], Fate::Conflict(..)) {
            continue;
        }
        let taken = index
            .get(key, row_key)
            .find(|&row| Some(row) != *own && !leaving.contains(&row));
        let Some(row) = taken else { continue };
        let state = if rows.active(row) { "" } else { "inactive " };
        let what = key_word(entity);
        let owner = rows
            .impartner_id(row)
            .map_or_else(String::new, |id| format!(" (#{id})"));
        fates[*at as usize] = Fate::Conflict(
            *own,
            format!(
                "the {state}row {}{owner} has this {what} already",
                rows.row_id(row)
            ),
        );
        if let Some(own) = own {
            leaving.remove(own);
            let kept = row_key(*own);
            open.extend(
                kept.and_then(|key| wanted.get(key.as_str()))
                    .into_iter()
                    .flatten(),
            );
        }
    }
}

/// What people call the key field of a record.
fn key_word(entity: Entity) -> &'static str {
    match entity {
        Entity::Partners => "name",
        Entity::Contacts => "e-mail",
    }
}
