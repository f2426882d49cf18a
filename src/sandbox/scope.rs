//! What the default filters keep (docs/rules.md, "Filters"), as the generator needs to know it. The filters that count
//! are in `plan/`; a test holds the two together.

use std::sync::LazyLock;

use crate::config::FilterConfig;

use super::records::{Account, User};

static FILTERS: LazyLock<FilterConfig> = LazyLock::new(FilterConfig::default);

/// Whether the default filters leave an account out.
pub(super) fn excludes_account(account: &Account) -> bool {
    let filters = &FILTERS.partners;
    let is = |list: &[String], value: Option<&String>| {
        value.is_some_and(|value| {
            list.iter()
                .any(|one| one.eq_ignore_ascii_case(value.trim()))
        })
    };
    let name = account.name.to_lowercase();
    is(&filters.excluded_tiers, account.tier.as_ref())
        || is(&filters.excluded_statuses, account.status.as_ref())
        || filters
            .excluded_names
            .iter()
            .any(|part| name.contains(part))
}

/// Whether the default filters leave a user out.
pub(super) fn excludes_user(user: &User) -> bool {
    let statuses = &FILTERS.contacts.excluded_statuses;
    let left = user.status.as_ref().is_some_and(|status| {
        let status = status.trim();
        statuses.iter().any(|one| one.eq_ignore_ascii_case(status))
    });
    !user.is_active || left || excludes_email(user.email.as_deref())
}

/// Whether an address is excluded: none at all, an excluded domain, a pattern.
pub(super) fn excludes_email(email: Option<&str>) -> bool {
    let filters = &FILTERS.contacts;
    let Some(email) = email.map(str::to_lowercase) else {
        return true;
    };
    let Some((local, domain)) = email.rsplit_once('@') else {
        return true;
    };
    filters
        .excluded_patterns
        .iter()
        .any(|pattern| local.contains(pattern))
        || filters.excluded_domains.iter().any(|excluded| {
            domain
                .strip_suffix(excluded.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
}

#[cfg(test)]
mod tests {
    use super::super::world::World;
    use super::*;
    use crate::plan::rules::{Rules, Verdict};
    use crate::plan::{Entity, Schema, SourceRecord, SourceSet};

    #[test]
    fn the_filters_that_count_agree() {
        let world = World::generate(77, 1500, 6000);
        let rules = Rules::new(&FILTERS);
        for account in world.accounts() {
            let schema = Schema::of(Entity::Partners);
            let mut set = SourceSet::new(&schema);
            let mut fields = vec![None; schema.fields.len()];
            fields[Schema::KEY] = Some(account.name.as_str());
            fields[schema.index("partner_tier").unwrap()] = account.tier.as_deref();
            let record = SourceRecord {
                id: account.id,
                status: account.status.as_deref(),
                fields: &fields,
                ..SourceRecord::default()
            };
            let at = set.push(&schema, &record);
            let kept = rules.verdict(&schema, &set, at) == Verdict::Keep;
            assert_eq!(kept, !excludes_account(account), "{account:?}");
        }
        for user in world.users() {
            let schema = Schema::of(Entity::Contacts);
            let mut set = SourceSet::new(&schema);
            let mut fields = vec![None; schema.fields.len()];
            fields[Schema::KEY] = user.email.as_deref();
            let record = SourceRecord {
                id: user.id,
                active: Some(user.is_active),
                status: user.status.as_deref(),
                fields: &fields,
                ..SourceRecord::default()
            };
            let at = set.push(&schema, &record);
            let kept = rules.verdict(&schema, &set, at) == Verdict::Keep;
            assert_eq!(kept, !excludes_user(user), "{user:?}");
        }
    }
}
