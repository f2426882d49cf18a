//! The filters of docs/rules.md, "Filters" as one function from a record to a verdict.

use super::{Entity, PerEntity, Schema, SourceRecord, SourceSet, filter::lower};
use crate::config::{ContactFilters, FilterConfig, FilterKey, PartnerFilters, PatternMatch};
use crate::text::name_key;

/// What the filters say about a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It belongs in the database.
    Keep,
    /// The source itself says it is not active: evidence `inactive`.
    Inactive(Why),
    /// Healthy, but one of our rules excludes it: evidence `out_of_scope`.
    OutOfScope {
        /// Which rule.
        why: Why,
        /// Whether the pattern sits inside a longer word, as in `contest@`.
        suspicious: bool,
    },
}

/// What excludes a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Why {
    /// The filter; `None` for what no filter decides, such as a contact without an e-mail.
    pub rule: Option<FilterKey>,
    /// The value of the filter that fits the record, as it is written there.
    pub word: String,
    /// In words.
    pub reason: String,
}

impl Why {
    fn of(rule: FilterKey, word: &str, reason: String) -> Self {
        Self {
            rule: Some(rule),
            word: word.to_owned(),
            reason,
        }
    }

    fn fixed(reason: &str) -> Self {
        Self {
            rule: None,
            word: String::new(),
            reason: reason.to_owned(),
        }
    }

    /// A contact whose partner is not active, where that excludes it.
    pub fn partner() -> Self {
        let reason = "its partner is not active".to_owned();
        Self::of(FilterKey::Partner, "active", reason)
    }
}

impl Verdict {
    /// What excludes the record; `None`: nothing does.
    pub fn why(&self) -> Option<&Why> {
        match self {
            Self::Keep => None,
            Self::Inactive(why) | Self::OutOfScope { why, .. } => Some(why),
        }
    }

    /// Whether the record is excluded by a pattern that sits inside a longer word.
    pub fn is_suspicious(&self) -> bool {
        matches!(
            self,
            Self::OutOfScope {
                suspicious: true,
                ..
            }
        )
    }
}

/// The configured filters, prepared for many records.
#[derive(Clone, Debug)]
pub struct Rules {
    tiers: Vec<(String, String)>,
    statuses: PerEntity<Vec<(String, String)>>,
    /// Whether the list of contacts' statuses is not the one that applies where a tenant has the field.
    own_statuses: bool,
    names: Vec<(String, String)>,
    domains: Vec<String>,
    patterns: Vec<String>,
    pattern_match: PatternMatch,
    allow: Vec<String>,
}

impl Rules {
    /// Prepares `config`. An empty tier or status stands for no value; other empty entries are ignored: an empty name
    /// would exclude everybody.
    pub fn new(config: &FilterConfig) -> Self {
        let keyed = |list: &[String]| {
            list.iter()
                .map(|word| (name_key(word), word.trim().to_owned()))
                .collect::<Vec<_>>()
        };
        let mut names = keyed(&config.partners.excluded_names);
        names.retain(|(key, _)| !key.is_empty());
        let lowered = |list: &[String]| {
            list.iter()
                .map(|word| word.trim().to_lowercase())
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
        };
        let FilterConfig { partners, contacts } = config;
        let PartnerFilters {
            excluded_tiers,
            excluded_statuses,
            excluded_names: _,
        } = partners;
        let ContactFilters {
            excluded_statuses: contact_statuses,
            excluded_domains,
            excluded_patterns,
            pattern_match,
            allow,
            partner: _,
        } = contacts;
        Self {
            tiers: keyed(excluded_tiers),
            own_statuses: *contact_statuses != ContactFilters::default().excluded_statuses,
            statuses: PerEntity {
                partners: keyed(excluded_statuses),
                contacts: keyed(contact_statuses),
            },
            names,
            domains: lowered(excluded_domains)
                .into_iter()
                .map(|domain| domain.trim_start_matches(['@', '.']).to_owned())
                .collect(),
            patterns: lowered(excluded_patterns),
            pattern_match: *pattern_match,
            allow: lowered(allow),
        }
    }

