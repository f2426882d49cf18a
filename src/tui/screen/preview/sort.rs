//! Sorting a plan's list by a column, beside the UI task.
//!
//! Texts are written once into one arena, lower-cased, and sorted by chunks of sixteen bytes: a million of them that
//! begin alike ("Phone: +49 30 ...") would otherwise be compared, or made anew, twenty million times.

use std::sync::atomic::{AtomicBool, Ordering};

use super::columns::PlanColumn;
use super::tab::Tab;
use crate::plan::{Item, Plan};
use crate::tui::kit::words::{place, write_what};

/// Sorts `lines` of `tab` by `column`, ties as they were. `None`: stopped.
pub(super) fn sort(
    stop: &AtomicBool,
    plan: &Plan,
    tab: Tab,
    column: PlanColumn,
    lines: &mut Vec<u32>,
) -> Option<()> {
    let item = |at: u32| tab.item(plan, at);
    if stop.load(Ordering::Relaxed) {
        return None;
    }
    let by_item = |lines: &mut Vec<u32>, key: &dyn Fn(&Item) -> i64| {
        lines.sort_by_cached_key(|&at| item(at).map(key));
    };
    match column {
        PlanColumn::Op => by_item(lines, &|item| item.op as i64),
        PlanColumn::Fields => by_item(lines, &|item| i64::from(item.changed.count())),
        // Records without an id come last.
        PlanColumn::Id => lines.sort_by_cached_key(|&at| {
            item(at).map(|item| (item.impartner_id.is_none(), item.impartner_id))
        }),
        PlanColumn::Name | PlanColumn::What | PlanColumn::Where => {
            let texts = Texts::new(stop, plan, tab, column, lines)?;
            texts.sort(stop, lines)?;
        }
    }
    (!stop.load(Ordering::Relaxed)).then_some(())
}

/// So many lines are worked on between two looks at the stop flag.
const STRIDE: usize = 16_384;

/// Bytes that are compared at once.
const CHUNK: usize = 16;

/// The texts of lines, one after the other, without regard to ASCII case.
struct Texts {
    arena: String,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Texts {
    fn new(
        stop: &AtomicBool,
        plan: &Plan,
        tab: Tab,
        column: PlanColumn,
        lines: &[u32],
    ) -> Option<Self> {
        let mut arena = String::with_capacity(lines.len() * 32);
        let mut ends = Vec::with_capacity(lines.len());
        for (looked, &at) in lines.iter().enumerate() {
            if looked % STRIDE == 0 && stop.load(Ordering::Relaxed) {
                return None;
            }
            if let Some(item) = tab.item(plan, at) {
                let view = plan.view_of(item);
                match column {
                    PlanColumn::Where => arena.push_str(place(&view)),
                    PlanColumn::What => write_what(&view, ">", &mut arena),
                    _ => arena.push_str(view.name()),
                }
            }
            ends.push(arena.len());
        }
        arena.make_ascii_lowercase();
        Some(Self { arena, ends })
    }

    /// The bytes of text `at` from `depth` on, as a number that sorts as they do; what is not there sorts first.
    fn chunk(&self, at: u32, depth: usize) -> u128 {
        let at = at as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]) + depth;
        let mut key = [0u8; CHUNK];
        if let Some(rest) = self.arena.as_bytes().get(start..self.ends[at]) {
            let len = rest.len().min(CHUNK);
            key[..len].copy_from_slice(&rest[..len]);
        }
        u128::from_be_bytes(key)
    }

    /// Brings `lines`, in whose order the texts were written, into the order of the texts.
    fn sort(&self, stop: &AtomicBool, lines: &mut [u32]) -> Option<()> {
        let count = u32::try_from(lines.len()).unwrap_or(u32::MAX);
        let mut keyed: Vec<(u128, u32)> = (0..count).map(|at| (self.chunk(at, 0), at)).collect();
        self.refine(stop, &mut keyed, 0)?;
        let sorted: Vec<u32> = keyed
            .into_iter()
            .map(|(_, at)| lines[at as usize])
            .collect();
        lines[..sorted.len()].copy_from_slice(&sorted);
        Some(())
    }

    /// Sorts texts by their chunk at `depth`, then those that tie by what comes after it. The place among the lines is
    /// part of the key: what is equal to its end stays as it was.
    fn refine(&self, stop: &AtomicBool, keyed: &mut [(u128, u32)], depth: usize) -> Option<()> {
        if keyed.len() >= STRIDE && stop.load(Ordering::Relaxed) {
            return None;
        }
        keyed.sort_unstable();
        for group in keyed.chunk_by_mut(|a, b| a.0 == b.0) {
            // A chunk that ends in nothing is the last of its text.
            if group.len() < 2 || group[0].0.trailing_zeros() >= 8 {
                continue;
            }
            let next = depth + CHUNK;
            for (key, at) in group.iter_mut() {
                *key = self.chunk(*at, next);
            }
            self.refine(stop, group, next)?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(of: &[String]) -> Texts {
        let mut ends = Vec::new();
        let mut arena = String::new();
        for text in of {
            arena.push_str(text);
            ends.push(arena.len());
        }
        arena.make_ascii_lowercase();
        Texts { arena, ends }
    }

    proptest! {
        #[test]
        fn chunks_sort_as_the_texts_do(
            of in proptest::collection::vec("(Phone: \\+49 30 )?(1234567890)?(a|B|b|é|日|[a-zA-Z ]){0,40}", 0..40)
        ) {
            let sorted = |of: &[String]| {
                let mut lines: Vec<u32> = (0..u32::try_from(of.len()).unwrap()).map(|at| at + 7).collect();
                let stop = AtomicBool::new(false);
                texts(of).sort(&stop, &mut lines).unwrap();
                lines
            };
            let mut wanted: Vec<u32> = (0..u32::try_from(of.len()).unwrap()).map(|at| at + 7).collect();
            wanted.sort_by_key(|&at| of[at as usize - 7].to_ascii_lowercase());
            prop_assert_eq!(sorted(&of), wanted);
        }
    }
}
