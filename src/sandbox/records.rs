//! The objects of the stand-in Impartner as tables of fields (APIS.md section 1): names, types, reading, writing.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Dialect;
use super::world::World;

/// An object that the stand-in serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Object {
    /// A partner account.
    Account,
    /// A contact.
    User,
    /// The look-up table of regions.
    Region,
}

impl Object {
    /// The object named in a path; names are matched without case, as the vendor does.
    pub(super) fn named(word: &str) -> Option<Self> {
        [Self::Account, Self::User, Self::Region]
            .into_iter()
            .find(|object| object.name().eq_ignore_ascii_case(word))
    }

    /// The vendor's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Account => "Account",
            Self::User => "User",
            Self::Region => "Region",
        }
    }

    /// The fields, in the order in which a record without `fields` gives them.
    pub(super) fn fields(self) -> &'static [FieldDef] {
        match self {
            Self::Account => ACCOUNT,
            Self::User => USER,
            Self::Region => REGION,
        }
    }

    /// The index of a field by name (without case), as far as the dialect knows it.
    pub(super) fn field(self, name: &str, dialect: Dialect) -> Option<usize> {
        self.fields()
            .iter()
            .position(|field| field.name.eq_ignore_ascii_case(name) && field.known_to(dialect))
    }
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A whole number.
    Int,
    /// A double.
    Number,
    /// Text.
    Text,
    /// Yes or no.
    Bool,
    /// A moment, UTC.
    Time,
    /// Another object: answered by name, as `{"id", "name"}`, or left to its `…Id` field.
    Reference,
}

/// Whether a PATCH may set a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// It may.
    Write,
    /// The server sets it.
    Read,
}

/// One field of an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct FieldDef {
    /// The vendor's name, PascalCase.
    pub(super) name: &'static str,
    /// What it holds.
    pub(super) kind: Kind,
    /// The longest text in characters, where there is a limit.
    pub(super) length: Option<u32>,
    /// Whether clients may set it.
    pub(super) access: Access,
    /// The only dialect that knows it; `None`: both.
    pub(super) only: Option<Dialect>,
}

impl FieldDef {
    /// Whether `dialect` knows the field: the modification time is `Updated` in one and `ModifiedDate` in the other.
    pub(super) fn known_to(&self, dialect: Dialect) -> bool {
        self.only.is_none_or(|only| only == dialect)
    }
}

const fn def(name: &'static str, kind: Kind, length: Option<u32>) -> FieldDef {
    FieldDef {
        name,
        kind,
        length,
        access: Access::Write,
        only: None,
    }
}

const fn read_only(name: &'static str, kind: Kind, only: Option<Dialect>) -> FieldDef {
    FieldDef {
        name,
        kind,
        length: None,
        access: Access::Read,
        only,
    }
}

const ACCOUNT: &[FieldDef] = &[
    read_only("Id", Kind::Int, None),
    def("Name", Kind::Text, Some(128)),
    def("CrmId", Kind::Text, Some(64)),
    def("Website", Kind::Text, Some(256)),
    def("Region", Kind::Reference, None),
    def("RegionId", Kind::Int, None),
    def("MailingCountry", Kind::Text, Some(128)),
    def("IsActive", Kind::Bool, None),
    read_only("MemberCount", Kind::Int, None),
    read_only("RecordVersion", Kind::Int, None),
    read_only("Updated", Kind::Time, Some(Dialect::Objects)),
    read_only("ModifiedDate", Kind::Time, Some(Dialect::Odata)),
    read_only("Created", Kind::Time, None),
    def("Partner_Tier__cf", Kind::Text, Some(256)),
    def("Account_Status__cf", Kind::Text, Some(256)),
    def("Account_Owner__cf", Kind::Text, Some(256)),
    def("Account_Owner_Email__cf", Kind::Text, Some(256)),
    def("Partner_Type__cf", Kind::Text, Some(256)),
    def("Certification_Count__cf", Kind::Number, None),
    def("Total_NPCU__cf", Kind::Number, None),
];

const USER: &[FieldDef] = &[
    read_only("Id", Kind::Int, None),
    def("Email", Kind::Text, Some(256)),
    def("FirstName", Kind::Text, Some(128)),
    def("LastName", Kind::Text, Some(128)),
    def("Title", Kind::Text, Some(256)),
    def("Phone", Kind::Text, Some(64)),
    def("Account", Kind::Reference, None),
    def("AccountId", Kind::Int, None),
    read_only("AccountName", Kind::Text, None),
    def("IsActive", Kind::Bool, None),
    def("Contact_Status__cf", Kind::Text, Some(256)),
    def("CrmId", Kind::Text, Some(64)),
    read_only("RecordVersion", Kind::Int, None),
    read_only("Updated", Kind::Time, Some(Dialect::Objects)),
    read_only("ModifiedDate", Kind::Time, Some(Dialect::Odata)),
    read_only("Created", Kind::Time, None),
];

