//! What every MariaDB session is set to, whatever the server's own settings are (docs/operations.md, "A server set up by
//! somebody else").
//!
//! A server belongs to whoever set it up, and its settings are meant for other programs: what a run relies on it says
//! itself, on every connection, before the first statement.

use std::fmt::Write as _;

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Executor as _, Row as _};

use super::{Access, Engine, Store, StoreError};

/// Settings that every server since 10.6 knows: name and value.
const SETTINGS: &[(&str, &str)] = &[
    // A statement outside a transaction is committed, and a commit begins and ends nothing else.
    ("autocommit", "1"),
    ("completion_type", "'NO_CHAIN'"),
    // Times are what they say; what does not fit is an error and never cut; quotes and || mean what they mean in SQLite.
    ("time_zone", "'+00:00'"),
    (
        "sql_mode",
        "'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
    ),
    ("sql_auto_is_null", "0"),
    // Every row is read and every row is written; a limit on either would read as "these people left".
    ("sql_safe_updates", "0"),
    ("sql_select_limit", "18446744073709551615"),
    ("sql_big_selects", "1"),
    ("max_sort_length", "1024"),
    ("group_concat_max_len", "1048576"),
    // What the tables forbid is forbidden here too.
    ("foreign_key_checks", "1"),
    ("unique_checks", "1"),
    ("check_constraint_checks", "1"),
    // Waits shorter than a person's patience; one for the table itself too, which would be a day. A large statement has its time:
    // who gives it up is the lease, or the person.
    ("innodb_lock_wait_timeout", "20"),
    ("lock_wait_timeout", "60"),
    ("max_statement_time", "0"),
    // A transaction that computes between two statements, and a connection that waits for a person, are not idle.
    ("idle_transaction_timeout", "0"),
    ("idle_readonly_transaction_timeout", "0"),
    ("idle_write_transaction_timeout", "0"),
    ("wait_timeout", "28800"),
    ("net_read_timeout", "600"),
    ("net_write_timeout", "600"),
];

/// Settings that only some servers know.
const WHERE_KNOWN: &[(&str, &str)] = &[
    // The default from MariaDB 11.6.2 on (known since 10.6.18, 10.11.8, 11.4.2): the snapshot of a run would then forbid it the
    // row of the lease, which its own renewal has written since, and every run longer than a renewal would end with 1020.
    ("innodb_snapshot_isolation", "0"),
    // How `migrate` adds a column is the server's choice; a ban on copying a table would refuse it.
    ("alter_algorithm", "'DEFAULT'"),
];

/// What is added on a Galera node: a read waits until the node has everything that was committed on any node before, or
/// a run that goes on there, or another host's run, would not see its own lease and run record yet.
const GALERA: &str = "SET SESSION wsrep_sync_wait = 1";

/// What sort of server a host runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// A server by itself.
    Single,
    /// A node of a Galera cluster.
    Galera,
}

