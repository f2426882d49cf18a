//! What follows from a question that was answered with Yes: what the question said, with what it held, whatever is so by
//! then. The desk compares once more.

use crate::plan::Release;
use crate::tui::dialog::Then;
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::request::{Lane, Request};
use crate::tui::update::act;
use crate::values::Case;

/// Does what was confirmed.
pub(super) fn done(model: &mut Model, then: Then) -> Vec<Effect> {
    let request = match then {
        Then::Apply {
            ticked,
            release,
            shown,
        } => Request::Apply {
            plan: ticked.plan,
            selection: ticked.selection,
            release,
            shown,
        },
        Then::Release {
            deletes,
            updates,
            reason,
            ..
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
            entity,
            impartner_id,
            note,
        } => Request::Hold {
            entity,
            impartner_id,
            note,
        },
        Then::Lift {
            entity,
            impartner_id,
        } => Request::Lift {
            entity,
            impartner_id,
        },
        Then::Approve {
            cases,
            note,
            accept_foreign,
        } => Request::Approve {
            cases,
            note,
            accept_foreign,
        },
        Then::Reject { cases, note } => Request::Reject {
            ids: ids(&cases),
            note,
        },
        Then::HoldCases { cases, note } => Request::HoldCases {
            ids: ids(&cases),
            note,
        },
        Then::RunCases(cases) => Request::RunCases(cases),
        Then::Restore(case) => Request::RestoreCase(case.case_id),
        Then::Push(rows) => Request::PushCerts(rows),
        Then::Quit => return act::leave(model),
    };
    if request.lane() == Lane::Work
        && let Some(why) = model.busy()
    {
        model.complain(why);
        return Vec::new();
    }
    vec![model.ask(request)]
}

fn ids(cases: &[Case]) -> Vec<i64> {
    cases.iter().map(|case| case.case_id).collect()
}
