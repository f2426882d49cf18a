//! What sort of trouble each error of the database is, its word for programs, and what to do about it.

use super::StoreError;
use crate::error::Kind;

impl StoreError {
    /// A fixed word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadUrl(_) => "database_url",
            Self::Unreachable { .. } => "database_unreachable",
            Self::AccessDenied { .. } => "database_access_denied",
            Self::Unencrypted { .. } => "database_unencrypted",
            Self::Certificate { .. } => "database_certificate",
            Self::UnknownDatabase { .. } => "database_unknown",
            Self::Unsuitable { .. } => "database_unsuitable",
            Self::NotADatabase { .. } => "database_not_sqlite",
            Self::ReadOnly(_) => "database_read_only",
            Self::DiskFull(_) => "database_full",
            Self::Disk(_) => "database_disk",
            Self::File { .. } => "database_file",
            Self::NoFile { .. } => "database_missing",
            Self::NoSchema { .. } => "schema_missing",
            Self::Newer { .. } => "schema_newer",
            Self::Duplicates { .. } => "schema_duplicates",
            Self::UnfitColumns { .. } => "schema_columns",
            Self::UnfitTables { .. } => "schema_tables",
            Self::ForeignTables { .. } => "schema_foreign",
            Self::TableLocked { .. } => "schema_locked",
            Self::Migrating => "schema_migrating",
            Self::Leased(_) => "leased",
            Self::LeaseLost => "lease_lost",
            Self::Cancelled => "cancelled",
            Self::CommitUnknown { .. } => "commit_unknown",
            Self::NotFound(_) => "not_found",
            Self::BadValue { .. } => "database_value",
            Self::Database(_) if self.is_lost() => "database_lost",
            Self::Database(_) => "database",
        }
    }

    /// What sort of trouble.
    pub fn kind(&self) -> Kind {
        match self {
            Self::BadUrl(_)
            | Self::AccessDenied { .. }
            | Self::Unencrypted { .. }
            | Self::Certificate { .. }
            | Self::UnknownDatabase { .. }
            | Self::Unsuitable { .. }
            | Self::NotADatabase { .. }
            | Self::NoFile { .. }
            | Self::NoSchema { .. }
            | Self::Newer { .. }
            | Self::UnfitColumns { .. }
            | Self::UnfitTables { .. }
            | Self::ForeignTables { .. }
            | Self::Duplicates { .. } => Kind::Config,
            Self::Leased(_) => Kind::Leased,
            Self::Cancelled => Kind::Cancelled,
            Self::NotFound(_) => Kind::NotFound,
            _ => Kind::Database,
        }
    }

    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        Some(match self {
            Self::BadUrl(_) => {
                "Set database.url (or PRMDESK_DATABASE_URL) to mysql://user:password@host:3306/database or sqlite:///path/file.db."
            }
            Self::Unreachable { .. } => {
                "Check host and port in database.url, that the server runs, and that this machine may reach it."
            }
            Self::AccessDenied { .. } => {
                "Check user and password in database.url, and that the user has rights on the database."
            }
            Self::Unencrypted { .. } => {
                "Give the server a certificate (ssl_cert and ssl_key in its configuration); or, where the way to it is safe by other means, write ?ssl-mode=DISABLED at the end of database.url."
            }
            Self::Certificate { .. } => {
                "Name the certificate of the authority that signed it with ?ssl-ca=/path/ca.pem at the end of database.url, write the host as the certificate names it, or check the authority alone with ssl-mode=VERIFY_CA."
            }
            Self::UnknownDatabase { .. } => {
                "Create the database first, or correct its name in database.url."
            }
            Self::Unsuitable { .. } => {
                "Upgrade the server, or choose another one in database.url. MariaDB before 10.6 has no JSON_TABLE, by which every row is written; MySQL has no INSERT … RETURNING and no CREATE INDEX IF NOT EXISTS."
            }
            Self::NotADatabase { .. } => {
                "Choose another file in database.url; this one is left as it is."
            }
            Self::ReadOnly(_) => "Check the rights on the file or the server's read_only setting.",
            Self::DiskFull(_) => "Make room and run it again.",
            Self::Disk(_) => {
                "Check room, quotas and limits on file sizes, that files can be made in TMPDIR (else /var/tmp or /tmp), and the disk's health; then run it again."
            }
            Self::File { .. } => {
                "Check that the directory is there, and that this user may write both the file and the directory."
            }
            Self::NoFile { .. } => {
                "Check the path in database.url; without --read-only the file is made on first use."
            }
            Self::NoSchema { .. } => {
                "Run `prmdesk migrate` (`prmdesk migrate --dry-run` shows the SQL)."
            }
            Self::Newer { .. } => {
                "Use a prmdesk at least as new as the one that migrated the database."
            }
            Self::Duplicates { .. } => {
                "Make the values distinct, then run `prmdesk migrate` again."
            }
            Self::UnfitColumns { .. } => {
                "Change their types (ALTER TABLE … MODIFY), together with the programs that use them; prmdesk retypes no column that it did not make."
            }
            Self::UnfitTables { .. } => {
                "Convert the tables (ALTER TABLE … ENGINE=InnoDB; ALTER TABLE … DROP SYSTEM VERSIONING), or choose another database in database.url."
            }
            Self::ForeignTables { .. } => {
                "Rename these tables, or give prmdesk a database of its own in database.url."
            }
            Self::TableLocked { .. } => {
                "End those transactions, or wait until they have ended; then run `prmdesk migrate` again. It goes on where it stopped."
            }
            Self::Migrating => "Wait until it is done and try again.",
            Self::Leased(_) => {
                "Wait until it is done; a run whose process died is replaced by itself."
            }
            Self::LeaseLost => "Run it again; if it happens often, raise lease.ttl.",
            Self::CommitUnknown { .. } => {
                "Look at `prmdesk runs` once the database answers: a run that is `running` or `interrupted` wrote nothing."
            }
            Self::Database(_) if self.is_lost() => {
                "The connection broke, and the server rolled back what was under way. Run it again; the hosts of database.url are tried in turn."
            }
            Self::NotFound(what) if what.starts_with("run ") => "`prmdesk runs` lists them.",
            Self::Cancelled | Self::NotFound(_) | Self::BadValue { .. } | Self::Database(_) => {
                return None;
            }
        })
    }
}
