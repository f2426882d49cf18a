//! Connecting: the hosts of the URL in turn, what every session is set to, and another host when one is lost.

use std::path::Path;
use std::sync::PoisonError;
use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use tokio::time::{Instant, sleep, timeout};

use super::db::{Conn, Pool};
use super::target::Target;
use super::{Store, StoreError};

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

/// What every MariaDB session is set to: UTC, so that times are what they say; strict, so that what does not fit is an
/// error and never cut; waits shorter than a person's patience.
const SESSION: &str = "SET SESSION time_zone = '+00:00', \
    sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', \
    innodb_lock_wait_timeout = 20; \
    SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ";

/// What is added on a Galera node: a read waits until the node has everything that was committed on any node before, or
/// a run that goes on there, or another host's run, would not see its own lease and run record yet.
const GALERA_SESSION: &str = "SET SESSION wsrep_sync_wait = 1";

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
            match Box::pin(connect(&self.inner.target)).await {
                Err(StoreError::Unreachable { .. }) if hosts > 1 && Instant::now() < deadline => {
                    sleep(BETWEEN_ROUNDS).await;
                }
                done => return done,
            }
        }
    }
}

/// Connects; hosts of the URL are tried in turn, once.
pub(super) async fn connect(target: &Target) -> Result<Serving, StoreError> {
    let (hosts, options, database) = match target {
        Target::Sqlite { path } => {
            let pool = connect_sqlite(path).await?;
            return Ok(Serving { pool, host: 0 });
        }
        Target::MySql {
            hosts,
            options,
            database,
        } => (hosts, options, database),
    };
    let mut failures = Vec::new();
    for (at, (host, port)) in hosts.iter().enumerate() {
        let shown = format!("{host}:{port}/{database}");
        let options = options
            .as_ref()
            .clone()
            .host(host)
            .port(*port)
            .charset("utf8mb4")
            // Ours is set below, strict; these two would add to whatever the server has.
            .pipes_as_concat(false)
            .no_engine_substitution(false)
            .statement_cache_capacity(200)
            .disable_statement_logging();
        match timeout(CONNECT_TIMEOUT, probe(&options)).await {
            Ok(Ok((_, server))) if unsuitable(&server) => {
                failures.push(StoreError::Unsuitable {
                    target: shown,
                    found: server,
                });
            }
            Ok(Ok((node, _))) => {
                return Ok(Serving {
                    pool: Pool::MySql(pool(options, node)),
                    host: at,
                });
            }
            Ok(Err(error)) => failures.push(StoreError::connecting(&error, &shown)),
            Err(_elapsed) => failures.push(StoreError::Unreachable {
                target: shown,
                reason: format!("no answer within {} seconds", CONNECT_TIMEOUT.as_secs()),
            }),
        }
    }
    Err(telling(failures, target))
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

/// What sort of server a host runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    /// A server by itself.
    Single,
    /// A node of a Galera cluster.
    Galera,
}

fn pool(options: MySqlConnectOptions, node: Node) -> sqlx::mysql::MySqlPool {
    let pool = MySqlPoolOptions::new()
        .max_connections(8)
        .acquire_timeout(ACQUIRE_TIMEOUT);
    let pool = match node {
        Node::Single => pool.after_connect(|conn, _| {
            Box::pin(async move { conn.execute(SESSION).await.map(|_| ()) })
        }),
        // A node that lost its cluster still takes connections and answers pings; it only serves nothing (1047).
        Node::Galera => pool
            .after_connect(|conn, _| {
                Box::pin(async move {
                    conn.execute(SESSION).await?;
                    conn.execute(GALERA_SESSION).await?;
                    require_ready(conn).await
                })
            })
            .before_acquire(|conn, _| Box::pin(async move { is_on(conn, READY).await })),
    };
    pool.connect_lazy_with(options)
}

const GALERA: &str = "SHOW VARIABLES LIKE 'wsrep_on'";
const READY: &str = "SHOW STATUS LIKE 'wsrep_ready'";

async fn is_on(conn: &mut MySqlConnection, sql: &'static str) -> Result<bool, sqlx::Error> {
    let found: Option<(String, String)> = sqlx::query_as(sql).fetch_optional(conn).await?;
    Ok(found.is_some_and(|(_, value)| value.eq_ignore_ascii_case("on")))
}

async fn require_ready(conn: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    if is_on(conn, READY).await? {
        return Ok(());
    }
    let message = "the Galera node is not part of the primary component".to_owned();
    Err(sqlx::Error::Protocol(message))
}

const SERVER: &str = "SELECT CAST(VERSION() AS CHAR), CAST(@@version_comment AS CHAR)";

/// Connects once, by itself, so that the error is the server's own and comes at once: what sort of node it is, and what
/// server ("MariaDB 10.11.6"). A Galera node that is not part of the primary component counts as not reachable.
async fn probe(options: &MySqlConnectOptions) -> Result<(Node, String), sqlx::Error> {
    let mut conn = options.connect().await?;
    let (version, comment): (String, String) = sqlx::query_as(SERVER).fetch_one(&mut conn).await?;
    let node = if is_on(&mut conn, GALERA).await? {
        require_ready(&mut conn).await?;
        Node::Galera
    } else {
        Node::Single
    };
    conn.close().await?;
    Ok((node, server(&version, &comment)))
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

async fn connect_sqlite(path: &Path) -> Result<Pool, StoreError> {
    let shown = path.display().to_string();
    let unusable = |error: std::io::Error| StoreError::File {
        target: shown.clone(),
        reason: error.to_string(),
    };
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        crate::files::create_folder(folder).map_err(unusable)?;
    }
    // SQLite would make it readable for others, and gives the files beside it (-wal, -shm) the mode of this one.
    match crate::files::create_new(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(unusable(error));
        }
        _ => {}
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
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
