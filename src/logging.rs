//! The log: rolling files in the state directory, one a day (UTC), text or JSON, kept for a while.
//!
//! Nothing secret is logged at any level, and no personal data beyond ids at info. The id of a run is a field of the
//! span around it, so that `grep run_id=12` (or `"run_id":12`) finds its lines, and [`lines`] does.

pub mod lines;

use std::io::Write;
use std::path::{Path, PathBuf};

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_appender::rolling::{Builder, Rotation};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::config::{Env, LogConfig, state_dir};
use crate::files;
use crate::text::safe;

/// How the files begin; the day and `.log` follow.
const PREFIX: &str = "prmdesk";

/// Keeps the log going; what is still in memory is written when it is dropped.
#[derive(Debug)]
pub struct Log {
    /// Where the files are.
    pub dir: PathBuf,
    _guard: WorkerGuard,
}

/// Why there is no log. The work goes on without one.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The directory or the file could not be made.
    #[error("there is no log: {} could not be written: {reason}", dir.display())]
    Unwritable {
        /// Which directory.
        dir: PathBuf,
        /// Why.
        reason: String,
    },
    /// Somebody else logs in this process.
    #[error("there is no log: another one was started in this process")]
    Started,
}

/// The directory of the log files.
pub fn dir(config: &LogConfig, env: Env<'_>) -> PathBuf {
    config
        .dir
        .clone()
        .unwrap_or_else(|| state_dir(env).join("log"))
}

/// Starts logging to files in `dir`. Lines wait in memory for a thread of their own, and none is dropped.
pub fn start(config: &LogConfig, dir: &Path) -> Result<Log, LogError> {
    let unwritable = |reason: String| LogError::Unwritable {
        dir: dir.to_owned(),
        reason,
    };
    files::create_folder(dir).map_err(|error| unwritable(error.to_string()))?;
    let files = Builder::new()
        .rotation(Rotation::DAILY)
        .filename_prefix(PREFIX)
        .filename_suffix("log")
        .max_log_files(config.keep)
        .build(dir)
        .map_err(|error| unwritable(reason(&error)))?;
    let (writer, guard) = NonBlockingBuilder::default().lossy(false).finish(files);
    let lines = if config.json {
        fmt::layer()
            .with_ansi(false)
            .with_writer(writer)
            .json()
            .with_current_span(true)
            .with_span_list(false)
            .boxed()
    } else {
        fmt::layer()
            .with_ansi(false)
            .with_writer(move || OneLine(writer.clone()))
            .boxed()
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(filter(&config.level)))
        .try_init()
        .map_err(|_| LogError::Started)?;
    Ok(Log {
        dir: dir.to_owned(),
        _guard: guard,
    })
}

/// Our own lines at `level`; those of libraries only when they warn: at debug they show headers and SQL values.
fn filter(level: &str) -> Targets {
    let level = level.parse().unwrap_or(tracing::Level::INFO);
    Targets::new()
        .with_default(tracing::Level::WARN.min(level))
        .with_target("prmdesk", level)
}

/// One event on one line, whatever its values hold: a line break in a name begins no line of its own, and what would bend
/// a terminal is made visible (docs/rules.md, "Safety and privacy"). Each call is one event, its line end included.
struct OneLine<W>(W);

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, event: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        self.0.write_all(format!("{}\n", safe(text)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

fn reason(error: &dyn std::error::Error) -> String {
    error
        .source()
        .map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_speak_only_when_they_warn() {
        let debug = filter("debug");
        assert!(debug.would_enable("prmdesk::store", &tracing::Level::DEBUG));
        assert!(!debug.would_enable("sqlx::query", &tracing::Level::DEBUG));
        assert!(debug.would_enable("sqlx::query", &tracing::Level::WARN));
        assert!(!filter("error").would_enable("sqlx::query", &tracing::Level::WARN));
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = start(&LogConfig::default(), &file.join("log")).unwrap_err();
        assert!(
            error.to_string().contains("file/log could not be written"),
            "{error}"
        );
    }

    #[test]
    fn the_directory_follows_configuration_then_state() {
        let env = |name: &str| (name == "XDG_STATE_HOME").then(|| "/state".to_owned());
        assert_eq!(
            dir(&LogConfig::default(), &env),
            Path::new("/state/prmdesk/log")
        );
        let named = LogConfig {
            dir: Some("/var/log/p".into()),
            ..LogConfig::default()
        };
        assert_eq!(dir(&named, &env), Path::new("/var/log/p"));
    }
}
