//! The one transaction: all operations, the journal, exchanged names, links, the window, the watermark.

use prmdesk::plan::Outcome;
use prmdesk::plan::{Entity, Op, PerEntity, Selection};
use prmdesk::progress::Progress;
use prmdesk::store::{Departure, Engine, SoftDeletes};

use super::kit::{
    account, apply, apply_as, at, claim, finish, new_run, outcome_of, person, plan_of,
};
use super::trouble::is_applied;
use crate::mariadb::both;

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_with_its_journal_and_watermark() {
    for db in both().await {
        let store = db.store().await;
        let plan = plan_of(
            &store,
            &[
                account(1, "Société Générale"),
                account(2, "株式会社 \"Quote\" \\ Back"),
                account(3, "Gone Ltd"),
            ],
            &[
                person(11, "ana@a.example", Some(1)).with("first_name", "Ana\u{301} 😀"),
                person(12, "bob@b.example", Some(2)),
                person(13, "cy@c.example", Some(3)),
            ],
        )
        .await;
        let (first, outcomes) = apply(&store, &plan).await;
        assert!(
            outcomes.iter().all(is_applied),
            "{:?} {outcomes:?}",
            db.engine
        );
        assert_eq!(
            db.rows("SELECT c.email, p.account_name, c.first_name, c.is_active FROM contacts c JOIN partners p ON p.id = c.partner_id ORDER BY c.id").await,
            [
                "ana@a.example|Société Générale|Ana\u{301} 😀|1",
                "bob@b.example|株式会社 \"Quote\" \\ Back|Ann|1",
                "cy@c.example|Gone Ltd|Ann|1"
            ]
        );
        assert_eq!(store.watermarks().await.unwrap().partners, Some(at()));

        let plan = plan_of(
            &store,
            &[
                account(1, "Société Générale").with("country", "France"),
                account(3, "Gone Ltd").inactive(),
            ],
            &[
                person(12, "bob@b.example", Some(1)),
                person(13, "cy@c.example", None).inactive(),
            ],
        )
        .await;
        let (second, outcomes) = apply(&store, &plan).await;
        assert!(outcomes.iter().all(is_applied), "{outcomes:?}");
        assert_eq!(
            db.rows("SELECT account_name, account_status, is_active, deleted_at IS NULL, country FROM partners ORDER BY id").await,
            ["Société Générale|-|1|1|France", "株式会社 \"Quote\" \\ Back|-|1|1|-", "Gone Ltd|Inactive|0|0|-"]
        );
        assert_eq!(
            db.rows("SELECT partner_id, is_active FROM contacts ORDER BY id")
                .await,
            ["1|1", "1|1", "3|0"]
        );

        let plan = plan_of(&store, &[account(3, "Gone Ltd")], &[]).await;
        let (third, outcomes) = apply(&store, &plan).await;
        assert!(outcomes.iter().all(is_applied), "{outcomes:?}");
        assert_eq!(
            db.one("SELECT is_active, deleted_at FROM partners WHERE id = 3")
                .await,
            "1|-"
        );

        // The journal says who changed a record, when, from what to what, in which run.
        let history = store.history(Entity::Partners, 3).await.unwrap();
        assert_eq!(
            history
                .iter()
                .map(|entry| (entry.run_id, entry.op))
                .collect::<Vec<_>>(),
            [
                (third, Op::Reactivate),
                (second, Op::SoftDelete),
                (first, Op::Add)
            ]
        );
        assert_eq!(history[1].before["is_active"], true);
        assert_eq!(history[1].after["account_status"], "Inactive");
        assert_eq!(
            (history[1].operator.as_str(), history[1].name.as_str()),
            ("alice", "Gone Ltd")
        );
        let bob = &store.history(Entity::Contacts, 12).await.unwrap();
        assert_eq!(
            (&bob[0].before["partner_id"], &bob[0].after["partner_id"]),
            (&2.into(), &1.into())
        );
        let add = &bob[1];
        assert_eq!(
            (add.op, add.name.as_str(), add.after["email"].as_str()),
            (Op::Add, "bob@b.example", Some("bob@b.example"))
        );
        assert_eq!(
            (add.after["partner_id"].as_i64(), add.before.is_null()),
            (Some(2), true)
        );

        let runs = store.runs(10).await.unwrap();
        assert_eq!(
            runs.iter().map(|run| run.run_id).collect::<Vec<_>>(),
            [third, second, first]
        );
        assert_eq!(
            (runs[2].applied.partners.add, runs[2].applied.contacts.add),
            (3, 3)
        );
        assert_eq!(runs[1].applied.partners.soft_delete, 1);
        assert_eq!(store.changes(first).await.unwrap().len(), 6);
        assert_eq!(store.runs_of_plan(&plan.id).await.unwrap()[0].run_id, third);
        let counts = store.counts().await.unwrap();
        assert_eq!(
            (
                counts.partners.active,
                counts.contacts.active,
                counts.contacts.inactive
            ),
            (3, 2, 1)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_ids_are_exchanged() {
    for db in both().await {
        let store = db.store().await;
        let plan = plan_of(
            &store,
            &[
                account(1, "A"),
                account(2, "B"),
                account(3, "C"),
                account(4, "D"),
                account(5, "E"),
            ],
            &[],
        )
        .await;
        apply(&store, &plan).await;
        // A ring of three (one with another case), and a chain into a name that nobody has.
        let records = [
            account(1, "B"),
            account(2, "C"),
            account(3, "a"),
            account(4, "E"),
            account(5, "F"),
        ];
        let plan = plan_of(&store, &records, &[]).await;
        let (_, outcomes) = apply(&store, &plan).await;
        assert_eq!(outcomes.len(), 5);
        assert!(
            outcomes.iter().all(is_applied),
            "{:?} {outcomes:?}",
            db.engine
        );
        let sql = "SELECT impartner_id, account_name FROM partners ORDER BY impartner_id";
        assert_eq!(db.rows(sql).await, ["1|B", "2|C", "3|a", "4|E", "5|F"]);

        // One ring too large for one statement.
        let many = |shift: i64| {
            (100..1_700)
                .map(move |id| account(id, &format!("Ring {}", (id - 100 + shift) % 1_600)))
                .collect::<Vec<_>>()
        };
        apply(&store, &plan_of(&store, &many(0), &[]).await).await;
        let plan = plan_of(&store, &many(1), &[]).await;
        let (_, outcomes) = apply(&store, &plan).await;
        assert_eq!(
            outcomes
                .iter()
                .filter(|outcome| is_applied(outcome))
                .count(),
            1_600,
            "{:?}",
            db.engine
        );
        assert!(plan_of(&store, &many(1), &[]).await.items.is_empty());
        db.run("DELETE FROM partners WHERE impartner_id >= 100")
            .await;

        // A swap one half of which the database refuses: neither is written, nothing stays parked.
        let plan = plan_of(
            &store,
            &[account(1, "C"), account(2, "B"), account(5, "G")],
            &[],
        )
        .await;
        let refuse = match db.engine {
            Engine::MariaDb => {
                "CREATE TRIGGER no BEFORE UPDATE ON partners FOR EACH ROW IF NEW.account_name = 'C' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refused'; END IF"
            }
            Engine::Sqlite => {
                "CREATE TRIGGER no BEFORE UPDATE ON partners WHEN NEW.account_name = 'C' BEGIN SELECT RAISE(ABORT, 'refused'); END"
            }
        };
        db.run(refuse).await;
        let (_, outcomes) = apply(&store, &plan).await;
        for id in [1, 2] {
            let Outcome::Failed(why) = outcome_of(&plan, &outcomes, Entity::Partners, id) else {
                panic!("{outcomes:?}")
            };
            assert!(why.contains("refused") && why.contains("exchange"), "{why}");
        }
        assert_eq!(db.rows(sql).await, ["1|B", "2|C", "3|a", "4|E", "5|G"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_whose_partner_was_not_written_has_no_link_yet() {
    for db in both().await {
        let store = db.store().await;
        let plan = plan_of(
            &store,
            &[account(1, "One")],
            &[person(11, "a@x.example", Some(1))],
        )
        .await;
        let lease = store.lease(claim()).await.unwrap();
        let run_id = store.begin_run(&lease, &new_run()).await.unwrap();
        let mut selection = Selection::of(&plan);
        let partner = plan
            .items
            .iter()
            .position(|item| item.entity == Entity::Partners)
            .unwrap();
        selection.set(&plan, partner, false).unwrap();
        let mut tx = store.begin_apply(&lease, run_id).await.unwrap();
        let outcomes = tx
            .write(&plan, &selection, PerEntity::default(), &Progress::silent())
            .await
            .unwrap();
        assert!(matches!(
            outcome_of(&plan, &outcomes, Entity::Contacts, 11),
            Outcome::Applied { linked: false, .. }
        ));
        tx.upsert_carryover(Entity::Contacts, &[(11, "unlinked"), (12, "stale")])
            .await
            .unwrap();
        tx.settle_carryover(Entity::Contacts, &[12]).await.unwrap();
        // The row has no LMS user: there is nothing to undo.
        let departure = Departure {
            entity: Entity::Contacts,
            row_id: 1,
            impartner_id: Some(11),
            name: "a@x.example".into(),
            reason: "test".into(),
        };
        assert_eq!(tx.open_cases(&[departure], "alice").await.unwrap(), 0);
        tx.commit(&finish(&plan, &outcomes), &Progress::silent())
            .await
            .unwrap();
        lease.release().await.unwrap();
        assert_eq!(db.one("SELECT partner_id FROM contacts").await, "-");
        let carried = store.carryover().await.unwrap();
        assert_eq!(
            carried
                .iter()
                .map(|c| (c.impartner_id, c.reason.as_str(), c.run_id))
                .collect::<Vec<_>>(),
            [(11, "unlinked", Some(run_id))]
        );
        let counts = store.counts().await.unwrap();
        assert_eq!((counts.carried_over, counts.cases.pending), (1, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_counts_soft_deletes_less_released_and_undone() {
    for db in both().await {
        let store = db.store().await;
        let all: Vec<_> = (1..=6).map(|id| account(id, &format!("P{id}"))).collect();
        apply(&store, &plan_of(&store, &all, &[]).await).await;
        let gone = |ids: std::ops::RangeInclusive<i64>| {
            ids.map(|id| account(id, &format!("P{id}")).inactive())
                .collect::<Vec<_>>()
        };
        apply(&store, &plan_of(&store, &gone(1..=2), &[]).await).await;
        apply_as(
            &store,
            &plan_of(&store, &gone(3..=3), &[]).await,
            SoftDeletes::Released,
        )
        .await;
        let window = store.window_counts(Entity::Partners, at()).await.unwrap();
        assert_eq!((window.active, window.deleted, window.counted), (3, 3, 2));
        apply(&store, &plan_of(&store, &all[..1], &[]).await).await;
        let window = store.window_counts(Entity::Partners, at()).await.unwrap();
        assert_eq!(
            (window.active, window.deleted, window.counted),
            (4, 2, 2),
            "back by itself is not undone"
        );
        let later = chrono::DateTime::from_timestamp(4_000_000_000, 0).unwrap();
        let window = store.window_counts(Entity::Partners, later).await.unwrap();
        assert_eq!((window.active, window.deleted, window.counted), (4, 0, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watermark_goes_where_it_is_set_lower_too() {
    for db in both().await {
        let store = db.store().await;
        let lease = store.lease(claim()).await.unwrap();
        let plan = plan_of(&store, &[], &[]).await;
        for (set, expected) in [(100, 100), (50, 50), (101, 101)] {
            let run_id = store.begin_run(&lease, &new_run()).await.unwrap();
            let mut tx = store.begin_apply(&lease, run_id).await.unwrap();
            let mark = |seconds| at() + chrono::TimeDelta::seconds(seconds);
            tx.set_watermark(Entity::Contacts, mark(set)).await.unwrap();
            tx.commit(&finish(&plan, &[]), &Progress::silent())
                .await
                .unwrap();
            assert_eq!(
                store.watermarks().await.unwrap().contacts,
                Some(mark(expected))
            );
        }
        lease.release().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_of_an_add_is_the_same_for_one_and_for_many() {
    for db in both().await {
        let store = db.store().await;
        let odd = "a \"quote\", a \\ and \u{1b} é 😀";
        let some = |ids: std::ops::Range<i64>| {
            ids.map(|id| person(id, &format!("p{id}@x.example"), Some(1)).with("title", odd))
                .collect::<Vec<_>>()
        };
        apply(&store, &plan_of(&store, &[account(1, "One")], &[]).await).await;
        let (few, _) = apply(&store, &plan_of(&store, &[], &some(1..3)).await).await;
        let (many, _) = apply(&store, &plan_of(&store, &[], &some(100..400)).await).await;
        let few = &store.changes(few).await.unwrap()[0];
        let many = store.changes(many).await.unwrap();
        assert_eq!(many.len(), 300);
        for (entry, id) in many.iter().zip(100..) {
            assert_eq!(entry.impartner_id, Some(id), "in the order of the plan");
            assert_eq!(entry.name, format!("p{id}@x.example"));
            let mut expected = few.after.clone();
            expected["email"] = entry.after["email"].clone();
            expected["impartner_id"] = id.into();
            assert_eq!(entry.after, expected, "{:?}", db.engine);
            assert_eq!(
                (&entry.before, &entry.message, entry.op),
                (&few.before, &few.message, few.op)
            );
        }
    }
}
