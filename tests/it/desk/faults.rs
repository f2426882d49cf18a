//! The fault matrix: every fault the sandbox can make, in every mode. It asserts on the database.
//!
//! Each case has records of its own: one changes its tier, one is new, one becomes inactive, one is deleted, and one
//! contact is deleted. A run under the fault follows, then one full run without it. Whatever the fault does, no row but
//! the inactive and the deleted ones may ever be deactivated, and the healing run must find the truth. The table of what
//! comes of each fault is in ARCHITECTURE.md ("What a lying source can do").

use prmdesk::plan::{Entity, Mode};
use prmdesk::sandbox::{
    Act, BoolAs, Cut, Envelope, Fault, NullAs, NumberAs, ReferenceAs, SandboxOptions, Shape,
};

use prmdesk::store::Engine;

use super::rig::{Rig, account, both};

/// What a run under a fault must have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// Adds and updates, and the soft-deletes that have evidence.
    Everything,
    /// Adds and updates; not one soft-delete of the entity whose listing was not proved.
    NoDeletes,
    /// The run ended; nothing was written.
    Nothing,
    /// The change is not seen, and neither is it lost: the watermark stays.
    Unseen,
    /// Adds, updates and soft-deletes of what was seen as inactive; what is deleted waits for a full run.
    NoFeed,
}

use Expect::{Everything, NoDeletes, NoFeed, Nothing, Unseen};

struct Case {
    name: &'static str,
    fault: Fault,
    full: Expect,
    incremental: Expect,
}

fn case(name: &'static str, fault: Fault, full: Expect, incremental: Expect) -> Case {
    Case {
        name,
        fault,
        full,
        incremental,
    }
}

fn status(status: u16, retry_after: Option<u64>) -> Act {
    Act::Status {
        status,
        retry_after,
        message: None,
    }
}

/// A page of the full listing on which no case has a record; incremental listings are shorter.
const QUIET: u64 = 11;

