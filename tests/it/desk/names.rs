//! Names and e-mails that only the database takes for one, and Salesforce ids that contradict: shown as conflicts in
//! the plan, never found out by a row that fails (docs/rules.md, "Matching").

use prmdesk::plan::{Entity, Mode, Op, Plan};
use prmdesk::store::Engine;
use prmdesk::values::RunStatus;

use super::rig::{Rig, account, both, user};

/// Operations and names of the partners that `plan` lists, by name.
fn listed(plan: &Plan, entity: Entity) -> Vec<(Op, String)> {
    let views = plan.views().filter(|view| view.item.entity == entity);
    let mut listed: Vec<_> = views
        .map(|view| (view.item.op, view.name().to_owned()))
        .collect();
    listed.sort_by(|one, other| one.1.cmp(&other.1));
    listed
}

fn named(name: &str) -> prmdesk::sandbox::Account {
    prmdesk::sandbox::Account {
        name: name.into(),
        ..account(99)
    }
}

fn addressed(email: &str) -> prmdesk::sandbox::User {
    prmdesk::sandbox::User {
        email: Some(email.into()),
        ..user(99)
    }
}

/// What a plan of new records named `names` makes of them, and what an apply of it leaves for the next.
async fn added(engine: Engine, before: &[&str], names: &[&str]) -> (Vec<(Op, String)>, usize) {
    let rig = Rig::new(engine, 0, 0).await;
    for name in before {
        rig.sandbox.world().add_account(named(name));
    }
    rig.sync(Mode::Full).await.unwrap();
    for name in names {
        rig.sandbox.world().add_account(named(name));
    }
    let plan = rig.preview(Mode::Full).await.unwrap();
    let report = rig.apply(&plan).await.unwrap();
    assert_eq!(
        (report.failed.len(), report.stale.len()),
        (0, 0),
        "{report:#?}"
    );
    let next = rig.preview(Mode::Full).await.unwrap();
    let changes = next.items.iter().filter(|item| item.selected).count();
    (listed(&plan, Entity::Partners), changes)
}

/// `op` for each of `names` where the database takes them for one, an add for each where it tells them apart.
fn expected(engine: Engine, op: Op, names: &[&str]) -> (Vec<(Op, String)>, usize) {
    let op = match engine {
        Engine::MariaDb => op,
        Engine::Sqlite => Op::Add,
    };
    let mut names: Vec<_> = names.iter().map(|name| (op, (*name).to_owned())).collect();
    names.sort_by(|one, other| one.1.cmp(&other.1));
    (names, 0)
}

both! {
    async fn new_names_that_the_database_takes_for_one_are_conflicts(engine: Engine) {
        for pair in [
            ["Acme \u{1f600}", "Acme \u{1f601}"],
            ["Zero", "Ze\u{200b}ro"],
            ["Bêta", "Beta"],
        ] {
            assert_eq!(added(engine, &[], &pair).await, expected(engine, Op::Conflict, &pair), "{pair:?}");
        }
    }

    async fn a_new_name_that_the_database_takes_for_a_rows_is_a_conflict(engine: Engine) {
        for [old, new] in [
            ["Acme \u{1f600}", "Acme \u{1f601}"],
            ["Zero", "Ze\u{200b}ro"],
            ["Ze\u{200b}ro", "Zero"],
            ["Bêta", "Beta"],
            ["Beta", "Bêta"],
        ] {
            assert_eq!(added(engine, &[old], &[new]).await, expected(engine, Op::Conflict, &[new]), "{old:?} {new:?}");
        }
    }

    async fn names_that_differ_for_every_database_are_added(engine: Engine) {
        let names = ["Acme \u{1f600}", "Acme", "日本", "東京"];
        let (found, left) = added(engine, &["Beta"], &names).await;
        assert!(found.len() == 4 && found.iter().all(|(op, _)| *op == Op::Add), "{found:?}");
        assert_eq!(left, 0);
    }

    async fn an_e_mail_changed_to_one_that_the_database_takes_for_another_is_a_conflict(engine: Engine) {
        let rig = Rig::new(engine, 1, 0).await;
        rig.sandbox.world().add_user(addressed("anne@p.example"));
        rig.sandbox.world().add_user(addressed("bob@p.example"));
        rig.sync(Mode::Full).await.unwrap();
        let bob = rig.id("bob@p.example");
        rig.sandbox.world().edit_user(bob, |user| user.email = Some("ánne@p.example".into()));
        let plan = rig.preview(Mode::Incremental).await.unwrap();
        let op = match engine {
            Engine::MariaDb => Op::Conflict,
            Engine::Sqlite => Op::Update,
        };
        assert_eq!(listed(&plan, Entity::Contacts), [(op, "ánne@p.example".to_owned())]);
        let report = rig.apply(&plan).await.unwrap();
        assert!(report.failed.is_empty(), "{report:#?}");
    }

    async fn a_nul_in_a_name_is_kept_as_a_replacement_and_settles(engine: Engine) {
        let rig = Rig::new(engine, 0, 0).await;
        rig.sandbox.world().add_account(named("a\0b"));
        rig.sandbox.world().add_account(named("a\0c"));
        let report = rig.sync(Mode::Full).await.unwrap();
        assert!(report.failed.is_empty(), "{report:#?}");
        assert_eq!(report.applied.partners.add, 2);
        assert!(rig.rows().await.partners.contains_key("a\u{fffd}b"));
        assert_eq!(rig.sync(Mode::Full).await.unwrap().status, RunStatus::Nothing);
    }

    async fn a_row_found_by_name_whose_salesforce_id_contradicts_is_a_conflict(engine: Engine) {
        let rig = Rig::new(engine, 0, 0).await;
        let first = rig.sandbox.world().add_account(prmdesk::sandbox::Account {
            crm_id: Some("0012800000CXn0k".into()),
            ..named("Acme")
        });
        rig.sync(Mode::Full).await.unwrap();
        // Deleted upstream, and another company of that name comes; only the case of its Salesforce id differs.
        rig.sandbox.world().delete(prmdesk::sandbox::Object::Account, first);
        rig.sandbox.world().add_account(prmdesk::sandbox::Account {
            crm_id: Some("0012800000CXn0K".into()),
            ..named("Acme")
        });
        let plan = rig.preview(Mode::Full).await.unwrap();
        let conflict = plan.views().find(|view| view.item.op == Op::Conflict).unwrap();
        assert!(conflict.reason().contains("Salesforce id"), "{}", conflict.reason());
    }
}
