//! Every key of the configuration, one line each: its name and where it goes (docs/contract.md, "Configuration").
//!
//! `assets/prmdesk.toml`, which `prmdesk init` writes, explains them; a test keeps the two in step.

use std::path::PathBuf;
use std::time::Duration;

use super::mapping;
use super::value::Value;
use super::{Config, DialectChoice, PartnerRule, PatternMatch, Secret, base_url};
use crate::entity::Entity;

/// A key and what it sets.
pub(super) struct Key {
    /// Its dotted name; for [`Set::Open`] that of the table.
    pub(super) name: &'static str,
    /// What it sets.
    pub(super) set: Set,
}

/// How a key is read. An `Err` says what would be right, without the key's name.
pub(super) enum Set {
    /// One value.
    Plain(fn(&mut Config, &Value) -> Result<(), String>),
    /// A secret: given as it is, or by `NAME_file` or `NAME_command`.
    Secret(fn(&mut Config) -> &mut Option<Secret>),
    /// A table whose keys are not fixed here.
    Open(fn(&mut Config, &str, &Value) -> Result<(), String>),
}

/// Ways to give a secret: what is added to the key's name.
pub(super) const SECRET_SUFFIXES: [&str; 3] = ["", "_file", "_command"];

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);

const fn plain(name: &'static str, set: fn(&mut Config, &Value) -> Result<(), String>) -> Key {
    Key {
        name,
        set: Set::Plain(set),
    }
}

const fn secret(name: &'static str, slot: fn(&mut Config) -> &mut Option<Secret>) -> Key {
    Key {
        name,
        set: Set::Secret(slot),
    }
}

const fn open(name: &'static str, set: fn(&mut Config, &str, &Value) -> Result<(), String>) -> Key {
    Key {
        name,
        set: Set::Open(set),
    }
}

/// `set!(v.text() => c.lms.url)`: reads a value and puts it in its place.
macro_rules! set {
    ($name:literal, |$value:ident| $read:expr, $($slot:ident).+) => {
        plain($name, |config, $value| {
            config.$($slot).+ = $read?;
            Ok(())
        })
    };
}

/// The keys, in the order of the template.
pub(super) const KEYS: &[Key] = &[
    plain("operator", |config, value| {
        value.text()?.clone_into(&mut config.operator);
        config.operator_named = true;
        Ok(())
    }),
    set!("read_only", |v| v.truth(), read_only),
    secret("database.url", |config| &mut config.database.url),
    set!(
        "impartner.url",
        |v| base_url(v, "/api/objects/v1"),
        impartner.url
    ),
    secret("impartner.api_key", |config| &mut config.impartner.api_key),
    set!("impartner.tenant_id", |v| tenant(v), impartner.tenant_id),
    set!(
        "impartner.dialect",
        |v| v.choice(&DIALECTS),
        impartner.dialect
    ),
    set!(
        "impartner.page_size",
        |v| v.whole(1..=10_000),
        impartner.page_size
    ),
    set!(
        "impartner.concurrency",
        |v| v.whole(1..=64),
        impartner.concurrency
    ),
    set!(
        "impartner.timeout",
        |v| v.duration(SECOND / 10..=SECOND * 3600),
        impartner.timeout
    ),
    set!("impartner.retries", |v| v.whole(0..=20), impartner.retries),
    set!(
        "impartner.backoff",
        |v| v.duration(Duration::from_millis(1)..=SECOND * 60),
        impartner.backoff
    ),
    set!(
        "impartner.overlap",
        |v| v.duration(Duration::ZERO..=DAY * 7),
        impartner.overlap
    ),
    set!("lms.url", |v| base_url(v, "/v2"), lms.url),
    secret("lms.api_key", |config| &mut config.lms.api_key),
    set!(
        "lms.all_partners_group",
        |v| v.text().map(str::to_owned),
        lms.all_partners_group
    ),
    set!("lms.group_prefixes", |v| v.texts(), lms.group_prefixes),
    set!("lms.max_rps", |v| v.whole(1..=1000), lms.max_rps),
    set!(
        "filters.partners.excluded_tiers",
        |v| v.texts_or_none(),
        filters.partners.excluded_tiers
    ),
    set!(
        "filters.partners.excluded_statuses",
        |v| v.texts_or_none(),
        filters.partners.excluded_statuses
    ),
    set!(
        "filters.partners.excluded_names",
        |v| v.texts(),
        filters.partners.excluded_names
    ),
    set!(
        "filters.contacts.excluded_statuses",
        |v| v.texts_or_none(),
        filters.contacts.excluded_statuses
    ),
    set!(
        "filters.contacts.excluded_domains",
        |v| v.texts(),
        filters.contacts.excluded_domains
    ),
    set!(
        "filters.contacts.excluded_patterns",
        |v| v.texts(),
        filters.contacts.excluded_patterns
    ),
    set!(
        "filters.contacts.pattern_match",
        |v| v.choice(&PATTERNS),
        filters.contacts.pattern_match
    ),
    set!(
        "filters.contacts.allow",
        |v| v.texts(),
        filters.contacts.allow
    ),
    set!(
        "filters.contacts.partner",
        |v| v.choice(&PARTNERS),
        filters.contacts.partner
    ),
    open("mapping.partners", |config, name, value| {
        mapping::set(Entity::Partners, &mut config.mapping.partners, name, value)
    }),
    open("mapping.contacts", |config, name, value| {
        mapping::set(Entity::Contacts, &mut config.mapping.contacts, name, value)
    }),
    set!(
        "mapping.certifications.certification_count",
        |v| mapping::source(v),
        mapping.certification_count
    ),
    set!(
        "mapping.certifications.total_npcu",
        |v| mapping::source(v),
        mapping.total_npcu
    ),
    set!(
        "guards.max_count",
        |v| v.whole(0..=1_000_000_000),
        guards.max_count
    ),
    set!("guards.max_percent", |v| v.percent(), guards.max_percent),
    set!(
        "guards.small_set",
        |v| v.whole(0..=1_000_000_000),
        guards.small_set
    ),
    set!(
        "guards.window",
        |v| v.duration(SECOND..=DAY * 366),
        guards.window
    ),
    set!(
        "guards.field_change_percent",
        |v| v.percent(),
        guards.field_change_percent
    ),
    set!(
        "policy.unattended_deletes",
        |v| v.truth(),
        policy.unattended_deletes
    ),
    set!("policy.four_eyes", |v| v.truth(), policy.four_eyes),
    set!(
        "policy.recheck_after",
        |v| v.duration(SECOND..=DAY),
        policy.recheck_after
    ),
    set!(
        "policy.offboarding_delay",
        |v| v.duration(Duration::ZERO..=DAY * 366),
        policy.offboarding_delay
    ),
    set!("lease.ttl", |v| v.duration(SECOND..=DAY), lease_ttl),
    secret("serve.token", |config| &mut config.serve.token),
    secret("notify.webhook_url", |config| {
        &mut config.notify.webhook_url
    }),
    set!(
        "log.dir",
        |v| v.text().map(|text| Some(PathBuf::from(text))),
        log.dir
    ),
    set!(
        "log.level",
        |v| v.choice(&LEVELS).map(str::to_owned),
        log.level
    ),
    set!("log.json", |v| v.truth(), log.json),
    set!("log.keep", |v| v.whole(1..=3660), log.keep),
    set!(
        "console.theme",
        |v| v.text().map(|text| Some(text.to_owned())),
        console.theme
    ),
    open("console.keys", |config, name, value| {
        let key = value.text()?.to_owned();
        config.console.keys.insert(name.to_owned(), key);
        Ok(())
    }),
];

