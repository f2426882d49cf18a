//! `prmdesk rules`.

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::args::Json;
use super::confirm::Consent;
use super::context::Context;
use super::exit::Exit;
use super::render::when;
use crate::config::{FilterConfig, FilterKey, NotSet, RuleChange};
use crate::desk::rules::RulesEffect;
use crate::error::{Error, Kind, Result};
use crate::plan::file::ItemDocument;
use crate::plan::{ByRule, Op, PerEntity};
use crate::values::{OffboardingAhead, RulesState};

/// Items shown of an effect; `--json` has all.
const SHOWN: usize = 20;

/// The filters: configured, accepted, and what a change of them would do
///
/// What only an edited filter would do waits until somebody accepts it: a change of the rules is a decision about people.
#[derive(Debug, Args)]
pub(super) struct Rules {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    pub(super) json: Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// What filters would do against a full reading; writes nothing
    Try {
        /// A filter and its value; a list as a,b. Repeatable; filters that are not named stay as they are configured
        #[arg(long, value_name = "KEY=VALUE")]
        set: Vec<String>,
    },
    /// Accept the configured filters after a full reading; applies nothing
    Accept {
        /// The number of soft-deletes that come from them; any other accepts nothing
        #[arg(long, value_name = "N", requires = "reason")]
        allow_deletes: Option<u64>,
        /// Why; recorded with the operator
        #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
        reason: Option<String>,
        /// Go ahead without asking
        #[arg(long, requires = "reason")]
        yes: bool,
    },
    /// Let addresses through: into filters.contacts.allow of the configuration file, accepted in the same act
    Allow {
        /// The addresses
        #[arg(value_name = "EMAIL", required = true)]
        emails: Vec<String>,
        /// Why; recorded with the operator
        #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
        note: String,
        /// Go ahead without asking
        #[arg(long)]
        yes: bool,
    },
}

impl Rules {
    pub(super) async fn run(self, cx: &mut Context<'_>) -> Result<Exit> {
        match self.command {
            None => {
                let desk = cx.desk().await?;
                let rules = cx.reading(desk.rules()).await?;
                if cx.json() {
                    cx.out.json(&rules)?;
                } else {
                    print_state(&rules, cx)?;
                }
                Ok(Exit::Done)
            }
            Some(Command::Try { set }) => {
                let filters = with(&cx.config.filters, &set)?;
                let desk = cx.desk().await?;
                let tried = cx.reading(desk.try_rules(&filters, &cx.progress)).await?;
                tell(cx, &tried, false)?;
                Ok(if tried.effect.is_empty() {
                    Exit::Done
                } else {
                    Exit::Changes
                })
            }
            Some(Command::Accept {
                allow_deletes,
                reason,
                yes,
            }) => accept(cx, allow_deletes, reason, yes).await,
            Some(Command::Allow { emails, note, yes }) => allow(cx, &emails, &note, yes).await,
        }
    }
}

/// The configured filters with what `--set` says.
fn with(filters: &FilterConfig, set: &[String]) -> Result<FilterConfig> {
    let mut filters = filters.clone();
    for assignment in set {
        FilterKey::set_from(assignment, &mut filters).map_err(|NotSet(why)| {
            Error::new(Kind::Usage, "no_filter", format!("--set: {why}.")).help(
                "Write KEY=VALUE, for instance --set excluded_tiers=Pending,Registered; `prmdesk rules` lists the filters.",
            )
        })?;
    }
    Ok(filters)
}

