//! Runs on the tables of a portal (tests/adopted): the journal says what the rows hold, whatever defaults and triggers made of
//! what was sent, and so every run can be undone; a row that a trigger refuses is the only one.

use prmdesk::plan::{Entity, Op, Outcome, Plan};
use prmdesk::store::{Engine, SoftDeletes, Store};

use super::kit::{account, apply, apply_as, outcome_of, person, plan_of};
use super::undo::undo_of;
use crate::adopted;
use crate::mariadb::TestDb;

const PARTNERS: &str = "SELECT account_name, partner_tier, account_status, owner_email, partner_type, is_active, impartner_id FROM partners ORDER BY id";

fn contacts(engine: Engine) -> String {
    let active = match engine {
        Engine::MariaDb => "is_active + 0",
        Engine::Sqlite => "is_active",
    };
    format!("SELECT email, {active}, deleted_at IS NULL, impartner_id FROM contacts ORDER BY id")
}

/// Undoes a run; every item must go through.
async fn undo(store: &Store, run: i64) -> (i64, Plan) {
    let plan = undo_of(store, run).await;
    let (run_id, outcomes) = apply_as(store, &plan, SoftDeletes::Released).await;
    for (view, outcome) in plan.views().zip(&outcomes) {
        assert!(
            matches!(outcome, Outcome::Applied { .. }),
            "{}: {outcome:?}",
            view.name()
        );
    }
    (run_id, plan)
}

