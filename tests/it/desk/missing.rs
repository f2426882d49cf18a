//! Fields that stop coming, and names that cannot be looked up: nothing is erased, and no filter judges blindly.

use prmdesk::desk::Choice;
use prmdesk::plan::guards::Rule;
use prmdesk::plan::{Mode, Op, Plan, Selection};
use prmdesk::progress::Progress;
use prmdesk::sandbox::{Act, Fault, Object, ReferenceAs, SandboxOptions, Shape};
use prmdesk::store::Engine;
use prmdesk::values::Cause;

use super::rig::{Rig, account, both, user};

async fn synced(engine: Engine, partners: usize) -> Rig {
    let rig = Rig::new(engine, partners, 2).await;
    rig.sync(Mode::Full).await.unwrap();
    rig.upstream.advance(chrono::TimeDelta::hours(1));
    rig
}

fn stops(rig: &Rig, object: &str, name: &str) {
    let act = Act::DropField { name: name.into() };
    rig.sandbox
        .faults()
        .impartner(Fault::new(act).object(object).always());
}

fn codes<'a>(plan: &'a Plan, code: &str) -> Vec<&'a str> {
    plan.warnings
        .iter()
        .filter(|one| one.code == code)
        .map(|one| one.message.as_str())
        .collect()
}

