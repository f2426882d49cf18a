//! A new row is what was read: its text stays where the reading put it, and the plan takes the reading over instead of
//! copying it. A first load of a million records holds each of them once (ARCHITECTURE.md, "Speed").

use crate::plan::{Entity, Item, Packed, Plan};

/// An `after` that means a row of the reading, until [`adopt`] has given it its place in the plan's arena.
const AS_READ: u32 = 1 << 31;

/// The `after` of record `at` of the reading.
pub(super) fn as_read(at: u32) -> u32 {
    AS_READ | at
}

/// Makes `read` the `after` arena of `entity`, less what no item means, with the rows that are there already behind it.
pub(super) fn adopt(plan: &mut Plan, entity: Entity, read: Packed) {
    let mut meant = vec![false; read.len()];
    for item in items(plan, entity) {
        if let Some(after) = item.after.filter(|after| after & AS_READ != 0) {
            meant[(after ^ AS_READ) as usize] = true;
        }
    }
    let arena = &mut plan.arenas[entity].after;
    let made = std::mem::replace(arena, read);
    let moved = arena.retain(|row| meant[row as usize]);
    let mut first_made = None;
    for row in 0..u32::try_from(made.len()).unwrap_or(AS_READ) {
        let at = arena.push(made.row(row));
        first_made.get_or_insert(at);
    }
    for item in items(plan, entity) {
        if let Some(after) = &mut item.after {
            *after = match *after & AS_READ {
                0 => first_made.unwrap_or_default() + *after,
                _ => moved[(*after ^ AS_READ) as usize],
            };
        }
    }
}

/// The same, with `read` left as it is: what items mean of it is copied.
pub(super) fn copy(plan: &mut Plan, entity: Entity, read: &Packed) {
    let mut arena = std::mem::replace(&mut plan.arenas[entity].after, Packed::new(1));
    for item in items(plan, entity) {
        if let Some(after) = &mut item.after
            && *after & AS_READ != 0
        {
            *after = arena.push(read.row(*after ^ AS_READ));
        }
    }
    plan.arenas[entity].after = arena;
}

fn items(plan: &mut Plan, entity: Entity) -> impl Iterator<Item = &mut Item> {
    plan.items
        .iter_mut()
        .chain(&mut plan.excluded)
        .filter(move |item| item.entity == entity)
}
