//! What only the edit of the filters does (docs/rules.md, "Accepted rules").

use super::Builder;
use crate::plan::accepted::{Turn, cause};
use crate::plan::latest::Latest;
use crate::plan::rules::Why;
use crate::plan::{Changed, Entity, Op, Schema};

impl Builder<'_> {
    /// How many records the accepted filters take for suspicious and the configured ones do not.
    pub(super) fn unsuspected(&self, latest: &Latest<'_>) -> u64 {
        let Some(before) = &self.judged.before else {
            return 0;
        };
        let ids = (0u32..).zip(self.read.records.ids());
        let count = ids
            .filter(|&(at, &id)| {
                before.of(at).is_suspicious()
                    && !self.judged.now.of(at).is_suspicious()
                    && latest.get(id) == Some(at)
            })
            .count();
        count as u64
    }

    /// Whether the accepted filters would not write record `at` to this row: they leave it out, or see another row.
    pub(super) fn comes_in(&self, at: u32, row: Option<u32>) -> bool {
        let standing = self.standing.as_ref();
        standing.is_some_and(|standing| !standing.writes(at, row))
    }

    /// What a record is called that only the configured filters leave out or let in.
    pub(super) fn by_rule(&self, at: Option<u32>, turn: Turn, reason: &str) -> String {
        let email = at
            .filter(|_| self.schema.entity == Entity::Contacts)
            .and_then(|at| self.read.records.field(at, Schema::KEY));
        let why = at.and_then(|at| self.why(at, turn));
        let cause = cause(self.changes, turn, why, email);
        format!("{reason}; {cause}; not accepted yet")
    }

    /// What leaves record `at` out: by the configured filters, or by the accepted ones for what is let in now.
    pub(super) fn why(&self, at: u32, turn: Turn) -> Option<&Why> {
        match turn {
            Turn::Out => self.judged.now.of(at).why(),
            Turn::In => self.judged.before.as_ref()?.of(at).why(),
        }
    }

    /// A row that the accepted filters would not keep, and the configured ones do.
    pub(super) fn stay(&mut self, at: u32, row: Option<u32>) -> Op {
        let left_before = self.standing.as_ref().is_some_and(|it| it.leaves(at));
        let why = self.why(at, Turn::In).filter(|_| left_before);
        if let Some((reason, rule)) = why.map(|why| (why.reason.clone(), why.rule)) {
            let reason = self.by_rule(Some(at), Turn::In, &reason);
            let id = self.read.records.ids()[at as usize];
            let mut item = self.item(Op::Unchanged, Some(id), row, reason);
            item.by_rule = true;
            item.rule = rule;
            item.after = Some(self.push_after(at, row, Changed::default(), false));
            self.push(item);
        }
        Op::Unchanged
    }
}
