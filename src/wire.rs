//! How anything is sent out, once for Impartner, the LMS and the webhook: which addresses a key may go to, through which
//! proxy, how long an answer may take and be, and how long to wait before asking again (docs/rules.md, "Safety and
//! privacy").
//!
//! What is *not* here: which requests are repeated. That stays with each client, since a write to the LMS may be sent
//! again only while it certainly did not happen.

mod address;
mod bounds;
mod exchange;
mod pace;

pub(crate) use address::{BadAddress, base, endpoint};
pub use bounds::Bounds;
pub(crate) use exchange::{Answer, Fault, Wire};
pub use pace::Backoff;
pub(crate) use pace::{LONGEST_PAUSE, may_pass};
