//! The schema: what `migrations/*` declare, what the database has, and the statements that are missing.
//!
//! The SQL files are plain and could be run by hand; here they are read as a declaration, because MariaDB commits
//! each DDL statement by itself: whatever was interrupted, and whatever was there before us, the next `migrate` runs
//! exactly what is missing. Nothing is ever dropped or retyped.

mod case_log;
mod declared;
mod fitness;
mod holders;
mod troubles;

use std::time::Duration;

use super::catalog::{self, Catalog};
use super::db::Conn;
use super::{Engine, Store, StoreError, dialect, identity};
use declared::Declared;

pub(super) use fitness::require_types;
pub use troubles::ColumnTroubles;

/// The version of the schema that this program declares: the highest number of a migration file.
const VERSION: i64 = 10;

/// The files, oldest first.
const MYSQL: &[&str] = &[
    include_str!("../../migrations/mysql/0001_tables.sql"),
    include_str!("../../migrations/mysql/0002_hold_rows.sql"),
    include_str!("../../migrations/mysql/0003_case_revision.sql"),
    include_str!("../../migrations/mysql/0004_waiting.sql"),
    include_str!("../../migrations/mysql/0005_group_gone.sql"),
    include_str!("../../migrations/mysql/0007_hold_until.sql"),
    include_str!("../../migrations/mysql/0009_rules.sql"),
    include_str!("../../migrations/mysql/0010_case_log.sql"),
];
const SQLITE: &[&str] = &[
    include_str!("../../migrations/sqlite/0001_tables.sql"),
    include_str!("../../migrations/sqlite/0002_hold_rows.sql"),
    include_str!("../../migrations/sqlite/0003_case_revision.sql"),
    include_str!("../../migrations/sqlite/0004_waiting.sql"),
    include_str!("../../migrations/sqlite/0005_group_gone.sql"),
    include_str!("../../migrations/sqlite/0007_hold_until.sql"),
    include_str!("../../migrations/sqlite/0009_rules.sql"),
    include_str!("../../migrations/sqlite/0010_case_log.sql"),
];

/// Longest wait of a migration for a table that others use.
const LOCK_PATIENCE: Duration = Duration::from_secs(30);

/// Row ids that are named of one duplicate.
const IDS_SHOWN: usize = 10;

/// The name in `sync_state` under which the version is kept.
const VERSION_NAME: &str = "schema_version";

/// Whether the tables are those of docs/contract.md, "Database".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// They are.
    Current,
    /// These are missing, in words: "table sync_runs", "column contacts.deleted_at", "index partners (impartner_id)".
    Missing(Vec<String>),
    /// A newer prmdesk migrated it.
    Newer {
        /// The version in the database.
        found: i64,
        /// The version of this program.
        known: i64,
    },
}

/// One thing that is missing.
struct Step {
    what: String,
    sql: String,
    /// The table and column that must be free of duplicates first.
    unique: Option<(String, String)>,
}

impl Store {
    /// Compares the database with what this program declares. An error where it cannot be worked with at all; see
    /// [`Store::refusals`].
    pub async fn schema_state(&self) -> Result<SchemaState, StoreError> {
        let mut conn = self.conn().await?;
        let catalog = catalog::read(&mut conn).await?;
        refuse(&mut conn, &catalog).await?;
        let found = version(&mut conn, &catalog).await?;
        if found > VERSION {
            return Ok(SchemaState::Newer {
                found,
                known: VERSION,
            });
        }
        let rows = Rows::read(&mut conn, &catalog).await?;
        let missing: Vec<String> = steps(self.engine(), &catalog, rows)
            .into_iter()
            .map(|step| step.what)
            .collect();
        Ok(if missing.is_empty() {
            SchemaState::Current
        } else {
            SchemaState::Missing(missing)
        })
    }

