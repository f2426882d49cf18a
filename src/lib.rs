//! prmdesk: the review desk between Impartner PRM, the partner database and the LMS.
//!
//! `ARCHITECTURE.md` has the code map and the invariants.

pub mod cli;
pub mod clock;
pub mod config;
pub mod desk;
pub mod entity;
pub mod error;
pub mod files;
pub mod http;
pub mod impartner;
pub mod lms;
pub mod logging;
pub mod notify;
pub mod plan;
pub mod progress;
pub mod sandbox;
pub mod store;
pub mod text;
pub mod tui;
pub mod values;
pub mod wire;