const REGION: &[FieldDef] = &[
    read_only("Id", Kind::Int, None),
    read_only("Name", Kind::Text, None),
];

/// A partner account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    missing_docs,
    reason = "the fields are the vendor's, APIS.md section 1"
)]
pub struct Account {
    pub id: i64,
    pub name: String,
    pub crm_id: Option<String>,
    pub website: Option<String>,
    pub region_id: Option<i64>,
    pub country: Option<String>,
    pub is_active: bool,
    pub member_count: i64,
    pub record_version: i64,
    pub updated: DateTime<Utc>,
    pub created: DateTime<Utc>,
    pub tier: Option<String>,
    pub status: Option<String>,
    pub owner: Option<String>,
    pub owner_email: Option<String>,
    pub partner_type: Option<String>,
    pub certification_count: Option<f64>,
    pub total_npcu: Option<f64>,
}

/// A contact.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    missing_docs,
    reason = "the fields are the vendor's, APIS.md section 1"
)]
pub struct User {
    pub id: i64,
    pub email: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub title: Option<String>,
    pub phone: Option<String>,
    pub account_id: Option<i64>,
    /// Answered as AccountName when no account has `account_id`.
    pub loose_account_name: Option<String>,
    pub is_active: bool,
    pub status: Option<String>,
    pub crm_id: Option<String>,
    pub record_version: i64,
    pub updated: DateTime<Utc>,
    pub created: DateTime<Utc>,
}

/// A value of one field of one record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    Null,
    Int(i64),
    Number(f64),
    Text(&'a str),
    Bool(bool),
    Time(DateTime<Utc>),
    Reference(i64, &'a str),
}

fn text(value: Option<&String>) -> Cell<'_> {
    value.map_or(Cell::Null, |text| Cell::Text(text))
}

fn int(value: Option<i64>) -> Cell<'static> {
    value.map_or(Cell::Null, Cell::Int)
}

impl World {
    /// The value of field `name` (a name of the object's table) of a record, `None` when there is no such record.
    pub(super) fn cell(&self, object: Object, id: i64, field: usize) -> Option<Cell<'_>> {
        let name = object.fields()[field].name;
        match object {
            Object::Account => self
                .account(id)
                .map(|account| self.account_cell(account, name)),
            Object::User => self.user(id).map(|user| self.user_cell(user, name)),
            Object::Region => self.region(id).map(|region| match name {
                "Id" => Cell::Int(id),
                _ => Cell::Text(region),
            }),
        }
    }

    fn account_cell<'a>(&'a self, account: &'a Account, name: &str) -> Cell<'a> {
        match name {
            "Id" => Cell::Int(account.id),
            "Name" => Cell::Text(&account.name),
            "CrmId" => text(account.crm_id.as_ref()),
            "Website" => text(account.website.as_ref()),
            "Region" => account
                .region_id
                .and_then(|id| Some(Cell::Reference(id, self.region(id)?)))
                .unwrap_or(Cell::Null),
            "RegionId" => int(account.region_id),
            "MailingCountry" => text(account.country.as_ref()),
            "IsActive" => Cell::Bool(account.is_active),
            "MemberCount" => Cell::Int(account.member_count),
            "RecordVersion" => Cell::Int(account.record_version),
            "Updated" | "ModifiedDate" => Cell::Time(account.updated),
            "Created" => Cell::Time(account.created),
            "Partner_Tier__cf" => text(account.tier.as_ref()),
            "Account_Status__cf" => text(account.status.as_ref()),
            "Account_Owner__cf" => text(account.owner.as_ref()),
            "Account_Owner_Email__cf" => text(account.owner_email.as_ref()),
            "Partner_Type__cf" => text(account.partner_type.as_ref()),
            "Certification_Count__cf" => {
                account.certification_count.map_or(Cell::Null, Cell::Number)
            }
            "Total_NPCU__cf" => account.total_npcu.map_or(Cell::Null, Cell::Number),
            _ => Cell::Null,
        }
    }

    fn user_cell<'a>(&'a self, user: &'a User, name: &str) -> Cell<'a> {
        let account = || user.account_id.and_then(|id| self.account(id));
        match name {
            "Id" => Cell::Int(user.id),
            "Email" => text(user.email.as_ref()),
            "FirstName" => text(user.first_name.as_ref()),
            "LastName" => text(user.last_name.as_ref()),
            "Title" => text(user.title.as_ref()),
            "Phone" => text(user.phone.as_ref()),
            "Account" => account().map_or(Cell::Null, |account| {
                Cell::Reference(account.id, &account.name)
            }),
            "AccountId" => int(user.account_id),
            "AccountName" => account().map_or_else(
                || text(user.loose_account_name.as_ref()),
                |account| Cell::Text(&account.name),
            ),
            "IsActive" => Cell::Bool(user.is_active),
            "Contact_Status__cf" => text(user.status.as_ref()),
            "CrmId" => text(user.crm_id.as_ref()),
            "RecordVersion" => Cell::Int(user.record_version),
            "Updated" | "ModifiedDate" => Cell::Time(user.updated),
            "Created" => Cell::Time(user.created),
            _ => Cell::Null,
        }
    }
}

