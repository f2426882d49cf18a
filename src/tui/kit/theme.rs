//! Colours by meaning. Every theme uses blue and orange where others use green and red, so that they are told apart
//! by everybody; and no meaning is told by colour alone (docs/console.md, "Colour").

use ratatui::style::{Color, Modifier, Style};

use crate::plan::Op;

/// The themes, by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeName {
    /// For dark terminals.
    #[default]
    Dark,
    /// For light terminals.
    Light,
    /// The terminal's own sixteen colours.
    Sixteen,
    /// No colour at all: `NO_COLOR`.
    Mono,
}

impl ThemeName {
    /// All that a person may choose from.
    pub const ALL: [Self; 4] = [Self::Dark, Self::Light, Self::Sixteen, Self::Mono];

    /// The name in configuration and state.
    pub fn word(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Sixteen => "16",
            Self::Mono => "mono",
        }
    }

    /// The theme of a name.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.word() == word)
    }
}

/// How many colours the terminal shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::tui) enum Depth {
    /// 24 bits.
    #[default]
    True,
    /// The palette of 256.
    Indexed,
    /// Sixteen.
    Sixteen,
    /// None: `NO_COLOR` or `--color never`.
    None,
}

/// Styles by meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) struct Theme {
    pub(in crate::tui) name: ThemeName,
    pub(in crate::tui) text: Style,
    pub(in crate::tui) dim: Style,
    /// What stands behind a dialog.
    pub(in crate::tui) shade: Style,
    pub(in crate::tui) strong: Style,
    pub(in crate::tui) accent: Style,
    pub(in crate::tui) rule: Style,
    pub(in crate::tui) rule_focus: Style,
    pub(in crate::tui) key: Style,
    pub(in crate::tui) tab: Style,
    pub(in crate::tui) tab_active: Style,
    /// The colour of plain text on a background of ours: the terminal's own may be the other one of dark and light.
    pub(in crate::tui) ink: Option<Color>,
    pub(in crate::tui) row: Style,
    pub(in crate::tui) row_blurred: Style,
    pub(in crate::tui) good: Style,
    pub(in crate::tui) bad: Style,
    pub(in crate::tui) warn: Style,
    pub(in crate::tui) add: Style,
    pub(in crate::tui) update: Style,
    pub(in crate::tui) delete: Style,
    pub(in crate::tui) before: Style,
    pub(in crate::tui) before_mark: Style,
    pub(in crate::tui) after: Style,
    pub(in crate::tui) after_mark: Style,
    pub(in crate::tui) field: Style,
    pub(in crate::tui) field_bad: Style,
    pub(in crate::tui) bar: Style,
    pub(in crate::tui) environment: Style,
    pub(in crate::tui) production: Style,
    pub(in crate::tui) button: Style,
    pub(in crate::tui) button_focus: Style,
    pub(in crate::tui) danger_focus: Style,
}

/// The colours a theme is made of.
struct Palette {
    dim: Color,
    rule: Color,
    blue: Color,
    cyan: Color,
    orange: Color,
    yellow: Color,
    violet: Color,
    ink: Color,
    row: Color,
    row_blurred: Color,
    field: Color,
    mark_before: Color,
    mark_after: Color,
    on_badge: Color,
}

const DARK: Palette = Palette {
    dim: Color::Rgb(138, 143, 152),
    rule: Color::Rgb(78, 84, 96),
    blue: Color::Rgb(97, 175, 239),
    cyan: Color::Rgb(120, 205, 215),
    orange: Color::Rgb(245, 148, 71),
    yellow: Color::Rgb(229, 199, 107),
    violet: Color::Rgb(198, 160, 246),
    ink: Color::Rgb(222, 225, 230),
    row: Color::Rgb(42, 56, 82),
    row_blurred: Color::Rgb(40, 44, 52),
    field: Color::Rgb(44, 50, 62),
    mark_before: Color::Rgb(96, 52, 16),
    mark_after: Color::Rgb(24, 72, 120),
    on_badge: Color::Rgb(16, 18, 22),
};

const LIGHT: Palette = Palette {
    dim: Color::Rgb(98, 104, 114),
    rule: Color::Rgb(176, 182, 192),
    blue: Color::Rgb(3, 92, 172),
    cyan: Color::Rgb(0, 108, 122),
    orange: Color::Rgb(176, 74, 0),
    yellow: Color::Rgb(138, 98, 0),
    violet: Color::Rgb(112, 64, 176),
    ink: Color::Rgb(31, 35, 40),
    row: Color::Rgb(207, 224, 246),
    row_blurred: Color::Rgb(232, 234, 238),
    field: Color::Rgb(229, 233, 240),
    mark_before: Color::Rgb(255, 219, 184),
    mark_after: Color::Rgb(193, 221, 252),
    on_badge: Color::Rgb(255, 255, 255),
};

