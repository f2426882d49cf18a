//! Screen 3: the off-boarding cases, and what each would do in the LMS.
//!
//! ```text
//!    Pending 4   To run 1   Held 0   Closed 12
//!   [ ] #7  contact  ann@acme.com     tier is Pending   2 d |  steps against the live LMS
//! ```

use chrono::{DateTime, Utc};
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::state::{CaseTab, Offboarding};
use super::steps::{step_person, step_words};
use crate::text::safe;
use crate::tui::job::panel;
use crate::tui::kit::canvas::{Canvas, top};
use crate::tui::kit::cells::{age, count, counted, pad, wrap};
use crate::tui::kit::panes;
use crate::tui::kit::panes::Pane;
use crate::tui::kit::table::{Column, Table};
use crate::tui::kit::theme::Theme;
use crate::tui::model::Model;
use crate::values::{Case, CaseEntry, CaseState, Step, StepAction, StepState};

const CASES: [Column; 6] = [
    Column::fixed("", 3, 0),
    Column::fixed("", 7, 3),
    Column::share("person or partner", 4, 24, 0),
    Column::share("why", 4, 20, 1),
    Column::fixed("state", 8, 4),
    Column::fixed("age", 6, 2).right(),
];

/// What is over: who ended it, when and why is asked, not when it began.
const CLOSED: [Column; 6] = [
    Column::fixed("", 3, 0),
    Column::share("person or partner", 4, 12, 0),
    Column::fixed("state", 8, 0),
    Column::fixed("on", 10, 0),
    Column::share("by", 1, 6, 0),
    Column::share("note", 4, 8, 0),
];

/// Draws the screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, offboard: &Offboarding, model: &Model, area: Rect) {
    let taken = panel::draw(canvas, model.job.as_ref(), model.now, area);
    let (_, area) = top(area, taken);
    let (line, rest) = top(area, 1);
    tabs(canvas, offboard, line);
    let cases = offboard.shown();
    let chosen = offboard.chosen();
    let heading = chosen.map(|case| safe(&case.name)).unwrap_or_default();
    let (list, about) = panes::split(canvas, rest, offboard.pane, model.split, &heading);
    let theme = canvas.theme;
    if let Some(list) = list {
        let now = model.now;
        let table = Table {
            columns: if offboard.tab == CaseTab::Closed {
                &CLOSED
            } else {
                &CASES
            },
            len: cases.len(),
            cursor: offboard.cursor,
            focused: offboard.pane == Pane::List,
            sorted: None,
            tick: Some(0),
        };
        table.draw(canvas, list, |at| {
            let case = cases[at];
            let tick = if offboard.ticked.contains(&case.case_id) {
                "[x]"
            } else {
                "[ ]"
            };
            if offboard.tab == CaseTab::Closed {
                return closed_cells(&theme, case, tick);
            }
            let waits = case.run_after.filter(|_| case.waits(now));
            let why = match waits {
                Some(at) => format!(
                    "not before {}: {}",
                    at.format("%Y-%m-%d"),
                    safe(&case.reason)
                ),
                None => safe(&case.reason),
            };
            vec![
                (tick.to_owned(), theme.text),
                (case.entity.singular().to_owned(), theme.dim),
                (safe(&case.name), theme.text),
                (why, theme.dim),
                (
                    case.state.word().to_owned(),
                    state_style(&theme, case.state),
                ),
                (age(now - case.opened_at), theme.dim),
            ]
        });
        if cases.is_empty() {
            let words = match (offboard.known, offboard.tab) {
                (false, _) => "Reading ...",
                (true, CaseTab::Pending) => {
                    "Nobody waits for a decision. w looks for leftovers in LMS groups."
                }
                (true, CaseTab::Approved) => "Nothing is approved and not run.",
                (true, CaseTab::Held) => "Nothing is put aside.",
                (true, CaseTab::Closed) => "No case is closed yet.",
            };
            canvas.text(list.x + 1, list.y + 1, list.width - 1, words, theme.dim);
        }
    }
    if let Some(case) = chosen {
        let lines = case_lines(
            canvas,
            offboard,
            case,
            usize::from(about.width.saturating_sub(1)),
        );
        panes::detail(canvas, about, &lines, offboard.detail_offset);
    }
}

fn closed_cells(theme: &Theme, case: &Case, tick: &str) -> Vec<(String, Style)> {
    let (on, by) = ended(case);
    let on = on.map_or_else(String::new, |at| at.format("%Y-%m-%d").to_string());
    vec![
        (tick.to_owned(), theme.text),
        (safe(&case.name), theme.text),
        (case.state.word().to_owned(), state_style(theme, case.state)),
        (on, theme.dim),
        (safe(by.unwrap_or_default()), theme.dim),
        (safe(last_note(case).unwrap_or_default()), theme.dim),
    ]
}

