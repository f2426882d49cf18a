//! The dialogs that are read or chosen from; questions are in question.rs.
//!
//! ```text
//!   +- Keys of Preview -----------------------------+
//!   | p          preview what changed ...           |
//!   +-----------------------------------------------+
//! ```

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::question;
use super::scene::Scene;
use super::{Asking, Dialog, Failure, Menu, Palette, TextDialog, Waits};
use crate::tui::keymap::{BINDINGS, Binding, On};
use crate::tui::kit::canvas::{Canvas, cells, middle};
use crate::tui::kit::cells::{pad, width, wrap};
use crate::tui::kit::hits::Spot;
use crate::tui::kit::tone::{Tone, ToneLine};

/// Draws a dialog; only the topmost takes clicks.
pub(in crate::tui) fn draw(
    canvas: &mut Canvas<'_>,
    scene: &Scene<'_>,
    area: Rect,
    dialog: &Dialog,
    top: bool,
) {
    if top {
        // What is under a dialog cannot be clicked.
        canvas.hits.forget_places();
        canvas.style(area, canvas.theme.shade);
        canvas.hits.add(area, Spot::Dialog);
        canvas.cursor = None;
    }
    match dialog {
        Dialog::Ask(ask) => question::draw(canvas, scene, area, ask),
        Dialog::Asking(Asking { title, what }) => {
            let words = match what {
                Waits::Count(_) => "Counting what is ticked ...",
                Waits::Answer(_) => "Asking ...",
            };
            let lines = [(Tone::Dim, words.to_owned())];
            reading(canvas, area, title, &lines, 0, "Esc leaves");
        }
        Dialog::Help(cursor) => {
            let lines = help_lines(scene);
            let title = format!("Keys of {}", scene.screen.title());
            reading(
                canvas,
                area,
                &title,
                &lines,
                cursor.at,
                "Esc closes; : finds any action",
            );
        }
        Dialog::Text(TextDialog {
            title,
            lines,
            offset,
        }) => {
            reading(canvas, area, title, lines, *offset, "Esc closes");
        }
        Dialog::Failure(failure) => failed(canvas, area, failure),
        Dialog::Palette(palette) => commands(canvas, scene, area, palette),
        Dialog::Menu(menu) => choices(canvas, area, menu),
    }
}

/// Where a line's text begins: after its indent, and after the narrow first column that spaces set off, if there is one.
fn hang(line: &str) -> usize {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let Some(gap) = line[indent..].find("  ").filter(|&gap| gap < 16) else {
        return indent;
    };
    let rest = &line[indent + gap..];
    indent + gap + rest.len() - rest.trim_start_matches(' ').len()
}

/// Lines to read, wrapped, with a hint below.
fn reading(
    canvas: &mut Canvas<'_>,
    area: Rect,
    title: &str,
    lines: &[ToneLine],
    offset: usize,
    hint: &str,
) {
    let widest = lines.iter().map(|(_, line)| width(line)).max().unwrap_or(0);
    let widest = widest.max(width(title) + 3);
    let wanted = u16::try_from(widest).unwrap_or(u16::MAX).clamp(40, 96) + 5;
    let room = usize::from(wanted.min(area.width.saturating_sub(2)).saturating_sub(5)).max(10);
    let wrapped: Vec<(Tone, String)> = lines
        .iter()
        .flat_map(|(tone, line)| {
            // A line that fits stays as it is; what does not goes on under its last column.
            if width(line) <= room {
                return vec![(*tone, line.clone())];
            }
            let (head, body) = line.split_at(hang(line));
            wrap(body, room.saturating_sub(width(head)).max(10))
                .into_iter()
                .enumerate()
                .map(|(at, part)| {
                    let under = " ".repeat(width(head));
                    let head = if at == 0 { head } else { &under };
                    (*tone, [head, part.as_str()].concat())
                })
                .collect()
        })
        .collect();
    let height = u16::try_from(wrapped.len())
        .unwrap_or(u16::MAX)
        .saturating_add(3);
    let place = middle(area, wanted, height.max(5));
    let inside = canvas.panel(place, title, canvas.theme.rule_focus, canvas.theme.accent);
    let list = Rect {
        height: inside.height.saturating_sub(1),
        ..inside
    };
    let shown = usize::from(list.height);
    let offset = offset.min(wrapped.len().saturating_sub(shown));
    for (at, (tone, line)) in wrapped.iter().skip(offset).take(shown).enumerate() {
        let style = canvas.tone(*tone);
        let y = list.y + u16::try_from(at).unwrap_or(0);
        canvas.text(list.x, y, list.width, line, style);
    }
    if wrapped.is_empty() {
        canvas.text(list.x, list.y, list.width, "Nothing.", canvas.theme.dim);
    }
    canvas.hits.dialog_height = shown;
    canvas.hits.dialog_len = wrapped.len();
    canvas.scroll_bar(list, offset, shown, wrapped.len());
    let more = if wrapped.len() > shown {
        "; arrows scroll"
    } else {
        ""
    };
    canvas.text(
        inside.x,
        inside.bottom() - 1,
        inside.width,
        &format!("{hint}{more}"),
        canvas.theme.dim,
    );
}

/// The keys of this screen, from the table that dispatches them; with the reason where one does not work now.
fn help_lines(scene: &Scene<'_>) -> Vec<ToneLine> {
    let mut lines = Vec::new();
    let here = |binding: &&Binding| binding.on.has(scene.screen);
    let own = |binding: &&Binding| here(binding) && binding.on != On::ALL;
    let group = |title: &str, bindings: Vec<&Binding>, lines: &mut Vec<ToneLine>| {
        lines.push((Tone::Strong, title.to_owned()));
        for binding in bindings {
            let keys = scene.keymap.keys(binding);
            if keys.is_empty() {
                continue;
            }
            lines.push((
                if (scene.possible)(binding.action) {
                    Tone::Plain
                } else {
                    Tone::Dim
                },
                format!("  {} {}", pad(&keys, 14, ">"), binding.long),
            ));
        }
    };
    group(
        scene.screen.title(),
        BINDINGS.iter().filter(own).collect(),
        &mut lines,
    );
    lines.push((Tone::Plain, String::new()));
    let everywhere = BINDINGS.iter().filter(|b| b.on == On::ALL).collect();
    group("Everywhere", everywhere, &mut lines);
    lines
}

