//! The partner under the cursor, whatever the screen: for the push of one partner's figures (issue 6, item 5).

use crate::plan::{Entity, Op};
use crate::tui::keymap::Screen;
use crate::tui::model::Model;
use crate::tui::preview::Review;

/// The row of the partner that is shown as chosen; else why there is none whose figures could be pushed.
pub(super) fn shown(model: &Model) -> Result<i64, &'static str> {
    match model.screen {
        Screen::Overview => Err("No partner is chosen here; go to one on another screen."),
        Screen::Preview => planned(model),
        Screen::Offboarding => match model.offboard.chosen() {
            Some(case) if case.entity == Entity::Partners => Ok(case.row_id),
            Some(_) => Err("This case is a contact's; choose one of a partner."),
            None => Err("No case is chosen."),
        },
        Screen::Certifications => match model.certs.chosen() {
            Some(row) => Ok(row.row_id),
            None => Err("No partner is chosen; p compares, v shows all."),
        },
        Screen::History => match model.history.change() {
            Some(change) if change.entity == Entity::Partners => change
                .row_id
                .ok_or("This partner has no row: its add failed."),
            Some(_) => Err("This change is a contact's; choose one of a partner."),
            None => Err("Open a run with Enter and choose a change of a partner."),
        },
    }
}

/// The partner of a plan's line: the record itself, or the one that a contact belongs to.
fn planned(model: &Model) -> Result<i64, &'static str> {
    let view = model
        .preview
        .review
        .as_ref()
        .and_then(Review::view)
        .ok_or("No partner is chosen here.")?;
    match view.item.entity {
        Entity::Partners if view.item.op == Op::Add => {
            Err("This partner is not in the database yet; apply first.")
        }
        Entity::Partners => view
            .item
            .row_id
            .ok_or("This partner is not in the database; it has no figures."),
        Entity::Contacts => view
            .partner_after()
            .or_else(|| view.partner_before())
            .and_then(|partner| partner.row_id)
            .ok_or("This contact belongs to no partner in the database."),
    }
}
