//! Reading fields of records.

use super::records::{Account, FieldValue, Object, User};
use super::world::World;

/// A record of any object.
#[derive(Clone, Copy, Debug)]
pub(super) enum Row<'a> {
    Account(&'a Account),
    User(&'a User),
    Region(i64, &'a str),
}

impl Row<'_> {
    /// What it is a record of.
    pub(super) fn object(&self) -> Object {
        match self {
            Self::Account(_) => Object::Account,
            Self::User(_) => Object::User,
            Self::Region(..) => Object::Region,
        }
    }
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
    pub(super) fn cell<'a>(&'a self, row: Row<'a>, field: usize) -> FieldValue<'a> {
        match row {
            Row::Account(account) => {
                let name = Object::Account.fields()[field].name;
                let region = || {
                    let id = account.region_id?;
                    Some(FieldValue::Reference(id, self.region(id)?))
                };
                account
                    .own(name)
                    .or_else(region)
                    .unwrap_or(FieldValue::Null)
            }
            Row::User(user) => {
                let name = Object::User.fields()[field].name;
                user.own(name)
                    .unwrap_or_else(|| self.account_of(user, name))
            }
            Row::Region(id, _) if field == 0 => FieldValue::Int(id),
            Row::Region(_, name) => FieldValue::Text(name),
        }
    }

    /// The account of a user, as a reference or as its name alone.
    fn account_of<'a>(&'a self, user: &'a User, name: &str) -> FieldValue<'a> {
        let account = user.account_id.and_then(|id| self.account(id));
        match (account, name) {
            (Some(account), "Account") => FieldValue::Reference(account.id, &account.name),
            (Some(account), _) => FieldValue::Text(&account.name),
            (None, "AccountName") => user
                .loose_account_name
                .as_deref()
                .map_or(FieldValue::Null, FieldValue::Text),
            (None, _) => FieldValue::Null,
        }
    }
}
