//! What MariaDB and SQLite spell differently; nowhere else.

use chrono::{DateTime, Utc};

use super::Engine;
use super::db::{Arg, time_text};

/// The server's version.
pub(super) fn version(engine: Engine) -> &'static str {
    match engine {
        Engine::MariaDb => "SELECT VERSION()",
        Engine::Sqlite => "SELECT sqlite_version()",
    }
}

/// The database's own clock, UTC.
pub(super) fn now(engine: Engine) -> &'static str {
    match engine {
        Engine::MariaDb => "UTC_TIMESTAMP(6)",
        Engine::Sqlite => "strftime('%Y-%m-%d %H:%M:%f000', 'now')",
    }
}

/// A text that no other database draws.
pub(super) fn random_id(engine: Engine) -> &'static str {
    match engine {
        Engine::MariaDb => "UUID()",
        Engine::Sqlite => "lower(hex(randomblob(16)))",
    }
}

/// The database's own clock and a span, which is the one argument; see [`span`].
pub(super) fn now_plus(engine: Engine) -> &'static str {
    match engine {
        Engine::MariaDb => "UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND",
        Engine::Sqlite => "strftime('%Y-%m-%d %H:%M:%f000', 'now', ?)",
    }
}

/// The argument of [`now_plus`].
pub(super) fn span(engine: Engine, span: std::time::Duration) -> Arg<'static> {
    match engine {
        Engine::MariaDb => Arg::Int(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)),
        Engine::Sqlite => Arg::from(format!("+{:.3} seconds", span.as_secs_f64())),
    }
}

/// A time of ours as a literal: digits and punctuation only.
pub(super) fn time_literal(at: DateTime<Utc>) -> String {
    format!("'{}'", time_text(at))
}

/// Keeps rows that are read from changing until the transaction ends. In SQLite the writer has the whole file.
pub(super) fn for_update(engine: Engine) -> &'static str {
    match engine {
        Engine::MariaDb => " FOR UPDATE",
        Engine::Sqlite => "",
    }
}

/// `INSERT … ` that replaces `columns` when the row of `key` is there already. Only for prmdesk's own tables, which
/// have one unique key.
pub(super) fn upsert(engine: Engine, key: &str, columns: &[&str]) -> String {
    let sets = |value: fn(&str) -> String| {
        columns
            .iter()
            .map(|column| format!("{column} = {}", value(column)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match engine {
        Engine::MariaDb => format!(
            " ON DUPLICATE KEY UPDATE {}",
            sets(|column| format!("VALUES({column})"))
        ),
        Engine::Sqlite => format!(
            " ON CONFLICT ({key}) DO UPDATE SET {}",
            sets(|column| format!("excluded.{column}"))
        ),
    }
}

/// The type of a column of [`json_rows`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColumnType {
    Int,
    Text,
}

/// Rows that come as one JSON argument, an array of arrays: a derived table `v` with columns `v_0`, `v_1`, …. One
/// placeholder whatever the number of rows, so that the statement is prepared once and no limit on placeholders
/// (MariaDB 65,535, SQLite 32,766) is ever met.
pub(super) fn json_rows(engine: Engine, cells: &[ColumnType]) -> String {
    let columns = cells
        .iter()
        .enumerate()
        .map(|(at, cell)| match (engine, cell) {
            (Engine::MariaDb, ColumnType::Int) => format!("v_{at} BIGINT PATH '$[{at}]'"),
            // LONGTEXT, so that nothing is cut here: the table's own column decides what is too long.
            (Engine::MariaDb, ColumnType::Text) => {
                format!("v_{at} LONGTEXT CHARACTER SET utf8mb4 PATH '$[{at}]'")
            }
            (Engine::Sqlite, _) => format!("value ->> {at} AS v_{at}"),
        });
    let columns = columns.collect::<Vec<_>>().join(", ");
    match engine {
        Engine::MariaDb => format!("JSON_TABLE(?, '$[*]' COLUMNS ({columns})) v"),
        Engine::Sqlite => format!("(SELECT {columns} FROM json_each(?)) v"),
    }
}

/// `UPDATE table SET sets` for each row of `rows` (a [`json_rows`] whose `v_0` is the table's `id`).
pub(super) fn update_from(engine: Engine, table: &str, rows: &str, sets: &str) -> String {
    update_where(engine, table, "v.v_0", rows, sets)
}

/// The same for an `id` that is compared with `id`, an expression of the row.
pub(super) fn update_where(
    engine: Engine,
    table: &str,
    id: &str,
    rows: &str,
    sets: &str,
) -> String {
    match engine {
        Engine::MariaDb => {
            format!("UPDATE {rows} STRAIGHT_JOIN {table} ON {table}.id = {id} SET {sets}")
        }
        Engine::Sqlite => format!("UPDATE {table} SET {sets} FROM {rows} WHERE {table}.id = {id}"),
    }
}

/// A join that is made in the order in which it is written.
pub(super) fn then_join(engine: Engine) -> &'static str {
    match engine {
        Engine::MariaDb => "STRAIGHT_JOIN",
        Engine::Sqlite => "CROSS JOIN",
    }
}

/// A column of an adopted schema as a whole number, whatever its type.
pub(super) fn as_int(engine: Engine, column: &str) -> String {
    match engine {
        Engine::MariaDb => format!("CAST({column} AS SIGNED)"),
        Engine::Sqlite => format!("CAST({column} AS INTEGER)"),
    }
}

/// A column of an adopted schema as text, whatever its type.
pub(super) fn as_text(engine: Engine, column: &str) -> String {
    match engine {
        Engine::MariaDb => format!("CAST({column} AS CHAR CHARACTER SET utf8mb4)"),
        Engine::Sqlite => format!("CAST({column} AS TEXT)"),
    }
}

/// Whether a person is not marked as gone from the LMS, for `u` as the name of `lms_users` (docs/contract.md, "Database").
/// `gone` is how earlier versions marked them.
pub(super) const STILL_THERE: &str = "(u.status IS NULL OR u.status NOT IN ('deleted', 'gone'))";

/// Whether a row of `partners` or `contacts`, under this name, is active: no value counts as active, as it does in plans
/// (docs/rules.md, "Adopted tables").
pub(super) fn active(alias: &str) -> String {
    format!("COALESCE({alias}.is_active, 1) <> 0")
}

/// `true` inside a JSON_OBJECT.
pub(super) fn json_true(engine: Engine) -> &'static str {
    match engine {
        Engine::MariaDb => "true",
        Engine::Sqlite => "json('true')",
    }
}

