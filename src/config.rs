//! The configuration as values (docs/contract.md, "Configuration"). Reading files, profiles and the environment is in
//! `config/load.rs`; the keys are in `config/keys.rs`; secrets are in `config/secret.rs`.

mod address;
pub mod edit;
mod fault;
mod filters;
mod keys;
mod layer;
mod load;
mod mapping;
mod paths;
mod secret;
mod serve;
mod trust;
mod url;
mod value;
mod variables;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use fault::{Astray, ConfigError, Fault, Place};
pub use filters::{FilterKey, NotSet, RuleChange};
pub use load::{Loaded, Overrides, load};
pub use paths::{Env, check_environment, process_env, state_dir, user_file};
pub use secret::Secret;
pub use serve::SHORTEST_TOKEN;
use url::base_url;
pub use url::is_loopback;

/// The commented configuration file that `prmdesk init` writes: every key and its default.
pub const TEMPLATE: &str = include_str!("../assets/prmdesk.toml");

/// Everything prmdesk can be told. Defaults are those of docs/contract.md, "Configuration".
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The chosen profile's name, shown in the title bar and in confirmations; "default" without one.
    pub profile: String,
    /// The file it was read from, if any.
    pub file: Option<PathBuf>,
    /// Who works; recorded with every run.
    pub operator: String,
    /// Whether the operator was named on purpose (flag, variable or configuration), not taken from the login name.
    /// Off-boarding approvals need that (docs/rules.md, "Off-boarding").
    pub operator_named: bool,
    /// Refuses every write to the database and to both APIs.
    pub read_only: bool,
    /// `database.url`.
    pub database: DatabaseConfig,
    /// `[impartner]`.
    pub impartner: ImpartnerConfig,
    /// `[lms]`.
    pub lms: LmsConfig,
    /// `[filters.*]`.
    pub filters: FilterConfig,
    /// `[mapping.*]`.
    pub mapping: MappingConfig,
    /// `[guards]`.
    pub guards: GuardConfig,
    /// `[policy]`.
    pub policy: PolicyConfig,
    /// `[lease]`.
    pub lease_ttl: Duration,
    /// `[serve]`.
    pub serve: ServeConfig,
    /// `[notify]`: the webhook.
    pub notify: NotifyConfig,
    /// `[log]`.
    pub log: LogConfig,
    /// `[console]`: theme, keys.
    pub console: ConsoleConfig,
}

/// Where the partner database is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DatabaseConfig {
    /// `mysql://user:pw@host:3306/db` (several hosts separated by commas are tried in turn) or `sqlite:///path`.
    /// A secret, because it may hold a password. `None`: not configured.
    pub url: Option<Secret>,
}

/// How to reach Impartner (docs/apis.md, "Impartner").
#[derive(Clone, Debug, PartialEq)]
pub struct ImpartnerConfig {
    /// Base URL without the `/api/objects/v1`.
    pub url: String,
    /// The key for `Authorization: prm-key <key>`.
    pub api_key: Option<Secret>,
    /// The header `X-PRM-TenantId`.
    pub tenant_id: String,
    /// Which query dialect.
    pub dialect: DialectChoice,
    /// Records asked for per page.
    pub page_size: u32,
    /// Requests under way at once.
    pub concurrency: usize,
    /// Longest wait for one answer.
    pub timeout: Duration,
    /// Repetitions of a request that failed in a way that may pass.
    pub retries: u32,
    /// The wait before the first repetition; doubled for each further one, with jitter.
    pub backoff: Duration,
    /// Taken off the watermark when it is used.
    pub overlap: Duration,
}

/// The configured query dialect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DialectChoice {
    /// Find out which one the server honours.
    #[default]
    Auto,
    /// The vendor's published API: skip/take/filter.
    Objects,
    /// page/pageSize/$filter.
    Odata,
}

/// How to reach the LMS (docs/apis.md, "Northpass").
#[derive(Clone, Debug, PartialEq)]
pub struct LmsConfig {
    /// Base URL without the `/v2`.
    pub url: String,
    /// The key for `X-Api-Key`.
    pub api_key: Option<Secret>,
    /// Name of the group that everybody is in.
    pub all_partners_group: String,
    /// Prefixes that a group's name may carry before the account's name.
    pub group_prefixes: Vec<String>,
    /// Most requests a second.
    pub max_rps: u32,
}

/// What is left out (docs/rules.md, "Filters").
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct FilterConfig {
    /// `filters.partners`.
    pub partners: PartnerFilters,
    /// `filters.contacts`.
    pub contacts: ContactFilters,
}

/// Rules on accounts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PartnerFilters {
    /// Tiers that are excluded (equal, case-insensitive); an empty text means "no tier".
    pub excluded_tiers: Vec<String>,
    /// Statuses that are excluded (equal, case-insensitive); an empty text means "no status".
    pub excluded_statuses: Vec<String>,
    /// Names that contain one of these are excluded (case-insensitive).
    pub excluded_names: Vec<String>,
}

impl Default for PartnerFilters {
    fn default() -> Self {
        Self {
            excluded_tiers: vec!["Pending".into()],
            excluded_statuses: vec!["Inactive".into()],
            excluded_names: vec!["nintex".into()],
        }
    }
}

/// Rules on people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ContactFilters {
    /// Statuses that are excluded, where the tenant has such a field (equal, case-insensitive); an empty text means
    /// "no status".
    pub excluded_statuses: Vec<String>,
    /// E-mail domains that are excluded, with their subdomains.
    pub excluded_domains: Vec<String>,
    /// Patterns that are excluded in the part before the @.
    pub excluded_patterns: Vec<String>,
    /// How patterns match.
    pub pattern_match: PatternMatch,
    /// Addresses let through although a pattern matches.
    pub allow: Vec<String>,
    /// Whether a contact needs an active partner.
    pub partner: PartnerRule,
}

