//! The stand-in for both remote APIs: real HTTP on loopback, credible data from a seed, faults on demand.
//!
//! Part of the product (`prmdesk demo`) and the ground that the tests stand on; only `cli/demo` and tests import it.
//!
//! `prmdesk demo`: [`World::load`] from the data directory, or [`World::generate_at`] the present moment and fill the
//! database from [`yesterday()`]; then [`Sandbox::start`] with [`SandboxOptions::demo`] and `keep`, so that what is done
//! to the stand-ins outlives the program. Tests against the real binary reach the faults, the log and the data over
//! HTTP; the calls are listed in `control.rs`.
//!
//! ```no_run
//! # use prmdesk::sandbox::{Sandbox, SandboxOptions, World};
//! # use prmdesk::sandbox::{Act, Fault};
//! # async fn example() -> std::io::Result<()> {
//! let sandbox = Sandbox::start(World::generate(7, 200, 2_000), SandboxOptions::default()).await?;
//! sandbox.faults().impartner(Fault::new(Act::ShortPage { drop: 3 }).object("User").page(2));
//! sandbox.world().edit_account(1_001, |account| account.tier = Some("Pending".into()));
//! assert_eq!(sandbox.log().len(), 0);
//! sandbox.stop().await;
//! # Ok(())
//! # }
//! ```

mod cells;
mod control;
mod faults;
mod generate;
mod generate_lms;
mod impartner;
mod lms;
mod lms_world;
mod log;
mod made;
mod names;
mod net;
mod query;
mod records;
mod render;
mod reply;
mod scope;
mod serve;
mod specials;
mod world;
mod yesterday;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::{Config, Secret};

pub use faults::{Act, Cut, Fault, Faults, RecordId, Side, Times, When};
pub use lms_world::{Course, Group, LmsWorld, Person, Transcript};
pub use log::{Entry, Log};
pub use records::{Account, Object, User};
pub use render::{BoolAs, Envelope, NullAs, NumberAs, ReferenceAs, Shape};
pub use world::{Fate, Ghosts, Gone, World};
pub use yesterday::{Leak, Yesterday, YesterdayRow, yesterday};

/// The seed, accounts and users of the demo when nothing else is said.
pub const DEMO: (u64, usize, usize) = (20_261_120, 2137, 20_000);

/// The query dialect that the stand-in Impartner honours; it silently ignores the other's parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// skip, take, filter, orderby, fields; modification time `Updated`.
    #[default]
    Objects,
    /// page, pageSize, $filter, $orderby, $select; modification time `ModifiedDate`.
    Odata,
}

/// What an odata tenant calls order and fields: nobody has written it down (docs/apis.md, "Impartner").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OdataNames {
    /// `$orderby` and `$select`.
    #[default]
    Dollar,
    /// `orderby` and `fields`, as in objects.
    Plain,
}

/// Whether paging parameters count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paging {
    /// They do.
    #[default]
    Honoured,
    /// They do not: every request gets the first page.
    Ignored,
}

/// Whether rendered pages are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pages {
    /// Each request renders its page.
    #[default]
    Fresh,
    /// A page is rendered once while the world does not change: for measuring clients, not the sandbox. Costs the
    /// memory of all pages.
    Kept,
}

/// How the answer for an id that does not exist looks (docs/apis.md, "Impartner" knows three ways).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// Status 404.
    #[default]
    Status404,
    /// Status 200, `success: false`, code `NotFound`.
    SuccessFalse,
    /// Status 200, `data: null`.
    NullData,
}

/// How a sandbox behaves.
#[derive(Clone, Debug)]
pub struct SandboxOptions {
    /// The dialect that Impartner honours.
    pub dialect: Dialect,
    /// What an odata tenant calls order and fields.
    pub odata_names: OdataNames,
    /// Whether paging parameters count.
    pub paging: Paging,
    /// Whether rendered pages are kept.
    pub pages: Pages,
    /// The most records a page has, whatever is asked for.
    pub page_cap: usize,
    /// Records of a page when nothing is asked for.
    pub default_take: usize,
    /// The shape of Impartner's answers.
    pub shape: Shape,
    /// How the answer for a missing id looks.
    pub missing: Missing,
    /// Whether an unknown name in `fields` is refused; else it is left out.
    pub strict_fields: bool,
    /// Added to every answer.
    pub latency: Duration,
    /// Requests a second after which Impartner answers 429.
    pub impartner_rps: Option<u32>,
    /// Requests a second after which the LMS answers 429; the vendor's limit is 10.
    pub lms_rps: Option<u32>,
    /// The most items of a page of the LMS.
    pub lms_page_cap: usize,
    /// The key for `Authorization: prm-key …`.
    pub impartner_key: String,
    /// The tenant for `X-PRM-TenantId`.
    pub tenant_id: String,
    /// The key for `X-Api-Key`.
    pub lms_key: String,
    /// Shuffles listings without an order.
    pub shuffle_seed: u64,
    /// Ports for Impartner and the LMS; 0: any free one.
    pub ports: (u16, u16),
    /// Where the world is kept: written within a second of each change over the API, and at the end.
    pub keep: Option<PathBuf>,
}

