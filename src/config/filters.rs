//! The filters by name: what each says, how two sets of them differ, and how one is set from a text
//! (docs/rules.md, "Accepted rules").

use std::fmt;

use serde::{Deserialize, Serialize};

use super::fault::nearest;
use super::keys::{Set, find};
use super::value::Value;
use super::{Config, FilterConfig};
use crate::entity::Entity;
use crate::text::name_key;

/// One filter of the configuration.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
pub enum FilterKey {
    /// Tiers of partners.
    #[serde(rename = "filters.partners.excluded_tiers")]
    Tiers,
    /// Statuses of partners.
    #[serde(rename = "filters.partners.excluded_statuses")]
    PartnerStatuses,
    /// Names of partners.
    #[serde(rename = "filters.partners.excluded_names")]
    Names,
    /// Statuses of contacts.
    #[serde(rename = "filters.contacts.excluded_statuses")]
    ContactStatuses,
    /// E-mail domains.
    #[serde(rename = "filters.contacts.excluded_domains")]
    Domains,
    /// Patterns before the @.
    #[serde(rename = "filters.contacts.excluded_patterns")]
    Patterns,
    /// How patterns match.
    #[serde(rename = "filters.contacts.pattern_match")]
    PatternMatch,
    /// Addresses let through.
    #[serde(rename = "filters.contacts.allow")]
    Allow,
    /// Whether a contact needs an active partner.
    #[serde(rename = "filters.contacts.partner")]
    Partner,
}

/// What a filter gained and lost between two sets of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RuleChange {
    /// Which.
    pub rule: FilterKey,
    /// Values that are new; for a filter of one value, that value.
    pub gained: Vec<String>,
    /// Values that are no longer there.
    pub lost: Vec<String>,
}

/// Why a filter could not be set from a text; a sentence without its full stop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotSet(pub String);

impl FilterKey {
    /// All, in the order of the configuration.
    pub const ALL: [Self; 9] = [
        Self::Tiers,
        Self::PartnerStatuses,
        Self::Names,
        Self::ContactStatuses,
        Self::Domains,
        Self::Patterns,
        Self::PatternMatch,
        Self::Allow,
        Self::Partner,
    ];

