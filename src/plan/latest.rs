//! Which reading of a record counts.

use rustc_hash::FxHashMap;

use super::SourceSet;

/// The last reading of each record, by Impartner id. Of two readings the later modified one counts, and of equal ones
/// the one read later.
///
/// A listing comes ordered by id, so nearly all of it is found by bisection; only what stands out of order (records
/// asked for by id, readings of a page that shifted) is kept in a map.
pub(super) struct Latest<'a> {
    ascending: &'a [i64],
    others: FxHashMap<i64, u32>,
}

impl<'a> Latest<'a> {
    pub(super) fn of(source: &'a SourceSet) -> Self {
        let ids = source.ids();
        let end = ids
            .iter()
            .zip(ids.iter().skip(1))
            .position(|(one, next)| one >= next)
            .map_or(ids.len(), |at| at + 1);
        let mut latest = Self {
            ascending: &ids[..end],
            others: FxHashMap::default(),
        };
        for (at, &id) in (0u32..).zip(ids).skip(end) {
            let newer = latest
                .get(id)
                .is_none_or(|known| source.modified(at) >= source.modified(known));
            if newer {
                latest.others.insert(id, at);
            }
        }
        latest
    }

    /// The reading of `id` that counts.
    pub(super) fn get(&self, id: i64) -> Option<u32> {
        self.others.get(&id).copied().or_else(|| {
            let at = self.ascending.binary_search(&id).ok()?;
            u32::try_from(at).ok()
        })
    }

    /// Whether `id` was read at all.
    pub(super) fn has(&self, id: i64) -> bool {
        self.get(id).is_some()
    }
}