/// When a case became what it is, and by whom.
fn ended(case: &Case) -> (Option<DateTime<Utc>>, Option<&str>) {
    match &case.last {
        Some(last) => (Some(last.at), Some(&last.operator)),
        None => (case.decided_at, case.decided_by.as_deref()),
    }
}

/// Why: what was said when it ended, else what was said when it was decided.
fn last_note(case: &Case) -> Option<&str> {
    let last = case.last.as_ref().and_then(|last| last.note.as_deref());
    last.or(case.note.as_deref())
}

fn tabs(canvas: &mut Canvas<'_>, offboard: &Offboarding, area: Rect) {
    let tabs = CaseTab::ALL.into_iter().map(|tab| {
        let number = offboard
            .cases
            .iter()
            .filter(|case| tab.has(case.state))
            .count();
        (format!(" {} {number} ", tab.title()), tab == offboard.tab)
    });
    panes::tabs(canvas, area, tabs);
    if !offboard.ticked.is_empty() {
        let words = format!("{} ticked", offboard.ticked.len());
        canvas.text_right(area.right() - 1, area.y, 20, &words, canvas.theme.strong);
    }
}

fn state_style(theme: &crate::tui::kit::theme::Theme, state: CaseState) -> Style {
    match state {
        CaseState::Pending | CaseState::Running => theme.warn,
        CaseState::Approved | CaseState::Done => theme.good,
        CaseState::Failed => theme.bad,
        CaseState::Rejected | CaseState::Restored | CaseState::Held | CaseState::Obsolete => {
            theme.dim
        }
    }
}

fn case_lines(
    canvas: &Canvas<'_>,
    offboard: &Offboarding,
    case: &Case,
    room: usize,
) -> Vec<Line<'static>> {
    let theme = canvas.theme;
    let room = room.max(20);
    let mut lines = vec![
        Line::styled(safe(&case.name), theme.strong),
        Line::from(vec![
            Span::styled(case.state.word(), state_style(&theme, case.state)),
            Span::styled(
                format!(
                    "  case {}, {} row {}",
                    case.case_id,
                    case.entity.singular(),
                    case.row_id
                ),
                theme.dim,
            ),
        ]),
    ];
    let mut labelled = |label: &str, words: &str, style: Style| {
        for (at, part) in wrap(words, room.saturating_sub(10)).into_iter().enumerate() {
            let head = if at == 0 { label } else { "" };
            lines.push(Line::from(vec![
                Span::styled(pad(head, 10, canvas.glyphs.cut), theme.dim),
                Span::styled(part, style),
            ]));
        }
    };
    labelled("Why", &safe(&case.reason), theme.text);
    let opened = match case.run_id {
        Some(run) => format!(
            "{} by {} in run {run}",
            case.opened_at.format("%Y-%m-%d %H:%M"),
            safe(&case.opened_by)
        ),
        None => format!(
            "{} by {}, a sweep",
            case.opened_at.format("%Y-%m-%d %H:%M"),
            safe(&case.opened_by)
        ),
    };
    labelled("Opened", &opened, theme.dim);
    if let Some(by) = &case.decided_by {
        let note = case
            .note
            .as_deref()
            .map_or_else(String::new, |note| format!(": {note}"));
        let on = case.decided_at.map_or_else(String::new, |at| {
            format!("{} ", at.format("%Y-%m-%d %H:%M"))
        });
        labelled("Decided", &safe(&format!("{on}by {by}{note}")), theme.text);
    }
    if let Some(at) = case.run_after.filter(|_| case.state == CaseState::Approved) {
        let words = format!(
            "not before {}; x or h take it back until then",
            at.format("%Y-%m-%d %H:%M")
        );
        labelled("Runs", &words, theme.warn);
    }
    if let (true, (Some(at), Some(by))) = (case.state.is_closed(), ended(case))
        && case.decided_at != Some(at)
    {
        let note = case.last.as_ref().and_then(|last| last.note.as_deref());
        let note = note.map_or_else(String::new, |note| format!(": {note}"));
        let words = format!(
            "{} {} by {by}{note}",
            case.state.word(),
            at.format("%Y-%m-%d %H:%M")
        );
        labelled("Ended", &safe(&words), theme.text);
    }
    let undecided = case.state.is_undecided();
    // Rejected, obsolete and restored cases take nothing from anybody.
    let lose = match (case.state, case.people) {
        (CaseState::Rejected | CaseState::Obsolete, _) => None,
        (CaseState::Done, number) => Some(format!("{} lost access", people(number))),
        (CaseState::Restored, number) => {
            Some(format!("{} lost access and have it again", people(number)))
        }
        (_, 1) => Some("1 person loses access".to_owned()),
        (_, number) => Some(format!("{} lose access", people(number))),
    };
    if let Some(lose) = lose {
        labelled("People", &lose, theme.strong);
    }
    if case.foreign_members > 0 && undecided {
        let are = if case.foreign_members == 1 {
            "is"
        } else {
            "are"
        };
        let words = format!(
            "{} of the group {are} not this partner's and must be acknowledged.",
            counted(case.foreign_members, "member")
        );
        labelled("", &words, theme.bad);
    }
    let live = offboard
        .live
        .as_ref()
        .is_some_and(|live| live.case_id == case.case_id);
    let title = if undecided && !live {
        "Steps (asking the LMS ...)"
    } else {
        "Steps"
    };
    lines.push(Line::styled(title, theme.strong));
    lines.extend(step_lines(canvas, case, room));
    if case.steps.is_empty() {
        lines.push(Line::styled("  none known", theme.dim));
    }
    if live && !offboard.log.is_empty() {
        lines.push(Line::styled("Log", theme.strong));
        lines.extend(log_lines(canvas, &offboard.log, room));
    }
    lines
}

