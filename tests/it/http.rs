//! The HTTP adapter on the sandbox, over real sockets (docs/contract.md, "HTTP").

mod answers;
mod binary;
mod bounds;
mod contract;
mod day;
pub(crate) mod hooks;
pub mod rig;
mod syncs;
