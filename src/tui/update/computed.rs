//! What follows from computations beside the UI task.

use crate::plan::Release;
use crate::tui::dialog::places;
use crate::tui::keymap::Screen;
use crate::tui::kit::cells::{count, counted};
use crate::tui::kit::list::Cursor;
use crate::tui::kit::panes::Pane;
use crate::tui::model::{Ahead, Model};
use crate::tui::msg::{Effect, Worked};
use crate::tui::preview::Review;
use crate::tui::request::{Reach, Request};
use crate::tui::screen::preview::query::Computed;
use crate::tui::update::{applying, filter};

/// Takes a computation's result in, and asks what waited for it.
pub(super) fn computed(model: &mut Model, worked: Worked) -> Vec<Effect> {
    let computed = match worked.screen {
        Screen::Preview => worked.what.downcast::<Computed>(),
        _ => return Vec::new(),
    };
    let Ok(computed) = computed else {
        return Vec::new();
    };
    let effects = landed(model, *computed);
    applying::counted_up(model);
    effects
}

fn landed(model: &mut Model, computed: Computed) -> Vec<Effect> {
    let computed = match computed {
        Computed::Opened(review) => return opened(model, *review),
        other => other,
    };
    let Some(review) = &mut model.preview.review else {
        return Vec::new();
    };
    match computed {
        Computed::Opened(_) | Computed::Warmed => Vec::new(),
        Computed::Ticked { generation, ticks } => {
            crate::tui::update::review::shown_ticked(model, generation, ticks)
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
                return model.preview.requery();
            }
            Vec::new()
        }
        Computed::Tally { generation, tally } => {
            let Some(again) = review.tallying.land(generation) else {
                return Vec::new();
            };
            review.tally = tally;
            if again {
                return model.preview.retally(&model.guards);
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
fn opened(model: &mut Model, review: Review) -> Vec<Effect> {
    model.preview.opening = false;
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
    let before = model.preview.review.replace(review);
    model.preview.last = Vec::new();
    model.preview.pane = Pane::List;
    model.preview.detail_offset = 0;
    drop_about_lines(model);
    // A question that waits is about the plan that went.
    while let Some(what) = places::counting(&model.dialogs) {
        places::leave(&mut model.dialogs, what);
        model.complain("A new plan took the place of the old one; nothing was asked.");
    }
    // Somebody is typing in the box: it stays, and what stands in it filters this plan too, before their eyes. Else a
    // filter of the last plan would hide rows of this one without a word.
    let mut effects = if model.preview.filter.focused {
        model.preview.requery()
    } else {
        filter::clear(model)
    };
    effects.extend(model.preview.warm());
    effects.push(model.ask(Request::Status(Reach::Stored)));
    effects.extend(before.map(|review| Effect::Forget(Box::new(review))));
    effects
}

/// Drops what was asked for about the lines of the plan that went. What is not about lines stays, and so do the keys
/// after it that were meant for a box; keys meant for a question that is not asked go with it.
fn drop_about_lines(model: &mut Model) {
    let mut waiting = std::mem::take(&mut model.typed_ahead);
    while let Some(next) = waiting.front() {
        let action = match next {
            Ahead::Key(key) => model.keymap.find(*key, model.screen).map(|b| b.action),
            Ahead::Act(action) => Some(*action),
            Ahead::Click(_) => None,
        };
        match action {
            Some(action) if action.asks() => waiting.clear(),
            Some(action) if action.about_lines() => {
                waiting.pop_front();
            }
            _ => break,
        }
    }
    model.typed_ahead = waiting;
}

impl Review {
    /// Shows new lines, keeping the chosen record where it still is.
    fn publish(&mut self, shown: Vec<u32>, ticked: u64) {
        let chosen = self.chosen();
        let list = self.list_mut();
        let place = chosen.and_then(|chosen| shown.iter().position(|&at| at == chosen));
        list.shown = shown;
        list.cursor = Cursor {
            at: place.unwrap_or(0),
            offset: list.cursor.offset,
        };
        if self.tab == crate::tui::screen::preview::tab::Tab::Changes {
            self.ticked_shown = ticked;
        }
    }
}
