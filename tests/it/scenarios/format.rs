//! The format of tests/scenarios/*.toml.

use std::collections::BTreeMap;

use prmdesk::config::{PartnerRule, PatternMatch};
use prmdesk::plan::guards::WindowCounts;
use prmdesk::plan::{Entity, Mode, PerEntity, Plan, Schema, Waiting};
use serde::Deserialize;

use crate::plan::world::{Rec, Row, World};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The rule in one sentence.
    pub title: String,
    /// The heading of docs/rules.md that it is under.
    pub rule: String,
    #[serde(default = "full")]
    mode: Mode,
    #[serde(default)]
    configuration: Configuration,
    #[serde(default)]
    source: Source,
    #[serde(default)]
    database: Database,
    expected: Expected,
}

fn full() -> Mode {
    Mode::Full
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Configuration {
    excluded_tiers: Option<Vec<String>>,
    excluded_statuses: Option<Vec<String>>,
    excluded_names: Option<Vec<String>>,
    excluded_domains: Option<Vec<String>>,
    excluded_patterns: Option<Vec<String>>,
    match_whole_words: bool,
    allow: Vec<String>,
    needs_active_partner: bool,
    max_count: Option<u64>,
    max_percent: Option<f64>,
    small_set: Option<u64>,
    field_change_percent: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Source {
    proved: bool,
    partners: Vec<Account>,
    contacts: Vec<User>,
    partners_not_listed: Vec<Account>,
    contacts_not_listed: Vec<User>,
    unanswered: Vec<i64>,
    deleted_partners: Vec<i64>,
    deleted_contacts: Vec<i64>,
}

impl Default for Source {
    fn default() -> Self {
        Self {
            proved: true,
            partners: Vec::new(),
            contacts: Vec::new(),
            partners_not_listed: Vec::new(),
            contacts_not_listed: Vec::new(),
            unanswered: Vec::new(),
            deleted_partners: Vec::new(),
            deleted_contacts: Vec::new(),
        }
    }
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Account {
    id: i64,
    status: Option<String>,
    account_name: Option<String>,
    partner_tier: Option<String>,
    salesforce_id: Option<String>,
    website: Option<String>,
    country: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct User {
    id: i64,
    is_active: bool,
    account_id: Option<i64>,
    account_name: Option<String>,
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    phone: Option<String>,
}

impl Default for User {
    fn default() -> Self {
        Self {
            id: 0,
            is_active: true,
            account_id: None,
            account_name: None,
            email: None,
            first_name: None,
            last_name: None,
            phone: None,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Database {
    partners: Vec<PartnerRow>,
    contacts: Vec<ContactRow>,
    holds: Vec<i64>,
    carried_over: Vec<i64>,
    waiting: Vec<Waiting>,
    lms_users: BTreeMap<String, String>,
    accents_count: bool,
    deleted_in_window: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartnerRow {
    row: i64,
    impartner_id: Option<i64>,
    #[serde(default = "yes")]
    is_active: bool,
    account_name: Option<String>,
    partner_tier: Option<String>,
    account_status: Option<String>,
    salesforce_id: Option<String>,
    website: Option<String>,
    country: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContactRow {
    row: i64,
    impartner_id: Option<i64>,
    #[serde(default = "yes")]
    is_active: bool,
    partner_row: Option<i64>,
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    phone: Option<String>,
    lms_user_id: Option<String>,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// One line for each record that the plan lists; see the README.
    pub plan: Vec<String>,
    /// Records that must be unchanged: "partner 1".
    #[serde(default)]
    pub unchanged: Vec<String>,
    #[serde(default)]
    pub warnings: Vec<String>,
    #[serde(default)]
    pub guards: Vec<String>,
    #[serde(default)]
    pub kept_back: u64,
    #[serde(default)]
    pub waits: Vec<i64>,
    #[serde(default)]
    pub waits_no_longer: Vec<i64>,
}

/// A row or record's cells in the order of the schema.
fn cells(entity: Entity, values: &[(&str, &Option<String>)]) -> Vec<Option<String>> {
    let fields = Schema::of(entity).fields;
    fields
        .iter()
        .map(|field| {
            let value = values.iter().find(|(column, _)| *column == field.column);
            value.and_then(|(_, value)| (*value).clone())
        })
        .collect()
}

impl Account {
    fn record(self) -> Rec {
        let fields = cells(
            Entity::Partners,
            &[
                ("account_name", &self.account_name),
                ("partner_tier", &self.partner_tier),
                ("salesforce_id", &self.salesforce_id),
                ("website", &self.website),
                ("country", &self.country),
            ],
        );
        Rec {
            id: self.id,
            active: None,
            status: self.status,
            account_id: None,
            account_name: None,
            fields,
        }
    }
}

impl User {
    fn record(self) -> Rec {
        let fields = cells(
            Entity::Contacts,
            &[
                ("email", &self.email),
                ("first_name", &self.first_name),
                ("last_name", &self.last_name),
                ("phone", &self.phone),
            ],
        );
        Rec {
            id: self.id,
            active: Some(self.is_active),
            status: None,
            account_id: self.account_id,
            account_name: self.account_name,
            fields,
        }
    }
}

impl PartnerRow {
    fn row(&self) -> Row {
        let fields = cells(
            Entity::Partners,
            &[
                ("account_name", &self.account_name),
                ("partner_tier", &self.partner_tier),
                ("account_status", &self.account_status),
                ("salesforce_id", &self.salesforce_id),
                ("website", &self.website),
                ("country", &self.country),
            ],
        );
        Row {
            row_id: self.row,
            impartner_id: self.impartner_id,
            active: self.is_active,
            partner_id: None,
            fields,
        }
    }
}

impl ContactRow {
    fn row(&self) -> Row {
        let fields = cells(
            Entity::Contacts,
            &[
                ("email", &self.email),
                ("first_name", &self.first_name),
                ("last_name", &self.last_name),
                ("phone", &self.phone),
                ("lms_user_id", &self.lms_user_id),
            ],
        );
        Row {
            row_id: self.row,
            impartner_id: self.impartner_id,
            active: self.is_active,
            partner_id: self.partner_row,
            fields,
        }
    }
}

impl Configuration {
    fn apply(self, world: &mut World) {
        fn set<T>(place: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *place = value;
            }
        }
        let (partners, contacts) = (&mut world.filters.partners, &mut world.filters.contacts);
        set(&mut partners.excluded_tiers, self.excluded_tiers);
        set(&mut partners.excluded_statuses, self.excluded_statuses);
        set(&mut partners.excluded_names, self.excluded_names);
        set(&mut contacts.excluded_domains, self.excluded_domains);
        set(&mut contacts.excluded_patterns, self.excluded_patterns);
        contacts.allow = self.allow;
        if self.match_whole_words {
            contacts.pattern_match = PatternMatch::Word;
        }
        if self.needs_active_partner {
            contacts.partner = PartnerRule::Active;
        }
        set(&mut world.guards.max_count, self.max_count);
        set(&mut world.guards.max_percent, self.max_percent);
        set(&mut world.guards.small_set, self.small_set);
        set(
            &mut world.guards.field_change_percent,
            self.field_change_percent,
        );
    }
}

impl Scenario {
    /// The plan of this scenario, and what is expected of it.
    pub fn plan(self) -> (Plan, Expected) {
        let (source, database) = (self.source, self.database);
        let accounts = |list: Vec<Account>| list.into_iter().map(Account::record).collect();
        let users = |list: Vec<User>| list.into_iter().map(User::record).collect();
        let mut world = World {
            records: PerEntity {
                partners: accounts(source.partners),
                contacts: users(source.contacts),
            },
            rows: PerEntity {
                partners: database.partners.iter().map(PartnerRow::row).collect(),
                contacts: database.contacts.iter().map(ContactRow::row).collect(),
            },
            mode: self.mode,
            proved: source.proved,
            hidden: PerEntity {
                partners: accounts(source.partners_not_listed),
                contacts: users(source.contacts_not_listed),
            },
            failing: source.unanswered,
            feed: PerEntity {
                partners: source.deleted_partners,
                contacts: source.deleted_contacts,
            },
            holds: database.holds,
            carried: database.carried_over,
            waiting: database.waiting,
            accents_count: database.accents_count,
            lms: database.lms_users.into_iter().collect(),
            window: WindowCounts {
                deleted: database.deleted_in_window,
                counted: database.deleted_in_window,
                active: 0,
            },
            ..World::default()
        };
        self.configuration.apply(&mut world);
        (world.plan(), self.expected)
    }
}
