//! Screen 1: is everything in order, what waits, how things stand.
//!
//! ```text
//!   Rows         active  inactive  in LMS  | Waiting for you
//!   partners      1,400        52   1,310  | 2  Guard: 137 of 1,400 partners would be ...
//!   contacts     35,000     1,204  29,877  | 3  4 off-boarding cases wait for a decision.
//!   Last runs                              |
//!   #12 sync all full    +3 ~18   3 min    |
//!   changes per run  _.-=#                 |
//!   ---------------------------------------------------------------------
//!   Impartner v 120 ms   LMS v 80 ms   Database v 1 ms    watermark 3 min ago
//! ```

use std::fmt::Write as _;

use chrono::Duration;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::plan::Entity;
use crate::tui::kit::canvas::{Canvas, cells, top};
use crate::tui::kit::cells::{age, count, pad, pad_left, wrap};
use crate::tui::kit::hits::Spot;
use crate::tui::kit::list::Cursor;
use crate::tui::kit::words;
use crate::tui::model::Model;
use crate::values::{Reachability, RunStatus, RunSummary, Status};

/// Lines at the bottom that tell what answers: a rule and three outsides.
const OUTSIDES: u16 = 4;

/// Draws the screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, cursor: Cursor, model: &Model, area: Rect) {
    canvas.hits.kept_free = OUTSIDES;
    let mut area = area;
    if let Some(banner) = &model.environment.demo {
        let (line, rest) = top(area, 1);
        let banner = crate::text::safe(banner);
        canvas.text(
            line.x + 1,
            line.y,
            line.width - 1,
            &banner,
            canvas.theme.dim,
        );
        area = rest;
    }
    let taken = crate::tui::job::panel::draw(canvas, model.job.as_ref(), model.now, area);
    let (_, area) = top(area, taken);
    let bottom = area.height.min(OUTSIDES);
    let (main, outsides) = top(area, area.height - bottom);
    if main.width >= 76 {
        let left = Rect {
            width: main.width * 52 / 100,
            ..main
        };
        let right = Rect {
            x: left.right() + 1,
            width: main.width - left.width - 1,
            ..main
        };
        facts(canvas, model, left);
        canvas.upright(left.right() - 1, main.y, main.bottom(), canvas.theme.rule);
        wait_list(canvas, cursor, model, right);
    } else {
        // What waits goes first; the rows' three lines are kept as long as they can be.
        let (upper, lower) = top(
            main,
            waiting_height(model, main).min(main.height.saturating_sub(3)),
        );
        wait_list(canvas, cursor, model, upper);
        facts(canvas, model, lower);
    }
    reach(canvas, model, outsides);
}

fn heading(canvas: &mut Canvas<'_>, x: u16, y: u16, room: u16, text: &str) {
    canvas.text(x, y, room, text, canvas.theme.strong);
}

/// Left: rows, last runs, sparkline.
fn facts(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let theme = canvas.theme;
    let (x, room) = (area.x + 1, area.width.saturating_sub(3));
    let mut y = area.y;
    let Some(status) = model.facts.status.as_deref() else {
        let waits = if model.opened {
            "Reading the facts ..."
        } else {
            "Connecting to the database ..."
        };
        let words = model.facts.trouble.as_deref().unwrap_or(waits);
        for line in wrap(words, usize::from(room)) {
            canvas.text(x, y, room, &line, theme.dim);
            y += 1;
        }
        return;
    };
    let numbers = |a: &str, b: &str, c: &str| {
        format!(
            "{}{}{}",
            pad_left(a, 10, ""),
            pad_left(b, 10, ""),
            pad_left(c, 9, "")
        )
    };
    canvas.parts(
        x,
        y,
        room,
        &[
            (&pad("Rows", 9, ""), theme.strong),
            (&numbers("active", "inactive", "in LMS"), theme.dim),
        ],
    );
    y += 1;
    for entity in Entity::ALL {
        let rows = match entity {
            Entity::Partners => status.partners,
            Entity::Contacts => status.contacts,
        };
        let line = numbers(
            &count(rows.active),
            &count(rows.inactive),
            &count(rows.lms_linked),
        );
        canvas.parts(
            x,
            y,
            room,
            &[
                (&pad(entity.word(), 9, ""), theme.text),
                (&line, theme.text),
            ],
        );
        y += 1;
    }
    if area.height > 12 {
        y += 1;
    }
    if y + 2 >= area.bottom() {
        return;
    }
    heading(canvas, x, y, room, "Last runs");
    y += 1;
    let spark_room = u16::from(model.facts.runs.len() > 1) * 2;
    if status.last_runs.is_empty() {
        canvas.text(x, y, room, "None yet.", theme.dim);
        y += 1;
    }
    for run in &status.last_runs {
        if y + spark_room >= area.bottom() {
            break;
        }
        run_line(canvas, model, x, y, room, run);
        y += 1;
    }
    if spark_room > 0 && y + 1 < area.bottom() {
        if y + 2 < area.bottom() {
            y += 1;
        }
        sparkline(canvas, model, x, y, room);
    }
}

