//! Writing the journal: before and after of every row, in batches, in the same transaction.

use super::held::HeldRow;
use super::rows::{JsonRows, string};
use super::statements::Statements;
use super::{ApplyTx, Outcome, SoftDeletes};
use crate::plan::{Changed, Entity, ItemView, Op, Schema};
use crate::store::StoreError;
use crate::store::db::args;
use crate::store::dialect::{self, ColumnType};

/// What `write` found out about an item beside its outcome.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Written {
    /// The partner that a contact was linked to.
    pub(super) partner_id: Option<i64>,
    /// Whether the link was left as it was although the plan changes it.
    pub(super) link_kept: bool,
}

/// The journal of one entity.
#[derive(Debug)]
pub(super) struct Entries {
    sql: String,
    payload: JsonRows,
    released: bool,
}

impl Entries {
    pub(super) fn new(tx: &ApplyTx, entity: Entity, deletes: SoftDeletes) -> Self {
        use ColumnType::{Int, Text};
        let cells = [Int, Text, Int, Int, Text, Text, Text, Text, Text, Int];
        Self {
            sql: format!(
                "INSERT INTO sync_changes (run_id, entity, seq, op, row_id, impartner_id, name, before_values, after_values, \
                 status, message, released) SELECT {}, '{entity}', v.v_0, v.v_1, v.v_2, v.v_3, v.v_4, v.v_5, v.v_6, v.v_7, \
                 v.v_8, v.v_9 FROM {}",
                tx.run_id,
                dialect::json_rows(tx.conn.engine(), &cells)
            ),
            payload: JsonRows::default(),
            released: deletes == SoftDeletes::Released,
        }
    }

    /// Adds one item; writes when a batch is full.
    pub(super) async fn add(
        &mut self,
        tx: &mut ApplyTx,
        view: &ItemView<'_>,
        outcome: &Outcome,
        written: Written,
        held: Option<HeldRow<'_>>,
    ) -> Result<(), StoreError> {
        let (row_id, status, message) = match outcome {
            Outcome::NotSelected => return Ok(()),
            Outcome::Applied { row_id, .. } => (
                Some(*row_id),
                "applied",
                (!view.reason().is_empty()).then(|| view.reason()),
            ),
            Outcome::Stale(message) => (view.item.row_id, "stale", Some(message.as_str())),
            Outcome::Failed(message) => (view.item.row_id, "failed", Some(message.as_str())),
        };
        let op = view.item.op;
        // An add's name stands among its values; twice would cost a first load.
        let name = (op != Op::Add).then(|| view.name());
        let (before, after) = values(view, written, held);
        let entry = Entry {
            op,
            row_id,
            impartner_id: view.item.impartner_id.or(view.item.impartner_before),
            name,
            values: (before, after),
            status,
            message,
            released: self.released && op == Op::SoftDelete && status == "applied",
        };
        self.put(tx, &entry).await
    }

    /// Adds a row of contacts that the database itself changed: as it was and as it is.
    pub(super) async fn add_cascaded(
        &mut self,
        tx: &mut ApplyTx,
        schema: &Schema,
        op: Op,
        (was, is): (HeldRow<'_>, HeldRow<'_>),
        reason: &str,
    ) -> Result<(), StoreError> {
        let (mut before, mut after) = (Object::default(), Object::default());
        for (at, field) in schema.fields.iter().enumerate() {
            let (old, new) = (was.rows.field(was.at, at), is.rows.field(is.at, at));
            if old != new {
                before.text(field.column, old);
                after.text(field.column, new);
            }
        }
        let numbers = |row: HeldRow<'_>| {
            [
                ("partner_id", row.rows.partner_id(row.at)),
                ("impartner_id", row.rows.impartner_id(row.at)),
            ]
        };
        for ((name, old), (_, new)) in numbers(was).into_iter().zip(numbers(is)) {
            if old != new {
                before.int(name, old);
                after.int(name, new);
            }
        }
        if op != Op::Update {
            before.flag("is_active", was.rows.active(was.at));
            after.flag("is_active", is.rows.active(is.at));
        }
        let entry = Entry {
            op,
            row_id: Some(is.rows.row_id(is.at)),
            impartner_id: is.rows.impartner_id(is.at),
            name: is.rows.field(is.at, Schema::KEY),
            values: (before.finish(), after.finish()),
            status: "applied",
            message: Some(reason),
            released: false,
        };
        self.put(tx, &entry).await
    }

    async fn put(&mut self, tx: &mut ApplyTx, entry: &Entry<'_>) -> Result<(), StoreError> {
        tx.seq += 1;
        let row = &mut self.payload;
        row.begin();
        row.int(Some(tx.seq));
        row.text(Some(entry.op.word()));
        row.int(entry.row_id);
        row.int(entry.impartner_id);
        row.text(entry.name);
        row.text(entry.values.0.as_deref());
        row.text(entry.values.1.as_deref());
        row.text(Some(entry.status));
        row.text(entry.message);
        row.int(Some(i64::from(entry.released)));
        row.end();
        if self.payload.is_full() {
            self.flush(tx).await?;
        }
        Ok(())
    }

    /// Adds `count` rows that were just made with ids one after the other, for one reason: the database writes their
    /// journal from the rows themselves, which costs a first load a third of sending every value twice.
    pub(super) async fn add_run(
        &mut self,
        tx: &mut ApplyTx,
        statements: &Statements,
        first: i64,
        count: i64,
        reason: &str,
    ) -> Result<(), StoreError> {
        self.flush(tx).await?;
        let entity = statements.entity;
        // One text for all stretches: it is prepared once (see `on_engine` in `db.rs`).
        let sql = format!(
            "INSERT INTO sync_changes (run_id, entity, seq, op, row_id, impartner_id, after_values, status, message, released) \
             SELECT ?, '{entity}', ? + id - ?, '{}', id, impartner_id, {}, 'applied', ?, 0 \
             FROM {entity} WHERE id BETWEEN ? AND ?",
            Op::Add.word(),
            statements.as_json,
        );
        let reason = (!reason.is_empty()).then_some(reason);
        let last = first + count - 1;
        let values = args![tx.run_id, tx.seq + 1, first, reason, first, last];
        let written = tx.conn.execute(sql, values).await?;
        if i64::try_from(written) != Ok(count) {
            return Err(StoreError::BadValue {
                what: "new rows that are gone again, of".to_owned(),
                value: entity.to_string(),
            });
        }
        tx.seq += count;
        Ok(())
    }

    /// Writes what is left.
    pub(super) async fn flush(&mut self, tx: &mut ApplyTx) -> Result<(), StoreError> {
        if self.payload.rows() > 0 {
            let argument = self.payload.finish();
            tx.conn.execute(self.sql.clone(), args![argument]).await?;
        }
        Ok(())
    }
}

