//! A stand-in LMS (and Impartner), a database with partners and contacts, and a desk between them.

use std::collections::BTreeSet;
use std::time::Duration;

use prmdesk::clock::Clock;
use prmdesk::config::{Config, Secret};
use prmdesk::desk::Desk;
use prmdesk::error::Kind;
use prmdesk::progress::Progress;
use prmdesk::sandbox::{Entry, Group, Person, Sandbox, SandboxOptions, Side, World};
use prmdesk::values::{Case, CaseState, Step, StepAction, StepState, Terms, Transcripts};

use crate::mariadb::TestDb;

pub const ALL: &str = "g-all";
pub const ACME: &str = "g-acme";
pub const BETA: &str = "g-beta";

pub struct Rig {
    pub sandbox: Sandbox,
    pub desk: Desk,
    pub config: Config,
    pub db: TestDb,
    /// For what the real binary writes beside the database.
    pub home: tempfile::TempDir,
}

/// Acme (row 1) left; its people are u1 to u4 (u4 also works for Beta), u9 is in its group and nobody's contact.
/// Beta (row 2) is active with u4, u5, and u6, who left. u8 is in "All Partners" alone.
const ROWS: [&str; 2] = [
    "INSERT INTO partners (id, account_name, impartner_id, is_active) VALUES \
     (1, 'Acme', 101, FALSE), (2, 'Beta  Société', 102, TRUE), (3, 'Gamma', 103, TRUE)",
    "INSERT INTO contacts (id, partner_id, email, impartner_id, is_active) VALUES \
     (11, 1, 'u1@x.example', 201, FALSE), (12, 1, 'u2@x.example', 202, FALSE), \
     (13, 1, 'u3@x.example', 203, TRUE), (14, 2, 'u4@x.example', 204, TRUE), \
     (15, 2, 'u5@x.example', 205, TRUE), (16, 2, 'U6@X.example', 206, FALSE), \
     (17, 3, 'u7@x.example', 207, TRUE)",
];

impl Rig {
    pub async fn new(db: TestDb) -> Self {
        Self::with(db, |_| {}).await
    }

    pub async fn with(db: TestDb, change: impl FnOnce(&mut Config)) -> Self {
        let epoch = chrono::DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let mut world = World::empty(7, epoch, Clock::system());
        let lms = world.lms_mut();
        for n in 1..=9 {
            let person = Person {
                id: format!("u{n}"),
                email: format!("u{n}@x.example"),
                ..Person::default()
            };
            lms.people.insert(person.id.clone(), person);
        }
        for (id, name, members) in [
            (ALL, "All Partners", "123456789"),
            (ACME, "ptr_ACME", "12349"),
            (BETA, "Beta société", "456"),
        ] {
            let group = Group {
                id: id.into(),
                name: name.into(),
                members: members.chars().map(|n| format!("u{n}")).collect(),
            };
            lms.groups.insert(id.into(), group);
        }
        let sandbox = Sandbox::start(world, SandboxOptions::default())
            .await
            .unwrap();
        let mut config = Config {
            operator: "ann".into(),
            operator_named: true,
            lease_ttl: Duration::from_millis(300),
            ..Config::default()
        };
        config.database.url = Some(Secret::new(&db.url));
        config.impartner.url = sandbox.impartner_url();
        config.impartner.api_key = Some(Secret::new(sandbox.impartner_key()));
        config.impartner.retries = 1;
        config.lms.url = sandbox.lms_url();
        config.lms.api_key = Some(Secret::new(sandbox.lms_key()));
        config.lms.max_rps = 2000;
        change(&mut config);
        let store = db.store().await;
        let script: Vec<String> = ROWS.iter().map(|sql| (*sql).to_owned()).collect();
        db.run_all(&script).await;
        store.close().await;
        let desk = Desk::open(config.clone(), Clock::system()).await.unwrap();
        Self {
            sandbox,
            desk,
            config,
            db,
            home: tempfile::TempDir::new().unwrap(),
        }
    }

    /// The same database and LMS, seen by another configuration.
    pub async fn other(&self, change: impl FnOnce(&mut Config)) -> Desk {
        let mut config = self.config.clone();
        change(&mut config);
        Desk::open(config, Clock::system()).await.unwrap()
    }

    pub async fn refresh(&self) -> prmdesk::values::LmsRefreshed {
        self.desk
            .lms_refresh(Transcripts::No, &Progress::silent())
            .await
            .unwrap()
    }

