//! The planner from outside: small worlds in, plans out. No I/O.

mod accepted;
mod described;
mod properties;
mod rules;
pub mod world;
