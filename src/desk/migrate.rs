//! Bringing the schema up. Works where [`Desk::open`] refuses, because the schema is not there yet.

use super::Desk;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::store;

/// The statements that [`migrate`] would run now. Nothing is made, not even an SQLite file that is not there.
pub async fn schema_sql(config: &Config, clock: &Clock) -> Result<Vec<String>> {
    let url = Desk::database_url(config)?;
    Ok(store::planned_sql(url, clock.clone()).await?)
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
