//! Letting addresses through: their effect, the configuration file, and their acceptance, in one act. Other edits that
//! wait stay waiting.

use super::{Accepting, RulesEffect};
use crate::config::edit::{self, Saved};
use crate::config::{FilterConfig, FilterKey};
use crate::desk::Desk;
use crate::error::{Error, Kind, Result};
use crate::plan::{Entity, Op};
use crate::progress::Progress;
use crate::text::email_key;

/// Addresses that are to be let through, with what that would do, under the lease.
#[derive(Debug)]
pub struct Allowing {
    /// What comes from these addresses alone.
    pub accepting: Accepting,
    /// The filters of the configuration with them.
    configured: FilterConfig,
}

impl Desk {
    /// Reads everything under the lease and says what letting `emails` through would do, apart from any other edit.
    pub async fn begin_allowing(&self, emails: &[String], progress: &Progress) -> Result<Allowing> {
        for email in emails {
            let parts = email.trim().split_once('@');
            let fine = parts.is_some_and(|(local, domain)| {
                !local.is_empty() && domain.contains('.') && !email.trim().contains([' ', ','])
            });
            if !fine {
                return Err(Error::new(
                    Kind::Usage,
                    "no_email",
                    format!("`{email}` is no e-mail address. Nothing was let through."),
                ));
            }
        }
        self.file()?;
        let configured = with(&self.config().filters, emails);
        let accepting = self
            .begin_rules("let addresses through", progress, |in_force| {
                with(in_force, emails)
            })
            .await?;
        Ok(Allowing {
            accepting,
            configured,
        })
    }

    /// The configuration file that filters are saved to.
    fn file(&self) -> Result<&std::path::Path> {
        self.config().file.as_deref().ok_or_else(|| {
            Error::new(
                Kind::Config,
                "no_file",
                "There is no configuration file to write to. Nothing was changed.",
            )
            .help("`prmdesk init` writes one; the filters stand in its tables [filters.partners] and [filters.contacts].")
        })
    }

    /// Saves `filters` to the configuration file: only values that differ from the ones in it are changed, and a backup
    /// stands beside it. The desk itself goes on with the filters that it was opened with (see [`Desk::with_filters`]).
    pub fn save_filters(&self, filters: &FilterConfig) -> Result<Saved> {
        self.allow_write("write the configuration")?;
        let (file, profile) = (self.file()?, self.config().profile.as_str());
        let before = &self.config().filters;
        Ok(edit::save(
            file,
            profile,
            before,
            filters,
            self.clock().now(),
        )?)
    }
}

impl Allowing {
    /// What comes from it.
    pub fn effect(&self) -> &RulesEffect {
        &self.accepting.effect
    }

    /// Writes the file and accepts these addresses. The file comes first: should the database fail, the addresses wait for
    /// acceptance like any other edit.
    pub async fn accept(self, note: &str, progress: &Progress) -> Result<(RulesEffect, Saved)> {
        let Self {
            accepting,
            configured,
        } = self;
        let (desk, filters) = (accepting.desk.clone(), accepting.effect.filters.clone());
        let saved = match desk.save_filters(&configured) {
            Ok(saved) => saved,
            Err(error) => return Err(desk.fail(accepting.running, error).await),
        };
        let items = accepting.effect.effect.plan.items.iter();
        let read_next: Vec<i64> = items
            .filter(|item| item.entity == Entity::Contacts && item.op != Op::SoftDelete)
            .filter_map(|item| item.impartner_id)
            .collect();
        let effect = accepting
            .keep(Ok(()), &filters, note, &read_next, progress)
            .await?;
        Ok((effect, saved))
    }

    /// Ends it without writing: somebody said no.
    pub async fn abandon(self) -> Result<()> {
        self.accepting.abandon().await
    }
}

/// `filters` with these addresses let through, each once.
fn with(filters: &FilterConfig, emails: &[String]) -> FilterConfig {
    let mut filters = filters.clone();
    for email in emails {
        let known = &filters.contacts.allow;
        let fold = |email: &str| FilterKey::Allow.folded(&email_key(email));
        if !known.iter().any(|known| fold(known) == fold(email)) {
            filters.contacts.allow.push(email.trim().to_owned());
        }
    }
    filters
}
