//! What an undo cannot bring back is shown in its preview, unticked and with the reason, and nothing of it fails.

use prmdesk::plan::{Mode, Op, Plan};
use prmdesk::store::Engine;
use prmdesk::values::RunStatus;

use super::rig::{Rig, both, user};

fn rename(rig: &Rig, from: &str, to: &str) {
    let id = rig.id(from);
    let mut world = rig.sandbox.world();
    assert!(world.edit_user(id, |user| user.email = Some(to.to_owned())));
}

async fn loaded(engine: Engine) -> Rig {
    let rig = Rig::new(engine, 5, 30).await;
    rig.sync(Mode::Full).await.unwrap();
    rig
}

async fn run(rig: &Rig) -> i64 {
    let report = rig.sync(Mode::Full).await.unwrap();
    assert_eq!(report.status, RunStatus::Applied, "{report:?}");
    report.run_id.unwrap()
}

fn shown(plan: &Plan) -> Vec<(Op, bool, &str)> {
    plan.views()
        .map(|view| (view.item.op, view.item.selected, view.name()))
        .collect()
}

/// Applies the undo and expects no row to fail.
async fn nothing_fails(rig: &Rig, plan: &Plan) {
    let report = rig.apply(plan).await.unwrap();
    assert!(report.failed.is_empty(), "{:?}", report.failed);
}

both! {
    async fn an_address_that_a_later_run_gave_away_is_a_conflict(engine: Engine) {
        let rig = loaded(engine).await;
        rename(&rig, "u01@p.example", "moved@p.example");
        let first = run(&rig).await;
        rig.sandbox.world().add_user(user(1));
        run(&rig).await;
        let plan = rig.desk.preview_undo(first).await.unwrap();
        assert_eq!(shown(&plan), [(Op::Conflict, false, "u01@p.example")]);
        let reason = plan.view(0).reason();
        assert!(reason.contains("contact row") && reason.contains("u01@p.example"), "{reason}");
        nothing_fails(&rig, &plan).await;
        assert!(rig.rows().await.contacts.contains_key("moved@p.example"));
    }

    async fn an_address_behind_a_conflict_is_a_conflict_too(engine: Engine) {
        let rig = loaded(engine).await;
        rename(&rig, "u01@p.example", "moved@p.example");
        rename(&rig, "u02@p.example", "u01@p.example");
        rename(&rig, "u03@p.example", "u02@p.example");
        rename(&rig, "u04@p.example", "free@p.example");
        let first = run(&rig).await;
        // The address of the last in the chain is gone, so nobody before it can step back.
        rig.sandbox.world().add_user(user(3));
        run(&rig).await;
        let plan = rig.desk.preview_undo(first).await.unwrap();
        let mut seen = shown(&plan);
        seen.sort_unstable_by_key(|&(_, _, name)| name);
        assert_eq!(seen, [
            (Op::Conflict, false, "u01@p.example"),
            (Op::Conflict, false, "u02@p.example"),
            (Op::Conflict, false, "u03@p.example"),
            (Op::Update, true, "u04@p.example"),
        ]);
        nothing_fails(&rig, &plan).await;
        assert!(rig.rows().await.contacts.contains_key("u04@p.example"));
    }

    async fn what_steps_back_together_is_no_conflict(engine: Engine) {
        let rig = loaded(engine).await;
        let before = rig.rows().await;
        rename(&rig, "u01@p.example", "moved@p.example");
        rename(&rig, "u02@p.example", "u01@p.example");
        rename(&rig, "u03@p.example", "u02@p.example");
        let first = run(&rig).await;
        let plan = rig.desk.preview_undo(first).await.unwrap();
        assert!(shown(&plan).iter().all(|&(op, selected, _)| op == Op::Update && selected), "{:?}", shown(&plan));
        nothing_fails(&rig, &plan).await;
        assert_eq!(rig.rows().await, before);
    }

    async fn an_id_that_another_row_has_by_now_is_a_conflict(engine: Engine) {
        let rig = loaded(engine).await;
        let was = rig.id("u01@p.example");
        rig.delete("u01@p.example");
        rig.sandbox.world().add_user(user(1));
        let first = run(&rig).await;
        rig.db.run(&format!("INSERT INTO contacts (email, impartner_id, is_active) VALUES ('other@p.example', {was}, 1)")).await;
        let plan = rig.desk.preview_undo(first).await.unwrap();
        assert_eq!(shown(&plan), [(Op::Conflict, false, "u01@p.example")]);
        assert!(plan.view(0).reason().contains(&format!("#{was}")), "{}", plan.view(0).reason());
        nothing_fails(&rig, &plan).await;
    }

    async fn a_row_that_changed_since_says_so_and_keeps_what_it_has(engine: Engine) {
        let rig = loaded(engine).await;
        rename(&rig, "u01@p.example", "moved@p.example");
        rename(&rig, "u02@p.example", "u01@p.example");
        let id = rig.id("u01@p.example");
        rig.sandbox.world().edit_user(id, |user| user.first_name = Some("Bea".into()));
        let first = run(&rig).await;
        rig.db.run("UPDATE contacts SET first_name = 'Cleo' WHERE email = 'u01@p.example'").await;
        let plan = rig.desk.preview_undo(first).await.unwrap();
        let of = |name: &str| plan.views().find(|view| view.name() == name).unwrap();
        assert_eq!(of("u01@p.example").item.op, Op::Conflict, "the row that changed keeps its address");
        let changed = of("u02@p.example");
        assert!(changed.reason().contains("changed since"), "{}", changed.reason());
        let report = rig.apply(&plan).await.unwrap();
        assert_eq!((report.failed.len(), report.stale.len()), (0, 1), "{report:?}");
        assert!(rig.rows().await.contacts.contains_key("moved@p.example"));
    }
}
