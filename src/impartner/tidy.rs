//! What is made of a reading: each record once, and what looked odd told once.

use super::decode::Oddity;
use super::dialect::Dialect;
use super::shape::Shape;
use super::value::bit;
use crate::plan::{FieldKind, SourceRecord, SourceSet, Warning};

/// From how many records on a field that none of them has is worth a warning.
const MISSING_FROM: usize = 20;

/// The records by id, each once (of several with one id the one modified last), and an id that came more than once.
pub(super) fn distinct(shape: &Shape, set: SourceSet) -> (SourceSet, Option<i64>) {
    let ids = set.ids();
    if ids.windows(2).all(|two| two[0] < two[1]) {
        return (set, None);
    }
    let mut order: Vec<u32> = (0..u32::try_from(ids.len()).unwrap_or(u32::MAX)).collect();
    order.sort_by_key(|&at| (ids[at as usize], std::cmp::Reverse(set.modified(at)), at));
    let mut doubled = None;
    let mut out = SourceSet::new(&shape.schema);
    let mut before = None;
    for at in order {
        let id = ids[at as usize];
        if before.replace(id) == Some(id) {
            doubled.get_or_insert(id);
            continue;
        }
        let fields: Vec<Option<&str>> = (0..shape.schema.fields.len())
            .map(|field| set.field(at, field))
            .collect();
        out.push(
            &shape.schema,
            &SourceRecord {
                id,
                modified: set.modified(at),
                active: set.active(at),
                status: set.status(at),
                account_id: set.account_id(at),
                account_name: set.account_name(at),
                fields: &fields,
                absent: set.absent(),
                unread: set.unread(at),
            },
        );
    }
    (out, doubled)
}

/// What looked odd, each thing once.
pub(super) fn warnings(
    shape: &Shape,
    dialect: Dialect,
    odd: &[Oddity],
    unusable: u64,
    seen: u64,
    records: usize,
) -> Vec<Warning> {
    let entity = shape.schema.entity;
    let warning = |code: &'static str, impartner_id, message| Warning {
        code: code.into(),
        entity,
        impartner_id,
        message,
    };
    let mut all = Vec::new();
    if unusable > 0 {
        let message = format!(
            "{unusable} record(s) of the {} listing came without a usable id and were left out.",
            shape.object
        );
        all.push(warning("no_usable_id", None, message));
    }
    for odd in odd {
        let what = match odd.code {
            "unreadable_time" => "holds no time that could be read; the record has none",
            "unreadable_boolean" => "is neither true nor false; it was left open",
            "broken_character" => {
                "holds a character that is broken in Impartner's answer; U+FFFD stands for it"
            }
            "overlong_value" => "is longer than 128 KiB; the rest of it was left out",
            "unknown_region" => {
                "is an id that Impartner's list of regions does not have; its column keeps its value"
            }
            _ => "is of a shape that has no text; its column keeps its value",
        };
        let others = match odd.count {
            1 => String::new(),
            count => format!(" So it is in {} other record(s).", count - 1),
        };
        let message = format!("`{}` {what}.{others}", odd.name);
        all.push(warning(odd.code, Some(odd.first), message));
    }
    if records >= MISSING_FROM {
        for (column, name) in missing(shape, seen) {
            let message = format!(
                "Not one of the {records} records has the field `{name}`; its column {column} keeps its values. Check the mapping; `prmdesk doctor` names the fields the tenant has."
            );
            all.push(warning("field_missing", None, message));
        }
        let modified = shape.modified.iter().any(|&name| bit(seen, name));
        if !modified {
            let message = format!(
                "Not one of the {records} records says when it was modified (`{}`); incremental runs cannot move on.",
                dialect.modified_field()
            );
            all.push(warning("field_missing", None, message));
        }
    }
    all
}

/// Fields with a column that no record had.
fn missing(shape: &Shape, seen: u64) -> impl Iterator<Item = (&'static str, &str)> {
    let region_id = shape.region_id.is_some_and(|name| bit(seen, name));
    shape
        .schema
        .fields
        .iter()
        .zip(&shape.fields)
        .filter(move |(field, _)| !(field.kind == FieldKind::Region && region_id))
        .filter_map(|(field, name)| Some((field.column, (*name)?)))
        .filter(move |&(_, name)| name < 64 && !bit(seen, name))
        .map(|(column, name)| (column, shape.names[name].as_str()))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::impartner::shape::schema_of;

    #[test]
    fn of_two_records_with_one_id_the_one_modified_last_stays() {
        let shape = Shape::named("Account", &schema_of(&["Name"]));
        let mut set = SourceSet::new(&shape.schema);
        for (id, name, at) in [
            (5, "five", 10),
            (3, "new", 20),
            (3, "old", 10),
            (4, "four", 0),
        ] {
            set.push(
                &shape.schema,
                &SourceRecord {
                    id,
                    modified: DateTime::from_timestamp(at, 0),
                    fields: &[Some(name)],
                    ..SourceRecord::default()
                },
            );
        }
        let (set, doubled) = distinct(&shape, set);
        assert_eq!(set.ids(), [3, 4, 5]);
        assert_eq!(set.field(0, 0), Some("new"));
        assert_eq!(doubled, Some(3));
    }
}