/// Why a value cannot be set; the text that the API answers.
pub(super) type Refused = String;

fn to_text(field: &FieldDef, value: &Value) -> Result<Option<String>, Refused> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return Err(format!("The value for '{}' must be text.", field.name)),
    };
    match field.length {
        Some(most) if text.chars().count() > most as usize => Err(format!(
            "The value for '{}' is longer than {most} characters.",
            field.name
        )),
        _ => Ok(Some(text)),
    }
}

fn to_number(field: &FieldDef, value: &Value) -> Result<Option<f64>, Refused> {
    let bad = || format!("The value for '{}' must be a number.", field.name);
    match value {
        Value::Null => Ok(None),
        Value::Number(number) => number.as_f64().map(Some).ok_or_else(bad),
        // The vendor's server converts numbers in quotes, but nothing else.
        Value::String(text) => text.trim().parse().map(Some).map_err(|_| bad()),
        _ => Err(bad()),
    }
}

fn to_int(field: &FieldDef, value: &Value) -> Result<Option<i64>, Refused> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "ids of the sandbox are small"
    )]
    to_number(field, value).map(|number| number.map(|number| number as i64))
}

fn to_bool(field: &FieldDef, value: &Value) -> Result<bool, Refused> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(format!(
            "The value for '{}' must be true or false.",
            field.name
        )),
    }
}

fn writable(object: Object, name: &str) -> Result<&'static FieldDef, Refused> {
    let field = object
        .fields()
        .iter()
        .find(|field| field.name.eq_ignore_ascii_case(name))
        .ok_or_else(|| format!("Unknown field '{name}' on {}.", object.name()))?;
    match field.access {
        Access::Write => Ok(field),
        Access::Read => Err(format!("The field '{}' is read-only.", field.name)),
    }
}

impl Account {
    /// Sets a field as a PATCH does.
    pub fn set(&mut self, name: &str, value: &Value) -> Result<(), Refused> {
        let field = writable(Object::Account, name)?;
        match field.name {
            "Name" => {
                self.name = to_text(field, value)?
                    .filter(|name| !name.trim().is_empty())
                    .ok_or("The field 'Name' is required.")?;
            }
            "CrmId" => self.crm_id = to_text(field, value)?,
            "Website" => self.website = to_text(field, value)?,
            "RegionId" => self.region_id = to_int(field, value)?,
            "MailingCountry" => self.country = to_text(field, value)?,
            "IsActive" => self.is_active = to_bool(field, value)?,
            "Partner_Tier__cf" => self.tier = to_text(field, value)?,
            "Account_Status__cf" => self.status = to_text(field, value)?,
            "Account_Owner__cf" => self.owner = to_text(field, value)?,
            "Account_Owner_Email__cf" => self.owner_email = to_text(field, value)?,
            "Partner_Type__cf" => self.partner_type = to_text(field, value)?,
            "Certification_Count__cf" => self.certification_count = to_number(field, value)?,
            "Total_NPCU__cf" => self.total_npcu = to_number(field, value)?,
            other => return Err(format!("The field '{other}' cannot be set here.")),
        }
        Ok(())
    }
}

impl User {
    /// Sets a field as a PATCH does.
    pub fn set(&mut self, name: &str, value: &Value) -> Result<(), Refused> {
        let field = writable(Object::User, name)?;
        match field.name {
            "Email" => self.email = to_text(field, value)?,
            "FirstName" => self.first_name = to_text(field, value)?,
            "LastName" => self.last_name = to_text(field, value)?,
            "Title" => self.title = to_text(field, value)?,
            "Phone" => self.phone = to_text(field, value)?,
            "AccountId" => self.account_id = to_int(field, value)?,
            "IsActive" => self.is_active = to_bool(field, value)?,
            "Contact_Status__cf" => self.status = to_text(field, value)?,
            "CrmId" => self.crm_id = to_text(field, value)?,
            other => return Err(format!("The field '{other}' cannot be set here.")),
        }
        Ok(())
    }
}
