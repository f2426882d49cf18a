//! The two engines behind one set of calls: connections, arguments, rows. Every query of this floor is written once,
//! with `?`, and runs through here; what the engines spell differently is in `dialect.rs`.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDateTime, Utc};
use futures_util::TryStreamExt as _;
use sqlx::mysql::{MySqlPool, MySqlRow};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{AssertSqlSafe, MySql, Row as _, Sqlite};
use tokio_util::sync::CancellationToken;

use super::StoreError;

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// MariaDB 10.6 or newer: the real home.
    MariaDb,
    /// SQLite: the embedded one.
    Sqlite,
}

impl Engine {
    /// The word people read.
    pub fn word(self) -> &'static str {
        match self {
            Self::MariaDb => "mariadb",
            Self::Sqlite => "sqlite",
        }
    }
}

/// The pool of either engine.
#[derive(Clone, Debug)]
pub(super) enum Pool {
    MySql(MySqlPool),
    Sqlite(SqlitePool),
}

impl Pool {
    /// A connection; `target` is what its troubles are told about.
    pub(super) async fn acquire(&self, target: String) -> Result<Conn, sqlx::Error> {
        let held = match self {
            Self::MySql(pool) => Held::MySql(pool.acquire().await?),
            Self::Sqlite(pool) => Held::Sqlite(pool.acquire().await?),
        };
        Ok(Conn {
            held,
            target,
            in_transaction: false,
            lost: None,
        })
    }

    pub(super) async fn close(&self) {
        match self {
            Self::MySql(pool) => pool.close().await,
            Self::Sqlite(pool) => pool.close().await,
        }
    }
}

#[derive(Debug)]
enum Held {
    MySql(PoolConnection<MySql>),
    Sqlite(PoolConnection<Sqlite>),
}

/// One connection. A connection dropped inside a transaction is closed, so that the server rolls back and nobody
/// gets it out of the pool half-way.
#[derive(Debug)]
pub(super) struct Conn {
    held: Held,
    /// The file, or hosts and database.
    target: String,
    in_transaction: bool,
    /// When cancelled, a statement is no longer waited for; see [`Conn::unless_lost`].
    lost: Option<CancellationToken>,
}

/// One argument of a query.
#[derive(Clone, Debug)]
pub(super) enum Arg<'q> {
    Null,
    Int(i64),
    Real(f64),
    Text(Cow<'q, str>),
}

/// How times are written, in both engines: UTC, sortable as text.
pub(super) fn time_text(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S%.6f").to_string()
}

impl From<i64> for Arg<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<f64> for Arg<'_> {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<bool> for Arg<'_> {
    fn from(flag: bool) -> Self {
        Self::Int(i64::from(flag))
    }
}

impl From<String> for Arg<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'q> From<&'q str> for Arg<'q> {
    fn from(text: &'q str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<DateTime<Utc>> for Arg<'_> {
    fn from(at: DateTime<Utc>) -> Self {
        Self::Text(Cow::Owned(time_text(at)))
    }
}

impl<'q, T: Into<Arg<'q>>> From<Option<T>> for Arg<'q> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Arguments of different types in one list.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::db::Arg::from($value)),*] };
}
pub(super) use args;

/// A query written once: `$run` sees `$query` (arguments bound) and `$conn` of the engine at hand.
macro_rules! on_engine {
    ($held:expr, $sql:expr, $args:expr, |$query:ident, $conn:ident, $wrap:ident| $run:expr) => {{
        let (sql, args) = ($sql, $args);
        // A text that was made for this one call must not push the fixed ones out of the statement cache.
        let fixed = matches!(sql, Cow::Borrowed(_));
        match $held {
            // MariaDB sends no answer when a statement is closed, the driver sets no TCP_NODELAY, and so whatever follows
            // a close waits 40 ms for the server's delayed ACK. A text without arguments goes as it is, then, and one with
            // arguments stays prepared: it is mostly a batch of many.
            Held::MySql(held) if args.is_empty() && !fixed => {
                let $conn = &mut **held;
                let $wrap = Row::MySql;
                let $query = sqlx::raw_sql(AssertSqlSafe(sql));
                $run
            }
            Held::MySql(held) => {
                let $conn = &mut **held;
                let $wrap = Row::MySql;
                let mut $query = sqlx::query::<MySql>(AssertSqlSafe(sql)).persistent(true);
                for arg in args {
                    $query = bind!($query, arg);
                }
                $run
            }
            Held::Sqlite(held) => {
                let $conn = &mut **held;
                let $wrap = Row::Sqlite;
                let mut $query = sqlx::query::<Sqlite>(AssertSqlSafe(sql)).persistent(fixed);
                for arg in args {
                    $query = bind!($query, arg);
                }
                $run
            }
        }
    }};
}

