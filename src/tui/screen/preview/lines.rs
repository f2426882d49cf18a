//! The list of a plan: changes, excluded records, warnings.
//!
//! ```text
//!        name ^                     what                       region/partner  fields
//!   [x] ~ Acme Corporation          Premier > Certified        EMEA                 2
//! ```

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::columns::PlanColumn;
use super::review::Review;
use super::state::Preview;
use super::tab::Tab;
use crate::plan::{ItemView, Op, Warning};
use crate::text::safe;
use crate::tui::kit::canvas::Canvas;
use crate::tui::kit::glyphs::Glyphs;
use crate::tui::kit::panes::Pane;
use crate::tui::kit::table::{Column, Styled, Table};
use crate::tui::kit::theme::Theme;
use crate::tui::kit::words::{place, what};

/// A column of a list: how it is laid out and by what its head sorts, and what stands in it.
struct Listed<F> {
    column: Column,
    cell: F,
}

/// What stands in a column of an item's line.
type OfItem = fn(&Line<'_>) -> Styled;

/// What stands in a column of a warning's line.
type OfWarning = fn(&Warning, &Theme) -> Styled;

const CHANGES: [Listed<OfItem>; 7] = [
    Listed {
        column: Column::fixed("", 3, 0),
        cell: |line| line.tick(),
    },
    Listed {
        column: Column::fixed("", 1, 0).head(PlanColumn::Op.head()),
        cell: |line| line.sign(),
    },
    Listed {
        column: Column::fixed("", 1, 0),
        cell: |line| line.mark(),
    },
    Listed {
        column: Column::share("name", 4, 26, 0).head(PlanColumn::Name.head()),
        cell: |line| line.name(),
    },
    Listed {
        column: Column::share("what", 5, 24, 1).head(PlanColumn::What.head()),
        cell: |line| line.what(),
    },
    Listed {
        column: Column::share("region/partner", 1, 14, 3).head(PlanColumn::Where.head()),
        cell: |line| line.place(),
    },
    Listed {
        column: Column::fixed("fields", 6, 4)
            .right()
            .head(PlanColumn::Fields.head()),
        cell: |line| line.fields(),
    },
];

const EXCLUDED: [Listed<OfItem>; 5] = [
    Listed {
        column: Column::fixed("", 1, 0),
        cell: |line| line.doubt(),
    },
    Listed {
        column: Column::fixed("", 1, 0),
        cell: |line| line.left_out(),
    },
    Listed {
        column: Column::share("name", 3, 24, 0).head(PlanColumn::Name.head()),
        cell: |line| line.excluded(),
    },
    Listed {
        column: Column::share("reason", 4, 24, 0).head(PlanColumn::What.head()),
        cell: |line| line.reason(),
    },
    Listed {
        column: Column::fixed("id", 9, 2)
            .right()
            .head(PlanColumn::Id.head()),
        cell: |line| line.id(),
    },
];

const WARNINGS: [Listed<OfWarning>; 4] = [
    Listed {
        column: Column::fixed("", 1, 0),
        cell: |_, theme| ("!".to_owned(), theme.warn),
    },
    Listed {
        column: Column::fixed("entity", 8, 2),
        cell: |warning, theme| (warning.entity.word().to_owned(), theme.dim),
    },
    Listed {
        column: Column::share("warning", 4, 30, 0),
        cell: |warning, theme| (message(warning), theme.text),
    },
    Listed {
        column: Column::fixed("id", 9, 3).right(),
        cell: |warning, theme| (id(warning.impartner_id), theme.dim),
    },
];

/// Draws the list of the shown tab.
pub(super) fn draw(canvas: &mut Canvas<'_>, preview: &Preview, area: Rect, review: &Review) {
    let (theme, glyphs) = (canvas.theme, canvas.glyphs);
    let item = |listed: &[Listed<OfItem>], at: u32| -> Vec<Styled> {
        let Some(view) = review.view_at(at) else {
            return Vec::new();
        };
        let line = Line {
            review,
            at,
            view,
            theme: &theme,
            glyphs,
        };
        listed.iter().map(|listed| (listed.cell)(&line)).collect()
    };
    match review.tab {
        Tab::Changes => table(canvas, preview, area, review, &CHANGES, item),
        Tab::Excluded => table(canvas, preview, area, review, &EXCLUDED, item),
        Tab::Warnings => table(canvas, preview, area, review, &WARNINGS, |listed, at| {
            let warning = review.plan.warnings.get(at as usize);
            let cells = |warning| {
                let cells = listed.iter().map(|listed| (listed.cell)(warning, &theme));
                cells.collect()
            };
            warning.map(cells).unwrap_or_default()
        }),
    }
    if review.list().shown.is_empty() && area.height > 1 {
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

/// Draws the table of a tab: `row` makes the cells of a line of the plan.
fn table<F>(
    canvas: &mut Canvas<'_>,
    preview: &Preview,
    area: Rect,
    review: &Review,
    listed: &[Listed<F>],
    row: impl Fn(&[Listed<F>], u32) -> Vec<Styled>,
) {
    let columns: Vec<Column> = listed.iter().map(|listed| listed.column).collect();
    let list = review.list();
    let sort = preview.sort;
    let table = Table {
        columns: &columns,
        len: list.shown.len(),
        cursor: list.cursor,
        focused: preview.pane == Pane::List && !preview.filter.focused,
        sorted: sort.column.map(|column| (column.head(), sort.descending)),
        tick: (review.tab == Tab::Changes).then_some(0),
    };
    table.draw(canvas, area, |line| row(listed, list.shown[line]));
}

/// A line of Changes or Excluded.
struct Line<'l> {
    review: &'l Review,
    /// Its place in the tab.
    at: u32,
    view: ItemView<'l>,
    theme: &'l Theme,
    glyphs: &'l Glyphs,
}

impl Line<'_> {
    fn op(&self) -> Op {
        self.view.item.op
    }

    fn held(&self) -> bool {
        self.review.is_held(self.at)
    }

    fn reviewed(&self) -> bool {
        self.review.reviewed.contains(&self.at)
    }

    fn tick(&self) -> Styled {
        let on_hold = self.held() && self.op() == Op::SoftDelete;
        if self.review.selection.is_ticked(self.at as usize) {
            ("[x]".to_owned(), self.theme.strong)
        } else if self.view.tickable().is_err() || on_hold {
            (" - ".to_owned(), self.theme.dim)
        } else {
            ("[ ]".to_owned(), self.theme.text)
        }
    }

    fn sign(&self) -> Styled {
        let sign = self.glyphs.sign(self.op());
        (sign.to_owned(), self.theme.op(self.op()))
    }

    fn mark(&self) -> Styled {
        let mark = if self.held() {
            self.glyphs.hold
        } else if self.reviewed() {
            self.glyphs.check
        } else {
            " "
        };
        (mark.to_owned(), self.theme.good)
    }

    fn name(&self) -> Styled {
        let style = if self.op() == Op::SoftDelete {
            self.theme.delete
        } else if self.reviewed() {
            self.theme.dim
        } else {
            self.theme.text
        };
        (safe(self.view.name()), style)
    }

    fn what(&self) -> Styled {
        let style = if self.op() == Op::Conflict {
            self.theme.op(Op::Conflict)
        } else {
            self.theme.text
        };
        (what(&self.view, self.glyphs), style)
    }

    fn place(&self) -> Styled {
        (safe(place(&self.view)), self.theme.dim)
    }

    fn fields(&self) -> Styled {
        let fields = match self.view.item.changed.count() {
            0 => String::new(),
            some => some.to_string(),
        };
        (fields, self.theme.dim)
    }

    /// How what was left out is shown: in another colour where it may be a real person.
    fn doubtful(&self) -> Style {
        if self.view.item.suspicious {
            self.theme.warn
        } else {
            self.theme.text
        }
    }

    fn doubt(&self) -> Styled {
        let sign = if self.view.item.suspicious { "!" } else { " " };
        (sign.to_owned(), self.theme.warn)
    }

    fn left_out(&self) -> Styled {
        (self.glyphs.sign(Op::Excluded).to_owned(), self.theme.dim)
    }

    fn excluded(&self) -> Styled {
        (safe(self.view.name()), self.doubtful())
    }

    fn reason(&self) -> Styled {
        (safe(self.view.reason()), self.doubtful())
    }

    fn id(&self) -> Styled {
        (id(self.view.item.impartner_id), self.theme.dim)
    }
}

/// "#1042", or nothing.
fn id(id: Option<i64>) -> String {
    id.map(|id| format!("#{id}")).unwrap_or_default()
}

/// What a warning says; whose it is stands in the columns beside it.
fn message(warning: &Warning) -> String {
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
    message
}
