//! Contacts that wait for their partner are looked at again when it is there, in incremental runs too (docs/rules.md,
//! "Matching").

use prmdesk::config::{Config, PartnerRule};
use prmdesk::plan::{Entity, Mode, Scope};
use prmdesk::progress::Progress;
use prmdesk::sandbox::SandboxOptions;
use prmdesk::store::{Engine, Store};
use prmdesk::values::PreviewRequest;

use super::rig::{Rig, account, both, user};

/// A rig in which nothing is read again by chance: no overlap, and somebody whom a filter leaves out is the only one who
/// stands at the watermark.
async fn rig(engine: Engine, partners: usize, contacts: usize, change: fn(&mut Config)) -> Rig {
    let options = SandboxOptions::default();
    let rig = Rig::with(engine, partners, contacts, options, |config| {
        config.impartner.overlap = std::time::Duration::ZERO;
        change(config);
    })
    .await;
    rig.upstream.advance(chrono::TimeDelta::minutes(5));
    rig.sandbox.world().add_user(prmdesk::sandbox::User {
        email: Some("test@p.example".into()),
        ..user(99)
    });
    rig
}

/// E-mails of active contacts, each with the name of its partner.
async fn linked(rig: &Rig) -> Vec<(String, Option<String>)> {
    let store = Store::connect(
        rig.config.database.url.as_ref().unwrap(),
        rig.upstream.clone(),
    )
    .await
    .unwrap();
    let partners = store
        .rows(&rig.config.schema(Entity::Partners))
        .await
        .unwrap();
    let contacts = store
        .rows(&rig.config.schema(Entity::Contacts))
        .await
        .unwrap();
    store.close().await;
    let name_of = |row_id: i64| {
        let at = partners
            .indices()
            .find(|&at| partners.row_id(at) == row_id)?;
        partners.field(at, 0).map(str::to_owned)
    };
    let mut linked: Vec<_> = contacts
        .indices()
        .filter(|&at| contacts.active(at))
        .map(|at| {
            let email = contacts.field(at, 0).unwrap_or_default().to_owned();
            (email, contacts.partner_id(at).and_then(name_of))
        })
        .collect();
    linked.sort();
    linked
}

fn expected(pairs: &[(&str, Option<&str>)]) -> Vec<(String, Option<String>)> {
    let pairs = pairs.iter();
    pairs
        .map(|(email, partner)| ((*email).to_owned(), partner.map(str::to_owned)))
        .collect()
}

async fn sync(rig: &Rig, scope: Scope, mode: Mode) {
    let request = PreviewRequest { scope, mode };
    let plan = rig
        .desk
        .preview(request, &Progress::silent())
        .await
        .unwrap();
    rig.apply(&plan).await.unwrap();
}

/// Time goes by, and the one who stands at the watermark moves on with it.
fn later(rig: &Rig) {
    rig.upstream.advance(chrono::TimeDelta::minutes(5));
    let last = rig.id("test@p.example");
    let mut world = rig.sandbox.world();
    world.edit_user(last, |user| user.phone = Some("1".into()));
}

/// A partner is let in upstream, a while after its contacts were read.
fn approve(rig: &Rig, name: &str) {
    rig.upstream.advance(chrono::TimeDelta::minutes(5));
    rig.set_tier(name, "Gold");
}

