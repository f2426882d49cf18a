//! How long a first load takes, against a plain multi-row INSERT of the same rows. Run by hand, in release:
//! `cargo test --release --test it store::load -- --ignored --nocapture`.

use std::fmt::Write as _;
use std::time::Instant;

use prmdesk::plan::{Entity, Schema};

use super::kit::{account, apply, person, plan_of};
use crate::mariadb::both;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn first_load_against_plain_inserts() {
    let partners: Vec<_> = (1..=10_000)
        .map(|id| {
            account(id, &format!("Company number {id}"))
                .with("website", "https://www.example.com")
                .with("country", "Netherlands")
                .with("owner_email", "owner@example.com")
        })
        .collect();
    let contacts: Vec<_> = (1..=100_000)
        .map(|id| {
            person(
                id,
                &format!("person.{id}@company{}.example", id % 10_000),
                Some(id % 10_000 + 1),
            )
            .with("title", "Senior Engineer")
            .with("phone", "+44 20 1234 5678")
        })
        .collect();
    for db in both().await {
        let store = db.store().await;
        let plan = plan_of(&store, &partners, &contacts).await;
        let began = Instant::now();
        let (_, outcomes) = apply(&store, &plan).await;
        let ours = began.elapsed();
        assert_eq!(outcomes.len(), 110_000);
        let began = Instant::now();
        for entity in Entity::ALL {
            store.rows(&Schema::of(entity)).await.unwrap();
        }
        let read = began.elapsed();

        let floor = crate::mariadb::both()
            .await
            .into_iter()
            .find(|other| other.engine == db.engine)
            .unwrap();
        floor.store().await;
        let mut script = vec!["BEGIN".to_owned()];
        for chunk in partners.chunks(1000) {
            let mut sql = "INSERT INTO partners (impartner_id, account_name, partner_tier, website, country, owner_email, is_active) VALUES ".to_owned();
            for (at, one) in chunk.iter().enumerate() {
                let comma = if at > 0 { "," } else { "" };
                write!(sql, "{comma}({}, 'Company number {}', 'Premier', 'https://www.example.com', 'Netherlands', 'owner@example.com', 1)", one.id, one.id).unwrap();
            }
            script.push(sql);
        }
        for chunk in contacts.chunks(1000) {
            let mut sql = "INSERT INTO contacts (impartner_id, partner_id, email, first_name, last_name, title, phone, is_active) VALUES ".to_owned();
            for (at, one) in chunk.iter().enumerate() {
                let comma = if at > 0 { "," } else { "" };
                write!(
                    sql,
                    "{comma}({}, {}, '{}', 'Ann', 'Lee', 'Senior Engineer', '+44 20 1234 5678', 1)",
                    one.id,
                    one.id % 10_000 + 1,
                    one.fields
                        .iter()
                        .find(|(name, _)| *name == "email")
                        .unwrap()
                        .1
                )
                .unwrap();
            }
            script.push(sql);
        }
        script.push("COMMIT".to_owned());
        let began = Instant::now();
        floor.run_all(&script).await;
        let plain = began.elapsed();
        println!(
            "{:?}: first load with journal {ours:?}, plain multi-row INSERT {plain:?}, ratio {:.2}; reading both tables {read:?}",
            db.engine,
            ours.as_secs_f64() / plain.as_secs_f64()
        );
    }
}
