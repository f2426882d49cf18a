//! What a command works with: the configuration, the clock, standard output, and the progress it can be cancelled by.

use std::future::Future;

use super::args::Global;
use super::output::Out;
use super::progress::Watch;
use super::report::Format;
use crate::clock::Clock;
use crate::config::{self, Config, process_env};
use crate::desk::Desk;
use crate::error::{Error, Kind, Result};
use crate::logging::{self, Log};
use crate::progress::Progress;

/// See the module.
pub(super) struct Context<'a> {
    /// The configuration.
    pub(super) config: Config,
    /// The clock.
    pub(super) clock: Clock,
    /// Standard output.
    pub(super) out: &'a mut Out,
    /// Whether results are JSON.
    pub(super) format: Format,
    /// What the core reports to; cancelled by SIGINT and SIGTERM.
    pub(super) progress: Progress,
    watch: Watch,
    _log: Option<Log>,
}

impl<'a> Context<'a> {
    /// Loads the configuration, starts the log, and listens for signals. Needs a runtime.
    pub(super) fn start(global: &Global, format: Format, out: &'a mut Out) -> Result<Self> {
        Self::with(configuration(global)?, format, out)
    }

    /// Like [`Context::start`], with a configuration that is there already.
    pub(super) fn with(config: Config, format: Format, out: &'a mut Out) -> Result<Self> {
        let log = start_log(&config);
        let (progress, watch) = Watch::start()?;
        Ok(Self {
            config,
            clock: Clock::system(),
            out,
            format,
            progress,
            watch,
            _log: log,
        })
    }

    /// Whether results are JSON.
    pub(super) fn json(&self) -> bool {
        self.format == Format::Json
    }

    /// Opens the desk.
    pub(super) async fn desk(&self) -> Result<Desk> {
        self.reading(Box::pin(Desk::open(
            self.config.clone(),
            self.clock.clone(),
        )))
        .await
    }

    /// Opens the desk for a preview, which read-only mode allows on a database that was never migrated.
    pub(super) async fn desk_to_preview(&self) -> Result<Desk> {
        self.reading(Box::pin(Desk::open_to_preview(
            self.config.clone(),
            self.clock.clone(),
        )))
        .await
    }

    /// Awaits work that only reads: it is dropped when somebody cancels.
    pub(super) async fn reading<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.progress.cancel_token().cancelled() => Err(Error::cancelled()),
            done = work => done,
        }
    }

    /// Takes the progress line off the terminal, so that results can be printed.
    pub(super) fn quiet(&self) {
        self.watch.quiet();
    }
}

/// The configuration that `global` names; what is not as it should be is said once and stops nothing.
pub(super) fn configuration(global: &Global) -> Result<Config> {
    let loaded = config::load(&global.overrides(), &process_env)?;
    for warning in &loaded.warnings {
        super::report::warn(warning);
    }
    Ok(loaded.config)
}

/// A log that cannot be written is said once and stops nothing.
pub(super) fn start_log(config: &Config) -> Option<Log> {
    // No file is made in read-only mode, the log's neither (docs/rules.md, "Safety and privacy").
    if config.read_only {
        return None;
    }
    let dir = logging::dir(&config.log, &process_env);
    match logging::start(&config.log, &dir) {
        Ok(log) => Some(log),
        Err(error) => {
            super::report::warn(&error.to_string());
            None
        }
    }
}

/// Runs `work` on a runtime of two workers: enough for a program that waits for others. A thread that still waits for
/// an answer on the terminal does not keep the process from ending.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| {
            Error::new(
                Kind::Internal,
                "runtime",
                "The runtime could not be started.",
            )
            .source(error)
        })?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    done
}
