//! Runs and their reports for people.

use super::{count, signs, when, when_or};
use crate::cli::output::{Out, Style};
use crate::error::Result;
use crate::logging::lines::RunLines;
use crate::plan::{Entity, Scope};
use crate::values::{JournalEntry, RowFault, RunReport, RunStatus, RunSummary};

/// Most rows of one list of a report.
const ROWS: usize = 50;

/// What an apply, a sync or an undo did.
pub(in crate::cli) fn report(report: &RunReport, out: &mut Out) -> Result<()> {
    let run = report
        .run_id
        .map_or_else(|| "No run was made".to_owned(), |id| format!("Run {id}"));
    let status = match report.status {
        RunStatus::Applied => "applied",
        RunStatus::Partial => "applied in part",
        RunStatus::Blocked => "nothing was applied",
        RunStatus::Nothing => "there was nothing to apply",
        other => other.word(),
    };
    out.styled(Style::Bold, format!("{run}: {status}"))?;
    for entity in Entity::ALL {
        let applied = &report.applied[entity];
        if applied.total() > 0 {
            let parts: Vec<String> = [
                (applied.add, "added"),
                (applied.update, "updated"),
                (applied.reactivate, "reactivated"),
                (applied.soft_delete, "soft-deleted"),
            ]
            .into_iter()
            .filter(|&(number, _)| number > 0)
            .map(|(number, word)| format!("{number} {word}"))
            .collect();
            out.line(format!("{entity}: {}", parts.join(", ")))?;
        }
    }
    for withheld in &report.withheld {
        out.styled(
            Style::Warn,
            format!(
                "Withheld: {} of {}: {}",
                count(
                    withheld.count,
                    withheld.op.label(),
                    &format!("{}s", withheld.op.label())
                ),
                withheld.entity,
                withheld.reason
            ),
        )?;
    }
    rows("Failed", &report.failed, out)?;
    rows("Stale", &report.stale, out)?;
    if report.cases_opened > 0 {
        out.line(format!(
            "{} opened; see `prmdesk offboard list`.",
            count(
                report.cases_opened,
                "off-boarding case",
                "off-boarding cases"
            )
        ))?;
    }
    for case in &report.cases {
        out.styled(
            Style::Warn,
            format!(
                "Case {} ({} {}): what it took away in the LMS is not back; `prmdesk offboard restore {}` puts it back.",
                case.case_id,
                case.entity.singular(),
                case.name,
                case.case_id
            ),
        )?;
    }
    Ok(())
}

fn rows(word: &str, faults: &[RowFault], out: &mut Out) -> Result<()> {
    for fault in faults.iter().take(ROWS) {
        let id = fault
            .impartner_id
            .map_or_else(String::new, |id| format!(" #{id}"));
        out.styled(
            Style::Warn,
            format!(
                "{word}: {} of {}{id} {}: {}",
                fault.op.label(),
                fault.entity.singular(),
                fault.name,
                fault.message
            ),
        )?;
    }
    if let Some(more) = faults.len().checked_sub(ROWS).filter(|&more| more > 0) {
        out.line(format!("{word}: {more} more; `prmdesk runs show` has all."))?;
    }
    Ok(())
}

/// A list of runs.
pub(in crate::cli) fn list(runs: &[RunSummary], out: &mut Out) -> Result<()> {
    let rows: Vec<Vec<String>> = runs
        .iter()
        .map(|run| {
            vec![
                run.run_id.to_string(),
                when(run.started_at),
                run.kind.clone(),
                scope(run).to_owned(),
                run.mode.map_or("", crate::plan::Mode::word).to_owned(),
                run.status.word().to_owned(),
                wrote(run),
                run.operator.clone(),
                remarks(run),
            ]
        })
        .collect();
    out.table(
        &[
            "RUN", "STARTED", "KIND", "SCOPE", "MODE", "STATUS", "WROTE", "OPERATOR", "",
        ],
        &rows,
    )
}

/// What a run was about, where its kind does not say so already.
fn scope(run: &RunSummary) -> &str {
    if run.scope == run.kind {
        ""
    } else {
        &run.scope
    }
}

/// What a run wrote to the two tables; a run that is not about them (a push, a refresh of the LMS tables) tells what it
/// did in its note.
fn wrote(run: &RunSummary) -> String {
    match run.scope.parse::<Scope>() {
        Ok(_) => signs(&run.applied),
        Err(_) => String::new(),
    }
}

