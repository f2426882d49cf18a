//! The shared sync core: one facade, [`Desk`], that console, command line and HTTP adapter call. It brings the
//! outsides (`impartner`, `lms`, `store`) and the rules (`plan`) together; it does no terminal I/O.
//!
//! | file | what lives there |
//! |---|---|
//! | `reading` | listings, by-id checks, deleted-ids feed and tables, side by side |
//! | `running` | the lease, the run record, and what is left of a run that did not end |
//! | `apply` | from a plan and a selection to a run report, in one transaction |
//! | `unattended` | a sync that nobody watches: what it may do, and whom it tells |
//! | `undo` | a run's journal as a plan |
//! | `rules` | accepted filters, what others would do, letting addresses through |
//! | `look` | status, runs, history |
//! | `holds` | rows that are never soft-deleted, and their CSV file |
//! | `offboard` | cases: opened, decided, run, put back |
//! | `lms` | the refresh of the `lms_` tables |
//! | `certs` | certification counts, compared with Impartner and pushed |
//! | `monitor` | what pollers and monitoring ask |
//! | `fault` | from the errors of the outsides to the one error of the faces |

mod apply;
pub mod certs;
mod doctor;
mod fault;
mod holds;
mod lms;
mod look;
mod migrate;
mod monitor;
pub mod offboard;
mod reading;
mod recheck;
pub mod rules;
mod running;
mod unattended;
mod undo;

pub use crate::values;

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::Clock;
use crate::config::{Config, Secret};
use crate::error::{Error, Kind, Result};
use crate::impartner::Client;
use crate::plan::guards::{self, Guard, WindowCounts};
use crate::plan::{PerEntity, Plan, Schema, Selection, planner};
use crate::progress::{Phase, Progress};
use crate::store::{Access, Store};
use crate::values::{PreviewRequest, Records};
use reading::Wanted;

pub use apply::{Attendance, Choice, Shown};
pub use doctor::doctor;
pub use look::Probe;
pub use migrate::{migrate, schema_sql};
pub use running::Prepared;
pub use unattended::Unattended;

/// A preview whose database is lost while it is read is read this often.
const READINGS: u32 = 3;

/// The shared sync core. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Desk {
    inner: Arc<Parts>,
}

#[derive(Debug)]
struct Parts {
    config: Config,
    clock: Clock,
    store: Store,
    impartner: OnceLock<Client>,
    lms: OnceLock<crate::lms::Client>,
}

impl Desk {
    /// Connects to the database. A SQLite file is made and migrated on first use; a MariaDB database without the
    /// schema is an error that says to migrate. Impartner and LMS are not called.
    pub async fn open(config: Config, clock: Clock) -> Result<Self> {
        let store = Self::connect(&config, &clock).await?;
        store.require_schema().await?;
        let desk = Self::with_store(config, clock, store);
        desk.adopt_rules().await?;
        Ok(desk)
    }

    /// Like [`Desk::open`], for a preview: in read-only mode an adopted database that was never migrated is taken as it
    /// is, and the preview says what it does without.
    pub async fn open_to_preview(config: Config, clock: Clock) -> Result<Self> {
        let store = Self::connect(&config, &clock).await?;
        if !config.read_only || !store.take_as_it_is().await? {
            store.require_schema().await?;
        }
        let desk = Self::with_store(config, clock, store);
        desk.adopt_rules().await?;
        Ok(desk)
    }

    /// The database alone, whatever its schema; for `migrate` and `doctor`.
    pub async fn connect(config: &Config, clock: &Clock) -> Result<Store> {
        let url = Self::database_url(config)?;
        let access = if config.read_only {
            Access::Read
        } else {
            Access::Write
        };
        Ok(Store::connect_for(url, clock.clone(), access).await?)
    }

    /// Where the database is.
    fn database_url(config: &Config) -> Result<&Secret> {
        config.database.url.as_ref().ok_or_else(|| {
            Error::new(Kind::Config, "no_database", "No database is configured.").help(
                "Set PRMDESK_DATABASE_URL or database.url, for instance mysql://user:password@host:3306/partners or sqlite:///var/lib/prmdesk/partners.db; `prmdesk init` writes a configuration to start from.",
            )
        })
    }

    fn with_store(config: Config, clock: Clock, store: Store) -> Self {
        Self {
            inner: Arc::new(Parts {
                config,
                clock,
                store,
                impartner: OnceLock::new(),
                lms: OnceLock::new(),
            }),
        }
    }

