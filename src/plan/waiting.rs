//! Contacts that wait for a partner: what they wait for, and when it is there (docs/rules.md, "Matching").

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::Mode;
use super::input::Read;
use super::latest::Latest;

/// A contact whose partner was not there when the contact was read, and the account that it names. It is read again
/// when a partner of that id or name is there; until then nothing is asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Waiting {
    /// The contact, by its Impartner id.
    pub impartner_id: i64,
    /// Its account, by Impartner id, where the source gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<i64>,
    /// Its account, by name, where the source gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_name: Option<String>,
}

/// What a plan changes about who waits for a partner; kept with everything else when the plan is applied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Waits {
    /// Contacts that wait from now on, or for another account than before.
    pub begun: Vec<Waiting>,
    /// Contacts that wait no longer, by Impartner id: they have their partner, are left out, or are gone.
    pub ended: Vec<i64>,
}

impl Waits {
    /// The difference between who waited `before` and who waits `now`, for those about whom this reading knows.
    pub(super) fn between(
        before: &[Waiting],
        now: Vec<Waiting>,
        read: &Read,
        latest: &Latest<'_>,
        mode: Mode,
    ) -> Self {
        let mut known: FxHashMap<i64, &Waiting> = before
            .iter()
            .map(|waiting| (waiting.impartner_id, waiting))
            .collect();
        let mut begun = now;
        begun.retain(|waiting| known.remove(&waiting.impartner_id) != Some(waiting));
        begun.sort_by_key(|waiting| waiting.impartner_id);
        let again = |id: i64| {
            let place = begun.binary_search_by_key(&id, |waiting| waiting.impartner_id);
            place.is_ok()
        };
        // A proved full listing without the contact says that it is gone.
        let all_read = mode == Mode::Full && read.facts.proved;
        let mut ended: Vec<i64> = known
            .into_keys()
            .filter(|id| !again(*id))
            .filter(|id| {
                latest.has(*id)
                    || read.answers.gone.contains(id)
                    || all_read && !read.answers.unverified.contains_key(id)
            })
            .collect();
        ended.sort_unstable();
        Self { begun, ended }
    }
}
