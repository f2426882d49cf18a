//! The story of a portal's database (tests/adopted): looked at, taken over, synchronised, refreshed, off-boarded, restored,
//! undone and counted; what the portal keeps there is the same at the end, and so is what its triggers wrote down.

use std::collections::BTreeSet;
use std::time::Duration;

use prmdesk::clock::Clock;
use prmdesk::config::{Config, Loaded, Secret};
use prmdesk::desk::{Choice, Desk, doctor, migrate, schema_sql};
use prmdesk::plan::{Entity, Mode, Op, Scope, Selection};
use prmdesk::progress::Progress;
use prmdesk::sandbox::{Course, Group, Object, Person, Sandbox, SandboxOptions, Transcript, World};
use prmdesk::store::Engine;
use prmdesk::values::{
    CaseState, CheckStatus, PreviewRequest, RunReport, RunStatus, Terms, Transcripts,
};

use super::rig::{account, both, user};
use crate::adopted;
use crate::mariadb::TestDb;

const FULL: PreviewRequest = PreviewRequest {
    scope: Scope::All,
    mode: Mode::Full,
};

/// Twelve accounts and twenty of their people; the LMS has the people of the second account in its group.
async fn upstream() -> Sandbox {
    let epoch = chrono::DateTime::from_timestamp(1_790_000_000, 0).unwrap();
    let mut world = World::empty(7, epoch, Clock::fixed(epoch));
    let accounts: Vec<i64> = (1..=12).map(|n| world.add_account(account(n))).collect();
    for n in 1..=20 {
        let mut user = user(n);
        user.account_id = Some(accounts[n % 12]);
        world.add_user(user);
    }
    let lms = world.lms_mut();
    for n in 1..=10 {
        let id = format!("L{n}");
        let email = format!("u{n:02}@p.example");
        let person = Person {
            id: id.clone(),
            email,
            ..Person::default()
        };
        lms.people.insert(id, person);
    }
    for (id, name, members) in [
        ("g-all", "All Partners", vec!["L1", "L2", "L3"]),
        ("g-P02", "ptr_P02", vec!["L1"]),
        ("g-P03", "ptr_P03", vec!["L2"]),
    ] {
        let group = Group {
            id: id.into(),
            name: name.into(),
            members: members.into_iter().map(str::to_owned).collect(),
        };
        lms.groups.insert(id.into(), group);
    }
    let course = Course {
        id: "k1".into(),
        name: "Course".into(),
        npcu: Some(2),
    };
    lms.courses.insert("k1".into(), course);
    for person in ["L1", "L2"] {
        let line = Transcript {
            id: format!("t-{person}"),
            resource_type: "course".into(),
            resource_id: "k1".into(),
            progress_status: "completed".into(),
            expires_at: Some("2041-01-01T00:00:00Z".parse().unwrap()),
            ..Transcript::default()
        };
        lms.transcripts.insert(person.into(), vec![line]);
    }
    Sandbox::start(world, SandboxOptions::default())
        .await
        .unwrap()
}

/// What the portal's script had brought in: most of it, matched by names, and what the portal keeps beside.
async fn portal(db: &TestDb) {
    let mut script =
        vec!["INSERT INTO staff (id, login, full_name) VALUES (1, 'kim', 'Kim Lee')".to_owned()];
    for n in 1..=10 {
        script.push(format!(
            "INSERT INTO partners (account_name, partner_tier, account_status, partner_type, country, portal_code, discount, manager_id, notes) \
             VALUES ('P{n:02}', 'Premier', 'Active', NULL, 'DE', 'C{n}', {n}.5, 1, 'note {n}')"
        ));
    }
    for n in 1..=18 {
        let at = n % 12 + 1;
        let partner = if at <= 10 {
            at.to_string()
        } else {
            "NULL".to_owned()
        };
        script.push(format!(
            "INSERT INTO contacts (partner_id, email, first_name, badge_no, newsletter, password_hash) \
             VALUES ({partner}, 'u{n:02}@p.example', 'Ann', 'B{n}', 0, 'hash {n}')"
        ));
    }
    for sql in [
        "INSERT INTO lms_users (id, email, status, theme) VALUES ('L1', 'u01@p.example', 'active', 'dark'), ('old', 'gone@p.example', 'active', 'light')",
        "INSERT INTO lms_groups (id, name, seats, billing_code) VALUES ('g-P02', 'ptr_P02', 77, 'B-2'), ('g-old', 'Old', 5, 'B-9')",
        "INSERT INTO lms_group_members (group_id, user_id, added_by) VALUES ('g-P02', 'L1', 'kim')",
        "INSERT INTO lms_courses (id, name, npcu_value, catalogue_no) VALUES ('k1', 'Course', 2.0, 'C-1')",
        "INSERT INTO group_settings (group_id, branding) VALUES ('g-P02', 'red'), ('g-old', 'blue')",
        "INSERT INTO user_badges (user_id, badge) VALUES ('L1', 'gold'), ('old', 'tin')",
        "INSERT INTO settings (name, value) VALUES ('motto', 'onwards')",
    ] {
        script.push(sql.to_owned());
    }
    db.run_all(&script).await;
}

