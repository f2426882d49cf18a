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
    accepted: Option<Configuration>,
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
    excluded_contact_statuses: Option<Vec<String>>,
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
    absent_of_partners: Vec<String>,
    absent_of_contacts: Vec<String>,
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
            absent_of_partners: Vec::new(),
            absent_of_contacts: Vec::new(),
        }
    }
}

/// The columns of a record or a row, by name; [`cells`] refuses a name that the schema does not have.
type Columns = BTreeMap<String, String>;

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Account {
    id: i64,
    status: Option<String>,
    #[serde(flatten)]
    columns: Columns,
}

#[derive(Clone, Deserialize)]
struct User {
    id: i64,
    #[serde(default = "yes")]
    is_active: bool,
    status: Option<String>,
    account_id: Option<i64>,
    account_name: Option<String>,
    #[serde(flatten)]
    columns: Columns,
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
    had_contact_status: bool,
}

#[derive(Deserialize)]
struct PartnerRow {
    row: i64,
    impartner_id: Option<i64>,
    #[serde(default = "yes")]
    is_active: bool,
    #[serde(flatten)]
    columns: Columns,
}

#[derive(Deserialize)]
struct ContactRow {
    row: i64,
    impartner_id: Option<i64>,
    #[serde(default = "yes")]
    is_active: bool,
    partner_row: Option<i64>,
    #[serde(flatten)]
    columns: Columns,
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
fn cells(entity: Entity, mut columns: Columns) -> Result<Vec<Option<String>>, String> {
    let fields = Schema::of(entity).fields;
    let cells = fields
        .iter()
        .map(|field| columns.remove(field.column))
        .collect();
    match columns.keys().next() {
        Some(name) => Err(format!("unknown field `{name}` of {entity}")),
        None => Ok(cells),
    }
}

impl Account {
    fn record(self) -> Result<Rec, String> {
        Ok(Rec {
            id: self.id,
            active: None,
            status: self.status,
            account_id: None,
            account_name: None,
            fields: cells(Entity::Partners, self.columns)?,
        })
    }
}

impl User {
    fn record(self) -> Result<Rec, String> {
        Ok(Rec {
            id: self.id,
            active: Some(self.is_active),
            status: self.status,
            account_id: self.account_id,
            account_name: self.account_name,
            fields: cells(Entity::Contacts, self.columns)?,
        })
    }
}

impl PartnerRow {
    fn row(self) -> Result<Row, String> {
        Ok(Row {
            row_id: self.row,
            impartner_id: self.impartner_id,
            active: self.is_active,
            partner_id: None,
            fields: cells(Entity::Partners, self.columns)?,
        })
    }
}

impl ContactRow {
    fn row(self) -> Result<Row, String> {
        Ok(Row {
            row_id: self.row,
            impartner_id: self.impartner_id,
            active: self.is_active,
            partner_id: self.partner_row,
            fields: cells(Entity::Contacts, self.columns)?,
        })
    }
}

/// Each made, or the first fault.
fn all<T, U>(
    list: impl IntoIterator<Item = T>,
    make: impl Fn(T) -> Result<U, String>,
) -> Result<Vec<U>, String> {
    list.into_iter().map(make).collect()
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
        set(
            &mut contacts.excluded_statuses,
            self.excluded_contact_statuses,
        );
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
    /// The plan of this scenario, and what is expected of it; an error names a column that there is not.
    pub fn plan(self) -> Result<(Plan, Expected), String> {
        let (source, database) = (self.source, self.database);
        let mut world = World {
            records: PerEntity {
                partners: all(source.partners, Account::record)?,
                contacts: all(source.contacts, User::record)?,
            },
            rows: PerEntity {
                partners: all(database.partners, PartnerRow::row)?,
                contacts: all(database.contacts, ContactRow::row)?,
            },
            mode: self.mode,
            proved: source.proved,
            hidden: PerEntity {
                partners: all(source.partners_not_listed, Account::record)?,
                contacts: all(source.contacts_not_listed, User::record)?,
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
            absent: PerEntity {
                partners: source.absent_of_partners,
                contacts: source.absent_of_contacts,
            },
            had_contact_status: database.had_contact_status,
            ..World::default()
        };
        if let Some(accepted) = self.accepted {
            accepted.apply(&mut world);
            world.accepted = Some(std::mem::take(&mut world.filters));
        }
        self.configuration.apply(&mut world);
        Ok((world.plan(), self.expected))
    }
}
