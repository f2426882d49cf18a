//! Everything that is asked of the core ([`Request`]), what it answers ([`Answer`]), and how it is put to the desk
//! ([`answer`]). A new question to the core is a row in each of these.

use std::sync::Arc;
use std::time::Duration;

use crate::desk::{Attendance, Choice, Desk, Probe, Shown};
use crate::error::Result;
use crate::plan::guards::{Guard, WindowCounts};
use crate::plan::{Entity, PerEntity, Plan, Release, Selection};
use crate::progress::Progress;
use crate::tui::keymap::Screen;
use crate::tui::kit::cells::{count, counted};
use crate::values::{
    Case, CaseEntry, CertReport, CertRow, JournalEntry, LmsRefreshed, PreviewRequest, RunDetail,
    RunReport, RunSummary, Status, Terms, Transcripts,
};

/// Runs that are read for History and the Overview.
const RUNS: u32 = 200;

/// Which request an answer belongs to. Late answers of an older generation are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ticket {
    pub(super) lane: Lane,
    pub(super) generation: u64,
}

/// Requests of different lanes run side by side; within a lane the newest one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Lane {
    /// Long work with progress; one at a time, never superseded.
    Work,
    /// Small writes: holds and decisions; never superseded.
    Act,
    /// The facts of the Overview, as the database knows them.
    Status,
    /// The same with Impartner and the LMS asked: a lane of its own, so that stored facts do not supersede it.
    Probe,
    /// The list of runs.
    Runs,
    /// One run with its changes.
    Run,
    /// The journal of one record.
    Journal,
    /// The list of cases.
    Cases,
    /// One case with its live steps.
    Case,
    /// What the guards count.
    Windows,
}

impl Lane {
    /// Number of lanes.
    pub(super) const COUNT: usize = 10;
}

/// How thoroughly the outsides are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// What the database knows: at once.
    Stored,
    /// Ask Impartner and the LMS too.
    Live,
}

/// Something asked of the core.
#[derive(Clone, Debug)]
pub(super) enum Request {
    Preview(PreviewRequest),
    PreviewUndo(i64),
    Apply {
        plan: Arc<Plan>,
        selection: Arc<Selection>,
        release: Release,
        shown: Shown,
    },
    /// What the guards count beside a plan by now.
    Windows(Arc<Plan>),
    Status(Reach),
    Runs,
    Run(i64),
    Journal {
        entity: Entity,
        impartner_id: i64,
    },
    Hold {
        entity: Entity,
        impartner_id: i64,
        note: String,
    },
    Lift {
        entity: Entity,
        impartner_id: i64,
    },
    Cases,
    Case(i64),
    /// Cases with their live steps, to be approved after a question.
    Look(Vec<i64>),
    Approve {
        cases: Vec<Case>,
        note: String,
        terms: Terms,
    },
    Reject {
        ids: Vec<i64>,
        note: String,
    },
    HoldCases {
        ids: Vec<i64>,
        note: String,
    },
    ReopenCases {
        ids: Vec<i64>,
        note: String,
    },
    RunCases(Vec<Case>),
    RestoreCase(i64),
    Sweep,
    LmsRefresh {
        transcripts: bool,
    },
    Certs,
    /// The figures of one partner, by row: to be pushed after a question.
    CertsOf(i64),
    PushCerts(Vec<CertRow>),
}

/// What was filled in when a question was answered with Yes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filled {
    /// The note or the reason.
    pub(super) note: String,
    /// How long it is to wait.
    pub(super) after: Duration,
}

impl Request {
    /// An apply of what is ticked. It says what was shown of it: the core refuses to write anything else.
    pub(super) fn apply(
        plan: &Arc<Plan>,
        selection: &Arc<Selection>,
        guards: &[Guard],
        release: &Release,
    ) -> Self {
        Self::Apply {
            plan: Arc::clone(plan),
            selection: Arc::clone(selection),
            release: release.clone(),
            shown: Shown::new(plan, selection, guards, release),
        }
    }

    /// Takes over what was typed into the question before it was confirmed.
    pub(super) fn fill(&mut self, filled: &Filled) {
        match self {
            Self::Hold { note, .. }
            | Self::Reject { note, .. }
            | Self::HoldCases { note, .. }
            | Self::ReopenCases { note, .. } => {
                note.clone_from(&filled.note);
            }
            Self::Approve { cases, note, terms } => {
                note.clone_from(&filled.note);
                terms.after = filled.after;
                // The question has a field for each of them, and is not answered before all are acknowledged.
                let foreign = cases.iter().filter(|case| case.foreign_members > 0);
                terms.foreign = foreign.map(|case| case.case_id).collect();
            }
            _ => {}
        }
    }

