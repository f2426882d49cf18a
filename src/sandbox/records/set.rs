//! Setting fields of records, as a PATCH does.

use serde_json::Value;

use super::{Access, Account, FieldDef, Object, User};

/// Why a value cannot be set; the text that the API answers.
type Refused = String;

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