/// Every value that is the portal's own.
async fn theirs(db: &TestDb) -> BTreeSet<String> {
    let mut rows = BTreeSet::new();
    for (table, columns) in [
        ("staff", "id, login, full_name"),
        (
            "partners",
            "id, portal_code, discount, contract_until, manager_id, notes",
        ),
        (
            "contacts",
            "id, badge_no, newsletter, password_hash, last_login",
        ),
        ("lms_users", "id, theme"),
        ("lms_groups", "id, seats, billing_code, opened_on"),
        ("lms_courses", "id, catalogue_no"),
        ("group_settings", "group_id, branding"),
        ("user_badges", "user_id, badge"),
        ("settings", "name, value"),
        ("audit_rows", "id, tab, row_id, what"),
    ] {
        let texts: Vec<String> = columns
            .split(", ")
            .map(|column| match db.engine {
                Engine::MariaDb => format!("CAST({column} AS CHAR)"),
                Engine::Sqlite => format!("CAST({column} AS TEXT)"),
            })
            .collect();
        let found = db
            .rows(&format!("SELECT {} FROM {table}", texts.join(", ")))
            .await;
        rows.extend(found.into_iter().map(|row| format!("{table} {row}")));
    }
    rows
}

async fn sync(desk: &Desk) -> RunReport {
    let silent = Progress::silent();
    let prepared = desk.begin_sync(FULL, &silent).await.unwrap();
    let selection = Selection::of(&prepared.plan);
    let report = prepared
        .apply(selection, &Choice::default(), &silent)
        .await
        .unwrap();
    assert!(
        report.failed.is_empty() && report.stale.is_empty() && report.withheld.is_empty(),
        "{report:?}"
    );
    report
}

async fn checks(config: &Config) -> Vec<(String, CheckStatus)> {
    let loaded = Loaded {
        config: config.clone(),
        path: None,
        profiles: Vec::new(),
        inline_secrets: Vec::new(),
        warnings: Vec::new(),
    };
    let checks = doctor(Ok(loaded), &Clock::system()).await;
    checks
        .into_iter()
        .map(|check| (check.name, check.status))
        .collect()
}

