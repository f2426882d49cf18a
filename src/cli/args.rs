//! Arguments that several commands share.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use clap::builder::{
    NonEmptyStringValueParser, PossibleValuesParser, RangedI64ValueParser, TypedValueParser,
};
use unicode_width::UnicodeWidthStr;

use super::output::Color;
use crate::config::Overrides;
use crate::error::{Error, Kind, Result};
use crate::plan::filter::Filter;
use crate::plan::{Entity, Mode, Plan, Release, Scope, Selection};
use crate::values::Records;

/// Options of every command.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// Configuration file; else $PRMDESK_CONFIG, ./prmdesk.toml, $XDG_CONFIG_HOME/prmdesk/config.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Profile of the configuration to use
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// Refuse every write, to the database and to both APIs
    #[arg(long, global = true)]
    pub(super) read_only: bool,
    /// Who works; recorded with every run
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) operator: Option<String>,
    /// How much goes to the log file: error, warn, info, debug or trace
    #[arg(long, global = true, value_name = "LEVEL")]
    pub(super) log_level: Option<String>,
    /// When to colour; NO_COLOR is honoured
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: Color,
    /// Draw the console without box glyphs or braille
    #[arg(long, global = true)]
    pub(super) ascii: bool,
}

impl Global {
    /// What these options say about the configuration.
    pub(super) fn overrides(&self) -> Overrides {
        Overrides {
            config: self.config.clone(),
            profile: self.profile.clone(),
            operator: self.operator.clone(),
            read_only: self.read_only,
            log_level: self.log_level.clone(),
        }
    }
}

/// Which records, and how much is read.
#[derive(Clone, Debug, Args)]
pub(super) struct What {
    /// What to read
    #[arg(default_value = "all", value_parser = words::<Scope, _>(["all", "partners", "contacts"]))]
    pub(super) scope: Scope,
    /// incremental: what changed since the last applied run; full: everything, which alone shows what is gone
    #[arg(long, default_value = "incremental", value_parser = words::<Mode, _>(["incremental", "full"]))]
    pub(super) mode: Mode,
    /// This record alone, asked for by its Impartner id; can be given again. With partners or contacts
    #[arg(long = "id", value_name = "N", conflicts_with = "mode", value_parser = id())]
    pub(super) ids: Vec<i64>,
}

impl What {
    /// The single records that are asked for; `None`: a listing is.
    pub(super) fn records(&self) -> Result<Option<Records>> {
        if self.ids.is_empty() {
            return Ok(None);
        }
        let entity = match self.scope {
            Scope::Partners => Entity::Partners,
            Scope::Contacts => Entity::Contacts,
            Scope::All => {
                return Err(Error::new(
                    Kind::Usage,
                    "id_of_what",
                    "--id names a record of partners or of contacts, and neither was given.",
                )
                .help("Say which: `prmdesk preview contacts --id 7`."));
            }
        };
        Ok(Some(Records {
            entity,
            ids: self.ids.clone(),
        }))
    }
}

/// A number that names something: a row, a run, a case, a record of Impartner. They begin with 1.
pub(super) fn id() -> RangedI64ValueParser<i64> {
    RangedI64ValueParser::new().range(1..)
}

/// Entity words as arguments take them.
pub(super) fn entity() -> impl TypedValueParser<Value = Entity> {
    words(["partners", "contacts"])
}

/// A parser that lists its words in the help and reads them by their `FromStr`.
fn words<T, const N: usize>(words: [&'static str; N]) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err = String> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(words)
        .try_map(|word| word.parse::<T>().map_err(std::io::Error::other))
}

/// Results as JSON.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Json {
    /// Print one JSON document on standard output and nothing else
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// Which of a plan's changes to apply.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Picks {
    /// Apply only what this filter expression names, also what is not ticked at first
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true)]
    pub(super) only: Option<String>,
    /// Leave out what this filter expression names; it is carried over
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true)]
    pub(super) except: Option<String>,
}

/// The filters of a [`Picks`], parsed before anything is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Picked {
    only: Option<Filter>,
    except: Option<Filter>,
}

impl Picks {
    /// Parses both expressions.
    pub(super) fn parse(&self) -> Result<Picked> {
        let parse = |flag, text: &Option<String>| {
            text.as_deref().map(|text| filter(flag, text)).transpose()
        };
        Ok(Picked {
            only: parse("--only", &self.only)?,
            except: parse("--except", &self.except)?,
        })
    }
}

impl Picked {
    /// Changes the ticks of `selection`. A held row that `--only` names is exit 3 (docs/contract.md, "Command line").
    pub(super) fn tick(&self, plan: &Plan, selection: &mut Selection) -> Result<()> {
        if let Some(only) = &self.only {
            selection.only(plan, only).map_err(|error| {
                Error::new(
                    Kind::Blocked,
                    "held",
                    format!("--only: {error}. Nothing was applied."),
                )
                .help("Lift the hold with `prmdesk holds lift`, or leave the row out of --only.")
            })?;
        }
        if let Some(except) = &self.except {
            selection.except(plan, except);
        }
        Ok(())
    }
}

/// Parses the filter expression of `flag`; the error points at the term that does not parse.
pub(super) fn filter(flag: &str, text: &str) -> Result<Filter> {
    Filter::parse(text).map_err(|error| {
        let before = text.get(..error.span.start).unwrap_or_default().width();
        let marked = text.get(error.span.clone()).unwrap_or_default().width();
        let marks = "^".repeat(marked.max(1));
        Error::new(
            Kind::Usage,
            "filter",
            format!("{flag}: {error}\n  {text}\n  {}{marks}", " ".repeat(before)),
        )
        .help("Terms are words, field:value or field=value, with - in front to negate; see the README.")
    })
}

/// A one-shot release of a guard.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Releases {
    /// Release the guards on soft-deletes, once: N must be the number that this apply would carry out
    #[arg(long, value_name = "N", requires = "reason")]
    pub(super) allow_deletes: Option<u64>,
    /// Release the guard on updates, once: N must be the number that this apply would carry out
    #[arg(long, value_name = "N", requires = "reason")]
    pub(super) allow_updates: Option<u64>,
    /// Why a guard is released; recorded with the operator
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub(super) reason: Option<String>,
}

impl Releases {
    /// The release.
    pub(super) fn release(&self) -> Release {
        Release {
            deletes: self.allow_deletes,
            updates: self.allow_updates,
            reason: self.reason.clone(),
        }
    }
}