    /// The key of the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tiers => "filters.partners.excluded_tiers",
            Self::PartnerStatuses => "filters.partners.excluded_statuses",
            Self::Names => "filters.partners.excluded_names",
            Self::ContactStatuses => "filters.contacts.excluded_statuses",
            Self::Domains => "filters.contacts.excluded_domains",
            Self::Patterns => "filters.contacts.excluded_patterns",
            Self::PatternMatch => "filters.contacts.pattern_match",
            Self::Allow => "filters.contacts.allow",
            Self::Partner => "filters.contacts.partner",
        }
    }

    /// The last part of its name, as people say it.
    pub fn short(self) -> &'static str {
        let name = self.name();
        name.rsplit_once('.').map_or(name, |(_, short)| short)
    }

    /// Whose records it is about.
    pub fn entity(self) -> Entity {
        match self {
            Self::Tiers | Self::PartnerStatuses | Self::Names => Entity::Partners,
            _ => Entity::Contacts,
        }
    }

    /// Whether it is a list; the others have one value.
    pub fn is_list(self) -> bool {
        !matches!(self, Self::PatternMatch | Self::Partner)
    }

    /// What `filters` say for it; one value for a filter that is no list.
    pub fn values(self, filters: &FilterConfig) -> Vec<String> {
        let FilterConfig { partners, contacts } = filters;
        match self {
            Self::Tiers => partners.excluded_tiers.clone(),
            Self::PartnerStatuses => partners.excluded_statuses.clone(),
            Self::Names => partners.excluded_names.clone(),
            Self::ContactStatuses => contacts.excluded_statuses.clone(),
            Self::Domains => contacts.excluded_domains.clone(),
            Self::Patterns => contacts.excluded_patterns.clone(),
            Self::PatternMatch => vec![contacts.pattern_match.word().to_owned()],
            Self::Allow => contacts.allow.clone(),
            Self::Partner => vec![contacts.partner.word().to_owned()],
        }
    }

    /// The filter of that name: whole (`filters.contacts.allow`), without `filters.`, or its last part where only one has it.
    pub fn find(name: &str) -> Result<Self, NotSet> {
        let whole = |key: &Self| {
            let full = key.name();
            full == name || full.strip_prefix("filters.") == Some(name)
        };
        if let Some(key) = Self::ALL.into_iter().find(whole) {
            return Ok(key);
        }
        let mut short = Self::ALL.into_iter().filter(|key| key.short() == name);
        match (short.next(), short.next()) {
            (Some(key), None) => Ok(key),
            (Some(one), Some(other)) => Err(NotSet(format!(
                "`{name}` could be {} or {}; write which",
                one.name(),
                other.name()
            ))),
            (None, _) => {
                let names = Self::ALL.iter().map(|key| key.name());
                let shorts = Self::ALL.iter().map(|key| key.short());
                let near = nearest(name, names.chain(shorts)).unwrap_or_default();
                Err(NotSet(format!(
                    "`{name}` is no filter; the nearest is `{near}`"
                )))
            }
        }
    }

    /// Sets it in `filters` to these values. For a filter that is no list, the one word.
    pub fn set(self, filters: &mut FilterConfig, values: &[String]) -> Result<(), NotSet> {
        let wrong = |why: String| NotSet(format!("{} {why}", self.name()));
        let value = match (self.is_list(), values) {
            (true, values) => Value::List(values.iter().cloned().map(Value::Text).collect()),
            (false, [one]) => Value::Text(one.clone()),
            (false, _) => return Err(wrong("takes one word".to_owned())),
        };
        let mut config = Config {
            filters: filters.clone(),
            ..Config::default()
        };
        let Some((key, _)) = find(self.name()) else {
            return Err(wrong("is no key of the configuration".to_owned()));
        };
        if let Set::Plain(set) = key.set {
            set(&mut config, &value).map_err(wrong)?;
        }
        *filters = config.filters;
        Ok(())
    }

    /// Sets what `KEY=VALUE` says: a list as `a,b`, an empty list as nothing, "no value" as an entry without text
    /// (`Pending,`).
    pub fn set_from(assignment: &str, filters: &mut FilterConfig) -> Result<Self, NotSet> {
        let Some((name, value)) = assignment.split_once('=') else {
            return Err(NotSet(format!(
                "`{assignment}` is no KEY=VALUE; write for instance excluded_tiers=Pending,Registered"
            )));
        };
        let key = Self::find(name.trim())?;
        let values: Vec<String> = match (key.is_list(), value.trim()) {
            (true, "") => Vec::new(),
            (true, list) => list.split(',').map(|word| word.trim().to_owned()).collect(),
            (false, word) => vec![word.to_owned()],
        };
        key.set(filters, &values)?;
        Ok(key)
    }

    /// The form in which two of its values are one: the planner compares them so.
    pub fn folded(self, value: &str) -> String {
        match self {
            Self::Tiers | Self::PartnerStatuses | Self::Names | Self::ContactStatuses => {
                name_key(value)
            }
            Self::Domains => {
                let domain = value.trim().to_lowercase();
                domain.trim_start_matches(['@', '.']).to_owned()
            }
            _ => value.trim().to_lowercase(),
        }
    }
}

impl fmt::Display for FilterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl RuleChange {
    /// "`excluded_tiers` gained Registered", in words. May hold text from the configuration.
    pub fn words(&self) -> String {
        let list = |values: &[String]| {
            let quoted = |value: &String| {
                if value.is_empty() {
                    "\"no value\"".to_owned()
                } else {
                    value.clone()
                }
            };
            values.iter().map(quoted).collect::<Vec<_>>().join(", ")
        };
        let rule = self.rule.short();
        match (self.gained.as_slice(), self.lost.as_slice()) {
            ([now], [before]) if !self.rule.is_list() => {
                format!("{rule} is {now}, and was {before}")
            }
            (gained, []) => format!("{rule} gained {}", list(gained)),
            ([], lost) => format!("{rule} lost {}", list(lost)),
            (gained, lost) => format!("{rule} gained {} and lost {}", list(gained), list(lost)),
        }
    }
}