/// A run in one line: what, changes, outcome, age.
fn run_line(canvas: &mut Canvas<'_>, model: &Model, x: u16, y: u16, room: u16, run: &RunSummary) {
    let age = age(model.now - run.started_at);
    let title = words::run_title(run);
    let mut changes = words::changes(run, canvas.glyphs);
    if run.withheld > 0 {
        let _ = write!(changes, " ({} withheld)", count(run.withheld));
    }
    let good = matches!(run.status, RunStatus::Applied | RunStatus::Nothing);
    if !good {
        changes = format!("{} {changes}", run.status.word());
    }
    let style = if good {
        canvas.theme.text
    } else {
        canvas.theme.warn
    };
    // What it changed is told in full; where there is little room the title gives way.
    let left = canvas.text_right(x + room, y, 6, &age, canvas.theme.dim);
    let room = left.saturating_sub(x + 1);
    let least = cells(&title).min(10);
    let title_room = room.saturating_sub(cells(&changes) + 1).clamp(least, 22);
    canvas.text(x, y, title_room, &title, canvas.theme.text);
    let what_room = room.saturating_sub(title_room + 1);
    canvas.text(x + title_room + 1, y, what_room, &changes, style);
}

/// The rows written by recent runs, oldest first.
fn sparkline(canvas: &mut Canvas<'_>, model: &Model, x: u16, y: u16, room: u16) {
    let label = "changes per run  ";
    let end = canvas.text(x, y, room, label, canvas.theme.dim);
    let space = usize::from((x + room).saturating_sub(end)).min(40);
    let runs = &model.facts.runs;
    let totals: Vec<u64> = runs
        .iter()
        .take(space)
        .rev()
        .map(|run| words::applied_in(run).total())
        .collect();
    let most = totals.iter().copied().max().unwrap_or(0).max(1);
    let line: String = totals
        .iter()
        .map(|&total| {
            // A logarithm, so that a first load does not flatten every day after it.
            let height = (total as f64 + 1.0).ln() / (most as f64 + 1.0).ln() * 7.0;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between 0 and 7"
            )]
            let height = height.round() as usize;
            canvas.glyphs.spark[height.min(7)]
        })
        .collect();
    canvas.text(end, y, room, &line, canvas.theme.bar);
}

/// Lines that the list of what waits would take, its head and a line of air included.
fn waiting_height(model: &Model, area: Rect) -> u16 {
    let room = usize::from(area.width.saturating_sub(2));
    let lines = &model.waiting;
    let needed: usize = if lines.is_empty() {
        let status = model.facts.status.as_deref();
        calm(status).iter().map(|line| wrap(line, room).len()).sum()
    } else {
        let wrapped = |text: &str| wrap(&crate::text::safe(text), room.saturating_sub(4)).len();
        lines.iter().map(|line| wrapped(&line.text)).sum()
    };
    u16::try_from(needed + 2).unwrap_or(u16::MAX)
}

/// Right: what waits, most urgent first, each with its key.
fn wait_list(canvas: &mut Canvas<'_>, cursor: Cursor, model: &Model, area: Rect) {
    let theme = canvas.theme;
    let (x, room) = (area.x + 1, area.width.saturating_sub(2));
    let mut y = area.y;
    heading(canvas, x, y, room, "Waiting for you");
    y += 1;
    let lines = &model.waiting;
    canvas.hits.list_height = usize::from(area.height.saturating_sub(1)).max(1);
    if lines.is_empty() {
        for line in calm(model.facts.status.as_deref()) {
            for part in wrap(line, usize::from(room)) {
                if y < area.bottom() {
                    canvas.text(x, y, room, &part, theme.dim);
                    y += 1;
                }
            }
        }
        return;
    }
    let chosen = cursor.at.min(lines.len() - 1);
    for (at, line) in lines.iter().enumerate().skip(chosen.saturating_sub(8)) {
        let style = if line.urgent { theme.bad } else { theme.text };
        let text = crate::text::safe(&line.text);
        let first = y;
        for (part_at, part) in wrap(&text, usize::from(room.saturating_sub(4)))
            .iter()
            .enumerate()
        {
            if y >= area.bottom() {
                break;
            }
            if part_at == 0 {
                let sign = if line.urgent { "!" } else { " " };
                let key = (line.screen as usize + 1).to_string();
                canvas.parts(x, y, 4, &[(sign, theme.bad), (&key, theme.key)]);
            }
            canvas.text(x + 3, y, room - 3, part, style);
            y += 1;
        }
        let place = Rect {
            x,
            y: first,
            width: room,
            height: y - first,
        };
        canvas.hits.add(place, Spot::Row(at));
        if at == chosen {
            canvas.hits.cursor_row = Some(first);
            canvas.style(place, theme.row);
        }
    }
}

