//! Renames whose new unique value is another touched row's present one: a swap, a ring, a chain. Each such group is
//! written as one, its values parked first; a unique index would refuse it row by row.

use rustc_hash::FxHashMap;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::plan::{Changed, Plan, Schema};

/// Splits items that write existing rows into those that can go by themselves and the groups that cannot.
pub(super) fn split(plan: &Plan, items: &[usize]) -> (Vec<usize>, Vec<Vec<usize>>) {
    let key_bit = u32::try_from(Schema::KEY).unwrap_or_default();
    let mut present: FxHashMap<Value, usize> = FxHashMap::default();
    for &at in items {
        let view = plan.view(at);
        if view.item.changed.has(key_bit)
            && let Some(key) = view.before(Schema::KEY)
        {
            present.insert(Value::Key(fold(key)), at);
        }
        if view.item.changed.has(Changed::IMPARTNER_ID)
            && let Some(id) = view.item.impartner_before
        {
            present.insert(Value::Id(id), at);
        }
    }
    let mut group: FxHashMap<usize, usize> = FxHashMap::default();
    for &at in items {
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
            if other != at {
                let (one, two) = (root(&group, at), root(&group, other));
                group.entry(one).or_insert(one);
                group.insert(two, one);
            }
        }
    }
    let mut alone = Vec::with_capacity(items.len());
    let mut groups: FxHashMap<usize, Vec<usize>> = FxHashMap::default();
    for &at in items {
        if group.contains_key(&at) {
            groups.entry(root(&group, at)).or_default().push(at);
        } else {
            alone.push(at);
        }
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
    groups.sort();
    (alone, groups)
}

#[derive(PartialEq, Eq, Hash)]
enum Value {
    Key(String),
    Id(i64),
}

fn root(group: &FxHashMap<usize, usize>, mut at: usize) -> usize {
    while let Some(&up) = group.get(&at) {
        if up == at {
            break;
        }
        at = up;
    }
    at
}

/// Coarser than any index: case, accents, width and white space do not count. Too many rows in a group cost a little;
/// one too few would fail.
fn fold(text: &str) -> String {
    text.nfkd()
        .filter(|&c| !is_combining_mark(c) && !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect()
}
