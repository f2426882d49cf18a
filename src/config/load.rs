//! Finding and reading the configuration: file, profile, environment, flags (docs/contract.md, "Configuration"). What
//! comes later in that order wins, key by key.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::Config;
use super::fault::{ConfigError, Fault, Place, nearest};
use super::keys::{SECRET_SUFFIXES, Set, find, is_table, names};
use super::layer::{Given, Layer};
use super::paths::{Env, default_file};
use super::secret::{Secret, TIMEOUT, from_command, from_file};
use super::value::Value;
use super::variables::VARIABLES;
use super::{address, trust};

/// The addresses that secrets are sent to.
const ADDRESSES: [&str; 2] = ["impartner.url", "lms.url"];

/// What flags say; it overrides the environment, which overrides the file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--operator`.
    pub operator: Option<String>,
    /// `--read-only`.
    pub read_only: bool,
    /// `--log-level`.
    pub log_level: Option<String>,
}

/// A configuration and where it came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// The file that was read, if any.
    pub path: Option<PathBuf>,
    /// Names of the profiles that the file has.
    pub profiles: Vec<String>,
    /// Keys whose secret stands in the file itself, for `doctor`.
    pub inline_secrets: Vec<&'static str>,
    /// What is not as it should be and stops nothing: sentences without their full stop.
    pub warnings: Vec<String>,
}

/// Reads the configuration. `env` gives environment variables.
pub fn load(overrides: &Overrides, env: Env<'_>) -> Result<Loaded, ConfigError> {
    let path = overrides
        .config
        .clone()
        .or_else(|| env("PRMDESK_CONFIG").map(PathBuf::from))
        .or_else(|| default_file(env));
    let file = match &path {
        Some(path) => File::read(path)?,
        None => File::default(),
    };
    let profile = overrides
        .profile
        .clone()
        .unwrap_or_else(|| "default".into());
    let of_profile = match file.profiles.get(&profile) {
        Some(layer) => layer.clone(),
        None if profile == "default" => Layer::new(),
        None => {
            return Err(ConfigError::Profile {
                name: profile,
                known: file.profiles.into_keys().collect(),
            });
        }
    };
    let of_environment = variables(env);
    address::check([&file.base, &of_profile, &of_environment])?;
    let mut given = file.base.clone();
    given.extend(of_profile);
    given.extend(of_environment);
    if let Some(name) = &overrides.operator {
        flag(&mut given, "operator", "--operator", name);
    }
    if let Some(level) = &overrides.log_level {
        flag(&mut given, "log.level", "--log-level", level);
    }
    let dir = path
        .as_deref()
        .and_then(Path::parent)
        .unwrap_or(Path::new(""));
    let warnings = RefCell::new(Vec::new());
    let mut config = decode(&given, &|secret| {
        secret.resolve(dir, env, &mut warnings.borrow_mut())
    })?;
    config.profile = profile;
    config.file.clone_from(&path);
    config.read_only |= overrides.read_only;
    if !config.operator_named {
        config.operator = whoami::username().unwrap_or_else(|_| "unknown".to_owned());
    }
    Ok(Loaded {
        config,
        path,
        profiles: file.profiles.into_keys().collect(),
        inline_secrets: inline_secrets(&given),
        warnings: warnings.into_inner(),
    })
}

/// Whether `text` could stand in the configuration file at `path`.
pub(super) fn check(text: &str, path: &Path) -> Result<(), ConfigError> {
    File::parse(text, path).map(|_| ())
}

/// A file, taken apart.
#[derive(Default)]
struct File {
    base: Layer,
    profiles: BTreeMap<String, Layer>,
}

impl File {
    fn read(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |source| ConfigError::Read {
            path: path.to_owned(),
            source,
        };
        let mut file = std::fs::File::open(path).map_err(unreadable)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(unreadable)?;
        let parsed = Self::parse(&text, path)?;
        if let Some(why) = trust::suspicion(&file)
            && let Some((key, line)) = parsed.delicate()
        {
            return Err(ConfigError::Untrusted {
                path: path.to_owned(),
                why,
                key,
                line,
            });
        }
        Ok(parsed)
    }

