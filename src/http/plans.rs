//! Plans of the last minutes, so that a caller can page through one plan instead of having a new one made for each page.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::plan::Plan;

/// Plans kept at most.
const MOST: usize = 2;
/// Bytes of all plans that are kept, at most: a larger one would hold hundreds of megabytes for nobody.
pub(super) const MOST_BYTES: usize = 128 << 20;
/// How long.
const LONGEST: Duration = Duration::from_mins(10);

/// See the module.
pub(super) struct Plans {
    kept: Arc<Kept>,
    longest: Duration,
}

impl Default for Plans {
    fn default() -> Self {
        Self {
            kept: Arc::default(),
            longest: LONGEST,
        }
    }
}

impl Plans {
    /// Keeps `plan`, in place of the oldest, and lets go of it when its time is over. Needs a runtime.
    pub(super) fn keep(&self, plan: &Arc<Plan>) {
        if !self.take_in(plan, MOST_BYTES) {
            return;
        }
        let (kept, longest) = (Arc::downgrade(&self.kept), self.longest);
        tokio::spawn(async move {
            tokio::time::sleep(longest).await;
            if let Some(kept) = kept.upgrade() {
                drop(in_time(&kept, longest));
            }
        });
    }

    /// Whether `plan` was taken in: alone or with others, plans have `most` bytes at most.
    fn take_in(&self, plan: &Arc<Plan>, most: usize) -> bool {
        let bytes = plan.bytes();
        if bytes > most {
            return false;
        }
        let mut kept = self.lock();
        kept.retain(|(_, known)| known.id != plan.id);
        let all = |kept: &[(Instant, Arc<Plan>)]| -> usize {
            kept.iter().map(|(_, plan)| plan.bytes()).sum()
        };
        while kept.len() >= MOST || all(&kept) + bytes > most {
            kept.remove(0);
        }
        kept.push((Instant::now(), plan.clone()));
        true
    }

    /// The plan with this id, if it is still kept.
    pub(super) fn find(&self, id: &str) -> Option<Arc<Plan>> {
        self.lock()
            .iter()
            .find(|(_, plan)| plan.id == id)
            .map(|(_, plan)| plan.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(Instant, Arc<Plan>)>> {
        in_time(&self.kept, self.longest)
    }
}

type Kept = Mutex<Vec<(Instant, Arc<Plan>)>>;

/// The plans whose time is not over.
fn in_time(kept: &Kept, longest: Duration) -> std::sync::MutexGuard<'_, Vec<(Instant, Arc<Plan>)>> {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    kept.retain(|(since, _)| since.elapsed() < longest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Entity, PerEntity, Schema};

    fn plan(id: &str, text: usize) -> Arc<Plan> {
        let mut plan = Plan {
            id: id.into(),
            ..Plan::empty(&PerEntity::from_fn(Schema::of))
        };
        let arenas = &mut plan.arenas[Entity::Partners];
        let long = "x".repeat(text);
        let width = arenas.before.width();
        arenas.before.push(
            std::iter::repeat_n(Some(long.as_str()), 1).chain(std::iter::repeat_n(None, width - 1)),
        );
        Arc::new(plan)
    }

    #[tokio::test]
    async fn kept_plans_are_few_small_together_and_let_go_of_in_time() {
        let plans = Plans::default();
        let there = |plans: &Plans, id: &str| plans.find(id).is_some();
        assert!(!plans.take_in(&plan("huge", 5_000), 4_000));
        assert!(plans.take_in(&plan("a", 1_000), 4_000));
        assert!(plans.take_in(&plan("b", 1_000), 4_000));
        assert!(there(&plans, "a") && there(&plans, "b"));
        assert!(plans.take_in(&plan("c", 1_000), 4_000));
        assert!(!there(&plans, "a"), "two at most");
        assert!(plans.take_in(&plan("d", 3_000), 4_000));
        assert!(
            !there(&plans, "b") && !there(&plans, "c") && there(&plans, "d"),
            "no more bytes than allowed"
        );
        let brief = Plans {
            longest: Duration::from_millis(20),
            ..Plans::default()
        };
        let last = plan("e", 10);
        brief.keep(&last);
        // Nobody asks for it any more, and it is let go of all the same.
        while Arc::strong_count(&last) > 1 {
            tokio::task::yield_now().await;
        }
    }
}
