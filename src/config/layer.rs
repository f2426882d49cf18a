//! What one place (file, profile, environment, flags) says, before it is put over the others.

use std::collections::BTreeMap;

use super::fault::Place;
use super::value::Value;

/// A value and where it was given.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) value: Value,
    pub(super) place: Place,
    /// For a secret: which of [`super::keys::SECRET_SUFFIXES`]. For a key of an open table: the key.
    pub(super) rest: String,
}

/// What was given, by key; one entry for a secret, whichever way it was given.
pub(super) type Layer = BTreeMap<String, Given>;
