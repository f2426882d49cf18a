//! The Impartner client against the stand-in: both dialects, and every fault a listing can have.

mod by_id;
mod decode;
mod half_true;
mod records;
mod strict;
mod wire;
mod write;

use std::collections::BTreeSet;
use std::time::Duration;

use prmdesk::clock::Clock;
use prmdesk::config::{DialectChoice, ImpartnerConfig, Secret};
use prmdesk::impartner::{Backoff, Client, ImpartnerError, Listing};
use prmdesk::plan::{Entity, Schema};
use prmdesk::progress::Progress;
use prmdesk::sandbox::{Act, Cut, Dialect, Fault, Sandbox, SandboxOptions, World};

/// A sandbox and a configuration that reaches it.
pub(crate) struct Rig {
    pub(crate) sandbox: Sandbox,
    pub(crate) config: ImpartnerConfig,
}

impl Rig {
    pub(crate) async fn start(world: World, options: SandboxOptions) -> Self {
        let sandbox = Sandbox::start(world, options).await.unwrap();
        let config = ImpartnerConfig {
            url: sandbox.impartner_url(),
            api_key: Some(Secret::new(sandbox.impartner_key())),
            timeout: Duration::from_secs(20),
            retries: 2,
            ..ImpartnerConfig::default()
        };
        Self { sandbox, config }
    }

    pub(crate) async fn of(accounts: usize, users: usize) -> Self {
        Self::start(
            World::generate(11, accounts, users),
            SandboxOptions::default(),
        )
        .await
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.config, Clock::system())
            .unwrap()
            .with_backoff(Backoff {
                base: Duration::from_millis(1),
                cap: Duration::from_millis(4),
            })
    }

    async fn accounts(&self) -> Result<Listing, ImpartnerError> {
        self.list(Entity::Partners).await
    }

    async fn list(&self, entity: Entity) -> Result<Listing, ImpartnerError> {
        let progress = Progress::silent();
        self.client()
            .listing(&Schema::of(entity), None, &progress)
            .await
    }

    fn account_ids(&self) -> Vec<i64> {
        self.sandbox.world().accounts().map(|a| a.id).collect()
    }
}

/// Every account, in order, with what the world says of it.
fn assert_whole(rig: &Rig, listing: &Listing) {
    assert_eq!(listing.facts.reason, None);
    assert!(listing.facts.proved);
    assert_eq!(listing.records.ids(), rig.account_ids());
    let world = rig.sandbox.world();
    let latest = world.accounts().map(|a| a.updated.timestamp_millis()).max();
    assert_eq!(
        listing.records.latest().map(|at| at.timestamp_millis()),
        latest
    );
    for (at, account) in (0u32..).zip(world.accounts()) {
        let field = |column| {
            let index = Schema::of(Entity::Partners).index(column).unwrap();
            listing.records.field(at, index)
        };
        assert_eq!(
            field("account_name"),
            Some(account.name.trim()),
            "{}",
            account.id
        );
        assert_eq!(field("partner_tier"), account.tier.as_deref());
        assert_eq!(field("country"), account.country.as_deref());
        let region = account.region_id.and_then(|id| world.region(id));
        assert_eq!(field("account_region"), region);
        assert_eq!(listing.records.status(at), account.status.as_deref());
    }
}

#[tokio::test]
async fn both_dialects_configured_or_found_read_every_record() {
    for dialect in [Dialect::Objects, Dialect::Odata] {
        for choice in [
            DialectChoice::Auto,
            DialectChoice::Objects,
            DialectChoice::Odata,
        ] {
            let options = SandboxOptions {
                dialect,
                ..SandboxOptions::default()
            };
            let mut rig = Rig::start(World::generate(5, 257, 0), options).await;
            rig.config.dialect = choice;
            let right = choice == DialectChoice::Auto
                || (choice == DialectChoice::Objects) == (dialect == Dialect::Objects);
            let listing = rig.accounts().await;
            if right {
                let listing = listing.unwrap();
                assert_whole(&rig, &listing);
                assert_eq!(listing.facts.count, Some(257));
                assert_eq!(listing.facts.pages, 3);
                assert_eq!(listing.facts.retries, 0);
            } else {
                let error = listing.unwrap_err();
                assert!(
                    matches!(error, ImpartnerError::IgnoresPaging { .. }),
                    "{error}"
                );
            }
        }
    }
}

#[tokio::test]
async fn auto_works_in_tiny_tenants() {
    for dialect in [Dialect::Objects, Dialect::Odata] {
        for accounts in [0, 1, 2, 3] {
            let options = SandboxOptions {
                dialect,
                ..SandboxOptions::default()
            };
            let rig = Rig::start(World::generate(5, accounts, 0), options).await;
            let listing = rig.accounts().await.unwrap();
            assert_eq!(
                listing.records.len(),
                rig.account_ids().len(),
                "{dialect:?} {accounts}"
            );
            assert!(listing.facts.proved);
            let want = match (dialect, rig.account_ids().len()) {
                (_, 0) => None,
                (Dialect::Objects, _) => Some(prmdesk::impartner::Dialect::Objects),
                (Dialect::Odata, _) => Some(prmdesk::impartner::Dialect::Odata),
            };
            assert_eq!(rig.client().ping().await.unwrap().dialect, want);
        }
    }
}

