//! Databases on servers that somebody else set up: settings that are meant for other programs, certificates,
//! several hosts, and what goes wrong around a run.

mod hosts;
mod settings;
mod tls;
mod trouble;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};

use crate::mariadb::{TestDb, database_on, start};

/// A server with every setting that we could think of set against us, and with a certificate.
pub struct Hostile {
    /// Its URL, ending in `/`; root may do everything.
    pub url: String,
    /// Its socket and certificates: `ca.pem`, `client.pem`, `client.key`.
    pub dir: PathBuf,
    alone: Mutex<()>,
}

impl Hostile {
    /// The one of this test process; started on first use.
    pub async fn server() -> &'static Self {
        tokio::task::spawn_blocking(|| {
            static SERVER: OnceLock<Hostile> = OnceLock::new();
            SERVER.get_or_init(|| {
                let dir = TempDir::with_prefix("prmdesk-hostile-").unwrap().keep();
                let mut options = tls::made_in(&dir);
                options.extend(settings::OPTIONS.iter().map(|&option| option.to_owned()));
                let globals = settings::GLOBALS
                    .iter()
                    .map(|global| format!("SET GLOBAL {global};\n"));
                let init = dir.join("init.sql");
                std::fs::write(&init, globals.collect::<String>()).unwrap();
                options.push(format!("--init-file={}", init.display()));
                Hostile {
                    url: start(&dir, &options),
                    dir,
                    alone: Mutex::new(()),
                }
            })
        })
        .await
        .unwrap()
    }

    /// While a setting of the whole server is changed, nobody else may count on it.
    pub async fn alone(&self) -> MutexGuard<'_, ()> {
        self.alone.lock().await
    }

    /// A fresh database there.
    pub async fn database(&self, name: &str) -> TestDb {
        database_on(&self.url, name).await
    }

    /// `127.0.0.1:port`.
    pub fn place(&self) -> &str {
        let (_, rest) = self.url.rsplit_once('@').unwrap();
        rest.trim_end_matches('/')
    }

    pub fn file(&self, name: &str) -> String {
        shown(&self.dir.join(name))
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