impl Default for SandboxOptions {
    /// Quick and without limits, as tests want it.
    fn default() -> Self {
        Self {
            dialect: Dialect::Objects,
            odata_names: OdataNames::Dollar,
            paging: Paging::Honoured,
            pages: Pages::Fresh,
            page_cap: 1000,
            default_take: 100,
            shape: Shape::default(),
            missing: Missing::Status404,
            strict_fields: false,
            latency: Duration::ZERO,
            impartner_rps: None,
            lms_rps: None,
            lms_page_cap: 100,
            impartner_key: "sandbox-impartner-key".to_owned(),
            tenant_id: "1".to_owned(),
            lms_key: "sandbox-lms-key".to_owned(),
            shuffle_seed: 1,
            ports: (0, 0),
            keep: None,
        }
    }
}

impl SandboxOptions {
    /// As `prmdesk demo` runs it: with the LMS's real rate limit and a little latency.
    pub fn demo() -> Self {
        Self {
            latency: Duration::from_millis(2),
            lms_rps: Some(10),
            ..Self::default()
        }
    }
}

/// Both stand-ins, running. Dropping it stops them; [`Sandbox::stop`] also waits for the world to be written.
#[derive(Debug)]
pub struct Sandbox {
    world: Arc<Mutex<World>>,
    faults: Faults,
    log: Log,
    options: SandboxOptions,
    running: serve::Running,
}

impl Sandbox {
    /// Starts both stand-ins on loopback.
    ///
    /// # Errors
    /// No free port, or a port that is taken.
    pub async fn start(world: World, options: SandboxOptions) -> std::io::Result<Self> {
        let faults = Faults::new(world.seed());
        let log = Log::default();
        let world = Arc::new(Mutex::new(world));
        let running = serve::start(&world, &faults, &log, &options).await?;
        Ok(Self {
            world,
            faults,
            log,
            options,
            running,
        })
    }

    /// `impartner.url` for the configuration, without `/api/objects/v1`.
    pub fn impartner_url(&self) -> String {
        format!("http://{}", self.running.impartner)
    }

    /// `lms.url` for the configuration, without `/v2`.
    pub fn lms_url(&self) -> String {
        format!("http://{}", self.running.lms)
    }

    /// The key for `PRMDESK_IMPARTNER_API_KEY`.
    pub fn impartner_key(&self) -> &str {
        &self.options.impartner_key
    }

    /// The key for `PRMDESK_LMS_API_KEY`.
    pub fn lms_key(&self) -> &str {
        &self.options.lms_key
    }

    /// The environment that points `prmdesk` at this sandbox (docs/contract.md, "Configuration").
    pub fn environment(&self) -> [(&'static str, String); 5] {
        [
            ("PRMDESK_IMPARTNER_URL", self.impartner_url()),
            ("PRMDESK_IMPARTNER_API_KEY", self.impartner_key().to_owned()),
            ("PRMDESK_IMPARTNER_TENANT", self.options.tenant_id.clone()),
            ("PRMDESK_LMS_URL", self.lms_url()),
            ("PRMDESK_LMS_API_KEY", self.lms_key().to_owned()),
        ]
    }

    /// Points a configuration at this sandbox.
    pub fn configure(&self, config: &mut Config) {
        config.impartner.url = self.impartner_url();
        config.impartner.api_key = Some(Secret::new(self.impartner_key()));
        config
            .impartner
            .tenant_id
            .clone_from(&self.options.tenant_id);
        config.lms.url = self.lms_url();
        config.lms.api_key = Some(Secret::new(self.lms_key()));
    }

    /// How it behaves.
    pub fn options(&self) -> &SandboxOptions {
        &self.options
    }

    /// The data, locked for a look or an edit. Do not hold it over an `await`: the stand-ins wait for it.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The data, shared, for tasks that outlive the borrow.
    pub fn shared_world(&self) -> Arc<Mutex<World>> {
        self.world.clone()
    }

    /// Installs and clears faults.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// What was asked so far.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Stops both stand-ins: open connections are reset, and the world is written if it is kept.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}
