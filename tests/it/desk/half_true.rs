//! A source whose answers by id are worth nothing: nobody leaves on its word.

use prmdesk::desk::Choice;
use prmdesk::plan::{Entity, Mode, Selection};
use prmdesk::progress::Progress;
use prmdesk::sandbox::{Act, Fault};
use prmdesk::store::Engine;

use super::rig::{Rig, both};

/// Thirty partners and two contacts, synced; a change of P01 was left out, so that P01 is carried over.
async fn carried(engine: Engine) -> Rig {
    let rig = Rig::new(engine, 30, 2).await;
    rig.sync(Mode::Full).await.unwrap();
    rig.upstream.advance(chrono::TimeDelta::hours(1));
    rig.set_tier("P01", "Gold");
    let plan = rig.preview(Mode::Incremental).await.unwrap();
    let none = Selection::none(&plan);
    rig.desk
        .apply(&plan, none, &Choice::default(), &Progress::silent())
        .await
        .unwrap();
    rig
}

/// What a wrong tenant, lost rights or a wrong address say of every record.
fn nobody_here() -> [Act; 3] {
    [
        Act::SuccessFalse {
            message: "Account was not found.".into(),
            code: Some("NotFound".into()),
        },
        Act::NullData,
        Act::Status {
            status: 404,
            retry_after: None,
            message: None,
        },
    ]
}

fn quiet(rig: &Rig) {
    let empty = Act::EmptyPage { count: Some(0) };
    rig.sandbox
        .faults()
        .impartner(Fault::new(empty).object("Account").listings().always());
}

both! {
    async fn a_quiet_run_deletes_no_carried_over_record_on_the_word_of_a_wrong_tenant(engine: Engine) {
        let rig = carried(engine).await;
        for act in nobody_here() {
            quiet(&rig);
            rig.sandbox.faults().impartner(Fault::new(act.clone()).object("Account").by_id().always());
            rig.sync(Mode::Incremental).await.unwrap();
            assert!(rig.inactive(Entity::Partners).await.is_empty(), "{act:?}");
            rig.sandbox.faults().clear();
        }
        // It stayed carried over: what it really became is still found in a quiet run, an active row vouching for it.
        rig.delete("P01");
        quiet(&rig);
        rig.sync(Mode::Incremental).await.unwrap();
        assert_eq!(rig.inactive(Entity::Partners).await, ["P01"]);
    }

    async fn a_feed_counts_only_beside_a_record_that_answers(engine: Engine) {
        let rig = Rig::new(engine, 30, 2).await;
        rig.sync(Mode::Full).await.unwrap();
        rig.upstream.advance(chrono::TimeDelta::hours(1));
        rig.delete("P08");
        let add = vec![rig.id("P07")];
        for act in nobody_here() {
            rig.sandbox.faults().impartner(Fault::new(Act::FeedLies { add: add.clone(), drop: vec![] }).path("_deleted").always());
            rig.sandbox.faults().impartner(Fault::new(act.clone()).object("Account").by_id().always());
            for listing in ["quiet", "as it is"] {
                if listing == "quiet" {
                    quiet(&rig);
                }
                rig.sync(Mode::Incremental).await.unwrap();
                assert!(rig.inactive(Entity::Partners).await.is_empty(), "{listing}: {act:?}");
                rig.upstream.advance(chrono::TimeDelta::hours(1));
                // Moves the watermark on; the feed must be asked from where it was believed last.
                rig.set_tier("P02", listing);
            }
            rig.sandbox.faults().clear();
        }
        rig.sync(Mode::Incremental).await.unwrap();
        assert_eq!(rig.inactive(Entity::Partners).await, ["P08"]);
    }

    async fn the_feed_alone_deletes_nobody(engine: Engine) {
        let rig = Rig::new(engine, 30, 2).await;
        rig.sync(Mode::Full).await.unwrap();
        let refused = Act::Status { status: 403, retry_after: None, message: None };
        let (gone, alive) = (rig.id("P08"), rig.id("P07"));
        rig.delete("P08");
        // P07 was deleted and restored: the feed remembers it, and its check fails too.
        rig.sandbox.faults().impartner(Fault::new(Act::FeedLies { add: vec![alive], drop: vec![] }).path("_deleted").always());
        for id in [gone, alive] {
            rig.sandbox.faults().impartner(Fault::new(refused.clone()).id(id).always());
        }
        rig.sync(Mode::Incremental).await.unwrap();
        assert!(rig.inactive(Entity::Partners).await.is_empty());
        // Once they can be asked for, the one who is gone leaves, and the other stays.
        rig.sandbox.faults().clear();
        rig.sandbox.faults().impartner(Fault::new(Act::FeedLies { add: vec![alive], drop: vec![] }).path("_deleted").always());
        rig.sync(Mode::Incremental).await.unwrap();
        assert_eq!(rig.inactive(Entity::Partners).await, ["P08"]);
    }

    async fn old_evidence_is_not_borne_out_by_a_wrong_tenant(engine: Engine) {
        let rig = Rig::new(engine, 30, 2).await;
        rig.sync(Mode::Full).await.unwrap();
        rig.set_tier("P01", "Pending");
        for act in nobody_here() {
            let mut plan = rig.preview(Mode::Full).await.unwrap();
            plan.created_at -= chrono::TimeDelta::hours(1);
            rig.sandbox.faults().impartner(Fault::new(act.clone()).by_id().always());
            let report = rig.apply(&plan).await.unwrap();
            assert_eq!(report.applied.partners.soft_delete, 0, "{act:?}");
            rig.sandbox.faults().clear();
        }
        assert!(rig.inactive(Entity::Partners).await.is_empty());
    }
}
