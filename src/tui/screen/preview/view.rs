//! Screen 2: totals, guards, tabs, filter, and below them the list and the chosen record.
//!
//! ```text
//!   + 3 add  ~ 18 update  - 2 soft-delete  ! 2 conflict  716 excluded  1,395 unchanged
//!   ! Guard: 137 of 1,400 partners (9.8 %) would be soft-deleted ...          [!] review
//!    Changes 24   Excluded 716   Warnings 3                       12 of 24 reviewed
//!   / op:update tier:premier                                             18 of 24
//!   list                                                  | detail
//! ```

use ratatui::layout::Rect;

use super::review::Review;
use super::state::Preview;
use super::tab::Tab;
use super::{detail, lines};
use crate::plan::{Entity, Op};
use crate::tui::job::panel;
use crate::tui::kit::canvas::{Canvas, cells, top};
use crate::tui::kit::cells::{count, counted, span, wrap};
use crate::tui::kit::hits::Spot;
use crate::tui::kit::panes;
use crate::tui::model::Model;

/// Draws the screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, preview: &Preview, model: &Model, area: Rect) {
    let taken = panel::draw(canvas, model.job.as_ref(), model.now, area);
    let (_, area) = top(area, taken);
    let Some(review) = &preview.review else {
        let area = filter_box(canvas, preview, model, area, None);
        empty(canvas, preview, model, area);
        return;
    };
    let (line, rest) = top(area, 1);
    totals(canvas, model, line, review);
    let rest = banners(canvas, rest, review);
    let (line, rest) = top(rest, 1);
    tabs(canvas, line, review);
    let rest = filter_box(canvas, preview, model, rest, Some(review));
    let title = detail::title(canvas, review);
    let (list, about) = panes::split(canvas, rest, preview.pane, model.split, &title);
    if let Some(list) = list {
        lines::draw(canvas, preview, list, review);
    }
    let about_lines = detail::lines(
        canvas,
        review,
        preview.fields,
        about.width.saturating_sub(1),
    );
    panes::detail(canvas, about, &about_lines, preview.detail_offset);
}

/// Before the first preview, and after an apply: its result.
fn empty(canvas: &mut Canvas<'_>, preview: &Preview, model: &Model, area: Rect) {
    let room = area.width.saturating_sub(2);
    let mut y = area.y;
    for (tone, line) in &preview.last {
        for part in crate::tui::kit::cells::wrap(line, usize::from(room)) {
            if y < area.bottom() {
                let style = canvas.tone(*tone);
                canvas.text(area.x + 1, y, room, &part, style);
                y += 1;
            }
        }
    }
    if !preview.last.is_empty() {
        y += 1;
    }
    if model.job.is_some() {
        return;
    }
    let theme = canvas.theme;
    let hints = [
        ("p", "shows what changed since the watermark"),
        (
            "P",
            "shows everything, and what is gone; the first time too",
        ),
        ("5", "shows what earlier runs did"),
    ];
    for (key, words) in hints {
        if y < area.bottom() {
            canvas.parts(
                area.x + 1,
                y,
                room,
                &[(key, theme.key), ("  ", theme.text), (words, theme.text)],
            );
            y += 1;
        }
    }
    let promise = "A preview only reads. Nothing is written before you apply and confirm.";
    for line in wrap(promise, usize::from(room)) {
        y += 1;
        if y < area.bottom() {
            canvas.text(area.x + 1, y, room, &line, theme.dim);
        }
    }
}

