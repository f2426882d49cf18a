//! `[mapping.*]`: which source field gives which column or value.

use std::collections::BTreeMap;

use super::Config;
use super::fault::nearest;
use super::value::Value;
use crate::entity::{Entity, FieldKind, Schema};

/// Values without a column that can be mapped (see [`crate::entity::ValueSources`]).
fn values(entity: Entity) -> &'static [&'static str] {
    match entity {
        Entity::Partners => &["status", "is_active"],
        Entity::Contacts => &["status", "is_active", "account_id", "account_name"],
    }
}

/// Takes one line of `[mapping.partners]` or `[mapping.contacts]`.
pub(super) fn set(
    entity: Entity,
    mapping: &mut BTreeMap<String, String>,
    name: &str,
    value: &Value,
) -> Result<(), String> {
    let schema = Schema::of(entity);
    let columns = schema
        .fields
        .iter()
        .filter(|field| field.kind != FieldKind::LmsLink)
        .map(|field| field.column);
    let known: Vec<&str> = columns.chain(values(entity).iter().copied()).collect();
    if !known.contains(&name) {
        let near = nearest(name, known.iter().copied()).unwrap_or_default();
        return Err(format!(
            "is no column or value that can be mapped; the nearest is `{near}` (all: {})",
            known.join(", ")
        ));
    }
    mapping.insert(name.to_owned(), source(value)?);
    Ok(())
}

/// A field name as Impartner's requests take it. It goes into a query, so nothing but letters, digits, `_` and `.`.
pub(super) fn source(value: &Value) -> Result<String, String> {
    let text = value.text()?;
    if text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
    {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "must be the name of a source field, such as \"Partner_Tier__cf\", but it is {text:?}"
        ))
    }
}

impl Config {
    /// The schema of `entity` with the mapping applied. Column names win over value names where one word is both.
    pub fn schema(&self, entity: Entity) -> Schema {
        let mut schema = Schema::of(entity);
        let mapping = match entity {
            Entity::Partners => &self.mapping.partners,
            Entity::Contacts => &self.mapping.contacts,
        };
        for (name, source) in mapping {
            if let Some(at) = schema.index(name) {
                schema.fields[at].source = Some(source.clone());
                continue;
            }
            let values = &mut schema.values;
            match name.as_str() {
                "status" => values.status = vec![source.clone()],
                "is_active" => values.active = Some(source.clone()),
                "account_id" => values.account_id = Some(source.clone()),
                "account_name" => values.account_name = Some(source.clone()),
                _ => {}
            }
        }
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_changes_the_source_of_columns_and_values() {
        let mut config = Config::default();
        for (name, source) in [
            ("partner_tier", "Level__cf"),
            ("status", "State__cf"),
            ("is_active", "Live"),
        ] {
            config.mapping.partners.insert(name.into(), source.into());
        }
        config
            .mapping
            .contacts
            .insert("account_name".into(), "Company".into());
        let schema = config.schema(Entity::Partners);
        let tier = &schema.fields[schema.index("partner_tier").unwrap()];
        assert_eq!(tier.source.as_deref(), Some("Level__cf"));
        assert_eq!(schema.values.status, ["State__cf"]);
        assert_eq!(schema.values.active.as_deref(), Some("Live"));
        let contacts = config.schema(Entity::Contacts);
        assert_eq!(contacts.values.account_name.as_deref(), Some("Company"));
        assert_eq!(
            Config::default().schema(Entity::Contacts),
            Schema::of(Entity::Contacts)
        );
    }

    #[test]
    fn a_column_that_is_not_there_names_the_nearest() {
        let text = |text: &str| Value::Text(text.into());
        let mut mapping = BTreeMap::new();
        let error = set(Entity::Partners, &mut mapping, "partner_teir", &text("X")).unwrap_err();
        assert!(error.contains("nearest is `partner_tier`"), "{error}");
        let error = set(Entity::Contacts, &mut mapping, "lms_user_id", &text("X")).unwrap_err();
        assert!(error.contains("is no column"), "{error}");
        let error = set(Entity::Contacts, &mut mapping, "phone", &text("a' or 1=1")).unwrap_err();
        assert!(error.contains("source field"), "{error}");
        assert!(mapping.is_empty());
    }
}