#[tokio::test]
async fn requests_carry_the_exact_fields_the_order_and_the_headers() {
    let rig = Rig::of(5, 0).await;
    rig.accounts().await.unwrap();
    let log = rig.sandbox.log().entries();
    assert!(
        log.iter()
            .all(|entry| entry.who == "key" && entry.agent.starts_with("prmdesk/"))
    );
    let page = log
        .iter()
        .find(|entry| entry.param("skip") == Some("0"))
        .unwrap();
    assert_eq!(
        page.param("fields"),
        Some(
            "Id,Name,Partner_Tier__cf,Account_Owner__cf,Account_Owner_Email__cf,Partner_Type__cf,CrmId,Website,Region,MailingCountry,Account_Status__cf,Status,Updated"
        )
    );
    assert_eq!(page.param("orderby"), Some("Id"));
    assert_eq!(page.param("take"), Some("100"));
    assert_eq!(page.param("filter"), None);
}

#[tokio::test]
async fn an_incremental_listing_asks_for_what_changed_since() {
    for dialect in [Dialect::Objects, Dialect::Odata] {
        let options = SandboxOptions {
            dialect,
            ..SandboxOptions::default()
        };
        let rig = Rig::start(World::generate(5, 150, 0), options).await;
        let client = rig.client();
        let schema = Schema::of(Entity::Partners);
        let progress = Progress::silent();
        let full = client.listing(&schema, None, &progress).await.unwrap();
        let since = full.records.latest().unwrap();
        let ids = rig.account_ids();
        rig.sandbox
            .world()
            .edit_account(ids[7], |a| a.tier = Some("Premier".into()));
        let changed = client
            .listing(&schema, Some(since), &progress)
            .await
            .unwrap();
        assert!(changed.facts.proved, "{:?}", changed.facts);
        let got: BTreeSet<i64> = changed.records.ids().iter().copied().collect();
        // `>=`, in whole seconds: what was modified within the watermark's second comes again.
        let want: BTreeSet<i64> = {
            let world = rig.sandbox.world();
            world
                .accounts()
                .filter(|a| a.updated.timestamp() >= since.timestamp())
                .map(|a| a.id)
                .collect()
        };
        assert!(got.contains(&ids[7]));
        assert_eq!(got, want);
        assert!(got.len() < 150);
    }
}

/// What a listing of 257 accounts comes to under a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comes {
    /// Proved and whole.
    Whole,
    /// Not proved, with this many records.
    Doubted(usize),
    /// The run ends.
    Ends,
}

