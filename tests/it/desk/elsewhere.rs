//! A plan belongs to one database and to one point of its history; anywhere else it is refused and nothing is written.

use prmdesk::error::{Error, Kind};
use prmdesk::plan::{Mode, Plan};
use prmdesk::store::Engine;
use prmdesk::text::JsonLayout;

use super::rig::{Rig, both};

/// Five partners and five contacts that are in the database, and a plan of what came after.
async fn planned(rig: &Rig) -> Plan {
    rig.sync(Mode::Full).await.unwrap();
    rig.upstream.advance(chrono::TimeDelta::minutes(30));
    rig.set_tier("P01", "Gold");
    rig.preview(Mode::Incremental).await.unwrap()
}

/// Everything that a plan could have written here.
async fn everything(rig: &Rig) -> Vec<String> {
    let mut all = Vec::new();
    for table in ["partners", "contacts", "sync_state", "sync_carryover"] {
        all.extend(
            rig.db
                .rows(&format!("SELECT * FROM {table} ORDER BY 1"))
                .await,
        );
    }
    all.extend(
        rig.db
            .rows("SELECT run_id, status FROM sync_runs ORDER BY run_id")
            .await,
    );
    all
}

async fn refused(rig: &Rig, plan: &Plan) -> Error {
    let before = everything(rig).await;
    let error = rig.apply(plan).await.unwrap_err();
    assert_eq!(
        (error.kind, error.code),
        (Kind::Usage, "plan_elsewhere"),
        "{error:?}"
    );
    assert!(
        error.message.contains("Nothing was written."),
        "{}",
        error.message
    );
    assert_eq!(everything(rig).await, before);
    error
}

/// The plan as a file, read again.
fn through_a_file(rig: &Rig, plan: &Plan) -> Plan {
    let mut file = Vec::new();
    plan.write_json(
        &mut file,
        prmdesk::plan::file::Page::default(),
        JsonLayout::Pretty,
    )
    .unwrap();
    Plan::read_json(file.as_slice(), &rig.desk.schemas()).unwrap()
}

both! {
    async fn a_plan_of_another_database_is_refused(engine: Engine) {
        let (rig, other) = (Rig::new(engine, 5, 5).await, Rig::new(engine, 5, 5).await);
        let plan = through_a_file(&rig, &planned(&rig).await);
        other.sync(Mode::Full).await.unwrap();
        let error = refused(&other, &plan).await;
        assert!(error.message.contains("another database"), "{}", error.message);
        assert_eq!(rig.apply(&plan).await.unwrap().applied.partners.update, 1, "where it was made it is at home");
    }

    async fn a_plan_of_before_the_first_run_is_refused_elsewhere_too(engine: Engine) {
        let (rig, other) = (Rig::new(engine, 5, 5).await, Rig::new(engine, 5, 5).await);
        let plan = rig.preview(Mode::Full).await.unwrap();
        refused(&other, &plan).await;
        assert_eq!(rig.apply(&plan).await.unwrap().applied.partners.add, 5);
    }

    async fn an_undo_of_another_database_is_refused(engine: Engine) {
        let (rig, other) = (Rig::new(engine, 5, 5).await, Rig::new(engine, 5, 5).await);
        let run = rig.sync(Mode::Full).await.unwrap().run_id.unwrap();
        other.sync(Mode::Full).await.unwrap();
        let undo = through_a_file(&rig, &rig.desk.preview_undo(run).await.unwrap());
        refused(&other, &undo).await;
    }

    async fn a_database_restored_to_an_earlier_point_refuses_what_was_planned_later(engine: Engine) {
        let rig = Rig::new(engine, 5, 5).await;
        let plan = planned(&rig).await;
        rig.db.run("UPDATE sync_runs SET run_id = 900 WHERE run_id = 1").await;
        let error = refused(&rig, &plan).await;
        assert!(error.message.contains("run 1") && error.message.contains("earlier point"), "{}", error.message);
        // A new run took the number of the one that is forgotten.
        rig.db.run("UPDATE sync_runs SET run_id = 1, lease_token = 'another' WHERE run_id = 900").await;
        refused(&rig, &plan).await;
    }

    async fn a_backup_taken_while_the_run_was_under_way_is_an_earlier_point(engine: Engine) {
        let rig = Rig::new(engine, 5, 5).await;
        let plan = planned(&rig).await;
        for status in ["running", "interrupted"] {
            rig.db.run(&format!("UPDATE sync_runs SET status = '{status}' WHERE run_id = 1")).await;
            refused(&rig, &plan).await;
        }
    }

    async fn a_point_that_is_restored_whole_is_the_same(engine: Engine) {
        let rig = Rig::new(engine, 5, 5).await;
        let plan = planned(&rig).await;
        rig.sync(Mode::Incremental).await.unwrap();
        // As the database was when the plan was read: the later run is forgotten.
        rig.db.run("DELETE FROM sync_changes WHERE run_id = 2").await;
        rig.db.run("DELETE FROM sync_runs WHERE run_id = 2").await;
        rig.db.run("UPDATE partners SET partner_tier = 'Premier'").await;
        assert_eq!(rig.apply(&plan).await.unwrap().applied.partners.update, 1);
    }
}
