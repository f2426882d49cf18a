//! Finding and reading the configuration: file, profile, environment, flags (CONTRACT.md section 2).

use std::path::PathBuf;

use super::Config;

/// What flags say; it overrides the environment, which overrides the file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--operator`.
    pub operator: Option<String>,
    /// `--read-only`.
    pub read_only: bool,
    /// `--log-level`.
    pub log_level: Option<String>,
}

/// A configuration and where it came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// The file that was read, if any.
    pub path: Option<PathBuf>,
}

/// Why a configuration could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("the configuration file {path} could not be read")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Reads the configuration. `env` gives environment variables.
pub fn load(
    _overrides: &Overrides,
    _env: &dyn Fn(&str) -> Option<String>,
) -> Result<Loaded, ConfigError> {
    Ok(Loaded {
        config: Config::default(),
        path: None,
    })
}