/// What went wrong; Enter shows the causes.
fn failed(canvas: &mut Canvas<'_>, area: Rect, failure: &Failure) {
    let wanted = 76.min(area.width.saturating_sub(2));
    let room = usize::from(wanted.saturating_sub(5));
    let mut lines: Vec<(Tone, String)> = Vec::new();
    let mut add = |tone: Tone, text: &str| {
        lines.extend(wrap(text, room).into_iter().map(|line| (tone, line)));
    };
    add(Tone::Plain, &failure.message);
    if let Some(help) = &failure.help {
        add(Tone::Plain, "");
        add(Tone::Good, help);
    }
    if failure.opened {
        add(Tone::Plain, "");
        for cause in &failure.causes {
            add(Tone::Dim, &format!("because: {cause}"));
        }
    }
    let height = u16::try_from(lines.len())
        .unwrap_or(u16::MAX)
        .saturating_add(4);
    let place = middle(area, wanted, height);
    let inside = canvas.panel(
        place,
        &format!("! {}", failure.title),
        canvas.theme.bad,
        canvas.theme.bad,
    );
    for (at, (tone, line)) in lines
        .iter()
        .take(usize::from(inside.height.saturating_sub(1)))
        .enumerate()
    {
        let style = canvas.tone(*tone);
        canvas.text(
            inside.x,
            inside.y + u16::try_from(at).unwrap_or(0),
            inside.width,
            line,
            style,
        );
    }
    let hint = if failure.opened || failure.causes.is_empty() {
        "Esc closes"
    } else {
        "Enter shows the causes, Esc closes"
    };
    canvas.text(
        inside.x,
        inside.bottom() - 1,
        inside.width,
        hint,
        canvas.theme.dim,
    );
}

/// The command palette.
fn commands(canvas: &mut Canvas<'_>, scene: &Scene<'_>, area: Rect, palette: &Palette) {
    let place = middle(area, 72, area.height.saturating_sub(4).min(20));
    let inside = canvas.panel(
        place,
        "Commands",
        canvas.theme.rule_focus,
        canvas.theme.accent,
    );
    canvas.text(inside.x, inside.y, 2, ": ", canvas.theme.key);
    let input = Rect {
        x: inside.x + 2,
        width: inside.width - 2,
        height: 1,
        ..inside
    };
    canvas.input(input, &palette.input, true, None);
    let list = Rect {
        y: inside.y + 1,
        height: inside.height - 1,
        ..inside
    };
    let height = usize::from(list.height);
    let window = palette.cursor.window(palette.found.len(), height);
    for (line, at) in window.clone().enumerate() {
        let binding = &BINDINGS[palette.found[at]];
        let row = Rect {
            y: list.y + u16::try_from(line).unwrap_or(0),
            height: 1,
            ..list
        };
        let key = scene
            .keymap
            .key(binding)
            .map(|key| key.to_string())
            .unwrap_or_default();
        let here = binding.on.has(scene.screen);
        let style: Style = if here && !(scene.possible)(binding.action) {
            canvas.theme.dim
        } else {
            canvas.theme.text
        };
        let key_room = cells(&key).max(1);
        canvas.text(
            row.x,
            row.y,
            row.width.saturating_sub(key_room + 2),
            binding.long,
            style,
        );
        canvas.text_right(row.right() - 1, row.y, key_room, &key, canvas.theme.key);
        if at == palette.cursor.at {
            canvas.style(row, canvas.theme.row);
        }
        canvas.hits.add(row, Spot::DialogRow(at));
    }
    if palette.found.is_empty() {
        canvas.text(
            list.x,
            list.y,
            list.width,
            "No action has such words.",
            canvas.theme.dim,
        );
    }
    canvas.hits.dialog_height = height;
    canvas.hits.dialog_len = palette.found.len();
    canvas.scroll_bar(list, window.start, window.len(), palette.found.len());
}

/// One of a few.
fn choices(canvas: &mut Canvas<'_>, area: Rect, menu: &Menu) {
    let height = u16::try_from(menu.items.len()).unwrap_or(0) + 3;
    let place = middle(area, 44, height);
    let inside = canvas.panel(
        place,
        &menu.title,
        canvas.theme.rule_focus,
        canvas.theme.accent,
    );
    for (at, (label, _)) in menu.items.iter().enumerate() {
        let row = Rect {
            y: inside.y + u16::try_from(at).unwrap_or(0),
            height: 1,
            ..inside
        };
        let pointer = if at == menu.at {
            canvas.glyphs.pointer
        } else {
            " "
        };
        canvas.parts(
            row.x,
            row.y,
            row.width,
            &[
                (pointer, canvas.theme.key),
                (" ", canvas.theme.text),
                (label, canvas.theme.text),
            ],
        );
        if at == menu.at {
            canvas.style(row, canvas.theme.row);
        }
        canvas.hits.add(row, Spot::DialogRow(at));
    }
    canvas.text(
        inside.x,
        inside.bottom() - 1,
        inside.width,
        "Enter or the first letter; Esc closes",
        canvas.theme.dim,
    );
    canvas.hits.dialog_height = menu.items.len();
    canvas.hits.dialog_len = menu.items.len();
}
