//! Writing a group of rows that exchange unique values (see `chains`): parked first, then written, all or none.

use std::ops::Range;

use super::ApplyTx;
use super::batch::{Fates, Meter, pack};
use super::rows::JsonRows;
use super::statements::{self, RowToWrite, Statements};
use crate::plan::{Changed, Op, Plan, Schema};
use crate::store::StoreError;
use crate::store::db::args;
use crate::store::split::{RELEASE, SAVE};

impl ApplyTx {
    /// Writes such a group under one savepoint.
    pub(super) async fn change_group(
        &mut self,
        statements: &Statements,
        plan: &Plan,
        targets: &[RowToWrite],
        meter: &mut Meter<'_>,
    ) -> Result<Fates, StoreError> {
        self.may_go_on(meter.progress)?;
        let mut script = Vec::new();
        let parking = batches(0..targets.len(), |payload, at| {
            park(payload, statements, plan, &targets[at], self.run_id);
        });
        script.extend(
            parking
                .into_iter()
                .map(|argument| (statements.of(Op::Update), argument)),
        );
        for op in [Op::SoftDelete, Op::Reactivate, Op::Update] {
            let of_op: Vec<&RowToWrite> = targets
                .iter()
                .filter(|target| plan.items[target.at].op == op)
                .collect();
            let writing = batches(0..of_op.len(), |payload, at| {
                statements::update_target(payload, plan, of_op[at]);
            });
            script.extend(
                writing
                    .into_iter()
                    .map(|argument| (statements.of(op), argument)),
            );
        }

        self.conn.raw(SAVE).await?;
        let mut refused = None;
        for (sql, argument) in script {
            match self.conn.execute(sql.to_owned(), args![argument]).await {
                Ok(_) => {}
                Err(error) if error.is_row_fault() => {
                    refused = Some(error.row_message());
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        meter.add(targets.len());
        let Some(message) = refused else {
            self.conn.raw(RELEASE).await?;
            return Ok(targets.iter().map(|target| Ok(target.row_id)).collect());
        };
        self.back().await?;
        let message = format!(
            "{message} (This row and {} others exchange names, e-mails or ids; none of them was written.)",
            targets.len().saturating_sub(1)
        );
        Ok(targets.iter().map(|_| Err(message.clone())).collect())
    }
}

/// Gives the unique values of a row that changes them up for a moment.
fn park(
    payload: &mut JsonRows,
    statements: &Statements,
    plan: &Plan,
    target: &RowToWrite,
    run_id: i64,
) {
    let key_bit = u32::try_from(Schema::KEY).unwrap_or_default();
    let mut mask = Changed::default();
    for bit in [key_bit, Changed::IMPARTNER_ID] {
        if target.mask.has(bit) {
            mask.set(bit);
        }
    }
    // Nobody else has such a name, and it is shorter than any column; no id of Impartner's is negative.
    let name = format!("~prmdesk {run_id} {}", target.row_id);
    let id = (!statements.id_nullable).then_some(-target.row_id);
    let width = plan.view(target.at).schema().fields.len();
    let fields = (0..width).map(|field| (field == Schema::KEY).then_some(name.as_str()));
    statements::update_row(payload, target.row_id, mask, id, None, fields);
}

/// The arguments that take the whole range, one statement's worth each.
fn batches(range: Range<usize>, mut put: impl FnMut(&mut JsonRows, usize)) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut left = (!range.is_empty()).then_some(range);
    while let Some(range) = left {
        let (_, rest, argument) = pack(range, &mut put);
        arguments.push(argument);
        left = rest;
    }
    arguments
}
