//! Off-boarding against the stand-in LMS over real HTTP, on both engines.

mod applied;
mod collations;
mod crash;
mod decide;
mod killed;
pub mod rig;
mod run;
mod shown;