/// How many records ended in which operation.
fn totals(canvas: &mut Canvas<'_>, model: &Model, area: Rect, review: &Review) {
    let theme = canvas.theme;
    let totals = review.plan.totals;
    let of = |op: Op| totals.partners.of(op) + totals.contacts.of(op);
    let ops = [
        Op::Add,
        Op::Update,
        Op::Reactivate,
        Op::SoftDelete,
        Op::Conflict,
        Op::Excluded,
        Op::Unchanged,
    ];
    // In words where they fit, else in short ones, else by their signs: none is left out for want of room.
    let texts = |words: fn(Op) -> &'static str| {
        ops.map(|op| {
            let text = format!("{} {} {}", canvas.glyphs.sign(op), count(of(op)), words(op));
            text.trim_end().to_owned()
        })
    };
    let fits = |texts: &[String; 7]| {
        let wide: u16 = texts.iter().map(|text| cells(text) + 2).sum();
        wide <= area.width
    };
    let short = |op| match op {
        Op::Excluded => "excl.",
        Op::Unchanged => "same",
        Op::Reactivate => "react.",
        other => other.label(),
    };
    let quiet = |op| match op {
        Op::Add | Op::Update | Op::SoftDelete | Op::Conflict => op.label(),
        _ => "",
    };
    let shown = [texts(Op::label), texts(short), texts(quiet)]
        .into_iter()
        .find(fits)
        .unwrap_or_else(|| texts(|_| ""));
    let mut x = area.x + 1;
    for (op, text) in ops.into_iter().zip(&shown) {
        let style = if of(op) == 0 { theme.dim } else { theme.op(op) };
        x = canvas.text(x, area.y, area.right().saturating_sub(x), text, style) + 2;
    }
    let made = format!(
        "{} {}, {} ago",
        review.plan.scope.word(),
        review.plan.mode.word(),
        span(model.now - review.plan.created_at)
    );
    if x + cells(&made) < area.right() {
        canvas.text_right(area.right() - 1, area.y, cells(&made), &made, theme.dim);
    }
}

/// Guards, listings that were not proved, an undo: what must not be overlooked. Returns what is left of the area.
fn banners(canvas: &mut Canvas<'_>, area: Rect, review: &Review) -> Rect {
    let theme = canvas.theme;
    let mut lines: Vec<(String, bool, bool)> = Vec::new();
    if let Some(run) = review.undoes() {
        lines.push((
            format!("Undo of run {run}: applying this plan reverses what that run did."),
            false,
            false,
        ));
    }
    for guard in review.tally.tripped() {
        let withheld = review.holds_back(guard);
        let state = if withheld { "withheld" } else { "released" };
        let what = guard.rule.what();
        lines.push((
            format!("Guard, {what} {state}: {}", guard.sentence()),
            withheld,
            true,
        ));
    }
    for entity in Entity::ALL {
        if let Some(facts) = review.plan.sources[entity]
            .as_ref()
            .filter(|facts| !facts.proved && facts.reason.is_some())
        {
            let why = facts.reason.as_deref().unwrap_or_default();
            let kept = review.plan.kept_back[entity];
            let kept = if kept > 0 {
                format!(" {} not proposed.", counted(kept, "soft-delete"))
            } else {
                " No soft-delete is proposed.".to_owned()
            };
            lines.push((
                format!(
                    "The listing of {entity} is not proved: {}{kept}",
                    crate::text::safe(why)
                ),
                true,
                false,
            ));
        }
    }
    let most = usize::from((area.height / 6).max(1));
    let more = lines.len().saturating_sub(most);
    let mut rest = area;
    for (text, bad, guard) in lines.into_iter().take(most) {
        let (line, below) = top(rest, 1);
        let style = if bad { theme.bad } else { theme.warn };
        let mut end = line.right() - 1;
        if guard {
            let hint = if more > 0 {
                format!("[!] review, {more} more")
            } else {
                "[!] review".to_owned()
            };
            let x = canvas.text_right(end, line.y, 30, &hint, theme.key);
            let place = Rect {
                x,
                width: end - x,
                ..line
            };
            let at = crate::tui::keymap::BINDINGS
                .iter()
                .position(|b| b.action == crate::tui::keymap::Action::ReleaseGuard);
            if let Some(at) = at {
                canvas.hits.add(place, Spot::Binding(at));
            }
            end = x.saturating_sub(1);
        }
        let text = format!("! {text}");
        canvas.text(
            line.x + 1,
            line.y,
            end.saturating_sub(line.x + 1),
            &text,
            style,
        );
        rest = below;
    }
    rest
}

