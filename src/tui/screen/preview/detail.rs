//! The chosen record of a plan: what changes, from what to what, on what evidence, why it is ticked or not.
//!
//! ```text
//!   Acme Corporation
//!   ~ update  partner #1042  row 17                          [x] ticked
//!   Tier           Premier > Certified
//!   Owner e-mail   ann@... > bob@...
//!   Evidence       Seen in this run as inactive ...
//! ```

use std::fmt::Write as _;

use ratatui::text::{Line, Span};

use super::review::Review;
use super::tab::Tab;
use crate::plan::{ItemView, Op, Value};
use crate::text::safe;
use crate::tui::kit::canvas::Canvas;
use crate::tui::kit::cells::wrap;
use crate::tui::kit::detail::Detail;
use crate::tui::kit::panes::Fields;
use crate::tui::kit::words;

/// What stands in the border above the detail pane.
pub(super) fn title(canvas: &Canvas<'_>, review: &Review) -> String {
    match review.view() {
        Some(view) => format!("{} {}", canvas.glyphs.sign(view.item.op), safe(view.name())),
        None => String::new(),
    }
}

/// The lines of the chosen record with the fields that are to be shown, for a pane of `room` cells.
pub(super) fn lines(
    canvas: &Canvas<'_>,
    review: &Review,
    shown: Fields,
    room: u16,
) -> Vec<Line<'static>> {
    let room = usize::from(room);
    if review.tab == Tab::Warnings {
        return warning_lines(canvas, review, room);
    }
    let (Some(at), Some(view)) = (review.chosen(), review.view()) else {
        return Vec::new();
    };
    let mut out = Detail::new(canvas, room);
    head(&mut out, review, at, &view);
    fields(&mut out, shown, &view);
    reasons(&mut out, review, at, &view);
    out.lines
}

fn warning_lines(canvas: &Canvas<'_>, review: &Review, room: usize) -> Vec<Line<'static>> {
    let Some(warning) = review
        .chosen()
        .and_then(|at| review.plan.warnings.get(at as usize))
    else {
        return Vec::new();
    };
    let mut out = Detail::new(canvas, room);
    let about = match warning.impartner_id {
        Some(id) => format!("{} #{id}", warning.entity.singular()),
        None => format!("the listing of {}", warning.entity),
    };
    out.labelled("About", &about, canvas.theme.text);
    out.labelled("Code", &warning.code, canvas.theme.dim);
    out.labelled("Warning", &safe(&warning.message), canvas.theme.text);
    out.lines
}

fn head(out: &mut Detail<'_, '_>, review: &Review, at: u32, view: &ItemView<'_>) {
    let theme = out.canvas.theme;
    for part in wrap(&safe(view.name()), out.room) {
        out.lines.push(Line::styled(part, theme.strong));
    }
    let op = view.item.op;
    let mut about = view.item.entity.singular().to_owned();
    if let Some(id) = view.item.impartner_id {
        let _ = write!(about, " #{id}");
    }
    if let Some(row) = view.item.row_id {
        let _ = write!(about, "  row {row}");
    }
    let mut spans = vec![
        Span::styled(
            format!("{} {}", out.canvas.glyphs.sign(op), op.label()),
            theme.op(op),
        ),
        Span::styled(format!("  {about}"), theme.dim),
    ];
    if review.tab == Tab::Changes && review.reviewed.contains(&at) {
        spans.push(Span::styled(
            format!("  {} reviewed", out.canvas.glyphs.check),
            theme.good,
        ));
    }
    out.lines.push(Line::from(spans));
}

fn fields(out: &mut Detail<'_, '_>, shown: Fields, view: &ItemView<'_>) {
    for change in view.changes() {
        // A partner link is told by name; its row id stands behind it.
        if change.field == "partner_id" {
            let name = |partner: Option<&crate::plan::PartnerRef>| {
                partner.map(|partner| safe(&partner.name))
            };
            out.change(
                change.label,
                name(view.partner_before()).as_deref(),
                name(view.partner_after()).as_deref(),
                view.item.op,
            );
            continue;
        }
        let text = |value: &Value<'_>| value.text().map(|text| safe(&text));
        out.change(
            change.label,
            text(&change.before).as_deref(),
            text(&change.after).as_deref(),
            view.item.op,
        );
    }
    if shown != Fields::All && !matches!(view.item.op, Op::SoftDelete | Op::Excluded | Op::Conflict)
    {
        return;
    }
    let changed = view.item.changed;
    for (index, field) in view.schema().fields.iter().enumerate() {
        let moved = u32::try_from(index).is_ok_and(|bit| changed.has(bit));
        if moved || index == crate::plan::Schema::KEY {
            continue;
        }
        if let Some(value) = view.field(index) {
            out.labelled(field.label, &safe(value), out.canvas.theme.dim);
        }
    }
    if let Some(partner) = view.partner_name()
        && !changed.has(crate::plan::Changed::PARTNER)
    {
        out.labelled("Partner", &safe(partner), out.canvas.theme.dim);
    }
    if let Some(status) = view.source_status() {
        out.labelled("Source status", &safe(status), out.canvas.theme.dim);
    }
}

fn reasons(out: &mut Detail<'_, '_>, review: &Review, at: u32, view: &ItemView<'_>) {
    let theme = out.canvas.theme;
    let op = view.item.op;
    if !view.reason().is_empty() {
        out.labelled("Reason", &safe(view.reason()), theme.text);
    }
    if let Some(evidence) = view.item.evidence {
        out.labelled("Evidence", words::evidence_sentence(evidence), theme.text);
    }
    if view.item.suspicious {
        out.labelled(
            "Suspicious",
            "The pattern sits inside a longer word: perhaps a real person. filters.contacts.allow lets it through.",
            theme.warn,
        );
    }
    if review.tab == Tab::Changes {
        let ticked = review.selection.is_ticked(at as usize);
        let held = review.is_held(at);
        let (words, style) = match view.tickable() {
            _ if ticked && op == Op::SoftDelete && review.withheld(op) => {
                ("Yes, but a guard withholds it: ! looks at it.", theme.bad)
            }
            _ if ticked && op == Op::Update && review.withheld(op) => {
                ("Yes, but a guard withholds it: ! looks at it.", theme.bad)
            }
            _ if ticked => ("Yes: it goes with the next apply.", theme.text),
            _ if held && op == Op::SoftDelete => {
                ("No: the row is on hold; h lifts the hold.", theme.warn)
            }
            Err(why) => (why, theme.warn),
            Ok(()) if op == Op::SoftDelete && !view.item.selected => (
                "No: tick it by hand if you are sure; it is carried over otherwise.",
                theme.warn,
            ),
            Ok(()) => ("No: it stays as it is and is carried over.", theme.warn),
        };
        out.labelled("Ticked", words, style);
        if held {
            out.labelled(
                "Hold",
                "An administrator holds this row: no run soft-deletes it.",
                theme.warn,
            );
        }
    }
    let id = view.item.impartner_id;
    if id.is_some() {
        let about = review
            .plan
            .warnings
            .iter()
            .filter(|warning| warning.impartner_id == id && warning.entity == view.item.entity);
        for warning in about.take(5) {
            out.labelled("Warning", &safe(&warning.message), theme.warn);
        }
    }
}
