//! The filters that are configured against those that were accepted: what only the edit would do, and what it comes from
//! (docs/rules.md, "Accepted rules").

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::rules::Why;
use super::{Item, Op};
use crate::config::{FilterConfig, FilterKey, RuleChange};

/// The filters as somebody accepted them last.
#[derive(Clone, Debug, PartialEq)]
pub struct AcceptedRules {
    /// The filters.
    pub filters: FilterConfig,
    /// Who accepted them.
    pub operator: String,
    /// When.
    pub accepted_at: DateTime<Utc>,
}

impl AcceptedRules {
    /// "by alice on 2026-11-02", in words. May hold text from outside.
    pub fn by(&self) -> String {
        let Self {
            operator,
            accepted_at,
            ..
        } = self;
        format!("by {operator} on {}", accepted_at.format("%Y-%m-%d"))
    }
}

/// Whether the configured filters differ from the accepted ones, and in what (docs/contract.md, "JSON", `rules`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RulesFacts {
    /// Whether they differ.
    pub differs: bool,
    /// In what.
    pub changed: Vec<RuleChange>,
}

impl RulesFacts {
    /// The difference, in words; empty where there is none. May hold text from the configuration.
    pub fn words(&self) -> String {
        let words: Vec<String> = self.changed.iter().map(RuleChange::words).collect();
        words.join("; ")
    }
}

/// How many records only a change of the filters would add, bring back or soft-delete.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct ByRule {
    /// New rows.
    pub add: u64,
    /// Rows that would be back.
    pub reactivate: u64,
    /// Rows that would become inactive.
    pub soft_delete: u64,
}

impl ByRule {
    /// Counts one record; operations that a change of the filters is not asked about count nowhere.
    pub fn count(&mut self, op: Op) {
        match op {
            Op::Add => self.add += 1,
            Op::Reactivate => self.reactivate += 1,
            Op::SoftDelete => self.soft_delete += 1,
            _ => {}
        }
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.add + self.reactivate + self.soft_delete
    }
}

/// How many records a filter leaves out, of both sorts: those that never were in the database and those that are to leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// All of them.
    pub records: u64,
    /// Of these, those whose pattern sits inside a longer word.
    pub suspicious: u64,
}

/// What each filter leaves out by these items, in the order of the configuration.
pub fn hits<'a>(items: impl Iterator<Item = &'a Item>) -> Vec<(FilterKey, Hits)> {
    let mut hits: Vec<(FilterKey, Hits)> = FilterKey::ALL
        .into_iter()
        .map(|key| (key, Hits::default()))
        .collect();
    for item in items.filter(|item| matches!(item.op, Op::SoftDelete | Op::Excluded)) {
        if let Some(rule) = item.rule
            && let Some((_, of)) = hits.iter_mut().find(|(key, _)| *key == rule)
        {
            of.records += 1;
            of.suspicious += u64::from(item.suspicious);
        }
    }
    hits.retain(|(_, of)| of.records > 0);
    hits
}

/// Whether a record is left out, or let in, by the configured filters only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Left out now.
    Out,
    /// Let in now.
    In,
}

/// What the edit did to bring `why` about, in words: the value gained or lost where it can be told.
pub(super) fn cause(
    changes: &[RuleChange],
    turn: Turn,
    why: Option<&Why>,
    email: Option<&str>,
) -> String {
    let of = |key: FilterKey| changes.iter().find(|change| change.rule == key);
    let all = || {
        let words: Vec<String> = changes.iter().map(RuleChange::words).collect();
        format!(
            "what the filters changed about another record ({})",
            words.join("; ")
        )
    };
    let Some((why, rule)) = why.and_then(|why| Some((why, why.rule?))) else {
        return all();
    };
    let one = |rule: FilterKey, word: &str, gained: bool| {
        let (word, none) = (vec![word.to_owned()], Vec::new());
        let (gained, lost) = if gained { (word, none) } else { (none, word) };
        RuleChange { rule, gained, lost }.words()
    };
    let holds = |list: &[String], rule: FilterKey, word: &str| {
        let folded = rule.folded(word);
        list.iter().any(|value| rule.folded(value) == folded)
    };
    if rule.is_list()
        && let Some(change) = of(rule)
    {
        let list = match turn {
            Turn::Out => &change.gained,
            Turn::In => &change.lost,
        };
        if holds(list, rule, &why.word) {
            return one(rule, &why.word, turn == Turn::Out);
        }
    }
    if rule == FilterKey::Patterns {
        if let (Some(change), Some(email)) = (of(FilterKey::Allow), email) {
            let list = match turn {
                Turn::Out => &change.lost,
                Turn::In => &change.gained,
            };
            if holds(list, FilterKey::Allow, email) {
                return one(FilterKey::Allow, email, turn == Turn::In);
            }
        }
        if let Some(change) = of(FilterKey::PatternMatch) {
            return change.words();
        }
    }
    if rule == FilterKey::Partner {
        return match of(FilterKey::Partner) {
            Some(change) => change.words(),
            None => "its partner is by rule too".to_owned(),
        };
    }
    all()
}
