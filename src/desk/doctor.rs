//! `doctor`: every thing that has to be right before a run, each checked by itself, with what to do about it.

mod impartner;
mod lms;

use std::path::Path;

use super::Desk;
use crate::clock::Clock;
use crate::config::{Config, ConfigError, Loaded};
use crate::error::Error;
use crate::store::{Engine, SchemaState, Store};
use crate::values::{Check, CheckStatus};

/// Checks configuration, database, Impartner and LMS. Works with a broken configuration: then that is the answer.
pub async fn doctor(loaded: Result<Loaded, ConfigError>, clock: &Clock) -> Vec<Check> {
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(error) => return vec![failed("configuration", error)],
    };
    let mut checks = vec![configuration(&loaded)];
    let config = &loaded.config;
    let (database, impartner, lms) = tokio::join!(
        database(config, clock),
        impartner::checks(config, clock),
        lms::checks(config),
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

async fn database(config: &Config, clock: &Clock) -> Vec<Check> {
    let name = "database";
    let store = match Desk::connect(config, clock).await {
        Ok(store) => store,
        Err(error) => return vec![failed(name, error)],
    };
    let ping = match store.ping().await {
        Ok(ping) => ping,
        Err(error) => return vec![failed(name, error)],
    };
    let target = store.target();
    let mut checks = vec![if is_old(store.engine(), &ping.version) {
        failure(
            name,
            format!("{} at {target} is too old.", ping.version),
            "Use MariaDB 10.6 or newer.",
        )
    } else {
        let ms = ping.latency.as_millis();
        ok(
            name,
            format!("{} at {target} answers in {ms} ms.", ping.version),
        )
    }];
    checks.push(privileges(&store).await);
    checks.push(schema(&store).await);
    store.close().await;
    checks
}

/// Whether `version` ("mariadb 10.5.12") is below 10.6, the oldest that is tested (CONTRACT.md section 5).
fn is_old(engine: Engine, version: &str) -> bool {
    let mut numbers = version
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|part| part.parse::<u32>().ok());
    match (engine, numbers.next(), numbers.next()) {
        (Engine::MariaDb, Some(major), Some(minor)) => (major, minor) < (10, 6),
        _ => false,
    }
}

async fn privileges(store: &Store) -> Check {
    let name = "privileges";
    let missing = match store.missing_privileges().await {
        Ok(Some(missing)) => missing,
        Ok(None) if store.engine() == Engine::Sqlite => {
            return ok(
                name,
                "An SQLite file knows no rights but those of the file.",
            );
        }
        Ok(None) => {
            return warning(
                name,
                "What the database user may do could not be told: rights by role or by table.",
                "Make sure of SELECT, INSERT, UPDATE and DELETE; `prmdesk migrate` needs CREATE, ALTER, INDEX and REFERENCES too.",
            );
        }
        Err(error) => return failed(name, error),
    };
    if !missing.run.is_empty() {
        return failure(
            name,
            format!(
                "The database user lacks {}; no run works.",
                missing.run.join(", ")
            ),
            "Grant them on the database.",
        );
    }
    if !missing.migrate.is_empty() {
        return warning(
            name,
            format!(
                "The database user may read and write, but `prmdesk migrate` also needs {}.",
                missing.migrate.join(", ")
            ),
            "Grant them, or run `prmdesk migrate` as another user.",
        );
    }
    ok(name, "The database user may read, write and migrate.")
}

async fn schema(store: &Store) -> Check {
    let name = "schema";
    match store.schema_state().await {
        Ok(SchemaState::Current) => ok(name, "The schema is current."),
        Ok(SchemaState::Missing(what)) => failure(
            name,
            format!("The schema lacks {}.", first_few(&what)),
            "Run `prmdesk migrate`; `prmdesk migrate --dry-run` shows the SQL.",
        ),
        Ok(SchemaState::Newer { found, known }) => failure(
            name,
            format!("The schema has version {found}; this prmdesk knows up to {known}."),
            "Use a prmdesk at least as new as the one that migrated the database.",
        ),
        Err(error) => failed(name, error),
    }
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

    #[test]
    fn old_servers_are_named() {
        for (version, old) in [
            ("mariadb 10.5.12", true),
            ("mariadb 10.6.0", false),
            ("mariadb 10.11.6", false),
            ("mariadb 11.4.2", false),
            ("mariadb 5.5", true),
        ] {
            assert_eq!(is_old(Engine::MariaDb, version), old, "{version}");
        }
        assert!(!is_old(Engine::Sqlite, "sqlite 3.46.0"));
    }

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