async fn journal(db: &TestDb, run: i64) -> Vec<String> {
    let sql = format!(
        "SELECT entity, op, after_values FROM sync_changes WHERE run_id = {run} ORDER BY seq"
    );
    db.rows(&sql).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_add_with_defaults_can_be_undone() {
    for db in adopted::on_both().await {
        let store = db.store().await;
        // A few, and so many that the database writes their journal itself.
        for (first, number) in [(1, 2), (101, 30)] {
            let accounts: Vec<_> = (first..first + number)
                .map(|id| {
                    account(id, &format!("Partner {id}"))
                        .with("owner_email", "Owner@X.example")
                        .with("partner_tier", "")
                })
                .collect();
            let people: Vec<_> = (first..first + number)
                .map(|id| person(id, &format!("u{id}@x.example"), Some(id)))
                .collect();
            let plan = plan_of(&store, &accounts, &people).await;
            let (run, _) = apply(&store, &plan).await;
            let told = journal(&db, run).await;
            let tier = match db.engine {
                // A BEFORE trigger puts this in the place of nothing.
                Engine::MariaDb => "\"partner_tier\":\"Registered\"",
                Engine::Sqlite => "\"partner_tier\":",
            };
            for part in [
                "\"account_status\":\"Active\"",
                "\"owner_email\":\"owner@x.example\"",
                tier,
            ] {
                let flat = told[0].replace("\": ", "\":");
                assert!(flat.contains(part), "{part}: {}", told[0]);
            }
            let (_, plan) = undo(&store, run).await;
            assert_eq!(i64::try_from(plan.items.len()), Ok(2 * number));
            let active = "SELECT COUNT(*) FROM partners WHERE is_active = 1";
            assert_eq!(db.one(active).await, "0", "{:?}", db.engine);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_soft_delete_of_a_row_that_was_matched_by_its_name_can_be_undone() {
    for db in adopted::on_both().await {
        db.run("INSERT INTO partners (account_name, partner_tier, partner_type) VALUES ('Acme', 'Gold', 'Reseller')")
            .await;
        db.run("INSERT INTO contacts (email, partner_id) VALUES ('ann@x.example', 1)")
            .await;
        let store = db.store().await;
        let before = (db.rows(PARTNERS).await, db.rows(&contacts(db.engine)).await);
        let plan = plan_of(
            &store,
            &[account(7, "Acme").inactive()],
            &[person(8, "ann@x.example", Some(7)).inactive()],
        )
        .await;
        let (run, outcomes) = apply(&store, &plan).await;
        assert!(
            outcomes
                .iter()
                .all(|o| matches!(o, Outcome::Applied { .. })),
            "{outcomes:?}"
        );
        let gone = "SELECT COUNT(*) FROM partners WHERE is_active = 0";
        assert_eq!(db.one(gone).await, "1");
        undo(&store, run).await;
        assert_eq!(
            (db.rows(PARTNERS).await, db.rows(&contacts(db.engine)).await),
            before
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_trigger_makes_of_a_value_is_what_the_journal_says() {
    for db in adopted::on_both().await {
        let store = db.store().await;
        let plan = plan_of(
            &store,
            &[account(1, "Acme").with("owner_email", "a@x.example")],
            &[],
        )
        .await;
        apply(&store, &plan).await;
        let before = db.rows(PARTNERS).await;
        let plan = plan_of(
            &store,
            &[account(1, "Acme").with("owner_email", "Bob@X.example")],
            &[],
        )
        .await;
        let (run, _) = apply(&store, &plan).await;
        let told = &store.changes(run).await.unwrap()[0];
        assert_eq!(told.before["owner_email"], "a@x.example");
        assert_eq!(told.after["owner_email"], "bob@x.example");
        undo(&store, run).await;
        assert_eq!(db.rows(PARTNERS).await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_that_leave_with_their_partner_are_journaled_and_come_back_with_it() {
    for db in adopted::on_both().await {
        let store = db.store().await;
        let people = [
            person(11, "a@x.example", Some(1)),
            person(12, "b@x.example", Some(1)),
            person(13, "c@x.example", Some(1)),
            person(14, "d@x.example", Some(2)),
        ];
        let plan = plan_of(&store, &[account(1, "Acme"), account(2, "Beta")], &people).await;
        apply(&store, &plan).await;
        let before = (db.rows(PARTNERS).await, db.rows(&contacts(db.engine)).await);

        // The trigger takes all three along; one leaves by the plan too, one changes its name, one nobody mentions.
        let plan = plan_of(
            &store,
            &[account(1, "Acme").inactive()],
            &[
                person(11, "a@x.example", Some(1)).inactive(),
                person(12, "b@x.example", Some(1)).with("first_name", "Berta"),
            ],
        )
        .await;
        let (run, outcomes) = apply(&store, &plan).await;
        for (entity, id) in [
            (Entity::Partners, 1),
            (Entity::Contacts, 11),
            (Entity::Contacts, 12),
        ] {
            let outcome = outcome_of(&plan, &outcomes, entity, id);
            assert!(
                matches!(outcome, Outcome::Applied { .. }),
                "{entity} {id}: {outcome:?}"
            );
        }
        let told = store.changes(run).await.unwrap();
        let brief: Vec<(Entity, Op, &str)> = told
            .iter()
            .map(|entry| (entry.entity, entry.op, entry.name.as_str()))
            .collect();
        assert_eq!(
            brief,
            [
                (Entity::Partners, Op::SoftDelete, "Acme"),
                (Entity::Contacts, Op::SoftDelete, "a@x.example"),
                (Entity::Contacts, Op::Update, "b@x.example"),
                (Entity::Contacts, Op::SoftDelete, "c@x.example"),
            ]
        );
        assert_eq!(told[2].before["is_active"], true);
        assert_eq!(told[2].after["is_active"], false);
        assert!(
            told[3]
                .message
                .as_deref()
                .unwrap()
                .contains("along with its partner")
        );

        undo(&store, run).await;
        assert_eq!(
            (db.rows(PARTNERS).await, db.rows(&contacts(db.engine)).await),
            before
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_a_trigger_refuses_is_the_only_one() {
    for db in adopted::on_both().await {
        let store = db.store().await;
        let people = |name: &'static str| {
            [1, 2, 3, 4, 5]
                .map(|n| person(n, &format!("u{n}@x.example"), None).with("first_name", name))
        };
        apply(&store, &plan_of(&store, &[], &people("Ann")).await).await;
        db.run("UPDATE contacts SET badge_no = 'FROZEN' WHERE email = 'u3@x.example'")
            .await;
        let plan = plan_of(&store, &[], &people("Bea")).await;
        let (_, outcomes) = apply(&store, &plan).await;
        for id in 1..=5 {
            match outcome_of(&plan, &outcomes, Entity::Contacts, id) {
                Outcome::Failed(why) if id == 3 => {
                    assert!(why.contains("frozen by the legal department"), "{why}");
                }
                Outcome::Applied { .. } if id != 3 => {}
                other => panic!("{id}: {other:?}"),
            }
        }
        assert_eq!(
            db.rows("SELECT first_name FROM contacts ORDER BY id").await,
            ["Bea", "Bea", "Ann", "Bea", "Bea"]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_a_column_cannot_hold_is_alone_in_its_trouble() {
    let db = adopted::on_mariadb().await;
    db.run("INSERT INTO partners (account_name) VALUES ('Müller')")
        .await;
    let store = db.store().await;
    let plan = plan_of(
        &store,
        &[
            account(1, "Żółw"),
            account(2, "Beta"),
            account(3, "Acme 😀"),
            account(4, "Gamma"),
        ],
        &[
            person(11, "smile😀@x.example", Some(2)),
            person(12, "plain@x.example", Some(1)),
            person(13, "żółw@x.example", Some(2)),
        ],
    )
    .await;
    // A row that is there by now: who is told apart from it is asked of the database, text by text.
    db.run("INSERT INTO partners (account_name, impartner_id) VALUES ('Gamma', 4)")
        .await;
    db.run("INSERT INTO contacts (email) VALUES ('plain@x.example')")
        .await;
    let (_, outcomes) = apply(&store, &plan).await;
    for (entity, id, expected) in [
        (Entity::Partners, 1, "failed"),
        (Entity::Partners, 2, "applied"),
        (Entity::Partners, 3, "failed"),
        (Entity::Partners, 4, "stale"),
        (Entity::Contacts, 11, "failed"),
        (Entity::Contacts, 12, "stale"),
        (Entity::Contacts, 13, "applied"),
    ] {
        let outcome = outcome_of(&plan, &outcomes, entity, id);
        let word = match outcome {
            Outcome::Applied { .. } => "applied",
            Outcome::Failed(_) => "failed",
            Outcome::Stale(_) => "stale",
            Outcome::NotSelected => "conflict",
        };
        assert_eq!(word, expected, "{entity} {id}: {outcome:?}");
    }
}
