//! Run records, holds, notes, links, look-ups.

use prmdesk::plan::{Entity, PerEntity};
use prmdesk::store::{NewRun, StoreError};
use prmdesk::values::RunStatus;

use super::kit::{account, apply, claim, new_run, person, plan_of};
use crate::mariadb::both;

#[tokio::test(flavor = "multi_thread")]
async fn runs_begin_end_and_are_listed() {
    for db in both().await {
        let store = db.store().await;
        let lease = store.lease(claim()).await.unwrap();
        let one = store.begin_run(&lease, &new_run()).await.unwrap();
        store.note_run(one, Some("abc"), None).await.unwrap();
        store
            .finish_run_outside_tx(
                one,
                RunStatus::Failed,
                &PerEntity::default(),
                0,
                Some("Impartner said 401."),
            )
            .await
            .unwrap();
        store
            .finish_run_outside_tx(one, RunStatus::Applied, &PerEntity::default(), 0, None)
            .await
            .unwrap();
        let run = store.run(one).await.unwrap();
        assert_eq!(
            (run.status, run.message.as_deref(), run.plan_id.as_deref()),
            (RunStatus::Failed, Some("Impartner said 401."), Some("abc")),
            "the first end counts"
        );
        assert!(run.finished_at.is_some());
        let two = store
            .begin_run(
                &lease,
                &NewRun {
                    kind: "undo".into(),
                    undoes: Some(one),
                    mode: None,
                    ..new_run()
                },
            )
            .await
            .unwrap();
        store
            .finish_run_outside_tx(two, RunStatus::Applied, &PerEntity::default(), 0, None)
            .await
            .unwrap();
        assert_eq!(store.run(one).await.unwrap().undone_by, Some(two));
        assert_eq!(
            store
                .last_runs()
                .await
                .unwrap()
                .iter()
                .map(|run| run.run_id)
                .collect::<Vec<_>>(),
            [two, one]
        );
        assert_eq!(store.runs(1).await.unwrap().len(), 1);
        assert!(matches!(store.run(99).await, Err(StoreError::NotFound(_))));
        lease.release().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_notes_links_and_rows() {
    for db in both().await {
        let store = db.store().await;
        let plan = plan_of(
            &store,
            &[account(7, "Held Co")],
            &[person(71, "ann@x.example", Some(7))],
        )
        .await;
        apply(&store, &plan).await;
        store
            .hold(Entity::Partners, 7, "asked by legal", "alice")
            .await
            .unwrap();
        store
            .hold(Entity::Partners, 7, "asked by legal twice", "bob")
            .await
            .unwrap();
        store
            .hold(Entity::Contacts, 999, "not here yet", "bob")
            .await
            .unwrap();
        let holds = store.holds().await.unwrap();
        assert_eq!(holds.len(), 2);
        assert_eq!(
            (
                holds[0].name.as_deref(),
                holds[0].note.as_str(),
                holds[0].operator.as_str()
            ),
            (Some("Held Co"), "asked by legal twice", "bob")
        );
        assert_eq!(holds[1].name, None);
        store.lift(Entity::Partners, 7).await.unwrap();
        assert!(matches!(
            store.lift(Entity::Partners, 7).await,
            Err(StoreError::NotFound(_))
        ));

        assert_eq!(store.meta("key").await.unwrap(), None);
        store.set_meta("key", "1").await.unwrap();
        store.set_meta("key", "2").await.unwrap();
        assert_eq!(store.meta("key").await.unwrap().as_deref(), Some("2"));

        db.run("INSERT INTO lms_users (id, email) VALUES ('u1', 'Ann@X.example'), ('u2', 'two@x.example'), ('u3', 'TWO@x.example'), ('u4', NULL)").await;
        let links = store.lms_links().await.unwrap();
        assert_eq!(
            links.len(),
            1,
            "an address of two people links nobody: {links:?}"
        );
        assert_eq!(links["ann@x.example"], "u1");

        let row = store.row_of(Entity::Contacts, 71).await.unwrap().unwrap();
        assert_eq!(
            (row.name.as_str(), row.partner_id, row.active),
            ("ann@x.example", Some(1), true)
        );
        assert_eq!(
            store.row(Entity::Contacts, row.row_id).await.unwrap(),
            Some(row)
        );
        assert_eq!(store.row(Entity::Partners, 99).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_follows_the_row_through_its_ids() {
    for db in both().await {
        let store = db.store().await;
        apply(&store, &plan_of(&store, &[account(7, "Seven")], &[]).await).await;
        // What a run writes when #7 is gone upstream and came back as #9, and that as #7 again.
        for (run, was, is) in [(2, 7, 9), (3, 9, 7)] {
            db.run(&format!(
                "INSERT INTO sync_runs (run_id, kind, scope, status, operator, started_at) VALUES ({run}, 'sync', 'all', 'applied', 'bob', '2026-01-0{run} 00:00:00')"
            ))
            .await;
            db.run(&format!(
                "INSERT INTO sync_changes (run_id, seq, entity, op, row_id, impartner_id, name, before_values, after_values, status) \
                 VALUES ({run}, 1, 'partners', 'update', 1, {is}, 'Seven', '{{\"impartner_id\":{was}}}', '{{\"impartner_id\":{is}}}', 'applied')"
            ))
            .await;
        }
        for id in [7, 9] {
            let runs: Vec<i64> = store
                .history(Entity::Partners, id)
                .await
                .unwrap()
                .iter()
                .map(|entry| entry.run_id)
                .collect();
            assert_eq!(runs, [3, 2, 1], "{:?} #{id}", db.engine);
        }
        assert!(store.history(Entity::Contacts, 7).await.unwrap().is_empty());
    }
}
