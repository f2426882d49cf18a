//! Hand-made values for the console's tests: a plan with every kind of line, made by the real planner, and the values of
//! the other screens.

mod million;
mod plan;

use chrono::{DateTime, Duration, Utc};

pub(super) use million::plan_of;
pub(super) use plan::{plan_with, small_plan};

use crate::plan::{Entity, Mode, Op, PerEntity, RulesFacts};
use crate::values::{
    Applied, Case, CaseCounts, CaseState, CertFigures, CertRow, JournalEntry, Reachability,
    RowCounts, RunDetail, RunReport, RunStatus, RunSummary, Status, Step, StepAction, StepState,
};

/// The moment at which everything happens.
pub(super) fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-11-21T12:03:11Z")
        .unwrap()
        .to_utc()
}

/// A run that ended `hours` ago.
pub(super) fn run(
    run_id: i64,
    hours: i64,
    status: RunStatus,
    partners: Applied,
    contacts: Applied,
) -> RunSummary {
    RunSummary {
        run_id,
        kind: "sync".into(),
        scope: "all".into(),
        mode: Some(if run_id % 3 == 0 {
            Mode::Full
        } else {
            Mode::Incremental
        }),
        status,
        operator: "alice".into(),
        plan_id: Some(format!("{run_id:08x}")),
        started_at: now() - Duration::hours(hours),
        finished_at: Some(now() - Duration::hours(hours) + Duration::seconds(12)),
        applied: PerEntity { partners, contacts },
        withheld: if status == RunStatus::Partial { 137 } else { 0 },
        faults: 0,
        message: (status == RunStatus::Failed).then(|| "Impartner refused the key (401).".into()),
        undoes: None,
        undone_by: (run_id == 10).then_some(11),
    }
}

/// Runs, newest first.
pub(super) fn runs() -> Vec<RunSummary> {
    let some = |add, update, reactivate, soft_delete| Applied {
        add,
        update,
        reactivate,
        soft_delete,
    };
    let none = Applied::default();
    let mut runs = vec![
        run(
            12,
            3,
            RunStatus::Applied,
            some(3, 18, 1, 2),
            some(40, 112, 0, 9),
        ),
        run(11, 26, RunStatus::Applied, some(0, 0, 0, 3), none),
        run(10, 27, RunStatus::Applied, some(3, 0, 0, 0), none),
        run(
            9,
            50,
            RunStatus::Partial,
            some(0, 4, 0, 0),
            some(2, 8, 0, 0),
        ),
        run(8, 74, RunStatus::Nothing, none, none),
        run(7, 98, RunStatus::Failed, none, none),
        run(
            6,
            122,
            RunStatus::Applied,
            some(2_000, 0, 0, 0),
            some(35_000, 0, 0, 0),
        ),
    ];
    runs[1].kind = "undo".into();
    runs[1].undoes = Some(10);
    runs
}

/// Run 12 with two changes.
pub(super) fn run_detail() -> RunDetail {
    let entry = |row, id, name: &str, op, before, after| JournalEntry {
        run_id: 12,
        entity: Entity::Partners,
        row_id: Some(row),
        impartner_id: Some(id),
        name: name.into(),
        op,
        before,
        after,
        status: "applied".into(),
        message: (op == Op::SoftDelete).then(|| "tier is Pending".into()),
        at: now() - Duration::hours(3),
        operator: "alice".into(),
        plan_id: Some("0123456789abcdef".into()),
    };
    RunDetail {
        run: runs()[0].clone(),
        changes: vec![
            entry(
                17,
                1042,
                "Acme Corporation",
                Op::Update,
                serde_json::json!({"partner_tier": "Registered", "owner_email": "ann.meyer@prm.example"}),
                serde_json::json!({"partner_tier": "Premier", "owner_email": "ann.mayer@prm.example"}),
            ),
            entry(
                18,
                7,
                "Gone & Away Ltd",
                Op::SoftDelete,
                serde_json::json!({"is_active": true, "account_status": "Active"}),
                serde_json::json!({"is_active": false, "account_status": "Inactive"}),
            ),
        ],
    }
}

