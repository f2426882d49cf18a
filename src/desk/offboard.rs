//! Off-boarding: people and groups leave the LMS, each by a person's decision (PRODUCT.md section 7).

pub mod rules;
pub mod steps;
