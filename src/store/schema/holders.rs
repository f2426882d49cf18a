//! Who keeps a table from us: their open transactions.

use super::super::{Store, dialect};

impl Store {
    /// Who has transactions open, in a sentence.
    pub(super) async fn holders(&self) -> String {
        match self.open_transactions().await {
            Ok(found) if !found.is_empty() => format!("Open transactions: {}.", found.join("; ")),
            Ok(_) => "No open transaction is to be seen; a session may have locked the table by itself (LOCK TABLES).".to_owned(),
            Err(_) => "Who has a transaction open could not be told: the database user lacks PROCESS.".to_owned(),
        }
    }

    async fn open_transactions(&self) -> Result<Vec<String>, super::super::StoreError> {
        let mut conn = self.conn().await?;
        conn.all(dialect::OPEN_TRANSACTIONS, vec![], |row| {
            Ok(format!(
                "connection {} of {}@{}, for {} s ({})",
                row.int(0)?,
                row.text(1)?,
                row.text(2)?,
                row.int(3)?,
                row.text(4)?.to_lowercase()
            ))
        })
        .await
    }
}
