//! What an apply means for off-boarding, inside its transaction: cases open for those who left, lapse for those who
//! came back, and new partners get the LMS groups that carry their names.

use super::super::Desk;
use crate::plan::{Entity, Op, Outcome, Plan};
use crate::store::{ApplyTx, Departure, LinkRules, StoreError};

impl Desk {
    /// Opens and lapses cases for what was applied; gives the number of cases opened.
    pub(in crate::desk) async fn cases_for(
        &self,
        tx: &mut ApplyTx,
        plan: &Plan,
        outcomes: &[Outcome],
    ) -> Result<u64, StoreError> {
        let config = self.config();
        let (mut left, mut back, mut added) = (Vec::new(), Vec::new(), false);
        for (at, outcome) in outcomes.iter().enumerate() {
            let Outcome::Applied { row_id, .. } = outcome else {
                continue;
            };
            let view = plan.view(at);
            match view.item.op {
                Op::SoftDelete => left.push(Departure {
                    entity: view.item.entity,
                    row_id: *row_id,
                    impartner_id: view.item.impartner_before.or(view.item.impartner_id),
                    name: view.name().to_owned(),
                    reason: view.reason().to_owned(),
                }),
                Op::Reactivate => back.push((view.item.entity, *row_id)),
                Op::Add => added |= view.item.entity == Entity::Partners,
                Op::Update | Op::Conflict | Op::Excluded | Op::Unchanged => {}
            }
        }
        if added {
            let rules = LinkRules {
                prefixes: &config.lms.group_prefixes,
                all_partners: &config.lms.all_partners_group,
            };
            tx.link_groups(rules).await?;
        }
        left.extend(tx.departed().iter().map(|contact| Departure {
            entity: Entity::Contacts,
            row_id: contact.row_id,
            impartner_id: contact.impartner_id,
            name: contact.name.clone(),
            reason: contact.reason.to_owned(),
        }));
        tx.lapse_cases(&back, &config.operator).await?;
        tx.open_cases(&left, &config.operator).await
    }
}
