//! Reading a saved plan.

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use super::{FORMAT, Header, PartnerJson, is_link};
use crate::config::FilterKey;
use crate::plan::build::Reasons;
use crate::plan::guards::WindowCounts;
use crate::plan::{
    Arenas, Changed, Entity, Evidence, Item, Op, PartnerAt, PartnerRef, PerEntity, Plan, Schema,
};

/// Why a plan file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    /// It is not a plan, or cut off.
    #[error("it is not a plan that prmdesk saved, or only a part of one")]
    Malformed(#[from] serde_json::Error),
    /// Another version of prmdesk wrote it.
    #[error(
        "another version of prmdesk made it: its format is {found}, and this one reads format {FORMAT}"
    )]
    Format {
        /// The format it says.
        found: u32,
    },
    /// Its content is not what its id says.
    #[error("it was edited: its content does not fit its plan_id {claimed}")]
    Edited {
        /// The id it says.
        claimed: String,
    },
}

impl Plan {
    /// Reads a plan that [`Plan::write_json`] wrote whole. `schemas` say which columns there are.
    pub fn read_json(
        reader: impl io::Read,
        schemas: &PerEntity<Schema>,
    ) -> Result<Self, PlanFileError> {
        let mut deserializer = serde_json::Deserializer::from_reader(io::BufReader::new(reader));
        let (header, plan) = PlanSeed { schemas }.deserialize(&mut deserializer)?;
        deserializer.end()?;
        if header.format != FORMAT {
            return Err(PlanFileError::Format {
                found: header.format,
            });
        }
        if plan.content_id() != plan.id {
            return Err(PlanFileError::Edited { claimed: plan.id });
        }
        Ok(plan)
    }
}

/// One item of the file.
#[derive(Deserialize)]
struct FileItem {
    entity: Entity,
    op: Op,
    impartner_id: Option<i64>,
    row_id: Option<i64>,
    name: String,
    #[serde(default)]
    reason: String,
    evidence: Option<Evidence>,
    selected: bool,
    #[serde(default)]
    by_rule: bool,
    rule: Option<FilterKey>,
    #[serde(default)]
    held: bool,
    #[serde(default)]
    suspicious: bool,
    changes: Vec<FileChange>,
    #[serde(default)]
    unchanged: BTreeMap<String, String>,
    was_active: bool,
    impartner_before: Option<i64>,
    partner_before: Option<PartnerJson>,
    partner_after: Option<PartnerJson>,
    status: Option<String>,
}

#[derive(Deserialize)]
struct FileChange {
    field: String,
    before: Json,
    after: Json,
}

struct PlanSeed<'a> {
    schemas: &'a PerEntity<Schema>,
}

impl<'de> DeserializeSeed<'de> for PlanSeed<'_> {
    type Value = (Header, Plan);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for PlanSeed<'_> {
    type Value = (Header, Plan);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a plan that prmdesk saved")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut header = serde_json::Map::new();
        let mut loader = Loader::new(self.schemas);
        let mut has_items = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == "items" {
                map.next_value_seed(&mut loader)?;
                has_items = true;
            } else {
                header.insert(key, map.next_value()?);
            }
        }
        if !has_items {
            return Err(A::Error::missing_field("items"));
        }
        let header: Header =
            serde_json::from_value(Json::Object(header)).map_err(A::Error::custom)?;
        let plan = loader.plan(&header);
        Ok((header, plan))
    }
}

/// Collects items.
struct Loader {
    items: Vec<Item>,
    arenas: PerEntity<Arenas>,
    partners: Vec<PartnerRef>,
    known_partners: FxHashMap<(Option<i64>, Option<i64>, String), PartnerAt>,
    reasons: Vec<String>,
    known_reasons: Reasons,
}

impl<'de> DeserializeSeed<'de> for &mut Loader {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut Loader {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(item) = list.next_element::<FileItem>()? {
            self.add(item).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

impl Loader {
    fn new(schemas: &PerEntity<Schema>) -> Self {
        Self {
            items: Vec::new(),
            arenas: PerEntity::from_fn(|entity| Arenas::new(schemas[entity].clone())),
            partners: Vec::new(),
            known_partners: FxHashMap::default(),
            reasons: Vec::new(),
            known_reasons: Reasons::default(),
        }
    }

