//! All integration tests, one binary.
mod lms_client;
