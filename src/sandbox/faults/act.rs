//! What can go wrong.

use serde::{Deserialize, Serialize};

use super::super::render::Shape;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// The page has `drop` records fewer; the count stays.
    ShortPage {
        /// Records left out at the end of the page.
        drop: usize,
    },
    /// A success without records; `count` replaces the control total where it is given.
    EmptyPage {
        /// The total to claim; `None`: the true one.
        #[serde(default)]
        count: Option<u64>,
    },
    /// The control total lies by that much. Given for one page only, the count moves between pages.
    Count {
        /// Added to the true count.
        by: i64,
    },
    /// The records of another page.
    RepeatPage {
        /// That page, from 0.
        page: u64,
    },
    /// Takes some ids out of the answer and of its count, as if the listing had overlooked them.
    HideIds {
        /// The ids.
        ids: Vec<i64>,
    },
    /// Deletes records upstream just before the answer: those with the lowest ids, so that later pages shift.
    DeleteFirst {
        /// How many.
        records: usize,
    },
    /// Inserts records upstream just before the answer, under the lowest free ids, so that later pages shift.
    InsertFirst {
        /// How many.
        records: usize,
    },
    /// Serves no more than that many records a page, whatever is asked for.
    CapTake {
        /// The most.
        cap: usize,
    },
    /// Answers in another shape: ids as text, booleans as numbers, bare arrays, …
    Shape {
        /// The shape.
        shape: Shape,
    },
    /// The body ends early.
    CutBody {
        /// What remains of it, in percent.
        keep: u8,
        /// Whether the connection breaks too.
        #[serde(default)]
        cut: Cut,
    },
    /// A web page with status 200.
    Html,
    /// A web page with that status, from something that stands between us and the API; nothing was done.
    Page {
        /// The status.
        status: u16,
    },
    /// No body at all, with that status; nothing was done.
    Empty {
        /// The status.
        status: u16,
    },
    /// HTTP 200 with `success: false`; at the LMS an empty object.
    SuccessFalse {
        /// The message.
        message: String,
        /// The code of its one error.
        #[serde(default)]
        code: Option<String>,
    },
    /// `{"data": null, "success": true}`.
    NullData,
    /// Any other answer in JSON: one that is half true, say.
    Answer {
        /// The status.
        status: u16,
        /// The body.
        body: serde_json::Value,
    },
    /// A field stops coming, as one that was renamed.
    DropField {
        /// Its name.
        name: String,
    },
    /// The header `Date` says something else than the world's clock.
    Date {
        /// What it says.
        value: String,
    },
    /// The first text under that key, as the answer writes it, begins with a byte that is no UTF-8.
    BrokenCharacter {
        /// The key, such as `mailingCountry`.
        key: String,
    },
    /// Another status, with the API's usual body.
    Status {
        /// The status.
        status: u16,
        /// The header Retry-After, in seconds.
        #[serde(default)]
        retry_after: Option<u64>,
        /// The message.
        #[serde(default)]
        message: Option<String>,
    },
    /// The connection is reset before anything is answered; nothing was done.
    Reset,
    /// The request is carried out, then the connection is reset.
    ApplyThenReset,
    /// The request is carried out, then the answer never comes.
    ApplyThenHang,
    /// The request is carried out, then answered with that status.
    ApplyThenStatus {
        /// The status.
        status: u16,
    },
    /// The answer comes late.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// The answer never comes.
    Hang,
    /// The request waits until this fault is taken away, then goes on as usual: for what happens meanwhile.
    Gate,
    /// The deleted-ids feed tells something else.
    FeedLies {
        /// Ids added.
        #[serde(default)]
        add: Vec<i64>,
        /// Ids left out.
        #[serde(default)]
        drop: Vec<i64>,
    },
    /// A PATCH of these records fails with a message; others of the same call go through.
    RefuseIds {
        /// The records.
        ids: Vec<i64>,
        /// The API's message.
        message: String,
    },
    /// LMS: the first half of a batch is carried out, then that status is answered.
    HalfBatch {
        /// The status.
        status: u16,
    },
    /// LMS: one person comes without their attributes, or with something else for an e-mail address.
    OddPerson {
        /// The person.
        id: String,
        /// Without any attributes.
        #[serde(default)]
        bare: bool,
        /// What stands where the address should.
        #[serde(default)]
        email: serde_json::Value,
    },
    /// LMS: `links.next` names that address instead of the server's own.
    NextLink {
        /// The address.
        url: String,
    },
}

/// How a body ends early.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// The connection breaks in the middle of the body.
    #[default]
    Broken,
    /// The answer is complete for HTTP, and its JSON is not.
    Clean,
}

impl Act {
    /// The name in the request log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ShortPage { .. } => "short_page",
            Self::EmptyPage { .. } => "empty_page",
            Self::Count { .. } => "count",
            Self::RepeatPage { .. } => "repeat_page",
            Self::HideIds { .. } => "hide_ids",
            Self::DeleteFirst { .. } => "delete_first",
            Self::InsertFirst { .. } => "insert_first",
            Self::CapTake { .. } => "cap_take",
            Self::Shape { .. } => "shape",
            Self::CutBody { .. } => "cut_body",
            Self::Html => "html",
            Self::Page { .. } => "page",
            Self::Empty { .. } => "empty",
            Self::SuccessFalse { .. } => "success_false",
            Self::NullData => "null_data",
            Self::Answer { .. } => "answer",
            Self::DropField { .. } => "drop_field",
            Self::Date { .. } => "date",
            Self::BrokenCharacter { .. } => "broken_character",
            Self::Status { .. } => "status",
            Self::Reset => "reset",
            Self::ApplyThenReset => "apply_then_reset",
            Self::ApplyThenHang => "apply_then_hang",
            Self::ApplyThenStatus { .. } => "apply_then_status",
            Self::Delay { .. } => "delay",
            Self::Hang => "hang",
            Self::Gate => "gate",
            Self::FeedLies { .. } => "feed_lies",
            Self::RefuseIds { .. } => "refuse_ids",
            Self::HalfBatch { .. } => "half_batch",
            Self::OddPerson { .. } => "odd_person",
            Self::NextLink { .. } => "next_link",
        }
    }
}
