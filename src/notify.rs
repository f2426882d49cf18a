//! The webhook (docs/operations.md, "The webhook"): JSON with a Slack-compatible `text` when an unattended run was stopped by a
//! guard, failed, or opened off-boarding cases. Off without `notify.webhook_url`.
//!
//! A webhook that fails is told in the log and nowhere else: it never fails a run. What is posted names no person and
//! holds no secret: numbers, rules, run ids, and messages from which every configured secret is taken out.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::Serialize;

use crate::clock::Clock;
use crate::config::{Config, Secret};
use crate::error::{Error, Kind};
use crate::text::safe;
use crate::values::{FinishedRun, RunReport, RunStatus, Withheld};
use crate::wire::{self, Fault, Wire};

/// The longest answer that is read, in bytes; nothing of it is looked at.
const LONGEST_ANSWER: usize = 1 << 20;

/// Longest wait for the webhook.
const LONGEST: Duration = Duration::from_secs(10);
/// Longest message from elsewhere that is passed on, in characters.
const LONGEST_MESSAGE: usize = 600;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A guard withheld something.
    GuardTripped,
    /// A run failed; nothing was written.
    RunFailed,
    /// Off-boarding cases wait for a decision.
    CasesWaiting,
}

/// One message to the webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notification {
    /// For people, in Slack's markup: `&`, `<` and `>` are escaped, so that no text from outside mentions anybody.
    pub text: String,
    /// For programs.
    pub event: Event,
    /// The profile, so that several installations can share a channel.
    pub profile: String,
    /// The run.
    pub run_id: Option<i64>,
    /// How the run ended.
    pub status: RunStatus,
    /// Rows that were withheld, or cases that were opened.
    pub count: u64,
}

/// What there is to say after an unattended run, that was not said after the run `before`. Another run's lease and a
/// cancellation are no failures.
pub fn of_unattended(
    config: &Config,
    ended: &Result<RunReport, Error>,
    before: Option<&FinishedRun>,
) -> Vec<Notification> {
    if config.notify.webhook_url.is_none() {
        return Vec::new();
    }
    let note = |event, run_id, status, count, text: String| Notification {
        text: slack(&without_secrets(config, &text)),
        event,
        profile: config.profile.clone(),
        run_id,
        status,
        count,
    };
    let report = match ended {
        Ok(report) => report,
        Err(error) if matches!(error.kind, Kind::Leased | Kind::Cancelled) => return Vec::new(),
        Err(error) if before.is_some_and(|before| failed_alike(before, error)) => {
            return Vec::new();
        }
        Err(error) => {
            let message: String = error.message.chars().take(LONGEST_MESSAGE).collect();
            let help = error.help.as_deref().unwrap_or_default();
            let text = format!(
                "prmdesk ({}): a run failed. {message} {help}",
                config.profile
            );
            return vec![note(Event::RunFailed, None, RunStatus::Failed, 0, text)];
        }
    };
    let mut notes = Vec::new();
    let run = report
        .run_id
        .map_or_else(|| "A run".to_owned(), |id| format!("Run {id}"));
    let tripped = by_guards(report);
    let told = before
        .and_then(|before| before.report.as_ref())
        .is_some_and(|before| by_guards(before) == tripped);
    if !tripped.is_empty() && !told {
        let count = tripped.iter().map(|withheld| withheld.count).sum();
        let reasons: Vec<String> = tripped
            .iter()
            .map(|withheld| {
                format!(
                    "{} of {} {}: {}",
                    withheld.op.label(),
                    withheld.count,
                    withheld.entity,
                    withheld.reason
                )
            })
            .collect();
        let text = format!(
            "prmdesk ({}): a guard stopped a part of an unattended run. {run} withheld {}. Review it in the console or with `prmdesk sync`.",
            config.profile,
            reasons.join("; ")
        );
        notes.push(note(
            Event::GuardTripped,
            report.run_id,
            report.status,
            count,
            text,
        ));
    }
    if report.cases_opened > 0 {
        let text = format!(
            "prmdesk ({}): {run} opened {} off-boarding case(s), which wait for a decision. Open the console, or `prmdesk offboard list`.",
            config.profile, report.cases_opened
        );
        notes.push(note(
            Event::CasesWaiting,
            report.run_id,
            report.status,
            report.cases_opened,
            text,
        ));
    }
    notes
}

fn by_guards(report: &RunReport) -> Vec<&Withheld> {
    let withheld = report.withheld.iter();
    withheld
        .filter(|withheld| withheld.cause.is_guard())
        .collect()
}

fn failed_alike(before: &FinishedRun, error: &Error) -> bool {
    before.run.status == RunStatus::Failed
        && before.run.message.as_deref() == Some(error.message.as_str())
}

