//! The one table of bindings. Dispatch, footer, help, palette and the key list in the docs are made from it, so that
//! none of them can lie (ARCHITECTURE.md, "Shapes").

mod reasons;
mod table;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::action::Action;
use super::kit::key::Key;
use super::model::{Model, Screen};

pub(super) use table::BINDINGS;

/// On which screens a binding works: one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct On(u8);

impl On {
    pub(super) const OVERVIEW: Self = Self(1);
    pub(super) const PREVIEW: Self = Self(1 << 1);
    pub(super) const OFFBOARDING: Self = Self(1 << 2);
    pub(super) const CERTIFICATIONS: Self = Self(1 << 3);
    pub(super) const HISTORY: Self = Self(1 << 4);
    pub(super) const ALL: Self = Self(0b1_1111);

    /// Both.
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it works on `screen`.
    pub(super) fn has(self, screen: Screen) -> bool {
        self.0 >> (screen as u8) & 1 == 1
    }
}

/// Why an action is not possible now; `None` when it is.
pub(super) type Disabled = fn(&Model) -> Option<Cow<'static, str>>;

/// A key, what it does, where, and why not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Binding {
    /// What it does.
    pub(super) action: Action,
    /// The keys that do it, the shown one first.
    pub(super) keys: &'static [Key],
    /// One or two words for the footer.
    pub(super) short: &'static str,
    /// A sentence without a full stop for help, palette and docs.
    pub(super) long: &'static str,
    /// On which screens.
    pub(super) on: On,
    /// Place in the footer, 1 first; 0: not there.
    pub(super) footer: u8,
    /// Why it is not possible now.
    pub(super) disabled: Disabled,
}

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
                .min_by_key(|b| b.on.0.count_ones())
        })
    }
}

/// The key list of the docs, in Markdown; made from the table (`tests` keep the docs equal to it).
pub(super) fn docs() -> String {
    let mut out = String::new();
    let everywhere = ("Everywhere", On::ALL);
    let screens = Screen::ALL.map(|screen| (screen.title(), On(1 << screen as u8)));
    for (title, on) in std::iter::once(everywhere).chain(screens) {
        let _ = write!(
            out,
            "### {title}\n\n| key | what it does | name in `console.keys` |\n|---|---|---|\n"
        );
        for binding in BINDINGS {
            let here = if on == On::ALL {
                binding.on == On::ALL
            } else {
                binding.on != On::ALL && binding.on.0 & on.0 != 0
            };
            if here {
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
                    let bits = binding.on.0.count_ones();
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
