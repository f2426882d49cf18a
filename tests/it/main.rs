//! All integration tests, one binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests fail by panicking; clippy allows it in test functions only, not in their helpers"
)]
mod lms_client;
