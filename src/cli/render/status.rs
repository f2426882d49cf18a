//! The facts of docs/rules.md, "Status" for people.

use chrono::{DateTime, Utc};

use super::{count, run, when};
use crate::cli::output::{Out, Style};
use crate::error::Result;
use crate::plan::Entity;
use crate::values::{Reachability, Status};

/// The whole of it.
pub(in crate::cli) fn status(status: &Status, out: &mut Out) -> Result<()> {
    let read_only = if status.read_only { ", read-only" } else { "" };
    out.styled(
        Style::Bold,
        format!("Profile {}{read_only}, {}", status.profile, when(status.at)),
    )?;
    for (name, reach) in [
        ("Database", &status.database),
        ("Impartner", &status.impartner),
        ("LMS", &status.lms),
    ] {
        let style = if reach.reachable == Some(false) {
            Style::Warn
        } else {
            Style::Plain
        };
        out.styled(style, format!("{name}: {}", reachability(reach)))?;
    }
    out.gap()?;
    for (entity, rows) in [
        (Entity::Partners, status.partners),
        (Entity::Contacts, status.contacts),
    ] {
        out.line(format!(
            "{entity}: {} active, {} inactive, {} linked to the LMS",
            rows.active, rows.inactive, rows.lms_linked
        ))?;
    }
    for (entity, mark) in status.watermarks.iter() {
        let text = mark.map_or_else(
            || "none yet: the next run is full".to_owned(),
            |mark| format!("{} ({} ago)", when(mark), age(mark, status.at)),
        );
        out.line(format!("Watermark of {entity}: {text}"))?;
    }
    out.gap()?;
    waiting(status, out)?;
    if status.last_runs.is_empty() {
        out.line("No run yet. Begin with `prmdesk preview --mode full`.")
    } else {
        run::list(&status.last_runs, out)
    }
}

/// What waits for a person, most urgent first.
fn waiting(status: &Status, out: &mut Out) -> Result<()> {
    let mut lines = Vec::new();
    if let Some(run) = &status.interrupted {
        lines.push(format!(
            "Run {} ({} by {}, {}) was interrupted: {}",
            run.run_id,
            run.kind,
            run.operator,
            when(run.started_at),
            run.message
        ));
    }
    if let Some(lease) = &status.lease {
        lines.push(format!(
            "{} at work: {} on {} (process {}), since {}.",
            lease.purpose,
            lease.operator,
            lease.host,
            lease.pid,
            when(lease.since)
        ));
    }
    if status.rules.differs {
        let by_rule = status.by_rule.partners.total() + status.by_rule.contacts.total();
        lines.push(format!(
            "The filters were edited and wait for acceptance: {}; {} by the last full reading; see `prmdesk rules`.",
            status.rules.words(),
            count(by_rule, "record is by rule", "records are by rule")
        ));
    }
    let cases = &status.cases;
    for (number, one, many, what) in [
        (
            status.withheld,
            "change is withheld by a guard",
            "changes are withheld by guards",
            "`prmdesk preview` shows them",
        ),
        (
            cases.pending,
            "off-boarding case waits for a decision",
            "off-boarding cases wait for a decision",
            "see `prmdesk offboard list`",
        ),
        (
            cases.approved,
            "approved case was not run",
            "approved cases were not run",
            "`prmdesk offboard run` runs them",
        ),
        (
            cases.failed,
            "case failed",
            "cases failed",
            "`prmdesk offboard run` resumes them",
        ),
        (
            status.carried_over,
            "record is carried over",
            "records are carried over",
            "the next incremental run reads them again",
        ),
        (
            status.holds,
            "row is on hold",
            "rows are on hold",
            "see `prmdesk holds list`",
        ),
    ] {
        if number > 0 {
            lines.push(format!("{}; {what}.", count(number, one, many)));
        }
    }
    if lines.is_empty() {
        lines.push("Nothing waits for you.".to_owned());
    }
    for line in lines {
        out.line(line)?;
    }
    out.gap()
}

fn reachability(reach: &Reachability) -> String {
    let state = match reach.reachable {
        Some(true) => "reachable",
        Some(false) => "NOT REACHABLE",
        None => "not asked",
    };
    let latency = reach
        .latency_ms
        .map_or_else(String::new, |ms| format!(" in {ms} ms"));
    let detail = reach
        .detail
        .as_ref()
        .map_or_else(String::new, |detail| format!(" ({detail})"));
    format!("{state}{latency}: {}{detail}", reach.target)
}

/// How long ago, in its two largest units.
fn age(then: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - then).num_seconds().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}
