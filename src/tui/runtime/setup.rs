//! What the terminal can show, as far as its environment tells; and the model that a console starts with.

use chrono::{DateTime, Utc};

use super::options::{Colour, Options};
use super::state;
use crate::config::Config;
use crate::tui::console::Console;
use crate::tui::environment::Environment;
use crate::tui::keymap::Keymap;
use crate::tui::kit::glyphs::Glyphs;
use crate::tui::kit::theme::{Depth, ThemeName};
use crate::tui::model::Model;

/// Looks a variable of the environment up.
type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A variable of the process's environment.
pub(in crate::tui) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// How many colours to use.
pub(in crate::tui) fn depth(colour: Colour, lookup: Lookup<'_>) -> Depth {
    let set = |name| lookup(name).filter(|value| !value.is_empty());
    match colour {
        Colour::Never => return Depth::None,
        // no-color.org: when set and not empty, whatever its value.
        Colour::Auto if set("NO_COLOR").is_some() => return Depth::None,
        Colour::Auto | Colour::Always => {}
    }
    let term = set("TERM").unwrap_or_default();
    let true_colour =
        set("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit");
    if true_colour || term.ends_with("-direct") {
        Depth::True
    } else if term == "dumb" && colour == Colour::Auto {
        Depth::None
    } else if term.contains("256") || term.contains("kitty") || term.contains("alacritty") {
        Depth::Indexed
    } else {
        Depth::Sixteen
    }
}

/// Whether the locale is UTF-8. None at all (a bare container) counts as UTF-8: today's terminals are; `C` and `POSIX`
/// said on purpose do not.
pub(in crate::tui) fn utf8(lookup: Lookup<'_>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| lookup(name).filter(|value| !value.is_empty()));
    locale.is_none_or(|locale| {
        let locale = locale.to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// Light or dark, where the terminal says so (`COLORFGBG`: rxvt, Konsole and others).
pub(in crate::tui) fn background(lookup: Lookup<'_>) -> ThemeName {
    let light = lookup("COLORFGBG")
        .and_then(|value| value.rsplit(';').next()?.parse::<u8>().ok())
        .is_some_and(|colour| colour == 7 || colour == 15);
    if light {
        ThemeName::Light
    } else {
        ThemeName::Dark
    }
}

/// The console as it starts: configuration, then what was kept, then what was asked for on purpose.
pub(in crate::tui) fn console(
    config: &Config,
    options: &Options,
    now: DateTime<Utc>,
    lookup: Lookup<'_>,
) -> Console {
    let database = config.database.url.as_ref().map_or("no database", |url| {
        match url.expose().split(':').next() {
            Some("sqlite") => "sqlite",
            _ => "mariadb",
        }
    });
    let environment = Environment {
        label: options.environment.clone(),
        database: database.to_owned(),
        operator: config.operator.clone(),
        operator_named: config.operator_named,
        read_only: config.read_only,
        demo: options.demo_banner.clone(),
    };
    let glyphs = if options.ascii || !utf8(lookup) {
        &Glyphs::ASCII
    } else {
        &Glyphs::UNICODE
    };
    let mut model = Model::new(
        environment,
        config.guards.clone(),
        now,
        glyphs,
        background(lookup),
        depth(options.colour, lookup),
    );
    let (keymap, complaints) = Keymap::new(&config.console.keys);
    model.keymap = keymap;
    let configured = config.console.theme.as_deref();
    let theme = options
        .theme
        .or_else(|| configured.and_then(ThemeName::from_word));
    let saved = options
        .state_dir
        .as_deref()
        .map(state::read)
        .unwrap_or_default();
    let mut console = Console::new(model);
    console.restore(&saved, theme);
    let model = &mut console.model;
    for complaint in complaints {
        model.complain(complaint);
    }
    if let Some(word) = configured.filter(|word| ThemeName::from_word(word).is_none()) {
        model.complain(format!(
            "console.theme: `{word}` is no theme; use dark, light, 16 or mono."
        ));
    }
    console
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| {
            let found = pairs.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn colours_as_the_terminal_says() {
        let auto = |pairs: &[(&str, &str)]| depth(Colour::Auto, &with(pairs));
        assert_eq!(auto(&[("TERM", "xterm-256color")]), Depth::Indexed);
        assert_eq!(
            auto(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]),
            Depth::True
        );
        assert_eq!(auto(&[("TERM", "linux")]), Depth::Sixteen);
        assert_eq!(
            auto(&[("TERM", "xterm-256color"), ("NO_COLOR", "1")]),
            Depth::None
        );
        assert_eq!(
            auto(&[("TERM", "xterm-256color"), ("NO_COLOR", "")]),
            Depth::Indexed
        );
        assert_eq!(
            depth(
                Colour::Always,
                &with(&[("NO_COLOR", "1"), ("TERM", "xterm")])
            ),
            Depth::Sixteen
        );
        assert_eq!(depth(Colour::Never, &with(&[])), Depth::None);
    }

    #[test]
    fn locales_and_backgrounds() {
        assert!(utf8(&with(&[("LANG", "de_DE.UTF-8")])));
        assert!(!utf8(&with(&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")])));
        assert!(!utf8(&with(&[("LC_CTYPE", "de_DE.ISO-8859-1")])));
        assert!(utf8(&with(&[])));
        assert_eq!(
            background(&with(&[("COLORFGBG", "0;15")])),
            ThemeName::Light
        );
        assert_eq!(background(&with(&[("COLORFGBG", "15;0")])), ThemeName::Dark);
    }

    #[test]
    fn a_wrong_key_or_theme_is_said_and_does_not_stop_the_start() {
        let mut config = Config::default();
        config.console.theme = Some("solarised".into());
        config.console.keys.insert("aply".into(), "x".into());
        let now = crate::tui::fixtures::now();
        let console = console(&config, &Options::default(), now, &with(&[]));
        assert_eq!(console.model.toasts.shown.len(), 2);
    }
}
