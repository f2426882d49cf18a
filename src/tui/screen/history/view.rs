//! Screen 5: the runs; Enter opens one with its changes.
//!
//! ```text
//!   run  when              what             changes        outcome   operator
//!   #12  2026-11-21 12:03  sync all full    +3 ~18 -2      applied   alice
//! ```

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::state::{History, OpenRun};
use crate::plan::Op;
use crate::text::safe;
use crate::tui::job::panel;
use crate::tui::kit::canvas::{Canvas, top};
use crate::tui::kit::cells::{counted, span, wrap};
use crate::tui::kit::detail::Detail;
use crate::tui::kit::panes;
use crate::tui::kit::panes::Pane;
use crate::tui::kit::table::{Column, Table};
use crate::tui::kit::words;
use crate::tui::model::Model;
use crate::values::{JournalEntry, RunStatus, RunSummary};

const RUNS: [Column; 7] = [
    Column::fixed("run", 6, 0),
    Column::fixed("when (UTC)", 16, 0),
    Column::share("what", 3, 16, 0),
    Column::share("changes", 3, 14, 0),
    Column::fixed("outcome", 11, 1),
    Column::fixed("operator", 12, 3),
    Column::fixed("took", 8, 4).right(),
];

const CHANGES: [Column; 4] = [
    Column::fixed("", 1, 0),
    Column::share("name", 3, 22, 0),
    Column::share("what", 4, 20, 1),
    Column::fixed("status", 8, 2),
];

/// Draws the screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, history: &History, model: &Model, area: Rect) {
    let taken = panel::draw(canvas, model.job.as_ref(), model.now, area);
    let (_, area) = top(area, taken);
    match &history.open {
        Some(open) => opened(canvas, model, area, open),
        None => runs(canvas, history, model, area),
    }
}

fn outcome(canvas: &Canvas<'_>, run: &RunSummary) -> (String, ratatui::style::Style) {
    let theme = canvas.theme;
    let style = match run.status {
        RunStatus::Applied => theme.good,
        RunStatus::Nothing => theme.dim,
        RunStatus::Partial | RunStatus::Running | RunStatus::Cancelled => theme.warn,
        RunStatus::Blocked | RunStatus::Failed | RunStatus::Interrupted => theme.bad,
    };
    let word = match run.undone_by {
        Some(_) => "undone".to_owned(),
        None => run.status.word().to_owned(),
    };
    (word, style)
}

fn runs(canvas: &mut Canvas<'_>, history: &History, model: &Model, area: Rect) {
    let all = &model.facts.runs;
    // The chosen run's message is told in the last lines.
    let about = history.run(model).map(run_words).unwrap_or_default();
    let room = usize::from(area.width.saturating_sub(2));
    let mut lines: Vec<String> = about.iter().flat_map(|line| wrap(line, room)).collect();
    lines.truncate(usize::from(area.height / 3));
    let below = u16::try_from(lines.len()).unwrap_or(0);
    let (list, foot) = top(
        area,
        area.height.saturating_sub(below + u16::from(below > 0)),
    );
    let cells: Vec<Vec<(String, ratatui::style::Style)>> = {
        // Made for the window only: the closure below has no canvas to ask for styles.
        let window = history
            .cursor
            .window(all.len(), usize::from(list.height.saturating_sub(1)));
        all[window]
            .iter()
            .map(|run| run_cells(canvas, run))
            .collect()
    };
    let table = Table {
        columns: &RUNS,
        len: all.len(),
        cursor: history.cursor,
        focused: true,
        sorted: None,
        tick: None,
    };
    let first = history
        .cursor
        .window(all.len(), usize::from(list.height.saturating_sub(1)))
        .start;
    table.draw(canvas, list, |at| {
        cells.get(at - first).cloned().unwrap_or_default()
    });
    if all.is_empty() {
        let words = if model.facts.runs_known {
            "No run yet. P on the Preview begins the first."
        } else {
            "Reading ..."
        };
        canvas.text(
            list.x + 1,
            list.y + 1,
            list.width - 1,
            words,
            canvas.theme.dim,
        );
    }
    if below > 0 {
        let rule = Rect { height: 1, ..foot };
        canvas.rule(rule, "", canvas.theme.rule);
        for (at, line) in lines.iter().enumerate() {
            let y = foot.y + 1 + u16::try_from(at).unwrap_or(0);
            canvas.text(foot.x + 1, y, foot.width - 1, line, canvas.theme.dim);
        }
    }
}

fn run_cells(canvas: &Canvas<'_>, run: &RunSummary) -> Vec<(String, ratatui::style::Style)> {
    let theme = canvas.theme;
    let took = run
        .finished_at
        .map(|end| span(end - run.started_at))
        .unwrap_or_default();
    vec![
        (format!("#{}", run.run_id), theme.dim),
        (
            run.started_at.format("%Y-%m-%d %H:%M").to_string(),
            theme.text,
        ),
        (words::run_title(run), theme.text),
        (words::changes(run, canvas.glyphs), theme.text),
        outcome(canvas, run),
        (safe(&run.operator), theme.dim),
        (took, theme.dim),
    ]
}

