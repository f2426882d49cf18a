//! Screen 4: certification figures, ours beside Impartner's.
//!
//! ```text
//!   [x] Acme Corporation       certs  5    Impartner  4     NPCU 12    Impartner 9     pushed
//! ```

use ratatui::layout::Rect;

use super::super::cells::counted;
use super::super::certs::{Certs, PushResult};
use super::super::preview::Fields;
use super::canvas::{Canvas, top};
use super::progress;
use super::table::{Column, Table};
use crate::text::safe;

const PARTNERS: [Column; 8] = [
    Column::fixed("", 3, 0),
    Column::share("partner", 4, 20, 0),
    Column::fixed("certs", 6, 0).right(),
    Column::fixed("there", 6, 0).right(),
    Column::fixed("NPCU", 7, 0).right(),
    Column::fixed("there", 7, 0).right(),
    Column::fixed("difference", 12, 2).right(),
    Column::share("note", 2, 10, 1),
];

/// Draws the screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect) {
    let taken = progress::draw(canvas, area);
    let (_, area) = top(area, taken);
    let certs = &canvas.model.certs;
    let theme = canvas.theme;
    let shown = certs.shown();
    let (line, list) = top(area, 1);
    if certs.known {
        let differing = certs.rows.iter().filter(|row| row.differs).count() as u64;
        let what = match certs.shows {
            Fields::Changed => "only differences; v shows all",
            Fields::All => "all; v shows only differences",
        };
        let words = format!(
            "{} of {} differ ({what})",
            differing,
            counted(certs.rows.len() as u64, "partner")
        );
        canvas.text(line.x + 1, line.y, line.width - 1, &words, theme.text);
        let ticked = format!("{} ticked", certs.ticked.len());
        canvas.text_right(line.right() - 1, line.y, 20, &ticked, theme.strong);
    }
    let glyphs = canvas.glyphs;
    let table = Table {
        columns: &PARTNERS,
        len: shown.len(),
        cursor: certs.cursor,
        focused: true,
        sorted: None,
        tick: Some(0),
        heads: &[],
    };
    table.draw(canvas, list, |at| {
        let row = shown[at];
        let tick = match (certs.ticked.contains(&row.row_id), Certs::not_tickable(row)) {
            (true, _) => ("[x]", theme.strong),
            (false, None) => ("[ ]", theme.text),
            (false, Some(_)) => (" - ", theme.dim),
        };
        let figure = |number: Option<f64>| number.map_or_else(|| "?".to_owned(), |n| n.to_string());
        let (count, npcu) = (row.local.certification_count, row.local.total_npcu);
        let remote = row.remote;
        let (there_count, there_npcu) = (
            remote.map(|r| r.certification_count),
            remote.map(|r| r.total_npcu),
        );
        let style = |ours: f64, theirs: Option<f64>| {
            if theirs == Some(ours) {
                theme.dim
            } else {
                theme.accent
            }
        };
        let signed = |ours: f64, theirs: Option<f64>| {
            theirs.map_or_else(|| "?".to_owned(), |theirs| format!("{:+}", ours - theirs))
        };
        let difference = if row.differs {
            format!(
                "{} {}",
                signed(count, there_count),
                signed(npcu, there_npcu)
            )
        } else {
            String::new()
        };
        let note = match certs.results.get(&row.row_id) {
            Some(PushResult::Ok) => (format!("{} pushed", glyphs.check), theme.good),
            Some(PushResult::Fault(why)) => (safe(&format!("{} {why}", glyphs.cross)), theme.bad),
            None => (
                row.note.as_deref().map(safe).unwrap_or_default(),
                theme.warn,
            ),
        };
        vec![
            (tick.0.to_owned(), tick.1),
            (safe(&row.name), theme.text),
            (count.to_string(), style(count, there_count)),
            (figure(there_count), theme.dim),
            (npcu.to_string(), style(npcu, there_npcu)),
            (figure(there_npcu), theme.dim),
            (difference, theme.accent),
            note,
        ]
    });
    if shown.is_empty() {
        let words = if certs.known {
            "Impartner holds the same figures as we do. v shows all partners."
        } else if canvas.model.job.is_some() {
            ""
        } else {
            "p compares our certification figures with what Impartner holds. L reads fresh enrolments from the LMS first."
        };
        for (at, part) in
            super::super::cells::wrap(words, usize::from(list.width.saturating_sub(2)))
                .iter()
                .enumerate()
        {
            let y = list.y + 1 + u16::try_from(at).unwrap_or(0);
            canvas.text(list.x + 1, y, list.width - 1, part, theme.dim);
        }
    }
}
