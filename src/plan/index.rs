//! Finding rows by a text key without keeping a million keys: hashes in a map, real keys compared on the way out.

use std::hash::{BuildHasher, BuildHasherDefault};

use super::{Entity, Groups};
use crate::text::{email_key, name_key};
use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHasher};

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

/// Names or e-mails that the database's unique index takes for one, although the rule of docs/rules.md, "Matching",
/// tells them apart: its collation may ignore accents, emoji, zero-width characters and more. The database is asked
/// (`store::Store::same_keys`), not imitated; what it says is input of the planner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SameKeys(FxHashMap<String, String>);

impl SameKeys {
    /// From lists of texts of `entity`'s key field; the texts of one list count as one, and lists that share a text
    /// count as one list.
    pub fn of(entity: Entity, lists: impl IntoIterator<Item = Vec<String>>) -> Self {
        let mut numbers: IndexSet<String, FxBuildHasher> = IndexSet::default();
        let mut groups = Groups::default();
        for list in lists {
            let mut first = None;
            for text in list {
                let (number, new) = numbers.insert_full(match_key(entity, &text));
                if new {
                    groups.push();
                }
                groups.join(*first.get_or_insert(number), number);
            }
        }
        let (_, groups) = groups.split();
        let mut one = FxHashMap::default();
        for members in groups {
            // The first in alphabetical order stands for all, so that the same answer always gives the same keys.
            if let Some(first) = members.iter().map(|&number| &numbers[number]).min() {
                let keys = members.iter().map(|&number| numbers[number].clone());
                one.extend(keys.map(|key| (key, first.clone())));
            }
        }
        Self(one)
    }

    /// The key under which two values are one for the rule of "Matching" *or* for the database's unique index.
    pub(super) fn unique_key(&self, entity: Entity, text: &str) -> String {
        let key = match_key(entity, text);
        match self.0.get(&key) {
            Some(one) => one.clone(),
            None => key,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_database_takes_for_one_has_one_key() {
        let lists = [
            vec!["Bêta", "beta "],
            vec!["Gamma"],
            vec!["BETA", "b\u{200b}eta"],
        ];
        let same = SameKeys::of(
            Entity::Partners,
            lists.map(|list| list.into_iter().map(str::to_owned).collect()),
        );
        let key = |text| same.unique_key(Entity::Partners, text);
        assert_eq!(key("BÊTA"), key("Beta"));
        assert_eq!(key("BÊTA"), key("B\u{200b}eta"));
        assert_eq!(key("Gamma"), "gamma");
        assert_ne!(
            SameKeys::default().unique_key(Entity::Partners, "Bêta"),
            key("Beta")
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
