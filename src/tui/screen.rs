//! The screens, a room each.

pub(super) mod certifications;
pub(super) mod history;
pub(super) mod offboarding;
pub(super) mod preview;
