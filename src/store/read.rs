//! Reading the tables: rows straight into the packed form, limits, links, counts.

use rustc_hash::FxHashSet;

use super::catalog::{self, Table};
use super::db::{Conn, Row};
use super::dialect::STILL_THERE;
use super::{Engine, Store, StoreError, dialect, holds};
use crate::plan::{Entity, Limits, LmsLinks, RowRecord, RowSet, SameKeys, Schema};
use crate::text;
use crate::values::{CaseCounts, CaseState, RowCounts};

/// The numbers of docs/rules.md, "Status".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows of `partners`; linked: active ones with an LMS group.
    pub partners: RowCounts,
    /// Rows of `contacts`; linked: active ones with an LMS user.
    pub contacts: RowCounts,
    /// Off-boarding cases.
    pub cases: CaseCounts,
    /// Holds.
    pub holds: u64,
    /// Carried-over records.
    pub carried_over: u64,
    /// Of these, the ones that a guard withheld.
    pub withheld: u64,
}

/// One row looked up by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFacts {
    /// Our id.
    pub row_id: i64,
    /// Impartner's id.
    pub impartner_id: Option<i64>,
    /// Account name or e-mail.
    pub name: String,
    /// `is_active`.
    pub active: bool,
    /// The contact's partner row.
    pub partner_id: Option<i64>,
    /// The contact's LMS user.
    pub lms_user_id: Option<String>,
}

/// A column as a whole number, whatever type an adopted schema gave it.
pub(super) fn int_column(engine: Engine, table: &Table, name: &str) -> String {
    match table.column(name) {
        Some(column) if column.is_int() => name.to_owned(),
        Some(_) => dialect::as_int(engine, name),
        None => "NULL".to_owned(),
    }
}

/// A column as text, whatever type an adopted schema gave it.
pub(super) fn text_column(engine: Engine, table: &Table, name: &str) -> String {
    match table.column(name) {
        Some(column) if column.is_text() => name.to_owned(),
        Some(_) => dialect::as_text(engine, name),
        None => "NULL".to_owned(),
    }
}

/// Whether a row is active; all are where the table does not tell.
fn active(table: &Table) -> &'static str {
    match table.column("is_active") {
        Some(_) => "COALESCE(is_active, 1) <> 0",
        None => "1",
    }
}

/// The list of columns in the order that [`see_row`] reads.
pub(super) fn row_columns(engine: Engine, schema: &Schema, table: &Table) -> String {
    let mut columns = vec![
        int_column(engine, table, "id"),
        int_column(engine, table, "impartner_id"),
        active(table).to_owned(),
    ];
    columns.push(match schema.entity {
        Entity::Partners => "NULL".to_owned(),
        Entity::Contacts => int_column(engine, table, "partner_id"),
    });
    let fields = schema.fields.iter();
    columns.extend(fields.map(|field| text_column(engine, table, field.column)));
    columns.join(", ")
}

/// Puts one row of [`row_columns`] into `rows`.
pub(super) fn see_row(schema: &Schema, row: &Row, rows: &mut RowSet) -> Result<(), StoreError> {
    // At most 32 fields (see `Schema`), so the row never needs the heap.
    let mut cells = [None; 32];
    let width = schema.fields.len().min(cells.len());
    for (at, cell) in cells[..width].iter_mut().enumerate() {
        *cell = row.opt_text(at + 4)?;
    }
    rows.push(&RowRecord {
        row_id: row.int(0)?,
        impartner_id: row.opt_int(1)?,
        active: row.flag(2)?,
        partner_id: row.opt_int(3)?,
        fields: &cells[..width],
    });
    Ok(())
}

/// The table of an entity as the database has it.
pub(super) async fn table(conn: &mut Conn, entity: Entity) -> Result<Table, StoreError> {
    Ok(catalog::read(conn)
        .await?
        .remove(entity.word())
        .unwrap_or_default())
}