impl Theme {
    /// The theme of that name at that depth; without colours it is always [`ThemeName::Mono`].
    pub(in crate::tui) fn new(name: ThemeName, depth: Depth) -> Self {
        match (name, depth) {
            (_, Depth::None) | (ThemeName::Mono, _) => Self::mono(),
            (_, Depth::Sixteen) | (ThemeName::Sixteen, _) => Self::sixteen(name),
            (ThemeName::Dark, depth) => Self::of(name, &DARK, depth),
            (ThemeName::Light, depth) => Self::of(name, &LIGHT, depth),
        }
    }

    fn of(name: ThemeName, palette: &Palette, depth: Depth) -> Self {
        let colour = |colour| match depth {
            Depth::True => colour,
            _ => indexed(colour),
        };
        let plain = Style::new();
        let fg = |c| plain.fg(colour(c));
        let badge = |c| {
            plain
                .bg(colour(c))
                .fg(colour(palette.on_badge))
                .add_modifier(Modifier::BOLD)
        };
        Self {
            name,
            text: plain,
            dim: fg(palette.dim),
            shade: fg(palette.rule).remove_modifier(Modifier::BOLD),
            strong: plain.add_modifier(Modifier::BOLD),
            accent: fg(palette.blue).add_modifier(Modifier::BOLD),
            rule: fg(palette.rule),
            rule_focus: fg(palette.blue),
            key: fg(palette.blue).add_modifier(Modifier::BOLD),
            tab: fg(palette.dim),
            tab_active: badge(palette.blue),
            ink: Some(colour(palette.ink)),
            row: plain.bg(colour(palette.row)),
            row_blurred: plain.bg(colour(palette.row_blurred)),
            good: fg(palette.blue),
            bad: fg(palette.orange).add_modifier(Modifier::BOLD),
            warn: fg(palette.yellow),
            add: fg(palette.blue),
            update: fg(palette.cyan),
            delete: fg(palette.orange),
            before: fg(palette.dim),
            before_mark: fg(palette.orange).bg(colour(palette.mark_before)),
            after: plain.add_modifier(Modifier::BOLD),
            after_mark: fg(palette.ink)
                .bg(colour(palette.mark_after))
                .add_modifier(Modifier::BOLD),
            field: fg(palette.ink).bg(colour(palette.field)),
            field_bad: plain
                .bg(colour(palette.field))
                .fg(colour(palette.orange))
                .add_modifier(Modifier::UNDERLINED),
            bar: fg(palette.blue),
            environment: badge(palette.violet),
            production: badge(palette.orange),
            button: fg(palette.ink).bg(colour(palette.field)),
            button_focus: badge(palette.blue),
            danger_focus: badge(palette.orange),
        }
    }

    fn sixteen(name: ThemeName) -> Self {
        let plain = Style::new();
        let bold = Modifier::BOLD;
        let badge = |c| plain.bg(c).fg(Color::Black);
        // Light terminals keep bright colours out of the way: they cannot be read on white.
        let dim = if name == ThemeName::Light {
            plain.fg(Color::DarkGray)
        } else {
            plain.fg(Color::Gray)
        };
        Self {
            name,
            text: plain,
            dim,
            shade: plain.fg(Color::DarkGray).remove_modifier(bold),
            strong: plain.add_modifier(bold),
            accent: plain.fg(Color::Blue).add_modifier(bold),
            rule: plain.fg(Color::DarkGray),
            rule_focus: plain.fg(Color::Cyan),
            key: plain.fg(Color::Cyan).add_modifier(bold),
            tab: dim,
            tab_active: badge(Color::Cyan),
            ink: None,
            row: plain.add_modifier(Modifier::REVERSED),
            row_blurred: plain.add_modifier(bold),
            good: plain.fg(Color::Cyan),
            bad: plain.fg(Color::Yellow).add_modifier(bold),
            warn: plain.fg(Color::Yellow),
            add: plain.fg(Color::Cyan),
            update: plain.fg(Color::Blue).add_modifier(bold),
            delete: plain.fg(Color::Yellow),
            before: dim,
            before_mark: plain.fg(Color::Yellow).add_modifier(Modifier::UNDERLINED),
            after: plain.add_modifier(bold),
            after_mark: plain
                .fg(Color::Cyan)
                .add_modifier(bold.union(Modifier::UNDERLINED)),
            field: plain.add_modifier(Modifier::UNDERLINED),
            field_bad: plain
                .fg(Color::Yellow)
                .add_modifier(bold.union(Modifier::UNDERLINED)),
            bar: plain.fg(Color::Cyan),
            environment: badge(Color::Magenta),
            production: badge(Color::Yellow),
            button: plain,
            button_focus: badge(Color::Cyan),
            danger_focus: badge(Color::Yellow),
        }
    }