    /// The lane it goes in.
    pub(super) fn lane(&self) -> Lane {
        match self {
            Self::Preview(_)
            | Self::PreviewUndo(_)
            | Self::Apply { .. }
            | Self::RunCases(_)
            | Self::RestoreCase(_)
            | Self::LmsRefresh { .. }
            | Self::Look(_)
            | Self::Certs
            | Self::CertsOf(_)
            | Self::PushCerts(_) => Lane::Work,
            Self::Hold { .. }
            | Self::Lift { .. }
            | Self::Approve { .. }
            | Self::Reject { .. }
            | Self::HoldCases { .. }
            | Self::ReopenCases { .. }
            | Self::Sweep => Lane::Act,
            Self::Status(Reach::Stored) => Lane::Status,
            Self::Status(Reach::Live) => Lane::Probe,
            Self::Windows(_) => Lane::Windows,
            Self::Runs => Lane::Runs,
            Self::Run(_) => Lane::Run,
            Self::Journal { .. } => Lane::Journal,
            Self::Cases => Lane::Cases,
            Self::Case(_) => Lane::Case,
        }
    }

    /// What is under way, for the title bar and the progress panel.
    pub(super) fn title(&self) -> &'static str {
        match self {
            Self::Preview(_) => "Preview",
            Self::PreviewUndo(_) => "Preview of an undo",
            Self::Apply { .. } => "Apply",
            Self::RunCases(_) => "Off-boarding",
            Self::RestoreCase(_) => "Restore",
            Self::LmsRefresh { .. } | Self::Look(_) => "Reading the LMS",
            Self::Certs | Self::CertsOf(_) => "Comparing certifications",
            Self::PushCerts(_) => "Pushing certifications",
            Self::Hold { .. } => "Hold",
            Self::Lift { .. } => "Lifting the hold",
            Self::Approve { .. } => "Approval",
            Self::Reject { .. } => "Rejection",
            Self::HoldCases { .. } => "Putting aside",
            Self::ReopenCases { .. } => "Reopening",
            Self::Sweep => "Sweep",
            Self::Status(_) | Self::Windows(_) => "Status",
            Self::Runs | Self::Run(_) => "History",
            Self::Journal { .. } => "Journal",
            Self::Cases | Self::Case(_) => "Off-boarding cases",
        }
    }

    /// Whether it writes: to the database or to one of the APIs.
    pub(super) fn writes(&self) -> bool {
        matches!(
            self,
            Self::Apply { .. }
                | Self::RunCases(_)
                | Self::RestoreCase(_)
                | Self::LmsRefresh { .. }
                | Self::PushCerts(_)
        )
    }
}

/// What the core answers.
#[derive(Debug)]
pub(super) enum Answer {
    Plan(Box<Plan>),
    Report(Box<RunReport>),
    Status(Box<Status>),
    Runs(Vec<RunSummary>),
    Run(Box<RunDetail>),
    Journal {
        entity: Entity,
        impartner_id: i64,
        entries: Vec<JournalEntry>,
    },
    Cases(Vec<Case>),
    /// A case with its live steps, and its log.
    Case(Box<Case>, Vec<CaseEntry>),
    /// Cases with their live steps.
    Looked(Vec<Case>),
    /// Cases after a decision or a run.
    Decided(Vec<Case>),
    Certs(Vec<CertRow>),
    /// One partner's figures.
    CertsOf(Vec<CertRow>),
    Pushed(CertReport),
    /// What the guards count beside the plan by now.
    Windows(Arc<Plan>, PerEntity<WindowCounts>),
    /// A record is on hold, by its Impartner id.
    Held(Entity, i64),
    /// A record's hold is lifted.
    Lifted(Entity, i64),
    /// Something small was done; one sentence about it.
    Done(String),
}

impl Answer {
    /// The screen that takes it in; `None`: the console itself.
    pub(super) fn home(&self) -> Option<Screen> {
        match self {
            Self::Plan(_)
            | Self::Report(_)
            | Self::Windows(..)
            | Self::Held(..)
            | Self::Lifted(..) => Some(Screen::Preview),
            Self::Cases(_) | Self::Case(..) | Self::Looked(_) | Self::Decided(_) => {
                Some(Screen::Offboarding)
            }
            Self::Certs(_) | Self::CertsOf(_) | Self::Pushed(_) => Some(Screen::Certifications),
            Self::Runs(_) | Self::Run(_) => Some(Screen::History),
            Self::Status(_) | Self::Journal { .. } | Self::Done(_) => None,
        }
    }
}