/// One line of the journal.
struct Entry<'e> {
    op: Op,
    row_id: Option<i64>,
    impartner_id: Option<i64>,
    name: Option<&'e str>,
    /// Before and after.
    values: (Option<String>, Option<String>),
    status: &'e str,
    message: Option<&'e str>,
    released: bool,
}

/// A JSON object, written field by field.
#[derive(Default)]
struct Object(Vec<u8>);

impl Object {
    fn name(&mut self, name: &str) {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
        // Column names are ours: plain words.
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    fn text(&mut self, name: &str, text: Option<&str>) {
        self.name(name);
        string(&mut self.0, text);
    }

    fn int(&mut self, name: &str, number: Option<i64>) {
        self.name(name);
        match number {
            Some(number) => self.0.extend_from_slice(number.to_string().as_bytes()),
            None => self.0.extend_from_slice(b"null"),
        }
    }

    fn flag(&mut self, name: &str, flag: bool) {
        self.name(name);
        self.0
            .extend_from_slice(if flag { b"true" } else { b"false" });
    }

    fn finish(mut self) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        self.0.push(b'}');
        String::from_utf8(self.0).ok()
    }
}

/// Before and after: the changed columns, and what an undo needs; after is what the row holds, where it was written. An add
/// keeps every value it was made with.
fn values(
    view: &ItemView<'_>,
    written: Written,
    held: Option<HeldRow<'_>>,
) -> (Option<String>, Option<String>) {
    let item = view.item;
    let (mut before, mut after) = (Object::default(), Object::default());
    let fields = view.schema().fields.iter().enumerate();
    let holds = |at: usize, otherwise| held.map_or(otherwise, |row| row.rows.field(row.at, at));
    if item.op == Op::Add {
        for (at, field) in fields {
            after.text(field.column, holds(at, view.after(at)));
        }
        let id = held.map_or(item.impartner_id, |row| row.rows.impartner_id(row.at));
        after.int("impartner_id", id);
        if item.entity == Entity::Contacts {
            let partner = held.map_or(written.partner_id, |row| row.rows.partner_id(row.at));
            after.int("partner_id", partner);
        }
        after.flag("is_active", held.is_none_or(|row| row.rows.active(row.at)));
        return (None, after.finish());
    }
    for (at, field) in fields {
        let changes = u32::try_from(at).is_ok_and(|bit| item.changed.has(bit));
        let was = view.before(at);
        let is = holds(at, if changes { view.after(at) } else { was });
        if changes || is != was {
            before.text(field.column, was);
            after.text(field.column, is);
        }
    }
    if item.entity == Entity::Contacts {
        let was = view.partner_before().and_then(|partner| partner.row_id);
        let links = item.changed.has(Changed::PARTNER) && !written.link_kept;
        let sent = if links { written.partner_id } else { was };
        let is = held.map_or(sent, |row| row.rows.partner_id(row.at));
        if links || is != was {
            before.int("partner_id", was);
            after.int("partner_id", is);
        }
    }
    let changes = item.changed.has(Changed::IMPARTNER_ID);
    let was = item.impartner_before;
    let sent = if changes { item.impartner_id } else { was };
    let is = held.map_or(sent, |row| row.rows.impartner_id(row.at));
    if changes || is != was {
        before.int("impartner_id", was);
        after.int("impartner_id", is);
    }
    let sent = match item.op {
        Op::SoftDelete => false,
        Op::Reactivate => true,
        _ => item.was_active,
    };
    let is = held.map_or(sent, |row| row.rows.active(row.at));
    if matches!(item.op, Op::SoftDelete | Op::Reactivate) || is != item.was_active {
        before.flag("is_active", item.was_active);
        after.flag("is_active", is);
    }
    (before.finish(), after.finish())
}