both! {
    async fn a_portals_database_is_taken_over_and_keeps_what_is_its_own(engine: Engine) {
        let db = adopted::on(engine).await;
        portal(&db).await;
        let sandbox = upstream().await;
        let mut config = Config {
            operator: "ann".into(),
            operator_named: true,
            ..Config::default()
        };
        config.database.url = Some(Secret::new(&db.url));
        config.impartner.url = sandbox.impartner_url();
        config.impartner.api_key = Some(Secret::new(sandbox.impartner_key()));
        config.impartner.backoff = Duration::from_millis(5);
        config.lms.url = sandbox.lms_url();
        config.lms.api_key = Some(Secret::new(sandbox.lms_key()));
        config.lms.max_rps = 2000;
        let silent = Progress::silent();
        let before = theirs(&db).await;

        // Looked at: nothing fails but that the schema is not there yet, and nothing is made by looking.
        if engine == Engine::MariaDb {
            let told = checks(&config).await;
            let failed: Vec<_> = told.iter().filter(|(_, status)| *status == CheckStatus::Failure).collect();
            assert_eq!(failed, [&("schema".to_owned(), CheckStatus::Failure)], "{told:?}");
            let shadow = Config {
                read_only: true,
                ..config.clone()
            };
            let desk = Desk::open_to_preview(shadow, Clock::system()).await.unwrap();
            let plan = desk.preview(FULL, &silent).await.unwrap();
            assert_eq!((plan.totals.partners.add, plan.totals.contacts.add), (2, 2));
            assert_eq!((plan.totals.partners.update, plan.totals.contacts.update), (10, 18));
            assert!(!schema_sql(&config, &Clock::system()).await.unwrap().is_empty());
            assert_eq!(theirs(&db).await, before);
        }

        // Taken over.
        migrate(&config, &Clock::system()).await.unwrap();
        let told = checks(&config).await;
        assert!(told.iter().all(|(_, status)| *status != CheckStatus::Failure), "{told:?}");
        let desk = Desk::open(config.clone(), Clock::system()).await.unwrap();
        let first = sync(&desk).await;
        assert_eq!(first.status, RunStatus::Applied);
        assert_eq!((first.applied.partners.add, first.applied.contacts.add), (2, 2));
        assert_eq!(first.applied.partners.update, 10);
        assert!(!desk.preview(FULL, &silent).await.unwrap().has_changes(), "the second run is empty");

        let read = desk.lms_refresh(Transcripts::All, &silent).await.unwrap();
        assert!(read.failed.is_empty(), "{:?}", read.failed);
        assert_eq!((read.people, read.gone.people, read.gone.groups), (10, 1, 1));
        assert_eq!(
            (read.groups_linked, read.enrollments),
            (1, 2),
            "the first run linked P02's"
        );
        let again = desk.lms_refresh(Transcripts::All, &silent).await.unwrap();
        assert_eq!((again.changed, again.contacts_linked), (0, 0));
        assert!(!desk.preview(FULL, &silent).await.unwrap().has_changes());

        // P02 leaves with its people; the portal's trigger takes them along as well.
        let ids: Vec<(Object, i64)> = {
            let world = sandbox.world();
            let p02 = world.accounts().find(|account| account.name == "P02").unwrap().id;
            let people = world.users().filter(|user| user.account_id == Some(p02));
            people.map(|user| (Object::User, user.id)).chain([(Object::Account, p02)]).collect()
        };
        for (object, id) in &ids {
            assert!(sandbox.world().delete(*object, *id));
        }
        let left = sync(&desk).await;
        assert_eq!((left.applied.partners.soft_delete, left.applied.contacts.soft_delete), (1, 2));
        assert_eq!(left.cases_opened, 2, "the partner with its group, and u01");

        // Off-boarded, and put back.
        let cases = desk.cases(None).await.unwrap();
        for case in &cases {
            desk.approve(&[case.case_id], "they left", &Terms::accepting(&[case.case_id])).await.unwrap();
        }
        let ran = desk.run_cases(None, &silent).await.unwrap();
        assert!(ran.iter().all(|case| case.state == CaseState::Done), "{ran:?}");
        assert!(sandbox.world().lms().group_named("ptr_P02").is_none());
        let partner = cases.iter().find(|case| case.entity == Entity::Partners).unwrap();
        desk.restore_case(partner.case_id, &silent).await.unwrap();
        let group = sandbox.world().lms().group_named("ptr_P02").unwrap().id.clone();
        let columns = format!("SELECT seats, billing_code, deleted_at IS NULL FROM lms_groups WHERE id = '{group}'");
        assert_eq!(db.one(&columns).await, "77|B-2|1");

        // Undone: the partner and its people are back.
        let prepared = desk.begin_undo(left.run_id.unwrap(), &silent).await.unwrap();
        let ops: Vec<Op> = prepared.plan.items.iter().map(|item| item.op).collect();
        assert_eq!(ops, [Op::Reactivate; 3]);
        let selection = Selection::of(&prepared.plan);
        let undone = prepared.apply(selection, &Choice::default(), &silent).await.unwrap();
        assert!(undone.stale.is_empty() && undone.failed.is_empty(), "{undone:?}");
        let inactive = match engine {
            Engine::MariaDb => "SELECT COUNT(*) FROM contacts WHERE is_active = b'0'",
            Engine::Sqlite => "SELECT COUNT(*) FROM contacts WHERE is_active = 0",
        };
        assert_eq!(db.one(inactive).await, "0");

        // Counted: L2 of P03 holds a course that is valid beyond what the column reaches.
        let rows = desk.certs_preview(&[], &silent).await.unwrap();
        let p03 = rows.iter().find(|row| row.name == "P03").unwrap();
        assert_eq!(
            format!("{} {}", p03.local.certification_count, p03.local.total_npcu),
            "1 2",
            "{p03:?}"
        );
        let pushed = desk.certs_push(&[p03.row_id], &silent).await.unwrap();
        assert_eq!((pushed.pushed, pushed.failed.len()), (1, 0));

        // What is the portal's is there to the letter, and the triggers wrote down what happened since.
        let after = theirs(&db).await;
        let missing: Vec<&String> = before.difference(&after).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let audit = |rows: &BTreeSet<String>| rows.iter().filter(|row| row.starts_with("audit_rows")).count();
        assert!(audit(&after) > audit(&before), "{}", audit(&after));
    }
}
