//! What runs while nobody watches may do what is certain, whatever is ticked, on both engines.

use prmdesk::clock::Clock;
use prmdesk::desk::Desk;
use prmdesk::error::Kind;
use prmdesk::plan::filter::Filter;
use prmdesk::plan::{Entity, Mode, Op, Scope};
use prmdesk::progress::Progress;
use prmdesk::sandbox::SandboxOptions;
use prmdesk::store::Engine;
use prmdesk::values::{Cause, PreviewRequest, RunStatus};

use super::rig::{Rig, both};

const ALL: PreviewRequest = PreviewRequest {
    scope: Scope::All,
    mode: Mode::Full,
};

both! {
    async fn our_own_rules_never_deactivate_unattended(engine: Engine) {
        let rig = Rig::with(engine, 30, 30, SandboxOptions::default(), |config| {
            config.policy.unattended_deletes = true;
        })
        .await;
        rig.sync(Mode::Full).await.unwrap();
        rig.set_tier("P01", "Pending");
        // P02 stays healthy upstream; only our own list of names leaves it out under its new name.
        let id = rig.id("P02");
        assert!(rig.sandbox.world().edit_account(id, |account| account.name = "P02 of Nintex".into()));
        let desk = Desk::open(rig.config.clone(), Clock::system()).await.unwrap();
        let only = Filter::parse("op:soft_delete").unwrap();
        let sync = desk
            .sync_unattended(
                ALL,
                |plan, selection| {
                    selection.only(plan, &only).unwrap();
                    assert_eq!(selection.count_op(plan, Op::SoftDelete).partners, 2);
                    Ok(())
                },
                &Progress::silent(),
            )
            .await;
        let report = sync.ended.unwrap();
        assert_eq!(report.status, RunStatus::Partial);
        assert_eq!(rig.inactive(Entity::Partners).await, ["P01"]);
        let withheld: Vec<_> = report.withheld.iter().map(|withheld| (withheld.cause, withheld.count)).collect();
        assert_eq!(withheld, [(Cause::Unattended, 1)]);
        assert!(report.withheld[0].reason.contains("our own rules"), "{}", report.withheld[0].reason);
    }

    async fn a_refused_choice_gives_the_lease_back(engine: Engine) {
        let rig = Rig::new(engine, 3, 3).await;
        let refuse = |_: &_, _: &mut _| {
            Err(prmdesk::error::Error::new(Kind::Blocked, "held", "No."))
        };
        let sync = rig.desk.sync_unattended(ALL, refuse, &Progress::silent()).await;
        assert_eq!(sync.ended.unwrap_err().code, "held");
        assert!(rig.rows().await[Entity::Partners].is_empty());
        assert_eq!(rig.sync(Mode::Full).await.unwrap().applied.partners.add, 3);
    }
}
