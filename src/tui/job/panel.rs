//! Work under way, as a panel: what is counted, how fast, how long still.
//!
//! ```text
//!   Preview                                    12 s
//!   Reading partners   [##########]  2,137 of 2,137, 22 pages
//!   Reading contacts   [####......]  14,200 of 35,000, 142 pages, 2,100/s, 10 s left
//!   Esc stops it.
//! ```

use chrono::{DateTime, Utc};
use ratatui::layout::Rect;

use super::Job;
use crate::tui::kit::canvas::Canvas;
use crate::tui::kit::cells::span;
use crate::tui::kit::glyphs::bar;

/// The panel; returns the lines that it took. Nothing while work is short.
pub(in crate::tui) fn draw(
    canvas: &mut Canvas<'_>,
    job: Option<&Job>,
    now: DateTime<Utc>,
    area: Rect,
) -> u16 {
    let Some(job) = job.filter(|job| job.visible(now)) else {
        return 0;
    };
    let theme = canvas.theme;
    let mut y = area.y;
    let elapsed = span(now - job.started);
    canvas.parts(
        area.x + 1,
        y,
        area.width.saturating_sub(1),
        &[
            (job.request.title(), theme.accent),
            ("  ", theme.text),
            (&elapsed, theme.dim),
        ],
    );
    y += 1;
    for line in &job.lines {
        if y >= area.bottom() {
            break;
        }
        let width = 12;
        let bar = bar(line.share(), width, canvas.glyphs, now);
        let what = crate::tui::kit::cells::pad(&line.what, 18, canvas.glyphs.cut);
        let words = line.words();
        canvas.parts(
            area.x + 1,
            y,
            area.width.saturating_sub(1),
            &[
                (&what, theme.text),
                (" ", theme.text),
                (&bar, theme.bar),
                ("  ", theme.text),
                (&words, theme.text),
            ],
        );
        y += 1;
    }
    if job.lines.is_empty() && y < area.bottom() {
        let doing = job.doing();
        canvas.text(
            area.x + 1,
            y,
            area.width.saturating_sub(1),
            &doing,
            theme.dim,
        );
        y += 1;
    }
    if let Some(notice) = job.notice.as_ref().filter(|_| y < area.bottom()) {
        canvas.text(
            area.x + 1,
            y,
            area.width.saturating_sub(1),
            notice,
            theme.warn,
        );
        y += 1;
    }
    if y < area.bottom() {
        let hint = if job.committing {
            "The changes are being committed; this cannot be stopped any more."
        } else if job.cancelled {
            "Stopping; nothing of it is kept."
        } else {
            "Esc stops it; every screen stays usable meanwhile."
        };
        canvas.text(area.x + 1, y, area.width.saturating_sub(1), hint, theme.dim);
        y += 1;
    }
    y - area.y
}
