//! A hold stands on a row, whatever Impartner calls its record by now.

use prmdesk::plan::{Entity, Mode, Op};
use prmdesk::store::Engine;
use prmdesk::values::RunStatus;

use super::rig::{Rig, account, both};

/// P01 is deleted upstream and made anew: its row goes over to the new record.
async fn made_anew(rig: &Rig) -> (i64, i64) {
    let was = rig.id("P01");
    rig.delete("P01");
    rig.sandbox.world().add_account(account(1));
    let report = rig.sync(Mode::Full).await.unwrap();
    assert_eq!(
        (report.applied.partners.update, report.applied.partners.add),
        (1, 0),
        "{report:?}"
    );
    (was, rig.id("P01"))
}

/// P01 leaves, and the hold keeps it.
async fn is_held(rig: &Rig) {
    rig.set_tier("P01", "Pending");
    let plan = rig.preview(Mode::Full).await.unwrap();
    let item = &plan.items[0];
    assert_eq!(
        (item.op, item.held, item.selected),
        (Op::SoftDelete, true, false)
    );
    let reason = plan.view(0).reason();
    assert!(
        reason.starts_with("tier is Pending; on hold by ")
            && reason.contains(" since 20")
            && reason.contains(": "),
        "{reason}"
    );
    rig.apply(&plan).await.unwrap();
    assert!(rig.inactive(Entity::Partners).await.is_empty());
}

both! {
    async fn a_hold_follows_its_row_to_a_new_id(engine: Engine) {
        let rig = Rig::new(engine, 30, 0).await;
        rig.sync(Mode::Full).await.unwrap();
        rig.desk.hold(Entity::Partners, rig.id("P01"), "under contract").await.unwrap();
        let (_, now) = made_anew(&rig).await;
        is_held(&rig).await;
        let holds = rig.desk.holds().await.unwrap();
        assert_eq!(holds.iter().map(|hold| (hold.impartner_id, hold.name.as_deref())).collect::<Vec<_>>(), [(Some(now), Some("P01"))]);
        rig.desk.lift(Entity::Partners, now).await.unwrap();
        assert_eq!(rig.sync(Mode::Full).await.unwrap().applied.partners.soft_delete, 1);
    }

    async fn a_hold_of_an_earlier_version_follows_too(engine: Engine) {
        let rig = Rig::new(engine, 30, 0).await;
        rig.sync(Mode::Full).await.unwrap();
        rig.desk.hold(Entity::Partners, rig.id("P01"), "under contract").await.unwrap();
        rig.db.run("UPDATE sync_holds SET row_id = NULL").await;
        made_anew(&rig).await;
        is_held(&rig).await;
    }

    async fn a_hold_set_between_plan_and_apply_stops_the_record_that_took_the_row(engine: Engine) {
        let rig = Rig::new(engine, 30, 0).await;
        rig.sync(Mode::Full).await.unwrap();
        let (was, _) = made_anew(&rig).await;
        rig.set_tier("P01", "Pending");
        let plan = rig.preview(Mode::Full).await.unwrap();
        rig.desk.hold(Entity::Partners, rig.id("P01"), "wait").await.unwrap();
        assert_eq!(rig.apply(&plan).await.unwrap().status, RunStatus::Blocked);
        let unknown = rig.desk.lift(Entity::Partners, was).await.unwrap_err();
        assert!(unknown.message.contains("hold"), "{}", unknown.message);
    }

    async fn two_rows_that_had_one_id_in_turn_are_held_apart(engine: Engine) {
        let rig = Rig::new(engine, 5, 0).await;
        rig.sync(Mode::Full).await.unwrap();
        let (one, two) = (rig.id("P01"), rig.id("P02"));
        rig.desk.hold(Entity::Partners, one, "first").await.unwrap();
        rig.db.run(&format!("UPDATE partners SET impartner_id = 9001 WHERE impartner_id = {one}")).await;
        rig.db.run(&format!("UPDATE partners SET impartner_id = {one} WHERE impartner_id = {two}")).await;
        rig.desk.hold(Entity::Partners, one, "second").await.unwrap();
        let notes = async || rig.desk.holds().await.unwrap().into_iter().map(|hold| (hold.impartner_id, hold.note)).collect::<Vec<_>>();
        assert_eq!(notes().await, [(Some(9001), "first".to_owned()), (Some(one), "second".to_owned())]);
        rig.desk.hold(Entity::Partners, one, "third").await.unwrap();
        rig.desk.lift(Entity::Partners, 9001).await.unwrap();
        assert_eq!(notes().await, [(Some(one), "third".to_owned())]);
        rig.desk.lift(Entity::Partners, one).await.unwrap();
        assert!(notes().await.is_empty());
    }
}
