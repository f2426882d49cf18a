//! List and detail: side by side where there is room, one under the other where there is not.

use ratatui::layout::Rect;
use ratatui::text::Line;

use super::canvas::Canvas;
use super::hits::Spot;

/// Which pane has the keyboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::tui) enum Pane {
    #[default]
    List,
    Detail,
}

impl Pane {
    /// The other one.
    pub(in crate::tui) fn other(self) -> Self {
        match self {
            Self::List => Self::Detail,
            Self::Detail => Self::List,
        }
    }
}

/// Which fields the detail pane shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::tui) enum Fields {
    /// Those that change.
    #[default]
    Changed,
    /// All.
    All,
}

impl Fields {
    /// The other choice.
    pub(in crate::tui) fn other(self) -> Self {
        match self {
            Self::Changed => Self::All,
            Self::All => Self::Changed,
        }
    }
}

/// Whether list and detail stand side by side at this width.
pub(in crate::tui) fn beside(width: u16) -> bool {
    width >= 100
}

/// The areas of list and detail; draws the border between them. The list has `percent` of the room. A detail pane that has the keyboard takes the whole room
/// where they stand one under the other.
pub(in crate::tui) fn split(
    canvas: &mut Canvas<'_>,
    area: Rect,
    pane: Pane,
    percent: u16,
    title: &str,
) -> (Option<Rect>, Rect) {
    canvas.hits.body = area;
    let style = if pane == Pane::Detail {
        canvas.theme.rule_focus
    } else {
        canvas.theme.rule
    };
    let share =
        |len: u16| u16::try_from(u32::from(len) * u32::from(percent) / 100).unwrap_or(len / 2);
    if beside(area.width) {
        let width = share(area.width).clamp(40, area.width.saturating_sub(30));
        let list = Rect { width, ..area };
        let x = area.x + width;
        canvas.upright(x, area.y, area.bottom(), style);
        let border = Rect {
            x,
            width: 1,
            ..area
        };
        canvas.hits.add(border, Spot::Border { beside: true });
        let detail = Rect {
            x: x + 2,
            width: area.width - width - 2,
            ..area
        };
        return (Some(list), detail);
    }
    if pane == Pane::Detail {
        let rule = Rect { height: 1, ..area };
        canvas.rule(rule, title, style);
        let detail = Rect {
            x: area.x + 1,
            y: area.y + 1,
            width: area.width - 1,
            height: area.height - 1,
        };
        return (None, detail);
    }
    let height = share(area.height).clamp(4.min(area.height), area.height.saturating_sub(4).max(1));
    let list = Rect { height, ..area };
    let rule = Rect {
        y: area.y + height,
        height: 1,
        ..area
    };
    canvas.rule(rule, title, style);
    canvas.hits.add(rule, Spot::Border { beside: false });
    let detail = Rect {
        x: area.x + 1,
        y: rule.y + 1,
        width: area.width - 1,
        height: area.bottom().saturating_sub(rule.y + 1),
    };
    (Some(list), detail)
}

/// Draws the lines of a detail pane from `offset` on.
pub(in crate::tui) fn detail(
    canvas: &mut Canvas<'_>,
    area: Rect,
    lines: &[Line<'_>],
    offset: usize,
) {
    canvas.hits.add(area, Spot::Detail);
    let height = usize::from(area.height);
    canvas.hits.detail_height = height;
    canvas.hits.detail_len = lines.len();
    let offset = offset.min(lines.len().saturating_sub(height));
    for (at, line) in lines.iter().skip(offset).take(height).enumerate() {
        let y = area.y + u16::try_from(at).unwrap_or(0);
        canvas.line(area.x, y, area.width.saturating_sub(1), line);
    }
    canvas.scroll_bar(area, offset, height, lines.len());
}

/// Draws the tabs inside a screen, the one that is shown apart; a click on one says which.
pub(in crate::tui) fn tabs(
    canvas: &mut Canvas<'_>,
    area: Rect,
    tabs: impl Iterator<Item = (String, bool)>,
) {
    let mut x = area.x + 1;
    for (at, (text, shown)) in tabs.enumerate() {
        let style = if shown {
            canvas.theme.tab_active
        } else {
            canvas.theme.tab
        };
        let end = canvas.text(x, area.y, area.right().saturating_sub(x), &text, style);
        let place = Rect {
            x,
            width: end - x,
            ..area
        };
        canvas.hits.add(place, Spot::Tab(at));
        x = end + 1;
    }
}