    /// The first key of the file, with its line, that nobody else may decide: a secret, a command that gives one, or the
    /// address that one is sent to.
    fn delicate(&self) -> Option<(String, usize)> {
        let layers = std::iter::once(&self.base).chain(self.profiles.values());
        let named = layers.flatten().filter_map(|(name, given)| {
            let delicate = match find(name)?.0.set {
                Set::Secret(_) => true,
                Set::Plain(_) | Set::Open(_) => ADDRESSES.contains(&name.as_str()),
            };
            let suffix = Some(given.rest.as_str()).filter(|rest| SECRET_SUFFIXES.contains(rest));
            match &given.place {
                Place::Line(_, line) if delicate => {
                    Some((format!("{name}{}", suffix.unwrap_or_default()), *line))
                }
                _ => None,
            }
        });
        named.min_by_key(|(_, line)| *line)
    }

    /// Takes `text` apart and checks every key and value in it, those of profiles that are not in use too.
    fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let root = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
            path: path.to_owned(),
            line: line_of(text, error.span().map_or(0, |span| span.start)),
            message: error.message().to_owned(),
        })?;
        let mut walk = Walk {
            text,
            path,
            faults: Vec::new(),
        };
        let mut file = Self::default();
        for (key, value) in root.get_ref() {
            let at = key.span().start;
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("profiles", DeValue::Table(profiles)) => {
                    for (name, table) in profiles {
                        let mut layer = Layer::new();
                        match table.get_ref() {
                            DeValue::Table(table) => walk.table("", table, &mut layer),
                            other => walk.must_be_table("profiles", name.span().start, other),
                        }
                        file.profiles.insert(name.get_ref().to_string(), layer);
                    }
                }
                ("profiles", other) => walk.must_be_table("profiles", at, other),
                (name, value) => walk.entry(name, at, value, &mut file.base),
            }
        }
        let mut faults = walk.faults;
        for layer in std::iter::once(&file.base).chain(file.profiles.values()) {
            if let Err(ConfigError::Faults { faults: more }) =
                decode(layer, &|_| Ok(Secret::new("")))
            {
                faults.extend(more);
            }
        }
        if faults.is_empty() {
            return Ok(file);
        }
        faults.sort_by_key(|fault| match &fault.place {
            Place::Line(_, line) => *line,
            Place::Variable(_) | Place::Flag(_) => usize::MAX,
        });
        Err(ConfigError::Faults { faults })
    }
}

/// Flattens tables to dotted keys and finds the unknown ones.
struct Walk<'a> {
    text: &'a str,
    path: &'a Path,
    faults: Vec<Fault>,
}

impl Walk<'_> {
    fn table(&mut self, prefix: &str, table: &DeTable<'_>, layer: &mut Layer) {
        for (key, value) in table {
            let name = if prefix.is_empty() {
                key.get_ref().to_string()
            } else {
                format!("{prefix}.{}", key.get_ref())
            };
            self.entry(&name, key.span().start, value.get_ref(), layer);
        }
    }

    fn entry(&mut self, name: &str, at: usize, value: &DeValue<'_>, layer: &mut Layer) {
        if let Some((key, rest)) = find(name) {
            let given = Given {
                value: Value::of(value),
                place: self.place(at),
                rest: rest.trim_start_matches('.').to_owned(),
            };
            let slot = match key.set {
                Set::Open(_) => name,
                Set::Plain(_) | Set::Secret(_) => key.name,
            };
            if let Some(before) = layer.insert(slot.to_owned(), given) {
                let [a, b] = [&before.rest, &rest.to_owned()].map(|rest| format!("{slot}{rest}"));
                self.fault(at, format!("{a} and {b} are both given; keep one of them"));
            }
        } else if is_table(name) {
            match value {
                DeValue::Table(table) => self.table(name, table, layer),
                other => self.must_be_table(name, at, other),
            }
        } else {
            let near = nearest(name, names()).unwrap_or_default();
            self.fault(
                at,
                format!("unknown key `{name}`; the nearest known key is `{near}`"),
            );
        }
    }

    fn must_be_table(&mut self, name: &str, at: usize, value: &DeValue<'_>) {
        let sort = Value::of(value).sort();
        self.fault(at, format!("{name} must be a table, but it is {sort}"));
    }

    fn fault(&mut self, at: usize, message: String) {
        let place = self.place(at);
        self.faults.push(Fault { place, message });
    }

    fn place(&self, at: usize) -> Place {
        Place::Line(self.path.to_owned(), line_of(self.text, at))
    }
}

