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

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::super::preview::Review;
use super::super::query::Tab;
use super::canvas::Canvas;
use super::cells::{pad, pieces, width, wrap};
use super::panes::Fields;
use super::words;
use crate::plan::{ItemView, Op, Value};
use crate::text::safe;

/// Width of the labels.
const LABEL: usize = 15;

/// What stands in the border above the detail pane.
pub(in crate::tui) fn title(canvas: &Canvas<'_>, review: &Review) -> String {
    match review.view() {
        Some(view) => format!("{} {}", canvas.glyphs.sign(view.item.op), safe(view.name())),
        None => String::new(),
    }
}

/// The lines of the chosen record, for a pane of `room` cells.
pub(in crate::tui) fn lines(canvas: &Canvas<'_>, review: &Review, room: u16) -> Vec<Line<'static>> {
    let room = usize::from(room);
    if review.tab == Tab::Warnings {
        return warning_lines(canvas, review, room);
    }
    let (Some(at), Some(view)) = (review.chosen(), review.view()) else {
        return Vec::new();
    };
    let mut out = Detail::new(canvas, room);
    out.head(review, at, &view);
    out.fields(&view);
    out.reasons(review, at, &view);
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

/// Lines about a record, as they are made.
pub(in crate::tui) struct Detail<'c, 'a> {
    canvas: &'c Canvas<'a>,
    room: usize,
    pub(in crate::tui) lines: Vec<Line<'static>>,
}

impl<'c, 'a> Detail<'c, 'a> {
    /// No lines yet, for a pane of `room` cells.
    pub(in crate::tui) fn new(canvas: &'c Canvas<'a>, room: usize) -> Self {
        Self {
            canvas,
            room: room.max(20),
            lines: Vec::new(),
        }
    }

    fn head(&mut self, review: &Review, at: u32, view: &ItemView<'_>) {
        let theme = self.canvas.theme;
        for part in wrap(&safe(view.name()), self.room) {
            self.lines.push(Line::styled(part, theme.strong));
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
                format!("{} {}", self.canvas.glyphs.sign(op), op.label()),
                theme.op(op),
            ),
            Span::styled(format!("  {about}"), theme.dim),
        ];
        if review.tab == Tab::Changes && review.reviewed.contains(&at) {
            spans.push(Span::styled(
                format!("  {} reviewed", self.canvas.glyphs.check),
                theme.good,
            ));
        }
        self.lines.push(Line::from(spans));
    }

    fn fields(&mut self, view: &ItemView<'_>) {
        let all = self.canvas.model.preview.fields == Fields::All;
        for change in view.changes() {
            // A partner link is told by name; its row id stands behind it.
            if change.field == "partner_id" {
                let name = |partner: Option<&crate::plan::PartnerRef>| {
                    partner.map(|partner| safe(&partner.name))
                };
                self.change(
                    change.label,
                    name(view.partner_before()).as_deref(),
                    name(view.partner_after()).as_deref(),
                    view.item.op,
                );
                continue;
            }
            let text = |value: &Value<'_>| value.text().map(|text| safe(&text));
            self.change(
                change.label,
                text(&change.before).as_deref(),
                text(&change.after).as_deref(),
                view.item.op,
            );
        }
        if !all && !matches!(view.item.op, Op::SoftDelete | Op::Excluded | Op::Conflict) {
            return;
        }
        let changed = view.item.changed;
        for (index, field) in view.schema().fields.iter().enumerate() {
            let moved = u32::try_from(index).is_ok_and(|bit| changed.has(bit));
            if moved || index == crate::plan::Schema::KEY {
                continue;
            }
            if let Some(value) = view.field(index) {
                self.labelled(field.label, &safe(value), self.canvas.theme.dim);
            }
        }
        if let Some(partner) = view.partner_name()
            && !changed.has(crate::plan::Changed::PARTNER)
        {
            self.labelled("Partner", &safe(partner), self.canvas.theme.dim);
        }
        if let Some(status) = view.source_status() {
            self.labelled("Source status", &safe(status), self.canvas.theme.dim);
        }
    }

    /// A field before and after, the differing part marked: on one line where it fits, else one under the other.
    pub(in crate::tui) fn change(
        &mut self,
        label: &str,
        before: Option<&str>,
        after: Option<&str>,
        op: Op,
    ) {
        let theme = self.canvas.theme;
        let arrow = self.canvas.glyphs.arrow;
        if op == Op::Add {
            if let Some(after) = after {
                self.labelled(label, after, theme.text);
            }
            return;
        }
        let (left, right) = marked(self.canvas, before, after);
        let room = self.room.saturating_sub(LABEL);
        let needed: usize = left
            .iter()
            .chain(&right)
            .map(|span| width(&span.content))
            .sum();
        let head = Span::styled(pad(label, LABEL, self.canvas.glyphs.cut), theme.dim);
        if needed + 3 <= room {
            let mut spans = vec![head];
            spans.extend(left);
            spans.push(Span::styled(format!(" {arrow} "), theme.dim));
            spans.extend(right);
            self.lines.push(Line::from(spans));
            return;
        }
        // A value that is too long beside its label stands below it, so that an address stays whole where it can.
        let wide =
            |spans: &[Span<'_>]| -> usize { spans.iter().map(|span| width(&span.content)).sum() };
        let widest = wide(&left).max(wide(&right));
        let indent = if widest + 2 <= room { LABEL } else { 2 };
        let room = self.room.saturating_sub(indent + 2);
        let mut lead = if indent == LABEL {
            head
        } else {
            self.lines.push(Line::from(head));
            Span::raw(" ".repeat(indent))
        };
        for (side, sign) in [(left, " "), (right, arrow)] {
            for (at, part) in wrap_spans(side, room).into_iter().enumerate() {
                let sign = if at == 0 { sign } else { " " };
                let mut spans = vec![
                    std::mem::replace(&mut lead, Span::raw(" ".repeat(indent))),
                    Span::styled(format!("{sign} "), theme.dim),
                ];
                spans.extend(part);
                self.lines.push(Line::from(spans));
            }
        }
    }

    fn reasons(&mut self, review: &Review, at: u32, view: &ItemView<'_>) {
        let theme = self.canvas.theme;
        let op = view.item.op;
        if !view.reason().is_empty() {
            self.labelled("Reason", &safe(view.reason()), theme.text);
        }
        if let Some(evidence) = view.item.evidence {
            self.labelled("Evidence", words::evidence_sentence(evidence), theme.text);
        }
        if view.item.suspicious {
            self.labelled(
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
            self.labelled("Ticked", words, style);
            if held {
                self.labelled(
                    "Hold",
                    "An administrator holds this row: no run soft-deletes it.",
                    theme.warn,
                );
            }
        }
        let id = view.item.impartner_id;
        if id.is_some() {
            let about =
                review.plan.warnings.iter().filter(|warning| {
                    warning.impartner_id == id && warning.entity == view.item.entity
                });
            for warning in about.take(5) {
                self.labelled("Warning", &safe(&warning.message), theme.warn);
            }
        }
    }

    /// A label and words, wrapped under themselves; a single long word, an address, stands below its label.
    pub(in crate::tui) fn labelled(&mut self, label: &str, words: &str, style: Style) {
        let room = self.room.saturating_sub(LABEL);
        if width(words) > room && !words.contains(' ') {
            self.lines
                .push(Line::styled(label.to_owned(), self.canvas.theme.dim));
            for part in pieces(words, self.room.saturating_sub(2)) {
                self.lines.push(Line::styled(format!("  {part}"), style));
            }
            return;
        }
        for (at, part) in wrap(words, room).into_iter().enumerate() {
            let head = if at == 0 { label } else { "" };
            self.lines.push(Line::from(vec![
                Span::styled(
                    pad(head, LABEL, self.canvas.glyphs.cut),
                    self.canvas.theme.dim,
                ),
                Span::styled(part, style),
            ]));
        }
    }
}

/// Two values with what differs between them marked. Values that have little in common are marked whole: a patchwork of
/// single letters tells nobody anything.
fn marked(
    canvas: &Canvas<'_>,
    before: Option<&str>,
    after: Option<&str>,
) -> (Vec<Span<'static>>, Vec<Span<'static>>) {
    let theme = canvas.theme;
    let (Some(old), Some(new)) = (before, after) else {
        let side = |text: Option<&str>, style: Style| match text {
            Some(text) => vec![Span::styled(text.to_owned(), style)],
            None => vec![Span::styled("none", theme.dim)],
        };
        return (side(before, theme.before), side(after, theme.after));
    };
    let diff = similar::TextDiff::from_chars(old, new);
    let short = old.chars().count().min(new.chars().count()) < 10;
    if short || diff.ratio() < 0.6 {
        return (
            vec![Span::styled(old.to_owned(), theme.before)],
            vec![Span::styled(new.to_owned(), theme.after)],
        );
    }
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for change in diff.iter_all_changes() {
        let text = change.value();
        match change.tag() {
            similar::ChangeTag::Equal => {
                add(&mut left, text, theme.before);
                add(&mut right, text, theme.after);
            }
            similar::ChangeTag::Delete => add(&mut left, text, theme.before_mark),
            similar::ChangeTag::Insert => add(&mut right, text, theme.after_mark),
        }
    }
    (left, right)
}

/// Adds text to the last span when it has the same style.
fn add(spans: &mut Vec<Span<'static>>, text: &str, style: Style) {
    match spans.last_mut() {
        Some(last) if last.style == style => last.content.to_mut().push_str(text),
        _ => spans.push(Span::styled(text.to_owned(), style)),
    }
}

/// Spans in lines of at most `room` cells, cut where [`pieces`] cuts.
fn wrap_spans(spans: Vec<Span<'static>>, room: usize) -> Vec<Vec<Span<'static>>> {
    let whole: String = spans.iter().map(|span| span.content.as_ref()).collect();
    let mut spans = spans.into_iter();
    let mut current = spans.next();
    let mut lines = Vec::new();
    for piece in pieces(&whole, room) {
        let mut line = Vec::new();
        let mut wanted = piece.len();
        while wanted > 0
            && let Some(span) = current.take()
        {
            // A span may end inside a piece, and a piece inside a span.
            let at = span
                .content
                .floor_char_boundary(wanted.min(span.content.len()));
            let (here, after) = span.content.split_at(at);
            add(&mut line, here, span.style);
            wanted -= here.len();
            current = if after.is_empty() {
                spans.next()
            } else {
                Some(Span::styled(after.to_owned(), span.style))
            };
        }
        lines.push(line);
    }
    lines
}
