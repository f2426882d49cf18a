//! Which rows an administrator holds (docs/rules.md, "The plan").

use rustc_hash::FxHashSet;

/// The holds of one entity. A hold stands on a row; one of a record that has no row yet stands on its Impartner id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holds {
    rows: FxHashSet<i64>,
    ids: FxHashSet<i64>,
}

impl Holds {
    /// Adds a hold on `row`, or on record `id` where there is no row.
    pub fn add(&mut self, row: Option<i64>, id: i64) {
        match row {
            Some(row) => self.rows.insert(row),
            None => self.ids.insert(id),
        };
    }

    /// Whether `row`, or record `id`, is held.
    pub fn has(&self, row: Option<i64>, id: Option<i64>) -> bool {
        row.is_some_and(|row| self.rows.contains(&row))
            || id.is_some_and(|id| self.ids.contains(&id))
    }
}

/// Holds on records, by Impartner id.
impl FromIterator<i64> for Holds {
    fn from_iter<T: IntoIterator<Item = i64>>(ids: T) -> Self {
        Self {
            rows: FxHashSet::default(),
            ids: ids.into_iter().collect(),
        }
    }
}