#[tokio::test]
async fn each_fault_of_a_listing_and_what_comes_out() {
    use Comes::{Doubted, Ends, Whole};
    let success_false = || Act::SuccessFalse {
        message: "Try later.".into(),
        code: None,
    };
    let status = |status, retry_after| Act::Status {
        status,
        retry_after,
        message: None,
    };
    let cut = |cut| Act::CutBody { keep: 60, cut };
    let faults: Vec<(&str, Fault, Comes, Comes)> = vec![
        // name, fault, objects, odata
        (
            "short page once",
            Fault::new(Act::ShortPage { drop: 7 }).page(1),
            Whole,
            Whole,
        ),
        (
            "short page always",
            Fault::new(Act::ShortPage { drop: 7 }).page(1).always(),
            Whole,
            Doubted(250),
        ),
        (
            "short first page once",
            Fault::new(Act::ShortPage { drop: 40 }).page(0),
            Whole,
            Whole,
        ),
        (
            "empty page once",
            Fault::new(Act::EmptyPage { count: None }).page(1),
            Whole,
            Whole,
        ),
        (
            "empty page always",
            Fault::new(Act::EmptyPage { count: None }).page(1).always(),
            Doubted(157),
            Doubted(157),
        ),
        (
            "empty success always",
            Fault::new(Act::EmptyPage { count: Some(0) })
                .listings()
                .always(),
            Whole,
            Whole,
        ),
        (
            "count too small always",
            Fault::new(Act::Count { by: -100 }).listings().always(),
            Doubted(257),
            Doubted(257),
        ),
        (
            "count too small by one page, always",
            Fault::new(Act::Count { by: -157 }).listings().always(),
            Doubted(257),
            Doubted(257),
        ),
        (
            "count too large always",
            Fault::new(Act::Count { by: 3 }).listings().always(),
            Doubted(257),
            Doubted(257),
        ),
        (
            "count moves once",
            Fault::new(Act::Count { by: 1 }).page(2),
            Whole,
            Whole,
        ),
        (
            "count moves always",
            Fault::new(Act::Count { by: 1 }).page(2).always(),
            Doubted(257),
            Doubted(257),
        ),
        (
            "page repeated once",
            Fault::new(Act::RepeatPage { page: 0 }).page(1),
            Whole,
            Whole,
        ),
        (
            "page repeated always",
            Fault::new(Act::RepeatPage { page: 0 }).page(1).always(),
            Doubted(157),
            Doubted(157),
        ),
        (
            "records deleted while reading",
            Fault::new(Act::DeleteFirst { records: 2 }).page(1),
            Whole,
            Whole,
        ),
        (
            "records inserted while reading",
            Fault::new(Act::InsertFirst { records: 2 }).page(1),
            Whole,
            Whole,
        ),
        (
            "take capped",
            Fault::new(Act::CapTake { cap: 30 }).listings().always(),
            Whole,
            Whole,
        ),
        (
            "body cut, connection broken",
            Fault::new(cut(Cut::Broken)).page(1),
            Whole,
            Whole,
        ),
        (
            "body cut cleanly",
            Fault::new(cut(Cut::Clean)).page(1),
            Whole,
            Whole,
        ),
        (
            "body cut always",
            Fault::new(cut(Cut::Clean)).page(1).always(),
            Ends,
            Ends,
        ),
        (
            "html with status 200",
            Fault::new(Act::Html).page(1),
            Whole,
            Whole,
        ),
        (
            "html always",
            Fault::new(Act::Html).page(1).always(),
            Ends,
            Ends,
        ),
        (
            "success false",
            Fault::new(success_false()).page(1),
            Whole,
            Whole,
        ),
        (
            "success false always",
            Fault::new(success_false()).page(1).always(),
            Ends,
            Ends,
        ),
        ("data null", Fault::new(Act::NullData).page(1), Whole, Whole),
        (
            "data null always",
            Fault::new(Act::NullData).page(1).always(),
            Ends,
            Ends,
        ),
        ("reset", Fault::new(Act::Reset).page(1), Whole, Whole),
        (
            "reset always",
            Fault::new(Act::Reset).page(1).always(),
            Ends,
            Ends,
        ),
        ("429", Fault::new(status(429, None)).page(1), Whole, Whole),
        (
            "429 with Retry-After",
            Fault::new(status(429, Some(0))).page(1),
            Whole,
            Whole,
        ),
        (
            "429 storm",
            Fault::new(status(429, None)).listings().times(2),
            Whole,
            Whole,
        ),
        (
            "503 always",
            Fault::new(status(503, None)).page(1).always(),
            Ends,
            Ends,
        ),
        ("408", Fault::new(status(408, None)).page(2), Whole, Whole),
        ("425", Fault::new(status(425, None)).page(2), Whole, Whole),
        ("500", Fault::new(status(500, None)).page(0), Whole, Whole),
        (
            "401 half-way",
            Fault::new(status(401, None)).page(2),
            Ends,
            Ends,
        ),
        (
            "403 half-way",
            Fault::new(status(403, None)).page(2),
            Ends,
            Ends,
        ),
        (
            "400 half-way",
            Fault::new(status(400, None)).page(2),
            Ends,
            Ends,
        ),
    ];
    let mut wrong = Vec::new();
    for dialect in [Dialect::Objects, Dialect::Odata] {
        for (name, fault, objects, odata) in &faults {
            let options = SandboxOptions {
                dialect,
                ..SandboxOptions::default()
            };
            let mut rig = Rig::start(World::generate(5, 257, 0), options).await;
            // Named, so that the search for the dialect does not use up a fault.
            let (choice, want) = match dialect {
                Dialect::Objects => (DialectChoice::Objects, objects),
                Dialect::Odata => (DialectChoice::Odata, odata),
            };
            rig.config.dialect = choice;
            let number = rig.sandbox.faults().impartner(fault.clone());
            let listing = rig.accounts().await;
            assert!(
                rig.sandbox.faults().struck(number) > 0,
                "{name}: the fault never struck"
            );
            let got = match &listing {
                Ok(listing) if listing.facts.proved => Whole,
                Ok(listing) => Doubted(listing.records.len()),
                Err(_) => Ends,
            };
            if got != *want {
                let facts = listing.as_ref().map(|listing| &listing.facts);
                wrong.push(format!(
                    "{name} ({dialect:?}): {got:?}, not {want:?}: {facts:?}"
                ));
                continue;
            }
            if let (Ok(listing), Whole) = (&listing, got)
                && !matches!(fault.act, Act::EmptyPage { count: Some(0) })
            {
                assert_whole(&rig, listing);
            }
            if let (Ok(listing), Doubted(_)) = (&listing, got) {
                assert!(
                    listing
                        .facts
                        .reason
                        .as_ref()
                        .is_some_and(|why| !why.ends_with('.'))
                );
                let ids = listing.records.ids();
                assert!(
                    ids.windows(2).all(|two| two[0] < two[1]),
                    "{name}: ids are distinct, in order"
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
