//! The actions of screen 2.

use std::fmt::Write as _;
use std::sync::Arc;

use super::columns::PlanColumn;
use super::export::Lines;
use super::query::Ticks;
use super::review::Review;
use super::state::Preview;
use super::tab::Tab;
use crate::plan::{Entity, Op};
use crate::text::safe;
use crate::tui::dialog::{Ask, Field, Fill, Then};
use crate::tui::kit::cells::count;
use crate::tui::kit::list::Move;
use crate::tui::kit::tone::Tone;
use crate::tui::model::Model;
use crate::tui::msg::{Effect, Sheet};
use crate::tui::request::Request;
use crate::tui::room;

/// Ticks or unticks the chosen line.
pub(super) fn tick(preview: &mut Preview, model: &mut Model) -> Vec<Effect> {
    if let Some(at) = preview.review.as_ref().and_then(Review::chosen) {
        let effects = toggle(preview, model, at);
        room::go(preview, model, Move::Down(1));
        effects
    } else {
        model.complain("There is no line to tick; press p for a preview.");
        Vec::new()
    }
}

/// Ticks or unticks line `at` of Changes.
pub(super) fn toggle(preview: &mut Preview, model: &mut Model, at: u32) -> Vec<Effect> {
    let Some(review) = &mut preview.review else {
        return Vec::new();
    };
    if review.tab != Tab::Changes {
        model.complain("Only the lines under Changes can be ticked; [ and ] change the tab.");
        return Vec::new();
    }
    let ticked = !review.selection.is_ticked(at as usize);
    match review.set_tick(at, ticked) {
        Ok(()) => {
            review.ticked_shown = if ticked {
                review.ticked_shown + 1
            } else {
                review.ticked_shown.saturating_sub(1)
            };
            ticks_changed(preview, model)
        }
        Err(why) => {
            let name = safe(review.plan.view(at as usize).name());
            model.complain(format!("{name} is not ticked: {why}."));
            Vec::new()
        }
    }
}

/// Ticks all that are shown and can be; when all are, unticks them.
pub(super) fn tick_shown(preview: &mut Preview, model: &mut Model) -> Vec<Effect> {
    let Some(review) = &preview.review else {
        model.complain("There is no plan yet: press p or P.");
        return Vec::new();
    };
    if review.tab != Tab::Changes {
        model.complain("Only the lines under Changes can be ticked; [ and ] change the tab.");
        return Vec::new();
    }
    preview.tick_shown()
}

/// The lines that were shown are ticked or unticked.
pub(super) fn shown_ticked(
    preview: &mut Preview,
    model: &mut Model,
    generation: u64,
    ticks: Ticks,
) -> Vec<Effect> {
    let Some(review) = &mut preview.review else {
        return Vec::new();
    };
    if review.ticking.land(generation).is_none() {
        return Vec::new();
    }
    review.selection = ticks.selection;
    review.ticked_shown = (review.ticked_shown + ticks.ticked).saturating_sub(ticks.unticked);
    // Rows that were held while their ticks were computed: the ticks are of before.
    let held: Vec<u32> = review.held_now.iter().copied().collect();
    for at in held {
        review.untick_held(at);
    }
    let mut said = if ticks.ticked > 0 {
        format!("{} ticked", count(ticks.ticked))
    } else {
        format!("{} unticked", count(ticks.unticked))
    };
    if ticks.refused > 0 {
        let _ = write!(
            said,
            "; {} cannot be ticked (conflicts, held, unverified)",
            count(ticks.refused)
        );
    }
    said.push('.');
    model.toast(said);
    ticks_changed(preview, model)
}

/// Counts anew after ticks changed. A filter on `selected` shows its lines anew with the next filter key, not under the
/// cursor: a line that vanishes when it is ticked would make the next Space hit another.
fn ticks_changed(preview: &mut Preview, model: &Model) -> Vec<Effect> {
    preview.retally(&model.guards)
}

/// Marks the line as reviewed and goes on.
pub(super) fn reviewed(preview: &mut Preview, model: &mut Model) -> Vec<Effect> {
    if let Some(review) = &mut preview.review
        && let Some(at) = review.chosen()
    {
        if !review.reviewed.remove(&at) {
            review.reviewed.insert(at);
        }
        return room::go(preview, model, Move::Down(1));
    }
    Vec::new()
}

/// Asks for a note and holds the row, or lifts its hold.
pub(super) fn hold(preview: &Preview, model: &mut Model) -> Vec<Effect> {
    let Some(review) = &preview.review else {
        return Vec::new();
    };
    let (Some(at), Some(view)) = (review.chosen(), review.view()) else {
        return Vec::new();
    };
    let Some(impartner_id) = view.item.impartner_id else {
        return Vec::new();
    };
    let entity = view.item.entity;
    let name = safe(view.name());
    let what = format!("{} {name} #{impartner_id}", entity.singular());
    let held = if review.tab == Tab::Changes {
        review.is_held(at)
    } else {
        view.item.held
    };
    let ask = if held {
        let request = Request::Lift {
            entity,
            impartner_id,
        };
        let mut ask = Ask::new("Lift the hold?", "Lift the hold", Then::Send(request));
        ask.intro.push((Tone::Plain, format!("The {what} is on hold. Without it, runs may soft-delete the row again when there is evidence.")));
        ask
    } else {
        let request = Request::Hold {
            entity,
            impartner_id,
            note: String::new(),
        };
        let mut ask = Ask::new("Hold this row?", "Hold", Then::Send(request))
            .field(Field::new("A note why", Fill::Note));
        ask.intro.push((
            Tone::Plain,
            format!("No run soft-deletes the {what} until the hold is lifted. Updates go on."),
        ));
        ask
    };
    model.ask_first(ask)
}

