//! Rows as they are and as they will be: what differs, and what does not fit.

use super::{ACTIVE, Builder, adopt};
use crate::plan::{Changed, Entity, FieldKind, LmsLinks, RowSet, Schema, SourceSet, sfid};
use crate::text::{clean, email_key};

impl Builder<'_> {
    /// Why a record cannot be written to its row: no name, an id beyond the column, a value longer than its column.
    pub(super) fn does_not_fit(
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
        if id > self.known.limits.greatest_id {
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

    /// The fields in which record `at` differs from its row; without a row, those that have a value.
    pub(super) fn diff(&self, at: u32, row: Option<u32>, reactivates: bool) -> Changed {
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
    pub(super) fn push_after(
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
        if row.is_none() && link(schema, source, links, at).is_none() {
            debug_assert!(
                (0..schema.fields.len()).all(|index| source.field(at, index)
                    == after(schema, source, rows, links, at, row, index, reactivates)),
                "a new row is what was read"
            );
            return adopt::as_read(at);
        }
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
}

/// The LMS user with the e-mail of record `at`; partners have none.
fn link<'a>(schema: &Schema, source: &SourceSet, links: &'a LmsLinks, at: u32) -> Option<&'a str> {
    if links.is_empty() || schema.entity == Entity::Partners {
        return None;
    }
    let email = source.field(at, Schema::KEY)?;
    links.get(&email_key(email)).map(String::as_str)
}

/// A field as it will be. What is not read from the source stays as the row has it: unmapped fields, and an LMS link
/// that no LMS user has the e-mail for. A partner's status is never emptied (docs/rules.md, "Applying").
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
        return link(schema, source, links, at).or_else(present);
    }
    if field.column == Schema::STATUS {
        let value = source.field(at, index);
        return value.or_else(|| if reactivates { Some(ACTIVE) } else { present() });
    }
    match &field.source {
        Some(_) => match source.field(at, index) {
            None if source.keeps(at, index) => present(),
            value => value,
        },
        None => present(),
    }
}

/// Whether two values are equal (docs/rules.md, "The plan"). Salesforce ids compare on their 15 characters.
fn same(kind: FieldKind, before: Option<&str>, after: Option<&str>) -> bool {
    match (kind, before, after) {
        (FieldKind::SalesforceId, Some(before), Some(after)) => {
            before == after || sfid::key(before) == sfid::key(after)
        }
        _ => before == after.and_then(clean),
    }
}