/// What else there is to say about a run.
fn run_words(run: &RunSummary) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(message) = &run.message {
        words.push(safe(message));
    }
    if run.withheld > 0 {
        words.push(format!(
            "{} withheld by a guard.",
            counted(run.withheld, "change")
        ));
    }
    if run.faults > 0 {
        words.push(format!("{} failed or stale.", counted(run.faults, "row")));
    }
    if let Some(by) = run.undone_by {
        words.push(format!("Undone by run {by}."));
    }
    if run.status == RunStatus::Interrupted {
        words.push("Its process went away; nothing of it was written.".to_owned());
    }
    words
}

fn opened(canvas: &mut Canvas<'_>, model: &Model, area: Rect, open: &OpenRun) {
    let run = &open.detail.run;
    let theme = canvas.theme;
    let (line, rest) = top(area, 1);
    let (word, style) = outcome(canvas, run);
    let title = format!("Run {}  {}", run.run_id, words::run_title(run));
    let rows = format!(
        "{}  {} by {}",
        words::applied(words::applied_in(run), canvas.glyphs),
        run.started_at.format("%Y-%m-%d %H:%M"),
        safe(&run.operator)
    );
    canvas.parts(
        line.x + 1,
        line.y,
        line.width - 1,
        &[
            (&title, theme.accent),
            ("  ", theme.text),
            (&word, style),
            ("  ", theme.text),
            (&rows, theme.dim),
        ],
    );
    let changes = &open.detail.changes;
    let chosen = changes.get(open.cursor.at);
    let heading = chosen.map(|change| safe(&change.name)).unwrap_or_default();
    let (list, about) = panes::split(canvas, rest, open.pane, model.split, &heading);
    if let Some(list) = list {
        let table = Table {
            columns: &CHANGES,
            len: changes.len(),
            cursor: open.cursor,
            focused: open.pane == Pane::List,
            sorted: None,
            tick: None,
        };
        let glyphs = canvas.glyphs;
        table.draw(canvas, list, |at| {
            let change = &changes[at];
            let style = theme.op(change.op);
            let good = change.status == "applied";
            vec![
                (glyphs.sign(change.op).to_owned(), style),
                (safe(&change.name), theme.text),
                (summary(change, glyphs.arrow), theme.text),
                (
                    safe(&change.status),
                    if good { theme.dim } else { theme.bad },
                ),
            ]
        });
        if changes.is_empty() {
            canvas.text(
                list.x + 1,
                list.y + 1,
                list.width - 1,
                "This run changed no row.",
                theme.dim,
            );
        }
    }
    if let Some(change) = chosen {
        let lines = change_lines(canvas, change, usize::from(about.width.saturating_sub(1)));
        panes::detail(canvas, about, &lines, open.detail_offset);
    }
}

/// A change in a few words.
fn summary(change: &JournalEntry, arrow: &str) -> String {
    match change.op {
        Op::Update | Op::Reactivate => {
            let fields = crate::tui::kit::words::changed_fields(change);
            match fields.first() {
                Some((field, before, after)) => safe(&format!("{field}: {before} {arrow} {after}")),
                None => String::new(),
            }
        }
        _ => safe(change.message.as_deref().unwrap_or(change.op.label())),
    }
}

fn change_lines(canvas: &Canvas<'_>, change: &JournalEntry, room: usize) -> Vec<Line<'static>> {
    let theme = canvas.theme;
    let id = change
        .impartner_id
        .map_or_else(String::new, |id| format!(" #{id}"));
    let row = change
        .row_id
        .map_or_else(String::new, |row| format!("  row {row}"));
    let mut about = Detail::new(canvas, room);
    for part in wrap(&safe(&change.name), room) {
        about.lines.push(Line::styled(part, theme.strong));
    }
    about.lines.push(Line::from(vec![
        Span::styled(
            format!("{} {}", canvas.glyphs.sign(change.op), change.op.label()),
            theme.op(change.op),
        ),
        Span::styled(
            format!("  {}{id}{row}", change.entity.singular()),
            theme.dim,
        ),
    ]));
    for (field, before, after) in crate::tui::kit::words::changed_fields(change) {
        let (before, after) = (safe(&before), safe(&after));
        about.change(&field, Some(&before), Some(&after), change.op);
    }
    if let Some(message) = &change.message {
        about.labelled("Reason", &safe(message), theme.text);
    }
    let when = format!(
        "{} by {} in run {}",
        change.at.format("%Y-%m-%d %H:%M:%S"),
        safe(&change.operator),
        change.run_id
    );
    about.labelled("When", &when, theme.dim);
    if let Some(plan) = &change.plan_id {
        about.labelled("Plan", &safe(plan), theme.dim);
    }
    about.lines
}
