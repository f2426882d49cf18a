//! Off-boarding against the stand-in LMS over real HTTP, on both engines.

mod adopted;
mod answers;
mod applied;
mod collations;
mod crash;
mod decide;
mod killed;
mod log;
mod lost_terminal;
mod meanwhile;
pub mod rig;
mod run;
mod shown;
