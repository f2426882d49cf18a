//! What somebody was shown of a case before they confirmed, against what the case is now (docs/rules.md, "The road a
//! record takes": what is confirmed is what is done). Pure.

use super::steps::{Outline, drift};
use crate::values::Case;

/// What is not so any more of an undecided case, as one sentence without a full stop; `None`: all of it is so.
pub(super) fn news(shown: &Case, now: &Case, outline: &Outline) -> Option<String> {
    if let Some(moved) = moved(shown, now) {
        return Some(moved);
    }
    // The groups and their members are not on screen; steps, people and the number of foreign members are.
    let before = Outline {
        steps: shown.steps.clone(),
        ..outline.clone()
    };
    if let Some(news) = drift(&before, outline) {
        return Some(news);
    }
    let (people, foreign) = (outline.people(), outline.foreign.len() as u64);
    if people != shown.people {
        return Some(format!(
            "{people} people would lose access, and {} were shown",
            shown.people
        ));
    }
    (foreign != shown.foreign_members).then(|| {
        format!(
            "{foreign} members of its group belong to somebody else, and {} were shown",
            shown.foreign_members
        )
    })
}

/// What is not so any more of a case that was approved; `None`: it is the very approval that was shown, as far as it
/// has run.
pub(super) fn other_approval(shown: &Case, now: &Case) -> Option<String> {
    if let Some(moved) = moved(shown, now) {
        return Some(moved);
    }
    if shown.people != now.people {
        return Some(format!(
            "{} people lose access, and {} were shown",
            now.people, shown.people
        ));
    }
    (shown.steps != now.steps).then(|| "its steps are others".to_owned())
}

/// That somebody decided the case since.
fn moved(shown: &Case, now: &Case) -> Option<String> {
    let same = (
        shown.state,
        shown.decided_at,
        &shown.decided_by,
        shown.run_after,
    ) == (now.state, now.decided_at, &now.decided_by, now.run_after);
    if same {
        return None;
    }
    let by = now
        .decided_by
        .as_deref()
        .map_or_else(String::new, |who| format!(", decided by {who}"));
    Some(format!("it is {} now{by}", now.state.word()))
}
