//! All integration tests, one binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::struct_field_names,
    unreachable_pub,
    missing_docs,
    reason = "tests fail by panicking; clippy allows it in test functions only, not in their helpers; nothing here is a library, and what they measure is printed"
)]

mod adopted;
mod certs;
mod citations;
mod cli;
mod console;
mod desk;
mod fuzz;
mod house;
mod http;
mod impartner;
mod kills;
mod lms;
mod lms_client;
mod mariadb;
mod offboard;
mod plan;
mod room;
mod sandbox;
mod scenarios;
mod servers;
mod store;
mod wire;
