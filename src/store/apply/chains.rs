//! Renames whose new unique value is another touched row's present one: a swap, a ring, a chain. Each such group is
//! written as one, its values parked first; a unique index would refuse it row by row.

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::plan::{Changed, Plan, Schema};

/// Splits items that write existing rows into those that can go by themselves and the groups that cannot.
pub(super) fn split(plan: &Plan, items: &[usize]) -> (Vec<usize>, Vec<Vec<usize>>) {
    let key_bit = u32::try_from(Schema::KEY).unwrap_or_default();
    let mut present: FxHashMap<Value, usize> = FxHashMap::default();
    for (place, &at) in items.iter().enumerate() {
        let view = plan.view(at);
        if view.item.changed.has(key_bit)
            && let Some(key) = view.before(Schema::KEY)
        {
            present.insert(Value::Key(fold(key)), place);
        }
        if view.item.changed.has(Changed::IMPARTNER_ID)
            && let Some(id) = view.item.impartner_before
        {
            present.insert(Value::Id(id), place);
        }
    }
    let mut groups = Groups::of(items.len());
    for (place, &at) in items.iter().enumerate() {
        let view = plan.view(at);
        let key = view
            .item
            .changed
            .has(key_bit)
            .then(|| view.after(Schema::KEY))
            .flatten();
        let id = view
            .item
            .changed
            .has(Changed::IMPARTNER_ID)
            .then_some(view.item.impartner_id)
            .flatten();
        let wanted = [key.map(|key| Value::Key(fold(key))), id.map(Value::Id)];
        for other in wanted
            .iter()
            .flatten()
            .filter_map(|value| present.get(value).copied())
        {
            groups.join(place, other);
        }
    }
    groups.split(items)
}

/// Items that must be written together: a forest in which every item points to another of its group, its root to
/// itself. The smaller group joins the larger one, so that no item is further than log2(n) steps from its root; a
/// chain of 16,000 e-mails that are each shifted by one would else be walked from end to end for each of them.
struct Groups {
    up: Vec<usize>,
    size: Vec<usize>,
}

impl Groups {
    /// `count` items, each by itself.
    fn of(count: usize) -> Self {
        Self {
            up: (0..count).collect(),
            size: vec![1; count],
        }
    }

    /// The root of `item`'s group.
    fn root(&self, mut item: usize) -> usize {
        while self.up[item] != item {
            item = self.up[item];
        }
        item
    }

    /// Puts the groups of two items together.
    fn join(&mut self, one: usize, two: usize) {
        let (one, two) = (self.root(one), self.root(two));
        if one == two {
            return;
        }
        let (small, large) = if self.size[one] < self.size[two] {
            (one, two)
        } else {
            (two, one)
        };
        self.up[small] = large;
        self.size[large] += self.size[small];
    }

    /// `items` that are alone in their group, and the groups of several, both in the order of `items`.
    fn split(&self, items: &[usize]) -> (Vec<usize>, Vec<Vec<usize>>) {
        let mut alone = Vec::with_capacity(items.len());
        let mut groups: FxIndexMap<usize, Vec<usize>> = FxIndexMap::default();
        for (place, &at) in items.iter().enumerate() {
            let root = self.root(place);
            if self.size[root] == 1 {
                alone.push(at);
            } else {
                groups.entry(root).or_default().push(at);
            }
        }
        (alone, groups.into_values().collect())
    }
}

type FxIndexMap<K, V> = IndexMap<K, V, FxBuildHasher>;

#[derive(PartialEq, Eq, Hash)]
enum Value {
    Key(String),
    Id(i64),
}

/// Coarser than any index: case, accents, width and white space do not count, nor what is no letter, digit or ASCII sign
/// (collations ignore zero-width characters); all beyond the first plane is one character (`utf8mb4_unicode_ci` takes
/// one emoji for another). Too many rows in a group cost a little; one too few would fail.
fn fold(text: &str) -> String {
    text.nfkd()
        .filter(|&c| !is_combining_mark(c) && !c.is_whitespace())
        .filter(|&c| c.is_ascii_graphic() || c.is_alphanumeric() || c > LAST_OF_FIRST_PLANE)
        .map(|c| c.min(LAST_OF_FIRST_PLANE))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The last character that fits into 16 bits.
const LAST_OF_FIRST_PLANE: char = '\u{ffff}';

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(groups: &Groups, item: usize) -> u32 {
        let mut depth = 0;
        let mut at = item;
        while groups.up[at] != at {
            at = groups.up[at];
            depth += 1;
        }
        depth
    }

    #[test]
    fn a_long_chain_stays_shallow_whatever_its_order() {
        const LENGTH: usize = 16_384;
        let ascending: Vec<usize> = (1..LENGTH).collect();
        let descending = ascending.iter().copied().rev().collect();
        for order in [ascending, descending] {
            let mut groups = Groups::of(LENGTH);
            for next in order {
                groups.join(next - 1, next);
            }
            let deepest = (0..LENGTH).map(|item| depth(&groups, item)).max();
            assert!(deepest <= Some(LENGTH.ilog2()), "{deepest:?}");
            let items: Vec<usize> = (0..LENGTH).collect();
            assert_eq!(groups.split(&items), (vec![], vec![items.clone()]));
        }
    }

    #[test]
    fn what_a_collation_may_take_for_one_is_folded_alike() {
        for (one, two) in [
            ("Bêta", "BETA"),
            ("Acme \u{1f600}", "Acme \u{1f601}"),
            ("a\u{200b}cme", "acme"),
            ("ａcme", "acme"),
            ("x\u{0}y", "xy"),
        ] {
            assert_eq!(fold(one), fold(two), "{one:?} {two:?}");
        }
        assert_ne!(fold("日本"), fold("東京"));
    }
}
