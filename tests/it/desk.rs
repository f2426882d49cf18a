//! The desk against the sandbox over real HTTP, on both engines: what ends up in the database, whatever the source does.

mod accepted;
mod adopted;
mod dates;
mod elsewhere;
mod faults;
mod half_true;
mod holds;
mod missing;
mod model;
mod names;
mod old_plans;
mod promises;
mod recheck;
mod records;
mod releases;
pub mod rig;
mod shown;
mod unattended;
mod undo;
mod waiting;
