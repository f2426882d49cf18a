//! The planner from outside: small worlds in, plans out. No I/O.

mod properties;
mod rules;
pub mod world;