async fn accept(
    cx: &mut Context<'_>,
    number: Option<u64>,
    reason: Option<String>,
    yes: bool,
) -> Result<Exit> {
    let consent = Consent::from_yes(yes, "accept the rules")?;
    let desk = cx.desk().await?;
    let accepting = Box::pin(desk.begin_acceptance(&cx.progress)).await?;
    if consent == Consent::Given {
        let reason = reason.unwrap_or_default();
        let done = Box::pin(accepting.accept(None, number, &reason, &cx.progress)).await?;
        tell(cx, &done, true)?;
        return Ok(Exit::Done);
    }
    cx.quiet();
    if !cx.json() {
        tell(cx, &accepting.effect, false)?;
    }
    let wanted = accepting.effect.effect.soft_deletes();
    let asked = async {
        let number = match number {
            Some(number) => Some(number),
            None => consent.number(cx, wanted).await?,
        };
        let reason = match reason {
            Some(reason) => reason,
            None => consent.text(cx, "Why").await?,
        };
        Ok::<_, Error>((number, reason))
    };
    match asked.await {
        Ok((number, reason)) => {
            let done = Box::pin(accepting.accept(None, number, &reason, &cx.progress)).await?;
            if cx.json() {
                tell(cx, &done, true)?;
            } else {
                cx.out.line("The configured filters are accepted. Nothing was applied; the next run is full.")?;
            }
            Ok(Exit::Done)
        }
        Err(said_no) => {
            accepting.abandon().await?;
            Err(said_no)
        }
    }
}

async fn allow(cx: &mut Context<'_>, emails: &[String], note: &str, yes: bool) -> Result<Exit> {
    let consent = Consent::from_yes(yes, "let the addresses through")?;
    let desk = cx.desk().await?;
    let allowing = Box::pin(desk.begin_allowing(emails, &cx.progress)).await?;
    if consent == Consent::Asked {
        cx.quiet();
        if !cx.json() {
            tell(cx, allowing.effect(), false)?;
        }
        let question = format!("Let {} through?", emails.join(", "));
        if let Err(said_no) = consent.question(cx, &question).await {
            allowing.abandon().await?;
            return Err(said_no);
        }
    }
    let (done, saved) = Box::pin(allowing.accept(note, &cx.progress)).await?;
    if cx.json() || consent == Consent::Given {
        tell(cx, &done, true)?;
    }
    if !cx.json() {
        let path = saved.path.display();
        cx.out.line(&match saved.backup {
            Some(backup) => format!(
                "{} let through in {path}; the file as it was is {}. Their contacts are read by the next run.",
                emails.join(", "),
                backup.display()
            ),
            None => format!("{} stood in {path} already.", emails.join(", ")),
        })?;
    }
    Ok(Exit::Done)
}

/// `rules try|accept|allow --json` (docs/contract.md, "JSON").
#[derive(Serialize)]
struct EffectDocument<'a> {
    changed: &'a [RuleChange],
    effect: PerEntity<ByRule>,
    excluded: PerEntity<u64>,
    kept: PerEntity<u64>,
    no_longer_suspicious: u64,
    offboarding: OffboardingAhead,
    unproved: &'a [String],
    items: Vec<ItemDocument<'a>>,
    accepted: bool,
}

