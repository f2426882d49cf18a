//! Where files are: the XDG directories (<https://specifications.freedesktop.org/basedir-spec>).

use std::path::PathBuf;

use super::fault::ConfigError;
use super::variables::VARIABLES;

/// Gives environment variables; the tests give their own.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The machine's environment, for [`Env`]. An empty variable counts as not set.
pub fn process_env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// Refuses variables that prmdesk reads and that are no UTF-8: left out in silence, the file's database would be written
/// instead of theirs, or a server started without its token.
pub fn check_environment() -> Result<(), ConfigError> {
    let ours = VARIABLES.iter().map(|(name, _)| *name);
    let paths = [
        "PRMDESK_CONFIG",
        "HOME",
        "XDG_CONFIG_HOME",
        "XDG_STATE_HOME",
    ];
    for name in ours.chain(paths) {
        if std::env::var_os(name).is_some_and(|value| value.to_str().is_none()) {
            return Err(ConfigError::Environment { name });
        }
    }
    Ok(())
}

/// The file of the first place of docs/contract.md, "Configuration" that needs no word of the user: `prmdesk.toml`
/// here, then that of the user's configuration directory.
pub(super) fn default_file(env: Env<'_>) -> Option<PathBuf> {
    let here = PathBuf::from("prmdesk.toml");
    if here.exists() {
        return Some(here);
    }
    user_file(env).filter(|path| path.exists())
}

/// The file in the user's configuration directory, whether it is there or not.
pub fn user_file(env: Env<'_>) -> Option<PathBuf> {
    Some(base(env, "XDG_CONFIG_HOME", ".config")?.join("prmdesk/config.toml"))
}

/// Where logs and the console's memory are kept: `$XDG_STATE_HOME/prmdesk`. Without a home: the temporary directory.
pub fn state_dir(env: Env<'_>) -> PathBuf {
    base(env, "XDG_STATE_HOME", ".local/state")
        .unwrap_or_else(std::env::temp_dir)
        .join("prmdesk")
}

/// `$name` when it is an absolute path (a relative one is invalid by the specification), else `$HOME/below`.
fn base(env: Env<'_>, name: &str, below: &str) -> Option<PathBuf> {
    env(name)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| Some(PathBuf::from(env("HOME")?).join(below)))
}
