//! The objects of the stand-in Impartner as tables of fields (docs/apis.md, "Impartner"): names, types, reading,
//! writing.

mod held;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Dialect;
pub(super) use held::FieldValue;
use held::{Held as _, Refused, writable};

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
pub(super) enum ValueKind {
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
    pub(super) kind: ValueKind,
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

/// The table of an object's fields: one row each, with the member of the record that holds it. A row without one is worked
/// out from other records (`World::cell`).
macro_rules! fields {
    ($table:ident of $record:ident {
        $($vendor:literal: $kind:ident $(($length:literal))? $(in $member:ident)? $(, $access:ident $(of $only:ident)?)?;)*
    }) => {
        const $table: &[FieldDef] = &[$(FieldDef {
            name: $vendor,
            kind: ValueKind::$kind,
            length: fields!(@given $($length)?),
            access: fields!(@access $($access)?),
            only: fields!(@given $($(Dialect::$only)?)?),
        }),*];

        impl $record {
            /// The value of a field that the record itself holds.
            pub(super) fn own(&self, name: &str) -> Option<FieldValue<'_>> {
                match name {
                    $($($vendor => Some(self.$member.cell()),)?)*
                    _ => None,
                }
            }

            /// Sets a field as a PATCH does.
            pub fn set(&mut self, name: &str, value: &serde_json::Value) -> Result<(), Refused> {
                let field = writable($table, stringify!($record), name)?;
                match field.name {
                    $($($vendor => self.$member.put(field, value),)?)*
                    other => Err(format!("The field '{other}' cannot be set here.")),
                }
            }
        }
    };
    (@given) => { None };
    (@given $value:expr) => { Some($value) };
    (@access) => { Access::Write };
    (@access $access:ident) => { Access::$access };
}

fields! { ACCOUNT of Account {
    "Id": Int in id, Read;
    "Name": Text(128) in name;
    "CrmId": Text(64) in crm_id;
    "Website": Text(256) in website;
    "Region": Reference;
    "RegionId": Int in region_id;
    "MailingCountry": Text(128) in country;
    "IsActive": Bool in is_active;
    "MemberCount": Int in member_count, Read;
    "RecordVersion": Int in record_version, Read;
    "Updated": Time in updated, Read of Objects;
    "ModifiedDate": Time in updated, Read of Odata;
    "Created": Time in created, Read;
    "Partner_Tier__cf": Text(256) in tier;
    "Account_Status__cf": Text(256) in status;
    "Account_Owner__cf": Text(256) in owner;
    "Account_Owner_Email__cf": Text(256) in owner_email;
    "Partner_Type__cf": Text(256) in partner_type;
    "Certification_Count__cf": Number in certification_count;
    "Total_NPCU__cf": Number in total_npcu;
}}

fields! { USER of User {
    "Id": Int in id, Read;
    "Email": Text(256) in email;
    "FirstName": Text(128) in first_name;
    "LastName": Text(128) in last_name;
    "Title": Text(256) in title;
    "Phone": Text(64) in phone;
    "Account": Reference;
    "AccountId": Int in account_id;
    "AccountName": Text, Read;
    "IsActive": Bool in is_active;
    "Contact_Status__cf": Text(256) in status;
    "CrmId": Text(64) in crm_id;
    "RecordVersion": Int in record_version, Read;
    "Updated": Time in updated, Read of Objects;
    "ModifiedDate": Time in updated, Read of Odata;
    "Created": Time in created, Read;
}}

const REGION: &[FieldDef] = &[
    looked_up("Id", ValueKind::Int),
    looked_up("Name", ValueKind::Text),
];

const fn looked_up(name: &'static str, kind: ValueKind) -> FieldDef {
    FieldDef {
        name,
        kind,
        length: None,
        access: Access::Read,
        only: None,
    }
}

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
