//! What follows from a question that was answered with Yes.

use super::super::dialog::Then;
use super::super::model::Model;
use super::super::msg::{Effect, Request};
use super::act;
use crate::plan::Release;

/// Does what was confirmed.
pub(super) fn done(model: &mut Model, then: Then) -> Vec<Effect> {
    let request = match then {
        Then::Apply => {
            let Some(review) = &model.preview.review else {
                return Vec::new();
            };
            Request::Apply {
                plan: review.plan.clone(),
                selection: review.selection.clone(),
                release: review.release.clone(),
            }
        }
        Then::Release {
            deletes,
            updates,
            reason,
        } => {
            if let Some(review) = &mut model.preview.review {
                review.release = Release {
                    deletes,
                    updates,
                    reason: Some(reason),
                };
                model.toast("Released for this plan. Nothing is applied yet: A applies.");
            }
            return Vec::new();
        }
        Then::Hold {
            at,
            entity,
            impartner_id,
            note,
        } => {
            if let Some(review) = &mut model.preview.review
                && review.tab == super::super::query::Tab::Changes
            {
                review.held_now.insert(at);
                if review
                    .plan
                    .items
                    .get(at as usize)
                    .is_some_and(|item| item.op == crate::plan::Op::SoftDelete)
                    && review.selection.is_ticked(at as usize)
                    && review.set_tick(at, false).is_ok()
                {
                    review.ticked_shown = review.ticked_shown.saturating_sub(1);
                }
            }
            let mut effects = model.preview.retally(&model.guards);
            effects.push(model.ask(Request::Hold {
                entity,
                impartner_id,
                note,
            }));
            return effects;
        }
        Then::Lift {
            at,
            entity,
            impartner_id,
        } => {
            if let Some(review) = &mut model.preview.review {
                review.held_now.remove(&at);
            }
            Request::Lift {
                entity,
                impartner_id,
            }
        }
        Then::Approve {
            ids,
            note,
            accept_foreign,
        } => Request::Approve {
            ids,
            note,
            accept_foreign,
        },
        Then::Reject { ids, note } => Request::Reject { ids, note },
        Then::HoldCases { ids, note } => Request::HoldCases { ids, note },
        Then::RunCases(ids) => Request::RunCases(ids),
        Then::Restore(id) => Request::RestoreCase(id),
        Then::Push(ids) => Request::PushCerts(ids),
        Then::Quit => return act::leave(model),
    };
    if request.lane() == super::super::msg::Lane::Work
        && let Some(why) = model.busy()
    {
        model.complain(why);
        return Vec::new();
    }
    vec![model.ask(request)]
}
