//! A small world: what the source has, what the database has, and an in-memory apply.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use prmdesk::config::{FilterConfig, GuardConfig};
use prmdesk::plan::guards::WindowCounts;
use prmdesk::plan::planner::{self, Answers, EntityInput, PlanInput, Read, plan, questions};
use prmdesk::plan::{
    AcceptedRules, Entity, Limits, LmsLinks, Mode, Op, PerEntity, Plan, RowRecord, RowSet,
    SameKeys, Schema, Scope, Selection, SourceFacts, SourceRecord, SourceSet, Waiting,
};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// A source record by hand.
#[derive(Clone, Debug, PartialEq)]
pub struct Rec {
    pub id: i64,
    pub active: Option<bool>,
    pub status: Option<String>,
    pub account_id: Option<i64>,
    pub account_name: Option<String>,
    pub fields: Vec<Option<String>>,
}

/// A database row by hand.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub row_id: i64,
    pub impartner_id: Option<i64>,
    pub active: bool,
    pub partner_id: Option<i64>,
    pub fields: Vec<Option<String>>,
}

/// Source and database.
#[derive(Clone, Debug)]
pub struct World {
    pub records: PerEntity<Vec<Rec>>,
    pub rows: PerEntity<Vec<Row>>,
    pub mode: Mode,
    pub proved: bool,
    /// Records that the listing leaves out but GET by id answers.
    pub hidden: PerEntity<Vec<Rec>>,
    /// Ids for which the by-id check fails.
    pub failing: Vec<i64>,
    pub feed: PerEntity<Vec<i64>>,
    pub holds: Vec<i64>,
    pub carried: Vec<i64>,
    pub filters: FilterConfig,
    /// The filters as they were accepted; `None`: nobody has accepted any.
    pub accepted: Option<FilterConfig>,
    pub guards: GuardConfig,
    /// Whether the database's unique index tells accents apart.
    pub accents_count: bool,
    pub lms: LmsLinks,
    /// Contacts that wait for a partner.
    pub waiting: Vec<Waiting>,
    pub window: WindowCounts,
    /// Columns, or `status`, that come in no record.
    pub absent: PerEntity<Vec<String>>,
    /// Whether an earlier run saw the status of contacts.
    pub had_contact_status: bool,
}

impl Default for World {
    fn default() -> Self {
        Self {
            records: PerEntity::default(),
            rows: PerEntity::default(),
            mode: Mode::Full,
            proved: true,
            hidden: PerEntity::default(),
            failing: Vec::new(),
            feed: PerEntity::default(),
            holds: Vec::new(),
            carried: Vec::new(),
            filters: FilterConfig::default(),
            accepted: None,
            guards: GuardConfig::default(),
            accents_count: false,
            lms: LmsLinks::default(),
            waiting: Vec::new(),
            window: WindowCounts::default(),
            absent: PerEntity::default(),
            had_contact_status: false,
        }
    }
}

/// Where a column stands among the fields of its entity.
pub fn column(name: &str) -> usize {
    Entity::ALL
        .into_iter()
        .find_map(|entity| Schema::of(entity).index(name))
        .expect("such a column")
}

/// An account.
pub fn account(id: i64, name: &str, tier: &str) -> Rec {
    let mut fields = vec![None; Schema::of(Entity::Partners).fields.len()];
    fields[Schema::KEY] = Some(name.to_owned());
    fields[column("partner_tier")] = Some(tier.to_owned());
    Rec {
        id,
        active: None,
        status: Some("Active".into()),
        account_id: None,
        account_name: None,
        fields,
    }
}

/// A user.
pub fn user(id: i64, email: &str, account: Option<i64>) -> Rec {
    let mut fields = vec![None; Schema::of(Entity::Contacts).fields.len()];
    fields[Schema::KEY] = Some(email.to_owned());
    fields[column("first_name")] = Some("Ann".to_owned());
    Rec {
        id,
        active: Some(true),
        status: None,
        account_id: account,
        account_name: None,
        fields,
    }
}

