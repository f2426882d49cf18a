//! Connecting: the hosts of the URL in turn, what every session is set to, and another host when one is lost.

use std::path::Path;
use std::sync::PoisonError;
use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::time::{Instant, sleep, timeout};

use super::db::{Conn, Pool};
use super::session::{self, Node};
use super::target::Target;
use super::{Access, Store, StoreError};

/// Longest wait for one host at connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for a connection out of the pool.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait for another writer of the SQLite file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the pool of one host may be waited for before the other hosts of the URL are asked. The pool by itself takes
/// a refused connection for a server that is about to start, and waits.
const PATIENCE: Duration = Duration::from_secs(1);
/// Longest wait for any host of several, once one that served is lost. The survivors of a Galera cluster serve nobody
/// until they agree that a node is gone: evs.suspect_timeout, 5 seconds unless the operator changed it, and a little.
const FAILOVER: Duration = Duration::from_secs(15);
/// Between two rounds of asking all hosts.
const BETWEEN_ROUNDS: Duration = Duration::from_millis(300);

/// The pool at work.
#[derive(Clone, Debug)]
pub(super) struct Serving {
    pub(super) pool: Pool,
    /// Which host of the URL it is, by its place there.
    host: usize,
}

impl Store {
    pub(super) fn serving(&self) -> Serving {
        // A panic while the lock is held cannot leave a half-written pool: it is replaced in one assignment.
        self.inner
            .serving
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// A connection; when the host is gone or no longer serves, one of the next host that does.
    pub(super) async fn conn(&self) -> Result<Conn, StoreError> {
        // Boxed: every call of the store holds it.
        Box::pin(self.take_conn())
            .await
            .map_err(StoreError::since_it_served)
    }

    async fn take_conn(&self) -> Result<Conn, StoreError> {
        let serving = self.serving();
        let connecting = |error: sqlx::Error| StoreError::connecting(&error, &self.target());
        let hosts = match &self.inner.target {
            Target::Sqlite { .. } => {
                return Box::pin(serving.pool.acquire(self.target()))
                    .await
                    .map_err(connecting);
            }
            Target::MySql { hosts, .. } => hosts.len(),
        };
        let mut acquiring = Box::pin(serving.pool.acquire(self.target()));
        let patience = if hosts > 1 {
            PATIENCE
        } else {
            ACQUIRE_TIMEOUT * 2
        };
        let slow = match timeout(patience, &mut acquiring).await {
            Ok(Ok(conn)) => return Ok(conn),
            Ok(Err(_lost)) => false,
            Err(_elapsed) => true,
        };
        let fresh = Box::pin(self.any_host(hosts)).await?;
        if slow && fresh.host == serving.host {
            // The host is well; all its connections are at work.
            return acquiring.await.map_err(connecting);
        }
        if fresh.host != serving.host {
            tracing::warn!(
                from = serving.host + 1,
                to = fresh.host + 1,
                "the database host is lost; going on with another one of database.url"
            );
        }
        let conn = Box::pin(fresh.pool.acquire(self.target()))
            .await
            .map_err(connecting);
        *self
            .inner
            .serving
            .write()
            .unwrap_or_else(PoisonError::into_inner) = fresh;
        conn
    }

    /// The first host that serves; of several, they are asked again for a while.
    async fn any_host(&self, hosts: usize) -> Result<Serving, StoreError> {
        let deadline = Instant::now() + FAILOVER;
        loop {
            // Boxed: it is seldom needed and large, and every call of the store holds it.
            match Box::pin(connect(&self.inner.target, self.inner.access)).await {
                Err(StoreError::Unreachable { .. }) if hosts > 1 && Instant::now() < deadline => {
                    sleep(BETWEEN_ROUNDS).await;
                }
                done => return done,
            }
        }
    }
}

/// Connects; hosts of the URL are tried in turn, once.
pub(super) async fn connect(target: &Target, access: Access) -> Result<Serving, StoreError> {
    let (hosts, options, tls, database) = match target {
        Target::Sqlite { path } => {
            let pool = connect_sqlite(path, access).await?;
            return Ok(Serving { pool, host: 0 });
        }
        Target::MySql {
            hosts,
            options,
            tls,
            database,
        } => (hosts, options, tls, database),
    };
    let mut failures = Vec::new();
    let mut reading = None;
    for (at, (host, port)) in hosts.iter().enumerate() {
        let shown = format!("{host}:{port}/{database}");
        let options = tls
            .applied(options.as_ref().clone(), host)
            .host(host)
            .port(*port)
            .charset("utf8mb4")
            // Ours is set below, strict; these two would add to whatever the server has.
            .pipes_as_concat(false)
            .no_engine_substitution(false)
            .statement_cache_capacity(200)
            .disable_statement_logging();
        match timeout(CONNECT_TIMEOUT, probe(&options, access)).await {
            Ok(Ok(found)) if unsuitable(&found.server) => {
                failures.push(StoreError::Unsuitable {
                    target: shown,
                    found: found.server,
                });
            }
            Ok(Ok(found)) => {
                let writes = if hosts.len() > 1 && found.takes_writes && access == Access::Write {
                    Writes::Required
                } else {
                    Writes::Any
                };
                let serving = Serving {
                    pool: Pool::MySql(pool(options, found.node, writes, access)),
                    host: at,
                };
                if found.takes_writes || access == Access::Read {
                    return Ok(serving);
                }
                // Passed over for one that takes writes; where none does, the first of these serves readings.
                reading.get_or_insert(serving);
            }
            Ok(Err(error)) => failures.push(StoreError::connecting(&error, &shown)),
            Err(_elapsed) => failures.push(StoreError::Unreachable {
                target: shown,
                reason: format!("no answer within {} seconds", CONNECT_TIMEOUT.as_secs()),
            }),
        }
    }
    reading.map_or_else(|| Err(telling(failures, target)), Ok)
}

/// Of the failures of all hosts, the one to show.
fn telling(mut failures: Vec<StoreError>, target: &Target) -> StoreError {
    // A wrong password on one node is more telling than a node that is down.
    let telling = failures
        .iter()
        .position(|failure| !matches!(failure, StoreError::Unreachable { .. }))
        .unwrap_or(0);
    if failures.len() > 1 && matches!(failures[telling], StoreError::Unreachable { .. }) {
        let reasons: Vec<String> = failures.iter().map(ToString::to_string).collect();
        return StoreError::Unreachable {
            target: target.shown(),
            reason: format!(
                "no host answers ({})",
                reasons.join(" ").trim_end_matches('.')
            ),
        };
    }
    failures.swap_remove(telling)
}

fn pool(
    options: MySqlConnectOptions,
    node: Node,
    writes: Writes,
    access: Access,
) -> sqlx::mysql::MySqlPool {
    let pool = MySqlPoolOptions::new()
        .max_connections(8)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(move |conn, _| {
            Box::pin(async move {
                session::set_up(conn, node, access).await?;
                require_ready(conn, node).await?;
                require_writes(conn, writes).await
            })
        });
    // A node that lost its cluster still takes connections and answers pings, it only serves nothing (1047); and one of
    // several hosts may become a replica while it is used.
    let pool = match (node, writes) {
        (Node::Single, Writes::Any) => pool,
        _ => pool.before_acquire(move |conn, _| {
            Box::pin(async move {
                Ok((node == Node::Single || is_on(conn, READY).await?)
                    && (writes == Writes::Any || takes_writes(conn).await?))
            })
        }),
    };
    pool.connect_lazy_with(options)
}

const GALERA: &str = "SHOW VARIABLES LIKE 'wsrep_on'";
const READY: &str = "SHOW STATUS LIKE 'wsrep_ready'";

async fn is_on(conn: &mut MySqlConnection, sql: &'static str) -> Result<bool, sqlx::Error> {
    let found: Option<(String, String)> = sqlx::query_as(sql).fetch_optional(conn).await?;
    Ok(found.is_some_and(|(_, value)| value.eq_ignore_ascii_case("on")))
}

async fn require_ready(conn: &mut MySqlConnection, node: Node) -> Result<(), sqlx::Error> {
    if node == Node::Single || is_on(conn, READY).await? {
        return Ok(());
    }
    let message = "the Galera node is not part of the primary component".to_owned();
    Err(sqlx::Error::Protocol(message))
}

/// Whether a host must take writes to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writes {
    /// It must: another host of the URL may.
    Required,
    /// It is the only one, or all are alike: readings still work.
    Any,
}

