//! Names, e-mails and Impartner ids that an undo would give back to a row, and that another row has: a later run gave
//! them away, or the row that had them cannot step back itself. Shown as conflicts, so that nobody finds out by a row
//! that failed.

use std::collections::hash_map::Entry;

use rustc_hash::{FxHashMap, FxHashSet};

use super::UndoInput;
use crate::plan::{Changed, Entity, Item, Op, Plan, Schema};

/// A value that one row alone can have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Unique {
    /// The name or e-mail, as the database's index compares.
    Key(Entity, String),
    /// Impartner's id.
    Id(Entity, i64),
}

/// A row: its entity, and its place among the rows as they are now.
type Place = (Entity, u32);

/// Turns the items into conflicts that cannot have what they want. `stale` are those whose row changed since: they
/// stay as they are, and so does what they have.
pub(super) fn refuse(
    plan: &mut Plan,
    input: &UndoInput,
    places: &[Option<u32>],
    stale: &FxHashSet<usize>,
) {
    let mut wants: FxHashMap<Unique, usize> = FxHashMap::default();
    let mut moving: FxHashSet<Place> = FxHashSet::default();
    // Who has to give way, and to which row.
    let mut refused: Vec<(usize, Unique, Place)> = Vec::new();
    for (at, item) in plan.items.iter().enumerate() {
        let Some(place) = places[at].filter(|_| !stale.contains(&at) && item.selected) else {
            continue;
        };
        let wanted = wanted(plan, input, item);
        if wanted.is_empty() {
            continue;
        }
        moving.insert((item.entity, place));
        for unique in wanted {
            match wants.entry(unique) {
                Entry::Vacant(free) => {
                    free.insert(at);
                }
                // Both had it when the index compared otherwise; the first is as good as the second.
                Entry::Occupied(first) => {
                    if let Some(holder) = places[*first.get()] {
                        refused.push((at, first.key().clone(), (item.entity, holder)));
                    }
                }
            }
        }
    }
    if wants.is_empty() {
        return;
    }
    for entity in Entity::ALL {
        for row in input.rows[entity].indices() {
            if !moving.contains(&(entity, row)) {
                claim(input, (entity, row), &wants, &mut refused);
            }
        }
    }
    // A row that must stay keeps what the next one wants, and so on along the chain.
    let mut done: FxHashSet<usize> = FxHashSet::default();
    while let Some((at, unique, holder)) = refused.pop() {
        if !done.insert(at) {
            continue;
        }
        if let Some(place) = places[at] {
            claim(input, (plan.items[at].entity, place), &wants, &mut refused);
        }
        let reason = reason(input, &unique, holder, plan.view(at).name());
        let number = u32::try_from(plan.reasons.len()).unwrap_or(u32::MAX);
        plan.reasons.push(reason);
        let item = &mut plan.items[at];
        let (entity, op) = (item.entity, item.op);
        item.op = Op::Conflict;
        item.evidence = None;
        item.selected = false;
        item.reason = number;
        plan.totals[entity].recount(op, Op::Conflict);
    }
}

/// What an item would give its row that the row does not have.
fn wanted(plan: &Plan, input: &UndoInput, item: &Item) -> Vec<Unique> {
    let mut wanted = Vec::new();
    if item.changed.has(0)
        && let Some(text) = plan.view_of(item).after(Schema::KEY)
    {
        wanted.push(key(input, item.entity, text));
    }
    if item.changed.has(Changed::IMPARTNER_ID)
        && let Some(id) = item.impartner_id
    {
        wanted.push(Unique::Id(item.entity, id));
    }
    wanted
}

/// Refuses whoever wants what the row in `place` has and keeps.
fn claim(
    input: &UndoInput,
    place: Place,
    wants: &FxHashMap<Unique, usize>,
    refused: &mut Vec<(usize, Unique, Place)>,
) {
    let (entity, row) = place;
    let rows = &input.rows[entity];
    let key = rows
        .field(row, Schema::KEY)
        .map(|text| key(input, entity, text));
    let id = rows.impartner_id(row).map(|id| Unique::Id(entity, id));
    for unique in key.into_iter().chain(id) {
        if let Some(&at) = wants.get(&unique) {
            refused.push((at, unique, place));
        }
    }
}

fn key(input: &UndoInput, entity: Entity, text: &str) -> Unique {
    Unique::Key(entity, input.same[entity].unique_key(entity, text))
}

fn reason(input: &UndoInput, unique: &Unique, (entity, row): Place, name: &str) -> String {
    let what = match unique {
        Unique::Key(Entity::Partners, _) => format!("the name {name}"),
        Unique::Key(Entity::Contacts, _) => format!("the e-mail {name}"),
        Unique::Id(_, id) => format!("the Impartner id #{id}"),
    };
    let holder = input.rows[entity].row_id(row);
    format!(
        "{what} cannot be given back: {} row {holder} has it and keeps it",
        entity.singular()
    )
}