/// Asks the core, and gives what it answered.
pub(super) async fn answer(desk: &Desk, request: Request, progress: &Progress) -> Result<Answer> {
    Ok(match request {
        Request::Preview(wanted) => Answer::Plan(Box::new(desk.preview(wanted, progress).await?)),
        Request::PreviewUndo(run) => Answer::Plan(Box::new(desk.preview_undo(run).await?)),
        Request::Apply {
            plan,
            selection,
            release,
            shown,
        } => {
            let choice = Choice {
                release,
                attendance: Attendance::Attended,
                shown: Some(shown),
            };
            let selection = Arc::unwrap_or_clone(selection);
            let report = desk.apply(&plan, selection, &choice, progress).await?;
            Answer::Report(Box::new(report))
        }
        Request::Windows(plan) => {
            let windows = desk.guard_windows(&plan).await?;
            Answer::Windows(plan, windows)
        }
        Request::Status(reach) => {
            let probe = match reach {
                Reach::Stored => Probe::Stored,
                Reach::Live => Probe::Live,
            };
            Answer::Status(Box::new(desk.status(probe).await?))
        }
        Request::Runs => Answer::Runs(desk.runs(RUNS).await?),
        Request::Run(run) => Answer::Run(Box::new(desk.run(run).await?)),
        Request::Journal {
            entity,
            impartner_id,
        } => Answer::Journal {
            entity,
            impartner_id,
            entries: desk.history(entity, impartner_id).await?,
        },
        Request::Hold {
            entity,
            impartner_id,
            note,
        } => {
            desk.hold(entity, impartner_id, &note).await?;
            Answer::Held(entity, impartner_id)
        }
        Request::Lift {
            entity,
            impartner_id,
        } => {
            desk.lift(entity, impartner_id).await?;
            Answer::Lifted(entity, impartner_id)
        }
        Request::Cases => Answer::Cases(desk.cases(None).await?),
        Request::Case(id) => {
            let case = desk.case(id).await?;
            Answer::Case(Box::new(case), desk.case_log(id).await?)
        }
        Request::Look(ids) => Answer::Looked(desk.cases_live(&ids, progress).await?),
        Request::Approve { cases, note, terms } => {
            Answer::Decided(desk.approve_shown(&cases, &note, &terms).await?)
        }
        Request::Reject { ids, note } => Answer::Decided(desk.reject(&ids, &note).await?),
        Request::HoldCases { ids, note } => Answer::Decided(desk.hold_cases(&ids, &note).await?),
        Request::ReopenCases { ids, note } => {
            Answer::Decided(desk.reopen_cases(&ids, &note).await?)
        }
        Request::RunCases(cases) => Answer::Decided(desk.run_shown(&cases, progress).await?),
        Request::RestoreCase(id) => Answer::Decided(vec![desk.restore_case(id, progress).await?]),
        Request::Sweep => Answer::Done(swept(desk.sweep().await?)),
        Request::LmsRefresh { transcripts } => {
            let transcripts = if transcripts {
                Transcripts::All
            } else {
                Transcripts::No
            };
            Answer::Done(refreshed(&desk.lms_refresh(transcripts, progress).await?))
        }
        Request::Certs => Answer::Certs(desk.certs_preview(&[], progress).await?),
        Request::CertsOf(row) => Answer::CertsOf(desk.certs_preview(&[row], progress).await?),
        Request::PushCerts(rows) => Answer::Pushed(desk.certs_push_shown(&rows, progress).await?),
    })
}

/// What a sweep found, in a sentence.
fn swept(found: u64) -> String {
    if found == 0 {
        "The sweep found no leftovers.".to_owned()
    } else {
        format!("The sweep opened {}.", counted(found, "case"))
    }
}

/// What a reading of the LMS brought, in one or two sentences.
fn refreshed(read: &LmsRefreshed) -> String {
    let mut words = format!(
        "Read {} people and {} of the LMS; {} changed.",
        count(read.people),
        counted(read.groups, "group"),
        counted(read.changed, "row"),
    );
    if let Some(warning) = read.warnings.first() {
        words.push(' ');
        words.push_str(warning);
    }
    words
}
