//! `prmdesk migrate`.

use clap::Args;

use super::context::Context;
use super::exit::Exit;
use crate::desk;
use crate::error::Result;

/// Bring the database schema up
///
/// A database that already has the tables is adopted: missing columns and indexes are added, nothing is dropped or
/// retyped, rows stay. It can be run again at any time.
#[derive(Debug, Args)]
pub(super) struct Migrate {
    /// Print the SQL and run nothing
    #[arg(long)]
    dry_run: bool,
}

impl Migrate {
    pub(super) async fn run(self, cx: &mut Context<'_>) -> Result<Exit> {
        if self.dry_run {
            let statements = cx.reading(desk::schema_sql(&cx.config, &cx.clock)).await?;
            if statements.is_empty() {
                cx.out.line("-- Nothing to do: the schema is current.")?;
            }
            for statement in statements {
                let statement = statement.trim().trim_end_matches(';');
                cx.out
                    .raw(&format!("{};\n\n", crate::text::safe_lines(statement)))?;
            }
            return Ok(Exit::Done);
        }
        // Not dropped when somebody cancels: MariaDB commits each statement by itself, and each leaves a sound schema.
        let made = desk::migrate(&cx.config, &cx.clock).await?;
        if made.is_empty() {
            cx.out.line("Nothing to do: the schema is current.")?;
        }
        for what in made {
            cx.out.line(format!("Made {what}"))?;
        }
        Ok(Exit::Done)
    }
}
