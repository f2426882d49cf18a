//! A plan that has waited: what speaks for its soft-deletes is asked for again before they are applied.

use chrono::TimeDelta;
use prmdesk::error::Kind;
use prmdesk::plan::{Entity, Mode, Op, Plan, Selection};
use prmdesk::progress::Progress;
use prmdesk::sandbox::{Act, Fault, SandboxOptions};
use prmdesk::store::Engine;
use prmdesk::values::RunStatus;

use super::rig::{Rig, both, release};

/// A full preview of three partners that leave and one that changes, as it lies there an hour later.
async fn waited(rig: &Rig) -> Plan {
    rig.sync(Mode::Full).await.unwrap();
    rig.set_tier("P01", "Pending");
    rig.set_tier("P02", "Pending");
    rig.delete("P03");
    rig.set_tier("P04", "Gold");
    let mut plan = rig.preview(Mode::Full).await.unwrap();
    assert_eq!(plan.totals.partners.of(Op::SoftDelete), 3);
    plan.created_at -= TimeDelta::hours(1);
    plan
}

both! {
    async fn who_is_back_meanwhile_stays(engine: Engine) {
        let rig = Rig::new(engine, 30, 0).await;
        let plan = waited(&rig).await;
        rig.set_tier("P02", "Premier");
        let report = rig.apply(&plan).await.unwrap();
        assert_eq!(report.status, RunStatus::Partial);
        assert_eq!((report.applied.partners.soft_delete, report.applied.partners.update), (2, 1));
        assert_eq!(report.stale.len(), 1);
        assert_eq!(report.stale[0].name, "P02");
        assert!(report.stale[0].message.contains("shows the partner as active now"), "{}", report.stale[0].message);
        assert_eq!(rig.inactive(Entity::Partners).await, ["P01", "P03"]);
        assert_eq!(rig.sync(Mode::Incremental).await.unwrap().status, RunStatus::Nothing);
    }

    async fn a_plan_of_just_now_is_not_asked_about(engine: Engine) {
        let rig = Rig::new(engine, 30, 0).await;
        let mut plan = waited(&rig).await;
        plan.created_at += TimeDelta::hours(1);
        let before = rig.sandbox.log().len();
        assert_eq!(rig.apply(&plan).await.unwrap().applied.partners.soft_delete, 3);
        assert_eq!(rig.sandbox.log().len(), before);
    }

    async fn what_cannot_be_asked_for_stays(engine: Engine) {
        let rig = Rig::new(engine, 30, 0).await;
        let plan = waited(&rig).await;
        rig.sandbox.faults().impartner(Fault::new(Act::Status { status: 503, retry_after: None, message: None }).always());
        let report = rig.apply(&plan).await.unwrap();
        assert_eq!((report.applied.partners.soft_delete, report.applied.partners.update), (0, 1));
        assert_eq!(report.stale.len(), 3);
        assert!(rig.inactive(Entity::Partners).await.is_empty());
    }

    async fn a_number_typed_for_more_than_is_left_releases_nothing(engine: Engine) {
        let rig = Rig::with(engine, 30, 0, SandboxOptions::default(), |config| config.guards.max_count = 1).await;
        let plan = waited(&rig).await;
        rig.set_tier("P02", "Premier");
        let apply = async |count| {
            let choice = release(count);
            rig.desk.apply(&plan, Selection::of(&plan), &choice, &Progress::silent()).await
        };
        let error = apply(3).await.unwrap_err();
        assert_eq!((error.kind, error.code), (Kind::Blocked, "release_mismatch"));
        assert!(error.message.contains("would carry out 2 soft-deletes (1 fewer"), "{}", error.message);
        assert!(rig.inactive(Entity::Partners).await.is_empty());
        assert_eq!(apply(2).await.unwrap().applied.partners.soft_delete, 2);
    }
}
