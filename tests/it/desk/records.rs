//! Single records, asked for by id, and the list of those that are carried over.

use prmdesk::desk::{Choice, Probe};
use prmdesk::plan::{Entity, Evidence, Mode, Op, Selection};
use prmdesk::progress::Progress;
use prmdesk::store::Engine;
use prmdesk::values::{Records, RunReport};

use super::rig::{Rig, both};

fn these(entity: Entity, ids: &[i64]) -> Records {
    Records {
        entity,
        ids: ids.to_vec(),
    }
}

async fn sync(rig: &Rig, records: &Records) -> RunReport {
    let prepared = rig
        .desk
        .begin_records(records, &Progress::silent())
        .await
        .unwrap();
    let selection = Selection::of(&prepared.plan);
    prepared
        .apply(selection, &Choice::default(), &Progress::silent())
        .await
        .unwrap()
}

both! {
    async fn one_record_is_looked_at_and_written_and_no_other(engine: Engine) {
        let rig = Rig::new(engine, 5, 30).await;
        rig.sync(Mode::Full).await.unwrap();
        let marks = rig.desk.status(Probe::Stored).await.unwrap().watermarks;
        rig.set_tier("P01", "Certified");
        rig.set_tier("P02", "Certified");
        rig.set_tier("P03", "Pending");
        let (one, three) = (rig.id("P01"), rig.id("P03"));
        rig.sandbox.log().clear();
        let wanted = these(Entity::Partners, &[one, three]);
        let plan = rig.desk.preview_records(&wanted, &Progress::silent()).await.unwrap();
        let shown: Vec<(Op, &str, Option<Evidence>)> = plan
            .views()
            .map(|view| (view.item.op, view.name(), view.item.evidence))
            .collect();
        assert_eq!(
            shown,
            [
                (Op::SoftDelete, "P03", Some(Evidence::Inactive)),
                (Op::Update, "P01", None),
            ]
        );
        let listings = rig.sandbox.log().matching(|entry| entry.path.ends_with("/Account"));
        assert!(listings.len() <= 1, "no listing was read: {listings:?}");

        let report = sync(&rig, &wanted).await;
        assert_eq!((report.applied.partners.update, report.applied.partners.soft_delete), (1, 1));
        assert_eq!(rig.desk.status(Probe::Stored).await.unwrap().watermarks, marks, "the mark stays");
        let rest = rig.preview(Mode::Incremental).await.unwrap();
        let names: Vec<&str> = rest.views().map(|view| view.name()).collect();
        assert_eq!(names, ["P02"], "nothing else was settled by it");
    }

    async fn a_record_that_is_gone_needs_evidence_as_ever(engine: Engine) {
        let rig = Rig::new(engine, 5, 30).await;
        rig.sync(Mode::Full).await.unwrap();
        let wanted = these(Entity::Partners, &[rig.id("P01")]);
        rig.delete("P01");
        let plan = rig.desk.preview_records(&wanted, &Progress::silent()).await.unwrap();
        let view = plan.view(0);
        assert_eq!((view.item.op, view.item.evidence), (Op::SoftDelete, Some(Evidence::Deleted)));
        assert_eq!(plan.items.len(), 1);
    }

    async fn carried_over_records_are_named_and_settled_one_by_one(engine: Engine) {
        let rig = Rig::new(engine, 5, 30).await;
        let run = rig.sync(Mode::Full).await.unwrap().run_id;
        assert!(rig.desk.carried().await.unwrap().is_empty());
        rig.set_tier("P01", "Certified");
        rig.set_tier("P02", "Certified");
        let plan = rig.preview(Mode::Incremental).await.unwrap();
        let none = Selection::none(&plan);
        let choice = Choice::default();
        let left = rig.desk.apply(&plan, none, &choice, &Progress::silent()).await.unwrap();
        let carried = rig.desk.carried().await.unwrap();
        let seen: Vec<(Option<&str>, &str)> = carried
            .iter()
            .map(|record| (record.name.as_deref(), record.reason.as_str()))
            .collect();
        assert_eq!(seen, [(Some("P01"), "unticked"), (Some("P02"), "unticked")]);
        assert!(carried[0].run_id > run, "{carried:?} {left:?}");

        sync(&rig, &these(Entity::Partners, &[rig.id("P01")])).await;
        let carried = rig.desk.carried().await.unwrap();
        assert_eq!(carried.len(), 1);
        assert_eq!(carried[0].name.as_deref(), Some("P02"));
    }
}
