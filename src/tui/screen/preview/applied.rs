//! What an apply came to.

use super::state::Preview;
use crate::plan::PerEntity;
use crate::text::safe;
use crate::tui::dialog::places;
use crate::tui::dialog::{Dialog, TextDialog};
use crate::tui::kit::cells::counted;
use crate::tui::kit::tone::{Tone, ToneLine};
use crate::tui::kit::words;
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::request::{Reach, Request};
use crate::values::{Applied, RunReport, RunStatus};

/// An apply ended.
pub(super) fn applied(preview: &mut Preview, model: &mut Model, report: &RunReport) -> Vec<Effect> {
    let lines = report_lines(model, report);
    let words = applied_words(model, &report.applied);
    let run = report
        .run_id
        .map_or_else(String::new, |run| format!("Run {run}: "));
    match report.status {
        RunStatus::Applied | RunStatus::Nothing => model.toast(format!("{run}applied: {words}.")),
        _ => {
            model.complain(format!("{run}{}: {words}.", report.status.word()));
            let result = TextDialog::new("Result", lines.clone());
            places::announce(&mut model.dialogs, Dialog::Text(result));
        }
    }
    let mut forget = Vec::new();
    // A blocked plan stays: nothing of it was applied. Any other was applied once, and what is left of it comes again
    // with the next preview.
    if report.status != RunStatus::Blocked {
        forget.extend(
            preview
                .review
                .take()
                .map(|review| Effect::Forget(Box::new(review))),
        );
    }
    preview.last = lines;
    forget.extend([
        model.ask(Request::Status(Reach::Stored)),
        model.ask(Request::Runs),
    ]);
    forget
}

/// What was applied, for a toast.
fn applied_words(model: &Model, applied: &PerEntity<Applied>) -> String {
    let parts: Vec<String> = applied
        .iter()
        .filter(|(_, rows)| rows.total() > 0)
        .map(|(entity, rows)| format!("{entity} {}", words::applied(*rows, model.glyphs)))
        .collect();
    if parts.is_empty() {
        "nothing was written".to_owned()
    } else {
        parts.join(", ")
    }
}

/// The result of a run in lines.
fn report_lines(model: &Model, report: &RunReport) -> Vec<ToneLine> {
    let mut lines = Vec::new();
    let (tone, head) = match report.status {
        RunStatus::Applied => (Tone::Good, "Everything ticked was applied."),
        RunStatus::Partial => (Tone::Warn, "Applied in part."),
        RunStatus::Blocked => (Tone::Bad, "Nothing was applied."),
        RunStatus::Nothing => (Tone::Plain, "There was nothing to apply."),
        _ => (Tone::Bad, "The run did not end well; nothing was written."),
    };
    let run = report
        .run_id
        .map_or_else(String::new, |run| format!("Run {run}: "));
    lines.push((tone, format!("{run}{head}")));
    for (entity, rows) in report.applied.iter() {
        if rows.total() > 0 {
            lines.push((
                Tone::Plain,
                format!("{entity}: {}", words::applied(*rows, model.glyphs)),
            ));
        }
    }
    for withheld in &report.withheld {
        lines.push((
            Tone::Warn,
            safe(&format!(
                "Withheld: {} of {}. {}",
                counted(withheld.count, withheld.op.label()),
                withheld.entity,
                withheld.reason
            )),
        ));
    }
    for (what, faults) in [
        ("Failed", &report.failed),
        ("Changed since the plan, skipped", &report.stale),
    ] {
        for fault in faults {
            let id = fault
                .impartner_id
                .map_or_else(String::new, |id| format!(" #{id}"));
            lines.push((
                Tone::Bad,
                safe(&format!(
                    "{what}: {} {}{id}: {}",
                    fault.entity.singular(),
                    fault.name,
                    fault.message
                )),
            ));
        }
    }
    if report.cases_opened > 0 {
        lines.push((
            Tone::Plain,
            format!(
                "{} opened; 3 shows them.",
                counted(report.cases_opened, "off-boarding case")
            ),
        ));
    }
    lines
}
