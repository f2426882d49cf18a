//! Saving filters to the configuration file: every comment, the order and all other values stay byte for byte
//! (docs/rules.md, "Accepted rules").

use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use toml_edit::{Array, DocumentMut, Item, TableLike, Value, table};

use super::filters::FilterKey;
use super::{ConfigError, FilterConfig, RuleChange};
use crate::files;

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The file.
    pub path: PathBuf,
    /// The file as it was before; `None` where nothing had to be changed.
    pub backup: Option<PathBuf>,
}

/// The lines that say `key` of `filters`, for a file that cannot be written: the table and the value.
pub fn lines(key: FilterKey, filters: &FilterConfig) -> String {
    let name = key.name();
    let (table, last) = name.rsplit_once('.').unwrap_or(("", name));
    let values = key.values(filters);
    let value = if key.is_list() {
        Value::from(values.into_iter().collect::<Array>())
    } else {
        Value::from(values.concat())
    };
    format!("[{table}]\n{last} = {}", value.to_string().trim())
}

/// Brings the filters in the file at `path` from `before` to `now`, for `profile`: a value that the profile gives itself is
/// changed there, any other where all profiles have it. The file as it was is kept beside it, for its owner alone.
pub fn save(
    path: &Path,
    profile: &str,
    before: &FilterConfig,
    now: &FilterConfig,
    at: DateTime<Utc>,
) -> Result<Saved, ConfigError> {
    let failed = |source| ConfigError::Write {
        path: path.to_owned(),
        source,
    };
    let changes = now.changes_since(before);
    let mut saved = Saved {
        path: path.to_owned(),
        backup: None,
    };
    if changes.is_empty() {
        return Ok(saved);
    }
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: path.to_owned(),
        source,
    })?;
    let edited = edited(&text, profile, &changes, now)
        .map_err(|why| failed(std::io::Error::new(std::io::ErrorKind::InvalidData, why)))?;
    super::load::check(&edited, path)?;
    let backup = keep(path, &text, at).map_err(failed)?;
    let mode = std::fs::metadata(path).map_err(failed)?.permissions();
    files::replace(path, |out| out.write_all(edited.as_bytes())).map_err(failed)?;
    // Who could read it before still can: a service may run as another user of its group.
    std::fs::set_permissions(path, mode).map_err(failed)?;
    saved.backup = Some(backup);
    Ok(saved)
}

/// Writes the file as it was beside itself; two in one second get numbers.
fn keep(path: &Path, text: &str, at: DateTime<Utc>) -> std::io::Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stamp = at.format("%Y%m%dT%H%M%SZ");
    let mut number = 1;
    loop {
        let more = if number == 1 {
            String::new()
        } else {
            format!("-{number}")
        };
        let backup = path.with_file_name(format!("{name}.{stamp}{more}.bak"));
        match files::create_new(&backup) {
            Ok(mut file) => {
                file.write_all(text.as_bytes())?;
                return Ok(backup);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

fn edited(
    text: &str,
    profile: &str,
    changes: &[RuleChange],
    now: &FilterConfig,
) -> Result<String, String> {
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| error.message().to_owned())?;
    for change in changes {
        let path: Vec<&str> = change.rule.name().split('.').collect();
        let of_profile: Vec<&str> = ["profiles", profile]
            .into_iter()
            .chain(path.clone())
            .collect();
        let path = if at(document.as_table_mut(), &of_profile).is_some() {
            of_profile
        } else {
            path
        };
        match at(document.as_table_mut(), &path) {
            Some(item) => change_value(item, change, now)?,
            None => insert(document.as_table_mut(), &path, change, now)?,
        }
    }
    Ok(document.to_string())
}

/// The item under a dotted path, whichever way its tables are written.
fn at<'a>(table: &'a mut dyn TableLike, path: &[&str]) -> Option<&'a mut Item> {
    let (first, rest) = path.split_first()?;
    let item = table.get_mut(first)?;
    if rest.is_empty() {
        (!item.is_none()).then_some(item)
    } else {
        at(item.as_table_like_mut()?, rest)
    }
}

fn change_value(item: &mut Item, change: &RuleChange, now: &FilterConfig) -> Result<(), String> {
    let name = change.rule.name();
    let value = item
        .as_value_mut()
        .ok_or_else(|| format!("{name} is no value"))?;
    if let Some(list) = value.as_array_mut() {
        let folded = |text: &str| change.rule.folded(text);
        let lost: Vec<String> = change.lost.iter().map(|text| folded(text)).collect();
        list.retain(|entry| {
            entry
                .as_str()
                .is_none_or(|text| !lost.contains(&folded(text)))
        });
        for gained in &change.gained {
            let mut entry = Value::from(gained.as_str());
            // A list with a line for each entry gets a line more.
            let like = list.iter().last().map(|last| last.decor().clone());
            match (like, list.len()) {
                (Some(mut like), more) if more > 1 => {
                    like.set_suffix("");
                    *entry.decor_mut() = like;
                }
                (Some(_), _) => *entry.decor_mut() = toml_edit::Decor::new(" ", ""),
                (None, _) => {}
            }
            list.push_formatted(entry);
        }
        return Ok(());
    }
    let decor = value.decor().clone();
    *value = Value::from(change.rule.values(now).concat());
    *value.decor_mut() = decor;
    Ok(())
}

fn insert(
    root: &mut dyn TableLike,
    path: &[&str],
    change: &RuleChange,
    now: &FilterConfig,
) -> Result<(), String> {
    let Some((last, tables)) = path.split_last() else {
        return Ok(());
    };
    let mut place = root;
    for (depth, name) in tables.iter().enumerate() {
        let item = place.entry(name).or_insert_with(|| {
            let mut made = table();
            if let Some(made) = made.as_table_mut() {
                // Of a table that only holds tables no heading is written.
                made.set_implicit(depth + 1 < tables.len());
            }
            made
        });
        place = item
            .as_table_like_mut()
            .ok_or_else(|| format!("{name} is no table"))?;
    }
    let values = change.rule.values(now);
    let value = if change.rule.is_list() {
        Value::from(values.into_iter().collect::<Array>())
    } else {
        Value::from(values.concat())
    };
    place.insert(last, Item::Value(value));
    Ok(())
}
