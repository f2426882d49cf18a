//! A plan that a newer run has overtaken: nothing of it hides what the newer run saw, however young or old it is.

use std::time::Duration;

use chrono::TimeDelta;
use prmdesk::clock::Clock;
use prmdesk::desk::{Choice, Desk, Probe};
use prmdesk::plan::filter::Filter;
use prmdesk::plan::{Entity, Mode, Op, Plan, Selection};
use prmdesk::progress::Progress;
use prmdesk::sandbox::SandboxOptions;
use prmdesk::store::Engine;
use prmdesk::values::{RunReport, RunStatus};

use super::rig::{Rig, account, both};

/// Thirty partners and a contact that are in the database. Without an overlap, which would hide what the carry-over forgets.
async fn loaded(engine: Engine) -> Rig {
    let rig = Rig::with(engine, 30, 1, SandboxOptions::default(), |config| {
        config.impartner.overlap = Duration::ZERO;
    })
    .await;
    rig.sync(Mode::Full).await.unwrap();
    rig
}

/// Something changes upstream, a minute later.
fn later(rig: &Rig, change: impl FnOnce(&Rig)) {
    rig.upstream.advance(TimeDelta::minutes(1));
    change(rig);
}

/// A newer run that leaves `left_out` unticked.
async fn newer_run_without(rig: &Rig, left_out: &str) -> RunReport {
    let plan = rig.preview(Mode::Incremental).await.unwrap();
    let mut selection = Selection::of(&plan);
    selection.except(&plan, &Filter::parse(left_out).unwrap());
    rig.desk
        .apply(&plan, selection, &Choice::default(), &Progress::silent())
        .await
        .unwrap()
}

async fn tier(rig: &Rig, name: &str) -> String {
    rig.rows().await.partners[name].1.clone()
}

fn ops(plan: &Plan) -> Vec<(Op, &str)> {
    plan.views()
        .map(|view| (view.item.op, view.name()))
        .collect()
}

fn only_stale(report: &RunReport, name: &str, word: &str) {
    assert_eq!(report.applied.partners.total(), 0, "{report:?}");
    assert_eq!(report.stale.len(), 1, "{report:?}");
    assert_eq!(report.stale[0].name, name);
    assert!(
        report.stale[0].message.contains(word),
        "{}",
        report.stale[0].message
    );
}

