//! The planner, filter expressions and plan files on worlds of 11,000 and 110,000 records (ARCHITECTURE.md, "Speed").
//!
//! `cargo bench --bench plan`. Read the figures as ratios within one run: `nothing_changed` against `first_load`,
//! one size against the other (time per record must not grow).

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench fails by panicking, and divan's macros write functions"
)]

use chrono::DateTime;
use divan::Bencher;
use divan::counter::ItemsCount;
use prmdesk::config::{FilterConfig, GuardConfig};
use prmdesk::plan::file::Page;
use prmdesk::plan::filter::Filter;
use prmdesk::plan::guards::WindowCounts;
use prmdesk::plan::planner::{Answers, EntityInput, PlanInput, Read, plan};
use prmdesk::plan::{
    Entity, Limits, LmsLinks, Mode, PerEntity, Plan, RowRecord, RowSet, SameKeys, Schema, Scope,
    SourceFacts, SourceRecord, SourceSet,
};
use prmdesk::text::JsonLayout;

const SIZES: [i64; 2] = [1_000, 10_000];
/// Contacts for each partner.
const CONTACTS: i64 = 10;

fn main() {
    divan::main();
}

/// What the database has beside what the source has.
#[derive(Clone, Copy, PartialEq)]
enum Rows {
    None,
    Same,
    /// Every hundredth record differs.
    OnePercent,
}

fn fields(entity: Entity, id: i64, tier: &str) -> Vec<Option<String>> {
    let mut cells = vec![None; Schema::of(entity).fields.len()];
    match entity {
        Entity::Partners => {
            cells[0] = Some(format!("Partner Number {id} Consulting GmbH"));
            cells[1] = Some(tier.to_owned());
            cells[7] = Some(format!("https://www.partner-{id}.example"));
            cells[9] = Some("Germany".to_owned());
        }
        Entity::Contacts => {
            cells[0] = Some(format!("first.last{id}@partner-{}.example", id / CONTACTS));
            cells[1] = Some("Alexandra".to_owned());
            cells[2] = Some(format!("Lastname{id}"));
            cells[3] = Some(tier.to_owned());
        }
    }
    cells
}

fn input(partners: i64, rows: Rows) -> PlanInput {
    let schemas = PerEntity::from_fn(Schema::of);
    let entities = PerEntity::from_fn(|entity| {
        let schema = &schemas[entity];
        let count = if entity == Entity::Partners {
            partners
        } else {
            partners * CONTACTS
        };
        let (mut records, mut present) = (SourceSet::new(schema), RowSet::new(schema));
        for id in 1..=count {
            let owner = (entity == Entity::Contacts).then_some((id - 1) / CONTACTS + 1);
            let cells = fields(entity, id, "Premier");
            let cells: Vec<Option<&str>> = cells.iter().map(Option::as_deref).collect();
            let modified = DateTime::from_timestamp(1_790_000_000 + id, 0);
            records.push(
                schema,
                &SourceRecord {
                    id,
                    modified,
                    active: Some(true),
                    account_id: owner,
                    fields: &cells,
                    ..SourceRecord::default()
                },
            );
            if rows != Rows::None {
                let tier = if rows == Rows::OnePercent && id % 100 == 0 {
                    "Gold"
                } else {
                    "Premier"
                };
                let cells = fields(entity, id, tier);
                let cells: Vec<Option<&str>> = cells.iter().map(Option::as_deref).collect();
                present.push(&RowRecord {
                    row_id: id,
                    impartner_id: Some(id),
                    active: true,
                    partner_id: owner,
                    fields: &cells,
                });
            }
        }
        let read = records.len() as u64;
        EntityInput {
            read: Some(Read {
                listed: records.len(),
                latest: records.latest(),
                horizon: None,
                records,
                facts: SourceFacts {
                    read,
                    count: Some(read),
                    proved: true,
                    ..SourceFacts::default()
                },
                answers: Answers::default(),
                feed: Vec::new(),
                deletions_known: true,
            }),
            window: WindowCounts {
                active: present.active_count(),
                ..WindowCounts::default()
            },
            rows: present,
            limits: Limits {
                lengths: schema
                    .fields
                    .iter()
                    .map(|field| Some(field.length))
                    .collect(),
                greatest_id: i64::from(i32::MAX),
                same: SameKeys::default(),
            },
            holds: std::iter::empty().collect(),
            carried: std::iter::empty().collect(),
            had_status: false,
        }
    });
    PlanInput {
        scope: Scope::All,
        mode: Mode::Full,
        created_at: DateTime::from_timestamp(1_790_000_000, 0).unwrap(),
        database: prmdesk::plan::DatabasePoint::default(),
        schemas,
        entities,
        accepted: None,
        lms_links: LmsLinks::default(),
        waiting: Vec::new(),
        warnings: Vec::new(),
    }
}

fn planned(partners: i64, rows: Rows) -> Plan {
    plan(
        input(partners, rows),
        &FilterConfig::default(),
        &GuardConfig::default(),
    )
}

fn bench_plan(bencher: Bencher, partners: i64, rows: Rows) {
    let ready = input(partners, rows);
    bencher
        .counter(ItemsCount::new(
            u64::try_from(partners * (CONTACTS + 1)).unwrap(),
        ))
        .with_inputs(|| ready.clone())
        .bench_values(|input| plan(input, &FilterConfig::default(), &GuardConfig::default()));
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn first_load(bencher: Bencher, partners: i64) {
    bench_plan(bencher, partners, Rows::None);
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn nothing_changed(bencher: Bencher, partners: i64) {
    bench_plan(bencher, partners, Rows::Same);
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn one_percent_changed(bencher: Bencher, partners: i64) {
    bench_plan(bencher, partners, Rows::OnePercent);
}

#[divan::bench(args = ["lastname77", "op:add tier:premier", "-country:germany first.last"], sample_count = 10)]
fn filter(bencher: Bencher, expression: &str) {
    let plan = planned(10_000, Rows::None);
    let filter = Filter::parse(expression).unwrap();
    bencher
        .counter(ItemsCount::new(plan.items.len()))
        .bench(|| plan.views().filter(|view| filter.matches(view)).count());
}

#[divan::bench(sample_count = 5)]
fn write_and_read_a_plan_file(bencher: Bencher) {
    let plan = planned(10_000, Rows::None);
    let schemas = PerEntity::from_fn(Schema::of);
    bencher
        .counter(ItemsCount::new(plan.items.len()))
        .bench(|| {
            let mut file = Vec::new();
            plan.write_json(&mut file, Page::default(), JsonLayout::Compact)
                .unwrap();
            Plan::read_json(file.as_slice(), &schemas)
                .unwrap()
                .items
                .len()
        });
}
