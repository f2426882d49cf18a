//! Renames whose new unique value is another touched row's present one: a swap, a ring, a chain. Each such group is
//! written as one, its values parked first; a unique index would refuse it row by row.

use rustc_hash::FxHashMap;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::plan::{Changed, Groups, Plan, Schema};

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
    let (alone, groups) = groups.split();
    let items_at = |places: Vec<usize>| places.into_iter().map(|place| items[place]).collect();
    (items_at(alone), groups.into_iter().map(items_at).collect())
}

#[derive(PartialEq, Eq, Hash)]
enum Value {
    Key(String),
    Id(i64),
}

/// Coarser than any index: case, accents, width and white space do not count, nor what is no letter, digit or ASCII sign
/// (collations ignore zero-width characters); all beyond the first plane is one character (`utf8mb4_unicode_ci` takes
/// one emoji for another). Too many rows in a group cost a little; one too few would fail.
pub(in crate::store) fn fold(text: &str) -> String {
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
