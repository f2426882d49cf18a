//! What is confirmed is what is done: two desks on one database, where one writes between the other's question and its
//! answer. On both engines.

use prmdesk::clock::Clock;
use prmdesk::desk::{Choice, Desk, Shown};
use prmdesk::error::Kind;
use prmdesk::plan::guards::Rule;
use prmdesk::plan::{Entity, Mode, Op, Release, Selection};
use prmdesk::progress::Progress;
use prmdesk::values::RunStatus;

use prmdesk::store::Engine;

use super::rig::{Rig, both};

/// A second operator on the same database, as another process would be.
async fn bob(rig: &Rig) -> Desk {
    let mut config = rig.config.clone();
    config.operator = "bob".into();
    Desk::open(config, Clock::system()).await.unwrap()
}

both! {
    async fn what_was_said_to_be_withheld_is_not_written_when_the_guard_no_longer_trips(engine: Engine) {
        let rig = Rig::new(engine, 30, 0).await;
        let silent = Progress::silent();
        rig.sync(Mode::Full).await.unwrap();
        for name in ["P01", "P02", "P03"] {
            rig.set_tier(name, "Pending");
        }
        let first = rig.sync(Mode::Incremental).await.unwrap();
        assert_eq!(first.applied.partners.soft_delete, 3);
        rig.set_tier("P04", "Pending");
        rig.set_tier("P05", "Pending");
        rig.set_tier("P10", "Gold");
        let plan = rig.preview(Mode::Incremental).await.unwrap();
        let selection = Selection::of(&plan);
        let guards = rig.desk.guards(&plan, &selection);
        assert!(guards.iter().any(|guard| guard.rule == Rule::MaxPercent && guard.tripped), "{guards:?}");
        // The question: one update goes, two soft-deletes are withheld.
        let shown = Shown::new(&plan, &selection, &guards, &Release::default());
        assert_eq!((shown.going().count(), shown.going().count_op(&plan, Op::SoftDelete)[Entity::Partners]), (1, 0));
        // Meanwhile another operator undoes the run whose soft-deletes the guard counted.
        let bob = bob(&rig).await;
        let undo = bob.preview_undo(first.run_id.unwrap()).await.unwrap();
        bob.apply(&undo, Selection::of(&undo), &Choice::default(), &silent).await.unwrap();
        let before = rig.rows().await;
        // The answer: yes.
        let choice = Choice { shown: Some(shown), ..Choice::default() };
        let refused = rig.desk.apply(&plan, selection.clone(), &choice, &silent).await.unwrap_err();
        assert_eq!((refused.kind, refused.code), (Kind::Blocked, "changed_since_shown"), "{refused}");
        assert!(refused.message.contains("2 partners (soft-delete)"), "{refused}");
        assert_eq!(rig.rows().await, before, "nothing was written, the update neither");
        assert_eq!(rig.desk.runs(1).await.unwrap()[0].status, RunStatus::Blocked);
        // Asked anew, with what the guards count now, it goes.
        let now = rig.desk.guards_now(&plan, &selection).await.unwrap();
        let shown = Shown::new(&plan, &selection, &now, &Release::default());
        assert_eq!(shown.going().count(), 3);
        let choice = Choice { shown: Some(shown), ..Choice::default() };
        let report = rig.desk.apply(&plan, selection, &choice, &silent).await.unwrap();
        assert_eq!((report.applied.partners.soft_delete, report.applied.partners.update), (2, 1));
    }

    async fn what_was_said_to_be_withheld_stays_so_when_a_hold_leaves_fewer_than_the_limit(engine: Engine) {
        let rig = Rig::new(engine, 30, 0).await;
        let silent = Progress::silent();
        rig.sync(Mode::Full).await.unwrap();
        for name in ["P01", "P02", "P03", "P04"] {
            rig.set_tier(name, "Pending");
        }
        rig.set_tier("P10", "Gold");
        let plan = rig.preview(Mode::Incremental).await.unwrap();
        let selection = Selection::of(&plan);
        let guards = rig.desk.guards(&plan, &selection);
        let shown = Shown::new(&plan, &selection, &guards, &Release::default());
        assert_eq!((shown.going().count(), shown.going().count_op(&plan, Op::SoftDelete)[Entity::Partners]), (1, 0));
        // Meanwhile a row is put on hold: three are left, which is the limit.
        bob(&rig).await.hold(Entity::Partners, rig.id("P04"), "a friend").await.unwrap();
        let choice = Choice { shown: Some(shown), ..Choice::default() };
        let report = rig.desk.apply(&plan, selection, &choice, &silent).await.unwrap();
        assert_eq!((report.applied.partners.soft_delete, report.applied.partners.update), (0, 1), "{report:#?}");
        assert!(rig.inactive(Entity::Partners).await.is_empty());
    }

    async fn a_question_about_one_plan_or_other_ticks_is_no_consent_to_this_one(engine: Engine) {
        let rig = Rig::new(engine, 30, 0).await;
        let silent = Progress::silent();
        rig.sync(Mode::Full).await.unwrap();
        rig.set_tier("P01", "Pending");
        rig.set_tier("P02", "Gold");
        let small = rig.preview(Mode::Incremental).await.unwrap();
        let mut ticks = Selection::of(&small);
        let delete = small.items.iter().position(|item| item.op == Op::SoftDelete).unwrap();
        ticks.set(&small, delete, false).unwrap();
        let shown = Shown::new(&small, &ticks, &rig.desk.guards(&small, &ticks), &Release::default());
        let choice = Choice { shown: Some(shown), ..Choice::default() };
        let more = rig.desk.apply(&small, Selection::of(&small), &choice, &silent).await.unwrap_err();
        assert_eq!(more.code, "changed_since_shown");
        rig.set_tier("P03", "Gold");
        let other = rig.preview(Mode::Incremental).await.unwrap();
        let refused = rig.desk.apply(&other, Selection::of(&other), &choice, &silent).await.unwrap_err();
        assert_eq!(refused.code, "changed_since_shown");
        assert!(rig.inactive(Entity::Partners).await.is_empty());
        // What shrinks goes on as ever: the row that was confirmed is on hold by now.
        let all = Selection::of(&small);
        let shown = Shown::new(&small, &all, &rig.desk.guards(&small, &all), &Release::default());
        bob(&rig).await.hold(Entity::Partners, rig.id("P01"), "in talks").await.unwrap();
        let choice = Choice { shown: Some(shown), ..Choice::default() };
        let report = rig.desk.apply(&small, all, &choice, &silent).await.unwrap();
        assert_eq!((report.status, report.applied.partners.update, report.applied.partners.soft_delete), (RunStatus::Partial, 1, 0));
    }
}