both! {
    async fn an_overtaken_plan_forgets_nobody_who_waits(engine: Engine) {
        let rig = rig(engine, 3, 3, |config| config.filters.contacts.partner = PartnerRule::Active).await;
        let partner = rig.sandbox.world().add_account(prmdesk::sandbox::Account {
            tier: Some("Pending".into()),
            ..account(9)
        });
        rig.sandbox.world().add_user(prmdesk::sandbox::User {
            account_id: Some(partner),
            ..user(9)
        });
        sync(&rig, Scope::All, Mode::Full).await;
        // As a database of an earlier version: nobody is known to wait.
        rig.db.run("DELETE FROM sync_waiting").await;
        let full = rig.preview(Mode::Full).await.unwrap();
        rig.upstream.advance(chrono::TimeDelta::minutes(5));
        let other = rig.id("u01@p.example");
        assert!(rig.sandbox.world().edit_user(other, |user| user.first_name = Some("Eve".into())));
        sync(&rig, Scope::All, Mode::Incremental).await;
        // That run met them at its watermark; one that did not is what this is about.
        rig.db.run("DELETE FROM sync_waiting").await;
        let waiting = "SELECT COUNT(*) FROM sync_waiting";
        rig.apply(&full).await.unwrap();
        assert_eq!(rig.db.one(waiting).await, "1");
        rig.upstream.advance(chrono::TimeDelta::minutes(5));
        rig.set_tier("P09", "Gold");
        sync(&rig, Scope::All, Mode::Incremental).await;
        assert!(linked(&rig).await.contains(&("u09@p.example".into(), Some("P09".into()))));
    }

    async fn a_partner_that_is_approved_later_gets_its_contacts(engine: Engine) {
        let rig = rig(engine, 2, 3, |_| {}).await;
        rig.set_tier("P02", "Pending");
        rig.sync(Mode::Full).await.unwrap();
        let waiting = expected(&[("u01@p.example", None), ("u02@p.example", Some("P01")), ("u03@p.example", None)]);
        assert_eq!(linked(&rig).await, waiting);
        // A run in between forgets nobody.
        sync(&rig, Scope::All, Mode::Incremental).await;
        approve(&rig, "P02");
        sync(&rig, Scope::All, Mode::Incremental).await;
        let all = expected(&[("u01@p.example", Some("P02")), ("u02@p.example", Some("P01")), ("u03@p.example", Some("P02"))]);
        assert_eq!(linked(&rig).await, all);
        let plan = rig.preview(Mode::Incremental).await.unwrap();
        assert_eq!((plan.items.len(), plan.sources.contacts.unwrap().read), (0, 1), "nobody is asked for again");
    }

    async fn with_partner_active_they_are_added_when_it_is_there(engine: Engine) {
        let rig = rig(engine, 2, 3, |config| config.filters.contacts.partner = PartnerRule::Active).await;
        rig.set_tier("P02", "Pending");
        rig.sync(Mode::Full).await.unwrap();
        assert_eq!(linked(&rig).await, expected(&[("u02@p.example", Some("P01"))]));
        approve(&rig, "P02");
        sync(&rig, Scope::All, Mode::Incremental).await;
        assert_eq!(linked(&rig).await.len(), 3);
    }

    async fn contacts_that_were_read_before_partners_get_their_links(engine: Engine) {
        let rig = rig(engine, 2, 3, |_| {}).await;
        sync(&rig, Scope::Contacts, Mode::Full).await;
        assert!(linked(&rig).await.iter().all(|(_, partner)| partner.is_none()));
        sync(&rig, Scope::Partners, Mode::Full).await;
        rig.upstream.advance(chrono::TimeDelta::minutes(5));
        sync(&rig, Scope::All, Mode::Incremental).await;
        assert!(linked(&rig).await.iter().all(|(_, partner)| partner.is_some()));
    }

    async fn a_partner_that_takes_another_name_gets_those_who_wait_for_that_name(engine: Engine) {
        let rig = rig(engine, 1, 0, |_| {}).await;
        rig.sandbox.world().add_user(prmdesk::sandbox::User {
            loose_account_name: Some("Acme".into()),
            ..user(9)
        });
        later(&rig);
        rig.sync(Mode::Full).await.unwrap();
        assert_eq!(linked(&rig).await, expected(&[("u09@p.example", None)]));
        rig.upstream.advance(chrono::TimeDelta::minutes(5));
        let partner = rig.id("P01");
        rig.sandbox.world().edit_account(partner, |account| account.name = "ACME".into());
        sync(&rig, Scope::All, Mode::Incremental).await;
        assert_eq!(linked(&rig).await, expected(&[("u09@p.example", Some("ACME"))]));
    }

    async fn a_contact_that_moves_to_a_partner_that_is_not_there_yet_keeps_its_link_and_gets_the_new_one(engine: Engine) {
        let rig = rig(engine, 2, 1, |_| {}).await;
        rig.set_tier("P01", "Pending");
        rig.sync(Mode::Full).await.unwrap();
        assert_eq!(linked(&rig).await, expected(&[("u01@p.example", Some("P02"))]));
        rig.upstream.advance(chrono::TimeDelta::minutes(5));
        let (user, partner) = (rig.id("u01@p.example"), rig.id("P01"));
        rig.sandbox.world().edit_user(user, |user| user.account_id = Some(partner));
        later(&rig);
        sync(&rig, Scope::All, Mode::Incremental).await;
        assert_eq!(linked(&rig).await, expected(&[("u01@p.example", Some("P02"))]));
        approve(&rig, "P01");
        sync(&rig, Scope::All, Mode::Incremental).await;
        assert_eq!(linked(&rig).await, expected(&[("u01@p.example", Some("P01"))]));
    }

    async fn many_who_waited_are_read_by_pages_and_not_one_by_one(engine: Engine) {
        let rig = rig(engine, 2, 500, |config| {
            config.impartner.page_size = 100;
            // So many links at once look like a mapping fault; that guard has its own tests.
            config.guards.field_change_percent = 100.0;
        })
        .await;
        sync(&rig, Scope::Contacts, Mode::Full).await;
        sync(&rig, Scope::Partners, Mode::Full).await;
        rig.upstream.advance(chrono::TimeDelta::minutes(5));
        let before = rig.sandbox.log().len();
        sync(&rig, Scope::All, Mode::Incremental).await;
        let requests = rig.sandbox.log().len() - before;
        assert!(linked(&rig).await.iter().all(|(_, partner)| partner.is_some()));
        assert!(requests < 50, "{requests} requests for 500 contacts");
    }
}
