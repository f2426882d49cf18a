//! `prmdesk offboard`.

use std::time::Duration;

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser};
use clap::{Args, Subcommand};

use super::args::{self, Json};
use super::confirm::Consent;
use super::context::Context;
use super::exit::Exit;
use super::output::Style;
use super::render::{count, when};
use crate::error::{Error, Kind, Result};
use crate::values::{Case, CaseEntry, CaseState, Step, StepAction, StepState, Terms};

/// People and partners that leave the LMS: review, decide, run, restore
#[derive(Debug, Args)]
pub(super) struct Offboard {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    pub(super) json: Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the cases
    List {
        /// Only those in this state
        #[arg(long, value_parser = PossibleValuesParser::new(CaseState::ALL.map(CaseState::word)))]
        state: Option<String>,
    },
    /// Show a case with its exact steps against the live LMS
    Show {
        /// The case
        #[arg(value_parser = args::id())]
        case: i64,
    },
    /// Approve cases: a person's decision, which needs --yes, --note and a named operator
    Approve {
        /// The cases
        #[arg(required = true, value_name = "CASE", value_parser = args::id())]
        cases: Vec<i64>,
        /// Yes, these people lose access
        #[arg(long, required = true)]
        yes: bool,
        #[command(flatten)]
        note: Note,
        /// Not before this long from now, "7d" or "36h"; until then it can be rejected, held and reopened.
        /// `policy.offboarding_delay` is the least
        #[arg(long, value_name = "TIME", value_parser = after)]
        after: Option<Duration>,
        /// Delete the groups of these cases although they have members that are not the partner's; of one case its number
        /// may be left out
        #[arg(long, value_name = "CASE", num_args = 0.., require_equals = true, value_delimiter = ',')]
        accept_foreign_members: Option<Vec<i64>>,
    },
    /// Reject cases: nothing is done in the LMS
    Reject {
        /// The cases
        #[arg(required = true, value_name = "CASE", value_parser = args::id())]
        cases: Vec<i64>,
        #[command(flatten)]
        note: Note,
    },
    /// Put cases aside
    Hold {
        /// The cases
        #[arg(required = true, value_name = "CASE", value_parser = args::id())]
        cases: Vec<i64>,
        #[command(flatten)]
        note: Note,
    },
    /// Take rejected or held cases up again: they wait for a decision
    Reopen {
        /// The cases
        #[arg(required = true, value_name = "CASE")]
        cases: Vec<i64>,
        #[command(flatten)]
        note: Note,
    },
    /// Everything that was decided about a case and done for it, oldest first
    Log {
        /// The case
        case: i64,
    },
    /// Run approved cases, and resume those that failed
    Run {
        /// Only these cases
        #[arg(value_name = "CASE", value_parser = args::id())]
        cases: Vec<i64>,
    },
    /// Put people back; a deleted group is made again with a new id
    Restore {
        /// The case
        #[arg(value_parser = args::id())]
        case: i64,
        /// Go ahead without asking
        #[arg(long)]
        yes: bool,
    },
    /// Open cases for inactive rows that are still in LMS groups
    Sweep,
}

#[derive(Debug, Args)]
struct Note {
    /// Why; recorded with the decision
    #[arg(long = "note", value_name = "TEXT", required = true, value_parser = NonEmptyStringValueParser::new())]
    text: String,
}

