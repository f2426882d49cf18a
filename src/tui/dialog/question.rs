//! A question before something is done.
//!
//! ```text
//!   +- Apply 20 changes? -----------------------[ prod (mariadb) ]-+
//!   | partners: 2 soft-deletes, 16 updates, 2 adds                  |
//!   | - partner Borealis GmbH #7  inactive: tier is Pending         |
//!   | Type 2 to soft-delete these rows  [__]                        |
//!   |                                   [ No ]   [ Apply 20 changes ]|
//!   +---------------------------------------------------------------+
//! ```

use ratatui::layout::Rect;

use super::scene::Scene;
use super::{Ask, Fill, Focus};
use crate::text::safe;
use crate::tui::kit::canvas::middle;
use crate::tui::kit::canvas::{Canvas, cells};
use crate::tui::kit::cells::{count, width, wrap};
use crate::tui::kit::hits::Spot;
use crate::tui::kit::tone::Tone;

/// Draws the question.
pub(super) fn draw(canvas: &mut Canvas<'_>, scene: &Scene<'_>, area: Rect, ask: &Ask) {
    let theme = canvas.theme;
    let wanted = 76.min(area.width.saturating_sub(2));
    let room = usize::from(wanted.saturating_sub(4));
    let intro: Vec<(Tone, String)> = ask
        .intro
        .iter()
        .flat_map(|(tone, line)| wrap(line, room).into_iter().map(move |part| (*tone, part)))
        .collect();
    let goes = ask.listing.len();
    let fixed = intro.len() + ask.fields.len() + 5 + usize::from(goes > 0);
    let most = usize::from(area.height.saturating_sub(2));
    let listed = goes.min(most.saturating_sub(fixed)).min(12);
    let height = u16::try_from(fixed + listed).unwrap_or(u16::MAX);
    let place = middle(area, wanted, height);
    let border = if ask.danger {
        theme.bad
    } else {
        theme.rule_focus
    };
    let heading = if ask.danger { theme.bad } else { theme.accent };
    let inside = canvas.panel(place, &ask.title, border, heading);
    // The environment stands in the border, in words and in colour.
    // Where the title is long the profile alone does.
    let badge_room = place.width.saturating_sub(cells(&ask.title) + 7);
    let environment = [
        format!(" {} ", scene.environment.words()),
        format!(" {} ", safe(&scene.environment.label)),
    ];
    let [long, short] = &environment;
    let environment = if cells(long) <= badge_room {
        long
    } else {
        short
    };
    let badge = if scene.environment.production() {
        theme.production
    } else {
        theme.environment
    };
    canvas.text_right(place.right() - 2, place.y, badge_room, environment, badge);
    let bottom = inside.bottom();
    let mut y = inside.y;
    for (tone, line) in &intro {
        if y + u16::try_from(ask.fields.len()).unwrap_or(0) + 2 >= bottom {
            break;
        }
        let style = canvas.tone(*tone);
        canvas.text(inside.x, y, inside.width, line, style);
        y += 1;
    }
    if listed > 0 {
        y += 1;
        let list = Rect {
            y,
            height: u16::try_from(listed).unwrap_or(0),
            ..inside
        };
        let offset = ask.offset.min(goes - listed);
        for at in 0..listed {
            let line = ask.listing.line(offset + at, canvas.glyphs);
            let style = if ask.danger { theme.text } else { theme.dim };
            canvas.text(
                list.x,
                list.y + u16::try_from(at).unwrap_or(0),
                list.width - 1,
                &line,
                style,
            );
        }
        canvas.scroll_bar(list, offset, listed, goes);
        canvas.hits.dialog_height = listed;
        canvas.hits.dialog_len = goes;
        y += list.height;
        if goes > listed {
            let words = format!(
                "{} to {} of {}; arrows scroll",
                offset + 1,
                offset + listed,
                count(goes as u64)
            );
            canvas.text_right(inside.right() - 1, y, inside.width, &words, theme.dim);
        }
    }
    // Fields and buttons are kept at the bottom, whatever the room.
    y = bottom
        .saturating_sub(u16::try_from(ask.fields.len()).unwrap_or(0) + 2)
        .max(y.min(bottom));
    for at in 0..ask.fields.len() {
        field(
            canvas,
            Rect {
                y,
                height: 1,
                ..inside
            },
            ask,
            at,
        );
        y += 1;
    }
    if let Some(hint) = &ask.hint {
        canvas.text(inside.x, bottom - 2, inside.width, hint, theme.bad);
    }
    buttons(
        canvas,
        Rect {
            y: bottom - 1,
            height: 1,
            ..inside
        },
        ask,
        ask.ears.hear(scene.now),
    );
}