both! {
    async fn a_field_that_stops_coming_erases_nothing(engine: Engine) {
        for (partners, mode) in [(3, Mode::Full), (30, Mode::Full), (30, Mode::Incremental)] {
            let rig = synced(engine, partners).await;
            rig.set_tier("P01", "Gold");
            stops(&rig, "Account", "MailingCountry");
            let plan = rig.preview(mode).await.unwrap();
            let updates: Vec<_> = plan.views().map(|view| (view.item.op, view.item.changed.count())).collect();
            assert_eq!(updates, [(Op::Update, 1)], "the tier alone");
            let told = codes(&plan, "column_kept");
            assert!(told.len() == 1 && told[0].contains("MailingCountry") && told[0].contains("country"), "{told:?}");
        }
    }

    async fn a_filter_that_sees_nothing_adds_and_deletes_nobody(engine: Engine) {
        for (object, field) in [("Account", "Partner_Tier__cf"), ("User", "IsActive"), ("User", "Email"), ("User", "Contact_Status__cf")] {
            let rig = synced(engine, 30).await;
            let mut pending = account(77);
            pending.tier = Some("Pending".into());
            rig.sandbox.world().add_account(pending);
            let mut gone = user(78);
            if field == "Contact_Status__cf" {
                gone.status = Some("Terminated".into());
            } else {
                gone.is_active = false;
            }
            rig.sandbox.world().add_user(gone);
            rig.delete("P02");
            let id = rig.id("P03");
            rig.sandbox.world().edit_account(id, |one| one.website = Some("p03.example".into()));
            let before = rig.rows().await;
            stops(&rig, object, field);
            let plan = rig.preview(Mode::Full).await.unwrap();
            let entity = if object == "Account" { prmdesk::plan::Entity::Partners } else { prmdesk::plan::Entity::Contacts };
            let guard = plan.guards.iter().find(|guard| guard.rule == Rule::MissingField).unwrap();
            assert_eq!((guard.entity, guard.field.as_deref()), (entity, Some(field)));
            let report = rig.sync(Mode::Full).await.unwrap();
            let after = rig.rows().await;
            assert_eq!(after[entity], before[entity], "{field}: {report:?}");
            if field == "Partner_Tier__cf" {
                assert_eq!(report.applied.partners.update, 1, "updates go on");
            }
            if field != "Email" {
                assert!(report.withheld.iter().any(|one| one.cause == Cause::MissingField), "{field}: {report:?}");
            }
            rig.sandbox.faults().clear();
            rig.sync(Mode::Incremental).await.unwrap();
            let healed = rig.rows().await;
            assert!(!healed.partners.contains_key("P77") && !healed.contacts.contains_key("u78@p.example"), "{field}");
            assert!(!healed.partners["P02"].0, "{field}");
        }
    }

    async fn a_blind_filter_settles_nothing(engine: Engine) {
        let rig = synced(engine, 30).await;
        rig.set_tier("P01", "Pending");
        let plan = rig.preview(Mode::Incremental).await.unwrap();
        assert_eq!(plan.totals.partners.soft_delete, 1);
        let none = Selection::none(&plan);
        rig.desk.apply(&plan, none, &Choice::default(), &Progress::silent()).await.unwrap();
        // A quiet run asks for it by id, and sees nothing of its tier.
        let act = Act::DropField { name: "Partner_Tier__cf".into() };
        let fault = rig.sandbox.faults().impartner(Fault::new(act).object("Account").always());
        rig.sync(Mode::Incremental).await.unwrap();
        rig.sandbox.faults().remove(fault);
        let plan = rig.preview(Mode::Incremental).await.unwrap();
        assert_eq!(plan.totals.partners.soft_delete, 1, "it is still carried over: {:#?}", plan.warnings);
    }

    async fn a_few_records_without_a_field_trip_nothing_and_move_nothing(engine: Engine) {
        let rig = synced(engine, 30).await;
        rig.set_tier("P01", "Gold");
        rig.sync(Mode::Incremental).await.unwrap();
        rig.upstream.advance(chrono::TimeDelta::hours(1));
        rig.set_tier("P02", "Pending");
        rig.upstream.advance(chrono::TimeDelta::hours(1));
        let id = rig.id("P03");
        rig.sandbox.world().edit_account(id, |one| one.website = Some("p03.example".into()));
        stops(&rig, "Account", "Partner_Tier__cf");
        let plan = rig.preview(Mode::Incremental).await.unwrap();
        assert!(plan.guards.iter().all(|guard| guard.rule != Rule::MissingField));
        assert_eq!(codes(&plan, "filter_field_missing").len(), 1, "{:?}", plan.warnings);
        rig.sync(Mode::Incremental).await.unwrap();
        rig.sandbox.faults().clear();
        rig.upstream.advance(chrono::TimeDelta::hours(1));
        rig.sync(Mode::Incremental).await.unwrap();
        assert!(!rig.rows().await.partners["P02"].0, "it is read once more, and its tier is seen");
    }

    async fn what_comes_in_another_form_is_taken_in_it(engine: Engine) {
        let region = ("Account", vec!["Region"], ReferenceAs::Name);
        let account = |form| ("User", vec!["AccountId", "AccountName"], form);
        for (object, null, form) in [region, account(ReferenceAs::Object), account(ReferenceAs::Name), account(ReferenceAs::Id)] {
            let rig = synced(engine, 30).await;
            let (id, region) = (rig.id("P04"), rig.sandbox.world().ids(Object::Region)[0]);
            rig.sandbox.world().edit_account(id, |one| one.region_id = Some(region));
            let person = rig.sandbox.world().users().next().unwrap().id;
            rig.sandbox.world().edit_user(person, |one| one.account_id = Some(id));
            rig.sync(Mode::Full).await.unwrap();
            let shape = Shape {
                references: Some(form),
                null_fields: null.iter().map(ToString::to_string).collect(),
                ..Shape::default()
            };
            rig.sandbox.faults().impartner(Fault::new(Act::Shape { shape }).object(object).always());
            let plan = rig.preview(Mode::Full).await.unwrap();
            assert!(!plan.has_changes(), "{null:?} {form:?}: {:?}", plan.items);
            rig.upstream.advance(chrono::TimeDelta::hours(1));
            rig.sandbox.world().edit_account(id, |one| one.website = Some("p04.example".into()));
            rig.sandbox.world().edit_user(person, |one| one.title = Some("CTO".into()));
            let plan = rig.preview(Mode::Incremental).await.unwrap();
            let changed: Vec<Vec<_>> = plan.views().map(|view| view.changes().map(|change| change.field).collect()).collect();
            assert_eq!(changed, [["website"], ["title"]], "{null:?} {form:?}");
            let asked = rig.sandbox.log().matching(|entry| entry.path.ends_with(&format!("/{object}"))).len();
            assert!(asked < 40, "{asked} requests: the other form is asked for once");
        }
    }

    async fn a_list_of_regions_that_is_not_complete_overwrites_nothing(engine: Engine) {
        let shape = Shape { references: Some(ReferenceAs::Id), ..Shape::default() };
        let options = SandboxOptions { shape, ..SandboxOptions::default() };
        let rig = Rig::with(engine, 30, 2, options, |_| {}).await;
        let regions = rig.sandbox.world().ids(Object::Region);
        let id = rig.id("P04");
        rig.sandbox.world().edit_account(id, |one| one.region_id = Some(regions[1]));
        rig.sync(Mode::Full).await.unwrap();
        let hidden = Act::HideIds { ids: vec![regions[1]] };
        rig.sandbox.faults().impartner(Fault::new(hidden).object("Region").listings().always());
        let plan = rig.preview(Mode::Full).await.unwrap();
        assert!(!plan.has_changes(), "{:?}", plan.items);
        assert_eq!(codes(&plan, "unknown_region").len(), 1, "{:?}", plan.warnings);
    }
}