macro_rules! bind {
    ($query:ident, $arg:ident) => {
        match $arg {
            Arg::Null => $query.bind(None::<String>),
            Arg::Int(number) => $query.bind(number),
            Arg::Real(number) => $query.bind(number),
            Arg::Text(text) => $query.bind(text.into_owned()),
        }
    };
}

impl Conn {
    /// Gives statements up once the lease is lost: a host that hangs, or a network that swallows everything, never
    /// answers at all. The transaction is rolled back then, because the connection is closed.
    pub(super) fn unless_lost(&mut self, lost: CancellationToken) {
        self.lost = Some(lost);
    }

    pub(super) fn engine(&self) -> Engine {
        match self.held {
            Held::MySql(_) => Engine::MariaDb,
            Held::Sqlite(_) => Engine::Sqlite,
        }
    }

    /// Runs a statement; returns the rows it matched.
    pub(super) async fn execute(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        args: Vec<Arg<'_>>,
    ) -> Result<u64, StoreError> {
        let (held, sql) = (&mut self.held, sql.into());
        let work = async move {
            on_engine!(held, sql, args, |query, conn, _wrap| query
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
                .map_err(StoreError::from))
        };
        give_up(self.lost.as_ref(), work, &self.target).await
    }

    /// Runs an INSERT; returns the id it made.
    pub(super) async fn insert(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        args: Vec<Arg<'_>>,
    ) -> Result<i64, StoreError> {
        let (held, sql) = (&mut self.held, sql.into());
        let work = async move {
            match held {
                Held::MySql(held) => {
                    let mut query = sqlx::query::<MySql>(AssertSqlSafe(sql));
                    for arg in args {
                        query = bind!(query, arg);
                    }
                    let done = query.execute(&mut **held).await?;
                    Ok(i64::try_from(done.last_insert_id()).unwrap_or(i64::MAX))
                }
                Held::Sqlite(held) => {
                    let mut query = sqlx::query::<Sqlite>(AssertSqlSafe(sql));
                    for arg in args {
                        query = bind!(query, arg);
                    }
                    Ok(query.execute(&mut **held).await?.last_insert_rowid())
                }
            }
        };
        give_up(self.lost.as_ref(), work, &self.target).await
    }

