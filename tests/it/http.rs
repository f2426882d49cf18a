//! The HTTP adapter on the sandbox, over real sockets (CONTRACT.md section 6).

mod answers;
mod binary;
mod bounds;
mod contract;
mod day;
mod hooks;
mod rig;
mod syncs;