/// The line of byte `at`, counted from 1.
fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|&byte| byte == b'\n').count()
}

fn variables(env: Env<'_>) -> Layer {
    let given = |variable| env(variable).filter(|text| !text.trim().is_empty());
    VARIABLES
        .iter()
        .filter_map(|&(variable, key)| {
            let given = Given {
                value: Value::Text(given(variable)?),
                place: Place::Variable(variable),
                rest: String::new(),
            };
            Some((key.to_owned(), given))
        })
        .collect()
}

fn flag(layer: &mut Layer, key: &str, flag: &'static str, text: &str) {
    let given = Given {
        value: Value::Text(text.to_owned()),
        place: Place::Flag(flag),
        rest: String::new(),
    };
    layer.insert(key.to_owned(), given);
}

/// A secret as it was given, before files are read or commands run.
struct GivenSecret<'a> {
    key: &'static str,
    suffix: &'a str,
    text: &'a str,
    place: &'a Place,
}

impl GivenSecret<'_> {
    fn resolve(
        &self,
        dir: &Path,
        env: Env<'_>,
        warnings: &mut Vec<String>,
    ) -> Result<Secret, ConfigError> {
        let found = match self.suffix {
            "_file" => {
                let path = dir.join(home(self.text, env));
                from_file(&path, TIMEOUT).map(|(secret, open)| {
                    if open {
                        warnings.push(format!(
                            "{}_file: {} can be read by others; take their rights away (chmod 600)",
                            self.key,
                            path.display()
                        ));
                    }
                    secret
                })
            }
            "_command" => {
                let dir = if dir.as_os_str().is_empty() {
                    Path::new(".")
                } else {
                    dir
                };
                from_command(self.text, dir, TIMEOUT)
            }
            _ => Ok(Secret::new(self.text)),
        };
        found.map_err(|message| ConfigError::Secret {
            place: self.place.clone(),
            key: format!("{}{}", self.key, self.suffix),
            message,
        })
    }
}

/// `~/x` as a path below the home directory.
fn home(text: &str, env: Env<'_>) -> PathBuf {
    match (text.strip_prefix("~/"), env("HOME")) {
        (Some(below), Some(home)) => Path::new(&home).join(below),
        _ => PathBuf::from(text),
    }
}

/// Puts what was given over the defaults. All faults are found before a secret is asked for.
fn decode(
    given: &Layer,
    resolve: &dyn Fn(&GivenSecret<'_>) -> Result<Secret, ConfigError>,
) -> Result<Config, ConfigError> {
    let mut config = Config::default();
    let mut faults = Vec::new();
    let mut secrets = Vec::new();
    for (name, given) in given {
        let Some((key, _)) = find(name) else { continue };
        let done = match key.set {
            Set::Plain(set) => set(&mut config, &given.value),
            Set::Open(set) => set(&mut config, &given.rest, &given.value),
            Set::Secret(slot) => given.value.text().map(|text| {
                let suffix = given.rest.as_str();
                let (key, place) = (key.name, &given.place);
                secrets.push((
                    slot,
                    GivenSecret {
                        key,
                        suffix,
                        text,
                        place,
                    },
                ));
            }),
        };
        if let Err(why) = done {
            let suffix = if SECRET_SUFFIXES.contains(&given.rest.as_str()) {
                &given.rest
            } else {
                ""
            };
            faults.push(Fault {
                place: given.place.clone(),
                message: format!("{name}{suffix} {why}"),
            });
        }
    }
    if !faults.is_empty() {
        return Err(ConfigError::Faults { faults });
    }
    for (slot, secret) in secrets {
        *slot(&mut config) = Some(resolve(&secret)?);
    }
    Ok(config)
}

fn inline_secrets(given: &Layer) -> Vec<&'static str> {
    given
        .iter()
        .filter(|(_, given)| given.rest.is_empty() && matches!(given.place, Place::Line(..)))
        .filter_map(|(name, _)| find(name))
        .filter(|(key, _)| matches!(key.set, Set::Secret(_)))
        .map(|(key, _)| key.name)
        .collect()
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