    /// Refreshed and swept: the cases of Acme and of everybody who left, by name.
    pub async fn swept(&self) -> Vec<Case> {
        self.refresh().await;
        self.desk.sweep().await.unwrap();
        self.desk.cases(None).await.unwrap()
    }

    pub async fn case_of(&self, name: &str) -> Case {
        let cases = self.desk.cases(None).await.unwrap();
        let mut found = cases.into_iter().filter(|case| case.name == name);
        found
            .next_back()
            .unwrap_or_else(|| panic!("no case of {name}"))
    }

    pub async fn approve(&self, case: i64) {
        self.desk
            .approve(&[case], "they left", &Terms::accepting(&[case]))
            .await
            .unwrap();
    }

    pub async fn run(&self) -> Vec<Case> {
        self.desk
            .run_cases(None, &Progress::silent())
            .await
            .unwrap()
    }

    /// Runs as soon as the lease of a run that was killed is over.
    pub async fn run_when_free(&self) -> Vec<Case> {
        loop {
            match self.desk.run_cases(None, &Progress::silent()).await {
                Ok(cases) => return cases,
                Err(error) if error.kind == Kind::Leased => tokio::task::yield_now().await,
                Err(error) => panic!("{error}: {:?}", error.causes()),
            }
        }
    }

    pub fn members(&self, group: &str) -> String {
        match self.sandbox.world().lms().groups.get(group) {
            Some(group) => group
                .members
                .iter()
                .map(|m| m.trim_start_matches('u'))
                .collect::<Vec<_>>()
                .join(" "),
            None => "gone".into(),
        }
    }

    pub fn add(&self, group: &str, person: &str) {
        let mut world = self.sandbox.world();
        let lms = world.lms_mut();
        lms.groups
            .get_mut(group)
            .unwrap()
            .members
            .insert(person.into());
    }

    pub fn remove(&self, group: &str, person: &str) {
        let mut world = self.sandbox.world();
        let lms = world.lms_mut();
        lms.groups.get_mut(group).unwrap().members.remove(person);
    }

    /// Every write that reached the LMS.
    pub fn writes(&self) -> Vec<Entry> {
        self.sandbox
            .log()
            .matching(|e| e.side == Side::Lms && e.method != "GET")
    }

    /// The people named in the bodies of every removal.
    pub fn removed(&self) -> BTreeSet<String> {
        self.writes()
            .iter()
            .filter(|e| e.method == "DELETE" && e.path.ends_with("/relationships/people"))
            .flat_map(|e| {
                let body: serde_json::Value = serde_json::from_str(&e.body).unwrap();
                body["data"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|p| p["id"].as_str().unwrap().to_owned())
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// Nobody and nothing outside of what Acme's case may touch was touched, by the LMS's own log.
    pub fn only_acme_was_touched(&self) {
        let allowed: BTreeSet<String> = ["u1", "u2", "u3", "u9"].map(String::from).into();
        assert!(self.removed().is_subset(&allowed), "{:?}", self.removed());
        for entry in self.writes() {
            assert!(!entry.path.contains("/people/"), "{entry:?}");
            let deletes_group =
                entry.method == "DELETE" && !entry.path.ends_with("/relationships/people");
            if deletes_group {
                assert!(entry.path.ends_with(ACME), "{entry:?}");
            } else if entry.method == "DELETE" {
                assert!(entry.path.contains(ALL), "{entry:?}");
            }
        }
        assert_eq!(self.sandbox.world().lms().people.len(), 9);
    }
}

/// A step in brief: "remove u1 from g-all: planned".
pub fn brief(steps: &[Step]) -> Vec<String> {
    let state = |step: &Step| match step.state {
        StepState::Planned => "planned",
        StepState::Done => "done",
        StepState::Skipped => "skipped",
        StepState::Failed => "failed",
        StepState::Unknown => "unknown",
    };
    steps
        .iter()
        .map(|step| match step.action {
            StepAction::RemoveMember => format!(
                "remove {} from {}: {}",
                step.person_id.as_deref().unwrap(),
                step.group_id,
                state(step)
            ),
            StepAction::DeleteGroup => format!("delete {}: {}", step.group_id, state(step)),
        })
        .collect()
}

pub fn states(cases: &[Case]) -> Vec<CaseState> {
    cases.iter().map(|case| case.state).collect()
}
