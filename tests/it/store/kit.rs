//! A store with plans made by the real planner: what the source says is written down, the rest is the database.

use std::time::Duration;

use chrono::{DateTime, Utc};
use prmdesk::config::{FilterConfig, GuardConfig};
use prmdesk::plan::Outcome;
use prmdesk::plan::planner::{Answers, EntityInput, PlanInput, Read, plan};
use prmdesk::plan::{
    Entity, Mode, PerEntity, Plan, Schema, Scope, Selection, SourceFacts, SourceRecord, SourceSet,
};
use prmdesk::progress::Progress;
use prmdesk::store::{Finish, Lease, LeaseClaim, NewRun, SoftDeletes, Store, StoreError};
use prmdesk::values::{Applied, RunStatus};

/// A record of the source: id, name or e-mail, account, and fields by column.
#[derive(Clone, Debug)]
pub struct Rec {
    pub id: i64,
    pub active: bool,
    pub account: Option<i64>,
    pub fields: Vec<(&'static str, String)>,
}

pub fn account(id: i64, name: &str) -> Rec {
    Rec {
        id,
        active: true,
        account: None,
        fields: vec![
            ("account_name", name.to_owned()),
            ("partner_tier", "Premier".to_owned()),
        ],
    }
}

pub fn person(id: i64, email: &str, account: Option<i64>) -> Rec {
    Rec {
        id,
        active: true,
        account,
        fields: vec![
            ("email", email.to_owned()),
            ("first_name", "Ann".to_owned()),
            ("last_name", "Lee".to_owned()),
        ],
    }
}

impl Rec {
    pub fn with(mut self, column: &'static str, value: &str) -> Self {
        self.fields.retain(|(name, _)| *name != column);
        self.fields.push((column, value.to_owned()));
        self
    }

    pub fn inactive(mut self) -> Self {
        self.active = false;
        self
    }
}

/// The moment of all plans.
pub fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn read(schema: &Schema, records: &[Rec]) -> Read {
    let mut set = SourceSet::new(schema);
    for record in records {
        let fields: Vec<Option<&str>> = schema
            .fields
            .iter()
            .map(|field| {
                record
                    .fields
                    .iter()
                    .find(|(name, _)| *name == field.column)
                    .map(|(_, value)| value.as_str())
            })
            .collect();
        set.push(
            schema,
            &SourceRecord {
                id: record.id,
                modified: Some(at()),
                active: Some(record.active),
                status: (!record.active).then_some("Inactive"),
                account_id: record.account,
                account_name: None,
                fields: &fields,
                ..SourceRecord::default()
            },
        );
    }
    let number = set.len() as u64;
    Read {
        listed: set.len(),
        latest: set.latest(),
        records: set,
        facts: SourceFacts {
            read: number,
            count: Some(number),
            proved: true,
            pages: 1,
            retries: 0,
            reason: None,
        },
        answers: Answers::default(),
        feed: Vec::new(),
        deletions_known: true,
        horizon: None,
    }
}

/// The plan that brings `partners` and `contacts` in: an incremental reading of exactly these.
pub async fn plan_of(store: &Store, partners: &[Rec], contacts: &[Rec]) -> Plan {
    let schemas = PerEntity::from_fn(Schema::of);
    let mut inputs = Vec::new();
    for entity in Entity::ALL {
        let schema = &schemas[entity];
        let rows = store.rows(schema).await.unwrap();
        let records = match entity {
            Entity::Partners => partners,
            Entity::Contacts => contacts,
        };
        inputs.push(EntityInput {
            read: Some(read(schema, records)),
            rows,
            limits: store.limits(schema).await.unwrap(),
            holds: std::iter::empty().collect(),
            carried: std::iter::empty().collect(),
            had_status: false,
            window: store.window_counts(entity, at()).await.unwrap(),
        });
    }
    let contacts = inputs.pop().unwrap();
    let partners = inputs.pop().unwrap();
    plan(
        PlanInput {
            scope: Scope::All,
            mode: Mode::Incremental,
            created_at: at(),
            database: store.point().await.unwrap(),
            schemas,
            entities: PerEntity { partners, contacts },
            accepted: None,
            lms_links: store.lms_links().await.unwrap(),
            waiting: store.waiting().await.unwrap(),
            warnings: Vec::new(),
        },
        &FilterConfig::default(),
        &GuardConfig::default(),
    )
}

pub fn claim() -> LeaseClaim {
    LeaseClaim {
        operator: "alice".to_owned(),
        purpose: "sync".to_owned(),
        ttl: Duration::from_mins(1),
    }
}

pub fn new_run() -> NewRun {
    NewRun {
        kind: "sync".to_owned(),
        scope: "all".to_owned(),
        mode: Some(Mode::Incremental),
        operator: "alice".to_owned(),
        ..NewRun::default()
    }
}

/// Applies everything that can be ticked; returns the run and the outcomes.
pub async fn apply(store: &Store, plan: &Plan) -> (i64, Vec<Outcome>) {
    apply_as(store, plan, SoftDeletes::Counted).await
}

pub async fn apply_as(store: &Store, plan: &Plan, deletes: SoftDeletes) -> (i64, Vec<Outcome>) {
    let lease = store.lease(claim()).await.unwrap();
    let done = apply_under(store, &lease, plan, deletes).await.unwrap();
    lease.release().await.unwrap();
    done
}

pub async fn apply_under(
    store: &Store,
    lease: &Lease,
    plan: &Plan,
    deletes: SoftDeletes,
) -> Result<(i64, Vec<Outcome>), StoreError> {
    let mut selection = Selection::of(plan);
    for at in 0..plan.items.len() {
        let _cannot_be_ticked = selection.set(plan, at, true);
    }
    let run_id = store.begin_run(lease, &new_run()).await?;
    let mut tx = store.begin_apply(lease, run_id).await?;
    let outcomes = tx
        .write(
            plan,
            &selection,
            PerEntity::from_fn(|_| deletes),
            &Progress::silent(),
        )
        .await?;
    for entity in Entity::ALL {
        if let Some(mark) = plan.watermarks[entity] {
            tx.set_watermark(entity, mark).await?;
        }
    }
    let finish = finish(plan, &outcomes);
    tx.commit(&finish, &Progress::silent()).await?;
    Ok((run_id, outcomes))
}

pub fn finish(plan: &Plan, outcomes: &[Outcome]) -> Finish {
    let mut applied = PerEntity::<Applied>::default();
    let mut faults = 0;
    for (item, outcome) in plan.items.iter().zip(outcomes) {
        match outcome {
            Outcome::Applied { .. } => applied[item.entity].count(item.op, 1),
            Outcome::Stale(_) | Outcome::Failed(_) => faults += 1,
            Outcome::NotSelected => {}
        }
    }
    Finish {
        status: Some(if faults > 0 {
            RunStatus::Partial
        } else {
            RunStatus::Applied
        }),
        plan_id: Some(plan.id.clone()),
        applied,
        faults,
        ..Finish::default()
    }
}

/// The outcome of the item for Impartner's `id`.
pub fn outcome_of<'a>(
    plan: &Plan,
    outcomes: &'a [Outcome],
    entity: Entity,
    id: i64,
) -> &'a Outcome {
    let at = plan
        .items
        .iter()
        .position(|item| item.entity == entity && item.impartner_id == Some(id))
        .unwrap_or_else(|| panic!("{entity} #{id} is in the plan"));
    &outcomes[at]
}