/// What else there is to know about a run, in a few words.
fn remarks(run: &RunSummary) -> String {
    let mut parts = Vec::new();
    if run.withheld > 0 {
        parts.push(format!("{} withheld", run.withheld));
    }
    if run.faults > 0 {
        parts.push(format!("{} failed or stale", run.faults));
    }
    parts.extend(run.undoes.map(|id| format!("undoes {id}")));
    parts.extend(run.undone_by.map(|id| format!("undone by {id}")));
    parts.extend(run.message.clone());
    parts.join("; ")
}

/// One run with its head.
pub(in crate::cli) fn head(run: &RunSummary, out: &mut Out) -> Result<()> {
    let mode = run
        .mode
        .map_or_else(String::new, |mode| format!(", {}", mode.word()));
    let of = match scope(run) {
        "" => String::new(),
        scope => format!(" of {scope}"),
    };
    out.styled(
        Style::Bold,
        format!(
            "Run {}: {}{of}{mode}: {}",
            run.run_id,
            run.kind,
            run.status.word()
        ),
    )?;
    out.line(format!("Operator: {}", run.operator))?;
    out.line(format!("Started: {}", when(run.started_at)))?;
    out.line(format!(
        "Ended: {}",
        when_or(run.finished_at, "not recorded")
    ))?;
    if let Some(plan) = &run.plan_id {
        out.line(format!("Plan: {plan}"))?;
    }
    if !wrote(run).is_empty() {
        out.line(format!("Wrote: {}", wrote(run)))?;
    }
    let remarks = remarks(run);
    if !remarks.is_empty() {
        out.line(format!("Note: {remarks}"))?;
    }
    Ok(())
}

/// The lines of a run in the log files.
pub(in crate::cli) fn log(log: &RunLines, out: &mut Out) -> Result<()> {
    for problem in &log.unreadable {
        out.styled(Style::Warn, format!("Log: could not be read: {problem}"))?;
    }
    if log.files.is_empty() {
        return out.line(format!(
            "Log: no line of this run in {}; it is kept where the run was made, for that host and user.",
            log.dir.display()
        ));
    }
    for file in &log.files {
        out.line(format!("Log: {}", file.display()))?;
    }
    if log.omitted > 0 {
        let older = count(log.omitted, "older line", "older lines");
        out.line(format!("    ({older}; --log-lines N shows more)"))?;
    }
    for line in &log.lines {
        out.line(format!("    {line}"))?;
    }
    Ok(())
}

/// Whether lines of the journal name their run, or stand under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Journal {
    /// Under their run.
    OfRun,
    /// The history of one record.
    OfRecord,
}

/// One line of the journal and its fields.
pub(in crate::cli) fn entry(entry: &JournalEntry, journal: Journal, out: &mut Out) -> Result<()> {
    let id = entry
        .impartner_id
        .map_or_else(String::new, |id| format!(" #{id}"));
    let at = match journal {
        Journal::OfRun => String::new(),
        Journal::OfRecord => format!(
            "{} run {} by {}{}: ",
            when(entry.at),
            entry.run_id,
            entry.operator,
            entry
                .plan_id
                .as_ref()
                .map_or_else(String::new, |plan| format!(", plan {plan}"))
        ),
    };
    let status = if entry.status == "applied" {
        String::new()
    } else {
        format!(" [{}]", entry.status)
    };
    let message = entry
        .message
        .as_ref()
        .map_or_else(String::new, |message| format!(": {message}"));
    out.line(format!(
        "{at}{} {}{id} {}{status}{message}",
        entry.op.label(),
        entry.entity.singular(),
        entry.name
    ))?;
    for (field, before, after) in fields(entry) {
        out.line(format!("    {field}: {before} -> {after}"))?;
    }
    Ok(())
}

/// The fields that differ between before and after.
fn fields(entry: &JournalEntry) -> Vec<(String, String, String)> {
    let text = |value: Option<&serde_json::Value>| match value {
        None | Some(serde_json::Value::Null) => "(none)".to_owned(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let Some(after) = entry.after.as_object() else {
        return Vec::new();
    };
    after
        .iter()
        .map(|(field, after)| {
            let before = entry.before.get(field);
            (field.clone(), text(before), text(Some(after)))
        })
        .filter(|(_, before, after)| before != after)
        .collect()
}
