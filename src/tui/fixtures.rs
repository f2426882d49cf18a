//! Hand-made values for the console's tests: a plan with every kind of line, made by the real planner, and the values of
//! the other screens.

use chrono::{DateTime, Duration, Utc};

use crate::config::{FilterConfig, GuardConfig};
use crate::plan::guards::WindowCounts;
use crate::plan::planner::{Answers, EntityInput, PlanInput, Read, plan};
use crate::plan::{
    Entity, Limits, LmsLinks, Mode, Op, PerEntity, Plan, RowRecord, RowSet, Schema, Scope,
    SourceFacts, SourceRecord, SourceSet, UniqueRule,
};
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

/// An account: id, name, tier, owner's e-mail, website, region, country.
type Account = (
    i64,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

/// What Impartner says.
const ACCOUNTS: &[Account] = &[
    (
        1042,
        "Acme Corporation",
        "Certified",
        "bob.meyer@prm.example",
        "https://acme.example/partners",
        "EMEA",
        "Germany",
    ),
    (
        7,
        "Borealis GmbH",
        "Pending",
        "ann@prm.example",
        "https://borealis.example",
        "EMEA",
        "Austria",
    ),
    (
        12,
        "Société Générale Conseil",
        "Certified",
        "ann@prm.example",
        "https://sgc.example",
        "EMEA",
        "France",
    ),
    (
        30,
        "Northern Nintex Services",
        "Premier",
        "ann@prm.example",
        "https://nns.example",
        "NAM",
        "Canada",
    ),
    (
        50,
        "株式会社日立ソリューションズ・クリエイト",
        "Premier",
        "kenji@prm.example",
        "https://hitachi.example/jp",
        "APJ",
        "Japan",
    ),
    (
        60,
        "Keepers & Sons",
        "Pending",
        "ann@prm.example",
        "https://keepers.example",
        "NAM",
        "United States",
    ),
    (
        101,
        "Nouvelle Étoile SARL",
        "Registered",
        "claire@prm.example",
        "https://etoile.example",
        "EMEA",
        "France",
    ),
    (
        102,
        "Evil \u{202e}proC\u{200b} Ltd",
        "Registered",
        "mal@prm.example",
        "https://evil.example",
        "NAM",
        "Nowhere",
    ),
    (
        201,
        "Twin Ltd",
        "Premier",
        "ann@prm.example",
        "https://twin.example",
        "EMEA",
        "Ireland",
    ),
    (
        202,
        "TWIN  ltd",
        "Registered",
        "bob@prm.example",
        "https://twin2.example",
        "EMEA",
        "Ireland",
    ),
    (
        301,
        "Applicants Inc",
        "Pending",
        "ann@prm.example",
        "https://app.example",
        "NAM",
        "United States",
    ),
];

/// What the database has; the last value: active.
const ROWS: &[(i64, Account, bool)] = &[
    (
        17,
        (
            1042,
            "Acme Corporation",
            "Premier",
            "ann.meyer@prm.example",
            "https://acme.example/partners",
            "EMEA",
            "Germany",
        ),
        true,
    ),
    (
        18,
        (
            7,
            "Borealis GmbH",
            "Registered",
            "ann@prm.example",
            "https://borealis.example",
            "EMEA",
            "Austria",
        ),
        true,
    ),
    (
        19,
        (
            12,
            "Société Générale Conseil",
            "Certified",
            "ann@prm.example",
            "https://sgc.example",
            "EMEA",
            "France",
        ),
        false,
    ),
    (
        20,
        (
            30,
            "Northern Nintex Services",
            "Premier",
            "ann@prm.example",
            "https://nns.example",
            "NAM",
            "Canada",
        ),
        true,
    ),
    (
        21,
        (
            33,
            "Vanished Ltd",
            "Premier",
            "ann@prm.example",
            "https://vanished.example",
            "NAM",
            "Mexico",
        ),
        true,
    ),
    (
        22,
        (
            34,
            "Doubtful AG",
            "Premier",
            "ann@prm.example",
            "https://doubtful.example",
            "EMEA",
            "Switzerland",
        ),
        true,
    ),
    (
        23,
        (
            50,
            "株式会社日立ソリューションズ・クリエイト",
            "Premier",
            "kenji@prm.example",
            "https://hitachi.example",
            "APJ",
            "Japan",
        ),
        true,
    ),
    (
        24,
        (
            60,
            "Keepers & Sons",
            "Premier",
            "ann@prm.example",
            "https://keepers.example",
            "NAM",
            "United States",
        ),
        true,
    ),
];

/// A contact: id, e-mail, first name, last name, phone, account, active.
type Contact = (
    i64,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    i64,
    bool,
);

const USERS: &[Contact] = &[
    (
        9001,
        "ines.duarte@acme.example",
        "Inês",
        "Duarte",
        "+49 30 1234",
        1042,
        true,
    ),
    (
        9002,
        "joao@acme.example",
        "João",
        "Pereira",
        "+49 30 99",
        1042,
        true,
    ),
    (9003, "left@borealis.example", "Lea", "Fort", "", 7, false),
    (9004, "contest@etoile.example", "Con", "Test", "", 101, true),
    (9005, "sales@etoile.example", "Sales", "Desk", "", 101, true),
    (
        9006,
        "nobody@unknown.example",
        "No",
        "Body",
        "",
        99_999,
        true,
    ),
    (
        9007,
        "太郎@hitachi.example",
        "太郎",
        "山田",
        "+81 3",
        50,
        true,
    ),
];

const CONTACT_ROWS: &[(i64, Contact, Option<i64>)] = &[
    (
        501,
        (
            9001,
            "ines.duarte@acme.example",
            "Inês",
            "Duarte",
            "+49 30 1200",
            1042,
            true,
        ),
        Some(17),
    ),
    (
        502,
        (9003, "left@borealis.example", "Lea", "Fort", "", 7, true),
        Some(18),
    ),
];

fn cells<'a>(schema: &Schema, value: impl Fn(&str) -> Option<&'a str>) -> Vec<Option<&'a str>> {
    schema
        .fields
        .iter()
        .map(|field| value(field.column).filter(|text| !text.is_empty()))
        .collect()
}