/// Faults of the `Account` listing unless they say otherwise.
fn cases() -> Vec<Case> {
    let accounts = |act| Fault::new(act).object("Account").listings().always();
    let once = |act| Fault::new(act).object("Account").listings();
    let shape = |shape| accounts(Act::Shape { shape });
    vec![
        case(
            "short page, once",
            once(Act::ShortPage { drop: 3 }),
            Everything,
            Everything,
        ),
        case(
            "short page, always",
            accounts(Act::ShortPage { drop: 1 }),
            NoDeletes,
            NoDeletes,
        ),
        case(
            "empty success, once",
            once(Act::EmptyPage { count: Some(0) }),
            Everything,
            Unseen,
        ),
        case(
            "empty success, always",
            accounts(Act::EmptyPage { count: Some(0) }),
            Unseen,
            Unseen,
        ),
        case(
            "count too high",
            accounts(Act::Count { by: 5 }),
            NoDeletes,
            NoDeletes,
        ),
        case(
            "count too low",
            accounts(Act::Count { by: -1 }),
            NoDeletes,
            NoDeletes,
        ),
        case(
            "count moves",
            Fault::new(Act::Count { by: 1 })
                .object("Account")
                .page(QUIET)
                .always(),
            NoDeletes,
            Everything,
        ),
        case(
            "page repeated",
            Fault::new(Act::RepeatPage { page: 0 })
                .object("Account")
                .page(QUIET)
                .always(),
            NoDeletes,
            Everything,
        ),
        case(
            "page repeated, once",
            Fault::new(Act::RepeatPage { page: 0 })
                .object("Account")
                .page(QUIET),
            Everything,
            Everything,
        ),
        case(
            "take capped at 4",
            accounts(Act::CapTake { cap: 4 }),
            Everything,
            Everything,
        ),
        case(
            "body cut off, once",
            once(Act::CutBody {
                keep: 50,
                cut: Cut::Clean,
            }),
            Everything,
            Everything,
        ),
        case(
            "body cut off, always",
            accounts(Act::CutBody {
                keep: 50,
                cut: Cut::Broken,
            }),
            Nothing,
            Nothing,
        ),
        case(
            "web page with status 200, once",
            once(Act::Html),
            Everything,
            Everything,
        ),
        case(
            "web page with status 200, always",
            accounts(Act::Html),
            Nothing,
            Nothing,
        ),
        case(
            "success false, once",
            once(Act::SuccessFalse {
                message: "busy".into(),
                code: None,
            }),
            Everything,
            Everything,
        ),
        case(
            "success false, always",
            accounts(Act::SuccessFalse {
                message: "busy".into(),
                code: None,
            }),
            Nothing,
            Nothing,
        ),
        case(
            "connection reset, once",
            once(Act::Reset),
            Everything,
            Everything,
        ),
        case(
            "connection reset, always",
            accounts(Act::Reset),
            Nothing,
            Nothing,
        ),
        case(
            "429 with Retry-After, once",
            once(status(429, Some(0))),
            Everything,
            Everything,
        ),
        case(
            "429 without Retry-After, twice",
            once(status(429, None)).times(2),
            Everything,
            Everything,
        ),
        case(
            "503 for ever",
            accounts(status(503, None)),
            Nothing,
            Nothing,
        ),
        case(
            "401 half-way",
            Fault::new(status(401, None))
                .object("Account")
                .page(QUIET)
                .always(),
            Nothing,
            Everything,
        ),
        case(
            "400 on the listing",
            accounts(status(400, None)),
            Nothing,
            Nothing,
        ),
        case(
            "403 by id",
            Fault::new(status(403, None))
                .object("Account")
                .by_id()
                .always(),
            NoFeed,
            NoFeed,
        ),
        case(
            "500 by id",
            Fault::new(status(500, None))
                .object("Account")
                .by_id()
                .always(),
            NoFeed,
            NoFeed,
        ),
        case(
            "404 for every id",
            Fault::new(status(404, None))
                .object("Account")
                .by_id()
                .always(),
            NoFeed,
            NoFeed,
        ),
        case(
            "null by id, with errors",
            Fault::new(Act::Answer {
                status: 200,
                body: serde_json::json!({"data": null, "success": true, "errors": [{"message": "Timeout expired."}]}),
            })
            .object("Account")
            .by_id()
            .always(),
            NoFeed,
            NoFeed,
        ),
        case(
            "null for every id",
            Fault::new(Act::NullData).object("Account").by_id().always(),
            NoFeed,
            NoFeed,
        ),
        case(
            "a broken character in one country",
            accounts(Act::BrokenCharacter {
                key: "mailingCountry".into(),
            }),
            Everything,
            Everything,
        ),
        case(
            "deleted feed refused",
            Fault::new(status(403, None))
                .path("Account/_deleted")
                .always(),
            Everything,
            NoFeed,
        ),
        case(
            "ids as strings",
            shape(Shape {
                ids: Some(NumberAs::Text),
                ..Shape::default()
            }),
            Everything,
            Everything,
        ),
        case(
            "booleans as numbers",
            shape(Shape {
                bools: Some(BoolAs::Number),
                ..Shape::default()
            }),
            Everything,
            Everything,
        ),
        case(
            "nulls left out",
            shape(Shape {
                nulls: Some(NullAs::Omitted),
                ..Shape::default()
            }),
            Everything,
            Everything,
        ),
        case(
            "references as objects",
            shape(Shape {
                references: Some(ReferenceAs::Object),
                ..Shape::default()
            }),
            Everything,
            Everything,
        ),
        case(
            "a bare array without a count",
            shape(Shape {
                envelope: Some(Envelope::Array),
                ..Shape::default()
            }),
            NoDeletes,
            NoDeletes,
        ),
    ]
}

/// Upstream changes of case `k`, all of them in records that no other case touches.
struct Story {
    changed: String,
    inactive: String,
    deleted: String,
    added: usize,
    user: String,
}

impl Story {
    fn of(k: usize) -> Self {
        let partner = |n| format!("P{n:02}");
        Self {
            changed: partner(3 * k + 1),
            inactive: partner(3 * k + 2),
            deleted: partner(3 * k + 3),
            added: 900 + k,
            user: format!("u{:02}@p.example", k + 1),
        }
    }
}

