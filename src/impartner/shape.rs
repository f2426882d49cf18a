//! Which source fields a schema needs, and where each goes: what the decoder and the query builder read.

use crate::plan::{FieldKind, Schema};

use super::Dialect;

/// Most fields of a schema (see [`Schema::fields`]).
pub(super) const MAX_FIELDS: usize = 32;

/// A schema seen from the source's side. Names are matched case-insensitively (APIS.md section 1).
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
