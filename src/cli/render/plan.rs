//! A plan for people.

use std::collections::BTreeMap;

use super::{totals, when};
use crate::cli::output::{Out, Style};
use crate::error::Result;
use crate::plan::guards::Guard;
use crate::plan::{Change, ItemView, Op, Plan, PlanOrigin};

/// Most warnings of one kind that are printed, so that a thousand of one do not hide the only one of another; the JSON
/// has all.
const WARNINGS_OF_A_KIND: usize = 3;

/// The head of a plan: what it is, how the listings were read, what it would do, guards and warnings.
pub(in crate::cli) fn summary(plan: &Plan, guards: &[Guard], out: &mut Out) -> Result<()> {
    let what = match plan.origin {
        PlanOrigin::Sync => format!("{}, {}", plan.scope.word(), plan.mode.word()),
        PlanOrigin::Undo { run_id } => format!("undo of run {run_id}"),
    };
    out.styled(
        Style::Bold,
        format!("Plan {} ({what}), made {}", plan.id, when(plan.created_at)),
    )?;
    for entity in plan.scope.entities() {
        if let Some(source) = &plan.sources[entity] {
            let of = source
                .count
                .map_or_else(String::new, |count| format!(" of {count}"));
            let proof = match (source.proved, &source.reason) {
                (true, _) => "the listing is proved".to_owned(),
                (false, Some(reason)) => format!("NOT PROVED: {reason}"),
                (false, None) => "NOT PROVED".to_owned(),
            };
            out.line(format!("{entity}: {}{of} read, {proof}", source.read))?;
        }
        out.line(format!("{entity}: {}", totals(&plan.totals[entity])))?;
        let kept_back = plan.kept_back[entity];
        if kept_back > 0 {
            out.styled(
                Style::Warn,
                format!(
                    "{entity}: {kept_back} absent from a listing that is not proved; no soft-delete is proposed for them."
                ),
            )?;
        }
    }
    for guard in guards.iter().filter(|guard| guard.tripped) {
        out.styled(
            Style::Warn,
            format!(
                "Guard {}: {} The {} are withheld; nothing else is affected.",
                guard.rule.word(),
                guard.sentence(),
                guard.rule.what()
            ),
        )?;
    }
    warnings(plan, out)
}

fn warnings(plan: &Plan, out: &mut Out) -> Result<()> {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for warning in &plan.warnings {
        let seen = kinds.entry(&warning.code).or_default();
        *seen += 1;
        if *seen > WARNINGS_OF_A_KIND {
            continue;
        }
        // Most messages name their record themselves.
        let about = warning
            .impartner_id
            .map(|id| format!("#{id}"))
            .filter(|id| !warning.message.contains(id.as_str()))
            .map_or_else(String::new, |id| {
                format!("{} {id}: ", warning.entity.singular())
            });
        out.line(format!("warning: {about}{}", warning.message))?;
    }
    for (code, seen) in kinds {
        if let Some(more) = seen
            .checked_sub(WARNINGS_OF_A_KIND)
            .filter(|&more| more > 0)
        {
            out.line(format!("warning: {more} more of {code}; --json has all."))?;
        }
    }
    Ok(())
}

/// One item: a line, and one for each changed field.
pub(in crate::cli) fn item(view: &ItemView<'_>, out: &mut Out) -> Result<()> {
    let item = view.item;
    let id = item
        .impartner_id
        .map_or_else(String::new, |id| format!(" #{id}"));
    let state = match (item.op.writes(), item.held, item.selected) {
        (true, true, _) if item.op == Op::SoftDelete => " [on hold]",
        (true, _, false) => " [not ticked]",
        _ => "",
    };
    let evidence = item
        .evidence
        .map_or_else(String::new, |evidence| format!(" ({})", evidence.word()));
    let suspicious = if item.suspicious { " [suspicious]" } else { "" };
    let reason = match view.reason() {
        "" => String::new(),
        reason => format!(": {reason}"),
    };
    let line = format!(
        "{} {:<11} {}{id} {}{evidence}{reason}{state}{suspicious}",
        sign(item.op),
        item.op.label(),
        item.entity.singular(),
        view.name(),
    );
    match item.op {
        Op::SoftDelete | Op::Conflict => out.styled(Style::Warn, line)?,
        _ => out.line(line)?,
    }
    if matches!(item.op, Op::Update | Op::Reactivate) {
        for change in view.changes() {
            out.line(format!("    {}", change_words(&change)))?;
        }
    }
    Ok(())
}

fn change_words(change: &Change<'_>) -> String {
    let text = |value: Option<std::borrow::Cow<'_, str>>| {
        value.map_or_else(|| "(none)".to_owned(), std::borrow::Cow::into_owned)
    };
    format!(
        "{}: {} -> {}",
        change.field,
        text(change.before.text()),
        text(change.after.text())
    )
}

/// The sign of an operation; the words stand beside it.
fn sign(op: Op) -> char {
    match op {
        Op::Add => '+',
        Op::Update => '~',
        Op::Reactivate => '^',
        Op::SoftDelete => '-',
        Op::Conflict => '!',
        Op::Excluded => 'x',
        Op::Unchanged => '=',
    }
}
