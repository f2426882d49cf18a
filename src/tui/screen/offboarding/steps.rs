//! The steps of a case in words.

use crate::text::safe;
use crate::values::{Step, StepAction};

/// Whom a step is about.
pub(super) fn step_person(step: &Step) -> &str {
    let person = step.person.as_deref().or(step.person_id.as_deref());
    person.unwrap_or("somebody")
}

/// A step in words.
pub(super) fn step_words(step: &Step) -> String {
    safe(&match step.action {
        StepAction::RemoveMember => {
            format!("remove {} from {}", step_person(step), step.group_name)
        }
        StepAction::DeleteGroup => format!("delete the group {}", step.group_name),
    })
}
