//! What an entity is: a table of fields, not a pair of copies (ARCHITECTURE.md, "Shapes").

use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

/// The two things we keep: partner accounts and the people in them.
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
#[serde(rename_all = "snake_case")]
pub enum Entity {
    /// A partner account (Impartner's `Account`, our table `partners`).
    Partners,
    /// A contact (Impartner's `User`, our table `contacts`).
    Contacts,
}

impl Entity {
    /// Both, in the order in which they are applied.
    pub const ALL: [Self; 2] = [Self::Partners, Self::Contacts];

    /// The word in commands, JSON and table names.
    pub fn word(self) -> &'static str {
        match self {
            Self::Partners => "partners",
            Self::Contacts => "contacts",
        }
    }

    /// One of them, in words: "partner", "contact".
    pub fn singular(self) -> &'static str {
        match self {
            Self::Partners => "partner",
            Self::Contacts => "contact",
        }
    }

    /// Impartner's name of the object (docs/apis.md, "Impartner").
    pub fn object(self) -> &'static str {
        match self {
            Self::Partners => "Account",
            Self::Contacts => "User",
        }
    }
}

impl std::fmt::Display for Entity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}

impl std::str::FromStr for Entity {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "partners" | "partner" => Ok(Self::Partners),
            "contacts" | "contact" => Ok(Self::Contacts),
            other => Err(format!("`{other}` is no entity; use partners or contacts")),
        }
    }
}

/// One value for each entity.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct PerEntity<T> {
    /// That of the partners.
    pub partners: T,
    /// That of the contacts.
    pub contacts: T,
}

impl<T> PerEntity<T> {
    /// Both, made by `make`.
    pub fn from_fn(mut make: impl FnMut(Entity) -> T) -> Self {
        Self {
            partners: make(Entity::Partners),
            contacts: make(Entity::Contacts),
        }
    }

    /// Both, with their entity.
    pub fn iter(&self) -> impl Iterator<Item = (Entity, &T)> {
        [
            (Entity::Partners, &self.partners),
            (Entity::Contacts, &self.contacts),
        ]
        .into_iter()
    }
}

impl<T> Index<Entity> for PerEntity<T> {
    type Output = T;

    fn index(&self, entity: Entity) -> &T {
        match entity {
            Entity::Partners => &self.partners,
            Entity::Contacts => &self.contacts,
        }
    }
}

impl<T> IndexMut<Entity> for PerEntity<T> {
    fn index_mut(&mut self, entity: Entity) -> &mut T {
        match entity {
            Entity::Partners => &mut self.partners,
            Entity::Contacts => &mut self.contacts,
        }
    }
}

/// What a run is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Partners and contacts.
    All,
    /// Partners only.
    Partners,
    /// Contacts only.
    Contacts,
}

impl Scope {
    /// Whether the scope takes in `entity`.
    pub fn has(self, entity: Entity) -> bool {
        matches!(
            (self, entity),
            (Self::All, _)
                | (Self::Partners, Entity::Partners)
                | (Self::Contacts, Entity::Contacts)
        )
    }

    /// The entities of the scope, in the order in which they are applied.
    pub fn entities(self) -> impl Iterator<Item = Entity> {
        Entity::ALL
            .into_iter()
            .filter(move |&entity| self.has(entity))
    }

    /// The word in commands, JSON and tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Partners => "partners",
            Self::Contacts => "contacts",
        }
    }
}

impl std::str::FromStr for Scope {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "all" => Ok(Self::All),
            "partners" => Ok(Self::Partners),
            "contacts" => Ok(Self::Contacts),
            other => Err(format!(
                "`{other}` is no scope; use all, partners or contacts"
            )),
        }
    }
}

/// How much is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// What changed since the watermark.
    Incremental,
    /// Everything; needed to see what is gone.
    Full,
}

impl Mode {
    /// The word in commands, JSON and tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Incremental => "incremental",
            Self::Full => "full",
        }
    }
}

impl std::str::FromStr for Mode {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "incremental" => Ok(Self::Incremental),
            "full" => Ok(Self::Full),
            other => Err(format!("`{other}` is no mode; use incremental or full")),
        }
    }
}

/// How a field's text is normalised and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Trimmed text, compared exactly.
    Text,
    /// The partner's name: unique, matched by [`crate::text::name_key`].
    Name,
    /// The contact's e-mail: unique, matched by [`crate::text::email_key`].
    Email,
    /// A Salesforce id: normalised to 18 characters (docs/apis.md, "Salesforce ids").
    SalesforceId,
    /// A region: text, an object with a name, or an id to be looked up (docs/apis.md, "Impartner").
    Region,
    /// The LMS link of a contact: looked up by e-mail, never read from the source, never cleared.
    LmsLink,
}

