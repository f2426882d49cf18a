//! Reading fields of records.

use chrono::{DateTime, Utc};

use super::records::{Account, Object, User};
use super::world::World;

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

/// A record of any object.
#[derive(Clone, Copy, Debug)]
pub(super) enum Row<'a> {
    Account(&'a Account),
    User(&'a User),
    Region(i64, &'a str),
}

impl World {
    /// One record.
    pub(super) fn row(&self, object: Object, id: i64) -> Option<Row<'_>> {
        match object {
            Object::Account => self.account(id).map(Row::Account),
            Object::User => self.user(id).map(Row::User),
            Object::Region => self.region(id).map(|name| Row::Region(id, name)),
        }
    }

    /// The value of a field of a record; `field` counts in the object's table.
    pub(super) fn cell<'a>(&'a self, row: Row<'a>, field: usize) -> Cell<'a> {
        match row {
            Row::Account(account) => {
                self.account_cell(account, Object::Account.fields()[field].name)
            }
            Row::User(user) => self.user_cell(user, Object::User.fields()[field].name),
            Row::Region(id, _) if field == 0 => Cell::Int(id),
            Row::Region(_, name) => Cell::Text(name),
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