    /// An error unless the schema is current; what every command but `migrate` and `doctor` begins with.
    pub async fn require_schema(&self) -> Result<(), StoreError> {
        match self.schema_state().await? {
            SchemaState::Current => Ok(()),
            SchemaState::Missing(missing) => Err(StoreError::NoSchema {
                target: self.target(),
                missing,
            }),
            SchemaState::Newer { found, known } => Err(StoreError::Newer { found, known }),
        }
    }

    /// Everything of the database that prmdesk cannot work with, whatever is missing: none of it is mended by `migrate`.
    pub async fn refusals(&self) -> Result<Vec<StoreError>, StoreError> {
        let mut conn = self.conn().await?;
        let catalog = catalog::read(&mut conn).await?;
        let declared = declared_for(self.engine());
        fitness::refusals(&mut conn, &catalog, &declared).await
    }

    /// The statements that [`Store::migrate`] would run now; where it would refuse, the same error.
    pub async fn migrate_sql(&self) -> Result<Vec<String>, StoreError> {
        let mut conn = self.conn().await?;
        let catalog = catalog::read(&mut conn).await?;
        let steps = planned(&mut conn, &catalog).await?;
        Ok(steps.into_iter().map(|step| step.sql).collect())
    }

    /// Brings the schema up; returns what was made, in words. Can be run again at any time, also after it was
    /// interrupted. What stands in the way is found before anything is changed, duplicates under a unique index too. A table
    /// that others use is waited for no longer than 30 s: whoever comes after us would wait behind us.
    pub async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        self.migrate_within(LOCK_PATIENCE).await
    }

    /// The same with another wait for each table, in whole seconds.
    pub async fn migrate_within(&self, patience: Duration) -> Result<Vec<String>, StoreError> {
        let mut conn = self.conn().await?;
        let lock = dialect::migration_lock(self.engine());
        match lock {
            Some((take, _)) => match conn.first(take, vec![], |row| row.opt_int(0)).await {
                Ok(got) if got.flatten() == Some(1) => {}
                Ok(_) => return Err(StoreError::Migrating),
                Err(error) if error.is_lost() => return Err(error),
                // A Galera cluster has no GET_LOCK. The statements are IF NOT EXISTS, so two migrations at once end
                // with one of them told to run again.
                Err(error) => tracing::warn!(%error, "migrating without a lock"),
            },
            None => conn.begin().await?,
        }
        let waits = dialect::migration_waits(self.engine(), patience.as_secs());
        if let Some(waits) = &waits {
            conn.raw(waits.clone()).await?;
        }
        let done = match run(&mut conn).await {
            Err(Stopped::Locked { what }) => Err(StoreError::TableLocked {
                what,
                seconds: patience.as_secs(),
                holders: self.holders().await,
            }),
            Err(Stopped::Other(error)) => Err(error),
            Ok(made) => Ok(made),
        };
        if waits.is_some() {
            // Of a session that is lost nothing is left to be set.
            let _restored = conn.raw(dialect::MIGRATION_WAITS_AS_BEFORE).await;
        }
        match lock {
            Some((_, release)) => {
                // The lock ends with the session anyway.
                let _released = conn.first(release, vec![], |row| row.opt_int(0)).await;
            }
            None if done.is_ok() => conn.commit().await?,
            None => conn.rollback().await?,
        }
        done
    }
}

/// What ended a migration early.
enum Stopped {
    /// Others use the table of this statement.
    Locked {
        what: String,
    },
    Other(StoreError),
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Other(error)
    }
}

/// An error for the first thing that cannot be worked with.
async fn refuse(conn: &mut Conn, catalog: &Catalog) -> Result<(), StoreError> {
    let declared = declared_for(conn.engine());
    let refusals = fitness::refusals(conn, catalog, &declared).await?;
    refusals.into_iter().next().map_or(Ok(()), Err)
}

/// What a migration would do, once it is sure that nothing stands in its way.
async fn planned(conn: &mut Conn, catalog: &Catalog) -> Result<Vec<Step>, StoreError> {
    refuse(conn, catalog).await?;
    let found = version(conn, catalog).await?;
    if found > VERSION {
        return Err(StoreError::Newer {
            found,
            known: VERSION,
        });
    }
    let rows = Rows::read(conn, catalog).await?;
    let steps = steps(conn.engine(), catalog, rows);
    for step in &steps {
        if let Some((table, column)) = &step.unique
            && catalog
                .get(table)
                .is_some_and(|there| there.column(column).is_some())
        {
            refuse_duplicates(conn, table, column).await?;
        }
    }
    Ok(steps)
}

