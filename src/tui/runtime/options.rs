//! What the command line asks of the console.

use std::path::PathBuf;

use crate::tui::kit::theme::ThemeName;

/// How the console is to look and where it keeps its state.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Draw without box glyphs or braille, whatever the locale.
    pub ascii: bool,
    /// Whether to use colours.
    pub colour: Colour,
    /// The theme; `None`: the one of the last time, or dark.
    pub theme: Option<ThemeName>,
    /// Where last screen, filters and the like are kept; `None`: nowhere.
    pub state_dir: Option<PathBuf>,
    /// What the title bar calls the place where we work: the profile.
    pub environment: String,
    /// The sandbox's banner.
    pub demo_banner: Option<String>,
}

/// Whether to use colours (`--color`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// Unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Even then.
    Always,
    /// No.
    Never,
}
