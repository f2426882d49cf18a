//! The SQL of one entity's table, made once for a transaction from what the database really has.

use chrono::{DateTime, Utc};
use rustc_hash::FxHashSet;

use super::rows::JsonRows;
use crate::plan::{Changed, Entity, Field, ItemView, Op, Plan, Schema};
use crate::store::catalog::{Column, Table};
use crate::store::dialect::{self, ColumnType};
use crate::store::{Engine, read};

/// The statements of one table. Every one takes a single argument (see [`dialect::json_rows`]).
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) entity: Entity,
    /// Begins a read of rows; ids and lock are put behind.
    pub(super) select: String,
    pub(super) insert: String,
    /// A row's values as the JSON that the journal keeps of an add.
    pub(super) as_json: String,
    update: String,
    reactivate: String,
    soft_delete: String,
    /// Whether `impartner_id` may be NULL: how it is parked.
    pub(super) id_nullable: bool,
}

impl Statements {
    pub(super) fn new(engine: Engine, schema: &Schema, table: &Table, now: DateTime<Utc>) -> Self {
        let now = dialect::time_literal(now);
        let id_nullable = table
            .column("impartner_id")
            .is_none_or(|column| column.nullable);
        Self {
            entity: schema.entity,
            select: format!(
                "SELECT {} FROM {}",
                read::row_columns(engine, schema, table),
                schema.entity
            ),
            insert: insert(engine, schema, table, &now),
            as_json: as_json(engine, schema, table),
            update: update(engine, schema, table, &format!("updated_at = {now}")),
            reactivate: update(
                engine,
                schema,
                table,
                &format!("updated_at = {now}, is_active = 1, deleted_at = NULL"),
            ),
            soft_delete: update(
                engine,
                schema,
                table,
                &format!("updated_at = {now}, is_active = 0, deleted_at = {now}"),
            ),
            id_nullable,
        }
    }

    /// The statement that carries out `op` on rows that exist.
    pub(super) fn of(&self, op: Op) -> &str {
        match op {
            Op::SoftDelete => &self.soft_delete,
            Op::Reactivate => &self.reactivate,
            _ => &self.update,
        }
    }
}

/// Numbers as a list for IN: they are integers, so nothing can be smuggled in.
pub(super) fn listed(ids: &[i64]) -> String {
    ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}

/// The value of a field, made to fit a column that is NOT NULL: empty text, which reads as no value.
fn fitting(value: &str, column: &Column) -> String {
    if column.nullable {
        value.to_owned()
    } else {
        format!("COALESCE({value}, '')")
    }
}

/// The value of a field of a new row. One that the source does not give leaves the column's default in force.
fn fresh(value: &str, field: &Field, column: &Column) -> String {
    match (&field.source, &column.default) {
        (None, Some(default)) => format!("COALESCE({value}, {default})"),
        _ => fitting(value, column),
    }
}

/// See [`Statements::as_json`]; the same names as in `entries`.
fn as_json(engine: Engine, schema: &Schema, table: &Table) -> String {
    // JSON_OBJECT refuses texts of more than one collation; a binary one gives way.
    let collations = schema.fields.iter().filter_map(|field| {
        let collation = table.column(field.column)?.collation.as_deref()?;
        (collation != "utf8mb4_bin").then_some(collation)
    });
    let collations: FxHashSet<&str> = collations.collect();
    let alike = collations.len() < 2 && collations.iter().all(|name| name.starts_with("utf8mb4_"));
    let mut pairs: Vec<String> = schema
        .fields
        .iter()
        .map(|field| {
            let text = read::text_column(engine, table, field.column);
            let text = match engine {
                Engine::MariaDb if !alike && text != "NULL" => {
                    format!("CONVERT({text} USING utf8mb4) COLLATE utf8mb4_bin")
                }
                _ => text,
            };
            format!("'{}', {text}", field.column)
        })
        .collect();
    let ids = match schema.entity {
        Entity::Partners => &["impartner_id"][..],
        Entity::Contacts => &["impartner_id", "partner_id"],
    };
    pairs.extend(
        ids.iter()
            .map(|id| format!("'{id}', {}", read::int_column(engine, table, id))),
    );
    pairs.push(format!("'is_active', {}", dialect::json_true(engine)));
    format!("JSON_OBJECT({})", pairs.join(", "))
}

