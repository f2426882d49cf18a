//! Writing the journal: before and after of every row, in batches, in the same transaction.

use super::rows::{JsonRows, string};
use super::statements::Statements;
use super::{ApplyTx, Outcome, SoftDeletes};
use crate::plan::{Change, Changed, Entity, ItemView, Op, Value};
use crate::store::StoreError;
use crate::store::db::args;
use crate::store::dialect::{self, Cell};

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
        use Cell::{Int, Text};
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
        tx.seq += 1;
        let op = view.item.op;
        // An add's name stands among its values; twice would cost a first load.
        let name = (op != Op::Add).then(|| view.name());
        let (before, after) = values(view, written);
        let row = &mut self.payload;
        row.begin();
        row.int(Some(tx.seq));
        row.text(Some(op.word()));
        row.int(row_id);
        row.int(view.item.impartner_id.or(view.item.impartner_before));
        row.text(name);
        row.text(before.as_deref());
        row.text(after.as_deref());
        row.text(Some(status));
        row.text(message);
        row.int(Some(i64::from(
            self.released && op == Op::SoftDelete && status == "applied",
        )));
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

    fn value(&mut self, name: &str, value: &Value<'_>) {
        match value {
            Value::Null => self.text(name, None),
            Value::Text(text) => self.text(name, Some(text)),
            Value::Int(number) | Value::PlannedPartner(number) => self.int(name, Some(*number)),
        }
    }

    fn finish(mut self) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        self.0.push(b'}');
        String::from_utf8(self.0).ok()
    }
}

/// Before and after: the changed columns, and what an undo needs. An add keeps every value it was made with.
fn values(view: &ItemView<'_>, written: Written) -> (Option<String>, Option<String>) {
    let item = view.item;
    let (mut before, mut after) = (Object::default(), Object::default());
    if item.op == Op::Add {
        for (at, field) in view.schema().fields.iter().enumerate() {
            after.text(field.column, view.after(at));
        }
        after.int("impartner_id", item.impartner_id);
        if item.entity == Entity::Contacts {
            after.int("partner_id", written.partner_id);
        }
        after.flag("is_active", true);
        return (None, after.finish());
    }
    for change in view.changes() {
        let Change {
            field,
            before: was,
            after: is,
            ..
        } = change;
        if field == "partner_id" && item.changed.has(Changed::PARTNER) {
            if written.link_kept {
                continue;
            }
            before.value(field, &was);
            after.int(field, written.partner_id);
            continue;
        }
        before.value(field, &was);
        after.value(field, &is);
    }
    match item.op {
        Op::SoftDelete | Op::Reactivate => {
            before.flag("is_active", item.was_active);
            after.flag("is_active", item.op == Op::Reactivate);
        }
        _ => {}
    }
    (before.finish(), after.finish())
}
