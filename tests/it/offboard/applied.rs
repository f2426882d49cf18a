//! What an apply means for off-boarding: cases open and lapse in its transaction, new partners get their groups.

use std::time::Duration;

use prmdesk::desk::Choice;
use prmdesk::plan::{Mode, Scope, Selection};
use prmdesk::progress::Progress;
use prmdesk::sandbox::{Account, Group, User};
use prmdesk::values::{CaseState, PreviewRequest, RunReport};

use super::rig::Rig;
use crate::mariadb::{TestDb, both};

fn account(name: &str) -> Account {
    Account {
        name: name.into(),
        tier: Some("Premier".into()),
        status: Some("Active".into()),
        is_active: true,
        ..Account::default()
    }
}

/// The rig with Beta and Gamma, u4, u5 and u7 upstream as in the database, and an LMS group for Gamma and for Delta,
/// which is not there yet.
async fn rig(db: TestDb) -> Rig {
    // The guards count what left within the window; here everybody leaves more than once.
    let rig = Rig::with(db, |c| c.guards.window = Duration::from_millis(1)).await;
    let mut script = vec!["UPDATE contacts SET is_active = FALSE WHERE id = 13".to_owned()];
    {
        let mut world = rig.sandbox.world();
        for (row, name, users) in [
            (2, "Beta  Société", &[(14, 4), (15, 5)][..]),
            (3, "Gamma", &[(17, 7)]),
        ] {
            let id = world.add_account(account(name));
            script.push(format!(
                "UPDATE partners SET impartner_id = {id}, partner_tier = 'Premier' WHERE id = {row}"
            ));
            for (contact, n) in users {
                let user = world.add_user(User {
                    email: Some(format!("u{n}@x.example")),
                    account_id: Some(id),
                    is_active: true,
                    ..User::default()
                });
                script.push(format!(
                    "UPDATE contacts SET impartner_id = {user} WHERE id = {contact}"
                ));
            }
        }
        for (id, name) in [("g-gamma", "ptr_gamma"), ("g-delta", "ptr_Delta")] {
            let group = Group {
                id: id.into(),
                name: name.into(),
                members: ["u7".to_owned()].into(),
            };
            world.lms_mut().groups.insert(id.into(), group);
        }
    }
    rig.db.run_all(&script).await;
    rig.refresh().await;
    rig
}

async fn sync(rig: &Rig) -> RunReport {
    let request = PreviewRequest {
        scope: Scope::All,
        mode: Mode::Full,
    };
    let prepared = rig
        .desk
        .begin_sync(request, &Progress::silent())
        .await
        .unwrap();
    let selection = Selection::of(&prepared.plan);
    prepared
        .apply(selection, &Choice::default(), &Progress::silent())
        .await
        .unwrap()
}

fn edit(rig: &Rig, name: &str, tier: &str, active: bool) {
    let mut world = rig.sandbox.world();
    let account = world.accounts().find(|a| a.name == name).unwrap().id;
    let user = world
        .users()
        .find(|u| u.email.as_deref() == Some("u7@x.example"))
        .unwrap()
        .id;
    assert!(world.edit_account(account, |a| a.tier = Some(tier.into())));
    assert!(world.edit_user(user, |u| u.is_active = active));
}

#[tokio::test]
async fn who_leaves_gets_a_case_and_who_comes_back_loses_it() {
    for db in both().await {
        let rig = rig(db).await;
        assert_eq!(sync(&rig).await.cases_opened, 0);
        edit(&rig, "Gamma", "Pending", false);
        let report = sync(&rig).await;
        assert_eq!(report.cases_opened, 2, "{report:?}");
        let cases = rig.desk.cases(None).await.unwrap();
        let seen: Vec<_> = cases
            .iter()
            .map(|c| (c.name.as_str(), c.state, c.run_id, c.opened_by.as_str()))
            .collect();
        assert_eq!(
            seen,
            [
                ("Gamma", CaseState::Pending, report.run_id, "ann"),
                ("u7@x.example", CaseState::Pending, report.run_id, "ann"),
            ]
        );
        assert!(cases[0].reason.contains("Pending"), "{}", cases[0].reason);
        assert_eq!(
            sync(&rig).await.cases_opened,
            0,
            "no second case for what is known"
        );

        rig.approve(cases[1].case_id).await;
        edit(&rig, "Gamma", "Premier", true);
        sync(&rig).await;
        let cases = rig.desk.cases(Some(CaseState::Obsolete)).await.unwrap();
        assert_eq!(
            cases.len(),
            2,
            "approved or not: they came back before it ran"
        );
        assert!(rig.run().await.is_empty());
        assert!(rig.writes().is_empty());

        edit(&rig, "Gamma", "Pending", false);
        assert_eq!(
            sync(&rig).await.cases_opened,
            2,
            "a new departure is a new case"
        );
    }
}

#[tokio::test]
async fn a_new_partner_gets_the_group_that_carries_its_name() {
    for db in both().await {
        let rig = rig(db).await;
        let of = "SELECT COALESCE(p.account_name, '-') FROM lms_groups g LEFT JOIN partners p ON p.id = g.partner_id \
                  WHERE g.id = 'g-delta'";
        assert_eq!(rig.db.one(of).await, "-");
        rig.sandbox.world().add_account(account("DELTA"));
        sync(&rig).await;
        assert_eq!(rig.db.one(of).await, "DELTA");
    }
}

#[tokio::test]
async fn an_undo_names_the_cases_that_it_does_not_bring_back() {
    for db in both().await {
        let rig = rig(db).await;
        rig.refresh().await;
        sync(&rig).await;
        edit(&rig, "Gamma", "Pending", false);
        let report = sync(&rig).await;
        let left = report.run_id.unwrap();
        let cases = rig.desk.cases(None).await.unwrap();
        let u7 = cases
            .iter()
            .find(|case| case.name == "u7@x.example")
            .unwrap();
        let plan = rig.desk.preview_undo(left).await.unwrap();
        assert!(plan.warnings.is_empty(), "nothing was taken away yet");
        rig.approve(u7.case_id).await;
        rig.run().await;

        let progress = Progress::silent();
        let prepared = rig.desk.begin_undo(left, &progress).await.unwrap();
        let said: Vec<&str> = prepared
            .plan
            .warnings
            .iter()
            .map(|w| w.message.as_str())
            .collect();
        let command = format!("`prmdesk offboard restore {}`", u7.case_id);
        assert_eq!(said.len(), 1);
        assert!(
            said[0].contains("u7@x.example") && said[0].contains(&command),
            "{said:?}"
        );
        let selection = Selection::of(&prepared.plan);
        let undone = prepared
            .apply(selection, &Choice::default(), &progress)
            .await
            .unwrap();
        let named: Vec<i64> = undone.cases.iter().map(|case| case.case_id).collect();
        assert_eq!(named, [u7.case_id], "the other case lapsed");
        let json = serde_json::to_value(&undone).unwrap();
        assert_eq!(json["cases"][0]["name"], "u7@x.example");

        // Their records are back, and so is what the case took.
        let back = rig.desk.restore_case(u7.case_id, &progress).await.unwrap();
        assert_eq!(back.state, CaseState::Restored);
        let plan = rig.desk.preview_undo(left).await.unwrap();
        assert!(plan.warnings.is_empty());
    }
}
