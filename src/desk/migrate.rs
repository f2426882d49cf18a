//! Bringing the schema up. Works where [`Desk::open`] refuses, because the schema is not there yet.

use super::Desk;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, Result};

/// The statements that [`migrate`] would run now. An SQLite file that is not there is made by looking.
pub async fn schema_sql(config: &Config, clock: &Clock) -> Result<Vec<String>> {
    Ok(Desk::connect(config, clock).await?.migrate_sql().await?)
}

/// Brings the schema up; returns what was made, in words. Refused in read-only mode.
pub async fn migrate(config: &Config, clock: &Clock) -> Result<Vec<String>> {
    if config.read_only {
        return Err(Error::read_only("change the schema"));
    }
    let made = Desk::connect(config, clock).await?.migrate().await?;
    tracing::info!(steps = made.len(), "the schema was brought up");
    Ok(made)
}