/// The row that `record` would have.
pub fn row(row_id: i64, record: &Rec) -> Row {
    let mut fields = record.fields.clone();
    let partners = Schema::of(Entity::Partners);
    if let (Some(at), true) = (
        partners.status_field(),
        fields.len() == partners.fields.len(),
    ) {
        fields[at].clone_from(&record.status);
    }
    Row {
        row_id,
        impartner_id: Some(record.id),
        active: true,
        partner_id: None,
        fields,
    }
}

fn push(set: &mut SourceSet, schema: &Schema, record: &Rec, absent: &[String]) {
    let absent = absent.iter().fold(0, |bits, name| {
        let bit = match name.as_str() {
            "status" => SourceRecord::STATUS,
            column => u32::try_from(schema.index(column).unwrap()).unwrap(),
        };
        bits | 1u64 << bit
    });
    let fields: Vec<Option<&str>> = record.fields.iter().map(Option::as_deref).collect();
    set.push(
        schema,
        &SourceRecord {
            id: record.id,
            modified: Some(at() + TimeDelta::seconds(record.id)),
            active: record.active,
            status: record.status.as_deref(),
            account_id: record.account_id,
            account_name: record.account_name.as_deref(),
            fields: &fields,
            absent,
            ..SourceRecord::default()
        },
    );
}

/// The moment of all plans.
pub fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

impl World {
    /// The plan of this world; by-id questions are answered like a truthful server would.
    pub fn plan(&self) -> Plan {
        plan(self.reading(), &self.filters, &self.guards)
    }

    /// What the plan is made from, with every question answered.
    pub fn reading(&self) -> PlanInput {
        let schemas = PerEntity::from_fn(Schema::of);
        let mut input = PlanInput {
            scope: Scope::All,
            mode: self.mode,
            created_at: at(),
            database: prmdesk::plan::DatabasePoint::default(),
            entities: PerEntity::from_fn(|entity| self.input(&schemas[entity])),
            schemas: schemas.clone(),
            accepted: self.accepted.clone().map(|filters| AcceptedRules {
                filters,
                operator: "alice".to_owned(),
                accepted_at: at(),
            }),
            lms_links: self.lms.clone(),
            waiting: self.waiting.clone(),
            warnings: Vec::new(),
        };
        for entity in Entity::ALL {
            if entity == Entity::Contacts {
                let met = planner::met(&input, &self.filters);
                input.entities.contacts.carried.extend(met);
            }
            for _ in 0..4 {
                let ids = questions(&input, entity);
                let read = input.entities[entity].read.as_mut().unwrap();
                for id in ids {
                    let everywhere = self.hidden[entity].iter().chain(&self.records[entity]);
                    if self.failing.contains(&id) {
                        read.answers.unverified.insert(id, "HTTP 503".into());
                    } else if let Some(record) =
                        everywhere.into_iter().find(|record| record.id == id)
                    {
                        push(
                            &mut read.records,
                            &schemas[entity],
                            record,
                            &self.absent[entity],
                        );
                    } else {
                        read.answers.gone.insert(id);
                    }
                }
            }
            assert!(
                questions(&input, entity).is_empty(),
                "all questions are answered"
            );
        }
        input
    }

    /// The fingerprint of a row, as the store reads it again before an apply.
    pub fn fingerprint(&self, entity: Entity, row_id: i64) -> u64 {
        let row = self.rows[entity]
            .iter()
            .find(|row| row.row_id == row_id)
            .unwrap();
        prmdesk::plan::fingerprint(
            row.impartner_id,
            row.active,
            row.partner_id,
            row.fields.iter().map(Option::as_deref),
        )
    }