async fn run(conn: &mut Conn) -> Result<Vec<String>, Stopped> {
    let engine = conn.engine();
    let catalog = catalog::read(conn).await?;
    let steps = planned(conn, &catalog).await?;
    let found = version(conn, &catalog).await?;
    let mut made = Vec::with_capacity(steps.len());
    for step in steps {
        tracing::info!(what = step.what, "migrating");
        match conn.raw(step.sql.clone()).await {
            Ok(()) => made.push(step.what),
            Err(error) if error.is_lock_wait() => return Err(Stopped::Locked { what: step.sql }),
            Err(error) => return Err(error.into()),
        }
    }
    if found < VERSION {
        let sql = format!(
            "INSERT INTO sync_state (name, value, updated_at) VALUES (?, ?, {}){}",
            dialect::now(engine),
            dialect::upsert(engine, "name", &["value", "updated_at"])
        );
        conn.execute(sql, super::db::args![VERSION_NAME, VERSION.to_string()])
            .await?;
    }
    Ok(made)
}

/// The version that the database says it has; 0 when it says none.
async fn version(conn: &mut Conn, catalog: &Catalog) -> Result<i64, StoreError> {
    if !catalog.contains_key("sync_state") {
        return Ok(0);
    }
    let text = conn
        .first(
            "SELECT value FROM sync_state WHERE name = ?",
            super::db::args![VERSION_NAME],
            |row| row.string(0),
        )
        .await?;
    Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// What a migration does to rows, and whether it is done.
#[derive(Clone, Copy, Debug)]
struct Rows {
    /// The database has an identity: without one, plans of other databases could not be told from its own.
    identity: bool,
    /// Every case has its log.
    case_log: bool,
}

impl Rows {
    /// What a database without any rows of ours needs.
    const NONE: Self = Self {
        identity: false,
        case_log: true,
    };

    async fn read(conn: &mut Conn, catalog: &Catalog) -> Result<Self, StoreError> {
        let identity =
            catalog.contains_key("sync_state") && identity::identity(conn).await?.is_some();
        let has = |name: &str| catalog.contains_key(name);
        let case_log = match (has("offboarding_cases"), has("offboarding_events")) {
            (false, _) => true,
            (true, false) => !case_log::any_case(conn).await?,
            (true, true) => !case_log::unlogged(conn).await?,
        };
        Ok(Self { identity, case_log })
    }
}

/// Names duplicates that a unique index would refuse, as the column itself compares.
async fn refuse_duplicates(conn: &mut Conn, table: &str, column: &str) -> Result<(), StoreError> {
    let value = dialect::as_text(conn.engine(), &format!("MIN({column})"));
    let ids = dialect::as_text(conn.engine(), "GROUP_CONCAT(id)");
    let sql = format!(
        "SELECT {value}, COUNT(*), {ids} FROM {table} WHERE {column} IS NOT NULL \
         GROUP BY {column} HAVING COUNT(*) > 1 ORDER BY 2 DESC, 1 LIMIT 20"
    );
    let examples = conn
        .all(sql, vec![], |row| {
            let ids: Vec<&str> = row.text(2)?.split(',').collect();
            let more = if ids.len() > IDS_SHOWN { ", …" } else { "" };
            Ok(format!(
                "`{}` ({} rows, ids {}{more})",
                row.text(0)?,
                row.count(1)?,
                ids[..ids.len().min(IDS_SHOWN)].join(", "),
            ))
        })
        .await?;
    if examples.is_empty() {
        return Ok(());
    }
    Err(StoreError::Duplicates {
        table: table.to_owned(),
        column: column.to_owned(),
        examples,
    })
}

fn declared_for(engine: Engine) -> Declared {
    Declared::read(match engine {
        Engine::MariaDb => MYSQL,
        Engine::Sqlite => SQLITE,
    })
}

/// The statements for a database that has `catalog` and no identity.
pub(super) fn statements(engine: Engine, catalog: &Catalog) -> Vec<String> {
    steps(engine, catalog, Rows::NONE)
        .into_iter()
        .map(|step| step.sql)
        .collect()
}

/// What is missing, in the order in which it must be made.
fn steps(engine: Engine, catalog: &Catalog, rows: Rows) -> Vec<Step> {
    let declared = declared_for(engine);
    let mut steps = Vec::new();
    for table in &declared.tables {
        let Some(there) = catalog.get(&table.name) else {
            steps.push(Step {
                what: format!("table {}", table.name),
                sql: create(table, catalog),
                unique: None,
            });
            steps.extend(
                table
                    .columns
                    .iter()
                    .filter(|column| !table.sql.contains(&column.definition))
                    .map(|column| Step {
                        what: format!("column {}.{}", table.name, column.name),
                        sql: format!(
                            "ALTER TABLE {} ADD COLUMN {}",
                            table.name, column.definition
                        ),
                        unique: None,
                    }),
            );
            continue;
        };
        for column in &table.columns {
            if there.column(&column.name).is_none() {
                // Rows that are there have no value for it, so it cannot be NOT NULL without a default.
                let definition = if column.definition.contains("DEFAULT") {
                    column.definition.clone()
                } else {
                    column.definition.replace("NOT NULL", "NULL")
                };
                steps.push(Step {
                    what: format!("column {}.{}", table.name, column.name),
                    sql: format!("ALTER TABLE {} ADD COLUMN {definition}", table.name),
                    unique: None,
                });
            }
        }
    }
    for index in &declared.indexes {
        // An index under another name that serves the same is as good.
        let served = catalog.get(&index.table).is_some_and(|table| {
            table.indexes.iter().any(|there| {
                if index.unique {
                    there.unique && there.whole && there.columns == index.columns
                } else {
                    there.columns.starts_with(&index.columns)
                }
            })
        }) || !catalog.contains_key(&index.table) && declared.inline(index);
        if !served {
            // IF NOT EXISTS goes by name: an index of that name that serves something else must not hide ours.
            let taken = catalog
                .values()
                .any(|table| table.indexes.iter().any(|there| there.name == index.name));
            let sql = if taken {
                index
                    .sql
                    .replacen(&index.name, &format!("{}_prmdesk", index.name), 1)
            } else {
                index.sql.clone()
            };
            steps.push(Step {
                what: format!("index {} ({})", index.table, index.columns.join(", ")),
                sql,
                unique: (index.unique && index.columns.len() == 1)
                    .then(|| (index.table.clone(), index.columns[0].clone())),
            });
        }
    }
    if !rows.case_log {
        steps.push(Step {
            what: "the log of the off-boarding cases".to_owned(),
            sql: case_log::copied(engine),
            unique: None,
        });
    }
    if !rows.identity {
        steps.push(Step {
            what: "the database's identity".to_owned(),
            // Drawn by the database itself, so that two that are made from one printed script differ.
            sql: format!(
                "INSERT INTO sync_state (name, value, updated_at) VALUES ('{}', {}, {})",
                identity::NAME,
                dialect::random_id(engine),
                dialect::now(engine)
            ),
            unique: None,
        });
    }
    steps
}

/// CREATE TABLE, with the type of an adopted `partners.id` taken over by the column that refers to it: MariaDB refuses
/// a foreign key between different types.
fn create(table: &declared::Table, catalog: &Catalog) -> String {
    let id = catalog
        .get("partners")
        .and_then(|partners| partners.column("id"));
    match id {
        Some(id) if table.name == "contacts" && id.is_int() => table.sql.replace(
            "partner_id INT NULL",
            &format!("partner_id {} NULL", id.kind),
        ),
        _ => table.sql.clone(),
    }
}