async fn disturbed(rig: &Rig, k: usize, case: &Case, mode: Mode) {
    let story = Story::of(k);
    rig.upstream.advance(chrono::TimeDelta::hours(1));
    rig.set_tier(&story.changed, "Gold");
    rig.sandbox.world().add_account(account(story.added));
    rig.set_tier(&story.inactive, "Pending");
    rig.delete(&story.deleted);
    rig.delete(&story.user);
    let before = rig.rows().await;
    rig.sandbox.faults().impartner(case.fault.clone());
    let result = rig.sync(mode).await;
    let what = format!("{} ({}): {result:?}", case.name, mode.word());
    let rows = rig.rows().await;
    let active = |name: &str| rows.partners.get(name).map(|(active, _)| *active);
    let expect = if mode == Mode::Full {
        case.full
    } else {
        case.incremental
    };
    for (name, (active, _)) in before.partners.iter().filter(|(_, (active, _))| *active) {
        let still = rows.partners[name].0;
        assert!(
            still == *active || [&story.inactive, &story.deleted].contains(&name),
            "{what}: {name} was deactivated"
        );
    }
    for (name, _) in before.contacts.iter().filter(|(_, (active, _))| *active) {
        assert!(
            rows.contacts[name].0 || *name == story.user,
            "{what}: {name} was deactivated"
        );
    }
    // The last record of every page never comes, and the new one is the last of all: it cannot have been added.
    let unseen = case.name == "short page, always";
    let added = unseen || active(&format!("P{}", story.added)) == Some(true);
    let updated = rows.partners[&story.changed].1 == "Gold" && added;
    let (inactive, deleted) = (
        active(&story.inactive) == Some(false),
        active(&story.deleted) == Some(false),
    );
    match expect {
        Nothing => assert!(result.is_err() && rows == before, "{what}"),
        Unseen => assert!(result.is_ok() && !updated, "{what}"),
        NoDeletes => assert!(updated && !inactive && !deleted, "{what}"),
        NoFeed => assert!(updated && inactive && !deleted, "{what}"),
        Everything => assert!(updated && inactive && deleted, "{what}"),
    }
    rig.sandbox.faults().clear();
    rig.sync(Mode::Full).await.unwrap();
    let healed = rig.rows().await;
    let healthy = |name: &str| healed.partners[name].0;
    assert!(
        healed.partners[&story.changed].1 == "Gold" && healthy(&format!("P{}", story.added)),
        "{what}: healed"
    );
    assert!(
        !healthy(&story.inactive) && !healthy(&story.deleted) && !healed.contacts[&story.user].0,
        "{what}: healed"
    );
}

async fn matrix(engine: Engine, mode: Mode) {
    let cases = cases();
    let rig = Rig::with(
        engine,
        3 * cases.len() + 30,
        cases.len() + 10,
        SandboxOptions::default(),
        |config| {
            // Guards have their own tests; here every case deactivates a few rows of its own.
            config.guards.max_count = 10_000;
            config.guards.max_percent = 100.0;
        },
    )
    .await;
    rig.sync(Mode::Full).await.unwrap();
    for (k, case) in cases.iter().enumerate() {
        disturbed(&rig, k, case, mode).await;
    }
}

both! {
    async fn fault_matrix_full(engine: Engine) {
        matrix(engine, Mode::Full).await;
    }

    async fn fault_matrix_incremental(engine: Engine) {
        matrix(engine, Mode::Incremental).await;
    }

    async fn records_that_move_while_they_are_read_delete_nobody(engine: Engine) {
        for act in [Act::DeleteFirst { records: 3 }, Act::InsertFirst { records: 3 }] {
            let rig = Rig::new(engine, 40, 0).await;
            rig.sync(Mode::Full).await.unwrap();
            rig.sandbox.faults().impartner(Fault::new(act).object("Account").page(2));
            rig.sync(Mode::Full).await.unwrap();
            let upstream: Vec<String> = rig.sandbox.world().accounts().map(|account| account.name.clone()).collect();
            for name in rig.inactive(Entity::Partners).await {
                assert!(!upstream.contains(&name), "{name} is still upstream");
            }
        }
    }

    async fn a_listing_that_hides_living_records_deletes_nobody(engine: Engine) {
        let rig = Rig::new(engine, 30, 0).await;
        rig.sync(Mode::Full).await.unwrap();
        let ids = vec![rig.id("P07"), rig.id("P08")];
        rig.delete("P09");
        rig.sandbox.faults().impartner(Fault::new(Act::HideIds { ids }).object("Account").listings().always());
        let report = rig.sync(Mode::Full).await.unwrap();
        assert!(rig.inactive(Entity::Partners).await.is_empty(), "{report:?}");
        assert!(!report.withheld.is_empty(), "{report:?}");
    }

    async fn a_feed_that_lies_about_the_living_deletes_nobody(engine: Engine) {
        let rig = Rig::new(engine, 30, 0).await;
        rig.sync(Mode::Full).await.unwrap();
        let add = vec![rig.id("P07")];
        rig.sandbox.faults().impartner(Fault::new(Act::FeedLies { add, drop: vec![] }).path("_deleted").always());
        rig.sync(Mode::Incremental).await.unwrap();
        assert!(rig.inactive(Entity::Partners).await.is_empty());
    }
}
