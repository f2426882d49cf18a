//! What follows from computations beside the UI task, and the plans that begin one.

use std::sync::Arc;

use super::query::{Compute, Computed};
use super::review::Review;
use super::state::Preview;
use super::{act, apply, filter_keys};
use crate::plan::guards::WindowCounts;
use crate::plan::{Entity, PerEntity, Plan, Release};
use crate::tui::dialog::places;
use crate::tui::kit::cells::{count, counted};
use crate::tui::kit::panes::Pane;
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::request::{Reach, Request};

/// Takes a computation's result in, and asks what waited for it.
pub(super) fn computed(
    preview: &mut Preview,
    model: &mut Model,
    computed: Computed,
) -> Vec<Effect> {
    let effects = landed(preview, model, computed);
    apply::counted_up(preview, model);
    effects
}

fn landed(preview: &mut Preview, model: &mut Model, computed: Computed) -> Vec<Effect> {
    let computed = match computed {
        Computed::Opened(review) => return opened(preview, model, *review),
        other => other,
    };
    let Some(review) = &mut preview.review else {
        return Vec::new();
    };
    match computed {
        Computed::Opened(_) | Computed::Warmed => Vec::new(),
        Computed::Ticked { generation, ticks } => {
            act::shown_ticked(preview, model, generation, ticks)
        }
        Computed::Query {
            generation,
            tab,
            shown,
            ticked,
        } => {
            let Some(again) = review.query.land(generation) else {
                return Vec::new();
            };
            if let Some(shown) = shown.filter(|_| tab == review.tab) {
                review.publish(shown, ticked);
            }
            if again {
                return preview.requery();
            }
            Vec::new()
        }
        Computed::Tally { generation, tally } => {
            let Some(again) = review.tallying.land(generation) else {
                return Vec::new();
            };
            review.tally = tally;
            if again {
                return preview.retally(&model.guards);
            }
            if !review.release_fits() {
                review.release = Release::default();
                model.complain("The ticks changed, so the release of the guard does not fit any more; ! releases anew.");
                return Vec::new();
            }
            Vec::new()
        }
    }
}

/// A plan's review begins.
fn opened(preview: &mut Preview, model: &mut Model, review: Review) -> Vec<Effect> {
    preview.opening = false;
    let deletes = review.tally.deletes();
    let ticked = review.tally.total();
    let said = if ticked == 0 {
        "Nothing to apply: the database is up to date with what was read.".to_owned()
    } else {
        let rest = if deletes > 0 {
            format!(", {} soft-deletes among them", count(deletes))
        } else {
            String::new()
        };
        format!("Preview: {} ticked{rest}.", counted(ticked, "change"))
    };
    model.toast(said);
    let before = preview.review.replace(review);
    preview.last = Vec::new();
    preview.pane = Pane::List;
    preview.detail_offset = 0;
    model.drop_about_lines();
    // A question that waits is about the plan that went.
    while let Some(what) = places::counting(&model.dialogs) {
        places::leave(&mut model.dialogs, what);
        model.complain("A new plan took the place of the old one; nothing was asked.");
    }
    // Somebody is typing in the box: it stays, and what stands in it filters this plan too, before their eyes. Else a
    // filter of the last plan would hide rows of this one without a word.
    let mut effects = if preview.filter.focused {
        preview.requery()
    } else {
        filter_keys::clear(preview)
    };
    effects.extend(preview.warm());
    effects.push(model.ask(Request::Status(Reach::Stored)));
    effects.extend(before.map(|review| Effect::Forget(Box::new(review))));
    effects
}

/// A plan arrived: its ticks are counted and its lists laid out beside the UI task, then its review begins.
pub(super) fn planned(preview: &mut Preview, model: &Model, plan: Plan) -> Vec<Effect> {
    preview.opening = true;
    vec![Effect::Compute(Box::new(Compute::Open {
        plan: Arc::new(plan),
        guards: model.guards.clone(),
    }))]
}

/// A record is on hold or not any more: its line shows it from now on, and not before.
pub(super) fn held(
    preview: &mut Preview,
    model: &mut Model,
    entity: Entity,
    impartner_id: i64,
    held: bool,
) -> Vec<Effect> {
    let mut effects = vec![model.ask(Request::Status(Reach::Stored))];
    if let Some(review) = &mut preview.review
        && review.hold(entity, impartner_id, held)
    {
        effects.extend(preview.retally(&model.guards));
    }
    effects
}

/// What the guards count beside the plan by now.
pub(super) fn windows(
    preview: &mut Preview,
    model: &Model,
    plan: &Arc<Plan>,
    windows: PerEntity<WindowCounts>,
) -> Vec<Effect> {
    let same = |review: &&mut Review| Arc::ptr_eq(&review.plan, plan);
    let Some(review) = preview.review.as_mut().filter(same) else {
        return Vec::new();
    };
    review.windows = windows;
    preview.retally(&model.guards)
}
