//! Things that belong together because one leads to the other.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

/// Numbered things in groups: a forest in which each points to another of its group, its root to itself. The smaller
/// group joins the larger one, so that nothing is further than log2(n) steps from its root; a chain of 16,000 e-mails
/// that are each shifted by one would else be walked from end to end for each of them.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    up: Vec<usize>,
    size: Vec<usize>,
}

impl Groups {
    /// `count` things, each by itself.
    pub fn of(count: usize) -> Self {
        Self {
            up: (0..count).collect(),
            size: vec![1; count],
        }
    }

    /// One more thing, by itself; its number.
    pub fn push(&mut self) -> usize {
        self.up.push(self.up.len());
        self.size.push(1);
        self.up.len() - 1
    }

    /// The root of the group of `at`: the same number for all of a group.
    pub fn root(&self, mut at: usize) -> usize {
        while self.up[at] != at {
            at = self.up[at];
        }
        at
    }

    /// Puts the groups of two things together.
    pub fn join(&mut self, one: usize, two: usize) {
        let (one, two) = (self.root(one), self.root(two));
        if one == two {
            return;
        }
        let (small, large) = if self.size[one] < self.size[two] {
            (one, two)
        } else {
            (two, one)
        };
        self.up[small] = large;
        self.size[large] += self.size[small];
    }

    /// The numbers of those that are alone, and the groups of several; both in order, groups by their first.
    pub fn split(&self) -> (Vec<usize>, Vec<Vec<usize>>) {
        let mut alone = Vec::new();
        let mut groups: IndexMap<usize, Vec<usize>, FxBuildHasher> = IndexMap::default();
        for at in 0..self.up.len() {
            let root = self.root(at);
            if self.size[root] == 1 {
                alone.push(at);
            } else {
                groups.entry(root).or_default().push(at);
            }
        }
        (alone, groups.into_values().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(groups: &Groups, mut at: usize) -> u32 {
        let mut depth = 0;
        while groups.up[at] != at {
            at = groups.up[at];
            depth += 1;
        }
        depth
    }

    #[test]
    fn a_long_chain_stays_shallow_whatever_its_order() {
        const LENGTH: usize = 16_384;
        let ascending: Vec<usize> = (1..LENGTH).collect();
        let descending = ascending.iter().copied().rev().collect();
        for order in [ascending, descending] {
            let mut groups = Groups::of(LENGTH);
            for next in order {
                groups.join(next - 1, next);
            }
            let deepest = (0..LENGTH).map(|at| depth(&groups, at)).max();
            assert!(deepest <= Some(LENGTH.ilog2()), "{deepest:?}");
            assert_eq!(groups.split(), (vec![], vec![(0..LENGTH).collect()]));
        }
    }

    #[test]
    fn who_is_joined_with_nobody_stays_alone() {
        let mut groups = Groups::of(4);
        groups.join(3, 1);
        assert_eq!(groups.push(), 4);
        assert_eq!(groups.split(), (vec![0, 2, 4], vec![vec![1, 3]]));
    }
}
