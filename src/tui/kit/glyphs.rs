//! The signs of the console, in Unicode and in ASCII. None has an ambiguous East Asian width, box-drawing and block
//! elements apart (docs/console.md, "Width"); a test checks that.

use chrono::{DateTime, Utc};

use crate::plan::Op;

/// One set of signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) struct Glyphs {
    /// Whether this is the ASCII set.
    pub(in crate::tui) ascii: bool,
    /// From before to after.
    pub(in crate::tui) arrow: &'static str,
    /// Where text was cut.
    pub(in crate::tui) cut: &'static str,
    /// Done, reviewed, reachable.
    pub(in crate::tui) check: &'static str,
    /// Failed, not reachable.
    pub(in crate::tui) cross: &'static str,
    /// Held.
    pub(in crate::tui) hold: &'static str,
    /// A line down.
    pub(in crate::tui) vertical: &'static str,
    /// A line across.
    pub(in crate::tui) horizontal: &'static str,
    /// Corners: top left, top right, bottom left, bottom right.
    pub(in crate::tui) corners: [&'static str; 4],
    /// Sorted upwards, downwards.
    pub(in crate::tui) sorted: [&'static str; 2],
    /// A bar's full and empty part.
    pub(in crate::tui) bar: [&'static str; 2],
    /// The scroll bar's thumb.
    pub(in crate::tui) thumb: &'static str,
    /// Heights of a sparkline, low to high.
    pub(in crate::tui) spark: [&'static str; 8],
    /// The chosen line of a list without ticks.
    pub(in crate::tui) pointer: &'static str,
    reactivate: &'static str,
    delete: &'static str,
    excluded: &'static str,
}

impl Glyphs {
    /// For terminals that show Unicode.
    pub(in crate::tui) const UNICODE: Self = Self {
        ascii: false,
        arrow: "▸",
        cut: "›",
        check: "✓",
        cross: "✗",
        hold: "H",
        vertical: "│",
        horizontal: "─",
        corners: ["┌", "┐", "└", "┘"],
        sorted: ["▴", "▾"],
        bar: ["█", "░"],
        thumb: "▐",
        spark: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
        pointer: "▸",
        reactivate: "↺",
        delete: "−",
        excluded: "⊘",
    };

    /// For `--ascii` and locales that are not UTF-8.
    pub(in crate::tui) const ASCII: Self = Self {
        ascii: true,
        arrow: ">",
        cut: ">",
        check: "v",
        cross: "X",
        hold: "H",
        vertical: "|",
        horizontal: "-",
        corners: ["+", "+", "+", "+"],
        sorted: ["^", "v"],
        bar: ["#", "."],
        thumb: "#",
        spark: ["_", ".", ",", "-", "=", "+", "*", "#"],
        pointer: ">",
        reactivate: "^",
        delete: "-",
        excluded: "x",
    };

    /// The sign of an operation; meaning is never by colour alone (docs/console.md, "Conventions").
    pub(in crate::tui) fn sign(&self, op: Op) -> &'static str {
        match op {
            Op::Add => "+",
            Op::Update => "~",
            Op::Reactivate => self.reactivate,
            Op::SoftDelete => self.delete,
            Op::Conflict => "!",
            Op::Excluded => self.excluded,
            Op::Unchanged => "=",
        }
    }

    /// `text` without what this set cannot show: for text from data on a terminal that is not UTF-8.
    pub(in crate::tui) fn show(&self, text: &str) -> String {
        if !self.ascii || text.is_ascii() {
            return text.to_owned();
        }
        text.chars()
            .map(|c| if c.is_ascii() { c } else { '?' })
            .collect()
    }
}

/// A bar of `width` cells; without a known share a block that wanders once a second.
pub(in crate::tui) fn bar(
    share: Option<f64>,
    width: usize,
    glyphs: &Glyphs,
    now: DateTime<Utc>,
) -> String {
    let [full, empty] = glyphs.bar;
    if let Some(share) = share {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a few cells"
        )]
        let done = ((share * width as f64).round() as usize).min(width);
        format!("{}{}", full.repeat(done), empty.repeat(width - done))
    } else {
        let at = usize::try_from(now.timestamp().rem_euclid(60)).unwrap_or(0) % width.max(1);
        (0..width)
            .map(|cell| if cell == at { full } else { empty })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn no_sign_has_an_ambiguous_width() {
        let glyphs = Glyphs::UNICODE;
        let all = [
            glyphs.arrow,
            glyphs.cut,
            glyphs.check,
            glyphs.cross,
            glyphs.pointer,
            glyphs.sorted[0],
            glyphs.sorted[1],
            glyphs.hold,
        ];
        let signs = Op::ALL.map(|op| glyphs.sign(op));
        for glyph in all.into_iter().chain(signs) {
            assert_eq!((glyph.width(), glyph.width_cjk()), (1, 1), "{glyph}");
        }
    }

    #[test]
    fn the_ascii_set_is_ascii() {
        let shown = format!("{:?}", Glyphs::ASCII);
        assert!(shown.is_ascii());
        assert_eq!(Glyphs::ASCII.show("Société"), "Soci?t?");
    }
}