/// The log of a case, oldest first, as `offboard log` prints it.
fn log_lines(canvas: &Canvas<'_>, log: &[CaseEntry], room: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for entry in log {
        let mut words = format!(
            "{} {} {}",
            entry.at.format("%Y-%m-%d %H:%M"),
            entry.operator,
            entry.event
        );
        for more in [&entry.step, &entry.note].into_iter().flatten() {
            words += &[": ", more.as_str()].concat();
        }
        for (at, part) in wrap(&safe(&words), room.saturating_sub(4))
            .into_iter()
            .enumerate()
        {
            let head = if at == 0 { "  " } else { "    " };
            lines.push(Line::styled(format!("{head}{part}"), canvas.theme.dim));
        }
    }
    lines
}

/// "1 person", "8 people".
fn people(number: u64) -> String {
    if number == 1 {
        "1 person".to_owned()
    } else {
        format!("{} people", count(number))
    }
}

/// The steps, people under the group that they leave; what is said of several steps is said once.
fn step_lines(canvas: &Canvas<'_>, case: &Case, room: usize) -> Vec<Line<'static>> {
    let theme = canvas.theme;
    let mut lines = Vec::new();
    let planned = |step: &&Step| step.state == StepState::Planned && step.note.is_some();
    let shared = case.steps.iter().find(planned).and_then(|first| {
        let same = |step: &&Step| planned(step) && step.note == first.note;
        (case.steps.iter().filter(same).count() > 1).then(|| first.note.clone())?
    });
    let mut group = None;
    for step in &case.steps {
        let (sign, style) = match step.state {
            StepState::Planned => (" ", theme.text),
            StepState::Done => (canvas.glyphs.check, theme.good),
            StepState::Skipped => ("=", theme.dim),
            StepState::Failed => (canvas.glyphs.cross, theme.bad),
            StepState::Unknown => ("?", theme.warn),
        };
        let mut words = match step.action {
            StepAction::DeleteGroup => step_words(step),
            StepAction::RemoveMember => {
                if group != Some(&step.group_id) {
                    group = Some(&step.group_id);
                    let head = safe(&format!("remove from {}", step.group_name));
                    let parts = wrap(&head, room.saturating_sub(2));
                    lines.extend(parts.into_iter().map(|part| Line::raw(format!("  {part}"))));
                }
                safe(step_person(step))
            }
        };
        match (&step.note, step.state) {
            (Some(note), StepState::Skipped) if !note.starts_with("protected") => {
                words += &[" (protected: ", &safe(note), ")"].concat();
            }
            (Some(note), _) if shared.as_ref() == Some(note) => {}
            (Some(note), _) => words += &[" (", &safe(note), ")"].concat(),
            (None, StepState::Skipped) => words.push_str(" (protected)"),
            (None, _) => {}
        }
        let indent = match step.action {
            StepAction::DeleteGroup => "",
            StepAction::RemoveMember => "  ",
        };
        for (at, part) in wrap(&words, room.saturating_sub(4)).into_iter().enumerate() {
            let head = if at == 0 { sign } else { " " };
            lines.push(Line::styled(format!("{head} {indent}{part}"), style));
        }
    }
    if let Some(note) = shared {
        let mut note = safe(&note);
        if let Some(first) = note.get_mut(0..1) {
            first.make_ascii_uppercase();
        }
        for part in wrap(&format!("{note}."), room) {
            lines.push(Line::styled(part, theme.dim));
        }
    }
    lines
}
