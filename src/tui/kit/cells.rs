//! Text measured in terminal cells: cutting, padding and wrapping that never split what a reader sees as one
//! character. Only for text that is safe already (see [`crate::text::DisplaySafe`]).

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Width in cells.
pub(in crate::tui) fn width(text: &str) -> usize {
    text.width()
}

/// `text` in at most `room` cells; what is cut off is shown by `mark` (one cell wide).
pub(in crate::tui) fn fit(text: &str, room: usize, mark: &str) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    if room == 0 {
        return String::new();
    }
    let mut out = String::with_capacity(room + mark.len());
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let cells = grapheme.width();
        if used + cells + 1 > room {
            break;
        }
        out.push_str(grapheme);
        used += cells;
    }
    out.push_str(mark);
    out
}

/// `text` cut or padded on the right to exactly `room` cells.
pub(in crate::tui) fn pad(text: &str, room: usize, mark: &str) -> String {
    let mut out = fit(text, room, mark);
    let used = out.width();
    out.extend(std::iter::repeat_n(' ', room.saturating_sub(used)));
    out
}

/// `text` cut or padded on the left to exactly `room` cells: for numbers.
pub(in crate::tui) fn pad_left(text: &str, room: usize, mark: &str) -> String {
    let cut = fit(text, room, mark);
    let mut out = " ".repeat(room.saturating_sub(cut.width()));
    out.push_str(&cut);
    out
}

/// `text` in lines of at most `room` cells, broken at spaces where it can be; line feeds are kept.
pub(in crate::tui) fn wrap(text: &str, room: usize) -> Vec<String> {
    let room = room.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        let mut used = 0;
        for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
            let cells = word.width();
            let gap = usize::from(used > 0);
            if used + gap + cells <= room {
                if gap == 1 {
                    line.push(' ');
                }
                line.push_str(word);
                used += gap + cells;
                continue;
            }
            if used > 0 {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            for piece in pieces(word, room) {
                if used > 0 {
                    lines.push(std::mem::take(&mut line));
                }
                line.push_str(piece);
                used = piece.width();
            }
        }
        lines.push(line);
    }
    lines
}

/// What joins the parts of addresses, ids and names.
fn joint(grapheme: &str) -> bool {
    matches!(grapheme, " " | "@" | "." | "/" | "-" | "_" | ",")
}

/// Letters that should not be left alone on a line.
const ALONE: usize = 8;

/// `text` in pieces of at most `room` cells, every character kept. Cut after the `@` of an address where that is not too
/// early, else after the last sign that joins parts and leaves no few letters alone, else anywhere between two
/// characters.
pub(in crate::tui) fn pieces(text: &str, room: usize) -> Vec<&str> {
    let room = room.max(1);
    let mut out = Vec::new();
    let mut rest = text;
    let mut left = rest.width();
    while left > room {
        let (mut end, mut used) = (0, 0);
        // Places to cut at, worst first: by how good they are, then the later the better.
        let mut best = (0, 0, 0);
        for grapheme in rest.graphemes(true) {
            let cells = grapheme.width();
            if used + cells > room && end > 0 {
                break;
            }
            end += grapheme.len();
            used += cells;
            let worth = match grapheme {
                "@" if 3 * used >= room => 4,
                _ if !joint(grapheme) || 3 * used < room => 0,
                _ if left - used >= ALONE => 3,
                _ => 2,
            };
            if worth > 0 && worth >= best.0 {
                best = (worth, end, used);
            }
        }
        let cut = if best.0 > 0 { best.1 } else { end };
        let (piece, after) = rest.split_at(cut);
        out.push(piece);
        rest = after;
        left = rest.width();
    }
    if !rest.is_empty() || out.is_empty() {
        out.push(rest);
    }
    out
}

/// A count with separators for thousands: 1,395.
pub(in crate::tui) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// "1 row", "2 rows": the number and the noun; the plural adds an s.
pub(in crate::tui) fn counted(number: u64, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{} {noun}s", count(number))
    }
}

/// How long ago in one unit, for lists: "12 s", "3 min", "2 h", "4 d".
pub(in crate::tui) fn age(duration: chrono::Duration) -> String {
    let seconds = duration.num_seconds().max(0);
    match seconds {
        0..=59 => format!("{seconds} s"),
        60..=3_599 => format!("{} min", seconds / 60),
        3_600..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// How long ago, or how long, in at most two units: "3 min", "2 h 05 min", "4 d".
pub(in crate::tui) fn span(duration: chrono::Duration) -> String {
    let seconds = duration.num_seconds().max(0);
    match seconds {
        0..=59 => format!("{seconds} s"),
        60..=3_599 => format!("{} min", seconds / 60),
        3_600..=86_399 => format!("{} h {:02} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cutting_keeps_wide_characters_whole() {
        assert_eq!(fit("株式会社日立", 7, "›"), "株式会›");
        assert_eq!(fit("株式会社日立", 8, "›"), "株式会›");
        assert_eq!(pad("株式", 6, "›"), "株式  ");
        assert_eq!(fit("Acme", 4, "›"), "Acme");
        assert_eq!(pad_left("12", 4, "›"), "  12");
        assert_eq!(fit("abc", 0, "›"), "");
    }

    #[test]
    fn words_for_people() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(999), "999");
        assert_eq!(counted(1, "row"), "1 row");
        assert_eq!(span(chrono::Duration::seconds(3_900)), "1 h 05 min");
        assert_eq!(
            wrap("a bb ccc\ndddddddd", 5),
            ["a bb", "ccc", "ddddd", "ddd"]
        );
        assert_eq!(
            wrap("jerome.lacroix@northwind-prm.example", 31),
            ["jerome.lacroix@", "northwind-prm.example"]
        );
        assert_eq!(
            wrap("see https://www.macquariedata.com.au now", 24),
            ["see", "https://www.", "macquariedata.com.au now"]
        );
        assert_eq!(
            wrap("https://www.macquariedata.com.au", 31),
            ["https://www.", "macquariedata.com.au"],
            "no few letters alone"
        );
        assert_eq!(
            wrap("1f8adee6-c2d5-455a-a565-07cdb9861b3c", 30),
            ["1f8adee6-c2d5-455a-a565-", "07cdb9861b3c"]
        );
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_its_room(text in "\\PC*", room in 0usize..40) {
            let text = crate::text::safe(&text);
            prop_assert!(width(&fit(&text, room, "›")) <= room);
            prop_assert_eq!(width(&pad(&text, room, "›")), room);
            prop_assert_eq!(pieces(&text, room).concat(), text);
        }
    }
}