impl Default for ContactFilters {
    fn default() -> Self {
        Self {
            excluded_statuses: ["Inactive", "Terminated", "Suspended", "Deactivated"]
                .map(String::from)
                .to_vec(),
            excluded_domains: ["bill.com", "nintex.com", "safalo.com", "crestan.com"]
                .map(String::from)
                .to_vec(),
            excluded_patterns: ["demo", "sales", "support", "test", "accounts"]
                .map(String::from)
                .to_vec(),
            pattern_match: PatternMatch::Contains,
            allow: Vec::new(),
            partner: PartnerRule::Any,
        }
    }
}

/// How `excluded_patterns` match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PatternMatch {
    /// Anywhere in the part before the @.
    #[default]
    Contains,
    /// A whole word, split at `. _ - +` and digits.
    Word,
}

impl PatternMatch {
    /// The word of the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Contains => "contains",
            Self::Word => "word",
        }
    }
}

/// `filters.contacts.partner`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartnerRule {
    /// A contact whose partner is excluded is kept, without a link.
    #[default]
    Any,
    /// It is excluded too.
    Active,
}

impl PartnerRule {
    /// The word of the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Active => "active",
        }
    }
}

/// Source fields by column or value name; what is not named keeps its default.
#[derive(Clone, Debug, PartialEq)]
pub struct MappingConfig {
    /// `[mapping.partners]`: column or value = source field.
    pub partners: BTreeMap<String, String>,
    /// `[mapping.contacts]`.
    pub contacts: BTreeMap<String, String>,
    /// `mapping.certifications.certification_count`.
    pub certification_count: String,
    /// `mapping.certifications.total_npcu`.
    pub total_npcu: String,
}

impl Default for MappingConfig {
    fn default() -> Self {
        Self {
            partners: BTreeMap::new(),
            contacts: BTreeMap::new(),
            certification_count: "Certification_Count__cf".into(),
            total_npcu: "Total_NPCU__cf".into(),
        }
    }
}

/// Limits on what one window may deactivate (docs/rules.md, "The plan").
#[derive(Clone, Debug, PartialEq)]
pub struct GuardConfig {
    /// Most soft-deletes per entity in the window.
    pub max_count: u64,
    /// Most percent of the active rows.
    pub max_percent: f64,
    /// The number of active rows from which the percentage counts.
    pub small_set: u64,
    /// The rolling window.
    pub window: Duration,
    /// Most percent of the rows in which one field may change.
    pub field_change_percent: f64,
}

impl Default for GuardConfig {
    fn default() -> Self {
        Self {
            max_count: 50,
            max_percent: 10.0,
            small_set: 20,
            window: Duration::from_hours(24),
            field_change_percent: 30.0,
        }
    }
}

/// What may happen without a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyConfig {
    /// Whether `sync --unattended` may apply soft-deletes with evidence `inactive` or `deleted`.
    pub unattended_deletes: bool,
    /// Whether the operator of the run that opened a case may not approve it.
    pub four_eyes: bool,
    /// Evidence older than this is asked for again before a soft-delete is applied.
    pub recheck_after: Duration,
    /// Every approval of an off-boarding case waits at least so long before it runs.
    pub offboarding_delay: Duration,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        Self {
            unattended_deletes: false,
            four_eyes: false,
            recheck_after: Duration::from_mins(15),
            offboarding_delay: Duration::ZERO,
        }
    }
}

/// The HTTP adapter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServeConfig {
    /// The bearer token; without one the adapter listens on loopback only.
    pub token: Option<Secret>,
}

/// The webhook; off without a URL.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NotifyConfig {
    /// Where to post. A secret: such URLs carry their own key.
    pub webhook_url: Option<Secret>,
}

/// Logging.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// Directory of the rolling files; `None`: the state directory.
    pub dir: Option<PathBuf>,
    /// error, warn, info, debug or trace.
    pub level: String,
    /// Whether lines are JSON.
    pub json: bool,
    /// Files kept (one a day).
    pub keep: usize,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            dir: None,
            level: "info".into(),
            json: false,
            keep: 14,
        }
    }
}

/// The console.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsoleConfig {
    /// Theme name; `None`: the last one used, or dark.
    pub theme: Option<String>,
    /// Key overrides: action name = key.
    pub keys: BTreeMap<String, String>,
}

impl Default for ImpartnerConfig {
    fn default() -> Self {
        Self {
            url: "https://prod.impartner.live".into(),
            api_key: None,
            tenant_id: "1".into(),
            dialect: DialectChoice::Auto,
            page_size: 100,
            concurrency: 6,
            timeout: Duration::from_secs(30),
            retries: 5,
            backoff: Duration::from_millis(500),
            overlap: Duration::from_mins(10),
        }
    }
}

impl Default for LmsConfig {
    fn default() -> Self {
        Self {
            url: "https://api.northpass.com".into(),
            api_key: None,
            all_partners_group: "All Partners".into(),
            group_prefixes: vec!["ptr_".into()],
            max_rps: 8,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            profile: "default".into(),
            file: None,
            operator: "unknown".into(),
            operator_named: false,
            read_only: false,
            database: DatabaseConfig::default(),
            impartner: ImpartnerConfig::default(),
            lms: LmsConfig::default(),
            filters: FilterConfig::default(),
            mapping: MappingConfig::default(),
            guards: GuardConfig::default(),
            policy: PolicyConfig::default(),
            lease_ttl: Duration::from_mins(1),
            serve: ServeConfig::default(),
            notify: NotifyConfig::default(),
            log: LogConfig::default(),
            console: ConsoleConfig::default(),
        }
    }
}
