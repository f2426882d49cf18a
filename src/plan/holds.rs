//! Which rows an administrator holds, and why (docs/rules.md, "The plan").

use rustc_hash::FxHashMap;

/// The holds of one entity. A hold stands on a row; one of a record that has no row yet stands on its Impartner id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holds {
    rows: FxHashMap<i64, String>,
    ids: FxHashMap<i64, String>,
}

impl Holds {
    /// Adds a hold on `row`, or on record `id` where there is no row; `why` says who holds it, since when and why, for
    /// people. May be empty.
    pub fn add(&mut self, row: Option<i64>, id: i64, why: String) {
        match row {
            Some(row) => self.rows.insert(row, why),
            None => self.ids.insert(id, why),
        };
    }

    /// Whether `row`, or record `id`, is held.
    pub fn has(&self, row: Option<i64>, id: Option<i64>) -> bool {
        self.why(row, id).is_some()
    }

    /// Who holds `row`, or record `id`, since when and why; `None`: nobody.
    pub fn why(&self, row: Option<i64>, id: Option<i64>) -> Option<&str> {
        let on_row = row.and_then(|row| self.rows.get(&row));
        let found = on_row.or_else(|| id.and_then(|id| self.ids.get(&id)));
        found.map(String::as_str)
    }

    /// `reason` with who holds the row, where somebody does.
    pub fn told(&self, reason: String, row: Option<i64>, id: Option<i64>) -> String {
        match self.why(row, id) {
            Some(why) if !why.is_empty() => format!("{reason}; {why}"),
            _ => reason,
        }
    }
}

/// Holds on records, by Impartner id.
impl FromIterator<i64> for Holds {
    fn from_iter<T: IntoIterator<Item = i64>>(ids: T) -> Self {
        Self {
            rows: FxHashMap::default(),
            ids: ids.into_iter().map(|id| (id, String::new())).collect(),
        }
    }
}