const READ_ONLY: &str = "SHOW VARIABLES WHERE Variable_name IN ('read_only', 'innodb_read_only')";

/// Whether the server takes writes: a replica, or a primary that was retired, does not.
async fn takes_writes(conn: &mut MySqlConnection) -> Result<bool, sqlx::Error> {
    let found: Vec<(String, String)> = sqlx::query_as(READ_ONLY).fetch_all(conn).await?;
    // Servers from 11.8 on have more words than ON and OFF; all of them but OFF refuse writes.
    Ok(found
        .iter()
        .all(|(_, value)| value.eq_ignore_ascii_case("off") || value == "0"))
}

async fn require_writes(conn: &mut MySqlConnection, writes: Writes) -> Result<(), sqlx::Error> {
    if writes == Writes::Any || takes_writes(conn).await? {
        return Ok(());
    }
    let message = "the server is read-only".to_owned();
    Err(sqlx::Error::Protocol(message))
}

const SERVER: &str = "SELECT CAST(VERSION() AS CHAR), CAST(@@version_comment AS CHAR)";

/// What a host showed of itself.
struct Probed {
    node: Node,
    /// "MariaDB 10.11.6".
    server: String,
    takes_writes: bool,
}

/// Connects once, by itself, so that the error is the server's own and comes at once: what sort of node it is, and what
/// server. A Galera node that is not part of the primary component counts as not reachable.
async fn probe(options: &MySqlConnectOptions, access: Access) -> Result<Probed, sqlx::Error> {
    let mut conn = options.connect().await?;
    // The server's own settings may refuse even the questions that follow.
    session::set_up(&mut conn, Node::Single, access).await?;
    let (version, comment): (String, String) = sqlx::query_as(SERVER).fetch_one(&mut conn).await?;
    let node = if is_on(&mut conn, GALERA).await? {
        Node::Galera
    } else {
        Node::Single
    };
    require_ready(&mut conn, node).await?;
    let takes_writes = takes_writes(&mut conn).await?;
    conn.close().await?;
    Ok(Probed {
        node,
        server: server(&version, &comment),
        takes_writes,
    })
}

