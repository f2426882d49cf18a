//! `doctor`: every thing that has to be right before a run, each checked by itself, with what to do about it.

mod database;
mod impartner;
mod lms;

use std::path::Path;

use crate::clock::Clock;
use crate::config::{ConfigError, Loaded};
use crate::error::Error;
use crate::values::{Check, CheckStatus};

/// Checks configuration, database, Impartner and LMS. Works with a broken configuration: then that is the answer.
pub async fn doctor(loaded: Result<Loaded, ConfigError>, clock: &Clock) -> Vec<Check> {
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(error) => return vec![failed("configuration", error)],
    };
    let mut checks = vec![configuration(&loaded)];
    checks.extend(
        loaded
            .warnings
            .iter()
            .map(|message| check("secrets", CheckStatus::Warning, format!("{message}."), None)),
    );
    let config = &loaded.config;
    let (database, impartner, lms) = tokio::join!(
        database::checks(config, clock),
        impartner::checks(config, clock),
        lms::checks(config, clock),
    );
    checks.extend(database);
    checks.extend(impartner);
    checks.extend(lms);
    checks
}

fn ok(name: &str, message: impl Into<String>) -> Check {
    check(name, CheckStatus::Ok, message, None)
}

fn warning(name: &str, message: impl Into<String>, help: &str) -> Check {
    check(name, CheckStatus::Warning, message, Some(help))
}

fn failure(name: &str, message: impl Into<String>, help: &str) -> Check {
    check(name, CheckStatus::Failure, message, Some(help))
}

fn check(name: &str, status: CheckStatus, message: impl Into<String>, help: Option<&str>) -> Check {
    Check {
        name: name.to_owned(),
        status,
        message: message.into(),
        help: help.map(str::to_owned),
    }
}

/// A check that ended with an error: its message and its help are the answer.
fn failed(name: &str, error: impl Into<Error>) -> Check {
    let error = error.into();
    check(
        name,
        CheckStatus::Failure,
        error.message.clone(),
        error.help.as_deref(),
    )
}

fn configuration(loaded: &Loaded) -> Check {
    let name = "configuration";
    let profile = &loaded.config.profile;
    let Some(path) = &loaded.path else {
        return ok(
            name,
            format!(
                "There is no file; the environment and the defaults are used (profile {profile})."
            ),
        );
    };
    if !loaded.inline_secrets.is_empty() && others_can_read(path) {
        return warning(
            name,
            format!(
                "{} holds {} and can be read by others.",
                path.display(),
                loaded.inline_secrets.join(", ")
            ),
            "Take the rights of others away (chmod 600), or keep the secret elsewhere (KEY_file, KEY_command).",
        );
    }
    ok(
        name,
        format!("{} is sound (profile {profile}).", path.display()),
    )
}

#[cfg(unix)]
fn others_can_read(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).is_ok_and(|file| file.mode() & 0o044 != 0)
}

#[cfg(not(unix))]
fn others_can_read(_path: &Path) -> bool {
    false
}

/// The first entries of a list in words, and how many more there are.
fn first_few(list: &[String]) -> String {
    const MOST: usize = 5;
    let shown = list
        .iter()
        .take(MOST)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match list.len().checked_sub(MOST).filter(|&more| more > 0) {
        Some(more) => format!("{shown} and {more} more"),
        None => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_broken_configuration_is_the_answer() {
        let error = ConfigError::Profile {
            name: "x".into(),
            known: Vec::new(),
        };
        let checks = doctor(Err(error), &Clock::system()).await;
        assert_eq!(checks.len(), 1);
        assert_eq!(checks[0].name, "configuration");
        assert_eq!(checks[0].status, CheckStatus::Failure);
        assert!(checks[0].help.is_some());
    }

    #[test]
    fn long_lists_are_cut() {
        let list: Vec<String> = (1..=7).map(|n| n.to_string()).collect();
        assert_eq!(first_few(&list), "1, 2, 3, 4, 5 and 2 more");
        assert_eq!(first_few(&list[..5]), "1, 2, 3, 4, 5");
    }
}
