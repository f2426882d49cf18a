//! The desk against the sandbox over real HTTP, on both engines: what ends up in the database, whatever the source does.

mod faults;
mod half_true;
mod model;
mod names;
mod promises;
mod recheck;
pub mod rig;
mod shown;
mod unattended;
