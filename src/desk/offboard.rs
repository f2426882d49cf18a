//! Off-boarding: people and groups leave the LMS, each by a person's decision (docs/rules.md, "Off-boarding").
//!
//! | file | what lives there |
//! |---|---|
//! | `rules` | the states of a case and its moves, pure |
//! | `steps` | what a case would do, and what is new since it was approved, pure |
//! | `live` | the facts for these, from the LMS and our tables; the record of a case |
//! | `listed` | the same facts as of the last refresh, for a listing, which asks nobody |
//! | `opening` | cases opened and lapsed by an apply, in its transaction |
//! | `decide` | looking, approving, rejecting, putting aside, the sweep |
//! | `reopen` | cases taken up again, and the log of a case |
//! | `shown` | what somebody was shown of a case against what it is now, pure |
//! | `run` | the execution of approved cases |
//! | `work` | one case's calls, each between two writes to our database |
//! | `restore` | putting back |
//!
//! Nothing in here deletes or disables a person, and “All Partners” is never deleted: by its id, by its name, and by the
//! name the LMS gives right before the call.

mod decide;
mod listed;
mod live;
mod opening;
mod reopen;
mod restore;
pub mod rules;
mod run;
mod shown;
pub mod steps;
mod work;