    /// The configuration it was opened with.
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// The clock it was opened with.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// The columns of both entities and where they come from.
    pub fn schemas(&self) -> PerEntity<Schema> {
        PerEntity::from_fn(|entity| self.config().schema(entity))
    }

    fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Impartner's client, made when it is first needed: much works without a key.
    fn impartner(&self) -> Result<&Client> {
        if let Some(client) = self.inner.impartner.get() {
            return Ok(client);
        }
        let client = Client::new(&self.config().impartner, self.clock().clone())?;
        Ok(self.inner.impartner.get_or_init(|| client))
    }

    /// The LMS's client, made when it is first needed.
    fn lms(&self) -> Result<&crate::lms::Client> {
        if let Some(client) = self.inner.lms.get() {
            return Ok(client);
        }
        let client = crate::lms::Client::new(&self.config().lms, self.clock().clone())?;
        Ok(self.inner.lms.get_or_init(|| client))
    }

    /// Reads and plans; takes no lease and writes nothing.
    pub async fn preview(&self, request: PreviewRequest, progress: &Progress) -> Result<Plan> {
        self.preview_of(request.into(), progress).await
    }

    /// The plan of these records alone, asked for by id. Evidence, guards and holds are what they are in every plan; the
    /// watermark stays where it is, and of the carried-over records these alone are settled.
    pub async fn preview_records(&self, records: &Records, progress: &Progress) -> Result<Plan> {
        self.preview_of(records.into(), progress).await
    }

    pub(in crate::desk) async fn preview_of(
        &self,
        wanted: Wanted<'_>,
        progress: &Progress,
    ) -> Result<Plan> {
        let mut attempt = 1;
        let input = loop {
            match Box::pin(self.read_all(wanted, progress)).await {
                // Nothing was written yet: a host that was lost while it was read costs no more than the time.
                Err(error)
                    if error.kind == Kind::Database
                        && error.is_retryable()
                        && attempt < READINGS
                        && !progress.is_cancelled() =>
                {
                    tracing::warn!(attempt, error = %error, "the database was lost while it was read; it is read again");
                    attempt += 1;
                    tokio::time::sleep(std::time::Duration::from_millis(100 << attempt)).await;
                }
                read => break read?,
            }
        };
        progress.phase(Phase::Planning);
        let (filters, guards) = (self.config().filters.clone(), self.config().guards.clone());
        let plan = planned_beside(move || planner::plan(input, &filters, &guards)).await?;
        tracing::info!(
            plan = %plan.id,
            scope = plan.scope.word(),
            mode = plan.mode.word(),
            items = plan.items.len(),
            warnings = plan.warnings.len(),
            "planned"
        );
        if progress.is_cancelled() {
            Err(Error::cancelled())
        } else {
            Ok(plan)
        }
    }

    /// The guards as they stand for these ticks: pure, for showing them while a person ticks. The apply counts again.
    pub fn guards(&self, plan: &Plan, selection: &Selection) -> Vec<Guard> {
        guards::evaluate(plan, selection, &plan.windows, &self.config().guards)
    }

    /// The guards as they stand for these ticks with what other runs wrote until now: for a question about a plan that
    /// was made earlier, whose own counts are of then.
    pub async fn guards_now(&self, plan: &Plan, selection: &Selection) -> Result<Vec<Guard>> {
        let windows = self.windows(plan).await?;
        Ok(guards::evaluate(
            plan,
            selection,
            &windows,
            &self.config().guards,
        ))
    }

    /// What the guards count beside `plan` by now, for who counts them while a person ticks.
    pub async fn guard_windows(&self, plan: &Plan) -> Result<PerEntity<WindowCounts>> {
        self.windows(plan).await
    }

    /// Whether writes are allowed; `what` says what would have been written.
    fn allow_write(&self, what: &str) -> Result<()> {
        if self.config().read_only {
            Err(Error::read_only(what))
        } else {
            Ok(())
        }
    }

    /// The moment from which soft-deletes count for the guards, by the database's clock, which is also what runs are
    /// dated by there: a host whose clock is wrong must not count fewer.
    async fn window_start(&self) -> Result<DateTime<Utc>> {
        let window = TimeDelta::from_std(self.config().guards.window).unwrap_or(TimeDelta::days(1));
        Ok(self.store().now().await? - window)
    }
}

/// Plans beside the tasks that wait for it: a million records take a while, and the console's and the server's other tasks
/// go on meanwhile.
async fn planned_beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|panic| {
        Error::new(
            Kind::Internal,
            "planner",
            "The planner failed; nothing was written.",
        )
        .source(panic)
    })
}