    /// Without any foreground or background: crossterm answers `NO_COLOR` with `ESC[;m`, which would wipe bold and
    /// reverse (docs/console.md, "Terminals and widgets").
    fn mono() -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let dim = plain.add_modifier(Modifier::DIM);
        let reversed = plain.add_modifier(Modifier::REVERSED);
        let underlined = plain.add_modifier(Modifier::UNDERLINED);
        Self {
            name: ThemeName::Mono,
            text: plain,
            dim,
            shade: dim.remove_modifier(Modifier::BOLD.union(Modifier::REVERSED)),
            strong: bold,
            accent: bold,
            rule: dim,
            rule_focus: bold,
            key: bold,
            tab: plain,
            tab_active: reversed,
            ink: None,
            row: reversed,
            row_blurred: bold,
            good: plain,
            bad: bold,
            warn: bold,
            add: plain,
            update: plain,
            delete: plain,
            before: dim,
            before_mark: dim.add_modifier(Modifier::CROSSED_OUT),
            after: bold,
            after_mark: bold.add_modifier(Modifier::UNDERLINED),
            field: underlined,
            field_bad: bold.add_modifier(Modifier::UNDERLINED),
            bar: plain,
            environment: reversed,
            production: reversed.add_modifier(Modifier::BOLD),
            button: plain,
            button_focus: reversed,
            danger_focus: reversed.add_modifier(Modifier::BOLD),
        }
    }

    /// The style of an operation.
    pub(in crate::tui) fn op(&self, op: Op) -> Style {
        match op {
            Op::Add => self.add,
            Op::Update => self.update,
            Op::Reactivate => self.accent,
            Op::SoftDelete => self.bad,
            Op::Conflict => self.warn,
            Op::Excluded | Op::Unchanged => self.dim,
        }
    }
}

/// The nearest colour of the 6x6x6 cube or the grey ramp.
fn indexed(colour: Color) -> Color {
    let Color::Rgb(r, g, b) = colour else {
        return colour;
    };
    let level = |value: u8| -> u8 {
        match value {
            0..=47 => 0,
            48..=114 => 1,
            _ => (value - 35) / 40,
        }
    };
    let value = |level: u8| -> i32 {
        if level == 0 {
            0
        } else {
            55 + i32::from(level) * 40
        }
    };
    let distance = |(cr, cg, cb): (i32, i32, i32)| {
        let d = |a: i32, b: u8| (a - i32::from(b)).pow(2);
        d(cr, r) + d(cg, g) + d(cb, b)
    };
    let cube = (level(r), level(g), level(b));
    let cube_distance = distance((value(cube.0), value(cube.1), value(cube.2)));
    let mean = (u16::from(r) + u16::from(g) + u16::from(b)) / 3;
    let step = u8::try_from(mean.saturating_sub(8) / 10)
        .unwrap_or(23)
        .min(23);
    let grey = 8 + i32::from(step) * 10;
    if distance((grey, grey, grey)) < cube_distance {
        Color::Indexed(232 + step)
    } else {
        Color::Indexed(16 + 36 * cube.0 + 6 * cube.1 + cube.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_nothing_is_coloured() {
        let shown = format!("{:?}", Theme::new(ThemeName::Dark, Depth::None));
        assert!(!shown.contains("fg(") && !shown.contains("bg("), "{shown}");
    }

    #[test]
    fn the_palette_of_256_is_near() {
        assert_eq!(indexed(Color::Rgb(255, 255, 255)), Color::Indexed(231));
        assert_eq!(indexed(Color::Rgb(138, 143, 152)), Color::Indexed(245));
        assert_eq!(indexed(Color::Rgb(97, 175, 239)), Color::Indexed(75));
    }
}
