//! The promises of issues 2 and 3, one story each, on both engines.

use prmdesk::desk::{Choice, Probe};
use prmdesk::error::Kind;
use prmdesk::plan::filter::Filter;
use prmdesk::plan::{Entity, Mode, Op, Selection};
use prmdesk::progress::Progress;
use prmdesk::sandbox::{Act, Fault};
use prmdesk::values::RunStatus;

use prmdesk::store::Engine;

use super::rig::{Rig, account, both, release, user};

both! {
    async fn a_first_incremental_run_is_recorded_as_full(engine: Engine) {
        let rig = Rig::new(engine, 3, 3).await;
        let report = rig.sync(Mode::Incremental).await.unwrap();
        let mode = async |run_id| rig.desk.run(run_id).await.unwrap().run.mode;
        assert_eq!(mode(report.run_id.unwrap()).await, Some(Mode::Full));
        rig.upstream.advance(chrono::TimeDelta::hours(1));
        let report = rig.sync(Mode::Incremental).await.unwrap();
        assert_eq!(mode(report.run_id.unwrap()).await, Some(Mode::Incremental));
        let runs = rig.desk.runs(9).await.unwrap();
        assert_eq!(runs.len(), 2);
    }

    async fn first_load_then_nothing_then_exactly_what_changed(engine: Engine) {
        let rig = Rig::new(engine, 30, 60).await;
        let report = rig.sync(Mode::Incremental).await.unwrap();
        assert_eq!((report.applied.partners.add, report.applied.contacts.add), (30, 60));
        assert_eq!(report.status, RunStatus::Applied);
        let again = rig.sync(Mode::Full).await.unwrap();
        assert_eq!((again.status, again.applied.partners.total()), (RunStatus::Nothing, 0));
        rig.set_tier("P03", "Gold");
        rig.sandbox.world().add_user(user(61));
        let plan = rig.preview(Mode::Full).await.unwrap();
        let items: Vec<_> = plan.views().map(|view| (view.item.op, view.name().to_owned())).collect();
        assert_eq!(items, [(Op::Update, "P03".to_owned()), (Op::Add, "u61@p.example".to_owned())]);
        let plan = rig.preview(Mode::Incremental).await.unwrap();
        assert_eq!((plan.mode, plan.items.len()), (Mode::Incremental, 2));
        rig.apply(&plan).await.unwrap();
        assert!(!rig.preview(Mode::Full).await.unwrap().has_changes());
        let status = rig.desk.status(Probe::Live).await.unwrap();
        assert_eq!((status.partners.active, status.contacts.active), (30, 61));
        assert_eq!(status.impartner.reachable, Some(true));
        assert!(status.watermarks.partners.is_some() && status.interrupted.is_none() && status.lease.is_none());
    }

    async fn gone_needs_evidence_and_comes_back(engine: Engine) {
        let rig = Rig::new(engine, 30, 60).await;
        rig.sync(Mode::Full).await.unwrap();
        rig.set_tier("P01", "Pending");
        rig.delete("P02");
        rig.delete("u05@p.example");
        let report = rig.sync(Mode::Incremental).await.unwrap();
        assert_eq!((report.applied.partners.soft_delete, report.applied.contacts.soft_delete), (2, 1), "{report:#?}");
        assert_eq!(rig.inactive(Entity::Partners).await, ["P01", "P02"]);
        rig.set_tier("P01", "Premier");
        let report = rig.sync(Mode::Incremental).await.unwrap();
        assert_eq!(report.applied.partners.reactivate, 1);
        let history = rig.desk.history(Entity::Partners, rig.id("P01")).await.unwrap();
        let ops: Vec<_> = history.iter().map(|entry| (entry.op, entry.operator.as_str())).collect();
        assert_eq!(ops, [(Op::Reactivate, "ann"), (Op::SoftDelete, "ann"), (Op::Add, "ann")]);
    }

    async fn a_tripped_guard_withholds_soft_deletes_only(engine: Engine) {
        let rig = Rig::new(engine, 30, 30).await;
        rig.sync(Mode::Full).await.unwrap();
        for n in 1..=4 {
            rig.set_tier(&format!("P{n:02}"), "Pending");
        }
        rig.set_tier("P10", "Gold");
        rig.sandbox.world().add_account(account(31));
        let report = rig.sync(Mode::Incremental).await.unwrap();
        assert_eq!(report.status, RunStatus::Partial);
        assert_eq!((report.applied.partners.add, report.applied.partners.update, report.applied.partners.soft_delete), (1, 1, 0));
        assert_eq!((report.withheld[0].entity, report.withheld[0].op, report.withheld[0].count), (Entity::Partners, Op::SoftDelete, 4));
        assert_eq!(rig.desk.status(Probe::Stored).await.unwrap().withheld, 4);
        // Carried over: the next incremental run brings them again, although they changed before its watermark.
        let plan = rig.preview(Mode::Incremental).await.unwrap();
        assert_eq!(plan.totals.partners.soft_delete, 4);
        let wrong = rig.desk.apply(&plan, Selection::of(&plan), &release(3), &Progress::silent()).await.unwrap_err();
        assert_eq!((wrong.kind, wrong.code), (Kind::Blocked, "release_mismatch"));
        assert!(rig.inactive(Entity::Partners).await.is_empty());
        let right = rig.desk.apply(&plan, Selection::of(&plan), &release(4), &Progress::silent()).await.unwrap();
        assert_eq!(right.applied.partners.soft_delete, 4);
        assert_eq!(rig.desk.status(Probe::Stored).await.unwrap().carried_over, 0);
        // Released soft-deletes do not count for the next plan.
        rig.set_tier("P05", "Pending");
        assert_eq!(rig.sync(Mode::Incremental).await.unwrap().applied.partners.soft_delete, 1);
    }

    async fn a_slow_leak_trips_the_window(engine: Engine) {
        let rig = Rig::new(engine, 40, 0).await;
        rig.sync(Mode::Full).await.unwrap();
        let mut applied = 0;
        for n in 1..=8 {
            rig.set_tier(&format!("P{n:02}"), "Pending");
            applied += rig.sync(Mode::Incremental).await.unwrap().applied.partners.soft_delete;
        }
        assert_eq!(applied, 4, "10 % of 40 rows in one window, however it is spread");
    }

    async fn held_unticked_and_left_out_records_come_again(engine: Engine) {
        let rig = Rig::new(engine, 30, 0).await;
        rig.sync(Mode::Full).await.unwrap();
        rig.set_tier("P01", "Pending");
        rig.set_tier("P02", "Gold");
        rig.desk.hold(Entity::Partners, rig.id("P01"), "contract under review").await.unwrap();
        let plan = rig.preview(Mode::Incremental).await.unwrap();
        let mut selection = Selection::of(&plan);
        selection.except(&plan, &Filter::parse("P02").unwrap());
        let report = rig.desk.apply(&plan, selection, &Choice::default(), &Progress::silent()).await.unwrap();
        assert_eq!(report.status, RunStatus::Nothing);
        assert_eq!(rig.desk.status(Probe::Stored).await.unwrap().carried_over, 2);
        rig.desk.lift(Entity::Partners, rig.id("P01")).await.unwrap();
        let report = rig.sync(Mode::Incremental).await.unwrap();
        assert_eq!((report.applied.partners.soft_delete, report.applied.partners.update), (1, 1));
        assert_eq!(rig.desk.status(Probe::Stored).await.unwrap().carried_over, 0);
    }

    async fn a_hold_set_after_the_plan_still_holds(engine: Engine) {
        let rig = Rig::new(engine, 30, 0).await;
        rig.sync(Mode::Full).await.unwrap();
        rig.set_tier("P01", "Pending");
        let plan = rig.preview(Mode::Incremental).await.unwrap();
        rig.desk.hold(Entity::Partners, rig.id("P01"), "wait").await.unwrap();
        let report = rig.apply(&plan).await.unwrap();
        assert_eq!(report.status, RunStatus::Blocked);
        assert!(rig.inactive(Entity::Partners).await.is_empty());
    }

    async fn a_plan_is_applied_once_and_row_by_row(engine: Engine) {
        let rig = Rig::new(engine, 30, 0).await;
        rig.sync(Mode::Full).await.unwrap();
        rig.set_tier("P01", "Gold");
        rig.set_tier("P02", "Gold");
        let plan = rig.preview(Mode::Incremental).await.unwrap();
        let mut first = Selection::of(&plan);
        first.only(&plan, &Filter::parse("P01").unwrap()).unwrap();
        let other = rig.preview(Mode::Incremental).await.unwrap();
        rig.desk.apply(&other, first, &Choice::default(), &Progress::silent()).await.unwrap();
        let report = rig.apply(&plan).await.unwrap();
        assert_eq!(report.status, RunStatus::Partial);
        assert_eq!((report.applied.partners.update, report.stale.len()), (1, 1));
        assert_eq!(report.stale[0].name, "P01");
        let again = rig.apply(&plan).await.unwrap_err();
        assert_eq!((again.kind, again.code), (Kind::Blocked, "plan_applied"));
    }

    async fn undo_and_undo_of_the_undo(engine: Engine) {
        let rig = Rig::new(engine, 30, 10).await;
        rig.sync(Mode::Full).await.unwrap();
        let before = rig.rows().await;
        rig.set_tier("P01", "Pending");
        rig.set_tier("P02", "Gold");
        rig.sandbox.world().add_account(account(31));
        let run = rig.sync(Mode::Incremental).await.unwrap().run_id.unwrap();
        let after = rig.rows().await;
        let plan = rig.desk.preview_undo(run).await.unwrap();
        let ops: Vec<_> = plan.items.iter().map(|item| item.op).collect();
        assert_eq!(ops, [Op::SoftDelete, Op::Reactivate, Op::Update]);
        let undo = rig.apply(&plan).await.unwrap();
        assert_eq!(undo.status, RunStatus::Applied, "{undo:?}");
        let mut undone = rig.rows().await;
        assert_eq!(undone.partners.remove("P31").map(|(active, _)| active), Some(false));
        assert_eq!(undone, before);
        assert!(rig.desk.preview_undo(run).await.unwrap().items.is_empty(), "what is undone is not undone twice");
        let back = rig.desk.preview_undo(undo.run_id.unwrap()).await.unwrap();
        rig.apply(&back).await.unwrap();
        assert_eq!(rig.rows().await, after);
    }

    async fn unattended_runs_leave_soft_deletes_to_people(engine: Engine) {
        use prmdesk::desk::Attendance;
        let rig = Rig::new(engine, 30, 0).await;
        rig.sync(Mode::Full).await.unwrap();
        rig.set_tier("P01", "Pending");
        rig.set_tier("P02", "Gold");
        let plan = rig.preview(Mode::Incremental).await.unwrap();
        let choice = Choice { attendance: Attendance::Unattended, ..Choice::default() };
        let report = rig.desk.apply(&plan, Selection::of(&plan), &choice, &Progress::silent()).await.unwrap();
        assert_eq!((report.status, report.applied.partners.update, report.applied.partners.soft_delete), (RunStatus::Partial, 1, 0));
        assert_eq!(rig.sync(Mode::Incremental).await.unwrap().applied.partners.soft_delete, 1);
    }

    async fn read_only_refuses_every_write(engine: Engine) {
        let rig = Rig::with(engine, 5, 5, prmdesk::sandbox::SandboxOptions::default(), |config| config.read_only = true).await;
        let plan = rig.preview(Mode::Full).await.unwrap();
        assert_eq!(rig.apply(&plan).await.unwrap_err().code, "read_only");
        assert_eq!(rig.sync(Mode::Full).await.unwrap_err().code, "read_only");
        assert_eq!(rig.desk.hold(Entity::Partners, 1, "x").await.unwrap_err().code, "read_only");
        assert!(rig.rows().await.partners.is_empty());
    }

    async fn a_second_run_is_refused_with_who_holds_the_lease(engine: Engine) {
        use prmdesk::plan::Scope;
        use prmdesk::values::PreviewRequest;
        let rig = Rig::new(engine, 5, 5).await;
        let request = PreviewRequest { scope: Scope::All, mode: Mode::Full };
        let first = rig.desk.begin_sync(request, &Progress::silent()).await.unwrap();
        let second = rig.desk.begin_sync(request, &Progress::silent()).await.unwrap_err();
        assert_eq!(second.kind, Kind::Leased);
        assert!(second.message.contains("ann"), "{}", second.message);
        first.abandon().await.unwrap();
        assert_eq!(rig.sync(Mode::Full).await.unwrap().applied.partners.add, 5);
    }

    async fn an_undone_record_is_offered_again(engine: Engine) {
        let rig = Rig::new(engine, 30, 0).await;
        rig.sync(Mode::Full).await.unwrap();
        rig.set_tier("P02", "Gold");
        let run = rig.sync(Mode::Incremental).await.unwrap().run_id.unwrap();
        let undo = rig.desk.preview_undo(run).await.unwrap();
        rig.apply(&undo).await.unwrap();
        assert_eq!(rig.preview(Mode::Incremental).await.unwrap().totals.partners.update, 1, "as a full run would");
    }

    async fn a_401_half_way_writes_nothing(engine: Engine) {
        let rig = Rig::new(engine, 30, 60).await;
        rig.sandbox.faults().impartner(Fault::new(Act::Status { status: 401, retry_after: None, message: None }).object("User").page(3));
        let error = rig.sync(Mode::Full).await.unwrap_err();
        assert_eq!(error.kind, Kind::Upstream);
        assert!(rig.rows().await.partners.is_empty());
        let runs = rig.desk.runs(10).await.unwrap();
        assert_eq!(runs[0].status, RunStatus::Failed);
    }

    async fn an_undo_that_would_clash_with_a_kept_address_says_so(engine: Engine) {
        let rig = Rig::new(engine, 5, 30).await;
        rig.sync(Mode::Full).await.unwrap();
        let id = rig.id("u01@p.example");
        rig.sandbox.world().edit_user(id, |user| user.email = Some("moved@p.example".into()));
        rig.sandbox.world().add_user(user(1));
        let run = rig.sync(Mode::Full).await.unwrap();
        assert_eq!((run.applied.contacts.update, run.applied.contacts.add), (1, 1));
        let plan = rig.desk.preview_undo(run.run_id.unwrap()).await.unwrap();
        let ops: Vec<_> = plan.items.iter().map(|item| (item.op, item.selected)).collect();
        assert_eq!(ops, [(Op::SoftDelete, true), (Op::Conflict, false)]);
        let report = rig.apply(&plan).await.unwrap();
        assert_eq!((report.status, report.failed.len()), (RunStatus::Applied, 0));
    }
}