    /// The verdict on record `at` of `source`.
    pub fn verdict(&self, schema: &Schema, source: &SourceSet, at: u32) -> Verdict {
        match schema.entity {
            Entity::Partners => self.partner(schema, source, at),
            Entity::Contacts => self.contact(schema, source, at),
        }
    }

    /// Whether a rule excludes who has no tier or no status: then a field that stops coming speaks against everybody.
    pub fn excludes_no_value(&self, entity: Entity) -> bool {
        let tiers = if entity == Entity::Partners {
            &self.tiers[..]
        } else {
            &[]
        };
        let mut words = tiers.iter().chain(&self.statuses[entity]);
        words.any(|(key, _)| key.is_empty())
    }

    /// The source's fields that a rule needs and that came in no record: what such a rule says means nothing. Not every
    /// tenant has a status of contacts: the rule needs it where `had_status` (it came before), or where list or mapping
    /// are not the ones that everybody begins with.
    pub fn blind(&self, schema: &Schema, source: &SourceSet, had_status: bool) -> Vec<String> {
        let mut blind = Vec::new();
        let field = |column: &str| {
            let at = schema.index(column)?;
            let name = schema.fields[at].source.clone()?;
            let bit = u32::try_from(at).ok()?;
            source.is_absent(bit).then_some(name)
        };
        match schema.entity {
            Entity::Partners => {
                if !self.tiers.is_empty() {
                    blind.extend(field("partner_tier"));
                }
                let mapped = schema
                    .index("account_status")
                    .is_some_and(|at| schema.fields[at].source.is_some());
                let status = source.is_absent(SourceRecord::STATUS)
                    && (!mapped || field("account_status").is_some());
                if !self.statuses.partners.is_empty() && status {
                    blind.push(schema.values.status.join(" or "));
                }
            }
            Entity::Contacts => {
                if source.is_absent(SourceRecord::ACTIVE) {
                    blind.extend(schema.values.active.clone());
                }
                blind.extend(field("email"));
                let needed = had_status || self.own_statuses || !schema.may_lack_status();
                if !self.statuses.contacts.is_empty()
                    && needed
                    && source.is_absent(SourceRecord::STATUS)
                {
                    blind.push(schema.values.status.join(" or "));
                }
            }
        }
        blind
    }

    fn partner(&self, schema: &Schema, source: &SourceSet, at: u32) -> Verdict {
        let given = |column: &str| {
            let field = schema.index(column);
            field.map_or(Given::Unread, |field| Given::of(source, at, field))
        };
        if let Some(word) = excluded(&self.tiers, &[given("partner_tier")]) {
            return Verdict::Inactive(said(FilterKey::Tiers, "tier", word));
        }
        let status = Given::of_status(schema, source, at);
        let mapped = schema
            .index("account_status")
            .filter(|&field| schema.fields[field].source.is_some());
        let statuses = match mapped {
            Some(field) => vec![status, Given::of(source, at, field)],
            None => vec![status],
        };
        if let Some(word) = excluded(&self.statuses.partners, &statuses) {
            return Verdict::Inactive(said(FilterKey::PartnerStatuses, "status", word));
        }
        let name = name_key(source.field(at, Schema::KEY).unwrap_or_default());
        match self
            .names
            .iter()
            .find(|(key, _)| name.contains(key.as_str()))
        {
            Some((_, word)) => Verdict::OutOfScope {
                why: Why::of(FilterKey::Names, word, format!("name contains {word}")),
                suspicious: false,
            },
            None => Verdict::Keep,
        }
    }

