//! The objects of the stand-in Impartner as tables of fields (docs/apis.md, "Impartner"): names, types, reading,
//! writing.

mod set;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Dialect;

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
#[expect(missing_docs, reason = "the fields are the vendor's (docs/apis.md)")]
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
#[expect(missing_docs, reason = "the fields are the vendor's (docs/apis.md)")]
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
