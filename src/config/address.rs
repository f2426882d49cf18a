//! A key belongs to the address that it was given with, and a database to the Impartner that fills it (docs/rules.md,
//! "Safety and privacy"): what overrides one half of a pair must bring the other half along.

use super::Config;
use super::fault::{Astray, ConfigError, Place};
use super::layer::{Given, Layer};
use super::url::base_url;

/// An address, and the secret that is sent there.
struct Pair {
    url: &'static str,
    /// The path that the client adds by itself.
    suffix: &'static str,
    key: &'static str,
    default: fn(&Config) -> &str,
}

const IMPARTNER: Pair = Pair {
    url: "impartner.url",
    suffix: "/api/objects/v1",
    key: "impartner.api_key",
    default: |config| &config.impartner.url,
};
const LMS: Pair = Pair {
    url: "lms.url",
    suffix: "/v2",
    key: "lms.api_key",
    default: |config| &config.lms.url,
};

/// What was given, the weakest first: the file, its profile, the environment.
pub(super) type Layers<'a> = [&'a Layer; 3];

const FILE: usize = 0;
const PROFILE: usize = 1;

/// Refuses a key that would go to another address than it was given for, and a profile that fills the file's database
/// from another Impartner. A key of the environment is given for whatever address is in force.
pub(super) fn check(layers: Layers<'_>) -> Result<(), ConfigError> {
    for pair in [IMPARTNER, LMS] {
        let Some((at, key)) = given(layers, pair.key) else {
            continue;
        };
        let Some(moved) = pair.moved(layers, at) else {
            continue;
        };
        return Err(moved.astray(pair.key, key));
    }
    let database = given(layers, "database.url").filter(|(at, _)| *at == FILE);
    if let Some((at, database)) = database
        && let Some(moved) = IMPARTNER.moved(layers, at)
        && moved.layer == PROFILE
    {
        return Err(moved.astray("database.url", database));
    }
    Ok(())
}

/// An address that a stronger layer changed.
struct Moved<'a> {
    meant: String,
    now: String,
    by: &'a Place,
    layer: usize,
}

impl Moved<'_> {
    /// The error of `what`, which was given for the address before.
    fn astray(self, what: &'static str, given: &Given) -> ConfigError {
        ConfigError::Address(Box::new(Astray {
            what,
            place: given.place.clone(),
            meant: self.meant,
            now: self.now,
            by: self.by.clone(),
        }))
    }
}

impl Pair {
    /// How the address differs from the one in force where `layer` ends. An address that is none is told elsewhere.
    fn moved<'a>(&self, layers: Layers<'a>, layer: usize) -> Option<Moved<'a>> {
        let read = |given: &Given| base_url(&given.value, self.suffix).ok();
        let meant = match layers[..=layer].iter().rev().find_map(|l| l.get(self.url)) {
            Some(given) => read(given)?,
            None => (self.default)(&Config::default()).to_owned(),
        };
        let (at, url) = given(layers, self.url)?;
        let now = read(url)?;
        (at > layer && now != meant).then_some(Moved {
            meant,
            now,
            by: &url.place,
            layer: at,
        })
    }
}

/// What is in force of `key`, and the layer that gives it.
fn given<'a>(layers: Layers<'a>, key: &str) -> Option<(usize, &'a Given)> {
    (0..layers.len())
        .rev()
        .find_map(|at| Some((at, layers[at].get(key)?)))
}

#[cfg(test)]
#[path = "address_tests.rs"]
mod tests;