/// Whether the LMS's people are there as [`Store::lms_links`] asks for them.
fn has_people(catalog: &catalog::Catalog) -> bool {
    catalog.get("lms_users").is_some_and(|table| {
        ["id", "email", "status"]
            .iter()
            .all(|name| table.column(name).is_some())
    })
}

impl Store {
    /// How many rows of an entity are active.
    pub(super) async fn active_rows(&self, entity: Entity) -> Result<u64, StoreError> {
        let mut conn = self.conn().await?;
        let table = table(&mut conn, entity).await?;
        let sql = format!("SELECT COUNT(*) FROM {entity} WHERE {}", active(&table));
        let rows = conn.first(sql, vec![], |row| row.count(0)).await?;
        Ok(rows.unwrap_or_default())
    }

    /// Every row of an entity, active and inactive, ordered by id, as of one moment.
    pub async fn rows(&self, schema: &Schema) -> Result<RowSet, StoreError> {
        let mut conn = self.conn().await?;
        let table = table(&mut conn, schema.entity).await?;
        let sql = format!(
            "SELECT {} FROM {} ORDER BY id",
            row_columns(self.engine(), schema, &table),
            schema.entity
        );
        let mut rows = RowSet::new(schema);
        conn.each(sql, vec![], |row| see_row(schema, row, &mut rows))
            .await?;
        Ok(rows)
    }

    /// What the database really enforces on an entity's table; which names it takes for one says [`Store::same_keys`].
    pub async fn limits(&self, schema: &Schema) -> Result<Limits, StoreError> {
        let mut conn = self.conn().await?;
        let table = table(&mut conn, schema.entity).await?;
        let lengths = schema
            .fields
            .iter()
            .map(|field| table.column(field.column).and_then(|column| column.length))
            .collect();
        let greatest_id = table
            .column("impartner_id")
            .map_or(i64::MAX, |column| column.greatest(self.engine()));
        Ok(Limits {
            lengths,
            greatest_id,
            same: SameKeys::default(),
        })
    }

    /// LMS users by e-mail; an address that two of them share is left out.
    pub async fn lms_links(&self) -> Result<LmsLinks, StoreError> {
        let mut conn = self.conn().await?;
        let mut links = LmsLinks::default();
        if self.never_migrated() && !has_people(&catalog::read(&mut conn).await?) {
            return Ok(links);
        }
        let mut shared: FxHashSet<String> = FxHashSet::default();
        let sql = format!(
            "SELECT u.email, u.id FROM lms_users u WHERE u.email IS NOT NULL AND {STILL_THERE}"
        );
        conn.each(sql, vec![], |row| {
            let key = text::email_key(row.text(0)?);
            if key.is_empty() || shared.contains(&key) {
                return Ok(());
            }
            if links.remove(&key).is_some() {
                shared.insert(key);
            } else {
                links.insert(key, row.string(1)?);
            }
            Ok(())
        })
        .await?;
        Ok(links)
    }

