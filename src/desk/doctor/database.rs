//! The database: whether it answers, what its user may do, whether the tables are those that a run needs.

use super::super::Desk;
use super::{failed, failure, first_few, ok, warning};
use chrono::{DateTime, Utc};

use crate::clock::Clock;
use crate::config::{Config, RuleChange};
use crate::plan::PerEntity;
use crate::store::{Engine, SchemaState, Store};
use crate::values::{Check, CheckStatus};

pub(super) async fn checks(config: &Config, clock: &Clock) -> Vec<Check> {
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
    let ms = ping.latency.as_millis();
    let answers = format!("{} at {target} answers in {ms} ms.", ping.version);
    let mut checks = vec![ok(name, answers)];
    checks.push(settings(&store).await);
    checks.push(privileges(&store, config.read_only).await);
    let refusals = match store.refusals().await {
        Ok(refusals) => refusals,
        Err(error) => return vec![failed(name, error)],
    };
    if refusals.is_empty() {
        let current = schema(&store).await;
        let sound = current.status == CheckStatus::Ok;
        checks.push(current);
        if sound {
            checks.push(rules(&store, config).await);
        }
        checks.extend(columns(&store).await);
    } else {
        checks.extend(
            refusals
                .into_iter()
                .map(|refusal| failed("schema", refusal)),
        );
    }
    store.close().await;
    checks
}

/// What of the server's own settings no session of ours can put right (docs/operations.md, "A server set up by somebody
/// else").
async fn settings(store: &Store) -> Check {
    let name = "settings";
    let help = "Change it in the server's configuration, or ask whoever keeps the server.";
    let troubles = match store.server_troubles().await {
        Ok(Some(troubles)) => troubles,
        Ok(None) => {
            return ok(
                name,
                "An SQLite file has no server with settings of its own.",
            );
        }
        Err(error) => return failed(name, error),
    };
    let told = |what: &[String]| format!("{}.", what.join("; "));
    if !troubles.failing.is_empty() {
        failure(name, told(&troubles.failing), help)
    } else if !troubles.risky.is_empty() {
        warning(name, told(&troubles.risky), help)
    } else {
        ok(
            name,
            "What a run needs of the server's settings, each of its sessions sets for itself.",
        )
    }
}

/// Whether an edit of the filters waits for acceptance (docs/rules.md, "Accepted rules").
async fn rules(store: &Store, config: &Config) -> Check {
    let name = "rules";
    let accepted = match store.accepted_rules().await {
        Ok(accepted) => accepted,
        Err(error) => return failed(name, error),
    };
    let Some(accepted) = accepted else {
        return ok(
            name,
            "No filters were accepted yet; the first run that is applied accepts the configured ones.",
        );
    };
    let changed = config.filters.changes_since(&accepted.filters);
    if changed.is_empty() {
        let by = &accepted.operator;
        return ok(
            name,
            format!("The configured filters are those that {by} accepted."),
        );
    }
    let words: Vec<String> = changed.iter().map(RuleChange::words).collect();
    warning(
        name,
        format!(
            "The configured filters differ from those that {} accepted: {}. What only that would do waits.",
            accepted.operator,
            words.join("; ")
        ),
        "Look at what it would do (`prmdesk rules try`), and accept it (`prmdesk rules accept`) or undo the edit.",
    )
}

/// The stored watermarks; none where the database does not tell them: another check says why.
pub(super) async fn watermarks(config: &Config, clock: &Clock) -> PerEntity<Option<DateTime<Utc>>> {
    let Ok(store) = Desk::connect(config, clock).await else {
        return PerEntity::default();
    };
    let marks = store.watermarks().await.unwrap_or_default();
    store.close().await;
    marks
}

/// What the database user may do, told by what works with it: reading alone is enough for a preview in read-only mode, and
/// DELETE only for rows of prmdesk's own tables and for memberships and enrolments that ended.
async fn privileges(store: &Store, read_only: bool) -> Check {
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
    if missing.run.contains(&"SELECT") {
        return failure(
            name,
            "The database user lacks SELECT; nothing works.",
            "Grant it on the database.",
        );
    }
    if read_only {
        return ok(
            name,
            "The database user may read, which is all that read-only mode needs.",
        );
    }
    let lacks = missing.run.join(", ");
    if missing.run == ["DELETE"] {
        return warning(
            name,
            "The database user lacks DELETE: a run works until something carried over is settled, a hold is lifted or a person leaves an LMS group, and fails then.",
            "Grant DELETE on prmdesk's own tables (sync_…, offboarding_steps) and on lms_group_members and lms_enrollments; on partners and contacts it is not needed.",
        );
    }
    if !missing.run.is_empty() {
        return failure(
            name,
            format!(
                "The database user lacks {lacks}; no run works, a preview with --read-only does."
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
        Ok(SchemaState::Missing(what)) => match store.migrate_sql().await {
            Ok(_) => failure(
                name,
                format!("The schema lacks {}.", first_few(&what)),
                "Run `prmdesk migrate`; `prmdesk migrate --dry-run` shows the SQL.",
            ),
            // What `migrate` would refuse.
            Err(error) => failed(name, error),
        },
        Ok(SchemaState::Newer { found, known }) => failure(
            name,
            format!("The schema has version {found}; this prmdesk knows up to {known}."),
            "Use a prmdesk at least as new as the one that migrated the database.",
        ),
        Err(error) => failed(name, error),
    }
}

/// What the tables of whoever was here before will make of a run.
async fn columns(store: &Store) -> Vec<Check> {
    let name = "columns";
    let troubles = match store.column_troubles().await {
        Ok(troubles) => troubles,
        Err(error) => return vec![failed(name, error)],
    };
    let mut checks = Vec::new();
    if !troubles.demanding.is_empty() {
        checks.push(failure(
            name,
            format!(
                "No row can be added: {} must have a value, has no default, and prmdesk does not know what it is for.",
                first_few(&troubles.demanding)
            ),
            "Give the column a default, or let it be NULL (ALTER TABLE … MODIFY).",
        ));
    } else if !troubles.narrow.is_empty() {
        checks.push(warning(
            name,
            format!(
                "These columns do not hold every text: {}. A row with a text that does not fit fails and is reported; the others go on.",
                first_few(&troubles.narrow)
            ),
            "Convert the tables when nobody works with them (ALTER TABLE … CONVERT TO CHARACTER SET utf8mb4).",
        ));
    } else {
        checks.push(ok(name, "Every column takes what a run writes."));
    }
    if !troubles.lms.is_empty() {
        checks.push(warning(
            "lms_tables",
            format!(
                "What the lms_ tables do not take: {}. `prmdesk lms refresh` names such rows (exit 4) and stores the others.",
                troubles.lms.join("; ")
            ),
            "Nothing has to be done; widen the columns or drop the keys (ALTER TABLE) where such rows matter.",
        ));
    }
    checks
}
