//! Word lists.
/// Regions by id.
pub(super) const REGIONS: [(i64, &str); 5] = [
    (1, "EMEA"),
    (2, "North America"),
    (3, "LATAM"),
    (4, "APAC"),
    (5, "ANZ"),
];
