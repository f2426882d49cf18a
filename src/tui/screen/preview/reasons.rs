//! Why an action of screen 2 is not possible now.

use super::state::Preview;
use super::tab::Tab;
use crate::plan::Op;
use crate::tui::model::Model;
use crate::tui::room::Reason;

pub(super) fn no_plan(preview: &Preview) -> Reason {
    preview
        .review
        .is_none()
        .then(|| "There is no plan yet: press p for what changed, or P for everything.".into())
}

/// For what needs a line of Changes under the cursor.
pub(super) fn change_line(preview: &Preview) -> Reason {
    no_plan(preview).or_else(|| {
        let review = preview.review.as_ref()?;
        if review.tab != Tab::Changes {
            return Some("Only the lines under Changes can be ticked or marked.".into());
        }
        review
            .item()
            .is_none()
            .then(|| "No line is shown; change the filter.".into())
    })
}

/// For what needs any record under the cursor.
fn record(preview: &Preview) -> Reason {
    no_plan(preview).or_else(|| {
        let review = preview.review.as_ref()?;
        review
            .item()
            .is_none()
            .then(|| "No record is chosen here.".into())
    })
}

pub(super) fn hold(preview: &Preview, model: &Model) -> Reason {
    if model.environment.read_only {
        return model.no_writes();
    }
    record(preview).or_else(|| {
        let review = preview.review.as_ref()?;
        let item = review.item()?;
        if item.impartner_id.is_none() {
            return Some("The record has no Impartner id, and holds go by that.".into());
        }
        (item.row_id.is_none()).then(|| {
            "A record without a row cannot be held: there is nothing to soft-delete.".into()
        })
    })
}

pub(super) fn apply(preview: &Preview, model: &Model) -> Reason {
    no_plan(preview)
        .or_else(|| {
            let review = preview.review.as_ref()?;
            (review.tally.total() == 0 && !review.tallying.pending())
                .then(|| "Nothing is ticked; Space ticks the chosen line.".into())
        })
        .or_else(|| model.no_writes())
}

pub(super) fn release(preview: &Preview, model: &Model) -> Reason {
    no_plan(preview)
        .or_else(|| {
            let review = preview.review.as_ref()?;
            let tripped =
                review.tally.withholds(Op::SoftDelete) || review.tally.withholds(Op::Update);
            (!tripped).then(|| "No guard has tripped; there is nothing to release.".into())
        })
        .or_else(|| model.no_writes())
}