both! {
    async fn whom_a_newer_run_saw_healthy_stays(engine: Engine) {
        let rig = loaded(engine).await;
        later(&rig, |rig| rig.set_tier("P01", "Pending"));
        let old = rig.preview(Mode::Incremental).await.unwrap();
        assert_eq!(ops(&old), [(Op::SoftDelete, "P01")]);
        later(&rig, |rig| rig.set_tier("P01", "Premier"));
        assert_eq!(rig.sync(Mode::Incremental).await.unwrap().status, RunStatus::Nothing);
        let report = rig.apply(&old).await.unwrap();
        only_stale(&report, "P01", "shows the partner as active now");
        assert!(rig.inactive(Entity::Partners).await.is_empty());
    }

    async fn whom_a_newer_run_saw_leave_is_not_added(engine: Engine) {
        let rig = loaded(engine).await;
        later(&rig, |rig| { rig.sandbox.world().add_account(account(31)); });
        let mut old = rig.preview(Mode::Incremental).await.unwrap();
        assert_eq!(ops(&old), [(Op::Add, "P31")]);
        later(&rig, |rig| rig.set_tier("P31", "Pending"));
        later(&rig, |rig| rig.set_tier("P02", "Gold"));
        assert_eq!(rig.sync(Mode::Incremental).await.unwrap().applied.partners.update, 1);
        // However old it is: also when its soft-deletes would be asked for again anyway.
        old.created_at -= TimeDelta::hours(1);
        let report = rig.apply(&old).await.unwrap();
        only_stale(&report, "P31", "tier is Pending");
        assert!(!rig.rows().await.partners.contains_key("P31"));
    }

    async fn whom_a_newer_run_saw_deleted_is_not_added(engine: Engine) {
        let rig = loaded(engine).await;
        later(&rig, |rig| { rig.sandbox.world().add_account(account(31)); });
        let old = rig.preview(Mode::Incremental).await.unwrap();
        later(&rig, |rig| rig.delete("P31"));
        rig.sync(Mode::Incremental).await.unwrap();
        let report = rig.apply(&old).await.unwrap();
        only_stale(&report, "P31", "no longer there");
        assert!(!rig.rows().await.partners.contains_key("P31"));
    }

    async fn whom_a_newer_run_saw_leave_again_is_not_reactivated(engine: Engine) {
        let rig = loaded(engine).await;
        later(&rig, |rig| rig.set_tier("P01", "Pending"));
        rig.sync(Mode::Incremental).await.unwrap();
        later(&rig, |rig| rig.set_tier("P01", "Premier"));
        let old = rig.preview(Mode::Incremental).await.unwrap();
        assert_eq!(ops(&old), [(Op::Reactivate, "P01")]);
        later(&rig, |rig| rig.set_tier("P01", "Pending"));
        rig.sync(Mode::Incremental).await.unwrap();
        let report = rig.apply(&old).await.unwrap();
        only_stale(&report, "P01", "tier is Pending");
        assert_eq!(rig.inactive(Entity::Partners).await, ["P01"]);
    }

    async fn an_old_value_is_written_and_the_newest_still_comes(engine: Engine) {
        let rig = loaded(engine).await;
        later(&rig, |rig| rig.set_tier("P02", "Gold"));
        let old = rig.preview(Mode::Incremental).await.unwrap();
        later(&rig, |rig| rig.set_tier("P02", "Silver"));
        later(&rig, |rig| rig.set_tier("P03", "Gold"));
        let newer = newer_run_without(&rig, "P02").await;
        assert_eq!(newer.applied.partners.update, 1);
        let report = rig.apply(&old).await.unwrap();
        assert_eq!((report.status, report.applied.partners.update), (RunStatus::Applied, 1));
        assert_eq!(tier(&rig, "P02").await, "Gold");
        let carried = rig.store().await.carryover().await.unwrap();
        assert_eq!(carried.iter().map(|one| (one.impartner_id, one.reason.as_str())).collect::<Vec<_>>(), [(rig.id("P02"), "overtaken")]);
        assert_eq!(rig.sync(Mode::Incremental).await.unwrap().applied.partners.update, 1);
        assert_eq!(tier(&rig, "P02").await, "Silver");
        assert_eq!(rig.desk.status(Probe::Stored).await.unwrap().carried_over, 0);
    }

    async fn what_an_old_plan_found_settled_may_have_changed_again(engine: Engine) {
        let rig = loaded(engine).await;
        later(&rig, |rig| rig.set_tier("P02", "Gold"));
        newer_run_without(&rig, "P02").await;
        later(&rig, |rig| rig.set_tier("P02", "Premier"));
        let old = rig.preview(Mode::Incremental).await.unwrap();
        assert_eq!(old.settled.partners, [rig.id("P02")]);
        later(&rig, |rig| rig.set_tier("P02", "Silver"));
        later(&rig, |rig| rig.set_tier("P03", "Gold"));
        newer_run_without(&rig, "P02").await;
        rig.apply(&old).await.unwrap();
        assert_eq!(rig.sync(Mode::Incremental).await.unwrap().applied.partners.update, 1);
        assert_eq!(tier(&rig, "P02").await, "Silver");
    }

    async fn no_mark_moves_for_what_was_overtaken(engine: Engine) {
        let rig = loaded(engine).await;
        later(&rig, |rig| rig.set_tier("P01", "Gold"));
        let oldest = rig.preview(Mode::Incremental).await.unwrap();
        later(&rig, |rig| rig.set_tier("P01", "Premier"));
        later(&rig, |rig| rig.set_tier("P02", "Gold"));
        // It saw P01 as it stands in the database, and learnt of a time after that.
        let old = rig.preview(Mode::Incremental).await.unwrap();
        assert_eq!(ops(&old), [(Op::Update, "P02")]);
        rig.apply(&oldest).await.unwrap();
        assert_eq!(tier(&rig, "P01").await, "Gold");
        rig.apply(&old).await.unwrap();
        rig.sync(Mode::Incremental).await.unwrap();
        assert_eq!((tier(&rig, "P01").await.as_str(), tier(&rig, "P02").await.as_str()), ("Premier", "Gold"));
    }

    async fn no_mark_moves_back(engine: Engine) {
        let rig = loaded(engine).await;
        later(&rig, |rig| rig.set_tier("P01", "Gold"));
        let old = rig.preview(Mode::Incremental).await.unwrap();
        later(&rig, |rig| rig.set_tier("P02", "Gold"));
        rig.sync(Mode::Incremental).await.unwrap();
        let marks = async || {
            let store = rig.store().await;
            (store.watermarks().await.unwrap(), store.meta("deletions.partners").await.unwrap())
        };
        let before = marks().await;
        rig.apply(&old).await.unwrap();
        assert_eq!(marks().await, before);
    }

    async fn what_nobody_overtook_is_settled_and_not_asked_for(engine: Engine) {
        let rig = loaded(engine).await;
        later(&rig, |rig| { rig.sandbox.world().add_account(account(31)); });
        let plan = rig.preview(Mode::Incremental).await.unwrap();
        // Runs that committed nothing overtake nobody.
        let request = prmdesk::values::PreviewRequest { scope: prmdesk::plan::Scope::All, mode: Mode::Incremental };
        let abandoned = rig.desk.begin_sync(request, &Progress::silent()).await.unwrap();
        abandoned.abandon().await.unwrap();
        let asked = rig.sandbox.log().len();
        assert_eq!(rig.apply(&plan).await.unwrap().applied.partners.add, 1);
        assert_eq!(rig.sandbox.log().len(), asked);
        assert_eq!(rig.desk.status(Probe::Stored).await.unwrap().carried_over, 0);
    }

    async fn a_run_of_contacts_does_not_overtake_partners(engine: Engine) {
        let rig = loaded(engine).await;
        later(&rig, |rig| { rig.sandbox.world().add_account(account(31)); });
        let plan = rig.preview(Mode::Incremental).await.unwrap();
        let request = prmdesk::values::PreviewRequest { scope: prmdesk::plan::Scope::Contacts, mode: Mode::Incremental };
        let contacts = rig.desk.begin_sync(request, &Progress::silent()).await.unwrap();
        let selection = Selection::of(&contacts.plan);
        contacts.apply(selection, &Choice::default(), &Progress::silent()).await.unwrap();
        assert_eq!(rig.apply(&plan).await.unwrap().applied.partners.add, 1);
        assert_eq!(rig.desk.status(Probe::Stored).await.unwrap().carried_over, 0);
    }
}

impl Rig {
    async fn store(&self) -> prmdesk::store::Store {
        Desk::connect(&self.config, &Clock::system()).await.unwrap()
    }
}