const DIALECTS: [(&str, DialectChoice); 3] = [
    ("auto", DialectChoice::Auto),
    ("objects", DialectChoice::Objects),
    ("odata", DialectChoice::Odata),
];
const PATTERNS: [(&str, PatternMatch); 2] = [
    ("contains", PatternMatch::Contains),
    ("word", PatternMatch::Word),
];
const PARTNERS: [(&str, PartnerRule); 2] =
    [("any", PartnerRule::Any), ("active", PartnerRule::Active)];
const LEVELS: [(&str, &str); 5] = [
    ("error", "error"),
    ("warn", "warn"),
    ("info", "info"),
    ("debug", "debug"),
    ("trace", "trace"),
];

/// The tenant is a number that is sent as text: both ways of writing it are meant well.
fn tenant(value: &Value) -> Result<String, String> {
    match value {
        Value::Whole(number) => Ok(number.to_string()),
        other => other.text().map(str::to_owned),
    }
}

/// The key that has `name`, and how much of the name is left over: the suffix of a secret, the key in an open table.
pub(super) fn find(name: &str) -> Option<(&'static Key, &str)> {
    KEYS.iter().find_map(|key| {
        let rest = name.strip_prefix(key.name)?;
        let fits = match key.set {
            Set::Plain(_) => rest.is_empty(),
            Set::Secret(_) => SECRET_SUFFIXES.contains(&rest),
            Set::Open(_) => rest.strip_prefix('.').is_some_and(|key| !key.is_empty()),
        };
        fits.then_some((key, rest))
    })
}

/// Whether `path` is a table of the configuration.
pub(super) fn is_table(path: &str) -> bool {
    KEYS.iter().any(|key| {
        (matches!(key.set, Set::Open(_)) && key.name == path)
            || key
                .name
                .strip_prefix(path)
                .is_some_and(|rest| rest.starts_with('.'))
    })
}

/// Names of all keys and of the tables that they are in; a table comes once for each of its keys.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    KEYS.iter().flat_map(|key| {
        let tables = key.name.match_indices('.').map(|(at, _)| &key.name[..at]);
        tables.chain(std::iter::once(key.name))
    })
}