fn partner_cells<'a>(schema: &Schema, account: &'a (i64, String, Account)) -> Vec<Option<&'a str>> {
    let (_, name, (_, _, tier, owner, website, region, country)) = account;
    cells(schema, |column| match column {
        "account_name" => Some(name.as_str()),
        "partner_tier" => Some(tier),
        "owner_email" => Some(owner),
        "website" => Some(website),
        "account_region" => Some(region),
        "country" => Some(country),
        _ => None,
    })
}

fn contact_cells<'a>(schema: &Schema, contact: &'a Contact) -> Vec<Option<&'a str>> {
    let (_, email, first, last, phone, _, _) = contact;
    cells(schema, |column| match column {
        "email" => Some(email),
        "first_name" => Some(first),
        "last_name" => Some(last),
        "phone" => Some(phone),
        _ => None,
    })
}

/// A plan with every kind of line. `leavers` more partners, of sixty, have become inactive: 10 trip a guard.
pub(super) fn plan_with(leavers: i64) -> Plan {
    let schemas = PerEntity::from_fn(Schema::of);
    let schema = &schemas.partners;
    let mut records = SourceSet::new(schema);
    let mut rows = RowSet::new(schema);
    for account in ACCOUNTS {
        let account = (account.0, account.1.to_owned(), *account);
        push_record(&mut records, schema, &account);
    }
    for &(row_id, account, active) in ROWS {
        let account = (account.0, account.1.to_owned(), account);
        push_row(&mut rows, schema, row_id, active, &account);
    }
    for at in 0..60 {
        let name = format!("Filler Partner {at:02}");
        let base: Account = (
            2_000 + at,
            "",
            "Premier",
            "ann@prm.example",
            "https://filler.example",
            "NAM",
            "United States",
        );
        push_row(
            &mut rows,
            schema,
            100 + at,
            true,
            &(base.0, name.clone(), base),
        );
        let tier = if at < leavers { "Pending" } else { "Premier" };
        push_record(
            &mut records,
            schema,
            &(
                base.0,
                name,
                (base.0, "", tier, base.3, base.4, base.5, base.6),
            ),
        );
    }
    let mut gone = Answers::default();
    gone.gone.insert(33);
    gone.unverified.insert(34, "403 Forbidden".to_owned());
    let partners = input(schema, records, rows, gone, &[60]);

    let schema = &schemas.contacts;
    let mut records = SourceSet::new(schema);
    let mut rows = RowSet::new(schema);
    for user in USERS {
        let cells = contact_cells(schema, user);
        let name = ACCOUNTS
            .iter()
            .find(|account| account.0 == user.5)
            .map_or("Unheard of Ltd", |account| account.1);
        records.push(
            schema,
            &SourceRecord {
                id: user.0,
                modified: Some(now() - Duration::hours(2)),
                active: Some(user.6),
                account_id: Some(user.5),
                account_name: Some(name),
                fields: &cells,
                ..SourceRecord::default()
            },
        );
    }
    for &(row_id, ref contact, partner_id) in CONTACT_ROWS {
        let cells = contact_cells(schema, contact);
        rows.push(&RowRecord {
            row_id,
            impartner_id: Some(contact.0),
            active: true,
            partner_id,
            fields: &cells,
        });
    }
    let contacts = input(schema, records, rows, Answers::default(), &[]);
    let input = PlanInput {
        scope: Scope::All,
        mode: Mode::Full,
        created_at: now() - Duration::minutes(1),
        schemas,
        entities: PerEntity { partners, contacts },
        lms_links: LmsLinks::default(),
        warnings: Vec::new(),
    };
    plan(input, &FilterConfig::default(), &GuardConfig::default())
}