/// What a server is, from its VERSION() and its comment: "MariaDB 10.11.6", "MySQL 8.0.36".
fn server(version: &str, comment: &str) -> String {
    // Some servers and proxies put this before their version, for clients that know no two-digit one.
    let version = version.strip_prefix("5.5.5-").unwrap_or(version);
    let maker = if [version, comment]
        .iter()
        .any(|text| text.to_lowercase().contains("mariadb"))
    {
        "MariaDB"
    } else {
        "MySQL"
    };
    format!("{maker} {}", version.split('-').next().unwrap_or_default())
}

/// Whether the statements of this program cannot run there: JSON_TABLE came with MariaDB 10.6. A version that cannot be
/// read is given the chance.
fn unsuitable(server: &str) -> bool {
    let Some(version) = server.strip_prefix("MariaDB ") else {
        return true;
    };
    let mut numbers = version.split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) < (10, 6),
        _ => false,
    }
}

async fn connect_sqlite(path: &Path, access: Access) -> Result<Pool, StoreError> {
    let shown = path.display().to_string();
    let unusable = |error: std::io::Error| StoreError::File {
        target: shown.clone(),
        reason: error.to_string(),
    };
    if access == Access::Read {
        if !path.exists() {
            return Err(StoreError::NoFile { target: shown });
        }
    } else if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        crate::files::create_folder(folder).map_err(unusable)?;
    }
    // SQLite would make it readable for others, and gives the files beside it (-wal, -shm) the mode of this one.
    if access == Access::Write
        && let Err(error) = crate::files::create_new(path)
        && error.kind() != std::io::ErrorKind::AlreadyExists
    {
        return Err(unusable(error));
    }
    let options = SqliteConnectOptions::new().filename(path);
    let options = match access {
        Access::Write => options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal),
        // Not opened for reading alone: the last to close it would leave -wal and -shm beside it.
        Access::Read => options.create_if_missing(false).pragma("query_only", "1"),
    };
    let options = options
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(200)
        .row_buffer_size(1000)
        .disable_statement_logging();
    let probe = options
        .connect()
        .await
        .map_err(|error| StoreError::connecting(&error, &shown))?;
    probe
        .close()
        .await
        .map_err(|error| StoreError::connecting(&error, &shown))?;
    let pool = SqlitePoolOptions::new()
        .max_connections(6)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy_with(options);
    Ok(Pool::Sqlite(pool))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_cannot_serve_are_known_by_what_they_say() {
        for (version, comment, found, refused) in [
            ("10.11.6-MariaDB-log", "Debian 12", "MariaDB 10.11.6", false),
            ("10.6.0-MariaDB", "", "MariaDB 10.6.0", false),
            ("11.4.2-MariaDB-ubu2404", "", "MariaDB 11.4.2", false),
            ("5.5.5-10.6.12-MariaDB", "", "MariaDB 10.6.12", false),
            ("12", "mariadb.org binary distribution", "MariaDB 12", false),
            ("10.5.23-MariaDB", "", "MariaDB 10.5.23", true),
            ("5.5.68-MariaDB", "", "MariaDB 5.5.68", true),
            ("8.0.36-0ubuntu0.22.04.1", "(Ubuntu)", "MySQL 8.0.36", true),
            ("8.4.3", "MySQL Community Server - GPL", "MySQL 8.4.3", true),
        ] {
            assert_eq!(server(version, comment), found);
            assert_eq!(unsuitable(found), refused, "{version}");
        }
    }
}
