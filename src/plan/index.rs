//! Finding rows by a text key without keeping a million keys: hashes in a map, real keys compared on the way out.

use std::hash::{BuildHasher, BuildHasherDefault};

use rustc_hash::{FxHashMap, FxHasher};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{Entity, UniqueRule};
use crate::text::{email_key, name_key};

/// Row numbers by the hash of their key.
#[derive(Debug, Default)]
pub(super) struct KeyIndex {
    first: FxHashMap<u64, u32>,
    /// Further rows under a hash that is taken already.
    more: FxHashMap<u64, Vec<u32>>,
}

impl KeyIndex {
    /// An index over `rows`; rows for which `key` gives nothing are left out.
    pub(super) fn over(
        rows: impl Iterator<Item = u32>,
        key: impl Fn(u32) -> Option<String>,
    ) -> Self {
        let mut index = Self::default();
        for row in rows {
            if let Some(key) = key(row) {
                index.insert(&key, row);
            }
        }
        index
    }

    /// Adds `row` under `key`.
    pub(super) fn insert(&mut self, key: &str, row: u32) {
        let hash = hash(key);
        match self.first.entry(hash) {
            std::collections::hash_map::Entry::Vacant(slot) => {
                slot.insert(row);
            }
            std::collections::hash_map::Entry::Occupied(_) => {
                self.more.entry(hash).or_default().push(row);
            }
        }
    }

    /// The rows under `key`, in the order in which they were added; `key_of` gives a row's real key.
    pub(super) fn get<'a>(
        &'a self,
        key: &'a str,
        key_of: impl Fn(u32) -> Option<String> + 'a,
    ) -> impl Iterator<Item = u32> + 'a {
        let hash = hash(key);
        let first = self.first.get(&hash).copied();
        let more = if first.is_some() {
            self.more.get(&hash)
        } else {
            None
        };
        first
            .into_iter()
            .chain(more.into_iter().flatten().copied())
            .filter(move |&row| key_of(row).as_deref() == Some(key))
    }

    /// Every hash that more than one row stands under.
    pub(super) fn crowded(&self) -> impl Iterator<Item = impl Iterator<Item = u32>> {
        self.more.iter().map(|(hash, more)| {
            self.first
                .get(hash)
                .copied()
                .into_iter()
                .chain(more.iter().copied())
        })
    }
}

fn hash(key: &str) -> u64 {
    BuildHasherDefault::<FxHasher>::default().hash_one(key)
}

/// The key under which the key field of two records of `entity` is the same by docs/rules.md, "Matching".
pub(super) fn match_key(entity: Entity, text: &str) -> String {
    match entity {
        Entity::Partners => name_key(text),
        Entity::Contacts => email_key(text),
    }
}

/// The key under which two values are one for the rule of section 4 *or* for the database's unique index.
pub(super) fn unique_key(entity: Entity, rule: UniqueRule, text: &str) -> String {
    let key = match_key(entity, text);
    if rule != UniqueRule::IgnoreCaseAndAccents || key.is_ascii() {
        return key;
    }
    key.nfkd()
        .filter(|&c| !is_combining_mark(c))
        .collect::<String>()
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_count_only_where_the_database_sees_them() {
        let key = |rule, text| unique_key(Entity::Partners, rule, text);
        assert_eq!(
            key(UniqueRule::IgnoreCaseAndAccents, "Bêta"),
            key(UniqueRule::IgnoreCaseAndAccents, "BETA")
        );
        assert_ne!(
            key(UniqueRule::IgnoreCase, "Bêta"),
            key(UniqueRule::IgnoreCase, "Beta")
        );
    }

    #[test]
    fn all_rows_under_a_key_are_found() {
        let names = ["a", "b", "a"];
        let key_of = |row: u32| names.get(row as usize).map(|name| (*name).to_owned());
        let index = KeyIndex::over(0..3, key_of);
        assert_eq!(index.get("a", key_of).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(index.get("c", key_of).count(), 0);
        assert_eq!(index.crowded().count(), 1);
    }
}