/// The cells of [`insert_row`].
fn insert(engine: Engine, schema: &Schema, table: &Table, now: &str) -> String {
    let mut cells = vec![ColumnType::Int, ColumnType::Int];
    let mut columns = vec!["impartner_id".to_owned()];
    let mut values = vec!["v.v_0".to_owned()];
    if schema.entity == Entity::Contacts {
        columns.push("partner_id".to_owned());
        values.push("v.v_1".to_owned());
    }
    for field in &schema.fields {
        let value = format!("v.v_{}", cells.len());
        cells.push(ColumnType::Text);
        if let Some(column) = table.column(field.column) {
            columns.push(field.column.to_owned());
            values.push(fresh(&value, field, column));
        }
    }
    for (column, value) in [("is_active", "1"), ("created_at", now), ("updated_at", now)] {
        columns.push(column.to_owned());
        values.push(value.to_owned());
    }
    format!(
        "INSERT INTO {} ({}) SELECT {} FROM {} RETURNING id, impartner_id, {}",
        schema.entity,
        columns.join(", "),
        values.join(", "),
        dialect::json_rows(engine, &cells),
        schema.fields[Schema::KEY].column
    )
}

/// Puts a new row into the argument of [`Statements::insert`].
pub(super) fn insert_row(payload: &mut JsonRows, view: &ItemView<'_>, partner_id: Option<i64>) {
    payload.begin();
    payload.int(view.item.impartner_id);
    payload.int(partner_id);
    for field in 0..view.schema().fields.len() {
        payload.text(view.after(field));
    }
    payload.end();
}

/// Only the columns whose bit is set in `v_1` are touched; `v_0` is the row.
fn update(engine: Engine, schema: &Schema, table: &Table, more: &str) -> String {
    let entity = schema.entity;
    let mut cells = vec![
        ColumnType::Int,
        ColumnType::Int,
        ColumnType::Int,
        ColumnType::Int,
    ];
    let mut sets = vec![more.to_owned()];
    let mut set = |column: &str, bit: u32, value: &str| {
        sets.push(format!(
            "{column} = CASE WHEN (v.v_1 & {}) <> 0 THEN {value} ELSE {entity}.{column} END",
            1u32 << bit
        ));
    };
    set("impartner_id", Changed::IMPARTNER_ID, "v.v_2");
    if entity == Entity::Contacts {
        set("partner_id", Changed::PARTNER, "v.v_3");
    }
    for (bit, field) in (0u32..).zip(&schema.fields) {
        let value = format!("v.v_{}", cells.len());
        cells.push(ColumnType::Text);
        if let Some(column) = table.column(field.column) {
            set(field.column, bit, &fitting(&value, column));
        }
    }
    dialect::update_from(
        engine,
        entity.word(),
        &dialect::json_rows(engine, &cells),
        &sets.join(", "),
    )
}

/// Puts a change into the argument of [`Statements::of`]: `field` gives the new values.
pub(super) fn update_row<'a>(
    payload: &mut JsonRows,
    row_id: i64,
    mask: Changed,
    impartner_id: Option<i64>,
    partner_id: Option<i64>,
    fields: impl Iterator<Item = Option<&'a str>>,
) {
    payload.begin();
    payload.int(Some(row_id));
    payload.int(Some(i64::from(mask.0)));
    payload.int(impartner_id);
    payload.int(partner_id);
    for field in fields {
        payload.text(field);
    }
    payload.end();
}

/// A row that is to be changed or made.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowToWrite {
    /// The item of the plan.
    pub(super) at: usize,
    /// The row; 0 for an add until it is made.
    pub(super) row_id: i64,
    /// Which columns are touched.
    pub(super) mask: Changed,
    /// The partner that is written, where the mask or an add says so.
    pub(super) partner_id: Option<i64>,
    /// See [`super::Outcome::Applied`].
    pub(super) linked: bool,
}

/// Puts what the plan says of an item into the argument of [`Statements::of`].
pub(super) fn update_target(payload: &mut JsonRows, plan: &Plan, target: &RowToWrite) {
    let view = plan.view(target.at);
    let fields = (0..view.schema().fields.len()).map(|field| view.after(field));
    let impartner_id = view.item.impartner_id;
    update_row(
        payload,
        target.row_id,
        target.mask,
        impartner_id,
        target.partner_id,
        fields,
    );
}