/// The journal of a record: twice changed, newest first; that of a record above 9,000 is empty.
pub(super) fn journal(entity: Entity, impartner_id: i64) -> Vec<JournalEntry> {
    if impartner_id > 9_000 {
        return Vec::new();
    }
    let mut entries = run_detail().changes;
    entries[1].before =
        serde_json::json!({"partner_tier": null, "website": "https://www.acme.example"});
    entries[1].after =
        serde_json::json!({"partner_tier": "Registered", "website": "https://acme.example"});
    entries[1].op = Op::Update;
    entries[1].message = None;
    entries[1].run_id = 6;
    entries[1].at = now() - Duration::hours(122);
    entries[1].operator = "timer".into();
    entries[1].plan_id = Some("89abcdef01234567".into());
    for entry in &mut entries {
        entry.entity = entity;
        entry.impartner_id = Some(impartner_id);
        entry.name = "Acme Corporation".into();
    }
    entries
}

/// The facts of the Overview.
pub(super) fn status() -> Status {
    let reach = |target: &str, ms, detail: &str| Reachability {
        reachable: Some(true),
        latency_ms: Some(ms),
        target: target.into(),
        detail: Some(detail.into()),
    };
    Status {
        profile: "prod".into(),
        read_only: false,
        database: reach("db.example:3306/partners", 2, "mariadb 10.11.6"),
        impartner: reach("prod.impartner.live", 118, "objects dialect"),
        lms: Reachability {
            reachable: Some(false),
            latency_ms: None,
            target: "api.northpass.com".into(),
            detail: Some("no answer within 30 s".into()),
        },
        partners: RowCounts {
            active: 1_400,
            inactive: 52,
            lms_linked: 1_310,
        },
        contacts: RowCounts {
            active: 34_870,
            inactive: 1_204,
            lms_linked: 29_877,
        },
        last_runs: runs().into_iter().take(4).collect(),
        watermarks: PerEntity {
            partners: Some(now() - Duration::hours(3)),
            contacts: None,
        },
        cases: CaseCounts {
            pending: 3,
            approved: 1,
            ..CaseCounts::default()
        },
        holds: 1,
        carried_over: 5,
        withheld: 0,
        rules: RulesFacts::default(),
        by_rule: PerEntity::default(),
        lease: None,
        interrupted: None,
        at: now(),
    }
}

/// The log of a case.
pub(super) fn case_log() -> Vec<crate::values::CaseEntry> {
    let entry = |days, who: &str, event: &str, note: &str| crate::values::CaseEntry {
        at: now() - Duration::days(days),
        operator: who.into(),
        event: event.into(),
        note: Some(note.into()),
        step: None,
    };
    vec![
        entry(3, "alice", "open", "IsActive is false"),
        entry(2, "bob", "hold", "ask their manager first"),
        entry(1, "alice", "reopen", "asked"),
    ]
}

