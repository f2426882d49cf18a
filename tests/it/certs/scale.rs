//! The counts at 100,000 and 1,000,000 enrolments: measured and printed. Run with
//! `cargo test --release --test it scale -- --ignored --nocapture`.

use std::time::Instant;

use prmdesk::clock::Clock;
use prmdesk::store::Engine;

use crate::mariadb::{TestDb, both};

/// 2,000 partners with a group and ten members each, 200 courses, `enrolments` spread over all.
async fn fill(db: &TestDb, enrolments: u64) {
    let seq = |n: u64| match db.engine {
        Engine::MariaDb => format!("(SELECT seq AS n FROM seq_1_to_{n}) s"),
        Engine::Sqlite => format!(
            "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {n}) SELECT n FROM s) s"
        ),
    };
    let text = |prefix: &str, n: &str| match db.engine {
        Engine::MariaDb => format!("CONCAT('{prefix}', {n})"),
        Engine::Sqlite => format!("'{prefix}' || ({n})"),
    };
    let script = [
        format!(
            "INSERT INTO partners (id, account_name, is_active) SELECT n, {}, TRUE FROM {}",
            text("P", "n"),
            seq(2000)
        ),
        format!(
            "INSERT INTO lms_groups (id, name, partner_id) SELECT {}, {}, n FROM {}",
            text("g", "n"),
            text("P", "n"),
            seq(2000)
        ),
        format!(
            "INSERT INTO lms_group_members (group_id, user_id) SELECT {}, {} FROM {}",
            text("g", "n % 2000 + 1"),
            text("u", "n"),
            seq(20000)
        ),
        format!(
            "INSERT INTO lms_courses (id, name, npcu_value) SELECT {}, {}, n % 3 FROM {}",
            text("k", "n"),
            text("K", "n"),
            seq(200)
        ),
        format!(
            "INSERT INTO lms_enrollments (id, user_id, course_id, status) SELECT {}, {}, {}, 'completed' FROM {}",
            text("e", "n"),
            text("u", "n % 20000 + 1"),
            text("k", "n % 199 + 1"),
            seq(enrolments)
        ),
    ];
    db.run_all(&script).await;
}

#[tokio::test]
#[ignore = "minutes; a measurement"]
async fn counts_stay_fast() {
    for enrolments in [100_000, 1_000_000] {
        for db in both().await {
            let store = db.store().await;
            fill(&db, enrolments).await;
            for partners in [&[][..], &[17]] {
                let began = Instant::now();
                let counts = store
                    .cert_counts(partners, Clock::system().now())
                    .await
                    .unwrap();
                let took = began.elapsed();
                println!(
                    "{} {enrolments} enrolments, {} partners: {took:?}",
                    db.engine.word(),
                    counts.len()
                );
                assert!(counts.iter().any(|count| count.npcu > 0));
            }
        }
    }
}