    /// Every row of a query, one by one, without keeping them.
    pub(super) async fn each(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        args: Vec<Arg<'_>>,
        mut see: impl FnMut(&Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let (held, sql) = (&mut self.held, sql.into());
        let work = async move {
            on_engine!(held, sql, args, |query, conn, wrap| {
                let mut rows = query.fetch(conn);
                while let Some(row) = rows.try_next().await? {
                    see(&wrap(row))?;
                }
                Ok(())
            })
        };
        give_up(self.lost.as_ref(), work, &self.target).await
    }

    /// Every row of a query, made into values.
    pub(super) async fn all<T>(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        args: Vec<Arg<'_>>,
        mut make: impl FnMut(&Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut values = Vec::new();
        self.each(sql, args, |row| {
            values.push(make(row)?);
            Ok(())
        })
        .await?;
        Ok(values)
    }

    /// The first row of a query, made into a value.
    pub(super) async fn first<T>(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        args: Vec<Arg<'_>>,
        make: impl FnOnce(&Row) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let (held, sql) = (&mut self.held, sql.into());
        let work = async move {
            Ok(on_engine!(held, sql, args, |query, conn, wrap| query
                .fetch_optional(conn)
                .await?
                .map(wrap)))
        };
        let row = give_up(self.lost.as_ref(), work, &self.target).await?;
        row.as_ref().map(make).transpose()
    }

    /// Runs a text without arguments as the server takes it: transaction control and DDL, which MariaDB does not
    /// take as prepared statements.
    pub(super) async fn raw(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
    ) -> Result<(), StoreError> {
        let (held, sql) = (&mut self.held, sqlx::raw_sql(AssertSqlSafe(sql.into())));
        let work = async move {
            match held {
                Held::MySql(held) => {
                    sql.execute(&mut **held).await?;
                }
                Held::Sqlite(held) => {
                    sql.execute(&mut **held).await?;
                }
            }
            Ok(())
        };
        give_up(self.lost.as_ref(), work, &self.target).await
    }

    /// Begins a transaction that means to write.
    pub(super) async fn begin(&mut self) -> Result<(), StoreError> {
        self.in_transaction = true;
        self.raw(match self.engine() {
            Engine::MariaDb => "START TRANSACTION",
            // Taken at once, so that two writers meet at the door and not half-way.
            Engine::Sqlite => "BEGIN IMMEDIATE",
        })
        .await
    }

    /// Commits. Once it is sent it is waited for, whoever has the lease: only the answer tells what became of it.
    pub(super) async fn commit(&mut self) -> Result<(), StoreError> {
        self.lost = None;
        self.raw("COMMIT").await?;
        self.in_transaction = false;
        Ok(())
    }

    pub(super) async fn rollback(&mut self) -> Result<(), StoreError> {
        self.raw("ROLLBACK").await?;
        self.in_transaction = false;
        Ok(())
    }
}

/// Waits for a statement, but no longer than `lost` is not cancelled; trouble is told with the name of its `target`.
async fn give_up<T>(
    lost: Option<&CancellationToken>,
    work: impl Future<Output = Result<T, StoreError>>,
    target: &str,
) -> Result<T, StoreError> {
    let done = match lost {
        None => work.await,
        Some(lost) => tokio::select! {
            biased;
            done = work => done,
            () = lost.cancelled() => Err(StoreError::LeaseLost),
        },
    };
    done.map_err(|error| error.of(target))
}

impl Drop for Conn {
    fn drop(&mut self) {
        if self.in_transaction {
            match &mut self.held {
                Held::MySql(held) => held.close_on_drop(),
                Held::Sqlite(held) => held.close_on_drop(),
            }
        }
    }
}

/// One row of a result; columns by number.
#[derive(Debug)]
pub(super) enum Row {
    MySql(MySqlRow),
    Sqlite(SqliteRow),
}

macro_rules! get {
    ($row:expr, $at:expr, $type:ty) => {
        // Unchecked: adopted schemas declare other widths and signs than ours; decoding itself still checks.
        match $row {
            Row::MySql(row) => row.try_get_unchecked::<$type, usize>($at),
            Row::Sqlite(row) => row.try_get_unchecked::<$type, usize>($at),
        }
    };
}

impl Row {
    pub(super) fn opt_int(&self, at: usize) -> Result<Option<i64>, StoreError> {
        Ok(get!(self, at, Option<i64>)?)
    }

    pub(super) fn int(&self, at: usize) -> Result<i64, StoreError> {
        Ok(self.opt_int(at)?.unwrap_or_default())
    }

    pub(super) fn count(&self, at: usize) -> Result<u64, StoreError> {
        Ok(u64::try_from(self.int(at)?).unwrap_or_default())
    }

    pub(super) fn flag(&self, at: usize) -> Result<bool, StoreError> {
        Ok(self.int(at)? != 0)
    }

    pub(super) fn opt_text(&self, at: usize) -> Result<Option<&str>, StoreError> {
        Ok(get!(self, at, Option<&str>)?)
    }

    pub(super) fn text(&self, at: usize) -> Result<&str, StoreError> {
        Ok(self.opt_text(at)?.unwrap_or_default())
    }

    pub(super) fn string(&self, at: usize) -> Result<String, StoreError> {
        self.text(at).map(str::to_owned)
    }

    pub(super) fn opt_string(&self, at: usize) -> Result<Option<String>, StoreError> {
        Ok(self.opt_text(at)?.map(str::to_owned))
    }

    pub(super) fn opt_time(&self, at: usize) -> Result<Option<DateTime<Utc>>, StoreError> {
        let naive = match self {
            Self::MySql(row) => row.try_get_unchecked::<Option<NaiveDateTime>, usize>(at)?,
            Self::Sqlite(_) => match self.opt_text(at)? {
                Some(text) => Some(parse_time(text).ok_or_else(|| StoreError::BadValue {
                    what: "a time".to_owned(),
                    value: text.to_owned(),
                })?),
                None => None,
            },
        };
        Ok(naive.map(|naive| naive.and_utc()))
    }

    pub(super) fn time(&self, at: usize) -> Result<DateTime<Utc>, StoreError> {
        Ok(self.opt_time(at)?.unwrap_or_default())
    }
}

/// A time as SQLite holds it: ours, `CURRENT_TIMESTAMP`'s, or RFC 3339 in UTC.
pub(super) fn parse_time(text: &str) -> Option<NaiveDateTime> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.naive_utc());
    }
    [
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
    ]
    .iter()
    .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
}
