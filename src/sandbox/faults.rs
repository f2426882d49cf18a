//! Faults on demand: which requests they strike, how often, and what they do.
//!
//! All of it is JSON too, so that a test against the real binary can install faults over HTTP:
//! `POST /_sandbox/faults` with one fault or a list, for example
//! `{"when": {"object": "User", "page": 3}, "times": "once", "act": {"kind": "short_page", "drop": 7}}`.

mod act;

use std::sync::{Arc, Mutex, PoisonError};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

pub use act::{Act, Cut};

/// One of the two stand-ins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Impartner PRM.
    Impartner,
    /// Northpass LMS.
    Lms,
}

/// Which requests a fault strikes: all that fit every condition given. Calls of the control path never fit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// Only that stand-in. Faults of [`Faults::impartner`] and [`Faults::lms`] set it.
    pub side: Option<Side>,
    /// GET, PATCH, …
    pub method: Option<String>,
    /// `Account`, `User`, `Region`; at the LMS `people`, `groups`, `courses`, `transcripts`, `properties`.
    pub object: Option<String>,
    /// A part of the path.
    pub path: Option<String>,
    /// Calls of one record.
    pub id: Option<String>,
    /// Only calls with (`true`) or without (`false`) an id in the path: by-id reads or listings.
    pub by_id: Option<bool>,
    /// The page, counted from 0 in both dialects.
    pub page: Option<u64>,
    /// A part of the decoded query.
    pub query: Option<String>,
    /// Only the nth request that fits the other conditions, from 1.
    pub nth: Option<u64>,
    /// Every nth request that fits the other conditions.
    pub every: Option<u64>,
    /// With this probability (0 to 1), drawn from the sandbox's seed.
    pub probability: Option<f64>,
}

/// How often a fault strikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Times {
    /// One time.
    #[default]
    Once,
    /// That many times.
    Count(u64),
    /// Until it is cleared.
    Always,
}

/// A fault: what, when, how often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which requests.
    #[serde(default)]
    pub when: When,
    /// How often.
    #[serde(default)]
    pub times: Times,
    /// What.
    pub act: Act,
}

impl Fault {
    /// A fault that strikes every request once; narrow it with the other methods.
    pub fn new(act: Act) -> Self {
        Self {
            when: When::default(),
            times: Times::Once,
            act,
        }
    }

    /// Strikes always.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = Times::Always;
        self
    }

    /// Strikes `count` times.
    #[must_use]
    pub fn times(mut self, count: u64) -> Self {
        self.times = Times::Count(count);
        self
    }

    /// Strikes one object only; see [`When::object`].
    #[must_use]
    pub fn object(mut self, object: &str) -> Self {
        self.when.object = Some(object.to_owned());
        self
    }

    /// Strikes one page of listings only, from 0.
    #[must_use]
    pub fn page(mut self, page: u64) -> Self {
        self.when.page = Some(page);
        self.when.by_id = Some(false);
        self
    }

    /// Strikes one record only.
    #[must_use]
    pub fn id(mut self, id: impl Into<RecordId>) -> Self {
        self.when.id = Some(id.into().0);
        self
    }

    /// Strikes listings only.
    #[must_use]
    pub fn listings(mut self) -> Self {
        self.when.by_id = Some(false);
        self
    }

    /// Strikes calls of single records only.
    #[must_use]
    pub fn by_id(mut self) -> Self {
        self.when.by_id = Some(true);
        self
    }

    /// Strikes one method only.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.when.method = Some(method.to_owned());
        self
    }

    /// Strikes paths that hold `part` only.
    #[must_use]
    pub fn path(mut self, part: &str) -> Self {
        self.when.path = Some(part.to_owned());
        self
    }

    /// Strikes the nth fitting request only, from 1.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.when.nth = Some(nth);
        self
    }

    /// Strikes with a probability.
    #[must_use]
    pub fn probability(mut self, probability: f64) -> Self {
        self.when.probability = Some(probability);
        self
    }
}

/// The id of a record: a number at Impartner, text at the LMS.
#[derive(Clone, Debug)]
pub struct RecordId(String);

impl From<i64> for RecordId {
    fn from(id: i64) -> Self {
        Self(id.to_string())
    }
}

impl From<&str> for RecordId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

/// What faults look at in a request.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) side: Side,
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) object: &'a str,
    pub(super) id: Option<&'a str>,
    pub(super) page: u64,
}