/// What stands there when nothing waits.
fn calm(status: Option<&Status>) -> &'static [&'static str] {
    match status {
        None => &["..."],
        Some(status) if status.last_runs.is_empty() => &[
            "Nothing: this is the first start.",
            "P  reads everything and shows what would change.",
            "A  then applies what is ticked, after a question.",
            "?  shows the keys of each screen, : finds any action.",
        ],
        Some(_) => &[
            "Nothing: everything is in order.",
            "p  shows what changed since the last run.",
        ],
    }
}

/// Bottom: what answers, how fast; how old the watermark is.
fn reach(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    if area.height < 2 {
        return;
    }
    let theme = canvas.theme;
    let rule = Rect { height: 1, ..area };
    canvas.rule(rule, "", theme.rule);
    let Some(status) = model.facts.status.as_deref() else {
        return;
    };
    let outsides = [
        ("Database", &status.database),
        ("Impartner", &status.impartner),
        ("LMS", &status.lms),
    ];
    for (y, ((name, outside), asked)) in
        (area.y + 1..).zip(outsides.into_iter().zip(model.facts.asked))
    {
        if y >= area.bottom() {
            return;
        }
        let (sign, words, style) = reached(canvas, outside, asked.map(|at| model.now - at));
        let target = crate::text::safe(&outside.target);
        let mut x = area.x + 1;
        x = canvas.parts(
            x,
            y,
            area.width - 1,
            &[
                (sign, style),
                (" ", theme.text),
                (&pad(name, 10, ""), theme.text),
            ],
        );
        let mut end = area.right() - 1;
        let entity = match name {
            "Impartner" => Some(Entity::Partners),
            "LMS" => Some(Entity::Contacts),
            _ => None,
        };
        if let Some(entity) = entity {
            let room = end.saturating_sub(x + cells(&words) + 3);
            end = watermark(canvas, model, end, y, room, entity, status).saturating_sub(2);
        }
        let room = end.saturating_sub(x);
        x = canvas.text(x, y, room, &words, style) + 2;
        // Half an address tells nothing: it stands there whole or not at all.
        if x + cells(&target) <= end {
            canvas.text(x, y, end - x, &target, theme.dim);
        }
    }
}

/// A check, in words, with its age: what answered an hour ago may not answer now.
fn reached(
    canvas: &Canvas<'_>,
    outside: &Reachability,
    old: Option<Duration>,
) -> (&'static str, String, Style) {
    let (sign, words, style) = found(canvas, outside);
    let words = match old {
        Some(old) if old.num_seconds() < 60 => format!("{words}, now"),
        Some(old) => format!("{words}, {} ago", age(old)),
        None => words,
    };
    (sign, words, style)
}

fn found(canvas: &Canvas<'_>, outside: &Reachability) -> (&'static str, String, Style) {
    let theme = canvas.theme;
    match outside.reachable {
        Some(true) => {
            let latency = outside
                .latency_ms
                .map_or_else(String::new, |ms| format!("{} ms", count(ms)));
            (canvas.glyphs.check, latency, theme.good)
        }
        Some(false) => {
            let why = outside.detail.as_deref().unwrap_or("does not answer");
            (canvas.glyphs.cross, crate::text::safe(why), theme.bad)
        }
        None => {
            let why = outside.detail.as_deref().unwrap_or("not asked yet");
            ("?", crate::text::safe(why), theme.dim)
        }
    }
}

/// How old what was read is, at the right, in as many words as fit; returns the column where it begins.
fn watermark(
    canvas: &mut Canvas<'_>,
    model: &Model,
    right: u16,
    y: u16,
    room: u16,
    entity: Entity,
    status: &Status,
) -> u16 {
    let forms = match status.watermarks[entity] {
        Some(at) => {
            let age = age(model.now - at);
            [
                format!("{entity} read up to {age} ago"),
                format!("{entity} {age} ago"),
            ]
        }
        None => [format!("{entity} never read"), format!("{entity}: never")],
    };
    let style = canvas.theme.dim;
    match forms.iter().find(|words| cells(words) <= room) {
        Some(words) => canvas.text_right(right, y, room, words, style),
        None => right,
    }
}
