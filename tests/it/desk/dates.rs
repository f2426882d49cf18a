//! Records that are dated wrongly: they move no mark, and nothing that changes is missed for good.

use chrono::{DateTime, TimeDelta, Utc};
use prmdesk::clock::Clock;
use prmdesk::desk::Probe;
use prmdesk::plan::{Entity, Mode, Plan};
use prmdesk::sandbox::{Act, Fault, Object};
use prmdesk::store::Engine;

use super::rig::{Rig, both};

fn year(year: i32) -> DateTime<Utc> {
    chrono::NaiveDate::from_ymd_opt(year, 1, 1)
        .unwrap()
        .and_hms_opt(0, 0, 0)
        .unwrap()
        .and_utc()
}

async fn watermark(rig: &Rig) -> DateTime<Utc> {
    rig.desk
        .status(Probe::Stored)
        .await
        .unwrap()
        .watermarks
        .partners
        .unwrap()
}

async fn tier(rig: &Rig, name: &str) -> String {
    rig.rows().await.partners[name].1.clone()
}

fn warned(plan: &Plan, code: &str) -> Vec<Option<i64>> {
    plan.warnings
        .iter()
        .filter(|one| one.code == code)
        .map(|one| one.impartner_id)
        .collect()
}

/// Thirty partners and two contacts, synced; an hour later.
async fn synced(engine: Engine) -> Rig {
    let rig = Rig::new(engine, 30, 2).await;
    rig.sync(Mode::Full).await.unwrap();
    rig.upstream.advance(TimeDelta::hours(1));
    rig
}

fn redate(rig: &Rig, name: &str, at: DateTime<Utc>) {
    let id = rig.id(name);
    assert!(rig.sandbox.world().redate(Object::Account, id, at));
}

both! {
    async fn a_record_of_2099_moves_no_mark(engine: Engine) {
        for mode in [Mode::Full, Mode::Incremental] {
            let rig = synced(engine).await;
            rig.set_tier("P05", "Gold");
            redate(&rig, "P05", year(2099));
            let plan = rig.preview(mode).await.unwrap();
            assert_eq!(warned(&plan, "misdated"), [Some(rig.id("P05"))]);
            rig.sync(mode).await.unwrap();
            assert_eq!(tier(&rig, "P05").await, "Gold", "it is a record like any other");
            assert!(watermark(&rig).await <= rig.sandbox.world().now());
            rig.upstream.advance(TimeDelta::hours(1));
            rig.set_tier("P06", "Gold");
            rig.delete("P07");
            rig.sync(Mode::Incremental).await.unwrap();
            assert_eq!(tier(&rig, "P06").await, "Gold");
            assert_eq!(rig.inactive(Entity::Partners).await, ["P07"], "the mark of the feed moved no farther");
        }
    }

    async fn a_record_of_year_one_stays_carried_over_until_its_date_is_right(engine: Engine) {
        let rig = synced(engine).await;
        redate(&rig, "P05", year(1));
        rig.sync(Mode::Full).await.unwrap();
        for name in ["Gold", "Silver"] {
            rig.upstream.advance(TimeDelta::hours(1));
            rig.set_tier("P05", name);
            redate(&rig, "P05", year(1));
            rig.sync(Mode::Incremental).await.unwrap();
            assert_eq!(tier(&rig, "P05").await, name);
        }
        let carried = async || rig.desk.status(Probe::Stored).await.unwrap().carried_over;
        assert_eq!(carried().await, 1);
        rig.set_tier("P05", "Gold");
        rig.sync(Mode::Incremental).await.unwrap();
        assert_eq!((tier(&rig, "P05").await.as_str(), carried().await), ("Gold", 0));
    }

    async fn a_mark_in_the_future_is_told_and_a_full_run_mends_it(engine: Engine) {
        let rig = synced(engine).await;
        redate(&rig, "P05", year(2099));
        let date = Act::Date { value: "Fri, 01 Jan 2100 00:00:00 GMT".into() };
        rig.sandbox.faults().impartner(Fault::new(date).always());
        rig.sync(Mode::Full).await.unwrap();
        rig.sandbox.faults().clear();
        assert!(watermark(&rig).await > year(2098), "a clock that is wrong too is believed");
        let now = rig.sandbox.world().now();
        redate(&rig, "P05", now);
        rig.set_tier("P06", "Gold");
        let plan = rig.preview(Mode::Incremental).await.unwrap();
        assert_eq!(warned(&plan, "watermark_ahead").len(), 1, "{:?}", plan.warnings);
        rig.sync(Mode::Full).await.unwrap();
        assert!(watermark(&rig).await <= rig.sandbox.world().now());
        rig.upstream.advance(TimeDelta::hours(1));
        rig.set_tier("P07", "Gold");
        rig.delete("P08");
        rig.sync(Mode::Incremental).await.unwrap();
        assert_eq!((tier(&rig, "P06").await.as_str(), tier(&rig, "P07").await.as_str()), ("Gold", "Gold"));
        assert_eq!(rig.inactive(Entity::Partners).await, ["P08"]);
    }

    async fn a_source_that_tells_no_time_is_held_to_ours_and_a_day(engine: Engine) {
        let rig = synced(engine).await;
        redate(&rig, "P05", year(2099));
        rig.sandbox.faults().impartner(Fault::new(Act::Date { value: "soon".into() }).always());
        rig.sync(Mode::Full).await.unwrap();
        assert!(watermark(&rig).await < Clock::system().now() + TimeDelta::days(2));
    }
}
