//! From the ticks to the question before an apply, and the release of a guard.

use std::any::Any;
use std::sync::Arc;

use super::review::{Review, Ticked};
use super::state::{Hidden, Preview};
use crate::plan::{Entity, Op, PerEntity, Release};
use crate::text::safe;
use crate::tui::dialog::places;
use crate::tui::dialog::{Ask, Field, Fill, Listing, Then, Waits};
use crate::tui::keymap::{Action, Screen};
use crate::tui::kit::cells::{count, counted};
use crate::tui::kit::tone::Tone;
use crate::tui::kit::words;
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::request::{Filled, Request};
use crate::values::Applied;

/// What a question of this screen is about.
#[derive(Debug)]
pub(super) enum Asked {
    /// An apply of these ticks.
    Apply(Ticked),
    /// The release of the tripped guards of these ticks: of so many soft-deletes, of so many updates.
    Release {
        ticked: Ticked,
        deletes: Option<u64>,
        updates: Option<u64>,
    },
}

impl Asked {
    /// The ticks that it is about.
    pub(super) fn ticked(&self) -> &Ticked {
        match self {
            Self::Apply(ticked) | Self::Release { ticked, .. } => ticked,
        }
    }
}

/// What an apply would really write: ticked, and not withheld by a guard that nobody released.
fn effective(review: &Review) -> PerEntity<Applied> {
    let mut rows = review.tally.ticked;
    for guard in review.tally.tripped() {
        if !review.holds_back(guard) {
            continue;
        }
        let rows = &mut rows[guard.entity];
        for op in guard.rule.withholds() {
            match op {
                Op::Add => rows.add = 0,
                Op::Reactivate => rows.reactivate = 0,
                Op::SoftDelete => rows.soft_delete = 0,
                _ => rows.update = 0,
            }
        }
    }
    rows
}

/// `A` and `!` while the ticks are being counted: keeps the place of the question, which follows when they are. `None`:
/// they are counted already.
fn when_counted(
    preview: &Preview,
    model: &mut Model,
    action: Action,
    title: &str,
) -> Option<Vec<Effect>> {
    let review = preview.review.as_ref()?;
    if !review.counting() {
        return None;
    }
    places::keep(&mut model.dialogs, title, Waits::Count(action));
    Some(Vec::new())
}

/// Puts the questions up that waited for the count, once the ticks are counted.
pub(super) fn counted_up(preview: &Preview, model: &mut Model) {
    let counting = |review: &Review| review.counting();
    if preview.review.as_ref().is_some_and(counting) {
        return;
    }
    while let Some(what) = places::counting(&model.dialogs) {
        let asked = match what {
            Waits::Count(Action::ReleaseGuard) => release_question(preview),
            _ => apply_question(preview),
        };
        match asked {
            Ok(ask) => places::fill(&mut model.dialogs, what, ask),
            Err(why) => {
                places::leave(&mut model.dialogs, what);
                model.complain(why);
            }
        }
    }
}

/// `A`: asks before it applies.
pub(super) fn apply(preview: &Preview, model: &mut Model) -> Vec<Effect> {
    if let Some(waits) = when_counted(preview, model, Action::Apply, "Apply?") {
        return waits;
    }
    asked(model, apply_question(preview))
}

/// Puts a question on top, or says why there is none.
fn asked(model: &mut Model, question: Result<Ask, String>) -> Vec<Effect> {
    match question {
        Ok(ask) => model.ask_first(ask),
        Err(why) => {
            model.complain(why);
            Vec::new()
        }
    }
}

/// The question before an apply, about the plan and the ticks as they stand.
fn apply_question(preview: &Preview) -> Result<Ask, String> {
    let Some(review) = &preview.review else {
        return Err("There is no plan any more; nothing was asked.".to_owned());
    };
    if review.tally.total() == 0 {
        return Err("Nothing is ticked; Space ticks the chosen line.".to_owned());
    }
    let rows = effective(review);
    let total = rows.partners.total() + rows.contacts.total();
    if total == 0 {
        return Err("Everything that is ticked is withheld by a guard; ! looks at it.".to_owned());
    }
    let number = rows.partners.soft_delete + rows.contacts.soft_delete;
    let changes = counted(total, "change");
    let mut ask = Ask::new(
        format!("Apply {changes}?"),
        format!("Apply {changes}"),
        Then::Send(Request::apply(
            &review.plan,
            &review.selection,
            &review.tally.guards,
            &review.release,
        )),
    )
    .about(Screen::Preview, Asked::Apply(review.ticked()));
    for entity in Entity::ALL {
        if rows[entity].total() > 0 {
            ask.intro
                .push((Tone::Plain, format!("{entity}: {}", in_words(rows[entity]))));
        }
    }
    for guard in review.tally.tripped() {
        let state = if review.holds_back(guard) {
            "withheld"
        } else {
            "released by you"
        };
        ask.intro.push((
            Tone::Warn,
            format!(
                "{} The {} are {state}.",
                guard.sentence(),
                guard.rule.what()
            ),
        ));
    }
    match preview.hidden() {
        Hidden::None => {}
        Hidden::Ticked(hidden) => ask.intro.push((
            Tone::Warn,
            format!(
                "{} of the ticked are hidden by the filter and go too.",
                count(hidden)
            ),
        )),
        Hidden::Perhaps => ask.intro.push((
            Tone::Warn,
            "A filter is set; ticked changes that it hides go too.".to_owned(),
        )),
    }
    if let Some(run) = review.undoes() {
        ask.intro
            .push((Tone::Strong, format!("This undoes run {run}.")));
        let left = review.plan.warnings.iter();
        for warning in left.filter(|warning| warning.code == "lms_not_restored") {
            ask.intro.push((Tone::Warn, safe(&warning.message)));
        }
        ask.danger = true;
        ask.listing = Listing::Items(Arc::clone(&review.plan), everything(review, &rows));
        ask = ask.field(Field::new(
            format!("Type {total} to undo"),
            Fill::Number(total),
        ));
    } else if number > 0 {
        ask.danger = true;
        ask.listing = Listing::Items(Arc::clone(&review.plan), deletes(review, &rows));
        let label = format!(
            "Type {number} to soft-delete {}",
            if number == 1 {
                "this row"
            } else {
                "these rows"
            }
        );
        ask = ask.field(Field::new(label, Fill::Number(number)));
    }
    Ok(ask)
}