impl Offboard {
    pub(super) async fn run(self, cx: &mut Context<'_>) -> Result<Exit> {
        let cases = match self.command {
            Command::List { state } => {
                let state = state.as_deref().and_then(CaseState::from_word);
                let desk = cx.desk().await?;
                let mut cases = cx.reading(desk.cases(state)).await?;
                if cx.json() {
                    cases.iter_mut().for_each(note_source);
                    cx.out.json(&cases)?;
                } else {
                    list(&cases, cx)?;
                }
                return Ok(Exit::Done);
            }
            Command::Show { case } => {
                let desk = cx.desk().await?;
                let case = cx.reading(desk.case(case)).await?;
                cx.quiet();
                if cx.json() {
                    cx.out.json(&case)?;
                } else {
                    show(&case, cx)?;
                }
                return Ok(Exit::Done);
            }
            Command::Approve {
                cases,
                yes: _,
                note,
                after,
                accept_foreign_members,
            } => {
                named_operator(cx)?;
                let desk = cx.desk().await?;
                let foreign = match (accept_foreign_members, cases.as_slice()) {
                    (Some(named), &[only]) if named.is_empty() => vec![only],
                    // Of several cases it says nothing without their numbers.
                    (named, _) => named.unwrap_or_default(),
                };
                let terms = Terms {
                    after: after.unwrap_or_default(),
                    foreign,
                };
                desk.approve(&cases, &note.text, &terms).await?
            }
            Command::Reject { cases, note } => {
                let desk = cx.desk().await?;
                desk.reject(&cases, &note.text).await?
            }
            Command::Hold { cases, note } => {
                let desk = cx.desk().await?;
                desk.hold_cases(&cases, &note.text).await?
            }
            Command::Reopen { cases, note } => {
                let desk = cx.desk().await?;
                desk.reopen_cases(&cases, &note.text).await?
            }
            Command::Log { case } => {
                let desk = cx.desk().await?;
                let log = cx.reading(desk.case_log(case)).await?;
                if cx.json() {
                    cx.out.json(&log)?;
                } else {
                    self::log(&log, cx)?;
                }
                return Ok(Exit::Done);
            }
            Command::Run { cases } => {
                let desk = cx.desk().await?;
                let only = (!cases.is_empty()).then_some(cases.as_slice());
                let cases = desk.run_cases(only, &cx.progress).await?;
                if cases.is_empty() && !cx.json() {
                    cx.quiet();
                    cx.out.line("No approved case to run.")?;
                }
                cases
            }
            Command::Restore { case, yes } => {
                let consent = Consent::from_yes(yes, "restore the case")?;
                let desk = cx.desk().await?;
                consent
                    .question(
                        cx,
                        &format!("Put the people of case {case} back into their LMS groups?"),
                    )
                    .await?;
                vec![desk.restore_case(case, &cx.progress).await?]
            }
            Command::Sweep => {
                let desk = cx.desk().await?;
                let opened = desk.sweep().await?;
                cx.quiet();
                if cx.json() {
                    cx.out.json(&serde_json::json!({ "opened": opened }))?;
                } else {
                    cx.out
                        .line(format!("{} opened.", count(opened, "case", "cases")))?;
                }
                return Ok(Exit::Done);
            }
        };
        cx.quiet();
        if cx.json() {
            cx.out.json(&cases)?;
        } else {
            for case in &cases {
                show(case, cx)?;
            }
        }
        Ok(exit(&cases))
    }
}

/// A span from now, at most a year.
fn after(text: &str) -> std::result::Result<Duration, String> {
    Terms::delay(text)
        .ok_or_else(|| "a span such as \"7d\" or \"36h\", at most 366 days".to_owned())
}

/// A case that failed is work done in part.
fn exit(cases: &[Case]) -> Exit {
    if cases.iter().any(|case| case.state == CaseState::Failed) {
        Exit::InPart
    } else {
        Exit::Done
    }
}

/// Nobody but a person approves, and a login name is no signature (docs/rules.md, "Off-boarding").
fn named_operator(cx: &Context<'_>) -> Result<()> {
    if cx.config.operator_named {
        return Ok(());
    }
    Err(Error::new(
        Kind::Usage,
        "operator",
        "Approving needs an operator named on purpose; the login name does not count. Nothing was approved.",
    )
    .help("Add --operator NAME, set PRMDESK_OPERATOR, or put `operator` in the configuration."))
}