    fn contact(&self, schema: &Schema, source: &SourceSet, at: u32) -> Verdict {
        if source.active(at) == Some(false) {
            return Verdict::Inactive(Why::fixed("IsActive is false"));
        }
        // Where the field came in no record, the tenant has none, or the guard `missing_field` keeps everything back.
        if !source.is_absent(SourceRecord::STATUS)
            && let Some(word) = excluded(
                &self.statuses.contacts,
                &[Given::of_status(schema, source, at)],
            )
        {
            return Verdict::Inactive(said(FilterKey::ContactStatuses, "status", word));
        }
        let out = |why: Why, suspicious| Verdict::OutOfScope { why, suspicious };
        let Some(email) = source.field(at, Schema::KEY) else {
            return out(Why::fixed("it has no e-mail"), false);
        };
        let email = lower(email);
        let Some((local, domain)) = usable(&email) else {
            return out(Why::fixed("its e-mail is not usable"), false);
        };
        if let Some(excluded) = self
            .domains
            .iter()
            .find(|excluded| within(domain, excluded))
        {
            let reason = format!("domain {excluded} is excluded");
            return out(Why::of(FilterKey::Domains, excluded, reason), false);
        }
        if self.allow.iter().any(|allowed| *allowed == email) {
            return Verdict::Keep;
        }
        let whole_word = |pattern: &str| words(local).any(|word| word == pattern);
        // A pattern that stands as a word of its own is named before one that only sits inside a longer word,
        // so that `suspicious` is said only where nothing better speaks for the exclusion.
        if let Some(pattern) = self.patterns.iter().find(|pattern| whole_word(pattern)) {
            let reason = format!("`{pattern}` stands before the @");
            return out(Why::of(FilterKey::Patterns, pattern, reason), false);
        }
        match self.patterns.iter().find(|pattern| {
            self.pattern_match == PatternMatch::Contains && local.contains(pattern.as_str())
        }) {
            Some(pattern) => {
                let reason = format!("`{pattern}` stands before the @, inside a longer word");
                out(Why::of(FilterKey::Patterns, pattern, reason), true)
            }
            None => Verdict::Keep,
        }
    }
}

/// What a record says for a field that a list is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given<'a> {
    /// This.
    Text(&'a str),
    /// Nothing.
    Nothing,
    /// Something that could not be understood, so nobody knows what.
    Unread,
}

impl<'a> Given<'a> {
    fn of(source: &'a SourceSet, at: u32, field: usize) -> Self {
        Self::from(source, at, field, source.field(at, field))
    }

    /// The status stands behind the fields, in the mask of what could not be understood too.
    fn of_status(schema: &Schema, source: &'a SourceSet, at: u32) -> Self {
        Self::from(source, at, schema.fields.len(), source.status(at))
    }

    fn from(source: &SourceSet, at: u32, bit: usize, text: Option<&'a str>) -> Self {
        let unread = u32::try_from(bit)
            .is_ok_and(|bit| source.unread(at).checked_shr(bit).unwrap_or_default() & 1 == 1);
        match text {
            Some(text) => Self::Text(text),
            None if unread => Self::Unread,
            None => Self::Nothing,
        }
    }
}

