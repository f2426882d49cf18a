//! A full reading that stays in memory: what any set of filters would do of it can be asked again and again.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::config::FilterConfig;
use crate::desk::{Desk, planned_beside};
use crate::error::Result;
use crate::plan::edit::{self, Effect};
use crate::plan::planner::{PlanInput, new_keys};
use crate::plan::{Entity, Mode, Op, RulesFacts, Scope};
use crate::progress::Progress;
use crate::values::{OffboardingAhead, PreviewRequest};

/// Everything that was read, and the filters in force. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reading {
    input: Arc<PlanInput>,
    /// The accepted filters; before any were, the configured ones.
    in_force: Arc<FilterConfig>,
    /// Which acceptance that is; `None` before the first.
    acceptance: Option<i64>,
    /// Partner rows that have groups in the LMS, with how many.
    groups: Arc<Vec<(i64, u64)>>,
}

/// What a set of filters would do, and what would follow from it.
#[derive(Clone, Debug)]
pub struct RulesEffect {
    /// The filters that were asked about.
    pub filters: FilterConfig,
    /// Who would be added, brought back, soft-deleted, left out or kept, by rule.
    pub effect: Effect,
    /// The off-boarding that its soft-deletes would begin, once they are applied.
    pub offboarding: OffboardingAhead,
    /// Why a listing was not proved; then there may be more than is seen here.
    pub unproved: Vec<String>,
    /// The acceptance it was compared with.
    pub(super) acceptance: Option<i64>,
}

impl RulesEffect {
    /// In what the filters differ from those in force.
    pub fn rules(&self) -> &RulesFacts {
        &self.effect.plan.rules
    }
}

impl Desk {
    /// Reads everything, for asking what filters would do. Takes no lease and writes nothing.
    pub async fn rules_reading(&self, progress: &Progress) -> Result<Reading> {
        let request = PreviewRequest {
            scope: Scope::All,
            mode: Mode::Full,
        };
        let acceptance = self.store().accepted_rules().await?.map(|it| it.id);
        let mut input = Box::pin(self.read_all(request.into(), progress)).await?;
        // Filters that let more through may let through what nobody asked the database about.
        for entity in Entity::ALL {
            let texts = new_keys(&input, entity, &nothing_excluded());
            let empty = input.entities[entity].rows.is_empty();
            let schema = &input.schemas[entity];
            let same = self.store().same_keys(schema, &texts, empty).await?;
            input.entities[entity].limits.same = same;
        }
        let accepted = input.accepted.as_ref();
        let in_force = accepted.map_or(&self.config().filters, |accepted| &accepted.filters);
        Ok(Reading {
            in_force: Arc::new(in_force.clone()),
            acceptance,
            groups: Arc::new(self.store().groups_of_partners().await?),
            input: Arc::new(input),
        })
    }

    /// What `filters` would do against a full reading; writes nothing, and needs no acceptance.
    pub async fn try_rules(
        &self,
        filters: &FilterConfig,
        progress: &Progress,
    ) -> Result<RulesEffect> {
        let reading = self.rules_reading(progress).await?;
        reading.effect_beside(filters.clone()).await
    }
}

impl Reading {
    /// The filters in force: the accepted ones; before any were, the configured ones.
    pub fn in_force(&self) -> &FilterConfig {
        &self.in_force
    }

    /// What `filters` would do, against those in force. Pure: it works on what was read.
    pub fn effect(&self, filters: &FilterConfig) -> RulesEffect {
        let effect = edit::effect(&self.input, &self.in_force, filters);
        let unproved = self.input.entities.iter().filter_map(|(_, known)| {
            let facts = &known.read.as_ref()?.facts;
            (!facts.proved).then(|| {
                let why = facts.reason.as_deref();
                why.unwrap_or("the source gave no control total").to_owned()
            })
        });
        RulesEffect {
            filters: filters.clone(),
            offboarding: self.offboarding(&effect),
            unproved: unproved.collect(),
            acceptance: self.acceptance,
            effect,
        }
    }

    /// The same, beside the tasks that wait for it: a million records take a while.
    pub async fn effect_beside(&self, filters: FilterConfig) -> Result<RulesEffect> {
        let reading = self.clone();
        planned_beside(move || reading.effect(&filters)).await
    }

    /// Cases that the soft-deletes would open: contacts with an LMS user, partners with an LMS group.
    fn offboarding(&self, effect: &Effect) -> OffboardingAhead {
        let mut ahead = OffboardingAhead::default();
        let leaving = effect
            .plan
            .views()
            .filter(|view| view.item.op == Op::SoftDelete);
        let mut partners = FxHashSet::default();
        for view in leaving {
            let lms = view.schema().index("lms_user_id");
            if lms.is_some_and(|lms| view.before(lms).is_some()) {
                ahead.cases += 1;
            }
            if view.item.entity == Entity::Partners {
                partners.extend(view.item.row_id);
            }
        }
        for (_, groups) in self.groups.iter().filter(|(row, _)| partners.contains(row)) {
            ahead.cases += 1;
            ahead.groups += groups;
        }
        ahead
    }
}

/// Filters that leave nobody out whom a list could.
fn nothing_excluded() -> FilterConfig {
    let mut filters = FilterConfig::default();
    filters.partners.excluded_tiers.clear();
    filters.partners.excluded_statuses.clear();
    filters.partners.excluded_names.clear();
    filters.contacts.excluded_statuses.clear();
    filters.contacts.excluded_domains.clear();
    filters.contacts.excluded_patterns.clear();
    filters
}
