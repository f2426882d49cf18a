//! The database URL: several hosts, and never a password in what is shown.

use std::path::PathBuf;

use sqlx::mysql::MySqlConnectOptions;

use super::StoreError;
use super::tls::Tls;
use crate::config::Secret;

/// Where the database is.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// MariaDB: the hosts, tried in turn.
    MySql {
        hosts: Vec<(String, u16)>,
        options: Box<MySqlConnectOptions>,
        tls: Tls,
        database: String,
    },
    /// A SQLite file.
    Sqlite { path: PathBuf },
}

impl Target {
    /// Reads `mysql://u:p@h1:3306,h2/db?ssl-ca=/path` (see `tls`) or `sqlite:///path`.
    pub(super) fn parse(url: &Secret) -> Result<Self, StoreError> {
        let bad = |why: &str| StoreError::BadUrl(why.to_owned());
        let url = url.expose();
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            let path = path.split('?').next().unwrap_or_default();
            if path.is_empty() || path.contains(":memory:") {
                return Err(bad("sqlite:// needs the path of a file"));
            }
            return Ok(Self::Sqlite {
                path: PathBuf::from(decoded(path)?),
            });
        }
        let rest = url
            .strip_prefix("mysql://")
            .or_else(|| url.strip_prefix("mariadb://"))
            .ok_or_else(|| bad("it must begin with mysql://, mariadb:// or sqlite://"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        // The last @, so that a password with an @ that nobody escaped still works.
        let (login, place) = rest.rsplit_once('@').unwrap_or(("", rest));
        let (hosts, database) = place.split_once('/').unwrap_or((place, ""));
        if database.is_empty() {
            return Err(bad("it names no database after the host (…/database)"));
        }
        let database = decoded(database)?;
        let hosts = hosts.split(',').map(host).collect::<Result<Vec<_>, _>>()?;
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let mut options = MySqlConnectOptions::new().database(&database);
        if !user.is_empty() {
            options = options.username(&decoded(user)?);
        }
        if !password.is_empty() {
            options = options.password(&decoded(password)?);
        }
        let mut tls = Tls::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decoded(value)?;
            options = tls.take(options, name, &value)?.ok_or_else(|| {
                StoreError::BadUrl(format!(
                    "it has an unknown parameter `{name}`; known are ssl-mode, ssl-ca, ssl-cert, ssl-key and socket"
                ))
            })?;
        }
        tls.check()?;
        Ok(Self::MySql {
            hosts,
            options: Box::new(options),
            tls,
            database,
        })
    }

    /// All of it, for people: hosts and database, or the file.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::MySql {
                hosts, database, ..
            } => {
                let hosts: Vec<String> = hosts
                    .iter()
                    .map(|(host, port)| format!("{host}:{port}"))
                    .collect();
                format!("{}/{database}", hosts.join(","))
            }
            Self::Sqlite { path } => path.display().to_string(),
        }
    }
}

fn host(text: &str) -> Result<(String, u16), StoreError> {
    let bad = || StoreError::BadUrl("a host must be written as name:port".to_owned());
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (name, after) = rest.split_once(']').ok_or_else(bad)?;
            (name, after.strip_prefix(':'))
        }
        None => match text.rsplit_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (text, None),
        },
    };
    if name.is_empty() {
        return Err(StoreError::BadUrl("it names no host".to_owned()));
    }
    let port = port.map_or(Ok(3306), |port| port.parse().map_err(|_| bad()))?;
    Ok((name.to_owned(), port))
}

/// Percent-decoding.
fn decoded(text: &str) -> Result<String, StoreError> {
    let bad = || StoreError::BadUrl("it has a % that is no %XX escape".to_owned());
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let hex = rest
            .get(..2)
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .ok_or_else(bad)?;
        bytes.push(u8::from_str_radix(hex, 16).map_err(|_| bad())?);
        rest = &rest[2..];
    }
    String::from_utf8(bytes).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str) -> String {
        Target::parse(&Secret::new(url))
            .map_or_else(|error| error.to_string(), |target| target.shown())
    }

    #[test]
    fn urls_are_read_and_passwords_never_shown() {
        assert_eq!(
            shown("mysql://u:s3cr%40t@h1:3307,h2/db"),
            "h1:3307,h2:3306/db"
        );
        assert_eq!(shown("mariadb://u@[::1]:3309/db"), "::1:3309/db");
        assert_eq!(shown("sqlite:///tmp/a%20b.db"), "/tmp/a b.db");
        assert_eq!(shown("mysql://u:p@ss@h/db"), "h:3306/db");
        for bad in [
            "postgres://u:s3cret@h/db",
            "s3cret",
            "mysql://u:s3cret@h",
            "mysql://u:s3cret@h:x/db",
            "mysql://u:s3cret@/db",
            "sqlite://",
        ] {
            let said = shown(bad);
            assert!(
                said.starts_with("The database URL cannot be used"),
                "{said}"
            );
            assert!(!said.contains("s3cret"), "{said}");
        }
    }
}