/// Those of the lines whose entity `goes`: its rows are not withheld.
fn unless_withheld(review: &Review, lines: &[u32], goes: impl Fn(Entity) -> bool) -> Vec<u32> {
    if Entity::ALL.into_iter().all(&goes) {
        return lines.to_vec();
    }
    let items = &review.plan.items;
    let kept = lines.iter().filter(|&&at| goes(items[at as usize].entity));
    kept.copied().collect()
}

/// The ticked soft-deletes of `rows`.
fn deletes(review: &Review, rows: &PerEntity<Applied>) -> Vec<u32> {
    let goes = |entity| rows[entity].soft_delete > 0;
    unless_withheld(review, &review.tally.lines.deletes, goes)
}

/// The ticked updates of `rows`.
fn updates(review: &Review, rows: &PerEntity<Applied>) -> Vec<u32> {
    let goes = |entity| rows[entity].update > 0;
    unless_withheld(review, &review.tally.lines.updates, goes)
}

/// Everything ticked of `rows`, soft-deletes first.
fn everything(review: &Review, rows: &PerEntity<Applied>) -> Vec<u32> {
    let mut all = deletes(review, rows);
    all.extend_from_slice(&review.tally.lines.others);
    all.extend(updates(review, rows));
    all
}

fn in_words(rows: Applied) -> String {
    let parts: Vec<String> = [
        (rows.soft_delete, Op::SoftDelete),
        (rows.reactivate, Op::Reactivate),
        (rows.update, Op::Update),
        (rows.add, Op::Add),
    ]
    .into_iter()
    .filter(|&(number, _)| number > 0)
    .map(|(number, op)| counted(number, words::noun(op)))
    .collect();
    parts.join(", ")
}

/// `!`: shows the tripped guards and asks for their release, once, for this plan.
pub(super) fn release(preview: &Preview, model: &mut Model) -> Vec<Effect> {
    if let Some(waits) = when_counted(preview, model, Action::ReleaseGuard, "Release the guard?") {
        return waits;
    }
    asked(model, release_question(preview))
}

/// The release was confirmed: it holds for these ticks.
pub(super) fn released(preview: &mut Preview, model: &mut Model, asked: &Asked, filled: Filled) {
    if let (
        Asked::Release {
            deletes, updates, ..
        },
        Some(review),
    ) = (asked, &mut preview.review)
    {
        review.release = Release {
            deletes: *deletes,
            updates: *updates,
            reason: Some(filled.note),
        };
        model.toast("Released for this plan. Nothing is applied yet: A applies.");
    }
}

fn release_question(preview: &Preview) -> Result<Ask, String> {
    let Some(review) = &preview.review else {
        return Err("There is no plan any more; nothing was asked.".to_owned());
    };
    if review.tally.tripped().next().is_none() {
        return Err("No guard has tripped; there is nothing to release.".to_owned());
    }
    let asked_deletes = review
        .tally
        .withholds(Op::SoftDelete)
        .then(|| review.tally.releasable_deletes());
    let asked_updates = review
        .tally
        .withholds(Op::Update)
        .then(|| review.tally.updates());
    let asked = Asked::Release {
        ticked: review.ticked(),
        deletes: asked_deletes,
        updates: asked_updates,
    };
    let mut ask = Ask::new("Release the guard for this plan?", "Release", Then::Here)
        .about(Screen::Preview, asked);
    ask.danger = true;
    for guard in review.tally.tripped() {
        ask.intro.push((Tone::Warn, guard.sentence()));
    }
    ask.intro.push((
        Tone::Plain,
        "Look through the list first. The release holds for this plan and these ticks only, and is recorded with your name and reason. Nothing is applied yet.".to_owned(),
    ));
    let all = review.tally.ticked;
    let mut lines = Vec::new();
    if asked_deletes.is_some() {
        lines.extend(deletes(review, &all));
    }
    if asked_updates.is_some() {
        lines.extend(updates(review, &all));
    }
    ask.listing = Listing::Items(Arc::clone(&review.plan), lines);
    ask = ask.field(Field::new("The reason", Fill::Note));
    if let Some(number) = asked_deletes {
        ask = ask.field(Field::new(
            format!("Type {number}, the soft-deletes"),
            Fill::Number(number),
        ));
    }
    if let Some(number) = asked_updates {
        ask = ask.field(Field::new(
            format!("Type {number}, the updates"),
            Fill::Number(number),
        ));
    }
    Ok(ask)
}

/// Why a question is out of date: the plan or its ticks changed. Until then the question shares both with the review.
pub(super) fn outdated(preview: &Preview, about: &dyn Any) -> Option<String> {
    let ticked = about.downcast_ref::<Asked>()?.ticked();
    let same = |review: &Review| {
        Arc::ptr_eq(&review.plan, &ticked.plan) && Arc::ptr_eq(&review.selection, &ticked.selection)
    };
    (!preview.review.as_ref().is_some_and(same)).then(|| {
        "The plan or its ticks changed under the question, so it was closed and nothing was done. Look and ask again."
            .to_owned()
    })
}