/// The inner tabs, and how far the review is.
fn tabs(canvas: &mut Canvas<'_>, area: Rect, review: &Review) {
    let theme = canvas.theme;
    let suspicious = review
        .plan
        .excluded
        .iter()
        .take_while(|item| item.suspicious)
        .count();
    let title = |tab: Tab, short: bool| {
        let lines = count(tab.len(&review.plan) as u64);
        let marked = match tab {
            Tab::Excluded if suspicious > 0 => format!(" (! {})", count(suspicious as u64)),
            _ => String::new(),
        };
        let name = if short { tab.short() } else { tab.title() };
        format!(" {name} {lines}{marked} ")
    };
    let done = count(review.reviewed.len() as u64);
    let all = count(review.plan.items.len() as u64);
    // The count of what was reviewed is always there: the tabs' names give way first.
    let forms = [
        (false, format!("{done} of {all} reviewed")),
        (false, format!("{done}/{all} reviewed")),
        (true, format!("{done}/{all} reviewed")),
        (true, format!("{done}/{all}")),
    ];
    let fits = |(short, reviewed): &(bool, String)| {
        let tabs: u16 = Tab::ALL
            .iter()
            .map(|&tab| cells(&title(tab, *short)) + 1)
            .sum();
        tabs + cells(reviewed) + 2 <= area.width
    };
    let (short, reviewed) = forms.into_iter().find(fits).unwrap_or_default();
    let tabs = Tab::ALL
        .into_iter()
        .map(|tab| (title(tab, short), tab == review.tab));
    panes::tabs(canvas, area, tabs);
    let done = !review.plan.items.is_empty() && review.reviewed.len() == review.plan.items.len();
    let style = if done { theme.good } else { theme.dim };
    canvas.text_right(area.right() - 1, area.y, cells(&reviewed), &reviewed, style);
}

/// The filter box when it is open or at work, with its error. Without a review it waits for a plan that is on its way.
/// Returns what is left of the area.
fn filter_box(
    canvas: &mut Canvas<'_>,
    preview: &Preview,
    model: &Model,
    area: Rect,
    review: Option<&Review>,
) -> Rect {
    let theme = canvas.theme;
    let filter = &preview.filter;
    if !filter.focused && !filter.active() && filter.error.is_none() {
        return area;
    }
    let (line, rest) = top(area, 1);
    let words = review.map_or_else(
        || "...".to_owned(),
        |review| {
            let shown = count(review.list().shown.len() as u64);
            let all = count(review.tab.len(&review.plan) as u64);
            let waits = if review.query.pending() { "... " } else { "" };
            format!("{waits}{shown} of {all}")
        },
    );
    let right = canvas.text_right(line.right() - 1, line.y, 30, &words, theme.dim);
    canvas.text(line.x + 1, line.y, 2, "/ ", theme.key);
    let place = Rect {
        x: line.x + 3,
        width: right.saturating_sub(line.x + 4),
        ..line
    };
    let bad = filter.error.as_ref().map(|error| &error.span);
    canvas.input(
        place,
        &filter.input,
        filter.focused && model.dialogs.is_empty(),
        bad,
    );
    if filter.focused && filter.input.value().is_empty() {
        let hint = "words  field:value  field=value  -not  a,b     Up: earlier ones";
        canvas.text(
            place.x + 1,
            place.y,
            place.width.saturating_sub(1),
            hint,
            theme.field.patch(theme.dim),
        );
    }
    canvas.hits.add(place, Spot::FilterBox);
    let Some(error) = &filter.error else {
        return rest;
    };
    let before = filter
        .input
        .value()
        .get(..error.span.start)
        .map_or(0, cells);
    let caret = place.x + before.min(place.width.saturating_sub(1));
    let message = crate::text::safe(&error.message);
    // The words stand under the bad term, or as far left as they must to be read whole.
    let widest = cells(&message) + 2;
    let x = caret
        .min(rest.right().saturating_sub(widest + 1))
        .max(rest.x + 1);
    let lines = wrap(&message, usize::from(rest.right().saturating_sub(x + 3)));
    let (room, rest) = top(rest, u16::try_from(lines.len()).unwrap_or(1).min(2));
    for (at, line) in lines.iter().take(usize::from(room.height)).enumerate() {
        let sign = if at == 0 { "^ " } else { "  " };
        let y = room.y + u16::try_from(at).unwrap_or(0);
        canvas.parts(
            x,
            y,
            room.right() - x,
            &[(sign, theme.bad), (line, theme.bad)],
        );
    }
    rest
}
