//! The demo's database as it was yesterday.

use std::path::Path;

use super::{Clock, Error, Kind, Result, Secret, Store, World, database_url};
use crate::plan::{Entity, Schema};
use crate::sandbox::{Leak, Yesterday, YesterdayRow, yesterday};
use crate::store::{Seed, SeedTable, SeedValue};

/// Makes and fills the database, unless it is there already.
pub(super) async fn fill(database: &Path, world: &World) -> Result<()> {
    if database.exists() {
        return Ok(());
    }
    let url = Secret::new(database_url(database));
    let store = Store::connect(&url, Clock::system()).await?;
    let filled = store.seed(seed(&yesterday(world, Leak::None))).await;
    store.close().await;
    filled.map_err(|error| {
        // A half-made demo would be taken for a whole one next time.
        let _gone_anyway = std::fs::remove_file(database);
        Error::new(
            Kind::Internal,
            "demo_database",
            format!(
                "The demo's database {} could not be filled.",
                database.display()
            ),
        )
        .source(error)
    })
}

fn seed(yesterday: &Yesterday) -> Seed {
    let mut tables: Vec<SeedTable> = Entity::ALL
        .into_iter()
        .map(|entity| rows(entity, &yesterday.rows))
        .collect();
    tables.extend(lms(yesterday));
    Seed {
        tables,
        holds: yesterday
            .holds
            .iter()
            .map(|&(entity, id, note)| (entity, id, note.to_owned()))
            .collect(),
        watermark: Some(yesterday.watermark),
    }
}

fn rows(entity: Entity, rows: &[YesterdayRow]) -> SeedTable {
    let schema = Schema::of(entity);
    let mut columns = vec![
        "id",
        "impartner_id",
        "is_active",
        "deleted_at",
        "created_at",
        "updated_at",
    ];
    if entity == Entity::Contacts {
        columns.push("partner_id");
    }
    columns.extend(schema.fields.iter().map(|field| field.column));
    let rows = rows
        .iter()
        .filter(|row| row.entity == entity)
        .map(|row| {
            let mut values: Vec<SeedValue> = vec![
                row.row_id.into(),
                row.impartner_id.into(),
                i64::from(row.is_active).into(),
                row.deleted_at.into(),
                Some(row.created_at).into(),
                Some(row.updated_at).into(),
            ];
            if entity == Entity::Contacts {
                values.push(row.partner_id.into());
            }
            values.extend(row.fields.iter().map(|field| field.clone().into()));
            values
        })
        .collect();
    SeedTable {
        table: entity.word(),
        columns,
        rows,
    }
}

fn lms(yesterday: &Yesterday) -> [SeedTable; 5] {
    let text = |text: &str| SeedValue::from(Some(text.to_owned()));
    let people = yesterday.people.iter().map(|person| {
        let status = if person.disabled {
            "disabled"
        } else {
            "active"
        };
        vec![
            text(&person.id),
            text(&person.email),
            text(&person.first_name),
            text(&person.last_name),
            text(status),
        ]
    });
    let groups = yesterday
        .groups
        .iter()
        .map(|(group, partner)| vec![text(&group.id), text(&group.name), (*partner).into()]);
    let members = yesterday.groups.iter().flat_map(|(group, _)| {
        group
            .members
            .iter()
            .map(|person| vec![text(&group.id), text(person)])
    });
    let courses = yesterday.courses.iter().map(|course| {
        let value = course.npcu.map_or(0, i64::from);
        vec![text(&course.id), text(&course.name), value.into()]
    });
    let enrollments = yesterday.enrollments.iter().map(|(person, line)| {
        vec![
            text(&line.id),
            text(person),
            text(&line.resource_id),
            text(&line.progress_status),
            line.completed_at.into(),
            line.expires_at.into(),
        ]
    });
    let table = |table, columns: &[&'static str], rows: Vec<Vec<SeedValue>>| SeedTable {
        table,
        columns: columns.to_vec(),
        rows,
    };
    [
        table(
            "lms_users",
            &["id", "email", "first_name", "last_name", "status"],
            people.collect(),
        ),
        table(
            "lms_groups",
            &["id", "name", "partner_id"],
            groups.collect(),
        ),
        table(
            "lms_group_members",
            &["group_id", "user_id"],
            members.collect(),
        ),
        table(
            "lms_courses",
            &["id", "name", "npcu_value"],
            courses.collect(),
        ),
        table(
            "lms_enrollments",
            &[
                "id",
                "user_id",
                "course_id",
                "status",
                "completed_at",
                "expires_at",
            ],
            enrollments.collect(),
        ),
    ]
}