    fn input(&self, schema: &Schema) -> EntityInput {
        let entity = schema.entity;
        let mut rows = RowSet::new(schema);
        for row in &self.rows[entity] {
            let fields: Vec<Option<&str>> = row.fields.iter().map(Option::as_deref).collect();
            rows.push(&RowRecord {
                row_id: row.row_id,
                impartner_id: row.impartner_id,
                active: row.active,
                partner_id: row.partner_id,
                fields: &fields,
            });
        }
        let mut records = SourceSet::new(schema);
        for record in &self.records[entity] {
            push(&mut records, schema, record, &self.absent[entity]);
        }
        let read = self.records[entity].len() as u64;
        EntityInput {
            read: Some(Read {
                listed: records.len(),
                latest: records.latest(),
                records,
                facts: SourceFacts {
                    read,
                    count: Some(read),
                    proved: self.proved,
                    pages: 1,
                    retries: 0,
                    reason: (!self.proved)
                        .then(|| "count is 9, but 3 distinct records were read".into()),
                },
                answers: Answers::default(),
                feed: self.feed[entity].clone(),
                deletions_known: true,
                horizon: None,
            }),
            window: WindowCounts {
                active: rows.active_count(),
                ..self.window
            },
            rows,
            limits: Limits {
                lengths: schema
                    .fields
                    .iter()
                    .map(|field| Some(field.length))
                    .collect(),
                greatest_id: i64::from(i32::MAX),
                same: self.same_keys(entity),
            },
            holds: self.holds.iter().copied().collect(),
            carried: self.carried.iter().copied().collect(),
            had_status: entity == Entity::Contacts && self.had_contact_status,
        }
    }

    /// What the database of this world takes for one.
    fn same_keys(&self, entity: Entity) -> SameKeys {
        let rows = self.rows[entity].iter().map(|row| &row.fields);
        let listed = self.records[entity].iter().chain(&self.hidden[entity]);
        let fields = rows.chain(listed.map(|record| &record.fields));
        if self.accents_count {
            SameKeys::default()
        } else {
            blind_to_accents(
                entity,
                fields.filter_map(|fields| fields[Schema::KEY].as_deref()),
            )
        }
    }

    /// Applies the ticked items to the rows, as the store would.
    pub fn apply(&mut self, plan: &Plan) {
        let selection = Selection::of(plan);
        for (index, view) in plan.views().enumerate() {
            let item = view.item;
            if !selection.is_ticked(index) {
                continue;
            }
            let planned = view.partner_after().map(|partner| {
                partner.row_id.unwrap_or_else(|| {
                    self.rows
                        .partners
                        .iter()
                        .find(|row| row.impartner_id == partner.impartner_id)
                        .unwrap()
                        .row_id
                })
            });
            let rows = &mut self.rows[item.entity];
            let at = if let Some(id) = item.row_id {
                rows.iter().position(|row| row.row_id == id).unwrap()
            } else {
                let row_id = rows.iter().map(|row| row.row_id).max().unwrap_or_default() + 1;
                let fields = vec![None; view.schema().fields.len()];
                rows.push(Row {
                    row_id,
                    impartner_id: None,
                    active: true,
                    partner_id: None,
                    fields,
                });
                rows.len() - 1
            };
            let row = &mut rows[at];
            for field in 0..view.schema().fields.len() {
                if item.changed.has(u32::try_from(field).unwrap()) {
                    row.fields[field] = view.after(field).map(str::to_owned);
                }
            }
            row.active = item.op != Op::SoftDelete;
            if row.active {
                row.impartner_id = item.impartner_id;
                row.partner_id = planned;
            }
        }
    }
}

/// What a database that ignores accents takes for one among `texts`.
pub fn blind_to_accents<'a>(entity: Entity, texts: impl Iterator<Item = &'a str>) -> SameKeys {
    let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for text in texts {
        let bare = text.nfkd().filter(|&c| !is_combining_mark(c));
        let folded = bare.collect::<String>().to_lowercase();
        lists.entry(folded).or_default().push(text.to_owned());
    }
    SameKeys::of(entity, lists.into_values())
}

/// Operation, evidence, tick and reason of the item for `id`.
pub fn outcome(plan: &Plan, entity: Entity, id: i64) -> (Op, Option<&'static str>, bool, String) {
    let view = plan
        .views()
        .chain(plan.excluded.iter().map(|item| plan.view_of(item)))
        .find(|view| view.item.entity == entity && view.item.impartner_id == Some(id))
        .unwrap_or_else(|| panic!("{entity} #{id} is not in the plan"));
    (
        view.item.op,
        view.item.evidence.map(prmdesk::plan::Evidence::word),
        view.item.selected,
        view.reason().to_owned(),
    )
}

/// Whether the plan lists `id` nowhere: it is unchanged.
pub fn is_unchanged(plan: &Plan, entity: Entity, id: i64) -> bool {
    !plan
        .items
        .iter()
        .chain(&plan.excluded)
        .any(|item| item.entity == entity && item.impartner_id == Some(id))
}
