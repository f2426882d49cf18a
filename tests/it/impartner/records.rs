//! Shapes of records, fields a tenant lacks, and values.

use prmdesk::impartner::ImpartnerError;
use prmdesk::plan::{Entity, Schema};
use prmdesk::progress::Progress;
use prmdesk::sandbox::{
    BoolAs, Dialect, Envelope, NullAs, NumberAs, ReferenceAs, SandboxOptions, Shape, World,
};

use super::Rig;

async fn shaped(dialect: Dialect, shape: Shape) -> Rig {
    let options = SandboxOptions {
        dialect,
        shape,
        ..SandboxOptions::default()
    };
    Rig::start(World::generate(23, 130, 140), options).await
}

/// Every field of every record, as text.
async fn everything(rig: &Rig, entity: Entity) -> Vec<String> {
    let schema = Schema::of(entity);
    let listing = rig
        .client()
        .listing(&schema, None, &Progress::silent())
        .await
        .unwrap();
    let set = &listing.records;
    (0u32..)
        .zip(set.ids())
        .map(|(at, id)| {
            let fields: Vec<_> = (0..schema.fields.len()).map(|f| set.field(at, f)).collect();
            format!(
                "{id} {fields:?} {:?} {:?} {:?} {:?} {:?}",
                set.modified(at),
                set.active(at),
                set.status(at),
                set.account_id(at),
                set.account_name(at)
            )
        })
        .collect()
}

#[tokio::test]
async fn every_shape_of_a_tenant_reads_the_same() {
    let shapes = [
        Shape {
            ids: Some(NumberAs::Text),
            numbers: Some(NumberAs::Text),
            ..Shape::default()
        },
        Shape {
            bools: Some(BoolAs::Text),
            nulls: Some(NullAs::Empty),
            ..Shape::default()
        },
        Shape {
            bools: Some(BoolAs::Number),
            nulls: Some(NullAs::Omitted),
            ..Shape::default()
        },
        Shape {
            references: Some(ReferenceAs::Object),
            ..Shape::default()
        },
        Shape {
            references: Some(ReferenceAs::Id),
            ..Shape::default()
        },
        Shape {
            references: Some(ReferenceAs::Id),
            ids: Some(NumberAs::Text),
            ..Shape::default()
        },
        Shape {
            references: Some(ReferenceAs::Nothing),
            ..Shape::default()
        },
        Shape {
            references: Some(ReferenceAs::Nothing),
            nulls: Some(NullAs::Omitted),
            ids: Some(NumberAs::Text),
            ..Shape::default()
        },
        Shape {
            envelope: Some(Envelope::Array),
            ..Shape::default()
        },
        Shape {
            envelope: Some(Envelope::Value),
            references: Some(ReferenceAs::Object),
            ..Shape::default()
        },
    ];
    for dialect in [Dialect::Objects, Dialect::Odata] {
        for entity in Entity::ALL {
            let usual = everything(&shaped(dialect, Shape::default()).await, entity).await;
            assert!(usual.len() >= 130);
            for shape in &shapes {
                let rig = shaped(dialect, shape.clone()).await;
                let read = everything(&rig, entity).await;
                assert_eq!(read, usual, "{dialect:?} {shape:?}");
            }
        }
    }
}

#[tokio::test]
async fn without_a_total_everything_is_read_but_nothing_is_proved() {
    for envelope in [Envelope::Array, Envelope::Value] {
        let shape = Shape {
            envelope: Some(envelope),
            ..Shape::default()
        };
        let rig = shaped(Dialect::Odata, shape).await;
        let schema = Schema::of(Entity::Contacts);
        let listing = rig
            .client()
            .listing(&schema, None, &Progress::silent())
            .await
            .unwrap();
        assert_eq!(listing.records.len(), rig.sandbox.world().users().len());
        assert_eq!(listing.facts.count, None);
        assert!(!listing.facts.proved);
        assert!(listing.facts.reason.unwrap().contains("no total"));
        let pages = rig
            .sandbox
            .log()
            .matching(|e| e.param("pageSize") == Some("100"));
        assert_eq!(pages.len(), 3, "two pages and the empty one, read once");
    }
}

#[tokio::test]
async fn a_tenant_without_one_of_two_status_fields_is_read_all_the_same() {
    for dialect in [Dialect::Objects, Dialect::Odata] {
        let options = SandboxOptions {
            dialect,
            strict_fields: true,
            ..SandboxOptions::default()
        };
        let rig = Rig::start(World::generate(23, 30, 0), options).await;
        let schema = Schema::of(Entity::Partners);
        let client = rig.client();
        let progress = Progress::silent();
        let listing = client.listing(&schema, None, &progress).await.unwrap();
        assert!(listing.facts.proved);
        let ids = listing.records.ids().to_vec();
        // A fresh client has to learn it by id as well.
        let found = rig
            .client()
            .by_ids(&schema, &ids[..3], &[], &progress)
            .await
            .unwrap();
        if dialect == Dialect::Objects {
            assert_eq!(found.records.len(), 3, "{:?}", found.unverified);
        }
        let found = client
            .by_ids(&schema, &ids[..3], &[], &progress)
            .await
            .unwrap();
        assert_eq!(found.records.len(), 3, "{:?}", found.unverified);

        let mut schema = schema;
        schema.fields[1].source = Some("Partner_Tier_Typo".into());
        let error = rig
            .client()
            .listing(&schema, None, &progress)
            .await
            .unwrap_err();
        assert!(matches!(error, ImpartnerError::Client { status: 400, .. }));
        assert!(error.to_string().contains("Partner_Tier_Typo"), "{error}");
    }
}

#[tokio::test]
async fn a_field_that_no_record_has_is_told() {
    let rig = Rig::of(40, 0).await;
    let mut schema = Schema::of(Entity::Partners);
    schema.fields[5].source = Some("Partner_Kind__cf".into());
    let listing = rig
        .client()
        .listing(&schema, None, &Progress::silent())
        .await
        .unwrap();
    assert!(listing.facts.proved);
    let told: Vec<_> = listing
        .warnings
        .iter()
        .map(|w| (&*w.code, w.message.as_str()))
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, "field_missing");
    assert!(told[0].1.contains("`Partner_Kind__cf`"));
}

#[tokio::test]
async fn values_come_with_the_same_proof() {
    let shape = Shape {
        numbers: Some(NumberAs::Text),
        ..Shape::default()
    };
    for shape in [Shape::default(), shape] {
        let rig = shaped(Dialect::Objects, shape).await;
        let fields = ["CrmId", "Certification_Count__cf", "Total_NPCU__cf"];
        let read = rig
            .client()
            .values("Account", &fields, &Progress::silent())
            .await
            .unwrap();
        assert!(read.facts.proved);
        let world = rig.sandbox.world();
        assert_eq!(read.rows.len(), world.accounts().len());
        for (row, account) in read.rows.iter().zip(world.accounts()) {
            assert_eq!(row.id, account.id);
            assert_eq!(row.text(0), account.crm_id.as_deref());
            assert_eq!(row.number(1), account.certification_count);
            assert_eq!(row.number(2), account.total_npcu);
            assert_eq!(row.number(7), None);
        }
    }
}
