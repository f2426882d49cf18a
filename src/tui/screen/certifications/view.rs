//! Screen 4: certification figures, ours beside Impartner's.
//!
//! ```text
//!   [x] Acme Corporation       certs  5    Impartner  4     NPCU 12    Impartner 9     pushed
//! ```

use ratatui::layout::Rect;

use super::state::{Certifications, PushResult};
use crate::text::safe;
use crate::tui::job::panel;
use crate::tui::kit::canvas::{Canvas, cells, top};
use crate::tui::kit::cells::{counted, wrap};
use crate::tui::kit::panes::Fields;
use crate::tui::kit::table::{Column, Table};
use crate::tui::model::Model;

const PARTNERS: [Column; 8] = [
    Column::fixed("", 3, 0),
    Column::share("partner", 4, 24, 0),
    Column::fixed("certs", 6, 0).right(),
    Column::fixed("there", 6, 0).right(),
    Column::fixed("NPCU", 7, 0).right(),
    Column::fixed("there", 7, 0).right(),
    Column::fixed("difference", 12, 2).right(),
    Column::share("note", 2, 10, 1),
];

/// Draws the screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, certs: &Certifications, model: &Model, area: Rect) {
    let taken = panel::draw(canvas, model.job.as_ref(), model.now, area);
    let (_, area) = top(area, taken);
    let theme = canvas.theme;
    let shown = certs.shown();
    let (line, list) = top(area, 1);
    if certs.known {
        let differing = certs.rows.iter().filter(|row| row.differs).count() as u64;
        let what = match certs.shows {
            Fields::Changed => ["only differences; v shows all", "v shows all"],
            Fields::All => ["all; v shows only differences", "v shows differences"],
        };
        let words = what.map(|what| {
            let all = counted(certs.rows.len() as u64, "partner");
            format!("{differing} of {all} differ ({what})")
        });
        let room = line.width.saturating_sub(16);
        let words = words.iter().find(|words| cells(words) <= room);
        let words = words.map_or("", String::as_str);
        canvas.text(line.x + 1, line.y, room, words, theme.text);
        let ticked = format!("{} ticked", certs.ticked.len());
        canvas.text_right(line.right() - 1, line.y, 20, &ticked, theme.strong);
    }
    let glyphs = canvas.glyphs;
    // Nothing noted, no room for it.
    let noted = shown
        .iter()
        .any(|row| row.note.is_some() || certs.results.contains_key(&row.row_id));
    let columns = if noted {
        PARTNERS.len()
    } else {
        PARTNERS.len() - 1
    };
    let table = Table {
        columns: &PARTNERS[..columns],
        len: shown.len(),
        cursor: certs.cursor,
        focused: true,
        sorted: None,
        tick: Some(0),
    };
    table.draw(canvas, list, |at| {
        let row = shown[at];
        let tick = match (
            certs.ticked.contains(&row.row_id),
            Certifications::not_tickable(row),
        ) {
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
        let mut cells = vec![
            (tick.0.to_owned(), tick.1),
            (safe(&row.name), theme.text),
            (count.to_string(), style(count, there_count)),
            (figure(there_count), theme.dim),
            (npcu.to_string(), style(npcu, there_npcu)),
            (figure(there_npcu), theme.dim),
            (difference, theme.accent),
            note,
        ];
        cells.truncate(columns);
        cells
    });
    if shown.is_empty() {
        empty(canvas, certs, model, list);
    }
}

/// Before the first comparison, and when nothing differs: what to press, and what it does.
fn empty(canvas: &mut Canvas<'_>, certs: &Certifications, model: &Model, list: Rect) {
    let theme = canvas.theme;
    let room = list.width.saturating_sub(2);
    let mut y = list.y + 1;
    if certs.known {
        let words = "Impartner holds the same figures as we do. v shows all partners.";
        canvas.text(list.x + 1, y, room, words, theme.dim);
        return;
    }
    if model.job.is_some() {
        return;
    }
    let hints = [
        (
            "p",
            "compares: it counts completed, unexpired enrolments in courses with NPCU per active partner, reads what Impartner holds, and lists the differences",
        ),
        (
            "L",
            "reads people, groups and enrolments from the LMS first, so that the count is fresh",
        ),
        (
            "A",
            "then pushes the ticked partners' figures, after a question",
        ),
    ];
    for (key, words) in hints {
        for (at, part) in wrap(words, usize::from(room.saturating_sub(3)))
            .iter()
            .enumerate()
        {
            if y >= list.bottom() {
                return;
            }
            let key = if at == 0 { key } else { " " };
            canvas.parts(
                list.x + 1,
                y,
                room,
                &[(key, theme.key), ("  ", theme.text), (part, theme.text)],
            );
            y += 1;
        }
    }
    if y + 1 < list.bottom() {
        let words =
            "A comparison only reads. Nothing is sent to Impartner before you push and confirm.";
        for (at, part) in wrap(words, usize::from(room)).iter().enumerate() {
            let y = y + 1 + u16::try_from(at).unwrap_or(0);
            if y < list.bottom() {
                canvas.text(list.x + 1, y, room, part, theme.dim);
            }
        }
    }
}
