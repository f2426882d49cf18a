//! What the filters say of each record: the configured ones, and where they differ the accepted ones beside them.

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use super::{Common, Directory};
use crate::config::{FilterConfig, PartnerRule, RuleChange};
use crate::plan::input::Read;
use crate::plan::matching::Fate;
use crate::plan::partners::Resolved;
use crate::plan::rules::{Rules, Verdict, Why};
use crate::plan::{Entity, Schema};

/// The accepted filters where they differ from the configured ones, and the partners that each would leave: those of this
/// plan are the ones that its ticks leave.
pub(in crate::plan) struct Before<'a> {
    pub(in crate::plan) rules: Rules,
    pub(in crate::plan) filters: &'a FilterConfig,
    pub(in crate::plan) changes: Vec<RuleChange>,
    /// The partners that the configured filters would leave; where contacts are judged by it.
    pub(in crate::plan) configured: Option<Directory>,
    /// The partners that the accepted filters would leave; where contacts are judged by it.
    pub(in crate::plan) accepted: Option<Directory>,
}

/// The verdict on each record; a million records share a handful of them.
#[derive(Default)]
pub(super) struct Verdicts {
    of: Vec<u32>,
    distinct: IndexSet<Verdict, FxBuildHasher>,
}

impl Verdicts {
    fn push(&mut self, verdict: Verdict) {
        let (at, _) = self.distinct.insert_full(verdict);
        self.of.push(u32::try_from(at).unwrap_or(u32::MAX));
    }

    pub(super) fn of(&self, at: u32) -> &Verdict {
        &self.distinct[self.of[at as usize] as usize]
    }
}

/// What both sets of filters say.
pub(super) struct Judged {
    /// By the configured filters.
    pub(super) now: Verdicts,
    /// By the accepted ones, where they differ.
    pub(super) before: Option<Verdicts>,
    /// Contacts that pass the filters and name an account that is no active partner: they wait for it.
    pub(super) waiting: Vec<u32>,
}

impl Judged {
    /// With `filters.contacts.partner = "active"` a contact needs an active partner too.
    pub(super) fn of(
        schema: &Schema,
        read: &Read,
        common: Common<'_>,
        before: Option<&mut Before<'_>>,
        directory: &mut Directory,
    ) -> Self {
        let source = &read.records;
        let contacts = schema.entity == Entity::Contacts;
        let active = |filters: &FilterConfig| filters.contacts.partner == PartnerRule::Active;
        let mut before = before;
        let mut judged = Self {
            now: Verdicts::default(),
            before: before.is_some().then(Verdicts::default),
            waiting: Vec::new(),
        };
        for (at, _) in (0u32..).zip(source.ids()) {
            let verdict = common.rules.verdict(schema, source, at);
            let mut asked = contacts && verdict == Verdict::Keep;
            let mut alone = asked && !is_there(directory, read, at);
            if alone && (source.account_id(at).is_some() || source.account_name(at).is_some()) {
                judged.waiting.push(at);
            }
            if let (Some(before), Some(verdicts)) = (&mut before, &mut judged.before) {
                let then = before.rules.verdict(schema, source, at);
                let left_alone = contacts && then == Verdict::Keep && active(before.filters) && {
                    let partners = before.accepted.as_mut();
                    partners.is_some_and(|partners| !is_there(partners, read, at))
                };
                verdicts.push(if left_alone { partnerless() } else { then });
                if let Some(partners) = before.configured.as_mut().filter(|_| asked) {
                    alone = !is_there(partners, read, at);
                }
            }
            asked &= alone && active(common.filters);
            judged.now.push(if asked { partnerless() } else { verdict });
        }
        judged
    }

    /// Whether the configured filters let record `at` through.
    pub(super) fn keeps(&self, at: u32) -> bool {
        *self.now.of(at) == Verdict::Keep
    }
}

fn is_there(partners: &mut Directory, read: &Read, at: u32) -> bool {
    matches!(partners.resolve(&read.records, at), Resolved::Partner(_))
}

fn partnerless() -> Verdict {
    Verdict::OutOfScope {
        why: Why::partner(),
        suspicious: false,
    }
}

/// What the accepted filters would make of the same reading, record by record and row by row.
pub(super) struct Standing {
    fates: Vec<Fate>,
    /// Rows that stay: written, or in a conflict.
    stays: Vec<bool>,
}

impl Standing {
    pub(super) fn of(fates: Vec<Fate>, rows: usize) -> Self {
        let mut stays = vec![false; rows];
        for fate in &fates {
            if let Fate::Write(Some(row)) | Fate::Conflict(Some(row), _) = fate {
                stays[*row as usize] = true;
            }
        }
        Self { fates, stays }
    }

    /// Whether the accepted filters too let record `at` be written to `row`, or to a new one.
    pub(super) fn writes(&self, at: u32, row: Option<u32>) -> bool {
        self.fates[at as usize] == Fate::Write(row)
    }

    /// Whether the accepted filters too leave record `at` out.
    pub(super) fn leaves(&self, at: u32) -> bool {
        matches!(self.fates[at as usize], Fate::Leave(_))
    }

    /// Whether the accepted filters would keep `row`.
    pub(super) fn keeps(&self, row: u32) -> bool {
        self.stays[row as usize]
    }
}