/// Whether nobody decided yet: then a list has the steps as last known, and `show` has those of the live LMS.
fn undecided(case: &Case) -> bool {
    case.state.is_undecided()
}

/// Says on each planned step of a list where the live one is.
fn note_source(case: &mut Case) {
    if !undecided(case) {
        return;
    }
    let source = format!(
        "as last known; `prmdesk offboard show {}` reads the live LMS",
        case.case_id
    );
    let open = |step: &&mut Step| matches!(step.state, StepState::Planned | StepState::Skipped);
    for step in case.steps.iter_mut().filter(open) {
        step.note = Some(match step.note.take() {
            Some(note) => format!("{note}; {source}"),
            None => source.clone(),
        });
    }
}

fn list(cases: &[Case], cx: &mut Context<'_>) -> Result<()> {
    if cases.is_empty() {
        return cx.out.line("No cases.");
    }
    let rows: Vec<Vec<String>> = cases
        .iter()
        .map(|case| {
            vec![
                case.case_id.to_string(),
                case.state.word().to_owned(),
                case.entity.singular().to_owned(),
                case.name.clone(),
                // Nothing known of the case: the tables of the last refresh have neither its groups nor its people.
                if undecided(case) && case.steps.is_empty() {
                    "-".to_owned()
                } else {
                    case.people.to_string()
                },
                when(case.opened_at),
                case.reason.clone(),
                last(case),
            ]
        })
        .collect();
    cx.out.table(
        &[
            "CASE", "STATE", "WHO", "NAME", "PEOPLE", "OPENED", "REASON", "SINCE",
        ],
        &rows,
    )?;
    if cases.iter().any(undecided) {
        cx.out.line(
            "PEOPLE of undecided cases is as last known; `prmdesk offboard show CASE` asks the live LMS.",
        )?;
    }
    Ok(())
}

/// Since when a case is as it is, by whom and why: "2026-11-24 12:00 UTC by alice: a note".
fn last(case: &Case) -> String {
    match &case.last {
        Some(last) if last.event != "open" => {
            let note = last.note.as_deref().or(case.note.as_deref());
            let note = note.map_or(String::new(), |note| format!(": {note}"));
            let day = case.run_after.filter(|_| case.state == CaseState::Approved);
            let day = day.map_or(String::new(), |at| format!(", not before {}", when(at)));
            format!("{} by {}{day}{note}", when(last.at), last.operator)
        }
        _ => String::new(),
    }
}

fn log(entries: &[CaseEntry], cx: &mut Context<'_>) -> Result<()> {
    let rows: Vec<Vec<String>> = entries
        .iter()
        .map(|entry| {
            vec![
                when(entry.at),
                entry.operator.clone(),
                entry.event.clone(),
                entry.step.clone().unwrap_or_default(),
                entry.note.clone().unwrap_or_default(),
            ]
        })
        .collect();
    cx.out
        .table(&["WHEN", "WHO", "EVENT", "STEP", "NOTE"], &rows)
}

