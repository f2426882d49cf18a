//! The one table of bindings. Dispatch, footer, help, palette and the key list in the docs are made from it, so that
//! none of them can lie (ARCHITECTURE.md, "Shapes").

mod table;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::tui::kit::key::Key;

pub(super) use table::{Action, BINDINGS, Binding, On, Screen};

/// The bindings with the keys of the configuration put over those of the table.
#[derive(Clone, Debug, Default)]
pub(super) struct Keymap {
    overrides: BTreeMap<&'static str, Key>,
}

impl Keymap {
    /// Reads `console.keys`. What cannot be read is said and left out: a broken key never stops the start.
    pub(super) fn new(overrides: &BTreeMap<String, String>) -> (Self, Vec<String>) {
        let mut keymap = Self::default();
        let mut complaints = Vec::new();
        for (name, key) in overrides {
            let Some(binding) = BINDINGS.iter().find(|b| b.action.name() == name) else {
                let near = BINDINGS
                    .iter()
                    .map(|b| b.action.name())
                    .max_by(|a, b| strsim::jaro(a, name).total_cmp(&strsim::jaro(b, name)));
                complaints.push(format!(
                    "console.keys: `{name}` is no action; did you mean `{}`?",
                    near.unwrap_or_default()
                ));
                continue;
            };
            match key.parse::<Key>() {
                Ok(key) => {
                    keymap.overrides.insert(binding.action.name(), key);
                }
                Err(why) => complaints.push(format!("console.keys.{name}: {why}.")),
            }
        }
        (keymap, complaints)
    }

    /// The key that is shown for a binding; `None` for those of the palette only.
    pub(super) fn key(&self, binding: &Binding) -> Option<Key> {
        self.overrides
            .get(binding.action.name())
            .or_else(|| binding.keys.first())
            .copied()
    }

    /// All keys of a binding, for help.
    pub(super) fn keys(&self, binding: &Binding) -> String {
        if let Some(key) = self.overrides.get(binding.action.name()) {
            key.to_string()
        } else {
            let keys: Vec<String> = binding.keys.iter().map(ToString::to_string).collect();
            keys.join(" ")
        }
    }

    /// What `key` does on `screen`. A key of the configuration goes before those of the table, a screen's own before one
    /// that works everywhere.
    pub(super) fn find(&self, key: Key, screen: Screen) -> Option<&'static Binding> {
        let here = || BINDINGS.iter().filter(|binding| binding.on.has(screen));
        let chosen = here().find(|b| self.overrides.get(b.action.name()) == Some(&key));
        chosen.or_else(|| {
            here()
                .filter(|b| !self.overrides.contains_key(b.action.name()))
                .filter(|b| b.keys.contains(&key))
                .min_by_key(|b| b.on.count())
        })
    }
}

/// The key list of the docs, in Markdown; made from the table (`tests` keep the docs equal to it).
pub(super) fn docs() -> String {
    let mut out = String::new();
    let everywhere = ("Everywhere", None);
    let screens = Screen::ALL.map(|screen| (screen.title(), Some(screen)));
    for (title, screen) in std::iter::once(everywhere).chain(screens) {
        let _ = write!(
            out,
            "### {title}\n\n| key | what it does | name in `console.keys` |\n|---|---|---|\n"
        );
        for binding in BINDINGS {
            let everywhere = binding.on == On::ALL;
            if screen.map_or(everywhere, |screen| !everywhere && binding.on.has(screen)) {
                let keys: Vec<String> = binding.keys.iter().map(|key| format!("`{key}`")).collect();
                let keys = if keys.is_empty() {
                    "in the palette".to_owned()
                } else {
                    keys.join(" ")
                };
                let _ = writeln!(
                    out,
                    "| {keys} | {} | `{}` |",
                    binding.long,
                    binding.action.name()
                );
            }
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_does_two_things_on_one_screen() {
        for screen in Screen::ALL {
            let mut seen: Vec<(Key, Action, u32)> = Vec::new();
            for binding in BINDINGS.iter().filter(|b| b.on.has(screen)) {
                for &key in binding.keys {
                    let bits = binding.on.count();
                    let clash = seen
                        .iter()
                        .find(|(other, _, other_bits)| *other == key && *other_bits == bits);
                    assert!(
                        clash.is_none(),
                        "{key} on {screen:?}: {:?} and {clash:?}",
                        binding.action
                    );
                    seen.push((key, binding.action, bits));
                }
            }
        }
    }

    /// `PRMDESK_UPDATE_DOCS=1 cargo test --lib the_docs_list_these_keys` writes the list anew.
    #[test]
    fn the_docs_list_these_keys() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/KEYS.md");
        let wanted = format!(
            "# The keys of the console\n\nMade from the binding table by a test (src/tui/keymap.rs); do not edit.\n\n{}",
            docs()
        );
        if std::env::var_os("PRMDESK_UPDATE_DOCS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &wanted).unwrap();
        }
        assert!(
            std::fs::read_to_string(&path).unwrap_or_default() == wanted,
            "assets/KEYS.md is not what the table says; the comment above tells how to write it anew"
        );
    }

    #[test]
    fn every_action_has_one_name_and_one_binding() {
        let mut names: Vec<&str> = BINDINGS.iter().map(|b| b.action.name()).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn the_configuration_may_move_keys() {
        let wanted = BTreeMap::from([
            ("apply".to_owned(), "ctrl-a".to_owned()),
            ("aply".to_owned(), "x".to_owned()),
            ("tick".to_owned(), "hyper-x".to_owned()),
        ]);
        let (keymap, complaints) = Keymap::new(&wanted);
        assert_eq!(complaints.len(), 2);
        assert!(
            complaints[0].contains("did you mean `apply`"),
            "{complaints:?}"
        );
        let found = keymap.find(Key::ctrl('a'), Screen::Preview).unwrap();
        assert_eq!(found.action, Action::Apply);
        assert!(keymap.find(Key::char('A'), Screen::Preview).is_none());
        assert!(docs().contains("| `A` | "));
    }
}
