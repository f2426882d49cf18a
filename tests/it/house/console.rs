//! The rules of the console's screens, each a room of its own.

use super::source::{Source, names};

pub(super) fn screens_are_closed(sources: &[Source]) -> Vec<String> {
    let screens = ["tui", "screen"];
    let mut faults = Vec::new();
    for source in sources {
        if source.is_test() || source.path == "src/tui/screen.rs" {
            continue;
        }
        let module = source.module();
        let own = module.starts_with(&screens).then(|| module[2]);
        for path in source.uses() {
            let named = match &path[..] {
                [tui, screen, named, ..] if [tui, screen] == screens => named.as_str(),
                _ => continue,
            };
            if Some(named) != own && named != "Screens" {
                faults.push(format!("{}: imports {}", source.path, path.join("::")));
            }
        }
    }
    faults
}

pub(super) fn nobody_matches_on_a_screen(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources {
        let lists = ["src/tui/screen.rs", "src/tui/keymap/table.rs"];
        if source.is_test() || !source.is_in("tui") || lists.contains(&source.path.as_str()) {
            continue;
        }
        let on_a_screen = |line: &str| {
            let head = line.trim_end().strip_suffix('{').map(str::trim_end);
            head.is_some_and(|head| names(head, "match") && head.ends_with("screen"))
        };
        let arm = |(at, _): (usize, &str)| {
            let rest =
                source.code[at + "Screen::".len()..].trim_start_matches(char::is_alphanumeric);
            let rest = rest.trim_start();
            rest.starts_with("=>") || rest.starts_with("| Screen::")
        };
        if source.code.lines().any(on_a_screen) || source.code.match_indices("Screen::").any(arm) {
            faults.push(format!("{}: matches on a screen", source.path));
        }
    }
    faults
}
