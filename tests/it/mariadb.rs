//! Databases for tests: a throwaway MariaDB server for the test process (or the one of PRMDESK_TEST_MYSQL_URL, with
//! admin access), a database of its own for each test; and SQLite files. `both()` gives one of each.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use prmdesk::clock::Clock;
use prmdesk::config::Secret;
use prmdesk::store::{Engine, Store};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use tempfile::TempDir;

/// A database that a test has to itself.
pub struct TestDb {
    pub engine: Engine,
    pub url: String,
    /// Keeps the SQLite file's folder.
    _dir: Option<TempDir>,
}

/// A fresh MariaDB database and a fresh SQLite file: every story runs on both.
pub async fn both() -> Vec<TestDb> {
    vec![mariadb().await, sqlite()]
}

/// A fresh MariaDB database.
pub async fn mariadb() -> TestDb {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!(
        "t{}_{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    let server = tokio::task::spawn_blocking(server).await.unwrap();
    database_on(&server, &name).await
}

/// A fresh database of this name on a server.
pub async fn database_on(server: &str, name: &str) -> TestDb {
    let mut conn = beside(server).await.expect("the test server answers");
    let sql = format!("CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci");
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut conn)
        .await
        .unwrap();
    conn.close().await.unwrap();
    TestDb {
        engine: Engine::MariaDb,
        url: format!("{server}{name}"),
        _dir: None,
    }
}

/// A fresh SQLite file.
pub fn sqlite() -> TestDb {
    let dir = TempDir::new().unwrap();
    TestDb {
        engine: Engine::Sqlite,
        url: format!("sqlite://{}", dir.path().join("test.db").display()),
        _dir: Some(dir),
    }
}

impl TestDb {
    /// A MariaDB database that is there, by its URL.
    pub fn at(url: &str) -> Self {
        Self {
            engine: Engine::MariaDb,
            url: url.to_owned(),
            _dir: None,
        }
    }

    /// Connects, without migrating.
    pub async fn connect(&self) -> Store {
        Store::connect(&Secret::new(&self.url), Clock::system())
            .await
            .unwrap()
    }

    /// Connects and migrates.
    pub async fn store(&self) -> Store {
        let store = self.connect().await;
        store.migrate().await.unwrap();
        store
    }

    /// Runs SQL beside the store.
    pub async fn run(&self, sql: &str) {
        self.try_run(sql).await.unwrap();
    }

    /// Runs SQL beside the store.
    pub async fn try_run(&self, sql: &str) -> Result<(), sqlx::Error> {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match self.engine {
            Engine::MariaDb => {
                let mut conn = beside(&self.url).await?;
                sql.execute(&mut conn).await?;
                conn.close().await
            }
            Engine::Sqlite => {
                let mut conn =
                    sqlx::SqliteConnection::connect(&format!("{}?mode=rwc", self.url)).await?;
                sql.execute(&mut conn).await?;
                conn.close().await
            }
        }
    }

    /// Runs statements one after the other on one connection.
    pub async fn run_all(&self, script: &[String]) {
        macro_rules! run {
            ($connection:ty) => {{
                let mut conn = <$connection>::connect(&self.url).await.unwrap();
                for sql in script {
                    sqlx::raw_sql(AssertSqlSafe(sql.as_str()))
                        .execute(&mut conn)
                        .await
                        .unwrap();
                }
                conn.close().await.unwrap();
            }};
        }
        match self.engine {
            Engine::MariaDb => run!(sqlx::MySqlConnection),
            Engine::Sqlite => run!(sqlx::SqliteConnection),
        }
    }

    /// Every row of a query, its columns as text joined by `|`, NULL as `-`.
    pub async fn rows(&self, sql: &str) -> Vec<String> {
        macro_rules! texts {
            ($rows:expr) => {
                $rows
                    .iter()
                    .map(|row| {
                        (0..row.len())
                            .map(|at| {
                                row.try_get_unchecked::<Option<String>, _>(at)
                                    .unwrap()
                                    .unwrap_or_else(|| "-".to_owned())
                            })
                            .collect::<Vec<_>>()
                            .join("|")
                    })
                    .collect()
            };
        }
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match self.engine {
            Engine::MariaDb => {
                let mut conn = beside(&self.url).await.unwrap();
                texts!(sql.fetch_all(&mut conn).await.unwrap())
            }
            Engine::Sqlite => {
                let mut conn = sqlx::SqliteConnection::connect(&format!("{}?mode=rwc", self.url))
                    .await
                    .unwrap();
                texts!(sql.fetch_all(&mut conn).await.unwrap())
            }
        }
    }

