//! The client of Impartner PRM, Objects v1 (docs/apis.md, "Impartner"): listings that are proved complete, by-id
//! checks, the deleted-ids feed, and the one write we make.
//!
//! What is *not* here: any rule about what a record means. This floor reads and says how sure it is; `plan` decides.
//!
//! | file | what lives there |
//! |---|---|
//! | `address`, `client`, `trouble` | [`Client`]: address, headers, what every request has in common, what went wrong |
//! | `retry` | one request with its repetitions: backoff, Retry-After, the limit on requests under way |
//! | `dialect`, `discover` | the two query dialects, and finding out which one the server honours |
//! | `listing`, `sweep`, `page`, `proof`, `tidy` | reading every page, whether that is all, and what looked odd |
//! | `shape`, `decode`, `value`, `envelope`, `mend` | from JSON to a `SourceSet` without a tree in between; broken characters mended |
//! | `by_id`, `feed`, `write` | single records, the deleted-ids feed and `_describe`, PATCH |

mod address;
mod by_id;
mod client;
mod decode;
mod dialect;
mod discover;
mod envelope;
mod error;
mod feed;
mod listing;
mod mend;
mod page;
mod proof;
mod retry;
mod shape;
mod sweep;
mod tidy;
mod trouble;
mod value;
mod write;

pub use crate::wire::{Backoff, Bounds};
pub use by_id::{ByIds, CANARIES};
pub use client::Client;
pub use dialect::Dialect;
pub use discover::Ping;
pub use envelope::decode_page;
pub use error::ImpartnerError;
pub use listing::{Listing, ValueRow, Values};
pub use write::PatchOutcome;
