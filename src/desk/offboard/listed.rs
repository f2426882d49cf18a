//! The list of cases with what each would do, without a question to the LMS: the steps as they were last shown, else
//! planned from the tables of the last refresh, by the function that plans them for a decision.

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::Desk;
use super::steps::{AllPartners, Facts, LiveGroup, outline};
use crate::error::Result;
use crate::plan::Entity;
use crate::store::{CaseRow, Claims};
use crate::values::{Case, CaseState};

/// What our tables say about all cases of a listing, read in as many statements for a thousand cases as for one.
#[derive(Debug, Default)]
struct Tables {
    contacts: FxHashMap<i64, CaseRow>,
    partners: FxHashMap<i64, CaseRow>,
    groups: FxHashMap<i64, Vec<LiveGroup>>,
    claims: Claims,
    labels: FxHashMap<String, String>,
}

impl Tables {
    fn row(&self, case: &Case) -> Option<&CaseRow> {
        match case.entity {
            Entity::Contacts => self.contacts.get(&case.row_id),
            Entity::Partners => self.partners.get(&case.row_id),
        }
    }

    fn groups(&self, row: &CaseRow) -> &[LiveGroup] {
        row.partner
            .and_then(|partner| self.groups.get(&partner))
            .map_or(&[], Vec::as_slice)
    }

    /// Everybody who may lose something by one of `cases`.
    fn people(&self, cases: &[&mut Case]) -> Vec<String> {
        let mut people = FxHashSet::default();
        for (case, row) in cases
            .iter()
            .filter_map(|case| Some((case, self.row(case)?)))
        {
            match case.entity {
                Entity::Contacts => people.extend(row.lms_user_id.as_deref()),
                Entity::Partners => people.extend(
                    self.groups(row)
                        .iter()
                        .flat_map(|group| group.members.iter().map(String::as_str)),
                ),
            }
        }
        let mut people: Vec<String> = people.into_iter().map(str::to_owned).collect();
        people.sort_unstable();
        people
    }
}

impl Desk {
    /// The cases, all or those in one state, oldest first. The steps of an undecided one are those last shown, else what
    /// the tables of the last refresh say: [`Desk::case`] asks the LMS, a listing never does.
    pub async fn cases(&self, state: Option<CaseState>) -> Result<Vec<Case>> {
        let records = self.store().cases(state).await?;
        let mut cases: Vec<Case> = records.into_iter().map(|record| record.case).collect();
        let unseen = cases
            .iter_mut()
            .filter(|case| case.state.is_undecided())
            .filter(|case| case.steps.is_empty())
            .collect();
        self.plan_from_tables(unseen).await?;
        Ok(cases)
    }

    async fn plan_from_tables(&self, mut cases: Vec<&mut Case>) -> Result<()> {
        if cases.is_empty() {
            return Ok(());
        }
        let mut tables = self.tables_for(&cases).await?;
        let people = tables.people(&cases);
        tables.claims = self.store().claims(&people).await?;
        tables.labels = self.store().lms_labels(&people).await?;
        let all = self.all_partners_stored(&people).await?;
        for case in &mut cases {
            // A record that came back has nothing to lose; its case lapses when somebody looks at it.
            let Some(row) = tables.row(case).filter(|row| !row.active) else {
                continue;
            };
            let planned = outline(&Facts {
                entity: case.entity,
                row: case.row_id,
                partner: row.partner,
                user: row.lms_user_id.as_deref(),
                groups: tables.groups(row),
                all: &all,
                claims: &tables.claims,
                labels: &tables.labels,
            });
            case.people = planned.people();
            case.foreign_members = planned.foreign.len() as u64;
            case.steps = planned.steps;
        }
        Ok(())
    }

    /// The rows of the cases, and the groups of their partners with the members.
    async fn tables_for(&self, cases: &[&mut Case]) -> Result<Tables> {
        let ids = |entity: Entity| -> Vec<i64> {
            let of_it = cases.iter().filter(|case| case.entity == entity);
            of_it.map(|case| case.row_id).collect()
        };
        let store = self.store();
        let mut tables = Tables {
            contacts: store
                .case_rows(Entity::Contacts, &ids(Entity::Contacts))
                .await?,
            partners: store
                .case_rows(Entity::Partners, &ids(Entity::Partners))
                .await?,
            ..Tables::default()
        };
        let rows = tables.contacts.values().chain(tables.partners.values());
        let concerned: FxHashSet<i64> = rows.filter_map(|row| row.partner).collect();
        let concerned: Vec<i64> = concerned.into_iter().collect();
        let groups = store.groups_of(&concerned).await?;
        // A link to “All Partners” is a mistake that must cost nothing: its members are not even read.
        let everybody = self.config().lms.all_partners_group.trim();
        let read: Vec<String> = groups
            .iter()
            .filter(|(_, _, name)| name.trim() != everybody)
            .map(|(_, id, _)| id.clone())
            .collect();
        let mut members = store.stored_memberships(&read).await?;
        for (partner, id, name) in groups {
            let group = LiveGroup {
                members: members.remove(&id).unwrap_or_default(),
                id,
                name,
            };
            tables.groups.entry(partner).or_default().push(group);
        }
        Ok(tables)
    }

    /// “All Partners” and which of `people` were in it at the last refresh; a group that the tables do not know, or know
    /// twice, has no members: a listing does not fail for it, a look at the case does.
    async fn all_partners_stored(&self, people: &[String]) -> Result<AllPartners> {
        let name = &self.config().lms.all_partners_group;
        let mut found = self.store().stored_groups_named(name).await?;
        let (id, name) = match found.len() {
            1 => found.remove(0),
            _ => (String::new(), name.clone()),
        };
        let members = if id.is_empty() {
            Vec::new()
        } else {
            self.store().stored_members(&id, people).await?
        };
        Ok(AllPartners {
            id,
            name,
            members: members.into_iter().collect(),
            known: true,
        })
    }
}
