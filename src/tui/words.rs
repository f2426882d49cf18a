//! The console's own words for the core's values.

use crate::plan::Evidence;
use crate::values::{Applied, RunStatus, RunSummary};
use std::fmt::Write as _;

use super::cells::count;
use super::glyphs::Glyphs;
use crate::plan::{Entity, Op, Schema};

/// What a soft-delete rests on, in a word or two.
pub(super) fn evidence(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Inactive => "inactive",
        Evidence::Deleted => "deleted",
        Evidence::OutOfScope => "our rule",
        Evidence::Unverified => "unverified",
        Evidence::Undo => "undo",
    }
}

/// What a soft-delete rests on, in a sentence.
pub(super) fn evidence_sentence(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Inactive => "Seen in this run as inactive, or with an excluded tier or status.",
        Evidence::Deleted => "Impartner says that the record does not exist any more.",
        Evidence::OutOfScope => {
            "Seen and healthy, but one of our own rules excludes it now. Ticked by hand only."
        }
        Evidence::Unverified => {
            "Absent from the listing, and the check by id failed or was not made. Cannot be ticked."
        }
        Evidence::Undo => "The run that is undone added this row.",
    }
}

/// What people call a column of ours; a column without a name of its own keeps that of the table.
pub(super) fn label(entity: Entity, column: &str) -> String {
    let schema = Schema::of(entity);
    let field = schema.fields.iter().find(|field| field.column == column);
    match (field, column) {
        (Some(field), _) => field.label,
        (None, "is_active") => "Active",
        (None, "deleted_at") => "Deleted at",
        (None, "partner_id") => "Partner row",
        (None, "impartner_id") => "Impartner id",
        (None, other) => other,
    }
    .to_owned()
}

/// An operation as something that is counted: "soft-delete", "addition".
pub(super) fn noun(op: Op) -> &'static str {
    match op {
        Op::Add => "addition",
        Op::Reactivate => "reactivation",
        other => other.label(),
    }
}

/// "+3 ~18 ↺1 −2", without what is nought; "no change" when all is.
pub(super) fn applied(applied: Applied, glyphs: &Glyphs) -> String {
    let parts: Vec<String> = [
        (Op::Add, applied.add),
        (Op::Update, applied.update),
        (Op::Reactivate, applied.reactivate),
        (Op::SoftDelete, applied.soft_delete),
    ]
    .into_iter()
    .filter(|&(_, number)| number > 0)
    .map(|(op, number)| format!("{}{}", glyphs.sign(op), count(number)))
    .collect();
    if parts.is_empty() {
        "no change".to_owned()
    } else {
        parts.join(" ")
    }
}

/// Both entities of a run together.
pub(super) fn applied_in(run: &RunSummary) -> Applied {
    let (p, c) = (run.applied.partners, run.applied.contacts);
    Applied {
        add: p.add + c.add,
        update: p.update + c.update,
        reactivate: p.reactivate + c.reactivate,
        soft_delete: p.soft_delete + c.soft_delete,
    }
}

/// What a run changed, in few words: its rows; a run that is about something else tells it in its message.
pub(super) fn changes(run: &RunSummary, glyphs: &Glyphs) -> String {
    let rows = applied_in(run);
    match &run.message {
        Some(message) if rows.total() == 0 && run.status == RunStatus::Applied => {
            crate::text::safe(message)
        }
        _ => applied(rows, glyphs),
    }
}

/// "sync all full", "undo of 12".
pub(super) fn run_title(run: &RunSummary) -> String {
    let mut title = run.kind.clone();
    if let Some(undone) = run.undoes {
        let _ = write!(title, " of run {undone}");
    } else {
        // Where the kind says it all, the scope is the same word.
        if run.scope != run.kind {
            title.push(' ');
            title.push_str(&run.scope);
        }
        if let Some(mode) = run.mode {
            title.push(' ');
            title.push_str(mode.word());
        }
    }
    crate::text::safe(&title)
}