fn tell(cx: &mut Context<'_>, told: &RulesEffect, accepted: bool) -> Result<()> {
    let (effect, plan) = (&told.effect, &told.effect.plan);
    let views = || {
        let excluded = plan.excluded.iter().map(|item| plan.view_of(item));
        plan.views().chain(excluded)
    };
    if cx.json() {
        return cx.out.json(&EffectDocument {
            changed: &told.rules().changed,
            effect: plan.by_rule,
            excluded: effect.excluded(),
            kept: effect.kept(),
            no_longer_suspicious: effect.no_longer_suspicious,
            offboarding: told.offboarding,
            unproved: &told.unproved,
            items: views()
                .map(|view| ItemDocument::of(view, view.item.selected))
                .collect(),
            accepted,
        });
    }
    cx.quiet();
    if told.rules().changed.is_empty() {
        cx.out
            .line("These filters do not differ from the accepted ones.")?;
    }
    for change in &told.rules().changed {
        cx.out.line(format!("{}.", change.words()))?;
    }
    for why in &told.unproved {
        cx.out.line(format!(
            "A listing was not proved complete ({why}): there may be more."
        ))?;
    }
    let (excluded, kept) = (effect.excluded(), effect.kept());
    let rows: Vec<Vec<String>> = plan
        .by_rule
        .iter()
        .map(|(entity, by_rule)| {
            vec![
                entity.word().to_owned(),
                by_rule.add.to_string(),
                by_rule.reactivate.to_string(),
                by_rule.soft_delete.to_string(),
                excluded[entity].to_string(),
                kept[entity].to_string(),
            ]
        })
        .collect();
    cx.out.table(
        &["", "ADD", "REACTIVATE", "SOFT-DELETE", "LEFT OUT", "KEPT"],
        &rows,
    )?;
    let OffboardingAhead { cases, groups } = told.offboarding;
    cx.out.line(format!(
        "Suspicious no more: {}. Off-boarding that would follow: {cases} cases, {groups} LMS groups.",
        effect.no_longer_suspicious
    ))?;
    let rows: Vec<Vec<String>> = views()
        .take(SHOWN)
        .map(|view| {
            let op = match view.item.op {
                Op::Unchanged => "kept",
                Op::Excluded => "left out",
                op => op.label(),
            };
            vec![
                view.item.entity.singular().to_owned(),
                op.to_owned(),
                view.item
                    .impartner_id
                    .map(|id| id.to_string())
                    .unwrap_or_default(),
                view.name().to_owned(),
                view.reason().to_owned(),
            ]
        })
        .collect();
    if !rows.is_empty() {
        cx.out
            .table(&["ENTITY", "WHAT", "ID", "NAME", "WHY"], &rows)?;
    }
    let more = views().count().saturating_sub(SHOWN);
    if more > 0 {
        cx.out.line(format!("… and {more} more; --json has all."))?;
    }
    if accepted {
        cx.out.line("Accepted. Nothing was applied.")?;
    }
    Ok(())
}

fn print_state(rules: &RulesState, cx: &mut Context<'_>) -> Result<()> {
    match &rules.accepted {
        None => cx.out.line("Nobody has accepted filters yet; the first run that is applied accepts the configured ones.")?,
        Some(accepted) => cx.out.line(format!(
            "Accepted by {} on {}: {}.",
            accepted.operator,
            when(accepted.accepted_at),
            accepted.reason.trim_end_matches('.')
        ))?,
    }
    for change in &rules.changed {
        cx.out
            .line(format!("{}; not accepted yet.", change.words()))?;
    }
    if rules.differs {
        cx.out.line(
            "`prmdesk rules try` says what that would do, `prmdesk rules accept` accepts it.",
        )?;
    }
    let rows: Vec<Vec<String>> = FilterKey::ALL
        .into_iter()
        .map(|key| {
            let hits = rules.excluded.iter().find(|hits| hits.rule == key);
            let number = |number: Option<u64>| number.map_or_else(String::new, |it| it.to_string());
            let changed = rules.changed.iter().any(|change| change.rule == key);
            let accepted = rules.accepted.as_ref().filter(|_| changed);
            vec![
                key.name().to_owned(),
                listed(&key.values(&rules.configured)),
                accepted.map_or_else(String::new, |it| listed(&key.values(&it.filters))),
                number(hits.map(|hits| hits.records)),
                number(hits.map(|hits| hits.suspicious).filter(|&count| count > 0)),
            ]
        })
        .collect();
    cx.out.table(
        &["FILTER", "CONFIGURED", "ACCEPTED", "LEFT OUT", "SUSPICIOUS"],
        &rows,
    )
}

/// The values of a filter; an entry without text means "no value".
fn listed(values: &[String]) -> String {
    let said = |value: &String| {
        if value.is_empty() {
            "(no value)".to_owned()
        } else {
            value.clone()
        }
    };
    values.iter().map(said).collect::<Vec<_>>().join(", ")
}
