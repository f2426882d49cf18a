//! Lines about a record, for a detail pane: labels with words, and fields before and after.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::canvas::Canvas;
use super::cells::{pad, pieces, width, wrap};
use crate::plan::Op;

/// Width of the labels.
const LABEL: usize = 15;

/// Lines about a record, as they are made.
pub(in crate::tui) struct Detail<'c, 'a> {
    pub(in crate::tui) canvas: &'c Canvas<'a>,
    /// Cells of a line.
    pub(in crate::tui) room: usize,
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