    /// The numbers of the status page.
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        let mut conn = self.conn().await?;
        let mut counts = Counts::default();
        let tables = [
            "SELECT COALESCE(is_active, 1) <> 0, COUNT(*), 0 FROM partners GROUP BY 1",
            "SELECT COALESCE(is_active, 1) <> 0, COUNT(*), COUNT(lms_user_id) FROM contacts GROUP BY 1",
        ];
        for (entity, sql) in Entity::ALL.into_iter().zip(tables) {
            let mut rows = RowCounts::default();
            conn.each(sql, vec![], |row| {
                if row.flag(0)? {
                    rows.active += row.count(1)?;
                    rows.lms_linked += row.count(2)?;
                } else {
                    rows.inactive += row.count(1)?;
                }
                Ok(())
            })
            .await?;
            match entity {
                Entity::Partners => counts.partners = rows,
                Entity::Contacts => counts.contacts = rows,
            }
        }
        let one = |row: &Row| row.count(0);
        counts.partners.lms_linked = conn
            .first(
                "SELECT COUNT(DISTINCT p.id) FROM lms_groups g JOIN partners p ON p.id = g.partner_id WHERE g.deleted_at IS NULL AND COALESCE(p.is_active, 1) <> 0",
                vec![],
                one,
            )
            .await?
            .unwrap_or_default();
        counts.holds = conn
            .first(
                format!(
                    "SELECT COUNT(*) FROM sync_holds h WHERE {}",
                    holds::still_holds(self.engine())
                ),
                vec![],
                one,
            )
            .await?
            .unwrap_or_default();
        conn.each(
            "SELECT reason, COUNT(*) FROM sync_carryover GROUP BY reason",
            vec![],
            |row| {
                counts.carried_over += row.count(1)?;
                if row.text(0)? == "withheld" {
                    counts.withheld += row.count(1)?;
                }
                Ok(())
            },
        )
        .await?;
        conn.each(
            "SELECT state, COUNT(*) FROM offboarding_cases GROUP BY state",
            vec![],
            |row| {
                let number = row.count(1)?;
                let cases = &mut counts.cases;
                match CaseState::from_word(row.text(0)?) {
                    Some(CaseState::Pending) => cases.pending += number,
                    Some(CaseState::Approved) => cases.approved += number,
                    Some(CaseState::Running) => cases.running += number,
                    Some(CaseState::Done) => cases.done += number,
                    Some(CaseState::Restored) => cases.restored += number,
                    Some(CaseState::Failed) => cases.failed += number,
                    Some(CaseState::Rejected) => cases.rejected += number,
                    Some(CaseState::Held) => cases.held += number,
                    Some(CaseState::Obsolete) => cases.obsolete += number,
                    None => {}
                }
                Ok(())
            },
        )
        .await?;
        Ok(counts)
    }

    /// One row by our id.
    pub async fn row(&self, entity: Entity, row_id: i64) -> Result<Option<RowFacts>, StoreError> {
        self.row_where(entity, "id", row_id).await
    }

    /// One row by Impartner's id.
    pub async fn row_of(
        &self,
        entity: Entity,
        impartner_id: i64,
    ) -> Result<Option<RowFacts>, StoreError> {
        self.row_where(entity, "impartner_id", impartner_id).await
    }

    /// Impartner ids of active rows, those of the newest rows first, at most `limit`.
    pub async fn active_ids(&self, entity: Entity, limit: usize) -> Result<Vec<i64>, StoreError> {
        let mut conn = self.conn().await?;
        if self.never_migrated() {
            let table = table(&mut conn, entity).await?;
            if table.column("impartner_id").is_none() || table.column("is_active").is_none() {
                return Ok(Vec::new());
            }
        }
        let sql = format!(
            "SELECT impartner_id FROM {entity} WHERE COALESCE(is_active, 1) <> 0 AND impartner_id IS NOT NULL ORDER BY id DESC LIMIT {limit}"
        );
        let mut ids = Vec::new();
        conn.each(sql, vec![], |row| {
            ids.push(row.int(0)?);
            Ok(())
        })
        .await?;
        Ok(ids)
    }

    async fn row_where(
        &self,
        entity: Entity,
        column: &str,
        id: i64,
    ) -> Result<Option<RowFacts>, StoreError> {
        let mut conn = self.conn().await?;
        let (key, more) = match entity {
            Entity::Partners => ("account_name", "NULL, NULL"),
            Entity::Contacts => ("email", "partner_id, lms_user_id"),
        };
        let sql = format!(
            "SELECT id, impartner_id, {key}, COALESCE(is_active, 1) <> 0, {more} FROM {entity} WHERE {column} = ?"
        );
        conn.first(sql, super::db::args![id], |row| {
            Ok(RowFacts {
                row_id: row.int(0)?,
                impartner_id: row.opt_int(1)?,
                name: row.string(2)?,
                active: row.flag(3)?,
                partner_id: row.opt_int(4)?,
                lms_user_id: row.opt_string(5)?,
            })
        })
        .await
    }
}