fn field(canvas: &mut Canvas<'_>, area: Rect, ask: &Ask, at: usize) {
    let theme = canvas.theme;
    let Some(field) = ask.fields.get(at) else {
        return;
    };
    let focused = ask.focus == Focus::Field(at);
    canvas.hits.add(area, Spot::DialogPart(at));
    let style = if focused { theme.accent } else { theme.text };
    if let Fill::Acknowledge(on) = field.kind {
        let tick = if on { "[x] " } else { "[ ] " };
        canvas.parts(
            area.x,
            area.y,
            area.width,
            &[(tick, style), (&field.label, style)],
        );
        if focused {
            canvas.text_right(area.right(), area.y, 12, "Space ticks", theme.dim);
        }
        return;
    }
    let end = canvas.text(
        area.x,
        area.y,
        area.width.saturating_sub(12),
        &field.label,
        style,
    );
    let wide = matches!(field.kind, Fill::Note);
    let x = end + 2;
    let box_area = Rect {
        x,
        width: if wide {
            area.right().saturating_sub(x)
        } else {
            12.min(area.right().saturating_sub(x))
        },
        ..area
    };
    canvas.input(box_area, &field.input, focused, None);
    if !wide && field.missing().is_none() {
        canvas.text(
            box_area.right() + 1,
            area.y,
            1,
            canvas.glyphs.check,
            theme.good,
        );
    }
}

fn buttons(canvas: &mut Canvas<'_>, area: Rect, ask: &Ask, heard: bool) {
    let theme = canvas.theme;
    let yes = format!("[ {} ]", ask.yes);
    let no = "[ No ]";
    let yes_width = cells(&yes).min(area.width.saturating_sub(10));
    let ready = ask.fields.iter().all(|field| field.missing().is_none());
    let yes_style = match (ask.focus == Focus::Yes, ask.danger) {
        (true, true) => theme.danger_focus,
        (true, false) => theme.button_focus,
        (false, _) if ready => theme.strong,
        (false, _) => theme.dim,
    };
    let no_style = if ask.focus == Focus::No {
        theme.button_focus
    } else {
        theme.button
    };
    let x = area.right().saturating_sub(yes_width);
    canvas.text(x, area.y, yes_width, &yes, yes_style);
    let parts = ask.fields.len();
    canvas.hits.add(
        Rect {
            x,
            width: yes_width,
            ..area
        },
        Spot::DialogPart(parts + 1),
    );
    let no_x = x.saturating_sub(8);
    canvas.text(no_x, area.y, 6, no, no_style);
    canvas.hits.add(
        Rect {
            x: no_x,
            width: 6,
            ..area
        },
        Spot::DialogPart(parts),
    );
    let number = ask
        .fields
        .iter()
        .any(|field| matches!(field.kind, Fill::Number(_)));
    let hints = match ask.focus {
        // It came by itself a moment ago: no key is for it yet.
        _ if !heard => "...",
        Focus::No if number => "Enter: No   or type the number",
        Focus::No => "Enter: No   Tab: next   y: yes",
        Focus::Yes => "Enter: yes   Esc: no",
        Focus::Field(at) if at + 1 == parts => "Enter: confirm   Esc: no",
        Focus::Field(_) => "Enter: next   Esc: no",
    };
    let room = no_x.saturating_sub(area.x + 1);
    if width(hints) <= usize::from(room) {
        canvas.text(area.x, area.y, room, hints, theme.dim);
    } else if ask.hint.is_none() {
        // No room beside the buttons: the empty line above them has it.
        canvas.text(area.x, area.y - 1, area.width, hints, theme.dim);
    }
}
