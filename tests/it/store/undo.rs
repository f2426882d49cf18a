//! Undo: the reverse of a run from its journal, and the undo of an undo.

use prmdesk::config::GuardConfig;
use prmdesk::plan::undo::{Done, UndoInput, undo};
use prmdesk::plan::{Entity, Outcome, PerEntity, Plan, Schema, Scope};
use prmdesk::store::Store;

use super::kit::{account, apply, at, person, plan_of};
use super::trouble::is_applied;
use crate::mariadb::both;

pub async fn undo_of(store: &Store, run_id: i64) -> Plan {
    let schemas = PerEntity::from_fn(Schema::of);
    let partners = store.rows(&schemas.partners).await.unwrap();
    let contacts = store.rows(&schemas.contacts).await.unwrap();
    let done = store
        .undoable(run_id)
        .await
        .unwrap()
        .into_iter()
        .map(|entry| Done {
            entity: entry.entity,
            row_id: entry.row_id.unwrap(),
            impartner_id: entry.impartner_id,
            op: entry.op,
            before: entry.before.as_object().cloned().unwrap_or_default(),
            after: entry.after.as_object().cloned().unwrap_or_default(),
        });
    let input = UndoInput {
        warnings: Vec::new(),
        run_id,
        scope: Scope::All,
        created_at: at(),
        database: store.point().await.unwrap(),
        schemas,
        done: done.collect(),
        rows: PerEntity { partners, contacts },
        windows: PerEntity {
            partners: store.window_counts(Entity::Partners, at()).await.unwrap(),
            contacts: store.window_counts(Entity::Contacts, at()).await.unwrap(),
        },
        holds: PerEntity::default(),
        same: PerEntity::default(),
    };
    undo(&input, &GuardConfig::default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_undone_and_the_undo_too() {
    for db in both().await {
        let store = db.store().await;
        let partners = [account(1, "One"), account(2, "Two"), account(3, "Three")];
        let contacts = [
            person(11, "a@x.example", Some(1)),
            person(12, "b@x.example", Some(2)),
        ];
        apply(&store, &plan_of(&store, &partners, &contacts).await).await;
        let all = "SELECT 'p', id, account_name, country, account_status, is_active, deleted_at IS NULL, impartner_id, NULL FROM partners \
                   UNION ALL SELECT 'c', id, email, first_name, NULL, is_active, deleted_at IS NULL, impartner_id, partner_id FROM contacts ORDER BY 1, 2";
        let before = db.rows(all).await;

        // Every operation in one run, a swap of names among them.
        let plan = plan_of(
            &store,
            &[
                account(1, "Two"),
                account(2, "One").with("country", "Peru"),
                account(3, "Three").inactive(),
                account(4, "Four"),
            ],
            &[
                person(11, "a@x.example", Some(2)),
                person(12, "b@x.example", None).inactive(),
                person(13, "c@x.example", Some(4)),
            ],
        )
        .await;
        let (run, outcomes) = apply(&store, &plan).await;
        assert!(
            outcomes.iter().all(is_applied),
            "{:?} {outcomes:?}",
            db.engine
        );
        let after = db.rows(all).await;
        assert_eq!(
            store
                .window_counts(Entity::Partners, at())
                .await
                .unwrap()
                .counted,
            1
        );

        let plan = undo_of(&store, run).await;
        let (undoing, outcomes) = apply(&store, &plan).await;
        assert!(
            outcomes.iter().all(is_applied),
            "{:?} {outcomes:?}",
            db.engine
        );
        let undone = db.rows(all).await;
        // What was added cannot be taken away: it is inactive.
        let still: Vec<&String> = undone
            .iter()
            .filter(|row| !row.contains("Four") && !row.contains("c@x"))
            .collect();
        assert_eq!(still, before.iter().collect::<Vec<_>>(), "{:?}", db.engine);
        assert!(
            undone.iter().any(|row| row.contains("Four|-|Inactive|0")),
            "{undone:?}"
        );
        assert_eq!(
            store.undoable(run).await.unwrap(),
            [],
            "all of it is undone"
        );
        let window = store.window_counts(Entity::Partners, at()).await.unwrap();
        assert_eq!(
            (window.counted, window.deleted),
            (1, 1),
            "the soft-delete of the undo counts, the undone one does not"
        );

        let plan = undo_of(&store, undoing).await;
        let (_, outcomes) = apply(&store, &plan).await;
        assert!(
            outcomes.iter().all(is_applied),
            "{:?} {outcomes:?}",
            db.engine
        );
        assert_eq!(db.rows(all).await, after, "{:?}", db.engine);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_since_is_not_undone() {
    for db in both().await {
        let store = db.store().await;
        apply(
            &store,
            &plan_of(&store, &[account(1, "One"), account(2, "Two")], &[]).await,
        )
        .await;
        let plan = plan_of(
            &store,
            &[
                account(1, "One").with("country", "Peru"),
                account(2, "Two").with("country", "Peru"),
            ],
            &[],
        )
        .await;
        let (run, _) = apply(&store, &plan).await;
        db.run("UPDATE partners SET country = 'Chile' WHERE id = 1")
            .await;
        let plan = undo_of(&store, run).await;
        let (_, outcomes) = apply(&store, &plan).await;
        assert_eq!(
            outcomes
                .iter()
                .filter(|outcome| matches!(outcome, Outcome::Stale(_)))
                .count(),
            1,
            "{outcomes:?}"
        );
        assert_eq!(
            db.rows("SELECT country FROM partners ORDER BY id").await,
            ["Chile", "-"]
        );
        assert_eq!(
            store.undoable(run).await.unwrap().len(),
            1,
            "the rest can be undone later"
        );
    }
}
