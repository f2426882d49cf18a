//! Which source fields a schema needs, and where each goes: what the decoder and the query builder read.

use crate::plan::{Entity, Field, FieldKind, Schema, ValueSources};

use super::Dialect;
use super::value::bit;

/// Most fields of a schema (see [`Schema::fields`]).
pub(super) const MAX_FIELDS: usize = 32;

/// A schema seen from the source's side. Names are matched case-insensitively (docs/apis.md, "Impartner").
#[derive(Clone, Debug)]
pub(super) struct Shape {
    /// Impartner's name of the object.
    pub(super) object: String,
    /// Whose.
    pub(super) schema: Schema,
    /// Every source name that is understood, each once.
    pub(super) names: Vec<String>,
    /// For each field of the schema, its place in `names`.
    pub(super) fields: Vec<Option<usize>>,
    /// `Id`.
    pub(super) id: usize,
    /// `Updated` and `ModifiedDate`.
    pub(super) modified: [usize; 2],
    /// `IsActive`.
    pub(super) active: Option<usize>,
    /// Candidates for the status.
    pub(super) status: Vec<usize>,
    /// `AccountId`.
    pub(super) account_id: Option<usize>,
    /// `AccountName`.
    pub(super) account_name: Option<usize>,
    /// `Account`: an object with id and name, or a name.
    pub(super) account: Option<usize>,
    /// `RegionId`, beside the field of kind Region.
    pub(super) region_id: Option<usize>,
    /// Names that are asked for, in order, without the modification time.
    asked: Vec<String>,
}

impl Shape {
    /// The shape of `schema`'s entity.
    pub(super) fn of(schema: &Schema) -> Self {
        Self::named(schema.entity.object(), schema)
    }

    /// The shape of any object.
    pub(super) fn named(object: &str, schema: &Schema) -> Self {
        let mut names = Names(Vec::new());
        let id = names.add("Id");
        let fields: Vec<_> = schema
            .fields
            .iter()
            .take(MAX_FIELDS)
            .map(|field| field.source.as_deref().map(|source| names.add(source)))
            .collect();
        let values = &schema.values;
        let active = values.active.as_deref().map(|name| names.add(name));
        let status = values.status.iter().map(|name| names.add(name)).collect();
        let account_id = values.account_id.as_deref().map(|name| names.add(name));
        let account_name = values.account_name.as_deref().map(|name| names.add(name));
        let asked = names.0.clone();
        // What follows is understood when it comes, but not asked for.
        let modified = [names.add("Updated"), names.add("ModifiedDate")];
        let account = [(&values.account_id, "Id"), (&values.account_name, "Name")]
            .into_iter()
            .find_map(|(source, suffix)| source.as_deref()?.strip_suffix(suffix))
            .filter(|base| !base.is_empty())
            .map(|base| names.add(base));
        let region_id = schema
            .fields
            .iter()
            .find(|field| field.kind == FieldKind::Region)
            .and_then(|field| field.source.as_deref())
            .map(|source| names.add(&format!("{source}Id")));
        Self {
            object: object.to_owned(),
            schema: schema.clone(),
            names: names.0,
            fields,
            id,
            modified,
            active,
            status,
            account_id,
            account_name,
            account,
            region_id,
            asked,
        }
    }

    /// With what was learnt about the tenant.
    pub(super) fn adjusted(mut self, learnt: &Learnt) -> Self {
        self.asked.retain(|name| {
            !learnt
                .left_out
                .iter()
                .any(|out| out.eq_ignore_ascii_case(name))
        });
        self.asking(&learnt.also)
    }

    /// Asking for `names` too.
    pub(super) fn asking(mut self, names: &[String]) -> Self {
        for name in names {
            if !self.asked.contains(name) {
                self.asked.push(name.clone());
            }
        }
        self
    }

    /// What a tenant may give in another form than the one that is asked for (docs/apis.md, "Impartner"): the region by
    /// its id alone, the account as an object or by its name alone. Each with the names that are asked for, and the other.
    fn forms(&self) -> Vec<(Vec<usize>, usize)> {
        let field = self
            .schema
            .fields
            .iter()
            .zip(&self.fields)
            .find(|(field, _)| field.kind == FieldKind::Region)
            .and_then(|(_, name)| *name);
        let account = [self.account_id, self.account_name];
        [
            (field.into_iter().collect::<Vec<_>>(), self.region_id),
            (account.into_iter().flatten().collect(), self.account),
        ]
        .into_iter()
        .filter_map(|(usual, other)| Some((usual, other?)))
        .collect()
    }

    /// The forms to ask for once because records with these values held none of what is asked for: the key may be missing,
    /// or come with null in every one of them.
    pub(super) fn other_forms(&self, given: u64) -> Vec<String> {
        let forms = self.forms().into_iter();
        forms
            .filter(|(usual, other)| {
                !usual.iter().chain([other]).any(|&name| bit(given, name))
                    && !self.asked.contains(&self.names[*other])
            })
            .map(|(_, other)| self.names[other].clone())
            .collect()
    }

