//! What can happen to the console ([`Msg`]) and what it asks of the world ([`Effect`]). Nothing here acts.

use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::{KeyEvent, MouseEvent};

use super::preview::Review;
use super::query::{Compute, Computed};
use super::runtime::state::Saved;
use crate::desk::Shown;
use crate::error::Error;
use crate::plan::guards::WindowCounts;
use crate::plan::{Entity, PerEntity, Plan, Release, Selection};
use crate::progress::RunEvent;
use crate::values::{
    Case, CertReport, CertRow, JournalEntry, PreviewRequest, RunDetail, RunReport, RunSummary,
    Status,
};

/// What happened.
#[derive(Debug)]
pub(super) enum Msg {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal has another size.
    Resize,
    /// A moment came that [`super::model::Model::wake_at`] asked for.
    Tick,
    /// The core is there, or cannot be had.
    Opened(Result<(), Error>),
    /// The core said something about work under way.
    Event(Ticket, RunEvent),
    /// The core answered.
    Answer(Ticket, Box<Result<Answer, Error>>),
    /// A computation beside the UI task ended.
    Computed(Box<Computed>),
    /// A file was written, or could not be.
    Exported(Result<PathBuf, String>),
    /// A task of ours panicked: a fault of ours, told in words.
    Fault(String),
    /// A signal asks to end.
    Shutdown,
}

/// Which request an answer belongs to. Late answers of an older generation are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ticket {
    pub(super) lane: Lane,
    pub(super) generation: u64,
}

/// What may be asked side by side: one request counts in each lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Lane {
    /// Long work with progress; one at a time, never superseded.
    Work,
    /// Small writes: holds and decisions; never superseded.
    Act,
    /// The facts of the Overview, as the database knows them.
    Status,
    /// The same, with the outsides asked: neither makes the other late.
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
        accept_foreign: bool,
    },
    Reject {
        ids: Vec<i64>,
        note: String,
    },
    HoldCases {
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

impl Request {
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
    Case(Box<Case>),
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

/// What the console asks of the world.
#[derive(Debug)]
pub(super) enum Effect {
    /// Ask the core.
    Ask(Ticket, Request),
    /// Ask the work of this ticket to stop.
    Cancel(Ticket),
    /// Filter, sort or count beside the UI task.
    Compute(Compute),
    /// Let go of a review: giving back the memory of a large plan takes longer than a frame.
    Forget(Box<Review>),
    /// Write what is shown to a file.
    Export(super::runtime::export::Export),
    /// Put text on the clipboard (OSC 52).
    Copy(String),
    /// Capture the mouse, or let it go.
    Mouse(bool),
    /// Keep what people expect to find again.
    Save(Saved),
    /// Draw everything anew.
    Redraw,
    /// Give the terminal back and stop until SIGCONT.
    Suspend,
    /// End the console.
    Quit,
}