/// The columns of every table: table, column, type in lower case, length in characters, nullable, default, collation,
/// whether the database computes the value itself.
pub(super) fn columns(engine: Engine) -> &'static str {
    match engine {
        Engine::MariaDb => {
            "SELECT table_name, column_name, LOWER(column_type), CAST(character_maximum_length AS SIGNED), is_nullable = 'YES', \
                CAST(column_default AS CHAR CHARACTER SET utf8mb4), collation_name, \
                is_generated <> 'NEVER' OR extra LIKE '%auto_increment%' \
             FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position"
        }
        Engine::Sqlite => {
            "SELECT t.name, c.name, LOWER(c.type), NULL, c.\"notnull\" = 0, c.dflt_value, NULL, c.hidden <> 0 \
             FROM sqlite_schema t JOIN pragma_table_xinfo(t.name) c WHERE t.type = 'table' ORDER BY t.name, c.cid"
        }
    }
}

/// Those of `names` (a list of literals) that are there: name, kind of table, storage engine. SQLite knows one engine and
/// is answered for as one that serves.
pub(super) fn table_kinds(engine: Engine, names: &str) -> String {
    match engine {
        Engine::MariaDb => format!(
            "SELECT LOWER(table_name), table_type, COALESCE(engine, '') FROM information_schema.tables \
             WHERE table_schema = DATABASE() AND table_name IN ({names}) ORDER BY table_name"
        ),
        Engine::Sqlite => format!(
            "SELECT LOWER(name), CASE WHEN sql LIKE 'CREATE VIRTUAL%' THEN 'virtual table' WHEN type = 'table' THEN 'BASE TABLE' \
             ELSE type END, 'InnoDB' FROM sqlite_schema WHERE type IN ('table', 'view') AND LOWER(name) IN ({names}) ORDER BY name"
        ),
    }
}

/// The foreign keys of tables: table, table that it points at.
pub(super) fn foreign_keys(engine: Engine) -> &'static str {
    match engine {
        Engine::MariaDb => {
            "SELECT LOWER(table_name), LOWER(referenced_table_name) FROM information_schema.key_column_usage \
             WHERE table_schema = DATABASE() AND referenced_table_name IS NOT NULL ORDER BY 1, 2"
        }
        Engine::Sqlite => {
            "SELECT LOWER(t.name), LOWER(k.\"table\") FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) k \
             WHERE t.type = 'table' ORDER BY 1, 2"
        }
    }
}

