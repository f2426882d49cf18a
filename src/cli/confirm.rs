//! Asking before something is applied (docs/contract.md, "Command line": no terminal and no `--yes` is exit 2).

use super::ask;
use super::context::Context;
use crate::desk::Shown;
use crate::error::{Error, Kind, Result};
use crate::plan::guards::Guard;
use crate::plan::{Op, Plan, Release, Selection};

/// Whether a person was asked on the command line already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consent {
    /// `--yes`, or an unattended run.
    Given,
    /// A person at the terminal is asked.
    Asked,
}

impl Consent {
    /// `--yes`, else a terminal; neither is wrong usage. `what` is what is not done, e.g. "apply the plan".
    pub(super) fn from_yes(yes: bool, what: &str) -> Result<Self> {
        if yes {
            Ok(Self::Given)
        } else if ask::somebody() {
            Ok(Self::Asked)
        } else {
            Err(Error::new(
                Kind::Usage,
                "no_terminal",
                format!("There is no terminal to ask on, so prmdesk did not {what}."),
            )
            .help("Add --yes to go ahead without being asked; guards hold all the same."))
        }
    }

    /// Asks about `plan` with the ticks of `selection`, and gives what was said to go; `None` where nobody was asked.
    /// Nothing ticked: nobody is asked.
    pub(super) async fn plan(
        self,
        cx: &Context<'_>,
        plan: &Plan,
        selection: &Selection,
        guards: &[Guard],
        release: &Release,
    ) -> Result<Option<Shown>> {
        if self == Self::Given {
            return Ok(None);
        }
        let shown = Shown::new(plan, selection, guards, release);
        let left = shown.going();
        let changes = left.count();
        if changes == 0 {
            return Ok(Some(shown));
        }
        let deletes = left.count_op(plan, Op::SoftDelete);
        let deletes = deletes.partners + deletes.contacts;
        let profile = &cx.config.profile;
        let sure = if deletes > 0 {
            let question = format!(
                "{changes} changes in profile {profile}, {deletes} of them soft-deletes. Type the number of soft-deletes to go ahead"
            );
            answer(cx, question)
                .await?
                .is_some_and(|answer| answer == deletes.to_string())
        } else {
            yes_or_no(
                cx,
                &format!("{changes} changes in profile {profile}. Go ahead?"),
            )
            .await?
        };
        if sure {
            Ok(Some(shown))
        } else {
            Err(declined())
        }
    }

    /// Asks for a number of soft-deletes to be typed; none is asked for where there are none.
    pub(super) async fn number(self, cx: &Context<'_>, wanted: u64) -> Result<Option<u64>> {
        if wanted == 0 {
            return Ok(Some(0));
        }
        let question = format!(
            "{wanted} soft-deletes come from these rules in profile {}. Type the number to accept them",
            cx.config.profile
        );
        let answer = answer(cx, question).await?;
        match answer.filter(|answer| *answer == wanted.to_string()) {
            Some(_) => Ok(Some(wanted)),
            None => Err(declined()),
        }
    }

    /// Asks for a text; an empty one is a no.
    pub(super) async fn text(self, cx: &Context<'_>, question: &str) -> Result<String> {
        answer(cx, question.to_owned()).await?.ok_or_else(declined)
    }

    /// Asks a plain question.
    pub(super) async fn question(self, cx: &Context<'_>, question: &str) -> Result<()> {
        if self == Self::Given || yes_or_no(cx, question).await? {
            Ok(())
        } else {
            Err(declined())
        }
    }
}

async fn yes_or_no(cx: &Context<'_>, question: &str) -> Result<bool> {
    let answer = answer(cx, format!("{question} [y/N]")).await?;
    Ok(answer.is_some_and(|answer| matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes")))
}

/// Waits for an answer without keeping the lease from being renewed, or a signal from being heard.
async fn answer(cx: &Context<'_>, question: String) -> Result<Option<String>> {
    cx.quiet();
    cx.reading(async {
        tokio::task::spawn_blocking(move || ask::line(&question))
            .await
            .map_err(|error| {
                Error::new(
                    Kind::Internal,
                    "terminal",
                    "The terminal could not be read.",
                )
                .source(error)
            })?
    })
    .await
}

fn declined() -> Error {
    Error::new(
        Kind::Cancelled,
        "declined",
        "Not confirmed. Nothing was applied.",
    )
}