/// The word of `list` that excludes a record with these values; the empty one where all of them are nothing.
fn excluded<'a>(list: &'a [(String, String)], values: &[Given<'_>]) -> Option<&'a str> {
    if list.is_empty() {
        return None;
    }
    let keys = values.iter().filter_map(|value| match value {
        Given::Text(text) => Some(name_key(text)),
        Given::Nothing | Given::Unread => None,
    });
    let mut keys: Vec<String> = keys.collect();
    if values.iter().all(|value| *value == Given::Nothing) {
        keys.push(String::new());
    }
    keys.iter().find_map(|key| {
        let found = list.iter().find(|(excluded, _)| excluded == key);
        found.map(|(_, word)| word.as_str())
    })
}

/// Why a record is excluded, in words.
fn said(rule: FilterKey, what: &str, word: &str) -> Why {
    let reason = if word.is_empty() {
        format!("it has no {what}")
    } else {
        format!("{what} is {word}")
    };
    Why::of(rule, word, reason)
}

/// Local part and domain of an address one could write to.
fn usable(email: &str) -> Option<(&str, &str)> {
    let (local, domain) = email.rsplit_once('@')?;
    let fine = !local.is_empty()
        && !local.contains('@')
        && !domain.is_empty()
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !email.chars().any(|c| c.is_whitespace() || c.is_control());
    fine.then_some((local, domain))
}

/// Whether `domain` is `excluded` or one of its subdomains.
fn within(domain: &str, excluded: &str) -> bool {
    domain
        .strip_suffix(excluded)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The words of a local part: split at `. _ - +` and digits.
fn words(local: &str) -> impl Iterator<Item = &str> {
    local
        .split(|c: char| matches!(c, '.' | '_' | '-' | '+') || c.is_ascii_digit())
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(email: &str, config: &FilterConfig) -> Verdict {
        let schema = Schema::of(Entity::Contacts);
        let mut source = SourceSet::new(&schema);
        let mut fields = vec![None; schema.fields.len()];
        fields[Schema::KEY] = Some(email);
        let at = source.push(
            &schema,
            &SourceRecord {
                id: 1,
                active: Some(true),
                fields: &fields,
                ..SourceRecord::default()
            },
        );
        Rules::new(config).verdict(&schema, &source, at)
    }

    #[test]
    fn patterns_and_domains() {
        let mut config = FilterConfig::default();
        let suspicious = |email: &str, config: &FilterConfig| match contact(email, config) {
            Verdict::OutOfScope { suspicious, .. } => Some(suspicious),
            _ => None,
        };
        assert_eq!(contact("ann@acme.com", &config), Verdict::Keep);
        assert_eq!(suspicious("contest@acme.com", &config), Some(true));
        assert_eq!(suspicious("Demosthenes@acme.com", &config), Some(true));
        assert_eq!(suspicious("test.user1@acme.com", &config), Some(false));
        assert_eq!(suspicious("qa+demo2@acme.com", &config), Some(false));
        assert_eq!(suspicious("ann@eu.Bill.com", &config), Some(false));
        assert_eq!(contact("ann@notbill.com", &config), Verdict::Keep);
        assert_eq!(
            contact("ann@test.com", &config),
            Verdict::Keep,
            "only the part before the @ counts"
        );
        config.contacts.allow = vec!["Contest@ACME.com".into()];
        assert_eq!(contact("contest@acme.com", &config), Verdict::Keep);
        config.contacts.pattern_match = PatternMatch::Word;
        assert_eq!(contact("latest.news@acme.com", &config), Verdict::Keep);
        assert_eq!(suspicious("sales-eu@acme.com", &config), Some(false));
        for broken in [
            "",
            "acme.com",
            "@acme.com",
            "ann@",
            "a b@acme.com",
            "a@b@c.com",
            "ann@.com",
        ] {
            assert!(suspicious(broken, &config).is_some(), "{broken}");
        }
    }

    #[test]
    fn partner_rules_compare_without_case() {
        let schema = Schema::of(Entity::Partners);
        let rules = Rules::new(&FilterConfig::default());
        let verdict = |name: &str, tier: &str, status: &str| {
            let mut source = SourceSet::new(&schema);
            let mut fields = vec![None; schema.fields.len()];
            fields[Schema::KEY] = Some(name);
            fields[schema.index("partner_tier").unwrap()] = Some(tier);
            let at = source.push(
                &schema,
                &SourceRecord {
                    id: 1,
                    status: Some(status),
                    fields: &fields,
                    ..SourceRecord::default()
                },
            );
            rules.verdict(&schema, &source, at)
        };
        assert_eq!(verdict("Acme", "Premier", "Active"), Verdict::Keep);
        assert_eq!(
            verdict("Acme", " PENDING ", "Active"),
            Verdict::Inactive(said(FilterKey::Tiers, "tier", "Pending"))
        );
        assert_eq!(
            verdict("Acme", "Premier", "inactive"),
            Verdict::Inactive(said(FilterKey::PartnerStatuses, "status", "Inactive"))
        );
        assert!(matches!(
            verdict("My NINTEX Lab", "Premier", "Active"),
            Verdict::OutOfScope {
                suspicious: false,
                ..
            }
        ));
    }
}