/// Posts `notes`, one after the other. Whatever goes wrong is logged and forgotten.
pub async fn send(config: &Config, clock: &Clock, notes: &[Notification]) {
    let Some(url) = &config.notify.webhook_url else {
        return;
    };
    if notes.is_empty() {
        return;
    }
    if let Err(why) = post_all(url, clock, notes).await {
        tracing::warn!(why, "the webhook was not reached; the run is not affected");
    }
}

async fn post_all(url: &Secret, clock: &Clock, notes: &[Notification]) -> Result<(), String> {
    let address = wire::endpoint(url.expose()).map_err(|why| why.to_string())?;
    // The address is itself a key (docs/rules.md, "Safety and privacy").
    let wire = Wire::new(
        &address,
        HeaderMap::new(),
        LONGEST,
        LONGEST_ANSWER,
        clock.clone(),
        [url.clone()],
    )
    .map_err(|error| error.to_string())?;
    for note in notes {
        let request = wire.request(Method::POST, address.clone()).json(note);
        let answer = wire.exchange(request).await.map_err(Fault::into_words)?;
        if !answer.status.is_success() {
            return Err(format!("it answered {}", answer.status));
        }
    }
    Ok(())
}

/// `text` for Slack.
fn slack(text: &str) -> String {
    safe(text.trim())
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// `text` without any configured secret, should a message have quoted one.
fn without_secrets(config: &Config, text: &str) -> String {
    let secrets = [
        &config.database.url,
        &config.impartner.api_key,
        &config.lms.api_key,
        &config.serve.token,
        &config.notify.webhook_url,
    ];
    let mut text = text.to_owned();
    for secret in secrets.into_iter().flatten() {
        if !secret.expose().is_empty() {
            text = text.replace(secret.expose(), "…");
        }
    }
    let password = config
        .database
        .url
        .as_ref()
        .and_then(|url| url::Url::parse(url.expose()).ok())
        .and_then(|url| url.password().map(str::to_owned));
    match password {
        Some(password) if !password.is_empty() => text.replace(&password, "…"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Entity, Op, PerEntity};
    use crate::values::{Applied, Cause};

    fn config() -> Config {
        let mut config = Config {
            profile: "live".into(),
            ..Config::default()
        };
        config.notify.webhook_url = Some(Secret::new("https://hooks.example.com/key"));
        config.impartner.api_key = Some(Secret::new("k-123"));
        config.database.url = Some(Secret::new("mysql://me:pw-9@db/partners"));
        config
    }

    fn report(withheld: Vec<Withheld>, cases_opened: u64) -> RunReport {
        RunReport {
            run_id: Some(7),
            plan_id: "p".into(),
            status: RunStatus::Partial,
            applied: PerEntity::<Applied>::default(),
            withheld,
            failed: Vec::new(),
            stale: Vec::new(),
            cases_opened,
            cases: Vec::new(),
            unproved: Vec::new(),
        }
    }

    fn withheld(cause: Cause) -> Withheld {
        Withheld {
            entity: Entity::Contacts,
            op: Op::SoftDelete,
            count: 137,
            reason: "137 of 900 contacts".into(),
            cause,
        }
    }

    #[test]
    fn says_what_a_person_should_look_at_and_nothing_else() {
        let of = |ended| of_unattended(&config(), &ended, None);
        assert_eq!(of(Ok(report(vec![], 0))), []);
        assert_eq!(of(Ok(report(vec![withheld(Cause::Unattended)], 0))), []);
        assert_eq!(of(Err(Error::cancelled())), []);
        assert_eq!(of(Err(Error::new(Kind::Leased, "leased", "m"))), []);
        let notes = of(Ok(report(vec![withheld(Cause::MaxCount)], 3)));
        let events: Vec<_> = notes.iter().map(|note| (note.event, note.count)).collect();
        assert_eq!(
            events,
            [(Event::GuardTripped, 137), (Event::CasesWaiting, 3)]
        );
        assert!(notes[0].text.contains("Run 7") && notes[0].text.contains("live"));
        let mut off = config();
        off.notify.webhook_url = None;
        assert_eq!(
            of_unattended(&off, &Ok(report(vec![withheld(Cause::MaxCount)], 3)), None),
            []
        );
    }

    #[test]
    fn no_secret_and_no_mention_goes_out() {
        let message = "401 for k-123 <!channel> & pw-9 https://hooks.example.com/key \u{202e}";
        let error = Error::new(Kind::Upstream, "c", message);
        let notes = of_unattended(&config(), &Err(error), None);
        let json = serde_json::to_string(&notes).unwrap();
        for hidden in ["k-123", "pw-9", "hooks.example.com", "<!", "\u{202e}"] {
            assert!(!json.contains(hidden), "{json}");
        }
        assert!(json.contains("&lt;!channel&gt; &amp;"), "{json}");
    }
}