impl When {
    fn fits(&self, facts: &Facts<'_>) -> bool {
        let same = |want: &Option<String>, have: &str| {
            want.as_ref()
                .is_none_or(|want| want.eq_ignore_ascii_case(have))
        };
        let within = |part: &Option<String>, whole: &str| {
            part.as_ref()
                .is_none_or(|part| whole.contains(part.as_str()))
        };
        self.side.is_none_or(|side| side == facts.side)
            && same(&self.method, facts.method)
            && same(&self.object, facts.object)
            && within(&self.path, facts.path)
            && within(&self.query, facts.query)
            && (self.id.is_none() || self.id.as_deref() == facts.id)
            && self.by_id.is_none_or(|by_id| by_id == facts.id.is_some())
            && self
                .page
                .is_none_or(|page| page == facts.page && facts.id.is_none())
    }
}

/// The installed faults of a sandbox, shared.
#[derive(Clone, Debug)]
pub struct Faults(Arc<Mutex<Installations>>);

#[derive(Debug)]
struct Installations {
    next: u64,
    installed: Vec<Installed>,
    rng: ChaCha8Rng,
    /// Told when a fault is taken away.
    fewer: Arc<Notify>,
}

#[derive(Debug)]
struct Installed {
    number: u64,
    fault: Fault,
    fitted: u64,
    struck: u64,
}

impl Faults {
    /// No faults; probabilities are drawn from `seed`.
    pub(super) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Installations {
            next: 1,
            installed: Vec::new(),
            rng: ChaCha8Rng::seed_from_u64(seed ^ 0xfa01_7000),
            fewer: Arc::default(),
        })))
    }

    /// Installs a fault as it is; returns its number.
    pub fn install(&self, fault: Fault) -> u64 {
        let mut inner = self.lock();
        let number = inner.next;
        inner.next += 1;
        inner.installed.push(Installed {
            number,
            fault,
            fitted: 0,
            struck: 0,
        });
        number
    }

    /// Installs a fault of the stand-in Impartner.
    pub fn impartner(&self, mut fault: Fault) -> u64 {
        fault.when.side = Some(Side::Impartner);
        self.install(fault)
    }

    /// Installs a fault of the stand-in LMS.
    pub fn lms(&self, mut fault: Fault) -> u64 {
        fault.when.side = Some(Side::Lms);
        self.install(fault)
    }

    /// How often a fault has struck; 0 for one that is gone.
    pub fn struck(&self, number: u64) -> u64 {
        self.lock()
            .installed
            .iter()
            .find(|installed| installed.number == number)
            .map_or(0, |installed| installed.struck)
    }

    /// The installed faults with how often each has struck.
    pub fn list(&self) -> Vec<(u64, Fault, u64)> {
        self.lock()
            .installed
            .iter()
            .map(|one| (one.number, one.fault.clone(), one.struck))
            .collect()
    }

    /// Takes one fault away.
    pub fn remove(&self, number: u64) {
        let mut inner = self.lock();
        inner.installed.retain(|one| one.number != number);
        inner.fewer.notify_waiters();
    }

    /// Takes all faults away.
    pub fn clear(&self) {
        let mut inner = self.lock();
        inner.installed.clear();
        inner.fewer.notify_waiters();
    }

    /// Waits until no [`Act::Gate`] is installed.
    pub(super) async fn gates_open(&self) {
        let fewer = self.lock().fewer.clone();
        loop {
            // Made before the look, so that a removal between the two is not missed.
            let removed = fewer.notified();
            let gated = self
                .lock()
                .installed
                .iter()
                .any(|one| one.fault.act == Act::Gate);
            if !gated {
                return;
            }
            removed.await;
        }
    }

    /// What strikes this request, in the order of installation.
    pub(super) fn strike(&self, facts: &Facts<'_>) -> Vec<Act> {
        let mut inner = self.lock();
        let Installations { installed, rng, .. } = &mut *inner;
        let mut acts = Vec::new();
        for one in installed {
            let left = match one.fault.times {
                Times::Once => one.struck == 0,
                Times::Count(count) => one.struck < count,
                Times::Always => true,
            };
            if !left || !one.fault.when.fits(facts) {
                continue;
            }
            one.fitted += 1;
            let when = &one.fault.when;
            let due = when.nth.is_none_or(|nth| nth == one.fitted)
                && when
                    .every
                    .is_none_or(|every| one.fitted % every.max(1) == 0)
                && when
                    .probability
                    .is_none_or(|p| rng.random_bool(p.clamp(0.0, 1.0)));
            if due {
                one.struck += 1;
                acts.push(one.fault.act.clone());
            }
        }
        acts
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Installations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