    fn partner(&mut self, partner: Option<PartnerJson>) -> PartnerAt {
        let Some(PartnerJson {
            row_id,
            impartner_id,
            name,
        }) = partner
        else {
            return PartnerAt::NONE;
        };
        *self
            .known_partners
            .entry((row_id, impartner_id, name))
            .or_insert_with_key(|(row_id, impartner_id, name)| {
                self.partners.push(PartnerRef {
                    row_id: *row_id,
                    impartner_id: *impartner_id,
                    name: name.clone(),
                });
                PartnerAt(u32::try_from(self.partners.len() - 1).unwrap_or(u32::MAX))
            })
    }

    fn add(&mut self, file: FileItem) -> Result<(), String> {
        let schema = self.arenas[file.entity].schema.clone();
        let width = schema.fields.len();
        let (mut before, mut after) =
            (vec![None::<String>; width], vec![None::<String>; width + 2]);
        for (column, value) in file.unchanged {
            let field = schema
                .index(&column)
                .ok_or_else(|| format!("`{column}` is no column of {}", file.entity))?;
            before[field] = Some(value.clone());
            after[field] = Some(value);
        }
        let mut changed = Changed::default();
        for change in file.changes {
            match schema.index(&change.field) {
                Some(field) => {
                    before[field] = cell(change.before)?;
                    after[field] = cell(change.after)?;
                    changed.set(u32::try_from(field).unwrap_or(u32::MAX));
                }
                None if is_link(file.entity, &change.field) => {
                    changed.set(if change.field == "partner_id" {
                        Changed::PARTNER
                    } else {
                        Changed::IMPARTNER_ID
                    });
                }
                None => {
                    return Err(format!(
                        "`{}` is no column of {}",
                        change.field, file.entity
                    ));
                }
            }
        }
        if after[Schema::KEY]
            .as_deref()
            .or(before[Schema::KEY].as_deref())
            .unwrap_or_default()
            != file.name
        {
            return Err(format!(
                "the item called `{}` has another name in its values",
                file.name
            ));
        }
        after[width] = file.status;
        let (partner_before, partner_after) = (
            self.partner(file.partner_before),
            self.partner(file.partner_after),
        );
        let arenas = &mut self.arenas[file.entity];
        let has_row = file.row_id.is_some();
        let before = has_row.then(|| arenas.before.push(before.iter().map(Option::as_deref)));
        let after = Some(arenas.after.push(after.iter().map(Option::as_deref)));
        self.items.push(Item {
            entity: file.entity,
            op: file.op,
            evidence: file.evidence,
            selected: file.selected,
            by_rule: file.by_rule,
            rule: file.rule,
            held: file.held,
            suspicious: file.suspicious,
            was_active: file.was_active,
            impartner_id: file.impartner_id,
            impartner_before: file.impartner_before,
            row_id: file.row_id,
            before,
            after,
            changed,
            partner_before,
            partner_after,
            reason: self.known_reasons.of(&mut self.reasons, file.reason),
        });
        Ok(())
    }

    fn plan(self, header: &Header) -> Plan {
        Plan {
            id: header.plan_id.clone(),
            scope: header.scope,
            mode: header.mode,
            created_at: header.created_at,
            origin: header.origin,
            database: header.database.clone(),
            sources: PerEntity {
                partners: header.sources.partners.clone(),
                contacts: header.sources.contacts.clone(),
            },
            totals: header.totals,
            rules: header.rules.clone().unwrap_or_default(),
            by_rule: header.by_rule.unwrap_or_default(),
            guards: header.guards.clone(),
            windows: PerEntity::<WindowCounts>::default(),
            warnings: header.warnings.clone(),
            items: self.items,
            excluded: Vec::new(),
            kept_back: header.kept_back,
            watermarks: header.watermarks,
            feed_marks: header.feed_marks,
            settled: header.settled.clone(),
            misdated: header.misdated.clone(),
            waits: header.waits.clone(),
            missing: header.missing.clone(),
            status_came: header.status_came,
            partners: self.partners,
            reasons: self.reasons,
            arenas: self.arenas,
        }
    }
}

fn cell(value: Json) -> Result<Option<String>, String> {
    match value {
        Json::Null => Ok(None),
        Json::String(text) => Ok(Some(text)),
        other => Err(format!("`{other}` is no text")),
    }
}