/// Off-boarding cases in several states.
pub(super) fn cases() -> Vec<Case> {
    let step = |action, group: &str, person: Option<&str>, state, note: Option<&str>| Step {
        action,
        group_id: "g".into(),
        group_name: group.into(),
        person_id: person.map(|_| "p".into()),
        person: person.map(Into::into),
        state,
        note: note.map(Into::into),
    };
    let case =
        |case_id, entity, name: &str, state, reason: &str, days, people, foreign_members, steps| {
            Case {
                case_id,
                entity,
                row_id: case_id + 500,
                name: name.into(),
                state,
                reason: reason.into(),
                run_id: Some(12),
                opened_at: now() - Duration::days(days),
                opened_by: "alice".into(),
                decided_by: (state != CaseState::Pending).then(|| "bob".into()),
                decided_at: (state != CaseState::Pending).then(now),
                note: (state != CaseState::Pending).then(|| "left the programme".into()),
                last: (state != CaseState::Pending).then(|| crate::values::CaseEntry {
                    at: now(),
                    operator: "bob".into(),
                    event: "approve".into(),
                    note: Some("left the programme".into()),
                    step: None,
                }),
                people,
                foreign_members,
                foreign_accepted: false,
                run_after: None,
                steps,
            }
        };
    let remove = StepAction::RemoveMember;
    vec![
        case(
            4,
            Entity::Contacts,
            "left@borealis.example",
            CaseState::Pending,
            "IsActive is false",
            3,
            1,
            0,
            vec![
                step(
                    remove,
                    "ptr_Borealis GmbH",
                    Some("left@borealis.example"),
                    StepState::Planned,
                    None,
                ),
                step(
                    remove,
                    "All Partners",
                    Some("left@borealis.example"),
                    StepState::Planned,
                    None,
                ),
            ],
        ),
        case(
            5,
            Entity::Partners,
            "Borealis GmbH",
            CaseState::Pending,
            "tier is Pending",
            2,
            2,
            1,
            vec![
                step(
                    remove,
                    "All Partners",
                    Some("left@borealis.example"),
                    StepState::Planned,
                    None,
                ),
                step(
                    remove,
                    "All Partners",
                    Some("two@jobs.example"),
                    StepState::Skipped,
                    Some("active contact of Acme Corporation"),
                ),
                step(
                    StepAction::DeleteGroup,
                    "ptr_Borealis GmbH",
                    None,
                    StepState::Planned,
                    None,
                ),
            ],
        ),
        case(
            6,
            Entity::Contacts,
            "山田@hitachi.example",
            CaseState::Pending,
            "record does not exist any more",
            1,
            1,
            0,
            Vec::new(),
        ),
        case(
            7,
            Entity::Contacts,
            "approved@acme.example",
            CaseState::Approved,
            "IsActive is false",
            5,
            1,
            0,
            vec![step(
                remove,
                "All Partners",
                Some("approved@acme.example"),
                StepState::Planned,
                None,
            )],
        ),
        case(
            8,
            Entity::Contacts,
            "done@acme.example",
            CaseState::Done,
            "IsActive is false",
            9,
            1,
            0,
            vec![step(
                remove,
                "All Partners",
                Some("done@acme.example"),
                StepState::Done,
                None,
            )],
        ),
    ]
}

/// Certification figures.
pub(super) fn certs() -> Vec<CertRow> {
    let figures = |certification_count, total_npcu| CertFigures {
        certification_count,
        total_npcu,
    };
    let row =
        |row_id, name: &str, local, remote: Option<CertFigures>, note: Option<&str>| CertRow {
            row_id,
            impartner_id: remote.map(|_| row_id + 1_000),
            name: name.into(),
            local,
            remote,
            differs: remote != Some(local),
            note: note.map(Into::into),
        };
    vec![
        row(
            17,
            "Acme Corporation",
            figures(5.0, 12.0),
            Some(figures(4.0, 9.0)),
            None,
        ),
        row(
            19,
            "Société Générale Conseil",
            figures(2.0, 3.5),
            Some(figures(2.0, 3.5)),
            None,
        ),
        row(
            23,
            "株式会社日立ソリューションズ",
            figures(0.0, 0.0),
            Some(figures(1.0, 2.0)),
            None,
        ),
        row(
            25,
            "Lost in Impartner Ltd",
            figures(1.0, 1.0),
            None,
            Some("not found by its Salesforce id"),
        ),
    ]
}

/// A run that applied everything.
pub(super) fn report() -> RunReport {
    RunReport {
        run_id: Some(13),
        plan_id: "cafe".into(),
        status: RunStatus::Applied,
        applied: PerEntity {
            partners: Applied {
                add: 2,
                update: 2,
                reactivate: 1,
                soft_delete: 2,
            },
            contacts: Applied::default(),
        },
        withheld: Vec::new(),
        failed: Vec::new(),
        stale: Vec::new(),
        cases_opened: 2,
        cases: Vec::new(),
        unproved: Vec::new(),
    }
}
