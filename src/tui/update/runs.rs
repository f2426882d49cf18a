//! The actions of screen 5, and what a run did in words.

use crate::text::safe;
use crate::tui::keymap::Screen;
use crate::tui::kit::cells::counted;
use crate::tui::kit::tone::Tone;
use crate::tui::kit::words;
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::request::Request;
use crate::tui::update::act;

/// `U` on History: a preview of the undo.
pub(super) fn undo(model: &mut Model) -> Vec<Effect> {
    let Some(run) = model.history.run().map(|run| run.run_id) else {
        return Vec::new();
    };
    let mut effects = act::show(model, Screen::Preview);
    effects.push(model.ask(Request::PreviewUndo(run)));
    effects
}

/// The result of a run in lines.
pub(super) fn report_lines(
    model: &Model,
    report: &crate::values::RunReport,
) -> Vec<(Tone, String)> {
    let mut lines = Vec::new();
    let (tone, head) = match report.status {
        crate::values::RunStatus::Applied => (Tone::Good, "Everything ticked was applied."),
        crate::values::RunStatus::Partial => (Tone::Warn, "Applied in part."),
        crate::values::RunStatus::Blocked => (Tone::Bad, "Nothing was applied."),
        crate::values::RunStatus::Nothing => (Tone::Plain, "There was nothing to apply."),
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