    /// Those of `names` that came with a value.
    pub(super) fn held<'a>(&self, names: &'a [String], given: u64) -> Vec<String> {
        let came = |name: &&'a String| self.find(name).is_some_and(|at| bit(given, at));
        names.iter().filter(came).cloned().collect()
    }

    /// Names that are asked for although the tenant may not have them, because another tells the same: a candidate for
    /// the status, or one of the account's id and name; and the status of contacts, which not every tenant has.
    fn optional(&self) -> Vec<&str> {
        let account = [self.account_id, self.account_name]
            .into_iter()
            .flatten()
            .collect();
        [self.status.clone(), account]
            .into_iter()
            .map(|names: Vec<usize>| {
                names
                    .into_iter()
                    // A field that fills a column is not optional, whatever else it tells.
                    .filter(|name| !self.fields.contains(&Some(*name)))
                    .map(|name| self.names[name].as_str())
                    .filter(|name| self.asked.iter().any(|asked| asked == name))
                    .collect::<Vec<_>>()
            })
            .filter(|names| {
                names.len() > 1
                    || names.iter().all(|name| self.may_be_account(name))
                    || (self.schema.may_lack_status()
                        && names.iter().all(|name| self.is_status(name)))
            })
            .flatten()
            .collect()
    }

    /// Whether `name` is the account's, whose other form is not asked for yet.
    fn may_be_account(&self, name: &str) -> bool {
        let ours = [self.account_id, self.account_name];
        ours.into_iter().flatten().any(|at| self.names[at] == name)
            && self
                .account
                .is_some_and(|other| !self.asked.contains(&self.names[other]))
    }

    fn is_status(&self, name: &str) -> bool {
        let mut status = self.status.iter();
        status.any(|&at| self.names[at] == name)
    }

    /// The region's field where its id is not asked for yet: a tenant may have `RegionId` alone (docs/apis.md,
    /// "Impartner").
    fn region(&self) -> Option<&str> {
        let asked = |name: &usize| self.asked.contains(&self.names[*name]);
        self.region_id.filter(|id| !asked(id))?;
        let field = self
            .schema
            .fields
            .iter()
            .position(|field| field.kind == FieldKind::Region)?;
        self.fields[field]
            .filter(asked)
            .map(|name| self.names[name].as_str())
    }

    /// What is learnt about a tenant without the field `name`: where it was the last of the names of something, its other
    /// form is asked for instead.
    pub(super) fn learns(&self, learnt: &mut Learnt, name: &str) {
        for (usual, other) in self.forms() {
            let names = usual.iter().map(|&at| self.names[at].as_str());
            let left = names.filter(|one| self.asked.iter().any(|asked| asked == one));
            if left.collect::<Vec<_>>() == [name] {
                learnt.also.push(self.names[other].clone());
            }
        }
        learnt.left_out.push(name.to_owned());
    }

    /// Which optional field a refusal names as a word of its own.
    pub(super) fn blamed(&self, message: &str) -> Option<String> {
        let words: Vec<&str> = message
            .split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .collect();
        self.optional()
            .into_iter()
            .chain(self.region())
            .find(|name| words.iter().any(|word| word.eq_ignore_ascii_case(name)))
            .map(str::to_owned)
    }

    /// Fields asked for that are not among `known`: an optional one to leave out, or those that cannot be.
    pub(super) fn unknown(&self, known: &[String]) -> Unknown {
        let has = |name: &str| known.iter().any(|known| known.eq_ignore_ascii_case(name));
        if let Some(name) = self.optional().into_iter().find(|name| !has(name)) {
            return Unknown::Optional(name.to_owned());
        }
        if let Some(region) = self.region().filter(|name| !has(name))
            && self.region_id.is_some_and(|id| has(&self.names[id]))
        {
            return Unknown::Optional(region.to_owned());
        }
        Unknown::Needed(
            self.asked
                .iter()
                .filter(|name| !has(name))
                .cloned()
                .collect(),
        )
    }

    /// The fields to ask for: those of the schema, its values, Id and the dialect's modification time.
    pub(super) fn asked(&self, dialect: Dialect) -> String {
        let modified = dialect.modified_field();
        let mut all = self.asked.join(",");
        if !self
            .asked
            .iter()
            .any(|name| name.eq_ignore_ascii_case(modified))
        {
            all.push(',');
            all.push_str(modified);
        }
        all
    }

    /// The place of a key among the names.
    pub(super) fn find(&self, key: &str) -> Option<usize> {
        self.names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(key))
    }
}

/// A schema for reading `fields` as text, of any object.
pub(super) fn schema_of(fields: &[&str]) -> Schema {
    Schema {
        entity: Entity::Partners,
        fields: fields
            .iter()
            .map(|source| Field {
                column: "",
                source: Some((*source).to_owned()),
                label: "",
                kind: FieldKind::Text,
                length: u32::MAX,
            })
            .collect(),
        values: ValueSources {
            status: Vec::new(),
            active: None,
            account_id: None,
            account_name: None,
        },
    }
}

/// What a tenant's answers taught about an object.
#[derive(Clone, Debug, Default)]
pub(super) struct Learnt {
    /// Fields it does not have, and another tells the same.
    pub(super) left_out: Vec<String>,
    /// Other forms of what it does not give in the usual one.
    pub(super) also: Vec<String>,
    /// Whether the last listing found nothing in any other form.
    pub(super) no_other_form: bool,
}

/// Fields asked for that a tenant does not have.
pub(super) enum Unknown {
    /// One that can be left out.
    Optional(String),
    /// Those that fill columns; none: the refusal has another reason.
    Needed(Vec<String>),
}

struct Names(Vec<String>);

impl Names {
    /// Adds a name unless it is there; returns its place.
    fn add(&mut self, name: &str) -> usize {
        self.0
            .iter()
            .position(|known| known.eq_ignore_ascii_case(name))
            .unwrap_or_else(|| {
                self.0.push(name.to_owned());
                self.0.len() - 1
            })
    }
}
