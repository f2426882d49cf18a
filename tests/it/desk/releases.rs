//! A release is for the entities whose guards tripped and for no other.

use chrono::TimeDelta;
use prmdesk::clock::Clock;
use prmdesk::desk::Desk;
use prmdesk::plan::{Entity, Mode, Selection};
use prmdesk::progress::Progress;
use prmdesk::store::Engine;

use super::rig::{Rig, both, release};

both! {
    async fn what_no_guard_withheld_still_counts(engine: Engine) {
        let rig = Rig::new(engine, 30, 30).await;
        rig.sync(Mode::Full).await.unwrap();
        rig.set_tier("P01", "Pending");
        for n in 1..=4 {
            let id = rig.id(&format!("u{n:02}@p.example"));
            rig.sandbox.world().edit_user(id, |user| user.is_active = false);
        }
        let plan = rig.preview(Mode::Full).await.unwrap();
        let tripped: Vec<_> = plan.guards.iter().filter(|guard| guard.tripped).map(|guard| guard.entity).collect();
        assert_eq!(tripped, [Entity::Contacts]);
        let report = rig.desk.apply(&plan, Selection::of(&plan), &release(5), &Progress::silent()).await.unwrap();
        assert_eq!((report.applied.partners.soft_delete, report.applied.contacts.soft_delete), (1, 4));
        let store = Desk::connect(&rig.config, &Clock::system()).await.unwrap();
        let since = Clock::system().now() - TimeDelta::hours(1);
        assert_eq!(store.window_counts(Entity::Contacts, since).await.unwrap().counted, 0, "released");
        assert_eq!(store.window_counts(Entity::Partners, since).await.unwrap().counted, 1, "never withheld, so never released");
    }
}
