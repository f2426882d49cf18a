//! The signs of the console, in Unicode and in ASCII. None has an ambiguous East Asian width, box-drawing and block
//! elements apart (docs/console.md, "Width"); a test checks that.

use crate::plan::Op;

/// One set of signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Glyphs {
    /// Whether this is the ASCII set.
    pub(super) ascii: bool,
    /// From before to after.
    pub(super) arrow: &'static str,
    /// Where text was cut.
    pub(super) cut: &'static str,
    /// Done, reviewed, reachable.
    pub(super) check: &'static str,
    /// Failed, not reachable.
    pub(super) cross: &'static str,
    /// Held.
    pub(super) hold: &'static str,
    /// A line down.
    pub(super) vertical: &'static str,
    /// A line across.
    pub(super) horizontal: &'static str,
    /// Corners: top left, top right, bottom left, bottom right.
    pub(super) corners: [&'static str; 4],
    /// Sorted upwards, downwards.
    pub(super) sorted: [&'static str; 2],
    /// A bar's full and empty part.
    pub(super) bar: [&'static str; 2],
    /// The scroll bar's thumb.
    pub(super) thumb: &'static str,
    /// Heights of a sparkline, low to high.
    pub(super) spark: [&'static str; 8],
    /// The chosen line of a list without ticks.
    pub(super) pointer: &'static str,
    reactivate: &'static str,
    delete: &'static str,
    excluded: &'static str,
}

impl Glyphs {
    /// For terminals that show Unicode.
    pub(super) const UNICODE: Self = Self {
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
    pub(super) const ASCII: Self = Self {
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
    pub(super) fn sign(&self, op: Op) -> &'static str {
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
    pub(super) fn show(&self, text: &str) -> String {
        if !self.ascii || text.is_ascii() {
            return text.to_owned();
        }
        text.chars()
            .map(|c| if c.is_ascii() { c } else { '?' })
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