    /// The first row of [`TestDb::rows`].
    pub async fn one(&self, sql: &str) -> String {
        self.rows(sql)
            .await
            .into_iter()
            .next()
            .unwrap_or_else(|| "none".to_owned())
    }
}

/// A connection beside the store, on which statements do what they say, whatever the server's settings are.
async fn beside(url: &str) -> Result<sqlx::MySqlConnection, sqlx::Error> {
    let mut conn = sqlx::MySqlConnection::connect(url).await?;
    sqlx::raw_sql(
        "SET SESSION autocommit = 1, SESSION completion_type = 'NO_CHAIN', SESSION sql_mode = 'STRICT_ALL_TABLES', \
         SESSION sql_select_limit = 18446744073709551615, SESSION sql_safe_updates = 0, SESSION sql_big_selects = 1, \
         SESSION max_statement_time = 0; SET SESSION TRANSACTION READ WRITE",
    )
    .execute(&mut conn)
    .await?;
    Ok(conn)
}

/// The server's URL, ending in `/`. Started on first use; it ends with this process.
fn server() -> String {
    static SERVER: OnceLock<String> = OnceLock::new();
    SERVER
        .get_or_init(|| match std::env::var("PRMDESK_TEST_MYSQL_URL") {
            Ok(url) => format!("{}/", url.trim_end_matches('/')),
            Err(_) => start(
                &TempDir::with_prefix("prmdesk-mariadb-").unwrap().keep(),
                &[],
            ),
        })
        .clone()
}

/// Starts a server of its own in `dir`, with more options; gives its URL, ending in `/`. Its socket is `dir/s`.
pub fn start(dir: &Path, options: &[String]) -> String {
    let data = dir.join("data");
    let made = Command::new("mariadb-install-db")
        .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
        .arg(format!("--datadir={}", data.display()))
        .args(as_root())
        .output()
        .expect("mariadb-install-db is installed (Debian: mariadb-server), or PRMDESK_TEST_MYSQL_URL is set");
    assert!(
        made.status.success(),
        "mariadb-install-db: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    // The shell waits for the end of its standard input, which this process holds open until it ends, however it
    // ends; then it stops the server and removes the data.
    let script = r#"dir="$1"; shift; "$@" >"$dir/log" 2>&1 & server=$!; cat >/dev/null; kill -9 $server; wait; rm -rf "$dir""#;
    let guard = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(dir)
        .args([
            "mariadbd",
            "--no-defaults",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
        ])
        // Speed only; nothing here asks what a power cut leaves.
        .args([
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-flush-method=nosync",
            "--innodb-buffer-pool-size=256M",
        ])
        .args(["--character-set-server=utf8mb4", "--max-connections=400"])
        .arg(format!("--datadir={}", data.display()))
        // A server that starts clears its folder for temporary tables, another server's among them.
        .arg(format!("--tmpdir={}", dir.display()))
        .arg(format!("--socket={}", dir.join("s").display()))
        .arg(format!("--port={port}"))
        .args(options)
        .args(as_root())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Never dropped, so that the pipe stays open.
    Box::leak(Box::new(guard));
    let began = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        let log = std::fs::read_to_string(dir.join("log")).unwrap_or_default();
        assert!(
            began.elapsed() < Duration::from_mins(1) && !log.contains("[ERROR] Aborting"),
            "mariadbd did not start: {log}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    format!("mysql://root@127.0.0.1:{port}/")
}

/// The server refuses to run as root unless it is told to.
fn as_root() -> Option<&'static str> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self")
        .is_ok_and(|process| process.uid() == 0)
        .then_some("--user=root")
}