/// Goes to the next or the previous line that people look for, round the end.
pub(super) fn notable(preview: &mut Preview, model: &mut Model, forward: bool) -> Vec<Effect> {
    let height = model.hits.list_height;
    let Some(review) = &mut preview.review else {
        return Vec::new();
    };
    let list = review.list();
    let (at, len) = (list.cursor.at, list.shown.len());
    let found = (1..=len).find_map(|step| {
        let line = if forward {
            (at + step) % len
        } else {
            (at + len - step) % len
        };
        review.notable(list.shown[line]).then_some(line)
    });
    match found {
        Some(line) => {
            let list = review.list_mut();
            list.cursor.go(Move::To(line), len, height);
            preview.detail_offset = 0;
        }
        None => model.toast("No soft-delete, conflict or warning is shown here."),
    }
    Vec::new()
}

/// Sorts by the next column; after the last as the plan has it.
pub(super) fn sort_next(preview: &mut Preview, model: &mut Model) -> Vec<Effect> {
    let next = match preview.sort.column {
        None => PlanColumn::ALL.first().copied(),
        Some(column) => {
            let at = PlanColumn::ALL.iter().position(|&c| c == column);
            PlanColumn::ALL.get(at.unwrap_or_default() + 1).copied()
        }
    };
    sort(preview, model, next, false)
}

/// Reverses the order.
pub(super) fn sort_reverse(preview: &mut Preview, model: &mut Model) -> Vec<Effect> {
    let sort_now = preview.sort;
    sort(preview, model, sort_now.column, !sort_now.descending)
}

/// Sorts by a column's head: again reverses.
pub(super) fn sort_by(preview: &mut Preview, model: &mut Model, column: PlanColumn) -> Vec<Effect> {
    let now = preview.sort;
    let descending = now.column == Some(column) && !now.descending;
    sort(preview, model, Some(column), descending)
}

fn sort(
    preview: &mut Preview,
    model: &mut Model,
    column: Option<PlanColumn>,
    descending: bool,
) -> Vec<Effect> {
    preview.sort.column = column;
    preview.sort.descending = descending;
    let said = match column {
        Some(column) => format!(
            "Sorted by {}{}.",
            column.title(),
            if descending { ", largest first" } else { "" }
        ),
        None => format!(
            "Sorted as planned, soft-deletes {}.",
            if descending { "last" } else { "first" }
        ),
    };
    model.retoast("Sorted ", said);
    preview.requery()
}

/// Goes to an inner tab.
pub(super) fn show_tab(preview: &mut Preview, tab: Tab) -> Vec<Effect> {
    let Some(review) = &mut preview.review else {
        return Vec::new();
    };
    review.tab = tab;
    preview.detail_offset = 0;
    // The other tab may have been left with another filter.
    preview.requery()
}

/// Goes to the next or previous inner tab.
pub(super) fn step_tab(preview: &mut Preview, by: isize) -> Vec<Effect> {
    let Some(review) = &preview.review else {
        return Vec::new();
    };
    let at = (review.tab as usize + Tab::ALL.len()).saturating_add_signed(by) % Tab::ALL.len();
    show_tab(preview, Tab::ALL[at])
}

/// The e-mail or id of the chosen record.
pub(super) fn copied(preview: &Preview) -> Option<String> {
    let review = preview.review.as_ref()?;
    if review.tab == Tab::Warnings {
        let warning = review.plan.warnings.get(review.chosen()? as usize)?;
        return warning.impartner_id.map(|id| id.to_string());
    }
    let view = review.view()?;
    match (view.item.entity, view.item.impartner_id) {
        (Entity::Partners, Some(id)) => Some(id.to_string()),
        _ => Some(view.name().to_owned()),
    }
}

/// What is shown, as data.
pub(super) fn exported(preview: &Preview) -> Option<Box<dyn Sheet>> {
    let review = preview.review.as_ref()?;
    let shown = review.list().shown.clone();
    (!shown.is_empty()).then(|| {
        Box::new(Lines {
            plan: Arc::clone(&review.plan),
            selection: Arc::clone(&review.selection),
            tab: review.tab,
            shown,
        }) as _
    })
}

/// The record of the chosen line, where it has an Impartner id.
pub(super) fn record(preview: &Preview) -> Option<(Entity, i64)> {
    let review = preview.review.as_ref()?;
    if let Some(item) = review.item() {
        return Some((item.entity, item.impartner_id?));
    }
    let warning = review.plan.warnings.get(review.chosen()? as usize)?;
    Some((warning.entity, warning.impartner_id?))
}

/// The partner of a plan's line: the record itself, or the one that a contact belongs to.
pub(super) fn partner(preview: &Preview) -> Result<i64, &'static str> {
    let view = preview
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
