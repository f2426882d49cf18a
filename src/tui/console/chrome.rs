//! Title bar and footer.
//!
//! ```text
//!   prmdesk  1 Overview  2 Preview  3 Off-boarding (4) ...  [#####....] reading   prod | mariadb | alice
//!   A apply 20 ticked  Space tick  p preview  / filter ...                               ? help
//! ```

use std::fmt::Write as _;

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::Console;
use crate::tui::keymap::{Action, BINDINGS, Screen};
use crate::tui::kit::canvas::{Canvas, cells};
use crate::tui::kit::cells::{count, fit};
use crate::tui::kit::hits::Spot;
use crate::tui::model::Model;

/// How the screens are named: in full, in short, or by number alone but for the shown one.
#[derive(Clone, Copy)]
enum Names {
    Full,
    Short,
    Numbers,
}

/// The title bar.
pub(super) fn title(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let name = |screen: Screen, names: Names| {
        let number = screen as usize + 1;
        let word = match names {
            Names::Full => screen.title(),
            Names::Short => screen.short(),
            Names::Numbers if screen == model.screen => screen.short(),
            Names::Numbers => "",
        };
        let mut text = format!(" {number} {word}").trim_end().to_owned();
        let badge = model
            .waiting
            .iter()
            .find(|line| line.screen == screen && line.badge.is_some());
        if let Some(badge) = badge.and_then(|line| line.badge) {
            let _ = write!(text, " ({})", count(badge));
        }
        text.push(' ');
        text
    };
    let place = place(model, area.width);
    let width = |names: Names| -> u16 {
        Screen::ALL
            .iter()
            .map(|&screen| cells(&name(screen, names)))
            .sum()
    };
    let place_width: u16 = place.iter().map(|(text, _)| cells(text)).sum();
    let room = area.width.saturating_sub(place_width + 1);
    let brand = " prmdesk ";
    let (names, branded) = if width(Names::Full) + cells(brand) <= room {
        (Names::Full, true)
    } else if width(Names::Full) <= room {
        (Names::Full, false)
    } else if width(Names::Short) <= room {
        (Names::Short, false)
    } else {
        (Names::Numbers, false)
    };
    let mut x = area.x;
    if branded {
        x = canvas.text(x, area.y, area.width, brand, canvas.theme.accent);
    }
    for (at, screen) in Screen::ALL.into_iter().enumerate() {
        let text = name(screen, names);
        let style = if screen == model.screen {
            canvas.theme.tab_active
        } else {
            canvas.theme.tab
        };
        let end = canvas.text(x, area.y, area.right().saturating_sub(x), &text, style);
        canvas.hits.add(
            Rect {
                x,
                width: end - x,
                ..area
            },
            Spot::Screen(at),
        );
        x = end;
    }
    let mut right = area.right();
    for (text, style) in place.iter().rev() {
        if right.saturating_sub(x) < 3 {
            break;
        }
        right = canvas.text_right(right, area.y, right - x - 1, text, *style);
    }
    gauge(canvas, model, x + 2, right.saturating_sub(1), area.y);
}

/// Where we work and as whom; the first part stands out.
fn place(model: &Model, width: u16) -> Vec<(String, Style)> {
    let theme = &model.theme;
    let environment = &model.environment;
    let badge = if environment.production() {
        theme.production
    } else {
        theme.environment
    };
    let mut parts = Vec::new();
    if environment.read_only {
        parts.push((" READ-ONLY ".to_owned(), theme.production));
        parts.push((" ".to_owned(), theme.text));
    }
    let label = crate::text::safe(&environment.label);
    parts.push((format!(" {} ", fit(&label, 16, model.glyphs.cut)), badge));
    let line = model.glyphs.vertical;
    let operator = fit(
        &crate::text::safe(&environment.operator),
        16,
        model.glyphs.cut,
    );
    // The Overview tells the database too: where there is little room the screens' names are worth more.
    if width < 100 {
        parts.push((format!(" {operator} "), theme.dim));
    } else {
        parts.push((
            format!(" {} {line} {operator} ", environment.database),
            theme.dim,
        ));
    }
    parts
}

/// Work under way, in what room the title bar has left.
fn gauge(canvas: &mut Canvas<'_>, model: &Model, left: u16, right: u16, y: u16) {
    let Some(job) = model.job.as_ref().filter(|job| job.visible(model.now)) else {
        return;
    };
    let room = right.saturating_sub(left);
    if room < 4 {
        return;
    }
    let share = job.current().and_then(crate::tui::job::Counted::share);
    let words = job.doing();
    let bar_room = if room >= cells(&words) + 9 { 8 } else { 0 };
    let mut x = right;
    let text_room = room.saturating_sub(bar_room + u16::from(bar_room > 0));
    if text_room >= 6 {
        x = canvas
            .text_right(x, y, text_room, &words, canvas.theme.dim)
            .saturating_sub(1);
    }
    let width = if bar_room > 0 {
        bar_room
    } else {
        4.min(x.saturating_sub(left))
    };
    if x >= left + width {
        let bar = crate::tui::kit::glyphs::bar(share, usize::from(width), canvas.glyphs, model.now);
        canvas.text(x - width, y, width, &bar, canvas.theme.bar);
    }
}

/// The footer: the keys that work here, most useful first, as many as fit.
pub(super) fn footer(canvas: &mut Canvas<'_>, console: &Console, area: Rect) {
    let model = &console.model;
    let room = console.screens.room(model.screen);
    let help = model
        .keymap
        .find(crate::tui::kit::key::Key::char('?'), model.screen)
        .map_or("", |_| "? help ");
    let help_width = cells(help);
    let mut shown: Vec<usize> = (0..BINDINGS.len())
        .filter(|&at| BINDINGS[at].footer > 0 && BINDINGS[at].on.has(model.screen))
        .collect();
    shown.sort_by_key(|&at| BINDINGS[at].place(model.screen));
    let end = area.right().saturating_sub(help_width);
    let mut x = area.x + 1;
    for at in shown {
        let binding = &BINDINGS[at];
        let Some(key) = model.keymap.key(binding) else {
            continue;
        };
        let label = room
            .label(binding.action)
            .unwrap_or_else(|| binding.short.to_owned());
        let key = key.to_string();
        let width = cells(&key) + 1 + cells(&label);
        if x + width + 1 > end {
            // The last words of the footer may still find a shorter neighbour.
            continue;
        }
        let off = console.why_not(binding.action).is_some();
        let (key_style, text_style) = if off {
            (canvas.theme.dim, canvas.theme.dim)
        } else {
            (canvas.theme.key, canvas.theme.text)
        };
        canvas.parts(
            x,
            area.y,
            width,
            &[(&key, key_style), (" ", text_style), (&label, text_style)],
        );
        let place = Rect { x, width, ..area };
        if off {
            canvas.style(place, canvas.theme.dim);
        }
        canvas.hits.add(place, Spot::Binding(at));
        x += width + 2;
    }
    let help_at = BINDINGS.iter().position(|b| b.action == Action::Help);
    let place = Rect {
        x: end,
        width: help_width,
        ..area
    };
    canvas.parts(
        end,
        area.y,
        help_width,
        &[("?", canvas.theme.key), (" help", canvas.theme.text)],
    );
    if let Some(at) = help_at {
        canvas.hits.add(place, Spot::Binding(at));
    }
}