/// One column we keep and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Column in our table, and the name in JSON, CSV and filter expressions.
    pub column: &'static str,
    /// The source's field (`None`: not read from the source).
    pub source: Option<String>,
    /// What people call it.
    pub label: &'static str,
    /// How it is normalised and compared.
    pub kind: FieldKind,
    /// Length of the fresh column in characters (docs/contract.md, "Database").
    pub length: u32,
}

/// Values that decide about a record but have no column: which source field gives each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueSources {
    /// Candidates for the status, first that is given wins.
    pub status: Vec<String>,
    /// The tier, for partners (also a field).
    pub active: Option<String>,
    /// The contact's account: its id.
    pub account_id: Option<String>,
    /// The contact's account: its name.
    pub account_name: Option<String>,
}

/// An entity as data: one decoder, one differ, one writer and one list view read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// Whose.
    pub entity: Entity,
    /// The columns, in the order in which people read them. At most 32.
    pub fields: Vec<Field>,
    /// The values beside the columns.
    pub values: ValueSources,
}

impl Schema {
    /// The default schema of `entity` (docs/contract.md, "Database").
    pub fn of(entity: Entity) -> Self {
        use FieldKind::{Email, LmsLink, Name, Region, SalesforceId, Text};
        let field = |column, source: &str, label, kind, length| Field {
            column,
            source: (!source.is_empty()).then(|| source.to_owned()),
            label,
            kind,
            length,
        };
        match entity {
            Entity::Partners => Self {
                entity,
                fields: vec![
                    field("account_name", "Name", "Account name", Name, 255),
                    field("partner_tier", "Partner_Tier__cf", "Tier", Text, 50),
                    // The record's status, unless it is mapped; set by soft-delete and reactivate (docs/rules.md, "Applying").
                    field("account_status", "", "Status", Text, 50),
                    field("account_owner", "Account_Owner__cf", "Owner", Text, 255),
                    field(
                        "owner_email",
                        "Account_Owner_Email__cf",
                        "Owner e-mail",
                        Text,
                        255,
                    ),
                    field("partner_type", "Partner_Type__cf", "Type", Text, 100),
                    field("salesforce_id", "CrmId", "Salesforce id", SalesforceId, 50),
                    field("website", "Website", "Website", Text, 500),
                    field("account_region", "Region", "Region", Region, 100),
                    field("country", "MailingCountry", "Country", Text, 100),
                ],
                values: ValueSources {
                    status: vec!["Account_Status__cf".to_owned(), "Status".to_owned()],
                    active: None,
                    account_id: None,
                    account_name: None,
                },
            },
            Entity::Contacts => Self {
                entity,
                fields: vec![
                    field("email", "Email", "E-mail", Email, 255),
                    field("first_name", "FirstName", "First name", Text, 100),
                    field("last_name", "LastName", "Last name", Text, 100),
                    field("title", "Title", "Title", Text, 255),
                    field("phone", "Phone", "Phone", Text, 50),
                    field("lms_user_id", "", "LMS user", LmsLink, 50),
                ],
                values: ValueSources {
                    status: vec![CONTACT_STATUS.to_owned()],
                    active: Some("IsActive".to_owned()),
                    account_id: Some("AccountId".to_owned()),
                    account_name: Some("AccountName".to_owned()),
                },
            },
        }
    }

    /// Whether the status is one that not every tenant has (docs/rules.md, "Filters"): that of contacts, unless a mapping
    /// names it on purpose.
    pub fn may_lack_status(&self) -> bool {
        self.entity == Entity::Contacts && self.values.status == [CONTACT_STATUS]
    }

    /// Index of `column` among the fields.
    pub fn index(&self, column: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.column == column)
    }

    /// The field that takes the record's status (see [`ValueSources::status`]) because nothing else is mapped to it.
    pub fn status_field(&self) -> Option<usize> {
        self.fields
            .iter()
            .position(|field| field.column == Self::STATUS && field.source.is_none())
    }

    /// The column of a partner's status. It is never emptied (docs/rules.md, "Applying").
    pub const STATUS: &str = "account_status";

    /// The field a record is known by to people: the account's name, the contact's e-mail.
    pub const KEY: usize = 0;
}

/// The field that a contact's status is in where the tenant has made one.
const CONTACT_STATUS: &str = "Contact_Status__cf";
