//! The list of a plan: changes, excluded records, warnings.
//!
//! ```text
//!        name ^                     what                       region/partner  fields
//!   [x] ~ Acme Corporation          Premier > Certified        EMEA                 2
//! ```

use ratatui::layout::Rect;

use crate::plan::Op;
use crate::text::safe;
use crate::tui::kit::canvas::Canvas;
use crate::tui::kit::panes::Pane;
use crate::tui::kit::table::{Cell, Column, Table};
use crate::tui::kit::words::{place, what};
use crate::tui::screen::preview::columns::PlanColumn;
use crate::tui::screen::preview::review::Review;
use crate::tui::screen::preview::state::Preview;
use crate::tui::screen::preview::tab::Tab;

const CHANGES: [Column; 7] = [
    Column::fixed("", 3, 0),
    Column::fixed("", 1, 0),
    Column::fixed("", 1, 0),
    Column::share("name", 4, 26, 0),
    Column::share("what", 5, 24, 1),
    Column::share("region/partner", 1, 14, 3),
    Column::fixed("fields", 6, 4).right(),
];
const CHANGE_HEADS: [Option<usize>; 7] = [None, Some(0), None, Some(1), Some(2), Some(3), Some(4)];

const EXCLUDED: [Column; 5] = [
    Column::fixed("", 1, 0),
    Column::fixed("", 1, 0),
    Column::share("name", 3, 24, 0),
    Column::share("reason", 4, 24, 0),
    Column::fixed("id", 9, 2).right(),
];
const EXCLUDED_HEADS: [Option<usize>; 5] = [None, None, Some(1), Some(2), Some(5)];

const WARNINGS: [Column; 4] = [
    Column::fixed("", 1, 0),
    Column::fixed("entity", 8, 2),
    Column::share("warning", 4, 30, 0),
    Column::fixed("id", 9, 3).right(),
];

/// Draws the list of the shown tab.
pub(super) fn draw(canvas: &mut Canvas<'_>, preview: &Preview, area: Rect, review: &Review) {
    let focused = preview.pane == Pane::List && !preview.filter.focused;
    let list = review.list();
    let heads: &[Option<usize>] = match review.tab {
        Tab::Changes => &CHANGE_HEADS,
        Tab::Excluded => &EXCLUDED_HEADS,
        Tab::Warnings => &[],
    };
    let columns: &[Column] = match review.tab {
        Tab::Changes => &CHANGES,
        Tab::Excluded => &EXCLUDED,
        Tab::Warnings => &WARNINGS,
    };
    let sort = preview.sort;
    let sorted = sort.column.and_then(|column| {
        let head = PlanColumn::ALL.iter().position(|&c| c == column);
        let at = heads.iter().position(|&h| h.is_some() && h == head)?;
        Some((at, sort.descending))
    });
    let table = Table {
        columns,
        len: list.shown.len(),
        cursor: list.cursor,
        focused,
        sorted,
        tick: (review.tab == Tab::Changes).then_some(0),
        heads,
    };
    let (theme, glyphs) = (canvas.theme, canvas.glyphs);
    table.draw(canvas, area, |line| {
        let at = list.shown[line];
        match review.tab {
            Tab::Changes => change(review, at, &theme, glyphs),
            Tab::Excluded => excluded(review, at, &theme, glyphs),
            Tab::Warnings => warning(review, at, &theme),
        }
    });
    if list.shown.is_empty() && area.height > 1 {
        let words = if preview.filter.active() {
            "Nothing matches the filter; Esc shows everything again."
        } else {
            match review.tab {
                Tab::Changes => "Nothing to do: the database is up to date with what was read.",
                Tab::Excluded => "No filter left anything out.",
                Tab::Warnings => "No warnings.",
            }
        };
        canvas.text(
            area.x + 1,
            area.y + 1,
            area.width.saturating_sub(1),
            words,
            theme.dim,
        );
    }
}

fn change(
    review: &Review,
    at: u32,
    theme: &crate::tui::kit::theme::Theme,
    glyphs: &crate::tui::kit::glyphs::Glyphs,
) -> Vec<Cell> {
    let Some(view) = review.view_at(at) else {
        return Vec::new();
    };
    let op = view.item.op;
    let ticked = review.selection.is_ticked(at as usize);
    let held = review.is_held(at);
    let tick = if ticked {
        ("[x]".to_owned(), theme.strong)
    } else if view.tickable().is_err() || held && op == Op::SoftDelete {
        (" - ".to_owned(), theme.dim)
    } else {
        ("[ ]".to_owned(), theme.text)
    };
    let mark = if held {
        glyphs.hold
    } else if review.reviewed.contains(&at) {
        glyphs.check
    } else {
        " "
    };
    let style = theme.op(op);
    let fields = view.item.changed.count();
    let name = if review.reviewed.contains(&at) {
        theme.dim
    } else {
        theme.text
    };
    let name = if op == Op::SoftDelete {
        theme.delete
    } else {
        name
    };
    vec![
        tick,
        (glyphs.sign(op).to_owned(), style),
        (mark.to_owned(), theme.good),
        (safe(view.name()), name),
        (
            what(&view, glyphs),
            if op == Op::Conflict {
                style
            } else {
                theme.text
            },
        ),
        (safe(place(&view)), theme.dim),
        (
            if fields == 0 {
                String::new()
            } else {
                fields.to_string()
            },
            theme.dim,
        ),
    ]
}

fn excluded(
    review: &Review,
    at: u32,
    theme: &crate::tui::kit::theme::Theme,
    glyphs: &crate::tui::kit::glyphs::Glyphs,
) -> Vec<Cell> {
    let Some(view) = review.view_at(at) else {
        return Vec::new();
    };
    let suspicious = view.item.suspicious;
    let style = if suspicious { theme.warn } else { theme.text };
    vec![
        (if suspicious { "!" } else { " " }.to_owned(), theme.warn),
        (glyphs.sign(Op::Excluded).to_owned(), theme.dim),
        (safe(view.name()), style),
        (safe(view.reason()), style),
        (
            view.item
                .impartner_id
                .map(|id| format!("#{id}"))
                .unwrap_or_default(),
            theme.dim,
        ),
    ]
}

fn warning(review: &Review, at: u32, theme: &crate::tui::kit::theme::Theme) -> Vec<Cell> {
    let Some(warning) = review.plan.warnings.get(at as usize) else {
        return Vec::new();
    };
    // Whose warning it is stands in the columns beside it.
    let mut message = safe(&warning.message);
    if let Some(id) = warning.impartner_id {
        let whose = format!("{} #{id}: ", warning.entity.singular());
        let same = message
            .get(..whose.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(&whose));
        if same {
            message.drain(..whose.len());
        }
    }
    vec![
        ("!".to_owned(), theme.warn),
        (warning.entity.word().to_owned(), theme.dim),
        (message, theme.text),
        (
            warning
                .impartner_id
                .map(|id| format!("#{id}"))
                .unwrap_or_default(),
            theme.dim,
        ),
    ]
}