/// A plan with every kind of line and no tripped guard.
pub(super) fn small_plan() -> Plan {
    plan_with(0)
}

fn push_record(records: &mut SourceSet, schema: &Schema, account: &(i64, String, Account)) {
    let cells = partner_cells(schema, account);
    records.push(
        schema,
        &SourceRecord {
            id: account.0,
            modified: Some(now() - Duration::hours(1)),
            status: Some("Active"),
            fields: &cells,
            ..SourceRecord::default()
        },
    );
}

fn push_row(
    rows: &mut RowSet,
    schema: &Schema,
    row_id: i64,
    active: bool,
    account: &(i64, String, Account),
) {
    let mut cells = partner_cells(schema, account);
    if let Some(at) = schema.index("account_status") {
        cells[at] = if active { None } else { Some("Inactive") };
    }
    rows.push(&RowRecord {
        row_id,
        impartner_id: Some(account.0),
        active,
        partner_id: None,
        fields: &cells,
    });
}

fn input(
    schema: &Schema,
    records: SourceSet,
    rows: RowSet,
    answers: Answers,
    holds: &[i64],
) -> EntityInput {
    let listed = records.len();
    EntityInput {
        limits: Limits {
            lengths: schema
                .fields
                .iter()
                .map(|field| Some(field.length))
                .collect(),
            unique: UniqueRule::IgnoreCaseAndAccents,
        },
        holds: holds.iter().copied().collect(),
        carried: std::iter::empty().collect(),
        window: WindowCounts {
            active: rows.active_count(),
            ..WindowCounts::default()
        },
        rows,
        read: Some(Read {
            latest: records.latest(),
            listed,
            facts: SourceFacts {
                read: listed as u64,
                count: Some(listed as u64),
                proved: true,
                pages: 1,
                ..SourceFacts::default()
            },
            records,
            answers,
            feed: Vec::new(),
            deletions_known: true,
        }),
    }
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
        lease: None,
        interrupted: None,
        at: now(),
    }
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
                people,
                foreign_members,
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
    }
}