impl FilterConfig {
    /// What these filters gained and lost since `before`. Order, case and repetition say nothing, nor does an empty entry
    /// of a list in which it means nothing.
    pub fn changes_since(&self, before: &Self) -> Vec<RuleChange> {
        let no_value = |key: FilterKey| {
            matches!(
                key,
                FilterKey::Tiers | FilterKey::PartnerStatuses | FilterKey::ContactStatuses
            )
        };
        let beside = |key: FilterKey, these: &[String], those: &[String]| {
            let mut there: Vec<String> = those.iter().map(|value| key.folded(value)).collect();
            let mut more = Vec::new();
            for value in these {
                let folded = key.folded(value);
                if there.contains(&folded) || folded.is_empty() && !no_value(key) {
                    continue;
                }
                there.push(folded);
                more.push(value.trim().to_owned());
            }
            more
        };
        let changes = FilterKey::ALL.into_iter().map(|rule| {
            let (now, then) = (rule.values(self), rule.values(before));
            RuleChange {
                rule,
                gained: beside(rule, &now, &then),
                lost: beside(rule, &then, &now),
            }
        });
        changes
            .filter(|change| !change.gained.is_empty() || !change.lost.is_empty())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_set_of_filters_gained_and_lost() {
        let before = FilterConfig::default();
        let mut now = before.clone();
        now.partners.excluded_tiers =
            vec!["registered ".into(), "PENDING".into(), "pending".into()];
        now.contacts.excluded_domains = vec!["@Bill.com".into(), "nintex.com".into(), " ".into()];
        FilterKey::set_from("pattern_match=word", &mut now).unwrap();
        let changes = now.changes_since(&before);
        let words: Vec<String> = changes.iter().map(RuleChange::words).collect();
        assert_eq!(
            words,
            [
                "excluded_tiers gained registered",
                "excluded_domains lost safalo.com, crestan.com",
                "pattern_match is word, and was contains"
            ]
        );
        assert!(before.changes_since(&before).is_empty());
    }

    #[test]
    fn a_filter_is_set_from_a_text() {
        let mut filters = FilterConfig::default();
        FilterKey::set_from("excluded_tiers=Pending, Registered", &mut filters).unwrap();
        assert_eq!(filters.partners.excluded_tiers, ["Pending", "Registered"]);
        FilterKey::set_from("filters.partners.excluded_tiers=", &mut filters).unwrap();
        assert!(filters.partners.excluded_tiers.is_empty());
        FilterKey::set_from("partners.excluded_statuses=Inactive,", &mut filters).unwrap();
        assert_eq!(filters.partners.excluded_statuses, ["Inactive", ""]);
        for (wrong, said) in [
            ("excluded_tiers", "is no KEY=VALUE"),
            ("excluded_tier=a", "the nearest is `excluded_tiers`"),
            ("excluded_statuses=a", "write which"),
            ("pattern_match=fuzzy", "must be one of contains, word"),
            ("excluded_names=a,", "entry 2 must be a text"),
        ] {
            let why = FilterKey::set_from(wrong, &mut filters).unwrap_err().0;
            assert!(why.contains(said), "{wrong}: {why}");
        }
    }

    #[test]
    fn every_filter_is_a_key_and_reads_what_it_sets() {
        for key in FilterKey::ALL {
            let mut filters = FilterConfig::default();
            let values = match key {
                FilterKey::PatternMatch => vec!["word".to_owned()],
                FilterKey::Partner => vec!["active".to_owned()],
                _ => vec!["one".to_owned(), "two".to_owned()],
            };
            key.set(&mut filters, &values).unwrap();
            assert_eq!(key.values(&filters), values);
            assert_eq!(filters.changes_since(&FilterConfig::default()).len(), 1);
            let json = serde_json::to_string(&filters).unwrap();
            assert_eq!(
                serde_json::from_str::<FilterConfig>(&json).unwrap(),
                filters
            );
            assert_eq!(serde_json::to_value(key).unwrap(), key.name());
        }
    }
}