/// Sets a fresh connection up. Asked anew on each, because behind one address several servers may stand.
pub(super) async fn set_up(
    conn: &mut MySqlConnection,
    node: Node,
    access: Access,
) -> Result<(), sqlx::Error> {
    conn.execute(AssertSqlSafe(assignments(SETTINGS.iter().copied())))
        .await?;
    conn.execute(match access {
        Access::Write => "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE",
        Access::Read => "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    })
    .await?;
    let known = sqlx::raw_sql(AssertSqlSafe(format!(
        "SHOW SESSION VARIABLES WHERE Variable_name IN ({})",
        quoted(WHERE_KNOWN.iter().map(|(name, _)| *name))
    )))
    .fetch_all(&mut *conn)
    .await?;
    let mut there = Vec::new();
    for row in &known {
        there.push(row.try_get_unchecked::<String, _>(0)?);
    }
    let there = WHERE_KNOWN
        .iter()
        .copied()
        .filter(|(name, _)| there.iter().any(|one| one.eq_ignore_ascii_case(name)));
    if there.clone().next().is_some() {
        conn.execute(AssertSqlSafe(assignments(there))).await?;
    }
    if node == Node::Galera {
        conn.execute(GALERA).await?;
    }
    Ok(())
}

fn assignments(settings: impl Iterator<Item = (&'static str, &'static str)>) -> String {
    let mut sql = String::new();
    for (name, value) in settings {
        let before = if sql.is_empty() { "SET " } else { ", " };
        // Writing into memory cannot fail.
        let _infallible = write!(sql, "{before}SESSION {name} = {value}");
    }
    sql
}

fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names
        .map(|name| format!("'{name}'"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Settings of the server that no session can change, and how they hurt a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerTroubles {
    /// With these a run fails: what it is, in a whole sentence.
    pub failing: Vec<String>,
    /// With these some runs may.
    pub risky: Vec<String>,
}

/// The largest packet that a statement of ours needs, with room for its text (see `apply::BATCH_BYTES`).
const PACKET: i64 = 1024 * 1024;

/// Connections that one process has open at once at its busiest: readings side by side, the lease's renewal, the apply.
const CONNECTIONS: i64 = 8;

impl Store {
    /// What of the server's settings no session of ours can put right; `None` for SQLite.
    pub async fn server_troubles(&self) -> Result<Option<ServerTroubles>, StoreError> {
        if self.engine() == Engine::Sqlite {
            return Ok(None);
        }
        let mut conn = self.conn().await?;
        let mut values = std::collections::BTreeMap::new();
        let names = [
            "max_allowed_packet",
            "read_only",
            "innodb_read_only",
            "max_user_connections",
            "max_connections",
            "max_prepared_stmt_count",
            "log_bin",
            "binlog_format",
            "wsrep_max_ws_rows",
        ];
        let sql = format!(
            "SHOW SESSION VARIABLES WHERE Variable_name IN ({})",
            quoted(names.into_iter())
        );
        conn.each(sql, vec![], |row| {
            values.insert(row.string(0)?.to_lowercase(), row.string(1)?);
            Ok(())
        })
        .await?;
        Ok(Some(judged(|name| {
            values.get(name).map(String::as_str).unwrap_or_default()
        })))
    }
}

/// What to say of these values; an empty one is a setting that the server does not know.
fn judged<'v>(value: impl Fn(&str) -> &'v str) -> ServerTroubles {
    let mut troubles = ServerTroubles::default();
    let number = |name: &str| value(name).parse::<i64>().ok();
    if let Some(packet) = number("max_allowed_packet").filter(|&packet| packet < PACKET) {
        troubles.failing.push(format!(
            "max_allowed_packet is {packet}, and a statement of prmdesk has up to {PACKET} bytes (1 MiB)"
        ));
    }
    for name in ["read_only", "innodb_read_only"] {
        // `read_only` has words beside ON and OFF from 11.8 on; all of them but OFF refuse writes.
        if !["", "0", "OFF"].contains(&value(name).to_uppercase().as_str()) {
            troubles.risky.push(format!(
                "{name} is {}: the server takes writes from nobody but its administrators",
                value(name)
            ));
        }
    }
    if number("max_prepared_stmt_count").is_some_and(|count| count < 1000) {
        troubles.risky.push(format!(
            "max_prepared_stmt_count is {}, and every connection keeps up to 200 prepared statements",
            value("max_prepared_stmt_count")
        ));
    }
    for name in ["max_user_connections", "max_connections"] {
        if let Some(most) = number(name).filter(|&most| most > 0 && most < CONNECTIONS) {
            troubles.risky.push(format!(
                "{name} is {most}, and prmdesk has up to {CONNECTIONS} connections open at once"
            ));
        }
    }
    let logs = ["1", "ON"].contains(&value("log_bin").to_uppercase().as_str());
    if logs && value("binlog_format").eq_ignore_ascii_case("statement") {
        troubles.risky.push(
            "binlog_format is STATEMENT: new rows may get other ids on a replica than here"
                .to_owned(),
        );
    }
    if let Some(rows) = number("wsrep_max_ws_rows").filter(|&rows| rows > 0) {
        troubles.risky.push(format!(
            "wsrep_max_ws_rows is {rows}, and a run is one transaction of all its rows"
        ));
    }
    troubles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_session_can_put_right_is_told() {
        let of = |pairs: &'static [(&'static str, &'static str)]| {
            judged(move |name| {
                pairs
                    .iter()
                    .find(|(known, _)| *known == name)
                    .map_or("", |(_, value)| value)
            })
        };
        assert_eq!(
            of(&[
                ("max_allowed_packet", "16777216"),
                ("read_only", "OFF"),
                ("max_user_connections", "0"),
                ("max_connections", "151"),
                ("max_prepared_stmt_count", "16382"),
                ("log_bin", "ON"),
                ("binlog_format", "MIXED"),
                ("wsrep_max_ws_rows", "0"),
            ]),
            ServerTroubles::default()
        );
        let bad = of(&[
            ("max_allowed_packet", "65536"),
            ("read_only", "NO_LOCK"),
            ("innodb_read_only", "ON"),
            ("max_user_connections", "2"),
            ("max_prepared_stmt_count", "0"),
            ("log_bin", "ON"),
            ("binlog_format", "STATEMENT"),
            ("wsrep_max_ws_rows", "1000"),
        ]);
        assert_eq!(bad.failing.len(), 1, "{bad:?}");
        assert_eq!(bad.risky.len(), 6, "{bad:?}");
    }

    #[test]
    fn all_settings_are_one_statement() {
        let sql = assignments(SETTINGS.iter().copied());
        assert!(sql.starts_with("SET SESSION autocommit = 1, SESSION completion_type"));
        assert_eq!(sql.matches(" = ").count(), SETTINGS.len());
    }
}