fn show(case: &Case, cx: &mut Context<'_>) -> Result<()> {
    cx.out.styled(
        Style::Bold,
        format!(
            "Case {}: {} {} ({})",
            case.case_id,
            case.entity.singular(),
            case.name,
            case.state.word()
        ),
    )?;
    let by = case
        .run_id
        .map_or_else(|| "a sweep".to_owned(), |run| format!("run {run}"));
    cx.out.line(format!(
        "Opened {} by {by} ({}): {}",
        when(case.opened_at),
        case.opened_by,
        case.reason
    ))?;
    if let (Some(who), Some(at)) = (&case.decided_by, case.decided_at) {
        let note = case.note.as_deref().unwrap_or_default();
        cx.out
            .line(format!("Decided {} by {who}: {note}", when(at)))?;
    }
    if let Some(at) = case.run_after.filter(|_| case.state == CaseState::Approved) {
        cx.out.line(format!(
            "Not run before {}; until then it can be rejected or held.",
            when(at)
        ))?;
    }
    // What came of the decision, where that is another thing: who decided stays as it was.
    if let Some(last) = case.last.as_ref().filter(|_| case.state.is_closed())
        && case.decided_at != Some(last.at)
    {
        let note = last
            .note
            .as_deref()
            .map_or(String::new(), |note| format!(": {note}"));
        cx.out.line(format!(
            "{} {} by {}{note}",
            match case.state {
                CaseState::Restored => "Restored",
                CaseState::Obsolete => "Obsolete since",
                _ => "Done",
            },
            when(last.at),
            last.operator
        ))?;
    }
    match case.state {
        CaseState::Done => cx.out.line(format!(
            "{} lost access.",
            count(case.people, "person", "people")
        ))?,
        CaseState::Restored => cx.out.line(format!(
            "{} lost access, and what was taken away is put back.",
            count(case.people, "person", "people")
        ))?,
        // What was approved once and is not any more: the decision says what became of it.
        CaseState::Rejected | CaseState::Obsolete => {}
        _ => cx.out.line(format!(
            "{} access.",
            count(case.people, "person loses", "people lose")
        ))?,
    }
    if case.foreign_members > 0 && undecided(case) {
        cx.out.styled(
            Style::Warn,
            format!(
                "{} of the group not this partner's; approving needs --accept-foreign-members={}.",
                count(case.foreign_members, "member is", "members are"),
                case.case_id
            ),
        )?;
    }
    let common = common_note(&case.steps);
    for (at, step) in case.steps.iter().enumerate() {
        cx.out
            .line(format!("  {}. {}", at + 1, step_words(step, common)))?;
    }
    if let Some(note) = common {
        cx.out.line(format!("  * {note}"))?;
    }
    Ok(())
}

/// The note that more than two steps share, to be said once.
fn common_note(steps: &[Step]) -> Option<&str> {
    let notes = || steps.iter().filter_map(|step| step.note.as_deref());
    let shared = |note: &&str| notes().filter(|other| other == note).count() > 2;
    notes().find(shared)
}

fn step_words(step: &Step, common: Option<&str>) -> String {
    let what = match step.action {
        StepAction::RemoveMember => format!(
            "take {} out of {:?}",
            step.person
                .as_deref()
                .or(step.person_id.as_deref())
                .unwrap_or("somebody"),
            step.group_name
        ),
        StepAction::DeleteGroup => format!("delete the group {:?}", step.group_name),
    };
    let state = match step.state {
        StepState::Planned => "planned",
        StepState::Done => "done",
        StepState::Skipped => "left out",
        StepState::Failed => "failed",
        StepState::Unknown => "outcome unknown",
    };
    let note = match step.note.as_deref() {
        None => String::new(),
        note if note == common => " *".to_owned(),
        Some(note) => format!(": {note}"),
    };
    format!("{what} [{state}]{note}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_steps_say_is_said_once() {
        let step = |note: Option<&str>| Step {
            action: StepAction::RemoveMember,
            group_id: "g".to_owned(),
            group_name: "All".to_owned(),
            person_id: Some("u".to_owned()),
            person: None,
            state: StepState::Planned,
            note: note.map(str::to_owned),
        };
        let few = [
            step(Some("a")),
            step(Some("b")),
            step(Some("b")),
            step(None),
        ];
        assert_eq!(common_note(&few), None);
        let many = [&few[..], &[step(Some("b"))]].concat();
        assert_eq!(common_note(&many), Some("b"));
        let words = |step: &Step| step_words(step, Some("b"));
        assert_eq!(words(&many[0]), "take u out of \"All\" [planned]: a");
        assert_eq!(words(&many[1]), "take u out of \"All\" [planned] *");
        assert_eq!(words(&many[3]), "take u out of \"All\" [planned]");
    }
}
