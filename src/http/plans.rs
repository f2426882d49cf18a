//! Plans of the last minutes, so that a caller can page through one plan instead of having a new one made for each page.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::plan::Plan;

/// Plans kept at most.
const MOST: usize = 2;
/// Items of a plan that is kept at most: a larger one would hold hundreds of megabytes for nobody.
const MOST_ITEMS: usize = 200_000;
/// How long.
const LONGEST: Duration = Duration::from_mins(10);

/// See the module.
#[derive(Default)]
pub(super) struct Plans {
    kept: Mutex<Vec<(Instant, Arc<Plan>)>>,
}

impl Plans {
    /// Keeps `plan`, in place of the oldest.
    pub(super) fn keep(&self, plan: &Arc<Plan>) {
        if plan.items.len() + plan.excluded.len() > MOST_ITEMS {
            return;
        }
        let mut kept = self.lock();
        kept.retain(|(_, known)| known.id != plan.id);
        if kept.len() >= MOST {
            kept.remove(0);
        }
        kept.push((Instant::now(), plan.clone()));
    }

    /// The plan with this id, if it is still kept.
    pub(super) fn find(&self, id: &str) -> Option<Arc<Plan>> {
        self.lock()
            .iter()
            .find(|(_, plan)| plan.id == id)
            .map(|(_, plan)| plan.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(Instant, Arc<Plan>)>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(since, _)| since.elapsed() < LONGEST);
        kept
    }
}
