//! Contacts that change because their partner was written: an adopted database may have triggers for that. They are part of the
//! run, so they stand in its journal and go back with it; a contact that the plan means too is not taken for one that somebody
//! else changed (docs/rules.md, "Adopted tables").

use rustc_hash::FxHashSet;

use super::ApplyTx;
use super::entries::Entries;
use super::held::{Held, HeldRow};
use super::statements::Statements;
use crate::plan::{Entity, Op, Outcome, Plan, Schema};
use crate::store::{StoreError, dialect, read};

/// A contact that the database itself made inactive, along with its partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departed {
    /// The row.
    pub row_id: i64,
    /// Impartner's id.
    pub impartner_id: Option<i64>,
    /// Its e-mail.
    pub name: String,
    /// Why, in words.
    pub reason: &'static str,
}

/// Why a contact is in the journal that no item of the plan means.
const REASON: &str = "changed by the database itself, along with its partner";

/// The contacts of partners that are about to be written.
#[derive(Debug)]
pub(super) struct Watched {
    select: String,
    before: Held,
}

/// Contacts that changed with their partners, as they were and as they are.
#[derive(Debug)]
pub(super) struct Cascade {
    before: Held,
    after: Held,
    /// Their row ids.
    changed: Vec<i64>,
}

impl Cascade {
    /// Whether a row that is `now` is the one that the plan saw as `then`, and only its partner's trigger is between.
    pub(super) fn explains(&self, row_id: i64, then: Option<u64>, now: u64) -> bool {
        let print = |row: HeldRow<'_>| row.rows.fingerprint(row.at);
        then.is_some()
            && self.before.row(row_id).map(print) == then
            && self.after.row(row_id).map(print) == Some(now)
    }
}

impl ApplyTx {
    /// Looks at the contacts of the partners that `items` write. They are locked, as they would be by the trigger.
    pub(super) async fn watch(
        &mut self,
        plan: &Plan,
        items: &[usize],
    ) -> Result<Option<Watched>, StoreError> {
        let partners: Vec<i64> = items
            .iter()
            .map(|&at| &plan.items[at])
            .filter(|item| item.entity == Entity::Partners)
            .filter_map(|item| item.row_id)
            .collect();
        if partners.is_empty() {
            return Ok(None);
        }
        let schema = &plan.arenas.contacts.schema;
        let table = read::table(&mut self.conn, Entity::Contacts).await?;
        let engine = self.conn.engine();
        let select = Statements::new(engine, schema, &table, self.now).select;
        let lock = dialect::for_update(engine);
        let before = self
            .held(&select, schema, "partner_id", &partners, lock)
            .await?;
        Ok(Some(Watched { select, before }))
    }

    /// Looks at them again.
    pub(super) async fn cascaded(
        &mut self,
        plan: &Plan,
        watched: Option<Watched>,
    ) -> Result<Option<Cascade>, StoreError> {
        let Some(Watched { select, before }) = watched else {
            return Ok(None);
        };
        let schema = &plan.arenas.contacts.schema;
        let rows = &before.rows;
        let ids: Vec<i64> = rows.indices().map(|at| rows.row_id(at)).collect();
        let after = self.held(&select, schema, "id", &ids, "").await?;
        let changed: Vec<i64> = rows
            .indices()
            .filter(|&at| {
                after
                    .row(rows.row_id(at))
                    .is_some_and(|now| now.rows.fingerprint(now.at) != rows.fingerprint(at))
            })
            .map(|at| rows.row_id(at))
            .collect();
        Ok((!changed.is_empty()).then_some(Cascade {
            before,
            after,
            changed,
        }))
    }

    /// Writes the journal of those that no item of the plan wrote, and remembers who left.
    pub(super) async fn journal_cascade(
        &mut self,
        plan: &Plan,
        cascade: &Cascade,
        outcomes: &[Outcome],
        mut entries: Entries,
    ) -> Result<(), StoreError> {
        let written: FxHashSet<i64> = plan
            .items
            .iter()
            .zip(outcomes)
            .filter_map(|(item, outcome)| match outcome {
                Outcome::Applied { row_id, .. } if item.entity == Entity::Contacts => Some(*row_id),
                _ => None,
            })
            .collect();
        for &row_id in cascade.changed.iter().filter(|id| !written.contains(id)) {
            let (Some(was), Some(is)) = (cascade.before.row(row_id), cascade.after.row(row_id))
            else {
                continue;
            };
            let op = match (was.rows.active(was.at), is.rows.active(is.at)) {
                (true, false) => Op::SoftDelete,
                (false, true) => Op::Reactivate,
                _ => Op::Update,
            };
            if op == Op::SoftDelete {
                self.departed.push(Departed {
                    row_id,
                    impartner_id: is.rows.impartner_id(is.at),
                    name: is
                        .rows
                        .field(is.at, Schema::KEY)
                        .unwrap_or_default()
                        .to_owned(),
                    reason: REASON,
                });
            }
            let schema = &plan.arenas.contacts.schema;
            entries
                .add_cascaded(self, schema, op, (was, is), REASON)
                .await?;
        }
        entries.flush(self).await
    }

    /// Contacts whom the database itself made inactive in this run, along with their partners.
    pub fn departed(&self) -> &[Departed] {
        &self.departed
    }
}