/// Sets how long a statement of this session waits for a table that others use (their open transactions keep DDL out of it),
/// and gives what was set before; see `migration_waits_as_before`.
pub(super) fn migration_waits(engine: Engine, seconds: u64) -> Option<String> {
    match engine {
        Engine::MariaDb => Some(format!(
            "SET @prmdesk_table_wait = @@SESSION.lock_wait_timeout, @prmdesk_row_wait = @@SESSION.innodb_lock_wait_timeout, \
             SESSION lock_wait_timeout = {seconds}, SESSION innodb_lock_wait_timeout = {seconds}"
        )),
        Engine::Sqlite => None,
    }
}

/// Ends [`migration_waits`].
pub(super) const MIGRATION_WAITS_AS_BEFORE: &str = "SET SESSION lock_wait_timeout = @prmdesk_table_wait, \
     SESSION innodb_lock_wait_timeout = @prmdesk_row_wait";

/// Who has a transaction open, the oldest first: connection, login, host, seconds since it began, what it does now.
pub(super) const OPEN_TRANSACTIONS: &str = "SELECT p.id, p.user, p.host, TIMESTAMPDIFF(SECOND, t.trx_started, NOW()), p.command \
     FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id \
     WHERE p.id <> CONNECTION_ID() ORDER BY t.trx_started LIMIT 5";

/// The columns of partners and contacts that a new row must give a value: table, column. Those that a trigger may fill
/// are left out.
pub(super) fn demanding_columns(engine: Engine) -> &'static str {
    match engine {
        Engine::MariaDb => {
            "SELECT LOWER(c.table_name), LOWER(c.column_name) FROM information_schema.columns c \
             WHERE c.table_schema = DATABASE() AND c.table_name IN ('partners', 'contacts') AND c.is_nullable = 'NO' \
               AND c.column_default IS NULL AND c.extra NOT LIKE '%auto_increment%' AND c.is_generated = 'NEVER' \
               AND NOT EXISTS (SELECT 1 FROM information_schema.triggers t WHERE t.event_object_schema = DATABASE() \
                 AND t.event_object_table = c.table_name AND t.action_timing = 'BEFORE' AND t.event_manipulation = 'INSERT') \
             ORDER BY c.table_name, c.ordinal_position"
        }
        Engine::Sqlite => {
            "SELECT t.name, LOWER(c.name) FROM sqlite_schema t JOIN pragma_table_xinfo(t.name) c \
             WHERE t.type = 'table' AND t.name IN ('partners', 'contacts') AND c.\"notnull\" = 1 AND c.dflt_value IS NULL \
               AND c.pk = 0 AND c.hidden = 0 ORDER BY t.name, c.cid"
        }
    }
}

/// The columns of every index: table, index, unique, column, whether all of the column and all rows are in it.
pub(super) fn indexes(engine: Engine) -> &'static str {
    match engine {
        Engine::MariaDb => {
            "SELECT table_name, index_name, non_unique = 0, column_name, sub_part IS NULL \
             FROM information_schema.statistics WHERE table_schema = DATABASE() \
             ORDER BY table_name, index_name, seq_in_index"
        }
        Engine::Sqlite => {
            "SELECT t.name, i.name, i.\"unique\", c.name, i.partial = 0 \
             FROM sqlite_schema t JOIN pragma_index_list(t.name) i JOIN pragma_index_xinfo(i.name) c \
             WHERE t.type = 'table' AND c.key = 1 ORDER BY t.name, i.name, c.seqno"
        }
    }
}

/// Takes (MariaDB) or needs no (SQLite: the transaction is one) lock against two migrations at once, with a limit on
/// the wait; the answer's first column is 1 when it was got.
pub(super) fn migration_lock(engine: Engine) -> Option<(&'static str, &'static str)> {
    match engine {
        Engine::MariaDb => Some((
            "SELECT GET_LOCK(CONCAT('prmdesk.migrate.', LEFT(DATABASE(), 40)), 10)",
            "SELECT RELEASE_LOCK(CONCAT('prmdesk.migrate.', LEFT(DATABASE(), 40)))",
        )),
        Engine::Sqlite => None,
    }
}
