//! What the generator remembers of an account while it makes the rest of the world.

/// An account as the users, the LMS and the special cases need it.
pub(super) struct Made {
    pub(super) id: i64,
    pub(super) country: usize,
    pub(super) domain: String,
    /// Whether the default filters keep it, or kept it until yesterday.
    pub(super) wanted: bool,
}
